//! The single writer, with group commit: takes what is waiting, runs it in one transaction, and commits all of it with one flush.
//!
//! A unit is answered only after its commit. While one flush is under way the next units queue up, so the batch grows with the
//! load and a lone writer never waits for company. Units hardly ever fail (a refusal is an outcome, not a failure), so they carry
//! no savepoints: when one does fail, the batch is rolled back and each of its units gets a transaction of its own.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use sqlx::error::DatabaseError;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::file::DatabaseFile;
use super::places::VersionPlaces;
use super::{Conn, Extent, KnownGeneration, Registrations, StoreError, StoreObserver, sql};
use crate::types::Subject;

#[async_trait]
trait WriteJob: Send {
    /// Runs the unit and keeps its result; may be called again after a rollback. False when its changes must be undone.
    async fn run(&mut self, conn: &mut Conn) -> bool;
    /// Answers the caller; `failed` when the commit did not happen.
    fn answer(self: Box<Self>, failed: Option<&Failed>);
    /// What the unit itself failed of, where it was the database's fault.
    fn fault(&self) -> Option<&sqlx::Error>;
    /// The subject that may have a new version when it is done.
    fn registers(&self) -> Option<&Subject>;
}

struct Unit<T, F> {
    registers: Option<Subject>,
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

    fn registers(&self) -> Option<&Subject> {
        self.registers.as_ref()
    }

    fn fault(&self) -> Option<&sqlx::Error> {
        match &self.result {
            Some(Err(StoreError::Database(error))) => Some(error),
            _ => None,
        }
    }

    fn answer(self: Box<Self>, failed: Option<&Failed>) {
        let result = match (failed, self.result) {
            (Some(Failed::Unwritable { path, cause }), _) => {
                Err(StoreError::Unwritable { path: path.clone(), cause: cause.clone() })
            }
            (Some(Failed::Removed { path }), _) => Err(StoreError::Removed { path: path.clone() }),
            // what the unit itself says is more than what the commit has to say
            (_, Some(Err(error))) => Err(error),
            (Some(Failed::Commit(cause)), _) => Err(StoreError::Commit(cause.clone())),
            (None, result) => result.unwrap_or(Err(StoreError::Closed)),
        };
        // a caller that went away no longer wants to know
        let _ = self.reply.send(result);
    }
}

/// Why a batch is not in the database.
enum Failed {
    Unwritable { path: String, cause: String },
    Removed { path: String },
    Commit(String),
}

/// Whether the file can be written.
pub(super) struct FileHealth {
    file: DatabaseFile,
    is_unwritable: AtomicBool,
}

/// `SQLITE_READONLY`, `SQLITE_IOERR`, `SQLITE_FULL` and `SQLITE_CANTOPEN`, without the bits that say more.
const UNWRITABLE: [u32; 4] = [8, 10, 13, 14];

/// Bytes that a write may take, about: the largest body, its copies in indexes, and the pages around them.
const LARGE_WRITE: u64 = 16 << 20;

impl FileHealth {
    pub(super) fn new(file: DatabaseFile) -> Self {
        Self { file, is_unwritable: AtomicBool::new(false) }
    }

    pub(super) fn file(&self) -> &DatabaseFile {
        &self.file
    }

    /// A write failed because the file could not be written, and as large a one might still fail.
    pub(super) fn is_unwritable(&self) -> bool {
        self.is_unwritable.load(Ordering::Relaxed)
    }

    /// What is said of that when a small write has just succeeded.
    pub(super) fn unwritable(&self) -> StoreError {
        let cause = format!("{} bytes are left for it, and a large write takes up to {LARGE_WRITE}", self.file.room());
        StoreError::Unwritable { path: self.file.path(), cause }
    }

    fn is_there(&self) -> Result<(), Failed> {
        match self.file.check() {
            Err(StoreError::Removed { path }) => Err(Failed::Removed { path }),
            _ => Ok(()),
        }
    }

    fn failed(&self, error: &sqlx::Error) -> Failed {
        let code = error.as_database_error().and_then(DatabaseError::code).and_then(|code| code.parse::<u32>().ok());
        if !code.is_some_and(|code| UNWRITABLE.contains(&(code & 0xff))) {
            return Failed::Commit(error.to_string());
        }
        let cause = error.as_database_error().map_or_else(|| error.to_string(), |error| error.message().to_owned());
        let path = self.file.path();
        if !self.is_unwritable.swap(true, Ordering::Relaxed) {
            tracing::error!("the database file {path} can't be written: {cause}");
        }
        Failed::Unwritable { path, cause }
    }

    /// Small writes find room where large ones don't: the log has pages that it uses again.
    fn committed(&self) {
        if self.is_unwritable() && self.file.room() >= LARGE_WRITE {
            self.is_unwritable.store(false, Ordering::Relaxed);
            tracing::info!("the database file {} can be written again", self.file.path());
        }
    }
}

