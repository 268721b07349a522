//! What is not counted as it happens, but read when somebody looks.

use std::sync::Arc;

use super::exposition::Exposition;
use crate::registry::RegistryReadings;
use crate::store::{Counts, StoreReadings, states};

/// Contexts that have series of their own; the others share one.
const CONTEXTS: usize = 50;
/// The label of those others.
const OTHERS: &str = "(others)";

/// How everything stands.
pub struct MetricsSnapshot {
    pub is_ready: bool,
    pub is_available: bool,
    /// sqlite or postgres.
    pub database: &'static str,
    pub commit: &'static str,
    pub registry: RegistryReadings,
    pub store: StoreReadings,
    /// The last count of what is stored.
    pub counts: Option<Arc<Counts>>,
    /// Bytes of request bodies.
    pub body_bytes: u64,
    /// Bytes of ready answers, and how they did.
    pub answers: crate::cache::CacheReading,
}

fn flag(is_true: bool) -> f64 {
    f64::from(u8::from(is_true))
}

#[expect(clippy::cast_precision_loss, reason = "bytes and counts are far below 2^52")]
fn number(value: u64) -> f64 {
    value as f64
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn count(value: i64) -> f64 {
    value as f64
}

fn size(value: usize) -> f64 {
    number(u64::try_from(value).unwrap_or(u64::MAX))
}

impl MetricsSnapshot {
    pub(super) fn render(&self) -> String {
        let mut out = Exposition::default();
        out.series("accordant_ready", &[], flag(self.is_ready));
        let labels = [("version", env!("CARGO_PKG_VERSION")), ("commit", self.commit), ("database", self.database)];
        out.series("accordant_build_info", &labels, 1.0);
        self.counts(&mut out);
        self.judging(&mut out);
        self.database(&mut out);
        self.memory(&mut out);
        out.finish()
    }

    fn counts(&self, out: &mut Exposition) {
        let Some(counts) = &self.counts else { return };
        let (named, others) = counts.contexts.split_at(counts.contexts.len().min(CONTEXTS));
        let sum = |of: fn(&crate::store::ContextCount) -> i64| others.iter().map(of).sum::<i64>();
        let mut of_contexts = |name, state: Option<&str>, of: fn(&crate::store::ContextCount) -> i64| {
            let mut series = |context: &str, value: i64| match state {
                Some(state) => out.series(name, &[("context", context), ("state", state)], count(value)),
                None => out.series(name, &[("context", context)], count(value)),
            };
            for context in named {
                series(&context.context, of(context));
            }
            if !others.is_empty() {
                series(OTHERS, sum(of));
            }
        };
        of_contexts("accordant_subjects", None, |context| context.subjects);
        of_contexts("accordant_versions", Some("live"), |context| context.live_versions);
        of_contexts("accordant_versions", Some("deleted"), |context| context.versions - context.live_versions);
        let is_named = |context: &str| named.iter().any(|one| one.context == context);
        for one in counts.schemas.iter().filter(|one| is_named(&one.context)) {
            out.series("accordant_schemas", &[("context", &one.context), ("type", one.schema_type.as_str())], count(one.schemas));
        }
        let mut of_others: std::collections::BTreeMap<&str, i64> = std::collections::BTreeMap::new();
        for one in counts.schemas.iter().filter(|one| !is_named(&one.context)) {
            *of_others.entry(one.schema_type.as_str()).or_default() += one.schemas;
        }
        for (schema_type, schemas) in of_others {
            out.series("accordant_schemas", &[("context", OTHERS), ("type", schema_type)], count(schemas));
        }
        out.series("accordant_counted_at_seconds", &[], count(counts.at / 1000));
        out.series("accordant_audit_unsealed", &[], count(counts.unsealed));
        for (name, counted) in [("accordant_exporters", &counts.exporters), ("accordant_importers", &counts.importers)] {
            for (state, number) in states(counted) {
                out.series(name, &[("state", state)], size(number));
            }
        }
        out.series("accordant_exporter_lag", &[], count(counts.exporter_lag()));
    }

    fn judging(&self, out: &mut Exposition) {
        for (schema_type, [compatible, incompatible]) in &self.registry.verdicts {
            for (outcome, value) in [("compatible", compatible), ("incompatible", incompatible)] {
                let labels = [("type", schema_type.as_str()), ("outcome", outcome)];
                out.series("accordant_compatibility_checks_total", &labels, number(*value));
            }
        }
        let judging = &self.registry.judging;
        out.series("accordant_judging_requests", &[("state", "running")], size(judging.running));
        out.series("accordant_judging_requests", &[("state", "waiting")], size(judging.waiting));
        for (reason, value) in [
            ("overloaded", judging.overloaded),
            ("exhausted", judging.work + judging.memory),
            ("work", judging.work),
            ("memory", judging.memory),
        ] {
            out.series("accordant_judging_refused_total", &[("reason", reason)], number(value));
        }
        out.series("accordant_judging_stopped_total", &[], number(judging.stopped));
        for (outcome, value) in &self.registry.jsonata {
            out.series("accordant_jsonata_total", &[("outcome", outcome)], number(*value));
        }
    }

    fn database(&self, out: &mut Exposition) {
        let store = &self.store;
        out.series("accordant_database_available", &[], flag(self.is_available));
        out.series("accordant_database_connections", &[("state", "open")], f64::from(store.open_connections));
        out.series("accordant_database_connections", &[("state", "idle")], f64::from(store.idle_connections));
        if let Some(file) = &store.file {
            out.series("accordant_database_file_bytes", &[], number(file.file_bytes));
            out.series("accordant_database_log_bytes", &[], number(file.log_bytes));
            out.series("accordant_database_free_bytes", &[], number(file.room));
        }
        if let Some(follower) = &store.follower {
            out.series("accordant_follower_listening", &[], flag(follower.is_listening));
            out.series("accordant_follower_lag_seconds", &[], follower.since_answer.as_secs_f64());
        }
    }

    fn memory(&self, out: &mut Exposition) {
        let caches: Vec<_> =
            self.registry.caches.iter().chain(&self.store.caches).copied().chain([("answers", self.answers)]).collect();
        let mut of_caches = |name, of: fn(&crate::cache::CacheReading) -> f64| {
            for (cache, reading) in &caches {
                out.series(name, &[("cache", cache)], of(reading));
            }
        };
        of_caches("accordant_cache_bytes", |cache| number(cache.bytes));
        of_caches("accordant_cache_capacity_bytes", |cache| number(cache.capacity));
        of_caches("accordant_cache_values", |cache| size(cache.values));
        of_caches("accordant_cache_hits_total", |cache| number(cache.hits));
        of_caches("accordant_cache_misses_total", |cache| number(cache.misses));
        of_caches("accordant_cache_evictions_total", |cache| number(cache.evictions));
        let schemas = self.registry.caches.iter().find(|(cache, _)| *cache == "schemas").map(|(_, reading)| *reading);
        let schemas = schemas.unwrap_or_default();
        out.series("accordant_cached_schemas", &[], size(schemas.values));
        out.series("accordant_cached_bytes", &[], number(schemas.bytes));
        out.series("accordant_body_bytes", &[], number(self.body_bytes));
    }
}
