//! Ids of contexts for registrations of this replica that run at the same time.
//!
//! Who takes an id inside the transaction that uses it holds the counter row of the context until the commit is on the disk, and all
//! others wait for that, one after the other. So where several registrations run, ids are taken in transactions of their own, many at
//! once. Those need not wait for the disk: a commit that does, of whoever uses the id, has everything on the disk that was written
//! before it, the counter included, and an id that nobody has used by then may be handed out again.
//!
//! Here registrations ask for ids; `counter_row.rs` takes those of all who wait from the row together, and hands them out.
//!
//! What does not come from here in time is taken inside the transaction. An id whose transaction fails is left out.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

/// Registrations that wait for an id.
const WAITING: usize = 1024;
/// How long a registration waits for an id.
pub(super) const LIMIT: Duration = Duration::from_millis(250);

/// Hands out ids; one for each store.
#[derive(Debug)]
pub(in crate::store) struct IdCounter {
    wanted: mpsc::Sender<WantedId>,
    /// Registrations that run.
    running: AtomicUsize,
}

/// An id that is wanted. Who drops the reply says that the transaction takes it itself.
#[derive(Debug)]
pub(super) struct WantedId {
    pub(super) context_id: i64,
    pub(super) reply: oneshot::Sender<i64>,
}

/// A registration that runs.
#[derive(Debug)]
pub(super) struct Running(Arc<IdCounter>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}

impl IdCounter {
    /// The counter, and what it is asked for. Nothing comes of it until that is answered (`counter_row.rs`).
    pub(super) fn new() -> (Arc<Self>, mpsc::Receiver<WantedId>) {
        let (wanted, requests) = mpsc::channel(WAITING);
        (Arc::new(Self { wanted, running: AtomicUsize::new(0) }), requests)
    }

    /// Counts a registration, until what is returned is dropped.
    pub(super) fn begin(self: &Arc<Self>) -> Running {
        self.running.fetch_add(1, Ordering::Relaxed);
        Running(Arc::clone(self))
    }

    /// The next id of a context; `None` where the transaction had better take it itself.
    pub(super) async fn next(&self, context_id: i64) -> Option<i64> {
        if self.running.load(Ordering::Relaxed) < 2 {
            return None;
        }
        let (reply, id) = oneshot::channel();
        self.wanted.try_send(WantedId { context_id, reply }).ok()?;
        tokio::time::timeout(LIMIT, id).await.ok()?.ok()
    }
}
