//! The dialect: statements that differ, and the locks.

use sqlx::{AssertSqlSafe, Executor as _};

use super::sql::locks::Lock;
use crate::store::StoreError;

pub(super) use super::insert_rows::{file_schemas, file_subjects, insert_rows};
pub(super) use super::insert_version::insert_version;
pub(super) use super::locks::LockKeys;
pub(super) use super::subject_turns::{end_turn, take_turn};
pub(super) use super::words;

pub(super) type Db = sqlx::Postgres;

/// Whether a plan of a list that is made without its values walks an index: here all names behind the first one would be sorted.
pub(super) const PLANS_WITHOUT_VALUES: bool = false;

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
    /// How many of the versions in $1, an array of `[subject, number]`, are there.
    pub(in crate::store::postgres) const COUNT_VERSIONS: &str = "SELECT COUNT(*) FROM json_array_elements($1::json) p \
             JOIN subjects u ON u.qualified = p->>0 JOIN versions v ON v.subject_id = u.subject_id AND v.version = (p->>1)::bigint";
    /// $1: an array of `[entry, position, hash]`; $2 and $3: the end of the chain.
    pub(in crate::store::postgres) const SEAL: &str = "WITH sealed AS (UPDATE audit SET position = (p->>1)::bigint, hash = p->>2 \
         FROM json_array_elements($1::json) p WHERE entry = (p->>0)::bigint) UPDATE audit_chain SET position = $2, hash = $3";
}

/// Waits until the chain is this transaction's alone.
pub(super) async fn lock_chain(conn: &mut super::Conn) -> Result<(), StoreError> {
    sqlx::query("SELECT one FROM audit_chain FOR UPDATE").fetch_one(conn).await?;
    Ok(())
}

/// Takes the locks of a transaction that is under way.
pub(super) async fn lock(conn: &mut super::Conn, locks: &[Lock<'_>]) -> Result<(), StoreError> {
    let statements = LockKeys::of(locks).statements(conn.lock_kind());
    conn.execute(AssertSqlSafe(statements)).await?;
    Ok(())
}

pub(super) async fn disrupted(conn: &mut super::Conn) -> Result<(), StoreError> {
    sqlx::query("SELECT pg_notify($1, '')").bind(super::CHANNEL).execute(&mut *conn).await?;
    Ok(())
}
