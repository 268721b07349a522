//! The counter row of a context, from which ids are taken for all registrations that wait for one.

use std::collections::BTreeMap;
use std::time::Duration;

use sqlx::{AssertSqlSafe, Executor as _, Row as _};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::id_counter::{LIMIT, WantedId};
use super::session::{Connector, PostgresSession};
use super::sqlstate;
use crate::types::SchemaId;

/// How long the row may be held by others, which are imports, before ids of that context are taken inside transactions.
const PATIENCE: Duration = Duration::from_millis(20);

/// Answers from a connection of its own, for those who ask hold theirs.
pub(super) fn start(requests: mpsc::Receiver<WantedId>, connector: Connector) -> JoinHandle<()> {
    tokio::spawn(run(requests, connector))
}

async fn run(mut requests: mpsc::Receiver<WantedId>, connector: Connector) {
    let mut session = None;
    while let Some(first) = requests.recv().await {
        let mut by_context = BTreeMap::<i64, Vec<oneshot::Sender<i64>>>::new();
        let mut next = Some(first);
        while let Some(WantedId { context_id, reply }) = next {
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

/// What a connection is told once, where it is the same connection of Postgres each time.
const SESSION: &str = "SET synchronous_commit = off; SET lock_timeout = ";

/// $1 how many, $2 the context, $3 the highest id there is.
const TAKE: &str = "UPDATE contexts SET max_id = max_id + $1 WHERE context_id = $2 AND max_id + $1 < $3 RETURNING max_id";

/// Takes ids and returns the highest of them; `None` where the context has not been committed, its counter is held by others, or not so
/// many are left.
async fn take(
    session: &mut Option<PostgresSession>,
    connector: &Connector,
    context_id: i64,
    number: i64,
) -> Result<Option<i64>, sqlx::Error> {
    let patience = PATIENCE.as_millis();
    let session = match session {
        Some(session) if connector.is_current(session) => session,
        _ => {
            let mut fresh = connector.connect().await?;
            if !connector.is_pooled {
                fresh.execute(AssertSqlSafe(format!("{SESSION}{patience}"))).await?;
            }
            session.insert(fresh)
        }
    };
    if connector.is_pooled {
        let begin = format!("BEGIN; SET LOCAL synchronous_commit = off; SET LOCAL lock_timeout = {patience}");
        session.execute(AssertSqlSafe(begin)).await?;
    }
    let query = sqlx::query(TAKE).bind(number).bind(context_id).bind(i64::from(SchemaId::MAX));
    let taken = match query.fetch_optional(&mut *session).await {
        Ok(row) => row.map(|row| row.try_get(0)).transpose(),
        Err(error) if sqlstate::is_busy(&error) => {
            if connector.is_pooled {
                session.execute("ROLLBACK").await?;
            }
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    if connector.is_pooled {
        session.execute("COMMIT").await?;
    }
    taken
}
