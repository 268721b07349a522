//! A connection, and whether the statements that are prepared on it may have names.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::{BoxFuture, join_all};
use futures_util::stream::BoxStream;
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArguments, PgConnectOptions, PgConnection, PgQueryResult, PgRow, PgStatement, PgTypeInfo, Postgres};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Either, Error, Execute, Executor, Row as _, SqlStr};

use super::hosts::DatabaseHosts;
use super::id_counter::IdCounter;
use super::locks::LockKind;
use super::sqlstate;

/// A connection of this process.
#[derive(Debug)]
pub(in crate::store) struct PostgresSession {
    connection: PgConnection,
    /// Behind a pooler the next transaction runs on another connection of Postgres, where a name means nothing or something else.
    has_names: bool,
    /// Nothing is under way on it, and no transaction is open.
    is_clean: bool,
    /// To which of several servers it leads.
    host: usize,
    id_counter: Option<Arc<IdCounter>>,
    /// Ids that were taken for the transaction that is under way, each with its context.
    taken_ids: Vec<(i64, i64)>,
    locks: LockKind,
    /// When the last work on it was done.
    finished: Instant,
}

/// A connection that answered so lately is not asked whether it is there before it is used.
const LATELY: Duration = Duration::from_secs(1);

/// How connections are made.
#[derive(Debug, Clone)]
pub(super) struct Connector {
    pub(super) hosts: DatabaseHosts,
    /// The one of them that was the right one last.
    pub(super) current: Arc<AtomicUsize>,
    /// Where ids come from; not for what only looks.
    pub(super) id_counter: Option<Arc<IdCounter>>,
    /// How long each of several may take to answer.
    pub(super) host_timeout: Duration,
    /// A pooler that gives each transaction to another connection of Postgres stands between.
    pub(super) is_pooled: bool,
    pub(super) statement_timeout: Duration,
    pub(super) locks: LockKind,
}

/// A replica that has vanished lets go of what it has locked.
const KEEPALIVES: &str = "SET tcp_keepalives_idle = 15; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3; \
                          SET tcp_user_timeout = 30000";

impl Connector {
    /// The session's limits are set by statements and not by parameters of the connection, which poolers refuse.
    pub(super) async fn connect(&self) -> Result<PostgresSession, Error> {
        let hosts = &self.hosts.options;
        if let [only] = &**hosts {
            return self.connect_to(0, only).await;
        }
        let (current, mut failures) = (self.current.load(Ordering::Relaxed), Vec::new());
        for at in (0..hosts.len()).map(|offset| (current + offset) % hosts.len()) {
            let Some(options) = hosts.get(at) else { continue };
            let silent = |_| Err(io::Error::from(io::ErrorKind::TimedOut).into());
            match tokio::time::timeout(self.host_timeout, self.connect_to(at, options)).await.unwrap_or_else(silent) {
                Ok(session) => {
                    if self.current.swap(at, Ordering::Relaxed) != at {
                        tracing::info!("the database is now at {}:{}", options.get_host(), options.get_port());
                    }
                    return Ok(session);
                }
                // it is the right one, and others of this process will come back
                Err(error) if sqlstate::is(&error, sqlstate::TOO_MANY_CONNECTIONS) => return Err(error),
                Err(error) => {
                    failures.push(format!("{}:{}: {}", options.get_host(), options.get_port(), sqlstate::cause(&error)));
                }
            }
        }
        Err(io::Error::other(failures.join("; ")).into())
    }

    /// How to connect to the one that was the right one last.
    pub(super) fn current_options(&self) -> Option<&PgConnectOptions> {
        self.hosts.options.get(self.current.load(Ordering::Relaxed))
    }

    /// Whether a connection leads to the server that was the right one last.
    pub(super) fn is_current(&self, session: &PostgresSession) -> bool {
        session.host == self.current.load(Ordering::Relaxed)
    }

    async fn connect_to(&self, host: usize, options: &PgConnectOptions) -> Result<PostgresSession, Error> {
        let mut connection = options.connect().await?;
        if self.hosts.wants_writable {
            let row = connection.fetch_one("SHOW transaction_read_only").await?;
            if row.try_get::<String, _>(0)? != "off" {
                return Err(io::Error::other("it takes no writes").into());
            }
        }
        if !self.is_pooled {
            let limit = format!("SET statement_timeout = {}", self.statement_timeout.as_millis());
            connection.execute(AssertSqlSafe(limit)).await?;
            match connection.execute(KEEPALIVES).await {
                // not every server that speaks Postgres's protocol has them
                Ok(_) | Err(Error::Database(_)) => {}
                Err(error) => return Err(error),
            }
        }
        let (id_counter, finished) = (self.id_counter.clone(), Instant::now());
        Ok(PostgresSession {
            connection,
            has_names: !self.is_pooled,
            is_clean: true,
            host,
            id_counter,
            taken_ids: Vec::new(),
            locks: self.locks,
            finished,
        })
    }
}

