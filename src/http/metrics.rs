//! Counters and histograms, rendered for Prometheus on `/metrics`.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::http::{Method, StatusCode};
use metrics::{
    Counter, Gauge, Histogram, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
    with_local_recorder,
};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

use crate::registry::{ExporterEvent, JudgingLoad};

/// The place of a route in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RouteIndex(pub(super) usize);

/// Statuses whose counters are at hand; others are looked up.
const STATUSES: [u16; 22] =
    [200, 204, 207, 304, 400, 401, 403, 404, 405, 406, 408, 409, 410, 413, 415, 421, 422, 429, 500, 501, 503, 504];

/// Upper bounds of the histogram, in seconds.
const LATENCY: [f64; 14] = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];
/// Upper bounds of the commit batch histogram.
const BATCH: [f64; 8] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0];

struct PerRoute {
    template: &'static str,
    method: String,
    latency: OnceLock<Histogram>,
    requests: [OnceLock<Counter>; STATUSES.len()],
}

struct Inner {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
    instruments: Instruments,
    dropped_lines: OnceLock<Arc<AtomicU64>>,
}

struct Instruments {
    routes: Vec<PerRoute>,
    unmatched: PerRoute,
    cached_answers: Counter,
    registrations: Counter,
    known_registrations: Counter,
    outage_reads: Counter,
    exported: Counter,
    export_failures: Counter,
    batches: Histogram,
    cached_schemas: Gauge,
    cached_bytes: Gauge,
    connections: Gauge,
    database_available: Gauge,
    refused_logins: [(&'static str, Counter); 3],
    denied: Counter,
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
        let builder = buckets(PrometheusBuilder::new(), "accordant_request_seconds", &LATENCY)
            .and_then(|b| buckets(b, "accordant_commit_batch", &BATCH))
            .unwrap_or_else(|_| PrometheusBuilder::new());
        let recorder = builder.build_recorder();
        let per_route = |template: &'static str, method: &str| PerRoute {
            template,
            method: method.to_owned(),
            latency: OnceLock::new(),
            requests: Default::default(),
        };
        let instruments = with_local_recorder(&recorder, || Instruments {
            routes: routes.map(|(method, template)| per_route(template, method.as_str())).collect(),
            unmatched: per_route("unmatched", "any"),
            cached_answers: counter!("accordant_ready_answers_total"),
            registrations: counter!("accordant_registrations_total", "outcome" => "new"),
            known_registrations: counter!("accordant_registrations_total", "outcome" => "known"),
            outage_reads: counter!("accordant_outage_reads_total"),
            exported: counter!("accordant_exporter_changes_total"),
            export_failures: counter!("accordant_exporter_failures_total"),
            batches: histogram!("accordant_commit_batch"),
            cached_schemas: gauge!("accordant_cached_schemas"),
            cached_bytes: gauge!("accordant_cached_bytes"),
            connections: gauge!("accordant_connections"),
            database_available: gauge!("accordant_database_available"),
            refused_logins: ["wrong", "busy", "no_keys"]
                .map(|reason| (reason, counter!("accordant_logins_refused_total", "reason" => reason))),
            denied: counter!("accordant_requests_denied_total"),
            stale_access: gauge!("accordant_access_stale"),
            refused_handshakes: counter!("accordant_tls_handshakes_failed_total", "reason" => "refused"),
            given_up_handshakes: counter!("accordant_tls_handshakes_failed_total", "reason" => "given_up"),
        });
        with_local_recorder(&recorder, || {
            describe_gauge!(
                "accordant_database_available",
                "1 while the database answers and its file can be written, otherwise 0"
            );
            describe_counter!("accordant_requests_total", "Requests by method, route and status");
            describe_histogram!("accordant_request_seconds", "Time from the head of a request to its answer");
            describe_counter!("accordant_ready_answers_total", "Requests that were answered from ready answers");
            describe_counter!("accordant_registrations_total", "Registrations by outcome: a new version, or one that was known");
            describe_histogram!("accordant_commit_batch", "Writes in a commit");
            describe_gauge!("accordant_cached_schemas", "Schemas in memory");
            describe_gauge!("accordant_cached_bytes", "Bytes of the schemas in memory");
            describe_counter!(
                "accordant_logins_refused_total",
                "Requests whose login was refused, by reason: wrong, busy, no_keys"
            );
            describe_counter!(
                "accordant_requests_limited_total",
                "Requests of clients that had made too many, by the setting that says so"
            );
            describe_counter!(
                "accordant_audit_refusals_total",
                "Refused logins and changes by what the audit has of them: recorded, counted (in an entry about several), lost"
            );
            describe_gauge!("accordant_audit_position", "The last place in the chain of the audit, looked up once a minute");
            describe_counter!("accordant_requests_denied_total", "Requests that rules did not allow");
            describe_gauge!(
                "accordant_access_stale",
                "1 while a changed file of logins or rules can't be used, and older ones are in force"
            );
            describe_counter!(
                "accordant_tls_handshakes_failed_total",
                "Connections that came to no TLS, by reason: refused by one of the two ends, given up for time or room"
            );
            describe_counter!(
                "accordant_oidc_key_fetches_total",
                "Fetches of the keys of issuers of tokens, by issuer and outcome: fetched, failed"
            );
            describe_gauge!("accordant_oidc_keys", "Keys of issuers of tokens, by issuer");
            describe_gauge!("accordant_tls_stale", "1 while changed files of TLS can't be used, and older ones are in force");
            describe_gauge!(
                "accordant_tls_certificate_expires",
                "When the certificate of the listeners ends, in seconds since 1970"
            );
            describe_gauge!(
                "accordant_tls_crl_expires",
                "When the first list of revoked certificates of clients should be replaced by the next one, in seconds since 1970"
            );
            describe_gauge!("accordant_connections", "Open connections of clients");
            describe_gauge!("accordant_database_connections", "Connections to the database by state");
            describe_gauge!(
                "accordant_judging_requests",
                "Requests whose schemas or data take long to judge, by state: running, waiting"
            );
            let refused = "Requests refused because too many were being judged, or because one asked for too much, by reason";
            describe_counter!("accordant_judging_refused_total", refused);
            describe_counter!(
                "accordant_exporter_changes_total",
                "Versions, deletions and settings that exporters of this replica have dealt with"
            );
            describe_counter!(
                "accordant_exporter_failures_total",
                "Failures of exporters of this replica, each followed by another try"
            );
            describe_counter!("accordant_outage_reads_total", "Reads answered from memory while the database was away");
        });
        let handle = recorder.handle();
        Self(Arc::new(Inner { recorder, handle, instruments, dropped_lines: OnceLock::new() }))
    }

