//! The outbox and the one row of the registry.

use sqlx::Row as _;

use super::decode::narrow_opt;
use super::{Conn, dialect};
use crate::store::{Change, Generation, StoreError};
use crate::types::{SchemaId, Subject, Version};

/// One change to be written.
pub(in crate::store) struct NewChange<'a> {
    pub(in crate::store) kind: &'static str,
    pub(in crate::store) subject: &'a Subject,
    pub(in crate::store) version: Option<Version>,
    pub(in crate::store) schema_id: Option<SchemaId>,
    pub(in crate::store) payload: Option<String>,
    pub(in crate::store) now: i64,
}

/// Writes a change and returns its sequence number.
pub(in crate::store) async fn record(conn: &mut Conn, change: NewChange<'_>) -> Result<i64, StoreError> {
    let row = sqlx::query::<dialect::Db>(
        "INSERT INTO changes (kind, context, subject, version, schema_id, payload, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7) \
         RETURNING sequence",
    )
    .bind(change.kind)
    .bind(change.subject.context())
    .bind(change.subject.name())
    .bind(change.version.map(i64::from))
    .bind(change.schema_id.map(i64::from))
    .bind(change.payload)
    .bind(change.now)
    .fetch_one(&mut *conn)
    .await?;
    Ok(row.try_get(0)?)
}

pub(in crate::store) async fn generation(conn: &mut Conn) -> Result<Generation, StoreError> {
    let row = sqlx::query::<dialect::Db>("SELECT generation, meanings, settings FROM registry").fetch_one(conn).await?;
    Ok(Generation { content: row.try_get(0)?, id_bindings: row.try_get(1)?, settings: row.try_get(2)? })
}

/// What a change can make wrong, beside answers about what existed before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Disruption {
    Content,
    /// What an id stands for.
    IdBindings,
    /// What was decided under the settings.
    Settings,
}

/// Bumps the generation.
pub(super) async fn disrupt(conn: &mut Conn, what: Disruption) -> Result<(), StoreError> {
    let update = "UPDATE registry SET generation = generation + 1, meanings = meanings + $1, settings = settings + $2";
    sqlx::query::<dialect::Db>(update)
        .bind(i64::from(what == Disruption::IdBindings))
        .bind(i64::from(what == Disruption::Settings))
        .execute(&mut *conn)
        .await?;
    dialect::disrupted(conn).await
}

/// Fills the one row of `registry` on a fresh database and returns the cluster id.
pub(in crate::store) async fn init(conn: &mut Conn, cluster_id: &str, now: i64) -> Result<String, StoreError> {
    sqlx::query::<dialect::Db>(
        "INSERT INTO registry (one, cluster_id, created_at, generation, meanings) VALUES (1, $1, $2, 0, 0) ON CONFLICT (one) DO NOTHING",
    )
    .bind(cluster_id)
    .bind(now)
    .execute(&mut *conn)
    .await?;
    let row = sqlx::query::<dialect::Db>("SELECT cluster_id FROM registry").fetch_one(&mut *conn).await?;
    Ok(row.try_get(0)?)
}

/// A sequence without gaps is not promised, so there may be fewer than `keep` left.
pub(in crate::store) async fn prune_changes(conn: &mut Conn, before: i64, keep: i64, limit: i64) -> Result<u64, StoreError> {
    let pruned = sqlx::query::<dialect::Db>(
        "DELETE FROM changes WHERE sequence IN (SELECT o.sequence FROM (SELECT sequence, created_at FROM changes ORDER BY sequence LIMIT $3) o \
         WHERE o.created_at < $1 OR o.sequence <= (SELECT MAX(sequence) FROM changes) - $2)",
    )
    .bind(before)
    .bind(keep)
    .bind(limit)
    .execute(conn)
    .await?;
    Ok(pruned.rows_affected())
}

pub(in crate::store) async fn changes(conn: &mut Conn, after: i64, limit: i64) -> Result<Vec<Change>, StoreError> {
    let rows = sqlx::query::<dialect::Db>(
        "SELECT sequence, kind, context, subject, version, schema_id, payload, created_at FROM changes \
         WHERE sequence > $1 ORDER BY sequence LIMIT $2",
    )
    .bind(after)
    .bind(limit)
    .fetch_all(conn)
    .await?;
    let mut out = Vec::with_capacity(rows.len());
    for row in &rows {
        out.push(Change {
            sequence: row.try_get(0)?,
            kind: row.try_get(1)?,
            subject: Subject::in_context(row.try_get(2)?, row.try_get(3)?),
            version: narrow_opt(row.try_get(4)?, "changes")?,
            schema_id: narrow_opt(row.try_get(5)?, "changes")?,
            payload: row.try_get(6)?,
            created_at: row.try_get(7)?,
        });
    }
    Ok(out)
}
