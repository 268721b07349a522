//! The outbox: how long changes are kept.

use super::Registry;
use super::error::RegistryError;

/// Changes removed in one transaction.
const BATCH: i64 = 1000;

impl Registry {
    /// Removes changes that are older than `age` (in milliseconds), and those beyond the newest `rows`; how many they were.
    ///
    /// # Errors
    /// Store failures.
    pub async fn prune_changes(&self, age: i64, rows: i64) -> Result<u64, RegistryError> {
        let before = self.now().saturating_sub(age);
        let mut pruned = 0;
        loop {
            let batch = self.store.prune_changes(before, rows, BATCH).await?;
            pruned += batch;
            if i64::try_from(batch).unwrap_or(0) < BATCH {
                return Ok(pruned);
            }
        }
    }
}
