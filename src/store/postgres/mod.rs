//! Postgres: replicas are equal, nothing in one process's memory decides an id or a version.
//!
//! A unit of work is one transaction at READ COMMITTED. Advisory locks serialise it per subject (exclusive for the one
//! written, shared for those referred to) and per content; the counter row of the context hands out ids. Serialisation
//! failures and deadlocks are retried.
//!
//! | file | what |
//! | --- | --- |
//! | `hosts.rs`, `session.rs`, `connections.rs` | servers, connections, and who may have how many of them |
//! | `reachability.rs`, `follower.rs` | whether Postgres is there, and which generation it is at |
//! | `sealer.rs` | gives entries of the record their places in the chain |
//! | `sqlstate.rs` | what Postgres's errors mean |
//! | `inspect.rs` | what can be seen of the database before anything is done |
//! | `insert_version.rs`, `words.rs` | the statements that write a version, and the index of words |

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use futures_util::FutureExt as _;
use futures_util::future::{self, BoxFuture, Either};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use super::{
    AssociateOutcome, AssociateRequest, AssociationFilter, AuditChain, AuditFilter, AuditPage, Change, Counts, DeleteOutcome,
    DeleteRequest, DocumentTag, ExporterChange, ExporterProgress, Extent, FiledWords, Freshness, Generation, Holder,
    ImportSwitch, KeyChange, KeyOutcome, KnownGeneration, ListedVersion, NamedSchema, Refusals, RegisterOutcome, RegisterRequest,
    Registrations, SchemaNames, Scope, ScopeSettings, SearchHit, SettingsOutcome, Statistics, Store, StoreError, StoreObserver,
    StoreReadings, StoredSchema, SubjectFilter, SubjectState, Unobserved, UsageCount, UsageFilter, VersionFilter, VersionRow,
    VersionUsage, WordQuery,
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
    ($column:literal) => {
        concat!("SELECT COALESCE(json_agg(", $column, "), '[]')::text")
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

mod connections;
mod follower;
mod hosts;
mod insert_version;
mod inspect;
mod reachability;
mod sealer;
mod session;
mod snapshot;
#[path = "../sql/mod.rs"]
mod sql;
mod sqlstate;
mod words;

pub use audit::PostgresAudit;
use connections::{Connections, Lease, Purpose};
use follower::Follower;
use hosts::Hosts;
pub use inspect::inspect;
use reachability::Reachability;
use sealer::Sealer;
use session::{Connector, Session};
pub use snapshot::{clear, finish_restore, snapshot};

type Conn = Session;
type Row = sqlx::postgres::PgRow;

/// Channel on which replicas tell one another that the generation changed.
const CHANNEL: &str = "accordant_generation";

/// The dialect: statements that differ, and the locks.
mod dialect {
    use std::collections::BTreeMap;

    use md5::{Digest, Md5};

    use super::sql::locks::Lock;
    use crate::store::StoreError;
    use crate::types::Subject;

    pub(super) use super::insert_version::insert_version;
    pub(super) use super::words;

    pub(super) type Db = sqlx::Postgres;

    pub(super) mod statements {
        macro_rules! schema_columns {
            () => {
                "s.schema_id, s.guid, s.schema_type, s.text, s.refs, s.metadata, s.rule_set, s.created_at"
            };
        }
        pub(in crate::store::postgres) const SCHEMA: &str = concat!(
            "SELECT ",
            schema_columns!(),
            " FROM contexts c JOIN schemas s ON s.context_id = c.context_id WHERE c.name = $1 AND s.schema_id = $2"
        );
        pub(in crate::store::postgres) const SCHEMAS: &str = concat!(
            "SELECT ",
            schema_columns!(),
            " FROM contexts c JOIN schemas s ON s.context_id = c.context_id \
             WHERE c.name = $1 AND s.schema_id IN (SELECT value::bigint FROM json_array_elements_text($2::json))"
        );
        pub(in crate::store::postgres) const SETTINGS: &str = "SELECT k.context, k.subject, c.config, m.mode FROM \
             (SELECT e->>0 AS context, e->>1 AS subject FROM json_array_elements($1::json) e) k \
             LEFT JOIN configs c ON c.context = k.context AND c.subject = k.subject \
             LEFT JOIN modes m ON m.context = k.context AND m.subject = k.subject";
        pub(in crate::store::postgres) const RECORD: &str = "WITH noted AS (INSERT INTO audit (at, operation, actor, login, address, \
             user_agent, request_id, reason, context, subject, version, schema_id, guid_before, guid_after, details) \
             VALUES ($7, $14, $8, $9, $10, $11, $12, $13, $2, $3, $4, COALESCE($5, $15), (SELECT s.guid FROM schemas s \
             JOIN contexts c ON c.context_id = s.context_id WHERE c.name = $2 AND s.schema_id = $15), $16, $17)) \
             INSERT INTO changes (kind, context, subject, version, schema_id, payload, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7) \
             RETURNING sequence";
        /// $1: an array of `[entry, position, hash]`; $2 and $3: the end of the chain.
        pub(in crate::store::postgres) const SEAL: &str = "WITH sealed AS (UPDATE audit SET position = (p->>1)::bigint, hash = p->>2 \
             FROM json_array_elements($1::json) p WHERE entry = (p->>0)::bigint) UPDATE audit_chain SET position = $2, hash = $3";
    }

    /// Waits until the chain is this transaction's alone.
    pub(super) async fn lock_chain(conn: &mut super::Conn) -> Result<(), StoreError> {
        sqlx::query("SELECT one FROM audit_chain FOR UPDATE").fetch_one(conn).await?;
        Ok(())
    }

    fn key(parts: &[&[u8]]) -> i64 {
        let mut md5 = Md5::new();
        for part in parts {
            md5.update(part);
            md5.update([0]);
        }
        let hash: [u8; 16] = md5.finalize().into();
        let (head, _) = hash.split_at(8);
        head.iter().fold(0i64, |n, b| (n << 8) | i64::from(*b))
    }

    /// Its key, and whether others of its kind must wait.
    fn key_of(lock: &Lock<'_>) -> (i64, bool) {
        let of_subject = |subject: &Subject| key(&[b"subject", subject.context().as_bytes(), subject.name().as_bytes()]);
        match lock {
            Lock::Settings => (key(&[b"settings"]), true),
            Lock::SharedSettings => (key(&[b"settings"]), false),
            Lock::Subject(subject) => (of_subject(subject), true),
            Lock::SharedSubject(subject) => (of_subject(subject), false),
            Lock::Kek(name) => (key(&[b"kek", name.as_bytes()]), true),
            Lock::Exporter(kind, name) => (key(&[kind.word().as_bytes(), name.as_bytes()]), true),
            Lock::Content(context, guid) => (key(&[b"content", context.as_bytes(), &guid.0]), true),
        }
    }

    /// Takes the locks in one statement, and in one order everywhere, so that no two transactions wait for each other in a circle.
    pub(super) async fn lock(conn: &mut super::Conn, locks: &[Lock<'_>]) -> Result<(), StoreError> {
        let mut keys: BTreeMap<i64, bool> = BTreeMap::new();
        for (key, is_exclusive) in locks.iter().map(key_of) {
            *keys.entry(key).or_default() |= is_exclusive;
        }
        let (keys, exclusive): (Vec<i64>, Vec<bool>) = keys.into_iter().unzip();
        sqlx::query(
            "SELECT CASE WHEN l.exclusive THEN pg_advisory_xact_lock(l.key)::text ELSE pg_advisory_xact_lock_shared(l.key)::text END \
             FROM unnest($1::bigint[], $2::boolean[]) AS l (key, exclusive)",
        )
        .bind(keys)
        .bind(exclusive)
        .execute(&mut *conn)
        .await?;
        Ok(())
    }

    pub(super) async fn disrupted(conn: &mut super::Conn) -> Result<(), StoreError> {
        sqlx::query("SELECT pg_notify($1, '')").bind(super::CHANNEL).execute(&mut *conn).await?;
        Ok(())
    }
}

/// How the database is reached.
#[derive(Clone)]
pub struct PostgresOptions {
    /// `postgres://user:password@host:port/database?...`, or several hosts with commas between.
    pub url: String,
    /// Most connections of this process, those of the follower included.
    pub max_connections: u32,
    /// How long a request waits for a connection.
    pub acquire_timeout: Duration,
    /// How long the database may be silent before requests are told that it is away.
    pub answer_timeout: Duration,
    /// How long a statement may take.
    pub statement_timeout: Duration,
    /// How long a write waits for what another transaction has locked.
    pub lock_timeout: Duration,
    /// How often the generation is polled, beside being listened for.
    pub poll_interval: Duration,
    /// How old answers about the versions of a subject may be; `None`: each is asked for.
    pub read_age: Option<Duration>,
    /// Prepared statements kept per connection; 0 behind a pooler in transaction mode.
    pub statement_cache: usize,
    /// Told of what is done.
    pub observer: Arc<dyn StoreObserver>,
    /// Record who changes what.
    pub audit: bool,
}

impl PostgresOptions {
    /// The defaults for a URL.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            max_connections: 16,
            acquire_timeout: Duration::from_secs(10),
            answer_timeout: Duration::from_millis(1200),
            statement_timeout: Duration::from_secs(30),
            lock_timeout: Duration::from_secs(5),
            poll_interval: Duration::from_secs(1),
            read_age: None,
            statement_cache: 200,
            observer: Arc::new(Unobserved),
            audit: true,
        }
    }

    fn connector(&self) -> Result<Connector, StoreError> {
        let mut hosts = Hosts::parse(&self.url)?;
        for options in &mut hosts.options {
            let named = options.clone().application_name("accordant");
            *options = named.statement_cache_capacity(self.statement_cache).disable_statement_logging();
        }
        let tried = u32::try_from(hosts.options.len()).unwrap_or(u32::MAX).saturating_add(1);
        Ok(Connector {
            hosts,
            current: Arc::default(),
            host_timeout: self.answer_timeout / tried,
            // 0 says that a pooler stands between
            is_pooled: self.statement_cache == 0,
            statement_timeout: self.statement_timeout,
        })
    }

    /// Begins a transaction with the limits of a write, all in one exchange. A process that stops inside a transaction loses it
    /// before those that wait for it give up.
    fn begin_write(&self) -> String {
        let (statement, lock) = (self.statement_timeout.as_millis(), self.lock_timeout.as_millis().max(2));
        format!(
            "BEGIN; SET LOCAL statement_timeout = {statement}; SET LOCAL lock_timeout = {lock}; \
             SET LOCAL idle_in_transaction_session_timeout = {}",
            lock / 2
        )
    }
}

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
    /// Postgres ends a statement before that; a connection that is silent for longer is lost.
    write_limit: Duration,
    registrations: Registrations,
    /// How old what was read of subjects may become; `None`: it is read each time.
    read_age: Option<Duration>,
    /// Reads that are done a second time, because the first is slow.
    second_reads: Semaphore,
    follower: JoinHandle<()>,
    sealer: Sealer,
    audit: bool,
}

