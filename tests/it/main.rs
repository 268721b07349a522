//! The integration tests, one binary: one link.
//!
//! They lie in drawers, each of which says what belongs in it. `support` starts real servers on SQLite and on Postgres; every answer
//! that a test sees through it is held to openapi.yaml. Long answers are snapshots: `INSTA_UPDATE=always cargo test --test it` writes them
//! anew, and what `git diff` then shows is to be read before it is committed.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
#![expect(unreachable_pub, reason = "one binary: its modules share what is pub")]

mod support;

mod access;
mod api;
mod audit;
mod cli;
mod contract;
mod engines;
mod faults;
mod store;
mod tls;
