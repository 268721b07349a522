//! Every metric there is: its kind, and what it says. `docs/metrics.md` is made of this table.

/// A metric, as Prometheus names kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricKind {
    Counter,
    Gauge,
    Histogram,
}

/// A metric that is served.
#[derive(Debug, Clone, Copy)]
pub struct Described {
    pub name: &'static str,
    pub kind: MetricKind,
    /// The labels that its series have.
    pub labels: &'static [&'static str],
    pub help: &'static str,
}

/// Metrics under one heading.
#[derive(Debug, Clone, Copy)]
pub struct MetricGroup {
    pub title: &'static str,
    pub metrics: &'static [Described],
}

const fn counter(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Described {
    Described { name, kind: MetricKind::Counter, labels, help }
}

const fn gauge(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Described {
    Described { name, kind: MetricKind::Gauge, labels, help }
}

const fn histogram(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Described {
    Described { name, kind: MetricKind::Histogram, labels, help }
}

/// In the order of the page.
pub const GROUPS: &[MetricGroup] = &[
    MetricGroup {
        title: "Requests",
        metrics: &[
            counter("accordant_requests_total", &["method", "route", "status"], "Requests by method, route and status"),
            histogram("accordant_request_seconds", &["method", "route"], "Time from the head of a request to its answer"),
            counter("accordant_ready_answers_total", &[], "Requests that were answered from ready answers"),
            counter(
                "accordant_requests_limited_total",
                &["setting"],
                "Requests of clients that had made too many, by the setting that says so",
            ),
            gauge("accordant_connections", &[], "Open connections of clients"),
            gauge(
                "accordant_ready",
                &[],
                "1 where the server takes requests: it is not stopping, and its database is there; otherwise 0",
            ),
            gauge("accordant_build_info", &["version", "commit", "database"], "1; its labels say what runs here"),
        ],
    },
    MetricGroup {
        title: "What is stored",
        metrics: &[
            gauge("accordant_subjects", &["context"], "Subjects that have a version, by context; counted from time to time"),
            gauge(
                "accordant_versions",
                &["context", "state"],
                "Versions by context and state: live, deleted; counted from time to time",
            ),
            gauge("accordant_schemas", &["context", "type"], "Schemas by context and type; counted from time to time"),
            gauge("accordant_counted_at_seconds", &[], "When it was counted what is stored, in seconds since 1970"),
            counter(
                "accordant_usage_reads_total",
                &["outcome"],
                "Reads of schemas by what became of the count of who read them: written, lost (too many clients at once)",
            ),
            counter(
                "accordant_registrations_total",
                &["outcome"],
                "Registrations by outcome: a new version, or one that was known",
            ),
        ],
    },
    MetricGroup {
        title: "Judging",
        metrics: &[
            counter(
                "accordant_compatibility_checks_total",
                &["type", "outcome"],
                "Comparisons of a schema with what a level names, by type and outcome: compatible, incompatible",
            ),
            gauge(
                "accordant_judging_requests",
                &["state"],
                "Requests whose schemas or data take long to judge, by state: running, waiting",
            ),
            counter(
                "accordant_judging_refused_total",
                &["reason"],
                "Requests refused because too many were being judged (overloaded), or because one asked for too much (work, memory; exhausted: both)",
            ),
            counter(
                "accordant_judging_stopped_total",
                &[],
                "Judgements that were given up because nobody waited for them any more",
            ),
            counter(
                "accordant_jsonata_total",
                &["outcome"],
                "Expressions of JSONATA, by outcome: evaluated, wrong, stopped (took more time or memory than they may), unavailable (no process could be started)",
            ),
            counter("accordant_events_total", &["outcome"], "Events that were validated, by outcome: valid, invalid"),
            counter(
                "accordant_event_issues_total",
                &["code"],
                "What was wrong with events, by code; a code is counted once for an event",
            ),
        ],
    },
    MetricGroup {
        title: "The database",
        metrics: &[
            gauge("accordant_database_available", &[], "1 while the database answers and its file can be written, otherwise 0"),
            gauge("accordant_database_connections", &["state"], "Connections to the database by state"),
            histogram(
                "accordant_database_wait_seconds",
                &["purpose"],
                "Waits for a connection to the database, by purpose: read, list, write",
            ),
            histogram(
                "accordant_database_seconds",
                &["unit"],
                "Units of work of the database, from the wait for a connection to the end of the transaction",
            ),
            counter(
                "accordant_database_errors_total",
                &["unit", "kind"],
                "Units of work that failed, by kind: unreachable, busy, database, file, inconsistent, migration, closed",
            ),
            histogram("accordant_commit_seconds", &[], "Commits, the flush to the disk included"),
            histogram("accordant_commit_batch", &[], "Writes in a commit"),
            gauge("accordant_database_file_bytes", &[], "Bytes of the SQLite file"),
            gauge("accordant_database_log_bytes", &[], "Bytes of SQLite's write-ahead log"),
            gauge("accordant_database_free_bytes", &[], "Bytes that can still be written to the disk of SQLite's file"),
            gauge(
                "accordant_follower_listening",
                &[],
                "1 while this replica hears of the changes of others at once; 0 where it only looks for them (Postgres)",
            ),
            gauge(
                "accordant_follower_lag_seconds",
                &[],
                "Since Postgres last said how things stand: what this replica knows of the others can be so old",
            ),
            counter("accordant_outage_reads_total", &[], "Reads answered from memory while the database was away"),
        ],
    },
    MetricGroup {
        title: "Memory",
        metrics: &[
            gauge("accordant_cache_bytes", &["cache"], "Bytes that a cache holds"),
            gauge("accordant_cache_capacity_bytes", &["cache"], "Bytes that a cache may hold"),
            gauge("accordant_cache_values", &["cache"], "Values that a cache holds"),
            counter("accordant_cache_hits_total", &["cache"], "Values that a cache was asked for and had"),
            counter(
                "accordant_cache_misses_total",
                &["cache"],
                "Values that a cache was asked for and had not, or that were out of date",
            ),
            counter("accordant_cache_evictions_total", &["cache"], "Values that gave way to others for want of room"),
            gauge("accordant_cached_schemas", &[], "Schemas in memory"),
            gauge("accordant_cached_bytes", &[], "Bytes of the schemas in memory"),
            gauge("accordant_body_bytes", &[], "Bytes of request bodies, and of what was read from them, in memory"),
        ],
    },
    MetricGroup {
        title: "Logins, rules, TLS",
        metrics: &[
            counter(
                "accordant_logins_accepted_total",
                &["method"],
                "Requests whose login was accepted, by method: basic, token, certificate, oidc, none; ready answers are not among them",
            ),
            counter(
                "accordant_logins_refused_total",
                &["reason"],
                "Requests whose login was refused, by reason: wrong, busy, no_keys",
            ),
            counter("accordant_requests_denied_total", &[], "Requests that rules did not allow"),
            gauge(
                "accordant_access_stale",
                &[],
                "1 while a changed file of logins or rules can't be used, and older ones are in force",
            ),
            counter(
                "accordant_oidc_key_fetches_total",
                &["issuer", "outcome"],
                "Fetches of the keys of issuers of tokens, by issuer and outcome: fetched, failed",
            ),
            gauge("accordant_oidc_keys", &["issuer"], "Keys of issuers of tokens, by issuer"),
            counter(
                "accordant_tls_handshakes_failed_total",
                &["reason"],
                "Connections that came to no TLS, by reason: refused by one of the two ends, given up for time or room",
            ),
            gauge("accordant_tls_stale", &[], "1 while changed files of TLS can't be used, and older ones are in force"),
            gauge("accordant_tls_certificate_expires", &[], "When the certificate of the listeners ends, in seconds since 1970"),
            gauge(
                "accordant_tls_crl_expires",
                &[],
                "When the first list of revoked certificates of clients should be replaced by the next one, in seconds since 1970",
            ),
        ],
    },
    MetricGroup {
        title: "Audit, exporters and importers",
        metrics: &[
            gauge("accordant_audit_position", &[], "The last place in the chain of the audit, looked up once a minute"),
            gauge(
                "accordant_audit_unsealed",
                &[],
                "Entries of the audit that have no place in the chain yet; counted from time to time",
            ),
            counter(
                "accordant_audit_refusals_total",
                &["outcome"],
                "Refused logins and changes by what the audit has of them: recorded, counted (in an entry about several), lost",
            ),
            gauge(
                "accordant_exporters",
                &["state"],
                "Exporters by state: STARTING, RUNNING, PAUSED, and failing for those that wait to try again; counted from time to time",
            ),
            gauge(
                "accordant_exporter_lag",
                &[],
                "Changes that the exporter furthest behind has still to deal with, paused ones apart; counted from time to time",
            ),
            gauge(
                "accordant_importers",
                &["state"],
                "Importers by state: STARTING, RUNNING, PAUSED, and failing for those that wait to try again; counted from time to time",
            ),
            counter(
                "accordant_importer_changes_total",
                &[],
                "Versions, deletions and configs that importers of this replica have brought here",
            ),
            counter(
                "accordant_importer_failures_total",
                &[],
                "Failures of importers of this replica, each followed by another try",
            ),
            counter(
                "accordant_exporter_changes_total",
                &[],
                "Versions, deletions and settings that exporters of this replica have dealt with",
            ),
            counter(
                "accordant_exporter_failures_total",
                &[],
                "Failures of exporters of this replica, each followed by another try",
            ),
        ],
    },
    MetricGroup {
        title: "The process",
        metrics: &[
            counter(
                "accordant_log_lines_dropped_total",
                &[],
                "Lines of the log that were dropped, because nothing took them or the disk was full",
            ),
            counter(
                "accordant_trace_spans_total",
                &["outcome"],
                "Spans of traces, where `otlp-endpoint` is set: `sent`, `dropped` because too many waited, `failed` because the collector did not take them",
            ),
            counter("process_cpu_seconds_total", &[], "Total user and system CPU time spent in seconds."),
            gauge("process_open_fds", &[], "Number of open file descriptors."),
            gauge("process_max_fds", &[], "Maximum number of open file descriptors."),
            gauge("process_virtual_memory_bytes", &[], "Virtual memory size in bytes."),
            gauge("process_virtual_memory_max_bytes", &[], "Maximum amount of virtual memory available in bytes."),
            gauge("process_resident_memory_bytes", &[], "Resident memory size in bytes."),
            gauge("process_start_time_seconds", &[], "Start time of the process since unix epoch in seconds."),
            gauge("process_threads", &[], "Number of OS threads in the process."),
        ],
    },
];

/// What a metric is, by its name.
pub(super) fn described(name: &str) -> Option<&'static Described> {
    GROUPS.iter().flat_map(|group| group.metrics).find(|metric| metric.name == name)
}
