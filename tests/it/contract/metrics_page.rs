//! docs/metrics.md is made from the table of metrics, and the table is held to what servers serve.
//!
//! `UPDATE_DOCS=1 cargo test --test it -- metrics_page` writes the page anew.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use accordant::http::{METRICS, MetricKind};

use crate::on_both;
use crate::support::app::{Database, Fresh};
use crate::support::process::{Process, eventually, exchange};

/// Metrics that are there only once something has happened or is configured; where they come to be has tests of its own.
const ON_OCCASION: [&str; 15] = [
    "accordant_access_stale",
    "accordant_audit_refusals_total",
    "accordant_database_errors_total",
    "accordant_database_file_bytes",
    "accordant_database_free_bytes",
    "accordant_database_log_bytes",
    "accordant_follower_lag_seconds",
    "accordant_follower_listening",
    "accordant_oidc_key_fetches_total",
    "accordant_oidc_keys",
    "accordant_requests_limited_total",
    "accordant_tls_certificate_expires",
    "accordant_tls_crl_expires",
    "accordant_tls_stale",
    "accordant_trace_spans_total",
];

const HEAD: &str = "# Metrics

`/metrics` has them in Prometheus's text format; with logins it takes `GLOBAL_READ` where `metrics-open` is `false`, and with
`admin-listen` it is also served on an address of its own, by a thread that nothing else holds up. Nothing is asked of the database when
somebody looks: what is stored is counted once a minute (`metrics-count-interval`), and less often where that takes longer than a
hundredth of the time.

Times are in seconds and sizes in bytes, as the names say. Counters begin at zero with the process. Labels have few values: routes are
templates such as `/subjects/{subject}/versions`, paths that are none of them count as `unmatched`, and where there are more than 50
contexts, those with the fewest versions share the label `(others)`. Each replica counts for itself; what is stored is the same on all, so
take the `max` of that, and the `sum` of the rest.

```yaml
# prometheus.yml
scrape_configs:
  - job_name: accordant
    static_configs: [{targets: ['localhost:8081']}]
```

Log lines and answers carry a request id (`X-Request-ID`), which leads from a figure to its requests.
";

const TAIL: &str = "
## Under Confluent's names

With `metrics-confluent-names = true` the most used ones are there also as Confluent's JMX exporter names them, for dashboards and alerts
that exist. Rates and latencies are those of the last 30 seconds, latencies in milliseconds and up to a fifth too high.

| Metric | Here |
| --- | --- |
| `kafka_schema_registry_jersey_metrics_request_rate`, `…_request_error_rate` | requests a second; those with a status from 400 on |
| `kafka_schema_registry_jersey_metrics_request_latency_avg`, `…_95`, `…_99`, `…_max` | of all routes together |
| `kafka_schema_registry_jetty_metrics_connections_active` | open connections |
| `kafka_schema_registry_master_slave_role` | always 1: every replica takes writes |
| `kafka_schema_registry_registered_count` | versions that are not deleted |
| `kafka_schema_registry_schemas_created{schema_type}`, `kafka_schema_registry_schemas_deleted` | schemas by type; versions that are soft-deleted |
| `kafka_schema_registry_app_info{version}` | 1 |
";

fn kind(kind: MetricKind) -> &'static str {
    match kind {
        MetricKind::Counter => "counter",
        MetricKind::Gauge => "gauge",
        MetricKind::Histogram => "histogram",
    }
}

#[test]
fn the_page_has_every_metric() {
    let mut page = HEAD.to_owned();
    for group in METRICS {
        let _ = write!(page, "\n## {}\n\n| Metric | Kind | What it says |\n| --- | --- | --- |\n", group.title);
        for metric in group.metrics {
            let labels = if metric.labels.is_empty() { String::new() } else { format!("{{{}}}", metric.labels.join(",")) };
            let _ = writeln!(page, "| `{}{labels}` | {} | {} |", metric.name, kind(metric.kind), metric.help);
        }
    }
    page.push_str(TAIL);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/metrics.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(found, page, "docs/metrics.md is out of date: UPDATE_DOCS=1 cargo test --test it -- metrics_page");
}

/// The metrics of a text: kind, help, and the labels of its series.
#[derive(Debug, Default)]
struct Served {
    kind: String,
    help: String,
    labels: Vec<String>,
    series: usize,
}

