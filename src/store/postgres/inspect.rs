//! What can be seen of the database without working with it.

use std::time::Duration;

use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{Executor as _, Row as _};

use super::session::Connector;
use super::{PostgresOptions, PostgresSession, Reachability, migrator, sqlstate};
use crate::store::{MigrationState, PostgresInspection, StoreError};

/// Connections that look whether a pooler stands between.
const PROBES: usize = 3;

/// By the simple protocol, which every pooler passes on; so all columns are texts.
const FACTS: &str = "SELECT current_setting('server_version') AS version, current_setting('server_version_num') AS version_number, \
     pg_is_in_recovery()::text AS is_standby, \
     COALESCE(has_schema_privilege(current_schema(), 'CREATE'), false)::text AS may_create, \
     current_setting('max_connections') AS max_connections, \
     (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')::text AS used_connections, \
     (SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid())::text AS is_encrypted, \
     (current_setting('fsync') = 'on' AND current_setting('full_page_writes') = 'on' \
        AND current_setting('synchronous_commit') <> 'off')::text AS is_durable, \
     current_setting('server_encoding') AS encoding, pg_database_size(current_database())::text AS bytes, \
     (to_regclass('_sqlx_migrations') IS NOT NULL)::text AS is_migrated, (to_regclass('versions') IS NOT NULL)::text AS has_tables";
const CLOCK: &str = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint::text AS clock";
const APPLIED: &str =
    "SELECT version::text AS version, encode(checksum, 'hex') AS checksum FROM _sqlx_migrations WHERE success ORDER BY version";
const MAY_WRITE: &str = "SELECT bool_and(has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT') \
     AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE'))::text AS may_write \
     FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = to_regclass('versions'))";
const BACKEND: &str = "SELECT pg_backend_pid()::text AS backend";

/// Looks at a database.
///
/// # Errors
/// It can't be reached, or says what can't be understood.
pub async fn inspect(options: PostgresOptions) -> Result<PostgresInspection, StoreError> {
    let connector = options.connector()?;
    let address = connector.hosts.address();
    let name = connector.current_options().map(|one| one.get_database().unwrap_or_else(|| one.get_username()).to_owned());
    let reachability = Reachability::new(address.clone(), options.answer_timeout);
    let connected = tokio::time::timeout(options.acquire_timeout, connector.connect()).await;
    let silent = || reachability.unreachable(format!("no answer within {} s", options.acquire_timeout.as_secs_f64()));
    let mut session = connected.map_err(|_| silent())?.map_err(|error| reachability.unreachable(sqlstate::cause(&error)))?;
    let conn = session.connection();
    let facts = one(conn, FACTS).await?;
    let is = |name: &str| Ok::<bool, StoreError>(optional(&facts, name)?.as_deref() == Some("true"));
    let applied = if is("is_migrated")? { applied(conn).await? } else { Vec::new() };
    let may_write = if is("has_tables")? { optional(&one(conn, MAY_WRITE).await?, "may_write")? } else { None };
    let may_write = may_write.map(|text| text == "true");
    let clock = number(&one(conn, CLOCK).await?, "clock")?;
    let found = PostgresInspection {
        location: format!("{address}/{}", name.unwrap_or_default()),
        version: text(&facts, "version")?,
        version_number: number(&facts, "version_number")?,
        migrations: MigrationState::new(&migrator(), applied),
        is_standby: is("is_standby")?,
        may_create: is("may_create")?,
        may_write,
        max_connections: number(&facts, "max_connections")?,
        used_connections: number(&facts, "used_connections")?,
        is_encrypted: optional(&facts, "is_encrypted")?.map(|text| text == "true"),
        is_durable: is("is_durable")?,
        encoding: text(&facts, "encoding")?,
        bytes: number(&facts, "bytes")?,
        clock,
        is_pooled: is_pooled(&connector, &mut session, options.acquire_timeout).await?,
    };
    let _ = session.close().await;
    Ok(found)
}

/// Whether transactions of one connection run on several connections of Postgres. Without a pooler each of ours has one, always the same and
/// nobody else's; while others of ours hold transactions open, a pooler shows itself by giving one that was seen before, by changing it,
/// or by having none left.
async fn is_pooled(connector: &Connector, session: &mut PostgresSession, limit: Duration) -> Result<bool, StoreError> {
    let first = backend(session.connection()).await?;
    let mut others = Vec::new();
    let mut is_pooled = false;
    for _ in 0..PROBES {
        // a server that has no more connections to give shows nothing
        let Ok(Ok(mut other)) = tokio::time::timeout(limit, connector.connect()).await else { break };
        let looked = async {
            other.connection().execute("BEGIN").await?;
            let theirs = backend(other.connection()).await?;
            Ok::<bool, StoreError>(theirs == first || backend(session.connection()).await? != first)
        };
        is_pooled = tokio::time::timeout(limit, looked).await.unwrap_or(Ok(true))?;
        others.push(other);
        if is_pooled {
            break;
        }
    }
    // what is open in them ends with them
    drop(others);
    Ok(is_pooled)
}

async fn backend(conn: &mut PgConnection) -> Result<String, StoreError> {
    text(&one(conn, BACKEND).await?, "backend")
}

async fn applied(conn: &mut PgConnection) -> Result<Vec<(i64, Vec<u8>)>, StoreError> {
    let rows = conn.fetch_all(sqlx::raw_sql(APPLIED)).await?;
    rows.iter().map(|row| Ok((number(row, "version")?, bytes(&text(row, "checksum")?)))).collect()
}

/// Hexadecimal digits as bytes; what is none ends them, and is then another checksum than any.
fn bytes(hex: &str) -> Vec<u8> {
    let pairs = hex.as_bytes().chunks(2);
    pairs.map_while(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

async fn one(conn: &mut PgConnection, sql: &'static str) -> Result<PgRow, StoreError> {
    Ok(conn.fetch_one(sqlx::raw_sql(sql)).await?)
}

fn optional(row: &PgRow, name: &str) -> Result<Option<String>, StoreError> {
    Ok(row.try_get(name)?)
}

fn text(row: &PgRow, name: &str) -> Result<String, StoreError> {
    Ok(row.try_get(name)?)
}

fn number(row: &PgRow, name: &'static str) -> Result<i64, StoreError> {
    let text = text(row, name)?;
    text.parse().map_err(|_| StoreError::Inconsistent { table: "pg_settings", what: format!("{name} is '{text}'") })
}