impl PostgresSession {
    pub(super) fn connection(&mut self) -> &mut PgConnection {
        &mut self.connection
    }

    pub(super) fn is_clean(&self) -> bool {
        self.is_clean
    }

    pub(super) fn set_clean(&mut self, is_clean: bool) {
        self.is_clean = is_clean;
        self.taken_ids.clear();
        if is_clean {
            self.finished = Instant::now();
        }
    }

    /// It answered a moment ago.
    pub(super) fn is_known_good(&self) -> bool {
        self.finished.elapsed() < LATELY
    }

    pub(super) fn lock_kind(&self) -> LockKind {
        self.locks
    }

    /// The next id of a context, where it had better not be taken in this transaction.
    pub(super) async fn next_id(&mut self, context_id: i64) -> Option<i64> {
        if let Some(at) = self.taken_ids.iter().position(|(context, _)| *context == context_id) {
            return Some(self.taken_ids.remove(at).1);
        }
        let counter = self.id_counter.clone()?;
        counter.next(context_id).await
    }

    /// Takes an id for each of some contexts, all at once. [`Self::next_id`] gives them out.
    pub(super) async fn take_ids(&mut self, context_ids: &[i64]) {
        let Some(counter) = self.id_counter.clone() else { return };
        let ids = join_all(context_ids.iter().map(|context_id| counter.next(*context_id))).await;
        self.taken_ids.extend(context_ids.iter().zip(ids).filter_map(|(context_id, id)| Some((*context_id, id?))));
    }

    /// Behind a pooler a read takes a transaction: a statement is prepared in one exchange and run in the next, and only within a
    /// transaction both reach the same connection of Postgres.
    pub(super) async fn begin_read(&mut self) -> Result<(), Error> {
        if !self.has_names {
            self.execute("BEGIN READ ONLY").await?;
        }
        Ok(())
    }

    pub(super) async fn end_read(&mut self) -> Result<(), Error> {
        if !self.has_names {
            self.execute("COMMIT").await?;
        }
        Ok(())
    }

    /// Ends what was left under way on it, and a transaction where one may be open.
    pub(super) async fn clean(&mut self, is_transaction: bool) -> Result<(), Error> {
        if is_transaction || !self.has_names {
            self.execute("ROLLBACK").await?;
        } else {
            self.ping().await?;
        }
        self.is_clean = true;
        Ok(())
    }

    pub(super) async fn ping(&mut self) -> Result<(), Error> {
        self.connection.ping().await
    }

    pub(super) async fn close(self) -> Result<(), Error> {
        self.connection.close().await
    }
}

impl<'c> Executor<'c> for &'c mut PostgresSession {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Result<Either<PgQueryResult, PgRow>, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        if self.has_names { self.connection.fetch_many(query) } else { self.connection.fetch_many(Unnamed(query)) }
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<PgRow>, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        if self.has_names { self.connection.fetch_optional(query) } else { self.connection.fetch_optional(Unnamed(query)) }
    }

    fn prepare_with<'e>(self, sql: SqlStr, parameters: &'e [PgTypeInfo]) -> BoxFuture<'e, Result<PgStatement, Error>>
    where
        'c: 'e,
    {
        self.connection.prepare_with(sql, parameters)
    }
}

/// A query whose statement is forgotten as soon as it has run. With a name it would stay on Postgres's side: sqlx names whatever
/// it prepares, also where it keeps none of it.
struct Unnamed<E>(E);

impl<'q, E: Execute<'q, Postgres>> Execute<'q, Postgres> for Unnamed<E> {
    fn sql(self) -> SqlStr {
        self.0.sql()
    }

    fn statement(&self) -> Option<&PgStatement> {
        self.0.statement()
    }

    fn take_arguments(&mut self) -> Result<Option<PgArguments>, BoxDynError> {
        self.0.take_arguments()
    }

    fn persistent(&self) -> bool {
        false
    }
}