    pub(super) fn request(&self, route: Option<RouteIndex>, status: StatusCode, elapsed: Duration) {
        let Inner { recorder, instruments, .. } = &*self.0;
        let per_route = route.and_then(|route| instruments.routes.get(route.0)).unwrap_or(&instruments.unmatched);
        let latency = per_route.latency.get_or_init(|| {
            with_local_recorder(
                recorder,
                || histogram!("accordant_request_seconds", "method" => per_route.method.clone(), "route" => per_route.template),
            )
        });
        latency.record(elapsed.as_secs_f64());
        let requests = || {
            with_local_recorder(recorder, || {
                counter!(
                    "accordant_requests_total",
                    "method" => per_route.method.clone(),
                    "route" => per_route.template,
                    "status" => status.as_u16().to_string(),
                )
            })
        };
        let at = STATUSES.iter().position(|s| *s == status.as_u16());
        match at.and_then(|at| per_route.requests.get(at)) {
            Some(slot) => slot.get_or_init(requests).increment(1),
            None => requests().increment(1),
        }
    }

    pub(super) fn cached_answer(&self) {
        self.0.instruments.cached_answers.increment(1);
    }

    /// A login was refused: it was wrong, or could not be verified.
    pub(super) fn refused_login(&self, reason: &str) {
        if let Some((_, counter)) = self.0.instruments.refused_logins.iter().find(|(known, _)| *known == reason) {
            counter.increment(1);
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

    /// Counts a read that was answered from memory while the database was away.
    pub fn outage_read(&self) {
        self.0.instruments.outage_reads.increment(1);
    }

    /// Counts what exporters do.
    pub fn exporter(&self, event: ExporterEvent) {
        match event {
            ExporterEvent::Copied => self.0.instruments.exported.increment(1),
            ExporterEvent::Failed => self.0.instruments.export_failures.increment(1),
        }
    }

    /// Counts a commit and the writes that it carried.
    pub fn commit(&self, writes: usize) {
        self.0.instruments.batches.record(f64::from(u32::try_from(writes).unwrap_or(u32::MAX)));
    }

    /// A connection was opened (+1) or closed (-1).
    pub fn connection(&self, change: f64) {
        self.0.instruments.connections.increment(change);
    }

    /// Lines of the log that were dropped, as whoever writes it counts them.
    pub fn count_dropped_lines(&self, lines: Arc<AtomicU64>) {
        // the first log is the process's only one
        let _ = self.0.dropped_lines.set(lines);
    }

    /// Moves what histograms have collected into their buckets; must be called every few seconds, or it piles up.
    pub fn upkeep(&self) {
        self.0.handle.run_upkeep();
    }

    /// The text for Prometheus.
    #[expect(clippy::cast_precision_loss, reason = "gauges are floats; caches are far below 2^52")]
    pub fn render(&self, cached: (usize, u64), pool: Option<(u32, u32)>, is_available: bool, judging: JudgingLoad) -> String {
        self.0.instruments.cached_schemas.set(cached.0 as f64);
        self.0.instruments.cached_bytes.set(cached.1 as f64);
        with_local_recorder(&self.0.recorder, || {
            gauge!("accordant_judging_requests", "state" => "running").set(judging.running as f64);
            gauge!("accordant_judging_requests", "state" => "waiting").set(judging.waiting as f64);
            counter!("accordant_judging_refused_total", "reason" => "overloaded").absolute(judging.overloaded);
            counter!("accordant_judging_refused_total", "reason" => "exhausted").absolute(judging.exhausted);
        });
        self.0.instruments.database_available.set(f64::from(u8::from(is_available)));
        if let Some(lines) = self.0.dropped_lines.get() {
            with_local_recorder(&self.0.recorder, || {
                let help = "Lines of the log that were dropped, because nothing took them or the disk was full";
                describe_counter!("accordant_log_lines_dropped_total", help);
                counter!("accordant_log_lines_dropped_total").absolute(lines.load(Ordering::Relaxed));
            });
        }
        if let Some((open, idle)) = pool {
            with_local_recorder(&self.0.recorder, || {
                gauge!("accordant_database_connections", "state" => "open").set(f64::from(open));
                gauge!("accordant_database_connections", "state" => "idle").set(f64::from(idle));
            });
        }
        self.0.handle.render()
    }
}
