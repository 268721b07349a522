//! Postgres: replicas are equal, nothing in one process's memory decides an id or a version.
//!
//! A unit of work is one transaction at READ COMMITTED. Advisory locks serialise it per subject (exclusive for the one
//! written, shared for those referred to) and per content. The counter row of the context hands out ids: where several
//! registrations run, in a transaction before the one that writes, else in it (docs/ARCHITECTURE.md, "The store"). Serialisation failures
//! and deadlocks are retried.
//!
//! | file | what |
//! | --- | --- |
//! | `hosts.rs`, `session.rs`, `connections.rs` | servers, connections, and who may have how many of them |
//! | `batch.rs`, `batch_reads.rs` | reads of many who ask at the same time, in one exchange |
//! | `group_commit.rs` | registrations of many who come at the same time, in one transaction |
//! | `reachability.rs`, `follower.rs` | whether Postgres is there, and which generation it is at |
//! | `sealer.rs` | gives entries of the record their places in the chain |
//! | `sqlstate.rs` | what Postgres's errors mean |
//! | `options.rs`, `migrate.rs` | how it is reached, and brought to the form that this binary knows |
//! | `dialect.rs` | statements that differ from those of SQLite, and the locks |
//! | `sql` | `../sql/`, compiled for Postgres |
//! | `audit.rs`, `snapshot.rs` | the record read, and the database read, emptied and restored, without a server |
//! | `inspect.rs` | what can be seen of the database before anything is done |
//! | `insert_version.rs`, `insert_rows.rs`, `words.rs` | the statement that writes a version, many rows at once, and the index of words |
//! | `locks.rs`, `id_counter.rs`, `counter_row.rs` | what transactions wait for, and how they don't wait for each other's ids |
//! | `subject_turns.rs` | turns that those take who were overtaken again and again |

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use futures_util::FutureExt as _;
use futures_util::future::{self, BoxFuture, Either};
use sqlx::{AssertSqlSafe, Executor as _};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use super::{
    AssociateOutcome, AssociateRequest, AssociationFilter, AuditChain, AuditFilter, AuditPage, BrowsePlace, BrowsedHit, Counts,
    DeleteOutcome, DeleteRequest, DocumentTag, ExporterChange, ExporterProgress, Extent, FiledWords, Freshness, Generation,
    Holder, ImportOutcome, ImportRequest, ImportSwitch, KeyChange, KeyOutcome, KnownGeneration, ListedVersion, NamedSchema,
    OutboxEntry, Refusals, RegisterOutcome, RegisterRequest, Registrations, SchemaNames, Scope, ScopeSettings, SearchHit,
    SettingsOutcome, Statistics, Store, StoreError, StoreObserver, StoreReadings, StoredSchema, SubjectFilter, SubjectState,
    TurnHolder, UsageCount, UsageFilter, VersionBrowse, VersionFilter, VersionRow, VersionUsage, WordQuery,
};
use crate::codec::ConfigPatch;
use crate::types::{
    Actor, Alias, Association, Config, Dek, DekName, Guid, Kek, LinkKind, Mode, SchemaId, SchemaName, SchemaType, StoredExporter,
    Subject, TypeBinding, Version, VersionSelector,
};

/// The texts of a JSON array that is bound to a parameter, for `IN`.
macro_rules! texts {
    ($n:literal) => {
        concat!("(SELECT json_array_elements_text($", $n, "::json))")
    };
}

mod audit;
/// One row with a JSON array of a column's values.
macro_rules! json_list {
    ($column:expr) => {
        concat!("SELECT COALESCE(json_agg(", $column, "), '[]')::text")
    };
}

/// A JSON array of some columns.
macro_rules! json_row {
    ($columns:literal) => {
        concat!("json_build_array(", $columns, ")")
    };
}

