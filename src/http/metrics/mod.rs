//! What is counted for Prometheus, and shown on `/metrics`.
//!
//! | file | what |
//! | --- | --- |
//! | `described.rs` | every metric there is, with its help |
//! | `mod.rs` | what is counted as it happens |
//! | `routes.rs` | requests, and how long they took |
//! | `snapshot.rs`, `exposition.rs` | what is read when somebody looks, and the format it is written in |
//! | `confluent_names.rs` | the same under the names of Confluent's JMX beans |

use std::borrow::Cow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::http::{Method, StatusCode};
use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram, with_local_recorder};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

use crate::registry::ExporterEvent;
use crate::store::{StoreError, StoreObserver};
use crate::trace::SpanCounts;
use crate::types::LinkKind;

mod confluent_names;
mod described;
mod exposition;
mod routes;
mod snapshot;

use confluent_names::ConfluentNames;
pub use described::{Described, GROUPS, MetricGroup, MetricKind};
use routes::Routes;
pub use snapshot::MetricsSnapshot;

/// The place of a route in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RouteIndex(pub(super) usize);

/// Upper bounds of what the database does, in seconds.
const DATABASE: [f64; 10] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1.0, 5.0, 30.0];
/// Upper bounds of the commit batch histogram.
const BATCH: [f64; 8] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0];

/// Codes of what is wrong with events that have series of their own: more than there are.
const EVENT_CODES: usize = 200;

struct Inner {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
    process: metrics_process::Collector,
    instruments: Instruments,
    dropped_lines: OnceLock<Arc<AtomicU64>>,
    spans: OnceLock<Arc<SpanCounts>>,
    confluent: OnceLock<ConfluentNames>,
    event_codes: std::sync::Mutex<std::collections::HashMap<Cow<'static, str>, Counter>>,
}

