//! How much there is of what.

use std::sync::Arc;

use tokio::sync::Mutex;

use super::Registry;
use super::error::RegistryError;
use crate::store::Statistics;

/// For how long counts are given again, in milliseconds: making them looks at every schema.
const KEPT_FOR: i64 = 60_000;
/// Days that are counted each for itself.
const DAYS: i64 = 400;
const DAY: i64 = 86_400_000;

/// Counts, and when they were made. Whoever asks while they are being made waits.
pub(super) type KeptStatistics = Mutex<Option<(i64, Arc<Statistics>)>>;

impl Registry {
    /// How much there is of what, at most a minute ago, and when that was.
    ///
    /// # Errors
    /// Store failures.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn statistics(&self) -> Result<(i64, Arc<Statistics>), RegistryError> {
        let mut kept = self.statistics.lock().await;
        let now = self.now();
        if let Some((at, statistics)) = &*kept
            && (0..KEPT_FOR).contains(&now.saturating_sub(*at))
        {
            return Ok((*at, Arc::clone(statistics)));
        }
        let statistics = Arc::new(self.store.statistics(now.saturating_sub(DAYS * DAY)).await?);
        *kept = Some((now, Arc::clone(&statistics)));
        Ok((now, statistics))
    }
}