/// Subjects of a page of versions, where `$conditions` has been said of them. Their names alone come first, out of an index: a plan that is
/// made without the values takes the conditions for rarer than they are, and would sort all that come after.
macro_rules! page_from {
    ($conditions:expr) => {
        concat!(
            "(SELECT u.qualified FROM subjects u WHERE ",
            $conditions,
            "ORDER BY u.qualified LIMIT $10 + $11 + 1) k JOIN subjects u ON u.qualified = k.qualified"
        )
    };
}
macro_rules! page_where {
    ($conditions:expr) => {
        ""
    };
}

/// Whose turn it is to register under the subject $4.
macro_rules! turn {
    () => {
        " UNION ALL SELECT 4, 0, 0, t.holder, FALSE, 0, 0 FROM subject_turns t WHERE t.qualified = $4 \
         AND t.until > clock_timestamp() AND t.until <= clock_timestamp() + INTERVAL '1 minute'"
    };
}

/// What the index of words finds, $2 at most.
macro_rules! found_subjects {
    () => {
        "(SELECT subject_id FROM search_subjects WHERE words @@ $1::tsquery LIMIT $2) f"
    };
}
macro_rules! found_schemas {
    () => {
        "(SELECT context_id, schema_id FROM search_schemas WHERE words @@ $1::tsquery LIMIT $2) f"
    };
}

mod batch;
mod batch_reads;
mod connections;
mod counter_row;
mod dialect;
mod follower;
mod group_commit;
mod hosts;
mod id_counter;
mod insert_rows;
mod insert_version;
mod inspect;
mod locks;
mod migrate;
mod options;
mod reachability;
mod sealer;
mod session;
mod snapshot;
#[path = "../sql/mod.rs"]
mod sql;
mod sqlstate;
mod subject_turns;
mod words;

pub use audit::PostgresAudit;
use batch_reads::Batches;
use connections::{Connections, Lease, Purpose};
use dialect::LockKeys;
use follower::Follower;
use group_commit::Groups;
use id_counter::IdCounter;
pub use inspect::inspect;
pub use locks::LockKind;
pub use migrate::latest_migration;
use migrate::{migrate, migrator};
pub use options::PostgresOptions;
use reachability::Reachability;
use sealer::AuditSealer;
use session::{Connector, PostgresSession};
pub use snapshot::{Snapshot, clear, finish_restore};

type Conn = PostgresSession;
type Row = sqlx::postgres::PgRow;

/// Channel on which replicas tell one another that the generation changed.
const CHANNEL: &str = "accordant_generation";

/// The store that replicas share.
pub struct PostgresStore {
    location: String,
    connections: Arc<Connections>,
    reachability: Arc<Reachability>,
    generation: Arc<KnownGeneration>,
    cluster_id: String,
    clock: crate::types::Clock,
    observer: Arc<dyn StoreObserver>,
    begin_write: String,
    locks: LockKind,
    /// Postgres ends a statement before that; a connection that is silent for longer is lost.
    write_limit: Duration,
    registrations: Registrations,
    /// How old what was read of subjects may become; `None`: it is read each time.
    read_age: Option<Duration>,
    /// Reads that are done a second time, because the first is slow.
    second_reads: Semaphore,
    id_counter: Arc<IdCounter>,
    batches: Batches,
    groups: Groups,
    follower: JoinHandle<()>,
    counting: JoinHandle<()>,
    sealer: AuditSealer,
    audit: bool,
}

/// Without this they would keep their connections for as long as the process runs.
impl Drop for PostgresStore {
    fn drop(&mut self) {
        self.follower.abort();
        self.counting.abort();
    }
}

/// How often a transaction is tried before its failure is passed on.
const ATTEMPTS: u32 = 8;

/// How many reads may be done a second time at once.
const SECOND_READS: usize = 4;

/// The follower polls on one connection and listens on another; ids are taken on a third.
const OF_TASKS: usize = 3;

impl PostgresStore {
    /// Who is to be recorded as having made a change.
    fn audited(&self, by: &Arc<Actor>) -> Option<Arc<Actor>> {
        self.audit.then(|| Arc::clone(by))
    }

