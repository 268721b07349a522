//! Postgres: replicas are equal, nothing in one process's memory decides an id or a version.
//!
//! A unit of work is one transaction at READ COMMITTED. Advisory locks serialise it per subject (exclusive for the one
//! written, shared for those referred to) and per content; the counter row of the context hands out ids. Serialisation
//! failures and deadlocks are retried.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use sqlx::ConnectOptions as _;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPool, PgPoolOptions};
use tokio::task::JoinHandle;

use super::{
    AssociateOutcome, AssociateRequest, AssociationFilter, Change, DeleteOutcome, DeleteRequest, DocumentTag, Generation, Holder,
    ImportSwitch, KnownGeneration, ListedSubject, ListedVersion, NamedSchema, RegisterOutcome, RegisterRequest, SchemaNames,
    Scope, ScopeSettings, Store, StoreError, StoredSchema, SubjectFilter, SubjectState, VersionFilter, VersionRow,
};
use crate::codec::ConfigPatch;
use crate::types::{
    Alias, Association, Config, Guid, Mode, SchemaId, SchemaName, SchemaType, Subject, TypeBinding, Version, VersionSelector,
};

/// The texts of a JSON array that is bound to a parameter, for `IN`.
macro_rules! texts {
    ($n:literal) => {
        concat!("(SELECT json_array_elements_text($", $n, "::json))")
    };
}

mod insert_version;
#[path = "../sql/mod.rs"]
mod sql;

type Conn = sqlx::PgConnection;
type Row = sqlx::postgres::PgRow;

/// Channel on which replicas tell one another that the generation changed.
const CHANNEL: &str = "accordant_generation";

/// The dialect: statements that differ, and the locks.
mod dialect {
    use md5::{Digest, Md5};

    use crate::store::StoreError;
    use crate::types::{Guid, Subject};

    pub(super) use super::insert_version::insert_version;

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

    fn subject_key(subject: &Subject) -> i64 {
        key(&[b"subject", subject.context().as_bytes(), subject.name().as_bytes()])
    }

    /// Locks several subjects for writing.
    pub(super) async fn lock_all(conn: &mut super::Conn, subjects: &[Subject]) -> Result<(), StoreError> {
        let mut keys: Vec<i64> = subjects.iter().map(subject_key).collect();
        keys.sort_unstable();
        keys.dedup();
        for key in keys {
            sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(key).execute(&mut *conn).await?;
        }
        Ok(())
    }

    /// Takes the locks in one order everywhere, so that two transactions never wait for each other in a circle.
    pub(super) async fn lock_subjects(conn: &mut super::Conn, subject: &Subject, targets: &[Subject]) -> Result<(), StoreError> {
        let own = subject_key(subject);
        let mut locks: Vec<(i64, bool)> = targets.iter().map(|t| (subject_key(t), false)).filter(|(k, _)| *k != own).collect();
        locks.push((own, true));
        locks.sort_unstable();
        locks.dedup();
        for (key, exclusive) in locks {
            let statement =
                if exclusive { "SELECT pg_advisory_xact_lock($1)" } else { "SELECT pg_advisory_xact_lock_shared($1)" };
            sqlx::query(statement).bind(key).execute(&mut *conn).await?;
        }
        Ok(())
    }

    pub(super) async fn lock_content(conn: &mut super::Conn, context: &str, guid: Guid) -> Result<(), StoreError> {
        let key = key(&[b"content", context.as_bytes(), &guid.0]);
        sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(key).execute(&mut *conn).await?;
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
    /// `postgres://user:password@host:port/database?...`
    pub url: String,
    /// Most connections of this process.
    pub max_connections: u32,
    /// How long a request waits for a connection.
    pub acquire_timeout: Duration,
    /// How often the generation is polled, beside being listened for.
    pub poll_interval: Duration,
    /// Prepared statements kept per connection; 0 behind a pooler in transaction mode.
    pub statement_cache: usize,
}

impl PostgresOptions {
    /// The defaults for a URL.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            max_connections: 16,
            acquire_timeout: Duration::from_secs(10),
            poll_interval: Duration::from_secs(1),
            statement_cache: 200,
        }
    }
}

/// The store that replicas share.
pub struct PostgresStore {
    location: String,
    pool: PgPool,
    generation: Arc<KnownGeneration>,
    cluster_id: String,
    clock: crate::types::Clock,
    follower: JoinHandle<()>,
}

/// Without this the follower would keep the pool, and so its connections, for as long as the process runs.
impl Drop for PostgresStore {
    fn drop(&mut self) {
        self.follower.abort();
    }
}

/// How often a transaction is tried before its failure is passed on.
const ATTEMPTS: u32 = 8;

