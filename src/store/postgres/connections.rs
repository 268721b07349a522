//! The connections of this process, and who may have how many of them.
//!
//! Reads leave some to writes and writes some to reads, so that neither starves because the other waits for Postgres. The follower
//! (`follower.rs`) has connections of its own.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::{Duration, Instant};

use deadpool::managed::{Manager, Metrics, Object, Pool, PoolError, RecycleError, RecycleResult};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::session::{Connector, PostgresSession};
use super::sqlstate;
use crate::store::{StoreError, StoreObserver};

/// A connection that was idle for longer is tested before it is used.
const IDLE: Duration = Duration::from_secs(30);
/// A connection that is older is replaced.
const OLD: Duration = Duration::from_mins(30);
/// How long a connection may take to undo what was left open on it.
const CLEANING: Duration = Duration::from_secs(1);
/// How long to wait for one's own connections where Postgres allows no more of them.
const PAUSE: Duration = Duration::from_millis(10);

struct Sessions(Connector);

impl Manager for Sessions {
    type Type = PostgresSession;
    type Error = sqlx::Error;

    async fn create(&self) -> Result<PostgresSession, sqlx::Error> {
        self.0.connect().await
    }

    async fn recycle(&self, session: &mut PostgresSession, metrics: &Metrics) -> RecycleResult<sqlx::Error> {
        if !session.is_clean() || metrics.age() > OLD || !self.0.is_current(session) {
            return Err(RecycleError::message("not to be used again"));
        }
        if metrics.last_used() > IDLE {
            let tested = tokio::time::timeout(CLEANING, session.ping()).await;
            return tested.map_err(|_| RecycleError::message("no answer"))?.map_err(RecycleError::Backend);
        }
        Ok(())
    }
}

/// What a connection is wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Read,
    Write,
}

impl Purpose {
    fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

pub(super) struct Connections {
    pool: Pool<Sessions>,
    reads: Arc<Semaphore>,
    writes: Arc<Semaphore>,
    wait: Duration,
    observer: Arc<dyn StoreObserver>,
}

impl Connections {
    /// At most `most` of them, and at least two.
    pub(super) fn new(
        connector: Connector,
        most: usize,
        wait: Duration,
        observer: Arc<dyn StoreObserver>,
    ) -> Result<Self, StoreError> {
        let most = most.max(2);
        let left_to_others = (most / 4).max(1);
        let quota = || Arc::new(Semaphore::new(most - left_to_others));
        let pool = Pool::builder(Sessions(connector)).max_size(most).build();
        let pool = pool.map_err(|error| StoreError::Busy(error.to_string()))?;
        Ok(Self { pool, reads: quota(), writes: quota(), wait, observer })
    }

    /// (open, idle)
    pub(super) fn size(&self) -> (u32, u32) {
        let status = self.pool.status();
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        (count(status.size), count(status.available))
    }

    pub(super) async fn get(&self, purpose: Purpose) -> Result<Lease, StoreError> {
        let begun = Instant::now();
        let got = tokio::time::timeout(self.wait, self.wait_for(purpose)).await;
        self.observer.waited(purpose.as_str(), begun.elapsed());
        got.unwrap_or_else(|_| {
            let waited = self.wait.as_secs_f64();
            Err(StoreError::Busy(format!(
                "no connection became free within {waited} s; the setting database-connections allows more"
            )))
        })
    }

    async fn wait_for(&self, purpose: Purpose) -> Result<Lease, StoreError> {
        let quota = match purpose {
            Purpose::Read => &self.reads,
            Purpose::Write => &self.writes,
        };
        let quota = Arc::clone(quota).acquire_owned().await.map_err(|_| StoreError::Closed)?;
        loop {
            match self.pool.get().await {
                Ok(mut session) => {
                    session.set_clean(false);
                    return Ok(Lease { session: Some(session), purpose, quota: Some(quota) });
                }
                // others of this process will come back
                Err(PoolError::Backend(error)) if sqlstate::is(&error, sqlstate::TOO_MANY_CONNECTIONS) => {
                    tokio::time::sleep(PAUSE).await;
                }
                Err(PoolError::Backend(error)) => return Err(error.into()),
                Err(PoolError::Closed) => return Err(StoreError::Closed),
                Err(error) => return Err(StoreError::Busy(error.to_string())),
            }
        }
    }

    /// Drops those that are idle: after a restart of Postgres none of them is good for anything.
    pub(super) fn drop_idle(&self) {
        self.pool.retain(|_, _| false);
    }

    pub(super) async fn close(&self) {
        self.reads.close();
        self.writes.close();
        for session in self.pool.retain(|_, _| false).removed {
            let _ = tokio::time::timeout(CLEANING, session.close()).await;
        }
        self.pool.close();
    }
}

/// A connection for the time of one unit of work. Whoever drops it unfinished leaves it to be cleaned.
pub(super) struct Lease {
    session: Option<Object<Sessions>>,
    purpose: Purpose,
    quota: Option<OwnedSemaphorePermit>,
}

impl Lease {
    /// Gives it back: the work is done, and no transaction is open.
    pub(super) fn finish(mut self) {
        self.set_clean(true);
    }
}

impl Deref for Lease {
    type Target = PostgresSession;

    #[expect(clippy::expect_used, reason = "there until it is dropped")]
    fn deref(&self) -> &PostgresSession {
        self.session.as_ref().expect("a session")
    }
}

impl DerefMut for Lease {
    #[expect(clippy::expect_used, reason = "there until it is dropped")]
    fn deref_mut(&mut self) -> &mut PostgresSession {
        self.session.as_mut().expect("a session")
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let (Some(mut session), quota) = (self.session.take(), self.quota.take()) else { return };
        if session.is_clean() {
            return;
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            drop(Object::take(session));
            return;
        };
        let is_transaction = self.purpose == Purpose::Write;
        runtime.spawn(async move {
            if !matches!(tokio::time::timeout(CLEANING, session.clean(is_transaction)).await, Ok(Ok(()))) {
                drop(Object::take(session));
            }
            drop(quota);
        });
    }
}
