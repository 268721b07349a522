//! SQLite: one file owned by one process. Writes go through `writer`, which groups them into commits; reads use a pool.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _};

use super::{
    AssociateOutcome, AssociateRequest, AssociationFilter, AuditChain, AuditFilter, AuditPage, BrowsePlace, BrowsedHit, Counts,
    DeleteOutcome, DeleteRequest, DocumentTag, ExporterChange, ExporterProgress, Extent, FileReading, FiledWords, Freshness,
    Generation, Holder, ImportOutcome, ImportRequest, ImportSwitch, KeyChange, KeyOutcome, KnownGeneration, ListedVersion,
    NamedSchema, OutboxEntry, Refusals, RegisterOutcome, RegisterRequest, Registrations, SchemaNames, Scope, ScopeSettings,
    SearchHit, SettingsOutcome, Statistics, Store, StoreError, StoreObserver, StoreReadings, StoredSchema, SubjectFilter,
    SubjectState, TurnHolder, Unobserved, UsageCount, UsageFilter, VersionBrowse, VersionFilter, VersionRow, VersionUsage,
    WordQuery, migrations,
};
use crate::cache::Generational;
use crate::codec::ConfigPatch;
use crate::types::{
    Actor, Alias, Association, Config, Dek, DekName, Guid, Kek, LinkKind, Mode, SchemaId, SchemaName, SchemaType, StoredExporter,
    Subject, TypeBinding, Version, VersionSelector,
};
pub use audit::SqliteAudit;
pub use backup::backup;
use file::DatabaseFile;
pub use inspect::{inspect, library_version};
use places::{Listed, VersionPlaces};
pub use snapshot::{Snapshot, finish_restore, move_aside};
use sql::PageStart;
use writer::{FileHealth, FileKnowledge, Keeping, WriterHandle};

/// The texts of a JSON array that is bound to a parameter, for `IN`.
macro_rules! texts {
    ($n:literal) => {
        concat!("(SELECT value FROM json_each($", $n, "))")
    };
}

mod audit;
/// One row with a JSON array of a column's values.
macro_rules! json_list {
    ($column:expr) => {
        concat!("SELECT json_group_array(", $column, ")")
    };
}

/// A JSON array of some columns.
macro_rules! json_row {
    ($columns:literal) => {
        concat!("json_array(", $columns, ")")
    };
}

/// Subjects of a page of versions, where `$conditions` has been said of them: they are walked in the order of their names.
macro_rules! page_from {
    ($conditions:expr) => {
        "subjects u"
    };
}
macro_rules! page_where {
    ($conditions:expr) => {
        concat!($conditions, "AND ")
    };
}

/// Whose turn it is to register: the process knows.
macro_rules! turn {
    () => {
        ""
    };
}

/// What the index of words finds, $2 at most, the newest first.
macro_rules! found_subjects {
    () => {
        "(SELECT rowid AS subject_id FROM search_subjects WHERE search_subjects MATCH $1 ORDER BY rowid DESC LIMIT $2) f"
    };
}
macro_rules! found_schemas {
    () => {
        "(SELECT rowid / 4294967296 AS context_id, rowid % 4294967296 AS schema_id FROM search_schemas \
         WHERE search_schemas MATCH $1 ORDER BY rowid DESC LIMIT $2) f"
    };
}

mod backup;
mod file;
mod insert_rows;
mod insert_version;
mod inspect;
mod places;
mod snapshot;
#[path = "../sql/mod.rs"]
mod sql;
mod words;
mod writer;

type Conn = sqlx::SqliteConnection;
type Row = sqlx::sqlite::SqliteRow;

/// The dialect: what the statements in sql/ can't say for both databases. The writer is the only one who writes, so the
/// locks are empty here.
mod dialect {
    pub(super) use super::insert_rows::{file_schemas, file_subjects, insert_rows};
    pub(super) use super::insert_version::insert_version;
    pub(super) use super::words;
    use super::{Duration, Subject};
    use crate::store::{StoreError, TurnHolder};

    /// What a transaction begins with on Postgres.
    #[derive(Debug, Default)]
    pub(super) struct LockKeys;

    impl LockKeys {
        pub(super) fn of(_: &[super::sql::locks::Lock<'_>]) -> Self {
            Self
        }
    }

    pub(super) type Db = sqlx::Sqlite;