    /// Up to which entry none is sealed that is not: here any of them may wait for its turn.
    #[expect(clippy::unused_self, reason = "as on SQLite")]
    fn unsealable(&self) -> i64 {
        i64::MIN
    }

    /// Seals what waits for it, so that who reads the record finds what it has just written. Where that fails, the next round does it.
    async fn seal_audit(&self) {
        if let Err(error) = self.attempt(Box::pin(self.sealer.seal())).await {
            tracing::debug!(%error, "entries of the audit could not be sealed");
        }
    }

    /// Connects and migrates. Several replicas may do so at once: one migrates, the others wait for it.
    ///
    /// # Errors
    /// [`StoreError::Unreachable`], or [`StoreError::Newer`] when a newer release wrote the database.
    pub async fn open(options: PostgresOptions, clock: crate::types::Clock) -> Result<Self, StoreError> {
        let (id_counter, wanted_ids) = IdCounter::new();
        let connector = Connector { id_counter: Some(Arc::clone(&id_counter)), ..options.connector()? };
        let address = connector.hosts.address();
        let database = connector.current_options().map(|one| one.get_database().unwrap_or_else(|| one.get_username()));
        let location = format!("postgres://{address}/{}", database.unwrap_or(""));
        let reachability = Arc::new(Reachability::new(address, options.answer_timeout));
        let connected = tokio::time::timeout(options.acquire_timeout, connector.connect()).await;
        let silent = || reachability.unreachable(format!("no answer within {} s", options.acquire_timeout.as_secs_f64()));
        let mut session = connected.map_err(|_| silent())?.map_err(|error| reachability.unreachable(sqlstate::cause(&error)))?;
        migrate(&mut session, &connector).await?;
        let fresh_id = uuid::Uuid::new_v4().to_string();
        session.execute("BEGIN").await?;
        let cluster_id = sql::init(&mut session, &fresh_id, clock()).await?;
        let generation = Arc::new(KnownGeneration::default());
        generation.learn(sql::generation(&mut session).await?);
        subject_turns::remove_ended(&mut session).await?;
        session.execute("COMMIT").await?;
        let _ = session.close().await;
        let follower = Follower {
            connector: connector.clone(),
            poll: options.poll_interval,
            reachability: Arc::clone(&reachability),
            generation: Arc::clone(&generation),
        };
        let counting = counter_row::start(wanted_ids, connector.clone());
        let most = usize::try_from(options.max_connections).unwrap_or(usize::MAX).saturating_sub(OF_TASKS);
        let connections = Arc::new(Connections::new(connector, most, options.acquire_timeout, Arc::clone(&options.observer))?);
        let (begin_write, locks) = (options.begin_write(), options.locks);
        let read_age = options.read_age;
        let write_limit = options.acquire_timeout + options.statement_timeout + options.answer_timeout;
        let follower = tokio::spawn(follower.run());
        let sealer = AuditSealer::start(Arc::clone(&connections), Arc::clone(&reachability), begin_write.clone());
        Ok(Self {
            location,
            connections,
            reachability,
            generation,
            cluster_id,
            clock,
            observer: options.observer,
            begin_write,
            locks,
            write_limit,
            registrations: Registrations::default(),
            read_age,
            second_reads: Semaphore::new(SECOND_READS),
            id_counter,
            batches: Batches::default(),
            groups: Groups::default(),
            follower,
            counting,
            sealer,
            audit: options.audit,
        })
    }

    fn readings(&self) -> StoreReadings {
        let (open_connections, idle_connections) = self.connections.size();
        let follower = Some(self.reachability.reading());
        StoreReadings { open_connections, idle_connections, file: None, follower, caches: Vec::new() }
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.reachability.look().await
    }

    async fn current_generation(&self) -> Result<Generation, StoreError> {
        let read = async |wanted: Vec<()>| {
            let current = super::sql_store::read!(self, generation, |conn| sql::generation(conn))?;
            self.generation.learn(current);
            Ok(vec![current; wanted.len()])
        };
        self.batches.generation.get((), read).await
    }

