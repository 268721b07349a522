//! Every setting, once.

use std::path::PathBuf;
use std::time::Duration;

use super::endpoint::Endpoints;
use super::events::List;
use super::value::{
    Address, Age, Algorithms, ByteSize, Delay, ForIssuers, LogFormat, OutageReadsSwitch, PostgresLocks, ReadConsistency,
    ReleaseLine, SettingValue, Switch,
};
use crate::cloudevents::Tolerate;
use crate::cloudevents::resolve::Base;
use crate::http::{AccessLog, Rate, TrustedProxies};
use crate::kms::Secret;
use crate::login::{ClaimPath, NameSource, PrincipalMapping};
use crate::server::{ClientAuth, MinVersion};
use crate::trace::Sampling;
use crate::types::{Alias, CompatibilityLevel, TypeBinding};

/// A setting, for help texts and documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// Its name: the flag without dashes, the key in the file.
    pub name: &'static str,
    /// The default as people write it; empty when there is none.
    pub default: &'static str,
    /// What it does.
    pub help: &'static str,
}

/// Declares the settings: field, type, name, default as text, help. The default goes through the same reader as every other
/// value (a test holds that each can be read).
macro_rules! settings {
    ($($field:ident: $type:ty, $name:literal, $default:literal, $help:literal;)*) => {
        /// The settings of a server.
        #[derive(Debug, Clone)]
        pub struct Settings {
            $(#[doc = $help] pub $field: $type,)*
        }

        /// Every setting, in the order of the documentation.
        pub const SETTINGS: &[Setting] = &[$(Setting { name: $name, default: $default, help: $help }),*];

        impl Settings {
            fn read_defaults() -> Option<Self> {
                Some(Self { $($field: <$type as SettingValue>::read($default)?,)* })
            }

            /// Sets one by name.
            ///
            /// # Errors
            /// What the value should have been.
            pub(super) fn set(&mut self, name: &str, text: &str) -> Result<(), String> {
                match name {
                    $($name => {
                        self.$field = <$type as SettingValue>::read(text).ok_or_else(|| format!("is not {}", <$type as SettingValue>::KIND))?;
                    })*
                    _ => return Err("is for no setting".to_owned()),
                }
                Ok(())
            }
        }
    };
}

settings! {
    listen: Endpoints, "listen", "127.0.0.1:8081", "Address and port to listen on; several with commas, each with `http://` or `https://` before it if need be.";
    tls_cert: Option<PathBuf>, "tls-cert", "", "Certificate of the server with those between it and one that clients know, PEM; addresses without `http://` speak TLS then.";
    tls_key: Option<PathBuf>, "tls-key", "", "Its private key, PEM.";
    tls_min_version: MinVersion, "tls-min-version", "1.2", "The oldest version of TLS that is spoken: `1.2` or `1.3`.";
    tls_client_auth: ClientAuth, "tls-client-auth", "off", "Whether clients show a certificate: `off`, `optional`, `required`.";
    tls_client_ca: Option<PathBuf>, "tls-client-ca", "", "Those that may have signed certificates of clients, PEM.";
    tls_client_crl: Option<PathBuf>, "tls-client-crl", "", "Lists of certificates of clients that are good no longer (CRL), PEM; then all that have signed one must have a list.";
    tls_principal: NameSource, "tls-principal", "subject", "Which name of a client's certificate says who logs in with it: that of the `subject`, or an alternative one: `dns`, `uri`, `email`; `none`: certificates are no logins, and say only who may connect.";
    tls_principal_mapping: PrincipalMapping, "tls-principal-mapping", "DEFAULT", "What becomes of that name: rules `RULE:PATTERN/REPLACEMENT/`, with `L` or `U` behind them, and `DEFAULT`, with commas; as Kafka's `ssl.principal.mapping.rules`.";
    tls_handshake_timeout: Duration, "tls-handshake-timeout", "10s", "Time in which a client must have agreed on TLS.";
    tls_max_handshakes: usize, "tls-max-handshakes", "512", "Clients that do so at once; beyond them the slowest is given up for a new one.";
    admin_listen: Option<Address>, "admin-listen", "", "Another address and port, for `/healthz`, `/readyz` and `/metrics` alone, served by a thread of its own.";
    allowed_hosts: Option<String>, "allowed-hosts", "", "Names that `Host` may have, with commas, beside `localhost`, IP addresses and that of `public-url`; `*` allows all. Checked for browsers, and only when listening on a loopback address.";
    cors_origins: Option<String>, "cors-origins", "", "Origins of web pages that may ask, with commas, such as `https://console.example.com`; `*` stands for any characters. Without one no page of another site reads an answer.";
    cors_methods: String, "cors-methods", "GET,POST,HEAD", "Methods that such pages may use.";
    cors_headers: String, "cors-headers", "X-Requested-With,Content-Type,Accept,Origin", "Request headers that such pages may send; `*` allows all.";
    database: String, "database", "sqlite://accordant.db", "Where schemas are stored: `sqlite://PATH` or `postgres://USER:PASSWORD@HOST:PORT/DATABASE`.";
    database_file: Option<PathBuf>, "database-file", "", "File that holds the value of `database`, for secrets that are mounted.";
    config: Option<PathBuf>, "config", "", "TOML file with settings (flag and variable only).";
    public_url: Option<String>, "public-url", "", "URL under which clients reach the registry; links in answers begin with it.";
    users_file: Option<PathBuf>, "users-file", "", "Users who may log in: a file of lines `NAME:HASH`, or Karapace's `registry_authfile`.";
    tokens_file: Option<PathBuf>, "tokens-file", "", "Static tokens, as `accordant token new` writes them.";
    access_file: Option<PathBuf>, "access-file", "", "Who may do what: a TOML file of `[[allow]]` and `[[deny]]`; the same can stand in the table `[access]` of the configuration.";
    oidc_issuer: Option<String>, "oidc-issuer", "", "URL of an OpenID Connect issuer, to the letter as its tokens say it (`iss`); they are logins then. Several with commas.";
    oidc_audience: Option<String>, "oidc-audience", "", "What tokens must be for (`aud`); several with commas, one of which is enough. With several issuers one part for each, with semicolons, or one for all.";
    oidc_jwks: Option<String>, "oidc-jwks", "", "URL or file of the issuer's keys; without it the issuer is asked where they are. With several issuers one part for each, with commas.";
    oidc_prefix: Option<String>, "oidc-prefix", "", "What stands before names of users and groups of an issuer; with several issuers one part for each, with commas, all of them different.";
    oidc_ca: Option<PathBuf>, "oidc-ca", "", "Those that may have signed the issuer's certificate, beside those that the system trusts, PEM.";
    oidc_algorithms: ForIssuers<Algorithms>, "oidc-algorithms", "RS256,RS384,RS512,PS256,PS384,PS512,ES256,ES384,EdDSA", "Signatures that are taken, with commas; for several issuers as `oidc-audience`.";
    oidc_leeway: Age, "oidc-leeway", "30s", "How far the issuer's clock may be from this one.";
    oidc_principal_claim: ForIssuers<ClaimPath>, "oidc-principal-claim", "sub", "Where in a token the name of its user is; a path with dots; for several issuers as `oidc-audience`.";
    oidc_groups_claim: ForIssuers<Option<ClaimPath>>, "oidc-groups-claim", "groups", "Where its groups are, if anywhere; for several issuers as `oidc-audience`.";
    oidc_refresh: Duration, "oidc-refresh", "5m", "How often the issuer's keys are fetched.";
    oidc_keys_max_age: Age, "oidc-keys-max-age", "24h", "How long they are good for while the issuer is away.";
    oidc_login_client: Option<String>, "oidc-login-client", "", "Name of the registry at the (first) issuer (`client_id`): users sign in on the web pages there then. Takes `public-url`.";
    oidc_login_secret_file: Option<PathBuf>, "oidc-login-secret-file", "", "File with the secret for that, where the issuer has given one.";
    oidc_login_scopes: String, "oidc-login-scopes", "openid profile email", "What is asked for of who signs in (`scope`).";
    oidc_login_sign_out: bool, "oidc-login-sign-out", "true", "Who signs out on the web pages signs out at the issuer as well, where it says how (`end_session_endpoint`). It must know `/ui/` of `public-url` as where it may send browsers then.";
    session_max_age: Age, "session-max-age", "12h", "How long a login with a password or a token on the web pages is good.";
    ui: Switch, "ui", "on", "Serve the web pages below `/ui/`: `on` or `off`.";
    hide_denied: bool, "hide-denied", "false", "Answer as if subjects that may not be read were not there.";
    allow_anonymous: bool, "allow-anonymous", "false", "Without logins: no warning where others than this machine can connect.";
    metrics_open: bool, "metrics-open", "true", "With logins: show `/metrics` to everybody; otherwise it takes `GLOBAL_READ`.";
    metrics_count_interval: Option<Age>, "metrics-count-interval", "1m", "Of `/metrics`: how often it is counted what is stored; less often where that takes longer than a hundredth of the time. `off`: never.";
    metrics_confluent_names: bool, "metrics-confluent-names", "false", "Of `/metrics`: show the most used metrics also under the names of Confluent's JMX beans.";
    login_threads: usize, "login-threads", "0", "Passwords that are verified at once; 0 means one for two cores.";
    login_queue: usize, "login-queue", "64", "Passwords that wait for that; what comes on top is answered 429.";
    rate_limit_writes: Option<Rate>, "rate-limit-writes", "off", "Requests of one principal, or one address where nobody has logged in, that change something: `off`, or a number in a time, such as `600/m`.";
    rate_limit_judging: Option<Rate>, "rate-limit-judging", "off", "The same for those that have something judged: look-ups, trials of compatibility, validation of events.";
    trusted_proxies: TrustedProxies, "trusted-proxies", "", "Addresses and networks of proxies, with commas, such as `10.0.0.0/8`: from them `X-Forwarded-For` is believed.";
    audit: bool, "audit", "true", "Record who changes what, in the transaction of the change.";
    audit_max_age: Option<Age>, "audit-max-age", "off", "How long that record goes back: an age such as `730d`, or `off`, which keeps it all.";
    audit_refusals: usize, "audit-refusals", "100", "Kinds of refused changes and failed logins that are recorded by themselves in a minute; further ones are counted. 0 records none.";
    audit_checkpoints: Option<Age>, "audit-checkpoints", "1h", "How often the log says how far the record goes and with which hash, if it went on: an age, or `off`.";
    audit_key_file: Option<PathBuf>, "audit-key-file", "", "File with the key that signs such checkpoints: an Ed25519 key in PEM, or a secret of at least 16 characters.";
    usage: bool, "usage", "true", "Count which clients read which versions.";
    usage_interval: Duration, "usage-interval", "10s", "How often what was counted is written to the database.";
    usage_max_age: Age, "usage-max-age", "90d", "How long a client that reads a version no more is remembered.";
    usage_max_rows: u64, "usage-max-rows", "200000", "Most clients of versions that are remembered; those that have not read for longest go first.";
    log_format: LogFormat, "log-format", "human", "Log lines for people (`human`) or programs (`json`).";
    log_level: String, "log-level", "info", "`error`, `warn`, `info`, `debug`, `trace`, or directives such as `info,accordant=debug`.";
    access_log: AccessLog, "access-log", "errors", "Which requests are logged: `off`, `errors` (those the server failed), `all`.";
    otlp_endpoint: Option<String>, "otlp-endpoint", "", "Traces, in builds with the feature `otlp`: URL of an OpenTelemetry collector that takes OTLP over HTTP, such as `http://collector:4318`; without a path `/v1/traces` is asked.";
    otlp_headers: Option<Secret>, "otlp-headers", "", "Traces: headers for the collector, as `NAME=VALUE` with commas.";
    otlp_headers_file: Option<PathBuf>, "otlp-headers-file", "", "File that holds them.";
    otlp_service_name: String, "otlp-service-name", "accordant", "Traces: the name of the service in them.";
    otlp_sampling: Sampling, "otlp-sampling", "1", "Traces: which share of those that begin here is recorded, from 0 to 1; for others their caller has decided.";
    otlp_queue: usize, "otlp-queue", "4096", "Traces: most spans that wait to be sent; what comes on top is dropped and counted.";
    compatibility_level: CompatibilityLevel, "compatibility-level", "BACKWARD", "Compatibility level where no config says otherwise.";
    mode_mutability: bool, "mode-mutability", "true", "Allow modes to be changed.";
    normalize: bool, "normalize", "false", "Normalize schemas where no config says otherwise.";
    validate_fields: bool, "validate-fields", "false", "Check reserved fields and the like where no config says otherwise.";
    validate_new_schemas: bool, "validate-new-schemas", "true", "Check new schemas strictly where no config says otherwise.";
    json_schema_strict: bool, "json-schema-strict", "false", "Refuse JSON Schemas that only their meta-schema forbids.";
    reference_versions_strict: bool, "reference-versions-strict", "false", "Refuse two versions of one reference name in a graph of references.";
    reject_empty_subject: bool, "reject-empty-subject", "false", "Refuse registrations under the empty subject and under `*`.";
    response_shapes: ReleaseLine, "response-shapes", "8", "Answer with the keys of Confluent's 8.x line (`8`) or only those of 7.x (`7`).";
    list_limit: usize, "list-limit", "1000", "Most rows that `/schemas` and `referencedby` give at once.";
    max_body_bytes: ByteSize, "max-body-bytes", "4MiB", "Largest request body.";
    body_memory: ByteSize, "body-memory", "32MiB", "Memory for the bodies of all requests at once, small ones apart; further ones wait, and are answered 503 in the end.";
    max_config_bytes: ByteSize, "max-config-bytes", "256KiB", "Largest body of a config, a key or an exporter; metadata and rules of a config become part of every schema registered under it.";
    header_timeout: Duration, "header-timeout", "30s", "Time in which the head of a request must have arrived, from its first byte on.";
    idle_timeout: Duration, "idle-timeout", "75s", "How long a connection without a request is kept; longer than load balancers keep theirs.";
    body_timeout: Duration, "body-timeout", "30s", "Time in which the body of a request must have arrived.";
    request_timeout: Duration, "request-timeout", "60s", "Time in which a request must be answered.";
    send_timeout: Duration, "send-timeout", "30s", "How long a client may take nothing of its answer before it is cut off.";
    max_unsent_bytes: ByteSize, "max-unsent-bytes", "64MiB", "Memory for answers that clients are slow to take; above it those who have taken nothing for 2 s are cut off.";
    shutdown_delay: Delay, "shutdown-delay", "0s", "Time after SIGTERM in which `/readyz` says 503 and connections are still taken, for load balancers to notice.";
    shutdown_timeout: Duration, "shutdown-timeout", "20s", "Time that open requests get to finish after SIGTERM.";
    max_connections: usize, "max-connections", "4096", "Connections served at once; beyond them the longest idle one is closed for a new one.";
    http2_max_streams: u32, "http2-max-streams", "128", "HTTP/2: requests of a connection that are answered at once.";
    gzip_from: ByteSize, "gzip-from", "1KiB", "Answers above this size are compressed for clients that accept gzip.";
    cache_bytes: ByteSize, "cache-bytes", "16MiB", "Memory for schemas.";
    ready_cache_bytes: ByteSize, "ready-cache-bytes", "8MiB", "Memory for ready answers.";
    event_max_bytes: ByteSize, "event-max-bytes", "1MiB", "CloudEvents: largest event.";
    event_max_batch_bytes: ByteSize, "event-max-batch-bytes", "8MiB", "CloudEvents: largest batch.";
    event_max_batch_events: usize, "event-max-batch-events", "1000", "CloudEvents: most events in a batch.";
    event_max_attributes: usize, "event-max-attributes", "64", "CloudEvents: most attributes of an event.";
    event_max_value_bytes: ByteSize, "event-max-value-bytes", "8KiB", "CloudEvents: longest value of an attribute.";
    event_max_uri_bytes: ByteSize, "event-max-uri-bytes", "2KiB", "CloudEvents: longest `source` or `dataschema`.";
    event_max_json_depth: usize, "event-max-json-depth", "128", "CloudEvents: deepest nesting of JSON.";
    event_time_limit: Duration, "event-time-limit", "2s", "CloudEvents: time in which the data of one request must be judged.";
    event_cache_bytes: ByteSize, "event-cache-bytes", "16MiB", "CloudEvents: memory for schemas made ready for data.";
    tolerate_dataschema: Tolerate, "tolerate-dataschema", "", "CloudEvents: forms of `dataschema` without a scheme that are warnings: `#`, `type-url`, or both with a comma.";
    immutable_max_age: Age, "immutable-max-age", "365d", "How long caches may keep a schema document that was asked for by guid.";
    id_max_age: Age, "id-max-age", "24h", "How long caches may keep a schema document that was asked for by id.";
    version_max_age: Age, "version-max-age", "5m", "How long caches may keep a schema document that was asked for by subject and version.";
    cloudevents_base: List<Base>, "cloudevents-base", "", "CloudEvents: URLs of other registries that `dataschema` may have, as `URL confluent` or `URL TEMPLATE ...`; may be given several times.";
    cloudevents_alias: List<Alias>, "cloudevents-alias", "", "CloudEvents: a URI that stands for a schema, as `URI SUBJECT VERSION` or `URI GUID`; may be given several times.";
    cloudevents_type: List<TypeBinding>, "cloudevents-type", "", "CloudEvents: the schema of an event type, as `TYPE SUBJECT VERSION`, with `required` at the end where `dataschema` must be there; may be given several times.";
    cloudevents_convention: bool, "cloudevents-convention", "false", "CloudEvents: look for the schema of an event under the subject that is called like its type, with or without `-value` behind it.";
    max_avro_depth: usize, "max-avro-depth", "1000", "Deepest nesting of Avro texts.";
    max_json_depth: usize, "max-json-depth", "512", "Deepest nesting of JSON Schema texts.";
    max_protobuf_depth: usize, "max-protobuf-depth", "64", "Deepest nesting of Protobuf messages.";
    max_reference_depth: usize, "max-reference-depth", "64", "Longest chain of references.";
    max_references: usize, "max-references", "1000", "Most references in a graph.";
    work_budget: u64, "work-budget", "20000000", "Units of work, of some 50 ns each, that one request may spend on reading and comparing schemas.";
    work_memory: ByteSize, "work-memory", "36MiB", "Memory that one request may take while it reads and compares schemas.";
    judging_threads: usize, "judging-threads", "0", "Schemas and events that are judged at once, apart from short ones; 0 means one for each core.";
    judging_queue: usize, "judging-queue", "64", "Schemas and events that wait for one of those threads; what comes on top is answered 503.";
    jsonata_time: Duration, "jsonata-time", "2s", "How long rules of JSONATA may take in one request; 0s runs none.";
    jsonata_memory: ByteSize, "jsonata-memory", "48MiB", "Memory of each process that evaluates such a rule; as many of them run at once as `judging-threads` says.";
    max_associations: usize, "max-associations", "1000000", "Most associations of topics with subjects.";
    kms_local_secret: Option<Secret>, "kms-local-secret", "", "Shared keys: the secret of `local-kms`, a KMS for trying things out.";
    kms_local_secret_file: Option<PathBuf>, "kms-local-secret-file", "", "File that holds it.";
    kms_vault_address: Option<String>, "kms-vault-address", "", "Shared keys: URL of Vault or `OpenBao`, for those of type `hcvault` there, as `https://HOST:PORT`.";
    kms_vault_token: Option<Secret>, "kms-vault-token", "", "The token of Vault; it is sent to that address alone.";
    kms_vault_token_file: Option<PathBuf>, "kms-vault-token-file", "", "File that holds it; read for each call, so it may be renewed there.";
    kms_vault_namespace: Option<String>, "kms-vault-namespace", "", "The namespace of Vault.";
    kms_aws_access_key_id: Option<String>, "kms-aws-access-key-id", "", "Shared keys: credentials for those of type `aws-kms`.";
    kms_aws_secret_access_key: Option<Secret>, "kms-aws-secret-access-key", "", "The secret of these credentials.";
    kms_aws_secret_access_key_file: Option<PathBuf>, "kms-aws-secret-access-key-file", "", "File that holds it.";
    kms_aws_session_token: Option<Secret>, "kms-aws-session-token", "", "The session token of temporary credentials.";
    kms_aws_endpoint: Option<String>, "kms-aws-endpoint", "", "URL of AWS KMS in the place of the one of each region.";
    kms_timeout: Duration, "kms-timeout", "5s", "How long a KMS may take for an answer.";
    max_exporters: usize, "max-exporters", "100", "Most exporters, and most importers.";
    exporter_secret: Option<Secret>, "exporter-secret", "", "Seals the passwords of exporters and importers in the database; without it they stand there as they are.";
    exporter_secret_file: Option<PathBuf>, "exporter-secret-file", "", "File that holds it.";
    max_keys: usize, "max-keys", "20000", "Most key encryption keys, and most data encryption keys.";
    database_connections: u32, "database-connections", "16", "Postgres: most connections of this process, 5 at least; two of them follow what other replicas change, and one hands out ids to registrations that run at the same time.";
    database_answer_timeout: Duration, "database-answer-timeout", "1200ms", "Postgres: how long the database may be silent before it counts as away, and requests are told so.";
    database_statement_timeout: Duration, "database-statement-timeout", "30s", "Postgres: how long a statement may take.";
    database_lock_timeout: Duration, "database-lock-timeout", "5s", "Postgres: how long a write waits for what another transaction has locked; a process that stops within a transaction loses it after half of that.";
    database_acquire_timeout: Duration, "database-acquire-timeout", "10s", "Postgres: how long a request waits for a connection.";
    outage_reads: OutageReadsSwitch, "outage-reads", "on", "Postgres: while the database is away, answer reads from memory where this process has read the same before (`on`), or with 503 (`off`).";
    outage_cache_bytes: ByteSize, "outage-cache-bytes", "8MiB", "Postgres: memory for what is answered while the database is away.";
    database_poll_interval: Duration, "database-poll-interval", "1s", "Postgres: how often changes by other replicas are polled for, beside being listened for.";
    read_consistency: ReadConsistency, "read-consistency", "strict", "Postgres: whether answers about the versions of a subject are always as the database has them (`strict`), or may be so old as `bounded(500ms)` says.";
    postgres_locks: PostgresLocks, "postgres-locks", "advisory", "Postgres: what transactions wait for one another by: advisory locks, or rows of a table (`rows`) for databases that speak Postgres's protocol and have no advisory locks. All replicas must have the same.";
    database_statement_cache: usize, "database-statement-cache", "200", "Postgres: prepared statements per connection; 0 behind a pooler in transaction mode.";
    changes_max_age: Age, "changes-max-age", "30d", "How long the database keeps its record of changes.";
    changes_max_rows: u64, "changes-max-rows", "1000000", "Most changes in that record; the oldest go first.";
    sqlite_readers: u32, "sqlite-readers", "4", "SQLite: connections for reading.";
    sqlite_max_batch: usize, "sqlite-max-batch", "256", "SQLite: most writes in one commit.";
    worker_threads: usize, "worker-threads", "0", "Threads that serve requests; 0 means one for each core.";
}

impl Default for Settings {
    #[expect(clippy::expect_used, reason = "the defaults are constants; a test reads each of them")]
    fn default() -> Self {
        Self::read_defaults().expect("defaults can be read")
    }
}
