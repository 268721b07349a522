//! The single writer: takes what is waiting, runs it in one transaction, and commits all of it with one flush.
//!
//! A unit is answered only after its commit. While one flush is under way the next sql queue up, so the batch grows with the
//! load and a lone writer never waits for company. Units hardly ever fail (a refusal is an outcome, not a failure), so they carry
//! no savepoints: when one does fail, the batch is rolled back and each of its sql gets a transaction of its own.

use std::sync::Arc;
use std::sync::Mutex;

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::{CommitObserver, Conn, KnownGeneration, StoreError, close_connection, sql};

#[async_trait]
trait WriteJob: Send {
    /// Runs the unit and keeps its result; may be called again after a rollback. False when its changes must be undone.
    async fn run(&mut self, conn: &mut Conn) -> bool;
    /// Answers the caller; `failed` when the commit did not happen.
    fn answer(self: Box<Self>, failed: Option<&sqlx::Error>);
}

struct Unit<T, F> {
    work: F,
    result: Option<Result<T, StoreError>>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

#[async_trait]
impl<T, F> WriteJob for Unit<T, F>
where
    T: Send + 'static,
    F: for<'c> Fn(&'c mut Conn) -> BoxFuture<'c, Result<T, StoreError>> + Send + 'static,
{
    async fn run(&mut self, conn: &mut Conn) -> bool {
        let work = (self.work)(conn);
        let result = work.await;
        let keep = result.is_ok();
        self.result = Some(result);
        keep
    }

    fn answer(self: Box<Self>, failed: Option<&sqlx::Error>) {
        let result = match (failed, self.result) {
            // what the unit itself says is more than what the commit has to say
            (_, Some(Err(error))) => Err(error),
            (Some(error), _) => Err(StoreError::Commit(error.to_string())),
            (None, result) => result.unwrap_or(Err(StoreError::Closed)),
        };
        // a caller that went away no longer wants to know
        let _ = self.reply.send(result);
    }
}

/// Handle to the writer task.
pub(super) struct Writer {
    queue: Mutex<Option<mpsc::UnboundedSender<Box<dyn WriteJob>>>>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    pub(super) fn start(
        conn: Conn,
        max_batch: usize,
        generation: Arc<KnownGeneration>,
        observer: Option<CommitObserver>,
    ) -> Self {
        let (queue, jobs) = mpsc::unbounded_channel();
        let task = tokio::spawn(run(conn, jobs, max_batch.max(1), generation, observer));
        Self { queue: Mutex::new(Some(queue)), task: Mutex::new(Some(task)) }
    }

    pub(super) async fn submit<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'c> Fn(&'c mut Conn) -> BoxFuture<'c, Result<T, StoreError>> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(Unit { work, result: None, reply });
        let sent = match self.queue.lock() {
            Ok(queue) => queue.as_ref().is_some_and(|queue| queue.send(job).is_ok()),
            Err(_) => false,
        };
        if !sent {
            return Err(StoreError::Closed);
        }
        answer.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Lets the queue run empty, then closes the connection.
    pub(super) async fn close(&self) {
        if let Ok(mut queue) = self.queue.lock() {
            queue.take();
        }
        let task = self.task.lock().ok().and_then(|mut task| task.take());
        if let Some(task) = task {
            let _ = task.await;
        }
    }
}

async fn run(
    mut conn: Conn,
    mut jobs: mpsc::UnboundedReceiver<Box<dyn WriteJob>>,
    max_batch: usize,
    generation: Arc<KnownGeneration>,
    observer: Option<CommitObserver>,
) {
    while let Some(first) = jobs.recv().await {
        let mut batch = vec![first];
        let ended = transaction(&mut conn, &mut batch, Some((&mut jobs, max_batch)), &generation).await;
        if matches!(ended, Ended::UnitFailed) && batch.len() > 1 {
            for job in batch {
                let mut alone = vec![job];
                let ended = transaction(&mut conn, &mut alone, None, &generation).await;
                finish(alone, &ended, observer.as_ref());
            }
        } else {
            finish(batch, &ended, observer.as_ref());
        }
    }
    close_connection(conn).await;
}

/// How a transaction ended.
enum Ended {
    Committed,
    /// A unit failed, and nothing is left of the transaction.
    UnitFailed,
    /// The database did not take it, and nothing is left of it.
    Failed(sqlx::Error),
}

