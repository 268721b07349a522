//! The most used of Confluent's JMX beans, under the names that its JMX exporter's rules give them (`confluent_schemaregistry.yml` of
//! jmx-monitoring-stacks), so that a dashboard made for those shows this registry too.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::http::StatusCode;

use super::MetricsSnapshot;
use super::described::MetricKind;
use super::exposition::Exposition;

/// Upper bounds of the latencies that percentiles are read from, in microseconds: each 1.2 times the one before, up to a minute.
const BOUNDS: usize = 99;
const RATIO: f64 = 1.2;
/// Rates are those of so much time, as Kafka's are.
const WINDOW: Duration = Duration::from_secs(30);

fn bound(at: usize) -> f64 {
    RATIO.powi(i32::try_from(at).unwrap_or(i32::MAX))
}

/// What was counted up to a time.
#[derive(Clone)]
struct Count {
    at: Instant,
    requests: u64,
    errors: u64,
    micros: u64,
    latencies: Vec<u64>,
}

pub(super) struct ConfluentNames {
    requests: AtomicU64,
    errors: AtomicU64,
    micros: AtomicU64,
    latencies: Vec<AtomicU64>,
    connections: AtomicI64,
    /// Of the last time, oldest first.
    counts: Mutex<std::collections::VecDeque<Count>>,
}

impl Default for ConfluentNames {
    fn default() -> Self {
        let names = Self {
            requests: AtomicU64::new(0),
            errors: AtomicU64::new(0),
            micros: AtomicU64::new(0),
            latencies: (0..BOUNDS).map(|_| AtomicU64::new(0)).collect(),
            connections: AtomicI64::new(0),
            counts: Mutex::default(),
        };
        names.tick();
        names
    }
}

impl ConfluentNames {
    pub(super) fn request(&self, status: StatusCode, elapsed: Duration) {
        let micros = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX).max(1);
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.micros.fetch_add(micros, Ordering::Relaxed);
        if status.is_client_error() || status.is_server_error() {
            self.errors.fetch_add(1, Ordering::Relaxed);
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "1 µs at least")]
        let at = ((micros as f64).log(RATIO).ceil() as usize).min(BOUNDS - 1);
        if let Some(counter) = self.latencies.get(at) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn connection(&self, change: f64) {
        self.connections.fetch_add(if change < 0.0 { -1 } else { 1 }, Ordering::Relaxed);
    }

    /// Notes what was counted so far.
    pub(super) fn tick(&self) {
        let now = self.now();
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        // one that is older than the window stays, to count from
        while counts.get(1).is_some_and(|second| now.at.duration_since(second.at) >= WINDOW) {
            counts.pop_front();
        }
        counts.push_back(now);
    }

    fn now(&self) -> Count {
        Count {
            at: Instant::now(),
            requests: self.requests.load(Ordering::Relaxed),
            errors: self.errors.load(Ordering::Relaxed),
            micros: self.micros.load(Ordering::Relaxed),
            latencies: self.latencies.iter().map(|count| count.load(Ordering::Relaxed)).collect(),
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    pub(super) fn render(&self, snapshot: &MetricsSnapshot) -> String {
        let now = self.now();
        let begin = self.counts.lock().unwrap_or_else(PoisonError::into_inner).front().cloned();
        let begin = begin.unwrap_or_else(|| now.clone());
        let seconds = now.at.duration_since(begin.at).as_secs_f64().max(1.0);
        let requests = now.requests - begin.requests;
        let latencies: Vec<u64> = now.latencies.iter().zip(&begin.latencies).map(|(now, before)| now - before).collect();
        let average = if requests == 0 { 0.0 } else { (now.micros - begin.micros) as f64 / requests as f64 / 1000.0 };
        let mut out = Exposition::default();
        let mut gauge = |name, help: &str, labels: &[(&str, &str)], value: f64| {
            out.series_of(name, MetricKind::Gauge, help, labels, value);
        };
        gauge("kafka_schema_registry_jersey_metrics_request_rate", "Requests a second", &[], requests as f64 / seconds);
        let errors = (now.errors - begin.errors) as f64 / seconds;
        gauge(
            "kafka_schema_registry_jersey_metrics_request_error_rate",
            "Requests a second that were refused or failed",
            &[],
            errors,
        );
        gauge("kafka_schema_registry_jersey_metrics_request_latency_avg", "Average latency in milliseconds", &[], average);
        for (name, share) in [
            ("kafka_schema_registry_jersey_metrics_request_latency_95", 0.95),
            ("kafka_schema_registry_jersey_metrics_request_latency_99", 0.99),
            ("kafka_schema_registry_jersey_metrics_request_latency_max", 1.0),
        ] {
            gauge(
                name,
                "Latency in milliseconds that so many percent of the requests do not exceed",
                &[],
                percentile(&latencies, share),
            );
        }
        let connections = self.connections.load(Ordering::Relaxed) as f64;
        gauge("kafka_schema_registry_jetty_metrics_connections_active", "Open connections of clients", &[], connections);
        gauge("kafka_schema_registry_master_slave_role", "1: every replica takes writes", &[], 1.0);
        let labels = [("version", env!("CARGO_PKG_VERSION"))];
        gauge("kafka_schema_registry_app_info", "1; the label says what runs here", &labels, 1.0);
        if let Some(counts) = &snapshot.counts {
            let live: i64 = counts.contexts.iter().map(|context| context.live_versions).sum();
            let all: i64 = counts.contexts.iter().map(|context| context.versions).sum();
            gauge("kafka_schema_registry_registered_count", "Versions that are registered", &[], live as f64);
            let mut of_types: std::collections::BTreeMap<String, i64> = std::collections::BTreeMap::new();
            for one in &counts.schemas {
                *of_types.entry(one.schema_type.as_str().to_ascii_lowercase()).or_default() += one.schemas;
            }
            for (schema_type, schemas) in of_types {
                let labels = [("schema_type", &*schema_type)];
                gauge("kafka_schema_registry_schemas_created", "Schemas by type", &labels, schemas as f64);
            }
            gauge("kafka_schema_registry_schemas_deleted", "Versions that are deleted", &[], (all - live) as f64);
        }
        out.finish()
    }
}

/// In milliseconds.
fn percentile(latencies: &[u64], share: f64) -> f64 {
    let all: u64 = latencies.iter().sum();
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    let wanted = all as f64 * share;
    let mut seen = 0;
    for (at, count) in latencies.iter().enumerate() {
        seen += count;
        #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
        let is_enough = *count > 0 && seen as f64 >= wanted;
        if is_enough {
            return bound(at) / 1000.0;
        }
    }
    0.0
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::http::StatusCode;

    use super::{ConfluentNames, percentile};

    #[test]
    fn percentiles_are_a_fifth_too_high_at_most() {
        let names = ConfluentNames::default();
        for millis in 1..=1000 {
            names.request(StatusCode::OK, Duration::from_millis(millis));
        }
        let latencies = names.now().latencies;
        for (share, exact) in [(0.5, 500.0), (0.95, 950.0), (0.99, 990.0), (1.0, 1000.0)] {
            let found = percentile(&latencies, share);
            assert!((exact..exact * 1.2).contains(&found), "{share}: {found}");
        }
    }
}
