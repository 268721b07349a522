//! The record of who changed what: reading it, what was refused, and how long entries are kept.

use super::Registry;
use super::error::RegistryError;
use crate::store::{AuditChain, AuditFilter, AuditPage, Refusals};

/// Entries removed in one transaction.
const BATCH: i64 = 1000;

impl Registry {
    /// A page of the record.
    ///
    /// # Errors
    /// Store failures.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn audit(&self, filter: &AuditFilter, limit: usize) -> Result<AuditPage, RegistryError> {
        Ok(self.store.audit(filter, i64::try_from(limit).unwrap_or(i64::MAX)).await?)
    }

    /// The end of the chain.
    ///
    /// # Errors
    /// Store failures.
    pub async fn audit_chain(&self) -> Result<AuditChain, RegistryError> {
        Ok(self.store.audit_chain().await?)
    }

    /// Records what was refused.
    ///
    /// # Errors
    /// Store failures.
    pub async fn record_refusals(&self, refusals: Vec<Refusals>) -> Result<(), RegistryError> {
        Ok(self.store.record_refusals(refusals).await?)
    }

    /// Removes entries that are older than `age` (in milliseconds); how many they were.
    ///
    /// # Errors
    /// Store failures.
    pub async fn prune_audit(&self, age: i64) -> Result<u64, RegistryError> {
        let before = self.now().saturating_sub(age);
        let mut pruned = 0;
        loop {
            let batch = self.store.prune_audit(before, BATCH).await?;
            pruned += batch;
            if i64::try_from(batch).unwrap_or(0) < BATCH {
                return Ok(pruned);
            }
        }
    }
}