/// Runs a batch in one transaction. Jobs that arrive while earlier ones run still make its commit.
async fn transaction(
    conn: &mut Conn,
    batch: &mut Vec<Box<dyn WriteJob>>,
    mut more: Option<(&mut mpsc::UnboundedReceiver<Box<dyn WriteJob>>, usize)>,
    generation: &KnownGeneration,
) -> Ended {
    if let Err(error) = execute(conn, "BEGIN IMMEDIATE").await {
        return Ended::Failed(error);
    }
    let mut done = 0;
    while let Some(job) = batch.get_mut(done) {
        if !job.run(conn).await {
            let undone = execute(conn, "ROLLBACK").await;
            return undone.map_or_else(Ended::Failed, |()| Ended::UnitFailed);
        }
        done += 1;
        if let Some((jobs, max_batch)) = &mut more {
            while batch.len() < *max_batch
                && let Ok(job) = jobs.try_recv()
            {
                batch.push(job);
            }
        }
    }
    let current = sql::generation(conn).await.ok();
    if let Err(error) = execute(conn, "COMMIT").await {
        let _ = execute(conn, "ROLLBACK").await;
        return Ended::Failed(error);
    }
    if let Some(current) = current {
        generation.learn(current);
    }
    Ended::Committed
}

fn finish(batch: Vec<Box<dyn WriteJob>>, ended: &Ended, observer: Option<&CommitObserver>) {
    let failed = match ended {
        Ended::Committed => {
            if let Some(observer) = observer {
                observer(batch.len());
            }
            None
        }
        Ended::UnitFailed => None,
        Ended::Failed(error) => {
            tracing::error!(%error, "a commit failed");
            Some(error)
        }
    };
    for job in batch {
        job.answer(failed);
    }
}

async fn execute(conn: &mut Conn, statement: &'static str) -> Result<(), sqlx::Error> {
    sqlx::query(statement).execute(conn).await.map(|_| ())
}

#[cfg(test)]
mod tests {
    use sqlx::{Connection as _, Row as _};
    use tokio::sync::watch;

    use super::*;

    async fn add(conn: &mut Conn, name: &'static str) -> Result<(), StoreError> {
        let insert = "INSERT INTO contexts (name, created_at) VALUES ($1, 0)";
        Ok(sqlx::query(insert).bind(name).execute(conn).await.map(|_| ())?)
    }

    #[tokio::test]
    async fn a_unit_that_fails_takes_nothing_of_its_batch_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("writer.db");
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&file).create_if_missing(true);
        let mut conn = Conn::connect_with(&options).await.unwrap();
        sqlx::migrate!("migrations/sqlite").run(&mut conn).await.unwrap();
        sql::init(&mut conn, "test", 0).await.unwrap();
        let batches = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&batches);
        let observer: CommitObserver = Arc::new(move |size| seen.lock().unwrap().push(size));
        let writer = Arc::new(Writer::start(conn, 16, Arc::default(), Some(observer)));

        // the first unit waits until the others stand behind it, so that all are one batch
        let (open, gate) = watch::channel(false);
        let held = writer.submit(move |conn| {
            let mut gate = gate.clone();
            Box::pin(async move {
                let _ = gate.wait_for(|open| *open).await;
                add(conn, ".first").await
            })
        });
        let failing = writer.submit(|conn| {
            Box::pin(async move {
                add(conn, ".half").await?;
                add(conn, ".half").await
            })
        });
        let last = writer.submit(|conn| Box::pin(add(conn, ".last")));
        let opened = async {
            tokio::task::yield_now().await;
            open.send(true).unwrap();
        };
        let (held, failing, last, ()) = tokio::join!(held, failing, last, opened);
        held.unwrap();
        assert!(matches!(failing, Err(StoreError::Database(_))), "{failing:?}");
        last.unwrap();
        writer.close().await;

        assert_eq!(*batches.lock().unwrap(), [1, 1], "a transaction for each unit that is kept");
        let mut conn = Conn::connect_with(&options).await.unwrap();
        let rows = sqlx::query("SELECT name FROM contexts ORDER BY name").fetch_all(&mut conn).await.unwrap();
        let names: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        assert_eq!(names, [".first", ".last"]);
    }
}