    /// Whether a plan of a list that is made without its values walks an index.
    pub(super) const PLANS_WITHOUT_VALUES: bool = true;

    pub(super) mod statements {
        macro_rules! schema_columns {
            () => {
                "s.schema_id, s.guid, s.schema_type, s.text, s.refs, s.metadata, s.rule_set, s.created_at"
            };
        }
        pub(in crate::store::sqlite) const SCHEMA: &str = concat!(
            "SELECT ",
            schema_columns!(),
            " FROM contexts c JOIN schemas s ON s.context_id = c.context_id WHERE c.name = $1 AND s.schema_id = $2"
        );
        pub(in crate::store::sqlite) const SCHEMAS: &str = concat!(
            "SELECT ",
            schema_columns!(),
            " FROM contexts c JOIN schemas s ON s.context_id = c.context_id \
             WHERE c.name = $1 AND s.schema_id IN (SELECT value FROM json_each($2))"
        );
        pub(in crate::store::sqlite) const SETTINGS: &str = "SELECT k.context, k.subject, c.config, m.mode FROM \
             (SELECT json_extract(value, '$[0]') AS context, json_extract(value, '$[1]') AS subject FROM json_each($1)) k \
             LEFT JOIN configs c ON c.context = k.context AND c.subject = k.subject \
             LEFT JOIN modes m ON m.context = k.context AND m.subject = k.subject";
        /// The entry first: the sequence of the change is what comes out.
        pub(in crate::store::sqlite) const RECORD: &str = "INSERT INTO audit (at, operation, actor, login, address, user_agent, \
             request_id, reason, context, subject, version, schema_id, guid_before, guid_after, details) \
             VALUES ($7, $14, $8, $9, $10, $11, $12, $13, $2, $3, $4, COALESCE($5, $15), (SELECT s.guid FROM schemas s \
             JOIN contexts c ON c.context_id = s.context_id WHERE c.name = $2 AND s.schema_id = $15), $16, $17); \
             INSERT INTO changes (kind, context, subject, version, schema_id, payload, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7) \
             RETURNING sequence";
        /// How many of the versions in $1, an array of `[subject, number]`, are there.
        pub(in crate::store::sqlite) const COUNT_VERSIONS: &str = "SELECT COUNT(*) FROM json_each($1) p \
             CROSS JOIN subjects u ON u.qualified = json_extract(p.value, '$[0]') \
             CROSS JOIN versions v ON v.subject_id = u.subject_id AND v.version = json_extract(p.value, '$[1]')";
        /// $1: an array of `[entry, position, hash]`; $2 and $3: the end of the chain.
        pub(in crate::store::sqlite) const SEAL: &str = "UPDATE audit SET position = json_extract(p.value, '$[1]'), \
             hash = json_extract(p.value, '$[2]') FROM json_each($1) p WHERE entry = json_extract(p.value, '$[0]'); \
             UPDATE audit_chain SET position = $2, hash = $3";
    }

    #[expect(clippy::unused_async, reason = "as on Postgres, where there is something to await")]
    pub(super) async fn lock_chain(_: &mut super::Conn) -> Result<(), StoreError> {
        Ok(())
    }