/// What this process knows of the file and keeps up to date, commit by commit.
pub(super) struct FileKnowledge {
    pub(super) generation: Arc<KnownGeneration>,
    pub(super) registrations: Arc<Registrations>,
    pub(super) places: Arc<VersionPlaces>,
}

/// After how long without a write the write-ahead log goes into the file.
const IDLE: Duration = Duration::from_secs(1);

/// How batches are written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Keeping {
    pub(super) max_batch: usize,
    /// Entries of the audit up to this one get no place in the chain.
    pub(super) unsealable: i64,
}

/// Handle to the writer task.
pub(super) struct WriterHandle {
    queue: Mutex<Option<mpsc::UnboundedSender<Box<dyn WriteJob>>>>,
    task: Mutex<Option<JoinHandle<Conn>>>,
}

impl WriterHandle {
    pub(super) fn start(
        conn: Conn,
        keeping: Keeping,
        known: FileKnowledge,
        health: Arc<FileHealth>,
        observer: Arc<dyn StoreObserver>,
    ) -> Self {
        let (queue, jobs) = mpsc::unbounded_channel();
        let task = tokio::spawn(run(conn, jobs, keeping, known, health, observer));
        Self { queue: Mutex::new(Some(queue)), task: Mutex::new(Some(task)) }
    }

    pub(super) async fn submit<T, F>(&self, registers: Option<Subject>, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'c> Fn(&'c mut Conn) -> BoxFuture<'c, Result<T, StoreError>> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(Unit { registers, work, result: None, reply });
        let sent = match self.queue.lock() {
            Ok(queue) => queue.as_ref().is_some_and(|queue| queue.send(job).is_ok()),
            Err(_) => false,
        };
        if !sent {
            return Err(StoreError::Closed);
        }
        answer.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Lets the queue run empty, and gives the connection back.
    pub(super) async fn close(&self) -> Option<Conn> {
        if let Ok(mut queue) = self.queue.lock() {
            queue.take();
        }
        let task = self.task.lock().ok().and_then(|mut task| task.take());
        task?.await.ok()
    }
}

async fn run(
    mut conn: Conn,
    mut jobs: mpsc::UnboundedReceiver<Box<dyn WriteJob>>,
    keeping: Keeping,
    known: FileKnowledge,
    health: Arc<FileHealth>,
    observer: Arc<dyn StoreObserver>,
) -> Conn {
    let mut is_log_empty = true;
    loop {
        let first = match tokio::time::timeout(IDLE, jobs.recv()).await {
            Ok(Some(first)) => first,
            Ok(None) => return conn,
            Err(_) if is_log_empty => match jobs.recv().await {
                Some(first) => first,
                None => return conn,
            },
            Err(_) => {
                is_log_empty = true;
                if let Err(error) = execute(&mut conn, "PRAGMA wal_checkpoint(PASSIVE)").await {
                    health.failed(&error);
                }
                continue;
            }
        };
        is_log_empty = false;
        let mut batch = vec![first];
        let ended = transaction(&mut conn, &mut batch, Some(&mut jobs), keeping, &known, &health).await;
        if matches!(ended, Ended::UnitFailed) && batch.len() > 1 {
            for job in batch {
                let mut alone = vec![job];
                let ended = transaction(&mut conn, &mut alone, None, keeping, &known, &health).await;
                finish(alone, ended, &health, &*observer);
            }
        } else {
            finish(batch, ended, &health, &*observer);
        }
    }
}

/// How a transaction ended.
enum Ended {
    /// And the commit took so long.
    Committed(Duration),
    /// A unit failed, and nothing is left of the transaction.
    UnitFailed,
    /// The database did not take it, and nothing is left of it.
    Failed(Failed),
}

/// Runs a batch in one transaction. Jobs that arrive while earlier ones run still make its commit.
async fn transaction(
    conn: &mut Conn,
    batch: &mut Vec<Box<dyn WriteJob>>,
    mut more: Option<&mut mpsc::UnboundedReceiver<Box<dyn WriteJob>>>,
    keeping: Keeping,
    known: &FileKnowledge,
    health: &FileHealth,
) -> Ended {
    if let Err(removed) = health.is_there() {
        return Ended::Failed(removed);
    }
    if let Err(error) = execute(conn, "BEGIN IMMEDIATE").await {
        return Ended::Failed(health.failed(&error));
    }
    let mut done = 0;
    while let Some(job) = batch.get_mut(done) {
        if !job.run(conn).await {
            // a full disk may have rolled back already
            let _ = execute(conn, "ROLLBACK").await;
            return Ended::UnitFailed;
        }
        done += 1;
        if let Some(jobs) = &mut more {
            while batch.len() < keeping.max_batch
                && let Ok(job) = jobs.try_recv()
            {
                batch.push(job);
            }
        }
    }
    // what the units have recorded gets its place in the chain with them
    if let Err(error) = sql::audit::seal(conn, keeping.unsealable).await {
        let _ = execute(conn, "ROLLBACK").await;
        return Ended::Failed(match error {
            StoreError::Database(error) => health.failed(&error),
            error => Failed::Commit(error.to_string()),
        });
    }
    let current = sql::generation(conn).await.ok();
    let begun = Instant::now();
    if let Err(error) = execute(conn, "COMMIT").await {
        let _ = execute(conn, "ROLLBACK").await;
        return Ended::Failed(health.failed(&error));
    }
    let took = begun.elapsed();
    if let Err(removed) = health.is_there() {
        return Ended::Failed(removed);
    }
    if let Some(current) = current {
        known.generation.learn(current);
    }
    // before anybody in the batch is answered
    for subject in batch.iter().filter_map(|job| job.registers()) {
        known.registrations.count(Extent::of(subject));
        known.places.touch(subject);
    }
    Ended::Committed(took)
}

