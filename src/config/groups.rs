//! The headings under which settings stand in help, documentation and files.

/// Headings in their order, each with what the names below it begin with. The first that fits counts; what fits none is of the registry.
const HEADINGS: [(&str, &[&str]); 12] = [
    ("TLS", &["tls-"]),
    ("Logins", &["users-", "tokens-", "access-file", "hide-denied", "allow-anonymous", "metrics-open", "login-", "session-"]),
    ("OpenID Connect", &["oidc-"]),
    ("Audit and usage", &["audit", "usage"]),
    ("Log, metrics, traces", &["log-", "access-log", "metrics-count", "metrics-confluent", "otlp-"]),
    ("Events and documents", &["event-", "cloudevents-", "tolerate-", "immutable-", "id-max", "version-max", "public-url"]),
    (
        "Limits of schemas and requests",
        &[
            "max-avro",
            "max-json",
            "max-protobuf",
            "max-ref",
            "max-assoc",
            "max-config",
            "work-",
            "judging-",
            "jsonata-",
            "rate-limit",
            "list-limit",
        ],
    ),
    ("Memory", &["cache-bytes", "ready-cache-bytes"]),
    ("Key management", &["kms-", "max-keys"]),
    ("Exporters", &["exporter-", "max-exporters"]),
    ("Database", &["database", "outage-", "read-consistency", "postgres-locks", "changes-", "sqlite-"]),
    (
        "Connections",
        &[
            "listen",
            "admin-listen",
            "header-",
            "idle-",
            "body-",
            "request-",
            "send-",
            "max-",
            "shutdown-",
            "http2-",
            "gzip-",
            "cors-",
            "allowed-",
            "trusted-",
            "worker-",
        ],
    ),
];
const OF_THE_REGISTRY: &str = "Registry";

/// The headings, in the order in which people look for them.
pub const GROUPS: [&str; 13] = [
    OF_THE_REGISTRY,
    "Connections",
    "Database",
    "TLS",
    "Logins",
    "OpenID Connect",
    "Audit and usage",
    "Log, metrics, traces",
    "Limits of schemas and requests",
    "Memory",
    "Events and documents",
    "Key management",
    "Exporters",
];

/// Where a setting stands.
pub fn group(setting: &str) -> &'static str {
    let fits = |(_, beginnings): &&(&str, &[&str])| beginnings.iter().any(|beginning| setting.starts_with(beginning));
    HEADINGS.iter().find(fits).map_or(OF_THE_REGISTRY, |(heading, _)| heading)
}