    #[expect(clippy::unused_async, reason = "as on Postgres, where there is something to await")]
    pub(super) async fn lock(_: &mut super::Conn, _: &[super::sql::locks::Lock<'_>]) -> Result<(), StoreError> {
        Ok(())
    }

    #[expect(clippy::unused_async, reason = "as on Postgres, where there is something to await")]
    pub(super) async fn take_turn(_: &mut super::Conn, _: &Subject, _: TurnHolder, _: Duration) -> Result<bool, StoreError> {
        Ok(true)
    }

    #[expect(clippy::unused_async, reason = "as on Postgres, where there is something to await")]
    pub(super) async fn end_turn(_: &mut super::Conn, _: &Subject, _: TurnHolder) -> Result<(), StoreError> {
        Ok(())
    }

    #[expect(clippy::unused_async, reason = "as on Postgres, where there is something to await")]
    pub(super) async fn disrupted(_: &mut super::Conn) -> Result<(), StoreError> {
        Ok(())
    }
}

fn migrator() -> sqlx::migrate::Migrator {
    migrations::migrator(migrations::SQLITE)
}

/// The highest migration that this binary knows.
pub fn latest_migration() -> i64 {
    migrations::latest(migrations::SQLITE)
}

/// How the file is opened.
#[derive(Clone)]
pub struct SqliteOptions {
    /// The file.
    pub path: PathBuf,
    /// Connections for reading.
    pub readers: u32,
    /// Most units of work in one commit; 1 turns grouping off.
    pub max_batch: usize,
    /// Told of what is done.
    pub observer: Arc<dyn StoreObserver>,
    /// Record who changes what.
    pub audit: bool,
}

impl SqliteOptions {
    /// The defaults for a file.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), readers: 4, max_batch: 256, observer: Arc::new(Unobserved), audit: true }
    }
}

/// The embedded store.
pub struct SqliteStore {
    path: PathBuf,
    readers: SqlitePool,
    /// Lists have connections of their own, so that they don't hold up what asks for one thing.
    list_readers: SqlitePool,
    writer: WriterHandle,
    generation: Arc<KnownGeneration>,
    cluster_id: String,
    clock: crate::types::Clock,
    observer: Arc<dyn StoreObserver>,
    health: Arc<FileHealth>,
    audit: bool,
    unsealable: i64,
    registrations: Arc<Registrations>,
    /// The versions of subjects: this process alone writes the file, so it knows when they change.
    subjects: Generational<Subject, SubjectState>,
    versions: Generational<(Subject, VersionSelector, bool), Option<VersionRow>>,
    places: Arc<VersionPlaces>,
}

const LIST_READERS: u32 = 2;

/// What each reader keeps of the file, in KiB, which SQLite takes by the minus. What is asked for again is in caches above this one, and the
/// file is in the system's.
const READER_CACHE: &str = "-512";

/// Memory for the versions of subjects: those of some thousand subjects, or all of one that has 100,000.
const SUBJECTS_BYTES: u64 = 4 << 20;
/// Memory for single versions: some 20,000.
const VERSIONS_BYTES: u64 = 4 << 20;

impl SqliteStore {
    /// Who is to be recorded as having made a change.
    fn audited(&self, by: &Arc<Actor>) -> Option<Arc<Actor>> {
        self.audit.then(|| Arc::clone(by))
    }

    /// Up to which entry none is sealed that is not: they were there, without a place in the chain, when the file was opened.
    fn unsealable(&self) -> i64 {
        self.unsealable
    }

    #[expect(clippy::unused_async, reason = "as on Postgres, where there is something to do")]
    async fn seal_audit(&self) {}

