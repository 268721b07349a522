//! The single writer: takes what is waiting, runs each unit under its own savepoint, and commits all of it with one flush.
//!
//! A unit is answered only after its commit. While one flush is under way the next units queue up, so the batch grows with the
//! load and a lone writer never waits for company.

use std::sync::Arc;
use std::sync::Mutex;

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::{CommitObserver, Conn, KnownGeneration, StoreError, close_connection, units};

#[async_trait]
trait Job: Send {
    /// Runs the unit and keeps its result. False when its changes must be undone.
    async fn run(&mut self, conn: &mut Conn) -> bool;
    /// Answers the caller; `failed` when the commit did not happen.
    fn answer(self: Box<Self>, failed: Option<&sqlx::Error>);
}

struct Unit<T, F> {
    work: Option<F>,
    result: Option<Result<T, StoreError>>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

#[async_trait]
impl<T, F> Job for Unit<T, F>
where
    T: Send + 'static,
    F: for<'c> FnOnce(&'c mut Conn) -> BoxFuture<'c, Result<T, StoreError>> + Send + 'static,
{
    async fn run(&mut self, conn: &mut Conn) -> bool {
        let result = match self.work.take() {
            Some(work) => work(conn).await,
            None => Err(StoreError::Closed),
        };
        let keep = result.is_ok();
        self.result = Some(result);
        keep
    }

    fn answer(self: Box<Self>, failed: Option<&sqlx::Error>) {
        let result = match failed {
            Some(error) => Err(StoreError::Commit(error.to_string())),
            None => self.result.unwrap_or(Err(StoreError::Closed)),
        };
        // a caller that went away no longer wants to know
        let _ = self.reply.send(result);
    }
}

/// Handle to the writer task.
pub(super) struct Writer {
    queue: Mutex<Option<mpsc::UnboundedSender<Box<dyn Job>>>>,
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
        F: for<'c> FnOnce(&'c mut Conn) -> BoxFuture<'c, Result<T, StoreError>> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(Unit { work: Some(work), result: None, reply });
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
    mut jobs: mpsc::UnboundedReceiver<Box<dyn Job>>,
    max_batch: usize,
    generation: Arc<KnownGeneration>,
    observer: Option<CommitObserver>,
) {
    while let Some(first) = jobs.recv().await {
        let mut batch = vec![first];
        let mut done = 0;
        let mut failed = execute(&mut conn, "BEGIN IMMEDIATE").await.err();
        // jobs that arrive while earlier ones of the batch run still make this commit
        while failed.is_none() && done < batch.len() {
            if let Some(job) = batch.get_mut(done) {
                failed = run_one(&mut conn, job.as_mut()).await.err();
            }
            done += 1;
            while batch.len() < max_batch
                && let Ok(job) = jobs.try_recv()
            {
                batch.push(job);
            }
        }
        let mut current = None;
        if failed.is_none() {
            current = units::generation(&mut conn).await.ok();
            failed = execute(&mut conn, "COMMIT").await.err();
        }
        match &failed {
            None => {
                if let Some(current) = current {
                    generation.learn(current);
                }
                if let Some(observer) = &observer {
                    observer(batch.len());
                }
            }
            Some(error) => {
                tracing::error!(%error, "a commit failed");
                let _ = execute(&mut conn, "ROLLBACK").await;
            }
        }
        for job in batch {
            job.answer(failed.as_ref());
        }
    }
    close_connection(conn).await;
}

async fn run_one(conn: &mut Conn, job: &mut dyn Job) -> Result<(), sqlx::Error> {
    execute(conn, "SAVEPOINT unit").await?;
    if !job.run(conn).await {
        execute(conn, "ROLLBACK TO unit").await?;
    }
    execute(conn, "RELEASE unit").await
}

async fn execute(conn: &mut Conn, statement: &'static str) -> Result<(), sqlx::Error> {
    sqlx::query(statement).execute(conn).await.map(|_| ())
}
