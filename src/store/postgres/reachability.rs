//! Whether Postgres can be reached, as far as this process knows.
//!
//! Only the follower decides that (`follower.rs`), for all that wait: a request that is refused a connection, or waits for long, has
//! it look at once. While Postgres is known to be away, nobody waits for it.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, watch};

use super::sqlstate;
use crate::store::{FollowerReading, StoreError};

pub(super) struct Reachability {
    /// Host and port.
    database: String,
    /// Why Postgres is away; `None` while it is there.
    outage: watch::Sender<Option<Arc<str>>>,
    /// Counts the looks.
    looks: watch::Sender<u64>,
    /// Asks for a look.
    suspicion: Notify,
    /// How long Postgres may be silent.
    patience: Duration,
    /// When Postgres last answered a look.
    answered: Mutex<Instant>,
    is_listening: AtomicBool,
}

impl Reachability {
    pub(super) fn new(database: String, patience: Duration) -> Self {
        let (outage, looks) = (watch::Sender::new(None), watch::Sender::new(0));
        let answered = Mutex::new(Instant::now());
        Self { database, outage, looks, suspicion: Notify::new(), patience, answered, is_listening: AtomicBool::new(false) }
    }

    pub(super) fn patience(&self) -> Duration {
        self.patience
    }

    pub(super) fn is_away(&self) -> bool {
        self.outage.borrow().is_some()
    }

    pub(super) fn unreachable(&self, cause: impl Into<String>) -> StoreError {
        StoreError::Unreachable { database: self.database.clone(), cause: cause.into() }
    }

    /// Resolves when someone suspects that Postgres is away.
    pub(super) async fn suspected(&self) {
        self.suspicion.notified().await;
    }

    /// Whether changes are heard of at once.
    pub(super) fn listens(&self, is_listening: bool) {
        self.is_listening.store(is_listening, Ordering::Relaxed);
    }

    pub(super) fn reading(&self) -> FollowerReading {
        let answered = *self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        FollowerReading { is_listening: self.is_listening.load(Ordering::Relaxed), since_answer: answered.elapsed() }
    }

    /// What a look has shown.
    pub(super) fn seen(&self, outage: Option<String>) {
        if outage.is_none() {
            *self.answered.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        }
        self.outage.send_if_modified(|known| {
            let outage: Option<Arc<str>> = outage.map(Into::into);
            if *known == outage {
                return false;
            }
            if let Some(cause) = &outage {
                tracing::error!("the database at {} can't be reached: {cause}", self.database);
            } else {
                tracing::info!("the database at {} answers again", self.database);
            }
            *known = outage;
            true
        });
        self.looks.send_modify(|looks| *looks += 1);
    }

    /// Has the follower look, and says what it saw.
    pub(super) async fn look(&self) -> Result<(), StoreError> {
        let mut looks = self.looks.subscribe();
        if !self.is_away() {
            self.suspicion.notify_one();
            let _ = looks.changed().await;
        }
        self.outage.borrow().as_ref().map_or(Ok(()), |cause| Err(self.unreachable(&**cause)))
    }

    /// Does work with the database, for as long as that is there.
    pub(super) async fn while_there<T>(&self, work: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        if let Some(cause) = self.outage.borrow().as_ref() {
            return Err(self.unreachable(&**cause));
        }
        let mut work = pin!(work);
        if let Ok(done) = tokio::time::timeout(self.patience / 3, &mut work).await {
            return self.noticed(done);
        }
        self.suspicion.notify_one();
        let mut outage = self.outage.subscribe();
        let away = async move {
            // the sender lives as long as this
            let seen = outage.wait_for(Option::is_some).await;
            seen.ok().and_then(|cause| cause.as_deref().map(str::to_owned)).unwrap_or_default()
        };
        tokio::select! {
            biased;
            done = work => self.noticed(done),
            cause = away => Err(self.unreachable(cause)),
        }
    }

    /// A lost connection is news of the database, and so is a refused one.
    fn noticed<T>(&self, done: Result<T, StoreError>) -> Result<T, StoreError> {
        match done {
            Err(StoreError::Database(error)) if sqlstate::is_lost(&error) => {
                self.suspicion.notify_one();
                Err(self.unreachable(sqlstate::cause(&error)))
            }
            Err(StoreError::Database(error)) if sqlstate::is_busy(&error) => Err(StoreError::Busy(sqlstate::cause(&error))),
            done => done,
        }
    }
}