    fn is_available(&self) -> bool {
        !self.reachability.is_away()
    }

    async fn begin_read(&self) -> Result<Lease, StoreError> {
        let mut lease = self.connections.get(Purpose::Read).await?;
        lease.begin_read().await?;
        Ok(lease)
    }

    async fn begin_list(&self) -> Result<Lease, StoreError> {
        self.begin_read().await
    }

    async fn end_read(&self, mut lease: Lease) -> Result<(), StoreError> {
        lease.end_read().await?;
        lease.finish();
        Ok(())
    }

    /// Does work with the database while that is there; once more, where the connection was lost and the work has changed nothing.
    async fn attempt<T>(&self, work: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        let done = self.reachability.while_there(work).await;
        if matches!(done, Err(StoreError::Unreachable { .. })) {
            self.connections.drop_idle();
        }
        done
    }

    /// Reads on one connection, and where that is lost, or is silent for as long as Postgres may be, on another.
    async fn read_either<T, A: Future<Output = Result<T, StoreError>> + Unpin>(
        &self,
        reading: impl Future<Output = Result<T, StoreError>>,
        again: impl FnOnce() -> A,
    ) -> Result<T, StoreError> {
        let mut first = pin!(self.attempt(reading));
        let Ok(done) = tokio::time::timeout(self.reachability.patience(), &mut first).await else {
            // a Postgres that is slow for everybody gets no more to do by it
            let Ok(_permit) = self.second_reads.try_acquire() else { return first.await };
            // what silenced one connection may have silenced those beside it
            self.connections.drop_idle();
            return match future::select(first, Box::pin(self.attempt(again()))).await {
                Either::Left((Err(StoreError::Unreachable { .. }), other)) => other.await,
                Either::Right((Err(StoreError::Unreachable { .. }), first)) => first.await,
                Either::Left((done, _)) | Either::Right((done, _)) => done,
            };
        };
        match done {
            Err(StoreError::Unreachable { .. }) => self.attempt(again()).await,
            done => done,
        }
    }

    /// Others register too, so nothing is known without asking, unless answers may be a little old.
    fn freshness(&self, of: Extent) -> Option<Freshness> {
        self.read_age.map(|age| self.registrations.freshness(of, Some(age)))
    }

    /// Others write too, so nobody here knows how many versions there are before a subject.
    async fn find_place(&self, conn: &mut Conn, filter: &SubjectFilter, place: i64) -> Result<Option<(String, i64)>, StoreError> {
        sql::place_of_version(conn, filter, place, None).await
    }

    async fn find_subjects(
        &self,
        conn: &mut Conn,
        filter: &SubjectFilter,
        after: Option<&str>,
        skip: i64,
        limit: i64,
    ) -> Result<Vec<String>, StoreError> {
        sql::subjects(conn, filter, after.map_or(sql::PageStart::Begin, sql::PageStart::After), skip, limit).await
    }

    async fn known_subject<R: Future<Output = Result<SubjectState, StoreError>>>(
        &self,
        subject: &Subject,
        _: impl FnOnce() -> R,
    ) -> Result<SubjectState, StoreError> {
        let read =
            async |wanted: Vec<Subject>| super::sql_store::read!(self, subject, |conn| batch_reads::subjects(conn, &wanted));
        self.batches.subjects.get(subject.clone(), read).await
    }

    async fn known_version<R: Future<Output = Result<Option<VersionRow>, StoreError>>>(
        &self,
        subject: &Subject,
        selector: VersionSelector,
        deleted: bool,
        _: impl FnOnce() -> R,
    ) -> Result<Option<VersionRow>, StoreError> {
        let read = async |wanted: Vec<(Subject, VersionSelector, bool)>| {
            super::sql_store::read!(self, version, |conn| batch_reads::versions(conn, &wanted))
        };
        self.batches.versions.get((subject.clone(), selector, deleted), read).await
    }

