//! Ids of contexts for registrations of this replica that run at the same time.
//!
//! Who takes an id inside the transaction that uses it holds the counter row of the context until the commit is on the disk, and all
//! others wait for that, one after the other. So where several registrations run, ids are taken in transactions of their own, many at
//! once. Those need not wait for the disk: a commit that does, of whoever uses the id, has everything on the disk that was written
//! before it, the counter included, and an id that nobody has used by then may be handed out again.
//!
//! What does not come from here in time is taken inside the transaction. An id whose transaction fails is left out.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use sqlx::{AssertSqlSafe, Executor as _, Row as _};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::session::{Connector, Session};
use crate::types::SchemaId;

/// Registrations that wait for an id.
const WAITING: usize = 1024;
/// How long the counter row may be held by others, which are imports, before ids of that context are taken inside transactions.
const PATIENCE: Duration = Duration::from_millis(20);
/// How long a registration waits for an id.
const LIMIT: Duration = Duration::from_millis(250);

/// Hands out ids; one for each store.
#[derive(Debug)]
pub(in crate::store) struct IdCounter {
    wanted: mpsc::Sender<Wanted>,
    /// Registrations that run.
    running: AtomicUsize,
}

#[derive(Debug)]
struct Wanted {
    context_id: i64,
    reply: oneshot::Sender<i64>,
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
    /// The counter, and what it is asked for. Nothing comes of it until [`run`] answers.
    pub(super) fn new() -> (Arc<Self>, Requests) {
        let (wanted, requests) = mpsc::channel(WAITING);
        (Arc::new(Self { wanted, running: AtomicUsize::new(0) }), Requests(requests))
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
        self.wanted.try_send(Wanted { context_id, reply }).ok()?;
        tokio::time::timeout(LIMIT, id).await.ok()?.ok()
    }
}

pub(super) struct Requests(mpsc::Receiver<Wanted>);

/// Answers from a connection of its own, for those who ask hold theirs.
pub(super) fn start(requests: Requests, connector: Connector) -> JoinHandle<()> {
    tokio::spawn(run(requests.0, connector))
}

async fn run(mut requests: mpsc::Receiver<Wanted>, connector: Connector) {
    let mut session = None;
    while let Some(first) = requests.recv().await {
        let mut by_context = BTreeMap::<i64, Vec<oneshot::Sender<i64>>>::new();
        let mut next = Some(first);
        while let Some(Wanted { context_id, reply }) = next {
            // who has gone meanwhile needs none
            if !reply.is_closed() {
                by_context.entry(context_id).or_default().push(reply);
            }
            next = requests.try_recv().ok();
        }
        for (context_id, replies) in by_context {
            let number = i64::try_from(replies.len()).unwrap_or(0);
            let taken = tokio::time::timeout(LIMIT, take(&mut session, &connector, context_id, number)).await;
            match taken {
                Ok(Ok(Some(highest))) => {
                    for (id, reply) in (highest - number + 1..).zip(replies) {
                        let _ = reply.send(id);
                    }
                }
                Ok(Ok(None)) => {}
                Ok(Err(error)) => {
                    tracing::debug!(%error, "no ids for registrations that wait; they take their own");
                    session = None;
                }
                // what became of it is not known
                Err(_) => session = None,
            }
        }
    }
}

/// Takes ids and returns the highest of them; `None` where the context has not been committed, its counter is held by others, or not so
/// many are left.
async fn take(
    session: &mut Option<Session>,
    connector: &Connector,
    context_id: i64,
    number: i64,
) -> Result<Option<i64>, sqlx::Error> {
    let session = match session {
        Some(session) if connector.is_current(session) => session,
        _ => session.insert(connector.connect().await?),
    };
    let (patience, most) = (PATIENCE.as_millis(), i64::from(SchemaId::MAX) - number);
    let statements = format!(
        "BEGIN; SET LOCAL synchronous_commit = off; SET LOCAL lock_timeout = {patience}; UPDATE contexts SET max_id = max_id + {number} \
         WHERE context_id = {context_id} AND max_id < {most} RETURNING max_id; COMMIT"
    );
    match sqlx::raw_sql(AssertSqlSafe(statements)).fetch_all(&mut *session).await {
        Ok(rows) => rows.first().map(|row| row.try_get(0)).transpose(),
        Err(error) if super::sqlstate::is_busy(&error) => {
            session.execute("ROLLBACK").await?;
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
