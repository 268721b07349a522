//! Gives the entries of the record their places in the chain, in the order in which they were committed. Of all replicas the one that gets
//! the row of the chain does it, so nobody's write waits for anybody else's.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::{AssertSqlSafe, Executor as _};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::connections::{Connections, Purpose};
use super::reachability::Reachability;
use super::sql;
use crate::store::StoreError;

/// How soon after a write its entry is sealed; what is written meanwhile is sealed with it.
const SOON: Duration = Duration::from_millis(200);
/// How often entries are looked for that nobody has sealed: those of a replica that is gone.
const LOOK: Duration = Duration::from_secs(1);
/// How long the last entries may take before the server ends without having sealed them.
const LAST: Duration = Duration::from_secs(2);

pub(super) struct AuditSealer {
    wish: Arc<Notify>,
    work: Arc<SealingWork>,
    task: Mutex<Option<JoinHandle<()>>>,
}

/// What to do where another replica seals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    Skip,
    Wait,
}

struct SealingWork {
    connections: Arc<Connections>,
    reachability: Arc<Reachability>,
    begin_write: String,
}

impl AuditSealer {
    pub(super) fn start(connections: Arc<Connections>, reachability: Arc<Reachability>, begin_write: String) -> Self {
        let work = Arc::new(SealingWork { connections, reachability, begin_write });
        let wish = Arc::new(Notify::new());
        let task = tokio::spawn(run(Arc::clone(&work), Arc::clone(&wish)));
        Self { wish, work, task: Mutex::new(Some(task)) }
    }

    /// There may be an entry to seal.
    pub(super) fn is_awaited(&self) {
        self.wish.notify_one();
    }

    /// Seals all that there is, and waits for another replica that does so.
    pub(super) async fn seal(&self) -> Result<(), StoreError> {
        self.work.seal(Turn::Wait).await
    }

    /// Seals what is left, and ends.
    pub(super) async fn close(&self) {
        if let Some(task) = self.take() {
            task.abort();
            let _ = task.await;
            // another replica, or the next start, seals what this one no longer can
            let _ = tokio::time::timeout(LAST, self.work.seal(Turn::Skip)).await;
        }
    }

    fn take(&self) -> Option<JoinHandle<()>> {
        self.task.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Drop for AuditSealer {
    fn drop(&mut self) {
        if let Some(task) = self.take() {
            task.abort();
        }
    }
}

async fn run(work: Arc<SealingWork>, wish: Arc<Notify>) {
    let mut is_failing = false;
    loop {
        // a write is waited for, but not for long
        let _ = tokio::time::timeout(LOOK, wish.notified()).await;
        tokio::time::sleep(SOON).await;
        if work.reachability.is_away() {
            continue;
        }
        match work.seal(Turn::Skip).await {
            Ok(()) => is_failing = false,
            Err(error) if !is_failing => {
                is_failing = true;
                tracing::warn!(%error, "entries of the audit could not be sealed; that is tried again every second");
            }
            Err(_) => {}
        }
    }
}

impl SealingWork {
    async fn seal(&self, turn: Turn) -> Result<(), StoreError> {
        // what is written meanwhile is sealed with what comes after it: a transaction for a few entries costs nearly what one for many does
        while self.seal_some(turn).await? == sql::audit::SEALED_AT_ONCE.unsigned_abs() {}
        Ok(())
    }

    /// One transaction; 0 when there is nothing to do, or another replica does it.
    async fn seal_some(&self, turn: Turn) -> Result<u64, StoreError> {
        let mut lease = self.connections.get(Purpose::Write).await?;
        lease.begin_read().await?;
        let is_waiting = sql::audit::is_any_unsealed(&mut lease).await?;
        lease.end_read().await?;
        if !is_waiting {
            lease.finish();
            return Ok(0);
        }
        lease.execute(AssertSqlSafe(self.begin_write.clone())).await?;
        let lock = match turn {
            Turn::Skip => "SELECT one FROM audit_chain FOR UPDATE SKIP LOCKED",
            Turn::Wait => "SELECT one FROM audit_chain FOR UPDATE",
        };
        let is_mine = sqlx::query(lock).fetch_optional(&mut *lease).await?.is_some();
        let sealed = if is_mine { sql::audit::seal_some(&mut lease, i64::MIN).await? } else { 0 };
        lease.execute("COMMIT").await?;
        lease.finish();
        Ok(sealed)
    }
}