fn finish(batch: Vec<Box<dyn WriteJob>>, ended: Ended, health: &FileHealth, observer: &dyn StoreObserver) {
    let failed = match ended {
        Ended::Committed(took) => {
            health.committed();
            observer.committed(batch.len(), took);
            None
        }
        Ended::UnitFailed => {
            let failed = batch.iter().find_map(|job| job.fault()).map(|error| health.failed(error));
            // what else a unit failed of, it says itself
            failed.filter(|failed| matches!(failed, Failed::Unwritable { .. }))
        }
        Ended::Failed(failed) => {
            match &failed {
                Failed::Commit(error) => tracing::error!(error, "a commit failed"),
                Failed::Removed { path } => tracing::error!("{path} was removed or replaced while it was in use"),
                Failed::Unwritable { .. } => {}
            }
            Some(failed)
        }
    };
    for job in batch {
        job.answer(failed.as_ref());
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
    use crate::store::migrations;

    async fn add(conn: &mut Conn, name: &'static str) -> Result<(), StoreError> {
        let insert = "INSERT INTO contexts (name, created_at) VALUES ($1, 0)";
        Ok(sqlx::query(insert).bind(name).execute(conn).await.map(|_| ())?)
    }

    /// The sizes of what was committed.
    struct Batches(Arc<Mutex<Vec<usize>>>);

    impl StoreObserver for Batches {
        fn unit(&self, _: &'static str, _: Duration, _: Option<&StoreError>) {}
        fn waited(&self, _: &'static str, _: Duration) {}
        fn read_in_outage(&self) {}

        fn committed(&self, units: usize, _: Duration) {
            self.0.lock().unwrap().push(units);
        }
    }

    #[tokio::test]
    async fn a_unit_that_fails_takes_nothing_of_its_batch_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("writer.db");
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&file).create_if_missing(true);
        let mut conn = Conn::connect_with(&options).await.unwrap();
        migrations::migrator(migrations::SQLITE).run(&mut conn).await.unwrap();
        sql::init(&mut conn, "test", 0).await.unwrap();
        let batches = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&batches);
        let observer = Arc::new(Batches(seen));
        let health = Arc::new(FileHealth::new(DatabaseFile::open(&file).unwrap()));
        let known = FileKnowledge { generation: Arc::default(), registrations: Arc::default(), places: Arc::default() };
        let keeping = Keeping { max_batch: 16, unsealable: i64::MIN };
        let writer = Arc::new(WriterHandle::start(conn, keeping, known, health, observer));

        // the first unit waits until the others stand behind it, so that all are one batch
        let (open, gate) = watch::channel(false);
        let held = writer.submit(None, move |conn| {
            let mut gate = gate.clone();
            Box::pin(async move {
                let _ = gate.wait_for(|open| *open).await;
                add(conn, ".first").await
            })
        });
        let failing = writer.submit(None, |conn| {
            Box::pin(async move {
                add(conn, ".half").await?;
                add(conn, ".half").await
            })
        });
        let last = writer.submit(None, |conn| Box::pin(add(conn, ".last")));
        let opened = async {
            tokio::task::yield_now().await;
            open.send(true).unwrap();
        };
        let (held, failing, last, ()) = tokio::join!(held, failing, last, opened);
        held.unwrap();
        assert!(matches!(failing, Err(StoreError::Database(_))), "{failing:?}");
        last.unwrap();
        drop(writer.close().await);

        assert_eq!(*batches.lock().unwrap(), [1, 1], "a transaction for each unit that is kept");
        let mut conn = Conn::connect_with(&options).await.unwrap();
        let rows = sqlx::query("SELECT name FROM contexts ORDER BY name").fetch_all(&mut conn).await.unwrap();
        let names: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        assert_eq!(names, [".first", ".last"]);
    }
}