    /// Does a unit of work in a transaction that begins with locks. `registers`: what may have a new version then.
    async fn write<T, F>(&self, registers: Option<Subject>, locks: LockKeys, unit: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'c> Fn(&'c mut Conn) -> BoxFuture<'c, Result<T, StoreError>> + Send + 'static,
    {
        let running = registers.is_some().then(|| self.id_counter.begin());
        let written = self.write_once(&locks, unit).await;
        drop(running);
        if let Some(subject) = registers {
            self.registrations.count(Extent::of(&subject));
        }
        written
    }

    async fn write_once<T, F>(&self, locks: &LockKeys, unit: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'c> Fn(&'c mut Conn) -> BoxFuture<'c, Result<T, StoreError>> + Send + 'static,
    {
        let mut attempt = 1;
        let mut was_lost = false;
        loop {
            let mut committing = false;
            let writing = tokio::time::timeout(self.write_limit, self.try_write(locks, &unit, &mut committing));
            let writing = writing.map(|done| done.unwrap_or_else(|_| Err(self.silent_connection())));
            match self.attempt(writing).await {
                Err(StoreError::Database(error)) if attempt < ATTEMPTS && sqlstate::is_repeatable(&error) => attempt += 1,
                // whether a commit whose answer was lost has happened, nobody knows
                Err(StoreError::Unreachable { .. }) if !committing && !was_lost => was_lost = true,
                result => return result,
            }
        }
    }

    fn silent_connection(&self) -> StoreError {
        StoreError::Busy(format!("no end of a write within {} s", self.write_limit.as_secs_f64()))
    }

    /// Begins a transaction; the statements are still to be sent, with what it has to do first.
    async fn begin_transaction(&self) -> Result<(Lease, String), StoreError> {
        let mut lease = self.connections.get(Purpose::Write).await?;
        let mut statements = format!("{};", self.begin_write);
        if !lease.is_known_good() {
            // nothing stands in the way of this one but a lost connection
            let patience = self.reachability.patience();
            let begun = tokio::time::timeout(patience, lease.execute(AssertSqlSafe(std::mem::take(&mut statements)))).await;
            begun.map_err(|_| self.reachability.unreachable(format!("no answer within {} s", patience.as_secs_f64())))??;
        }
        Ok((lease, statements))
    }

    async fn try_write<T, F>(&self, locks: &LockKeys, unit: &F, committing: &mut bool) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'c> Fn(&'c mut Conn) -> BoxFuture<'c, Result<T, StoreError>> + Send + 'static,
    {
        let (mut lease, mut statements) = self.begin_transaction().await?;
        statements.push_str(&locks.statements(lease.lock_kind()));
        if !statements.is_empty() {
            lease.execute(AssertSqlSafe(statements)).await?;
        }
        let result = unit(&mut lease).await?;
        *committing = true;
        self.commit(lease, 1).await?;
        Ok(result)
    }

    /// Commits the work of some units.
    async fn commit(&self, mut lease: Lease, units: usize) -> Result<(), StoreError> {
        let begun = Instant::now();
        let rows = sqlx::raw_sql(AssertSqlSafe(format!("{}; COMMIT", sql::changes::GENERATION))).fetch_all(&mut *lease).await?;
        let current = rows.first().map(sql::changes::generation_of).transpose()?;
        lease.finish();
        self.observer.committed(units, begun.elapsed());
        // this replica must not answer from memory that is older than its own write
        if let Some(current) = current {
            self.generation.learn(current);
        }
        self.sealer.is_awaited();
        Ok(())
    }
}

super::store_impl!(PostgresStore {
    location: |store| store.location.clone(),
    cluster_id: |store| store.cluster_id.clone(),
    generation: |store| store.generation.get(),
    close: |store| {
        store.follower.abort();
        store.counting.abort();
        store.sealer.close().await;
        store.connections.close().await;
    },
});