impl PostgresStore {
    /// Connects and migrates. Several replicas may do so at once: one migrates, the others wait for it.
    ///
    /// # Errors
    /// [`StoreError::Newer`] when a newer release wrote the database.
    pub async fn open(options: PostgresOptions, clock: crate::types::Clock) -> Result<Self, StoreError> {
        let connect: PgConnectOptions = options.url.parse()?;
        let connect =
            connect.application_name("accordant").statement_cache_capacity(options.statement_cache).disable_statement_logging();
        let location = format!(
            "postgres://{}:{}/{}",
            connect.get_host(),
            connect.get_port(),
            connect.get_database().unwrap_or_else(|| connect.get_username())
        );
        let pool = PgPoolOptions::new()
            .max_connections(options.max_connections)
            .acquire_timeout(options.acquire_timeout)
            .connect_with(connect)
            .await?;
        let mut conn = pool.acquire().await?;
        let migrator = sqlx::migrate!("migrations/postgres");
        super::migrated(&migrator, migrator.run(&mut *conn).await)?;
        let fresh_id = uuid::Uuid::new_v4().to_string();
        let cluster_id = sql::init(&mut conn, &fresh_id, clock()).await?;
        let generation = Arc::new(KnownGeneration::default());
        generation.learn(sql::generation(&mut conn).await?);
        drop(conn);
        let follower = tokio::spawn(follow(pool.clone(), Arc::clone(&generation), options.poll_interval));
        Ok(Self { location, pool, generation, cluster_id, clock, follower })
    }

    fn pool(&self) -> &PgPool {
        &self.pool
    }

    async fn read(&self) -> Result<sqlx::pool::PoolConnection<sqlx::Postgres>, StoreError> {
        Ok(self.pool.acquire().await?)
    }

    async fn current_generation(&self) -> Result<Generation, StoreError> {
        let current = sql::generation(&mut *self.read().await?).await?;
        self.generation.learn(current);
        Ok(current)
    }

    async fn write<T, F>(&self, unit: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'c> Fn(&'c mut Conn) -> BoxFuture<'c, Result<T, StoreError>> + Send + 'static,
    {
        let mut attempt = 1;
        loop {
            match self.try_write(&unit).await {
                Err(error) if attempt < ATTEMPTS && worth_retrying(&error) => attempt += 1,
                result => return result,
            }
        }
    }

    async fn try_write<T, F>(&self, unit: &F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'c> Fn(&'c mut Conn) -> BoxFuture<'c, Result<T, StoreError>> + Send + 'static,
    {
        let mut transaction = self.pool.begin().await?;
        let result = unit(&mut transaction).await?;
        let current = sql::generation(&mut transaction).await?;
        transaction.commit().await?;
        // this replica must not answer from memory that is older than its own write
        self.generation.learn(current);
        Ok(result)
    }
}

/// SQLSTATEs after which the same transaction may succeed when it is run again (PostgreSQL manual, appendix A).
mod sqlstate {
    pub(super) const SERIALIZATION_FAILURE: &str = "40001";
    pub(super) const DEADLOCK_DETECTED: &str = "40P01";
    /// A concurrent transaction inserted the same key first; run again, this one will find it.
    pub(super) const UNIQUE_VIOLATION: &str = "23505";
}

fn worth_retrying(error: &StoreError) -> bool {
    let StoreError::Database(sqlx::Error::Database(error)) = error else { return false };
    let retried = [sqlstate::SERIALIZATION_FAILURE, sqlstate::DEADLOCK_DETECTED, sqlstate::UNIQUE_VIOLATION];
    error.code().is_some_and(|code| retried.contains(&code.as_ref()))
}

/// Follows the generation: by notification, and by polling when notifications don't come.
async fn follow(pool: PgPool, generation: Arc<KnownGeneration>, poll: Duration) {
    let mut listener = None;
    loop {
        if listener.is_none() {
            listener = listen(&pool).await;
        }
        match &mut listener {
            Some(connected) => {
                if let Ok(Err(_)) = tokio::time::timeout(poll, connected.recv()).await {
                    listener = None;
                }
            }
            None => tokio::time::sleep(poll).await,
        }
        if let Ok(mut conn) = pool.acquire().await
            && let Ok(current) = sql::generation(&mut conn).await
        {
            generation.learn(current);
        }
    }
}

async fn listen(pool: &PgPool) -> Option<PgListener> {
    let mut listener = PgListener::connect_with(pool).await.ok()?;
    listener.listen(CHANNEL).await.ok()?;
    Some(listener)
}

super::store_impl!(PostgresStore {
    location: |store| store.location.clone(),
    cluster_id: |store| store.cluster_id.clone(),
    generation: |store| store.generation.get(),
    close: |store| {
        store.follower.abort();
        store.pool.close().await;
    },
});
