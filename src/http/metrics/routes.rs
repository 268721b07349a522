//! Requests by route and status, and how long they took.
//!
//! Counted on the way of each request, so these are plain counters and buckets: a recorder's histogram keeps each sample with its time
//! until somebody looks, which took a fiftieth of what an answer from memory does.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::http::{Method, StatusCode};

use super::RouteIndex;
use super::exposition::Exposition;

/// Statuses whose counters are at hand; others are looked up.
const STATUSES: [u16; 22] =
    [200, 204, 207, 304, 400, 401, 403, 404, 405, 406, 408, 409, 410, 413, 415, 421, 422, 429, 500, 501, 503, 504];

/// Upper bounds of requests, in microseconds, up to the time in which a request must be answered.
const BOUNDS: [u64; 17] = [
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000,
    30_000_000, 60_000_000,
];

struct RouteCounts {
    template: &'static str,
    method: String,
    by_status: [AtomicU64; STATUSES.len()],
    of_others: Mutex<BTreeMap<u16, u64>>,
    /// By the bound below which they were; the last ones were above all.
    by_time: [AtomicU64; BOUNDS.len() + 1],
    nanoseconds: AtomicU64,
}

impl RouteCounts {
    fn new(template: &'static str, method: &str) -> Self {
        Self {
            template,
            method: method.to_owned(),
            by_status: Default::default(),
            of_others: Mutex::default(),
            by_time: std::array::from_fn(|_| AtomicU64::new(0)),
            nanoseconds: AtomicU64::new(0),
        }
    }

    fn count(&self, status: u16, elapsed: Duration) {
        match STATUSES.iter().position(|known| *known == status).and_then(|at| self.by_status.get(at)) {
            Some(count) => drop(count.fetch_add(1, Ordering::Relaxed)),
            None => *self.of_others.lock().unwrap_or_else(PoisonError::into_inner).entry(status).or_default() += 1,
        }
        let nanoseconds = u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX);
        self.nanoseconds.fetch_add(nanoseconds, Ordering::Relaxed);
        let at = BOUNDS.iter().position(|bound| nanoseconds <= bound * 1_000).unwrap_or(BOUNDS.len());
        if let Some(count) = self.by_time.get(at) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// What was answered, by status.
    fn answered(&self) -> BTreeMap<u16, u64> {
        let mut counts = self.of_others.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let known = STATUSES.iter().zip(&self.by_status).map(|(status, count)| (*status, count.load(Ordering::Relaxed)));
        counts.extend(known.filter(|(_, count)| *count > 0));
        counts
    }
}

/// All routes.
pub(super) struct Routes {
    by_index: Vec<RouteCounts>,
    unmatched: RouteCounts,
    /// Requests of all routes whose answer was in memory.
    ready: AtomicU64,
}

impl Routes {
    pub(super) fn new<'m>(routes: impl Iterator<Item = (&'m Method, &'static str)>) -> Self {
        Self {
            by_index: routes.map(|(method, template)| RouteCounts::new(template, method.as_str())).collect(),
            unmatched: RouteCounts::new("unmatched", "any"),
            ready: AtomicU64::new(0),
        }
    }

    /// Counts a request that was answered; without a route it is one of those that have none.
    pub(super) fn count(&self, route: Option<RouteIndex>, status: StatusCode, elapsed: Duration, is_ready: bool) {
        if is_ready {
            self.ready.fetch_add(1, Ordering::Relaxed);
        }
        let counts = route.and_then(|route| self.by_index.get(route.0)).unwrap_or(&self.unmatched);
        counts.count(status.as_u16(), elapsed);
    }

    pub(super) fn template(&self, route: RouteIndex) -> Option<&'static str> {
        self.by_index.get(route.0).map(|route| route.template)
    }

    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
    pub(super) fn render(&self) -> String {
        let all = || self.by_index.iter().chain([&self.unmatched]);
        let mut exposition = Exposition::default();
        exposition.series("accordant_ready_answers_total", &[], self.ready.load(Ordering::Relaxed) as f64);
        for route in all() {
            for (status, count) in route.answered() {
                let labels = [("method", &*route.method), ("route", route.template), ("status", &status.to_string())];
                exposition.series("accordant_requests_total", &labels, count as f64);
            }
        }
        for route in all() {
            let counts = route.by_time.each_ref().map(|count| count.load(Ordering::Relaxed));
            if counts.iter().any(|count| *count > 0) {
                let bounds = BOUNDS.map(|bound| bound as f64 / 1e6);
                let sum = route.nanoseconds.load(Ordering::Relaxed) as f64 / 1e9;
                let labels = [("method", &*route.method), ("route", route.template)];
                exposition.histogram("accordant_request_seconds", &labels, &bounds, &counts, sum);
            }
        }
        exposition.finish()
    }
}
