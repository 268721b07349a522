//! What a server does for the record from time to time: it removes what is too old, and says in the log how far the chain goes.

use std::sync::Arc;
use std::time::Duration;

use super::checkpoint::{CheckpointKey, line};
use crate::config::Settings;
use crate::http::Metrics;
use crate::registry::{Registry, RegistryError};

/// How often the end of the chain is looked up.
const LOOK: Duration = Duration::from_mins(1);
/// How often entries are looked for that are too old.
const PRUNE: Duration = Duration::from_mins(10);

pub(in crate::cli) fn keep(registry: Arc<Registry>, settings: &Settings, key: Option<CheckpointKey>, metrics: Metrics) {
    if !settings.audit {
        tracing::warn!("no record is kept of who changes what (audit)");
    }
    if let Some(age) = settings.audit_max_age {
        let age = i64::try_from(age.0.saturating_mul(1000)).unwrap_or(i64::MAX);
        let registry = Arc::clone(&registry);
        tokio::spawn(async move {
            let mut rounds = tokio::time::interval(PRUNE);
            loop {
                rounds.tick().await;
                if let Err(error) = registry.prune_audit(age).await {
                    tracing::warn!(%error, "old entries of the audit could not be removed");
                }
            }
        });
    }
    let every = settings.audit_checkpoints.map(|age| Duration::from_secs(age.0));
    tokio::spawn(async move {
        let (mut rounds, mut said, mut at) = (tokio::time::interval(every.map_or(LOOK, |every| LOOK.min(every))), 0, None);
        loop {
            rounds.tick().await;
            // a database that is away has been complained about
            let Ok((cluster_id, chain)) = look(&registry).await else { continue };
            metrics.audit_position(chain.position);
            let is_due = every.is_some_and(|every| at.is_none_or(|at: tokio::time::Instant| at.elapsed() >= every));
            if is_due && chain.position > said {
                tracing::info!("{}", line(&cluster_id, &chain, registry.now(), key.as_ref()));
                (said, at) = (chain.position, Some(tokio::time::Instant::now()));
            }
        }
    });
}

async fn look(registry: &Registry) -> Result<(String, crate::store::AuditChain), RegistryError> {
    Ok((registry.cluster_id().await?, registry.audit_chain().await?))
}