/// Without this the follower would keep its connections for as long as the process runs.
impl Drop for PostgresStore {
    fn drop(&mut self) {
        self.follower.abort();
    }
}

/// How often a transaction is tried before its failure is passed on.
const ATTEMPTS: u32 = 8;

/// How many reads may be done a second time at once.
const SECOND_READS: usize = 4;

/// The follower polls on one connection and listens on another.
const OF_FOLLOWER: usize = 2;

/// Replicas that start at once migrate one after the other.
const MIGRATION_LOCK: i64 = 0x6163_636f_7264_616e;

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
        let connector = options.connector()?;
        let address = connector.hosts.address();
        let database = connector.current_options().map(|one| one.get_database().unwrap_or_else(|| one.get_username()));
        let location = format!("postgres://{address}/{}", database.unwrap_or(""));
        let reachability = Arc::new(Reachability::new(address, options.answer_timeout));
        let connected = tokio::time::timeout(options.acquire_timeout, connector.connect()).await;
        let silent = || reachability.unreachable(format!("no answer within {} s", options.acquire_timeout.as_secs_f64()));
        let mut session = connected.map_err(|_| silent())?.map_err(|error| reachability.unreachable(sqlstate::cause(&error)))?;
        migrate(&mut session, connector.is_pooled).await?;
        let fresh_id = uuid::Uuid::new_v4().to_string();
        session.execute("BEGIN").await?;
        let cluster_id = sql::init(&mut session, &fresh_id, clock()).await?;
        let generation = Arc::new(KnownGeneration::default());
        generation.learn(sql::generation(&mut session).await?);
        session.execute("COMMIT").await?;
        let _ = session.close().await;
        let follower = Follower {
            connector: connector.clone(),
            poll: options.poll_interval,
            reachability: Arc::clone(&reachability),
            generation: Arc::clone(&generation),
        };
        let most = usize::try_from(options.max_connections).unwrap_or(usize::MAX).saturating_sub(OF_FOLLOWER);
        let connections = Arc::new(Connections::new(connector, most, options.acquire_timeout, Arc::clone(&options.observer))?);
        let begin_write = options.begin_write();
        let read_age = options.read_age;
        let write_limit = options.acquire_timeout + options.statement_timeout + options.answer_timeout;
        let follower = tokio::spawn(follower.run());
        let sealer = Sealer::start(Arc::clone(&connections), Arc::clone(&reachability), begin_write.clone());
        Ok(Self {
            location,
            connections,
            reachability,
            generation,
            cluster_id,
            clock,
            observer: options.observer,
            begin_write,
            write_limit,
            registrations: Registrations::default(),
            read_age,
            second_reads: Semaphore::new(SECOND_READS),
            follower,
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
        let current = super::sql_store::read!(self, generation, |conn| sql::generation(conn))?;
        self.generation.learn(current);
        Ok(current)
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

    async fn known_subject<R: Future<Output = Result<SubjectState, StoreError>>>(
        &self,
        _: &Subject,
        read: impl FnOnce() -> R,
    ) -> Result<SubjectState, StoreError> {
        read().await
    }

    async fn known_version<R: Future<Output = Result<Option<VersionRow>, StoreError>>>(
        &self,
        _: &Subject,
        _: VersionSelector,
        _: bool,
        read: impl FnOnce() -> R,
    ) -> Result<Option<VersionRow>, StoreError> {
        read().await
    }

    /// Does a unit of work in a transaction. `registers`: what may have a new version then.
    async fn write<T, F>(&self, registers: Option<Extent>, unit: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'c> Fn(&'c mut Conn) -> BoxFuture<'c, Result<T, StoreError>> + Send + 'static,
    {
        let written = self.write_once(unit).await;
        if let Some(extent) = registers {
            self.registrations.count(extent);
        }
        written
    }

    async fn write_once<T, F>(&self, unit: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'c> Fn(&'c mut Conn) -> BoxFuture<'c, Result<T, StoreError>> + Send + 'static,
    {
        let mut attempt = 1;
        let mut was_lost = false;
        loop {
            let mut committing = false;
            let writing = tokio::time::timeout(self.write_limit, self.try_write(&unit, &mut committing));
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

    async fn try_write<T, F>(&self, unit: &F, committing: &mut bool) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'c> Fn(&'c mut Conn) -> BoxFuture<'c, Result<T, StoreError>> + Send + 'static,
    {
        let mut lease = self.connections.get(Purpose::Write).await?;
        // nothing stands in the way of this one but a lost connection
        let patience = self.reachability.patience();
        let begun = tokio::time::timeout(patience, lease.execute(AssertSqlSafe(self.begin_write.clone()))).await;
        begun.map_err(|_| self.reachability.unreachable(format!("no answer within {} s", patience.as_secs_f64())))??;
        let result = unit(&mut lease).await?;
        let current = sql::generation(&mut lease).await?;
        *committing = true;
        let begun = Instant::now();
        lease.execute("COMMIT").await?;
        lease.finish();
        self.observer.committed(1, begun.elapsed());
        // this replica must not answer from memory that is older than its own write
        self.generation.learn(current);
        self.sealer.is_awaited();
        Ok(result)
    }
}

fn migrator() -> sqlx::migrate::Migrator {
    sqlx::migrate!("migrations/postgres")
}

/// The highest migration that this binary knows.
pub fn latest_migration() -> i64 {
    migrator().iter().map(|migration| migration.version).max().unwrap_or(0)
}

/// Migrates in one transaction, whose lock replaces sqlx's: that one belongs to a session, and a pooler has none to give.
async fn migrate(session: &mut Session, is_pooled: bool) -> Result<(), StoreError> {
    let mut migrator = migrator();
    migrator.set_locking(false);
    let mut transaction = session.connection().begin().await?;
    // a migration takes what it takes, and so do those of other replicas that are waited for
    transaction.execute("SET LOCAL statement_timeout = 0").await?;
    sqlx::query("SELECT pg_advisory_xact_lock($1)").persistent(false).bind(MIGRATION_LOCK).execute(&mut *transaction).await?;
    if is_pooled {
        // the migrator names its statements, and another client may have used the names on this connection of Postgres
        transaction.execute("DEALLOCATE ALL").await?;
    }
    super::migrated(&migrator, migrator.run(&mut *transaction).await)?;
    if is_pooled {
        transaction.execute("DEALLOCATE ALL").await?;
    }
    Ok(transaction.commit().await?)
}

super::store_impl!(PostgresStore {
    location: |store| store.location.clone(),
    cluster_id: |store| store.cluster_id.clone(),
    generation: |store| store.generation.get(),
    close: |store| {
        store.follower.abort();
        store.sealer.close().await;
        store.connections.close().await;
    },
});