struct Instruments {
    routes: Routes,
    registrations: Counter,
    known_registrations: Counter,
    outage_reads: Counter,
    exported: Counter,
    export_failures: Counter,
    imported: Counter,
    import_failures: Counter,
    batches: Histogram,
    commits: Histogram,
    waits: [(&'static str, Histogram); 3],
    connections: Gauge,
    logins: [(&'static str, Counter); 5],
    refused_logins: [(&'static str, Counter); 3],
    denied: Counter,
    valid_events: Counter,
    invalid_events: Counter,
    stale_access: Gauge,
    refused_handshakes: Counter,
    given_up_handshakes: Counter,
}

#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

impl Metrics {
    /// Fresh metrics, all zero, of a table of routes.
    pub fn new<'m>(routes: impl Iterator<Item = (&'m Method, &'static str)>) -> Self {
        let buckets = |builder: PrometheusBuilder, name: &str, bounds: &[f64]| {
            // bounds are constants and never empty, which is all that could be refused
            builder.set_buckets_for_metric(Matcher::Full(name.to_owned()), bounds)
        };
        let builder = buckets(PrometheusBuilder::new(), "accordant_commit_batch", &BATCH)
            .and_then(|b| buckets(b, "accordant_commit_seconds", &DATABASE))
            .and_then(|b| buckets(b, "accordant_database_seconds", &DATABASE))
            .and_then(|b| buckets(b, "accordant_database_wait_seconds", &DATABASE))
            .unwrap_or_else(|_| PrometheusBuilder::new());
        let recorder = builder.build_recorder();
        let process = metrics_process::Collector::default();
        let instruments = with_local_recorder(&recorder, || {
            describe();
            process.describe();
            Instruments::new(routes)
        });
        let handle = recorder.handle();
        Self(Arc::new(Inner {
            recorder,
            handle,
            process,
            instruments,
            dropped_lines: OnceLock::new(),
            spans: OnceLock::new(),
            confluent: OnceLock::new(),
            event_codes: std::sync::Mutex::default(),
        }))
    }

    /// From now on also under the names that dashboards for Confluent's registry ask for.
    pub fn serve_confluent_names(&self) {
        let _ = self.0.confluent.set(ConfluentNames::default());
    }

    /// `is_ready`: the answer was in memory.
    pub(super) fn request(&self, route: Option<RouteIndex>, status: StatusCode, elapsed: Duration, is_ready: bool) {
        self.0.instruments.routes.count(route, status, elapsed, is_ready);
        if let Some(confluent) = self.0.confluent.get() {
            confluent.request(status, elapsed);
        }
    }

    /// The path of a route, as the table has it.
    pub(super) fn template(&self, route: RouteIndex) -> Option<&'static str> {
        self.0.instruments.routes.template(route)
    }

    /// A login was accepted.
    pub(super) fn accepted_login(&self, method: &str) {
        count_one(&self.0.instruments.logins, method);
    }

    /// A login was refused: it was wrong, or could not be verified.
    pub(super) fn refused_login(&self, reason: &str) {
        count_one(&self.0.instruments.refused_logins, reason);
    }

    /// An event was validated, and these codes say what was wrong with it.
    pub(super) fn event<'c>(&self, is_valid: bool, codes: impl Iterator<Item = &'c Cow<'static, str>>) {
        let Instruments { valid_events, invalid_events, .. } = &self.0.instruments;
        if is_valid { valid_events } else { invalid_events }.increment(1);
        let mut seen: Vec<&str> = Vec::new();
        for code in codes {
            if seen.contains(&&**code) {
                continue;
            }
            seen.push(code);
            let mut known = self.0.event_codes.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            if !known.contains_key(code) && known.len() < EVENT_CODES {
                let counter = with_local_recorder(
                    &self.0.recorder,
                    || counter!("accordant_event_issues_total", "code" => code.to_string()),
                );
                known.insert(code.clone(), counter);
            }
            if let Some(counter) = known.get(code) {
                counter.increment(1);
            }
        }
    }

    /// The keys of an issuer of tokens were fetched, so many of them, or could not be.
    #[expect(clippy::cast_precision_loss, reason = "there are not that many keys")]
    pub fn fetched_keys(&self, issuer: &str, count: Option<usize>) {
        with_local_recorder(&self.0.recorder, || {
            let outcome = if count.is_some() { "fetched" } else { "failed" };
            counter!("accordant_oidc_key_fetches_total", "issuer" => issuer.to_owned(), "outcome" => outcome).increment(1);
            if let Some(count) = count {
                gauge!("accordant_oidc_keys", "issuer" => issuer.to_owned()).set(count as f64);
            }
        });
    }

    /// Rules did not allow a request.
    pub(super) fn denied(&self) {
        self.0.instruments.denied.increment(1);
    }

    /// Refused logins and changes: recorded by themselves, counted for an entry about several, or lost because that could not be written.
    pub(super) fn refusal(&self, outcome: &'static str, count: u64) {
        with_local_recorder(&self.0.recorder, || {
            counter!("accordant_audit_refusals_total", "outcome" => outcome).increment(count);
        });
    }

    /// Reads of schemas that were counted by who read them: written, or lost for there was no room.
    pub fn usage(&self, outcome: &'static str, count: u64) {
        with_local_recorder(&self.0.recorder, || {
            counter!("accordant_usage_reads_total", "outcome" => outcome).increment(count);
        });
    }

    /// The last place in the chain of the audit that is known here.
    #[expect(clippy::cast_precision_loss, reason = "there are not that many entries")]
    pub fn audit_position(&self, position: i64) {
        with_local_recorder(&self.0.recorder, || gauge!("accordant_audit_position").set(position as f64));
    }

    /// A client has made more requests than a setting allows.
    pub(super) fn limited(&self, setting: &'static str) {
        with_local_recorder(&self.0.recorder, || counter!("accordant_requests_limited_total", "setting" => setting).increment(1));
    }

    /// Whether logins and rules are older than their files.
    pub fn stale_access(&self, is_stale: bool) {
        self.0.instruments.stale_access.set(f64::from(u8::from(is_stale)));
    }

    /// A connection came to no TLS: one of its ends refused, or it was given up.
    pub fn failed_handshake(&self, is_given_up: bool) {
        let instruments = &self.0.instruments;
        if is_given_up { &instruments.given_up_handshakes } else { &instruments.refused_handshakes }.increment(1);
    }

    /// Whether what TLS uses is older than its files.
    pub fn stale_tls(&self, is_stale: bool) {
        with_local_recorder(&self.0.recorder, || gauge!("accordant_tls_stale").set(f64::from(u8::from(is_stale))));
    }

    /// When the certificate of the listeners ends, in seconds since 1970.
    #[expect(clippy::cast_precision_loss, reason = "seconds are far below 2^52")]
    pub fn tls_expires(&self, at: u64) {
        with_local_recorder(&self.0.recorder, || gauge!("accordant_tls_certificate_expires").set(at as f64));
    }

    /// When the first list of revoked certificates of clients should have been replaced, in seconds since 1970.
    #[expect(clippy::cast_precision_loss, reason = "seconds are far below 2^52")]
    pub fn tls_lists_expire(&self, at: Option<u64>) {
        if let Some(at) = at {
            with_local_recorder(&self.0.recorder, || gauge!("accordant_tls_crl_expires").set(at as f64));
        }
    }

    pub(super) fn registration(&self, is_new: bool) {
        let counter = if is_new { &self.0.instruments.registrations } else { &self.0.instruments.known_registrations };
        counter.increment(1);
    }

    /// Counts what exporters and importers do.
    pub fn exporter(&self, kind: LinkKind, event: ExporterEvent) {
        match (kind, event) {
            (LinkKind::Exporter, ExporterEvent::Copied) => self.0.instruments.exported.increment(1),
            (LinkKind::Exporter, ExporterEvent::Failed) => self.0.instruments.export_failures.increment(1),
            (LinkKind::Importer, ExporterEvent::Copied) => self.0.instruments.imported.increment(1),
            (LinkKind::Importer, ExporterEvent::Failed) => self.0.instruments.import_failures.increment(1),
        }
    }

    /// A connection was opened (+1) or closed (-1).
    pub fn connection(&self, change: f64) {
        self.0.instruments.connections.increment(change);
        if let Some(confluent) = self.0.confluent.get() {
            confluent.connection(change);
        }
    }

    /// Lines of the log that were dropped, as whoever writes it counts them.
    pub fn count_dropped_lines(&self, lines: Arc<AtomicU64>) {
        // the first log is the process's only one
        let _ = self.0.dropped_lines.set(lines);
    }

    /// Spans of traces, as whoever sends them counts them.
    pub fn count_spans(&self, spans: Arc<SpanCounts>) {
        // they are sent to one place
        let _ = self.0.spans.set(spans);
    }

    /// Moves what histograms have collected into their buckets; must be called every few seconds, or it piles up.
    pub fn upkeep(&self) {
        self.0.handle.run_upkeep();
        if let Some(confluent) = self.0.confluent.get() {
            confluent.tick();
        }
    }

    /// The text for Prometheus.
    pub fn render(&self, snapshot: &MetricsSnapshot) -> String {
        with_local_recorder(&self.0.recorder, || {
            self.0.process.collect();
            if let Some(lines) = self.0.dropped_lines.get() {
                counter!("accordant_log_lines_dropped_total").absolute(lines.load(Ordering::Relaxed));
            }
            if let Some(SpanCounts { sent, dropped, failed }) = self.0.spans.get().map(AsRef::as_ref) {
                for (outcome, count) in [("sent", sent), ("dropped", dropped), ("failed", failed)] {
                    counter!("accordant_trace_spans_total", "outcome" => outcome).absolute(count.load(Ordering::Relaxed));
                }
            }
        });
        let mut text = self.0.handle.render();
        text.push_str(&self.0.instruments.routes.render());
        text.push_str(&snapshot.render());
        if let Some(confluent) = self.0.confluent.get() {
            text.push_str(&confluent.render(snapshot));
        }
        text
    }
}

/// What the store does.
impl StoreObserver for Metrics {
    fn unit(&self, unit: &'static str, took: Duration, failure: Option<&StoreError>) {
        with_local_recorder(&self.0.recorder, || {
            histogram!("accordant_database_seconds", "unit" => unit).record(took.as_secs_f64());
            if let Some(failure) = failure {
                counter!("accordant_database_errors_total", "unit" => unit, "kind" => failure.kind()).increment(1);
            }
        });
    }

    fn waited(&self, purpose: &'static str, waited: Duration) {
        if let Some((_, histogram)) = self.0.instruments.waits.iter().find(|(known, _)| *known == purpose) {
            histogram.record(waited.as_secs_f64());
        }
    }

    fn committed(&self, units: usize, took: Duration) {
        self.0.instruments.batches.record(f64::from(u32::try_from(units).unwrap_or(u32::MAX)));
        self.0.instruments.commits.record(took.as_secs_f64());
    }

    fn read_in_outage(&self) {
        self.0.instruments.outage_reads.increment(1);
    }
}

impl Instruments {
    fn new<'m>(routes: impl Iterator<Item = (&'m Method, &'static str)>) -> Self {
        Self {
            routes: Routes::new(routes),
            registrations: counter!("accordant_registrations_total", "outcome" => "new"),
            known_registrations: counter!("accordant_registrations_total", "outcome" => "known"),
            outage_reads: counter!("accordant_outage_reads_total"),
            exported: counter!("accordant_exporter_changes_total"),
            export_failures: counter!("accordant_exporter_failures_total"),
            imported: counter!("accordant_importer_changes_total"),
            import_failures: counter!("accordant_importer_failures_total"),
            batches: histogram!("accordant_commit_batch"),
            commits: histogram!("accordant_commit_seconds"),
            waits: ["read", "list", "write"]
                .map(|purpose| (purpose, histogram!("accordant_database_wait_seconds", "purpose" => purpose))),
            connections: gauge!("accordant_connections"),
            logins: ["none", "basic", "token", "certificate", "oidc"]
                .map(|method| (method, counter!("accordant_logins_accepted_total", "method" => method))),
            refused_logins: ["wrong", "busy", "no_keys"]
                .map(|reason| (reason, counter!("accordant_logins_refused_total", "reason" => reason))),
            denied: counter!("accordant_requests_denied_total"),
            valid_events: counter!("accordant_events_total", "outcome" => "valid"),
            invalid_events: counter!("accordant_events_total", "outcome" => "invalid"),
            stale_access: gauge!("accordant_access_stale"),
            refused_handshakes: counter!("accordant_tls_handshakes_failed_total", "reason" => "refused"),
            given_up_handshakes: counter!("accordant_tls_handshakes_failed_total", "reason" => "given_up"),
        }
    }
}

fn count_one(counters: &[(&'static str, Counter)], label: &str) {
    if let Some((_, counter)) = counters.iter().find(|(known, _)| *known == label) {
        counter.increment(1);
    }
}

/// Gives every metric that is recorded its help.
fn describe() {
    for metric in GROUPS.iter().flat_map(|group| group.metrics).filter(|metric| metric.name.starts_with("accordant_")) {
        match metric.kind {
            MetricKind::Counter => metrics::describe_counter!(metric.name, metric.help),
            MetricKind::Gauge => metrics::describe_gauge!(metric.name, metric.help),
            MetricKind::Histogram => metrics::describe_histogram!(metric.name, metric.help),
        }
    }
}