    /// Opens the file, creating and migrating it as needed.
    ///
    /// # Errors
    /// [`StoreError::InUse`] when another process has it, [`StoreError::Newer`] when a newer release wrote it.
    pub async fn open(options: SqliteOptions, clock: crate::types::Clock) -> Result<Self, StoreError> {
        let health = Arc::new(FileHealth::new(DatabaseFile::open(&options.path)?));
        let connect = SqliteConnectOptions::new()
            .filename(&options.path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .pragma("temp_store", "MEMORY")
            .busy_timeout(Duration::from_secs(30))
            .foreign_keys(true)
            .disable_statement_logging();
        let mut conn = connect.connect().await?;
        let migrator = migrator();
        super::migrated(&migrator, migrator.run(&mut conn).await)?;
        let fresh_id = uuid::Uuid::new_v4().to_string();
        let cluster_id = sql::init(&mut conn, &fresh_id, clock()).await?;
        let generation = Arc::new(KnownGeneration::default());
        generation.learn(sql::generation(&mut conn).await?);
        let connect = connect.create_if_missing(false).read_only(true).pragma("cache_size", READER_CACHE);
        let readers = self::readers(options.readers, connect.clone()).await?;
        let list_readers = self::readers(LIST_READERS, connect).await?;
        let registrations = Arc::new(Registrations::default());
        let places = Arc::new(VersionPlaces::default());
        let known = FileKnowledge {
            generation: Arc::clone(&generation),
            registrations: Arc::clone(&registrations),
            places: Arc::clone(&places),
        };
        let unsealable = sql::audit::last_unsealed(&mut conn).await?.unwrap_or(i64::MIN);
        if unsealable != i64::MIN {
            tracing::error!("the audit has entries that no server has written (accordant audit verify)");
        }
        let keeping = Keeping { max_batch: options.max_batch, unsealable };
        let writer = WriterHandle::start(conn, keeping, known, Arc::clone(&health), Arc::clone(&options.observer));
        let subjects = Generational::undivided(SUBJECTS_BYTES, 512, |subject: &Subject, state: &SubjectState| {
            subject.name().len() + state.rows.len() * size_of::<VersionRow>()
        });
        let versions = Generational::new(VERSIONS_BYTES, 200, |(subject, ..): &(Subject, VersionSelector, bool), _| {
            subject.name().len() + size_of::<VersionRow>()
        });
        Ok(Self {
            path: options.path,
            readers,
            list_readers,
            writer,
            generation,
            cluster_id,
            clock,
            observer: options.observer,
            health,
            registrations,
            subjects,
            versions,
            places,
            audit: options.audit,
            unsealable,
        })
    }

    fn readings(&self) -> StoreReadings {
        let idle = |pool: &SqlitePool| u32::try_from(pool.num_idle()).unwrap_or(u32::MAX);
        let (file_bytes, log_bytes) = self.health.file().sizes();
        StoreReadings {
            open_connections: self.readers.size() + self.list_readers.size() + 1,
            idle_connections: idle(&self.readers) + idle(&self.list_readers),
            file: Some(FileReading { file_bytes, log_bytes, room: self.health.file().room() }),
            follower: None,
            caches: vec![("subjects", self.subjects.reading()), ("versions", self.versions.reading())],
        }
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.health.file().check()?;
        sql::generation(&mut *self.begin_read().await?).await?;
        if self.health.is_unwritable() {
            // perhaps it can be written again
            self.write(None, dialect::LockKeys, |conn| Box::pin(change_nothing(conn))).await?;
            if self.health.is_unwritable() {
                return Err(self.health.unwritable());
            }
        }
        Ok(())
    }

    fn is_available(&self) -> bool {
        !self.health.is_unwritable() && self.health.file().check().is_ok()
    }

    async fn begin_read(&self) -> Result<PoolConnection<sqlx::Sqlite>, StoreError> {
        self.connection("read", &self.readers).await
    }

    async fn begin_list(&self) -> Result<PoolConnection<sqlx::Sqlite>, StoreError> {
        self.connection("list", &self.list_readers).await
    }

    async fn connection(&self, purpose: &'static str, pool: &SqlitePool) -> Result<PoolConnection<sqlx::Sqlite>, StoreError> {
        let begun = Instant::now();
        let connection = pool.acquire().await;
        self.observer.waited(purpose, begun.elapsed());
        Ok(connection?)
    }

    #[expect(clippy::unused_async, reason = "as on Postgres, where there is something to await")]
    async fn end_read(&self, _: PoolConnection<sqlx::Sqlite>) -> Result<(), StoreError> {
        Ok(())
    }

    /// A file is neither lost nor silent.
    async fn read_either<T, A: Future<Output = Result<T, StoreError>>>(
        &self,
        reading: impl Future<Output = Result<T, StoreError>>,
        _: impl FnOnce() -> A,
    ) -> Result<T, StoreError> {
        reading.await
    }

    #[expect(clippy::unused_async, reason = "as on Postgres, where there is something to await")]
    async fn current_generation(&self) -> Result<Generation, StoreError> {
        Ok(self.generation.get())
    }

    #[expect(clippy::unnecessary_wraps, reason = "on Postgres there may be none")]
    fn freshness(&self, of: Extent) -> Option<Freshness> {
        Some(self.registrations.freshness(of, None))
    }

    async fn find_place(&self, conn: &mut Conn, filter: &SubjectFilter, place: i64) -> Result<Option<(String, i64)>, StoreError> {
        let begin = self.places.begin(conn, filter, Listed::Versions, place, self.generation.get().content).await?;
        sql::place_of_version(conn, filter, place, begin).await
    }

    async fn find_subjects(
        &self,
        conn: &mut Conn,
        filter: &SubjectFilter,
        after: Option<&str>,
        skip: i64,
        limit: i64,
    ) -> Result<Vec<String>, StoreError> {
        if let Some(after) = after {
            return sql::subjects(conn, filter, PageStart::After(after), skip, limit).await;
        }
        match self.places.begin(conn, filter, Listed::Subjects, skip, self.generation.get().content).await? {
            Some((begin, skip)) => sql::subjects(conn, filter, PageStart::At(&begin), skip, limit).await,
            None => sql::subjects(conn, filter, PageStart::Begin, skip, limit).await,
        }
    }

    /// Grows with whatever can change the versions of a subject.
    fn stand(&self, subject: &Subject) -> i64 {
        let registrations = i64::try_from(self.registrations.so_far(Extent::of(subject))).unwrap_or(i64::MAX);
        self.generation.get().content.saturating_add(registrations)
    }

    async fn known_subject<R: Future<Output = Result<SubjectState, StoreError>>>(
        &self,
        subject: &Subject,
        read: impl FnOnce() -> R,
    ) -> Result<SubjectState, StoreError> {
        let stand = self.stand(subject);
        match self.subjects.get(subject, stand) {
            Some(state) => Ok(state),
            None => Box::pin(self.subjects.get_or_load(subject, stand, read())).await,
        }
    }

    async fn known_version<R: Future<Output = Result<Option<VersionRow>, StoreError>>>(
        &self,
        subject: &Subject,
        selector: VersionSelector,
        deleted: bool,
        read: impl FnOnce() -> R,
    ) -> Result<Option<VersionRow>, StoreError> {
        let (asked, stand) = ((subject.clone(), selector, deleted), self.stand(subject));
        match self.versions.get(&asked, stand) {
            Some(row) => Ok(row),
            None => Box::pin(self.versions.get_or_load(&asked, stand, read())).await,
        }
    }

    /// The writer groups all that is written.
    async fn register_grouped<R: Future<Output = Result<RegisterOutcome, StoreError>>>(
        &self,
        _: &Arc<RegisterRequest>,
        _: &Arc<Actor>,
        alone: impl FnOnce() -> R,
    ) -> Result<RegisterOutcome, StoreError> {
        alone().await
    }

    /// Does a unit of work in a transaction; there is one at a time, so nothing is locked. `registers`: what may have a new version then.
    async fn write<T, F>(&self, registers: Option<Subject>, _: dialect::LockKeys, unit: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'c> Fn(&'c mut Conn) -> BoxFuture<'c, Result<T, StoreError>> + Send + 'static,
    {
        self.writer.submit(registers, unit).await
    }
}

super::store_impl!(SqliteStore {
    location: |store| format!("sqlite://{}", store.path.display()),
    cluster_id: |store| store.cluster_id.clone(),
    generation: |store| store.generation.get(),
    close: |store| {
        let writing = store.writer.close().await;
        store.readers.close().await;
        store.list_readers.close().await;
        if let Some(conn) = writing {
            close_last(conn).await;
        }
    },
});

async fn readers(number: u32, connect: SqliteConnectOptions) -> Result<SqlitePool, sqlx::Error> {
    SqlitePoolOptions::new()
        .max_connections(number)
        // opened now: neither a name that is gone nor a want of open files keeps later reads from the file
        .min_connections(number)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_with(connect)
        .await
}

/// A write that shows that writing is possible.
async fn change_nothing(conn: &mut Conn) -> Result<(), StoreError> {
    sqlx::query("UPDATE registry SET one = one").execute(conn).await?;
    Ok(())
}

/// Closes the last connection: all that is in the write-ahead log goes into the file, which then is the whole registry.
async fn close_last(mut conn: Conn) {
    let emptied = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut conn).await.map(|_| ());
    if let Err(error) = emptied.and(conn.close().await) {
        tracing::warn!(%error, "the database did not close cleanly");
    }
}

#[cfg(test)]
mod tests {
    use sqlx::Row as _;

    use super::*;

    /// Whatever is stored: a content is found by its guid, never by walking a context.
    #[tokio::test]
    async fn a_content_is_searched_by_guid() {
        let mut conn = Conn::connect("sqlite::memory:").await.unwrap();
        migrator().run(&mut conn).await.unwrap();
        for statement in [sql::read::CONTENT_IDS, sql::read::HEAD] {
            let explain = sqlx::query(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}")));
            let rows = explain.bind(Vec::new()).bind(".").bind("AVRO").bind("subject").fetch_all(&mut conn).await;
            let plan: Vec<String> = rows.unwrap().iter().map(|row| row.get("detail")).collect();
            assert!(plan.iter().any(|step| step.contains("schemas_by_guid (guid=? AND context_id=?)")), "{plan:#?}");
            assert!(!plan.iter().any(|step| step.starts_with("SCAN")), "{plan:#?}");
        }
    }
}