fn read(text: &str) -> BTreeMap<String, Served> {
    let mut metrics: BTreeMap<String, Served> = BTreeMap::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        if let Some((name, help)) = line.strip_prefix("# HELP ").and_then(|rest| rest.split_once(' ')) {
            help.clone_into(&mut metrics.entry(name.to_owned()).or_default().help);
        } else if let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|rest| rest.split_once(' ')) {
            let metric = metrics.entry(name.to_owned()).or_default();
            assert_eq!(metric.kind, "", "{name} is described twice");
            kind.clone_into(&mut metric.kind);
        } else {
            let (series, value) = line.rsplit_once(' ').unwrap();
            assert!(value.parse::<f64>().is_ok(), "{line}");
            let (name, labels) = series.split_once('{').unwrap_or((series, ""));
            let base = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
            let name = base.filter(|base| metrics.get(*base).is_some_and(|metric| metric.kind == "histogram")).unwrap_or(name);
            let metric = metrics.get_mut(name).unwrap_or_else(|| panic!("{name} is not described"));
            metric.series += 1;
            let names = labels.split("\",").filter_map(|label| label.split_once("=\"")).map(|(name, _)| name.to_owned());
            metric.labels.extend(names);
        }
    }
    metrics
}

fn drive(address: &str) {
    let send = |method: &str, target: &str, body: &str| exchange(address, method, target, body).unwrap();
    let versions = "/subjects/metered-value/versions";
    assert_eq!(send("POST", versions, r#"{"schema":"\"int\""}"#).0, 200);
    assert_eq!(send("POST", versions, r#"{"schema":"\"int\""}"#).0, 200);
    assert_eq!(send("POST", "/subjects/:.m:x/versions", r#"{"schema":"{\"type\":\"object\"}","schemaType":"JSON"}"#).0, 200);
    assert_eq!(send("POST", versions, r#"{"schema":"\"string\""}"#).0, 409);
    for _ in 0..2 {
        assert_eq!(send("GET", "/schemas/ids/1", "").0, 200);
    }
    let event = r#"{"specversion":"1.0","id":"1","source":"/x","type":"t","data":"1","time":"yesterday"}"#;
    exchange_event(address, event);
}

fn exchange_event(address: &str, event: &str) {
    use std::io::{Read as _, Write as _};
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    write!(
        stream,
        "POST /cloudevents/validate HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/cloudevents+json\r\n\
         content-length: {}\r\n\r\n{event}",
        event.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 422"), "{answer}");
}

async fn served(database: Database) -> BTreeMap<String, Served> {
    let fresh = Fresh::new(database).await;
    let url = fresh.url.clone();
    tokio::task::spawn_blocking(move || {
        let folder = tempfile::tempdir().unwrap();
        let arguments = ["--database", &url, "--metrics-count-interval", "1s", "--metrics-confluent-names", "true"];
        let server = Process::start(folder.path(), &arguments);
        drive(&server.address);
        let text = || exchange(&server.address, "GET", "/metrics", "").unwrap().1;
        eventually("what is stored is counted", || text().contains("accordant_subjects{context=\".m\"} 1\n"));
        let metrics = read(&text());
        assert_eq!(server.stop().0, 0);
        drop(fresh);
        metrics
    })
    .await
    .unwrap()
}

fn hold(metrics: &BTreeMap<String, Served>, own: &[&str]) {
    for (name, served) in metrics.iter().filter(|(name, _)| !name.starts_with("kafka_schema_registry_")) {
        let metric = METRICS.iter().flat_map(|group| group.metrics).find(|metric| metric.name == name);
        let metric = metric.unwrap_or_else(|| panic!("{name} is not in the table"));
        assert_eq!((&*served.kind, &*served.help), (kind(metric.kind), metric.help), "{name}");
        for label in served.labels.iter().filter(|label| *label != "le") {
            assert!(metric.labels.contains(&&**label), "{name} has a label {label}");
        }
    }
    for metric in METRICS.iter().flat_map(|group| group.metrics) {
        let is_there = metrics.get(metric.name).is_some_and(|served| served.series > 0);
        let is_wanted = own.contains(&metric.name) || !ON_OCCASION.contains(&metric.name);
        assert!(is_there || !is_wanted, "{} is not served", metric.name);
    }
    let confluent = metrics.keys().filter(|name| name.starts_with("kafka_schema_registry_")).count();
    assert_eq!(confluent, 12, "{:#?}", metrics.keys());
    for name in metrics.keys().filter(|name| name.starts_with("kafka_schema_registry_")) {
        let known = name.trim_start_matches("kafka_schema_registry_jersey_metrics_request_latency");
        assert!(TAIL.contains(known) || TAIL.contains(name.trim_start_matches("kafka_schema_registry_jersey_metrics")), "{name}");
    }
}

on_both! {
    async fn every_metric_is_in_the_table_and_every_one_of_the_table_is_served(database) {
        let own: &[&str] = match database {
            Database::Sqlite => {
                &["accordant_database_file_bytes", "accordant_database_free_bytes", "accordant_database_log_bytes"]
            }
            Database::Postgres => &["accordant_follower_listening", "accordant_follower_lag_seconds"],
        };
        hold(&served(database).await, own);
    }
}
