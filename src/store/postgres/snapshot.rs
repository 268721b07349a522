//! The database read, emptied, and put right after a restore, without a server.

use std::time::Duration;

use sqlx::{AssertSqlSafe, Executor as _, Row as _};

use super::{PostgresOptions, PostgresSession, migrator, sql};
use crate::store::snapshot::{RegistrySnapshot, Restored};
use crate::store::{ListedVersion, StoreError, fit};
use crate::types::Version;

/// How often, and how soon again, it is looked whether somebody is connected: Postgres knows of a connection for a moment after its end.
const LOOKS: u32 = 40;
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Others of our processes that are connected to the same database.
const OTHERS: &str = "SELECT count(*)::text AS others FROM pg_stat_activity WHERE datname = current_database() \
     AND application_name = 'accordant' AND pid <> pg_backend_pid()";

/// A database as it is at one moment, also while servers work with it.
#[derive(Debug)]
pub struct Snapshot {
    /// In a transaction, which sees no later change.
    session: PostgresSession,
}

impl Snapshot {
    /// # Errors
    /// The database can't be reached or read, or another release has written it.
    pub async fn open(options: PostgresOptions) -> Result<Self, StoreError> {
        fit(&super::inspect(options.clone()).await?.migrations)?;
        let mut session = connect(&options).await?;
        session.connection().execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
        // what is copied is written meanwhile, for which the database waits
        session.connection().execute("SET LOCAL idle_in_transaction_session_timeout = 0").await?;
        Ok(Self { session })
    }

    /// Everything but versions.
    ///
    /// # Errors
    /// The database can't be read.
    pub async fn content(&mut self) -> Result<RegistrySnapshot, StoreError> {
        sql::snapshot(&mut self.session).await
    }

    /// Which versions there are, and whether they are soft-deleted.
    ///
    /// # Errors
    /// The database can't be read.
    pub async fn marks(&mut self) -> Result<Vec<(String, Version, bool)>, StoreError> {
        sql::version_marks(&mut self.session).await
    }

    /// The next versions by qualified subject and number, deleted ones too; none after the last.
    ///
    /// # Errors
    /// The database can't be read.
    pub async fn versions(&mut self, after: Option<(&str, Version)>) -> Result<Vec<ListedVersion>, StoreError> {
        sql::snapshot_versions(&mut self.session, after).await
    }

    /// # Errors
    /// The database can't be reached.
    pub async fn close(mut self) -> Result<(), StoreError> {
        self.session.connection().execute("ROLLBACK").await?;
        let _ = self.session.close().await;
        Ok(())
    }
}

/// Writes what no registration brings.
///
/// # Errors
/// The database can't be reached or written.
pub async fn finish_restore(options: PostgresOptions, restored: &Restored) -> Result<(), StoreError> {
    let mut session = connect(&options).await?;
    session.connection().execute("BEGIN").await?;
    sql::finish_restore(&mut session, restored).await?;
    session.connection().execute("COMMIT").await?;
    let _ = session.close().await;
    Ok(())
}

/// Removes all tables of a registry from a database that no server works with.
///
/// # Errors
/// A server is connected, or the database can't be reached or written.
pub async fn clear(options: PostgresOptions) -> Result<(), StoreError> {
    let mut session = connect(&options).await?;
    let mut looks = 0;
    while session.connection().fetch_one(OTHERS).await?.try_get::<String, _>("others")? != "0" {
        looks += 1;
        if looks > LOOKS {
            return Err(StoreError::InUse { path: "the database".to_owned() });
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    let migrator = migrator();
    let made = migrator.iter().flat_map(|migration| migration.sql.as_str().lines());
    let named = |line: &str, what: &str| {
        let rest = line.trim_start().strip_prefix(what)?;
        rest.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).next().map(str::to_owned)
    };
    let (mut tables, mut functions) = (vec!["_sqlx_migrations".to_owned()], Vec::new());
    for line in made {
        tables.extend(named(line, "CREATE TABLE "));
        functions.extend(named(line, "CREATE FUNCTION ").or_else(|| named(line, "CREATE OR REPLACE FUNCTION ")));
    }
    let mut script = format!("BEGIN; DROP TABLE IF EXISTS {} CASCADE; ", tables.join(", "));
    for function in functions {
        script = format!("{script}DROP FUNCTION IF EXISTS {function} CASCADE; ");
    }
    script.push_str("COMMIT");
    // the names are those of this binary's migrations
    session.connection().execute(AssertSqlSafe(script)).await?;
    let _ = session.close().await;
    Ok(())
}

async fn connect(options: &PostgresOptions) -> Result<PostgresSession, StoreError> {
    let connector = options.connector()?;
    let unreachable = |cause: String| StoreError::Unreachable { database: connector.hosts.address(), cause };
    let connected = tokio::time::timeout(options.acquire_timeout, connector.connect()).await;
    let connected =
        connected.map_err(|_| unreachable(format!("no answer within {} s", options.acquire_timeout.as_secs_f64())))?;
    connected.map_err(|error| unreachable(super::sqlstate::cause(&error)))
}
