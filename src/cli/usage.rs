//! Who reads which version: what was counted is written from time to time, and what is old is removed.

use std::sync::Arc;
use std::time::Duration;

use crate::config::Settings;
use crate::http::Metrics;
use crate::registry::Registry;

/// How often rows are looked for that are too old or too many.
const PRUNE: Duration = Duration::from_mins(10);
/// Reads after which that is done anyway.
const PRUNE_AFTER: u64 = 20_000;

pub(super) fn keep(registry: Arc<Registry>, settings: &Settings, metrics: Metrics) {
    if !settings.usage {
        return;
    }
    let age = i64::try_from(settings.usage_max_age.0.saturating_mul(1000)).unwrap_or(i64::MAX);
    let rows = i64::try_from(settings.usage_max_rows).unwrap_or(i64::MAX);
    let every = settings.usage_interval.max(Duration::from_millis(100));
    tokio::spawn(async move {
        let (mut rounds, mut is_begun, mut pruned, mut since) = (tokio::time::interval(every), false, None, 0);
        loop {
            rounds.tick().await;
            if !is_begun {
                is_begun = registry.begin_usage().await.is_ok();
            }
            since += write(&registry, &metrics).await;
            let is_due = pruned.is_none_or(|at: tokio::time::Instant| at.elapsed() >= PRUNE);
            if is_due || since >= PRUNE_AFTER {
                if let Err(error) = registry.prune_usage(age, rows).await {
                    tracing::warn!(%error, "old counts of who read what could not be removed");
                }
                (pruned, since) = (Some(tokio::time::Instant::now()), 0);
            }
        }
    });
}

/// Writes what was counted; how many reads that were.
pub(super) async fn write(registry: &Registry, metrics: &Metrics) -> u64 {
    match registry.write_usage().await {
        Ok(done) => {
            metrics.usage("written", done.written);
            metrics.usage("lost", done.lost);
            done.written
        }
        Err(error) => {
            tracing::warn!(%error, "who read what could not be written; it is tried again");
            0
        }
    }
}
