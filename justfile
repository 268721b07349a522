# Recipes for the inner loop; `just` alone lists them. What each costs is in CONTRIBUTING.md.

# list the recipes
default:
    @just --list --unsorted

# type-check everything
check:
    cargo check --all-targets

# formatting and lints, as CI wants them
lint:
    cargo fmt --all --check
    cargo clippy --all-targets --locked -- -D warnings

# the tests whose names contain a word, on SQLite (and on Postgres where TEST_POSTGRES_URL is set): just test engines::avro
test FILTER="":
    cargo test --lib --test it -- {{FILTER}}

# the cases of tests/vectors/, also against another registry: just vectors http://localhost:8081
vectors URL="":
    ACCORDANT_VECTORS_URL={{URL}} cargo test --test it -- vectors

# the whole suite on both databases, and the real clients
all:
    ./scripts/test

# Python, Node and Rust clients against the binary
clients:
    ./scripts/test clients

# the web pages in a browser, on both databases
ui:
    ./scripts/test ui

# requests generated from openapi.yaml against the running binary
contract:
    .ci/contract

# what is shipped: Kubernetes objects, load balancers, unit, package, alerts, an operator's drill
deploy:
    ./scripts/test deploy

# what CI runs
ci:
    .ci/run

# the release build beside a bare server, in a minute; without --quick: four minutes
bench *ARGS="--quick":
    bench/run {{ARGS}}

# the engines alone: just micro avro
micro FORMAT:
    cargo bench --bench {{FORMAT}}

# a fuzz target for a minute (needs nightly and cargo-fuzz): just fuzz avro_parse
fuzz TARGET SECONDS="60":
    cd fuzz && cargo +nightly fuzz run {{TARGET}} -- -max_total_time={{SECONDS}}

# serve on a throw-away database
serve *ARGS:
    cargo run -- --database sqlite://{{`mktemp -d`}}/registry.db {{ARGS}}

# the API documentation of the library
doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --no-deps
