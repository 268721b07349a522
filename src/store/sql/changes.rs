//! The outbox and the one row of the registry.

use sha2::{Digest, Sha256};
use sqlx::Row as _;
use sqlx::query::Query;

use super::decode::narrow_opt;
use super::{Conn, Row, audit, dialect};
use crate::store::{Generation, OutboxEntry, StoreError};
use crate::types::{Actor, Guid, SchemaId, Subject, Version, hex};

/// Who changes something, and when.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) struct Act<'a> {
    /// `None` where no record of it is kept.
    pub(in crate::store) by: Option<&'a Actor>,
    /// In milliseconds since 1970.
    pub(in crate::store) now: i64,
}

/// One change to be written.
pub(in crate::store) struct NewChange<'a> {
    pub(in crate::store) kind: &'static str,
    pub(in crate::store) subject: &'a Subject,
    pub(in crate::store) version: Option<Version>,
    pub(in crate::store) schema_id: Option<SchemaId>,
    pub(in crate::store) payload: Option<String>,
    /// For the record of who changed what: its name for the kind, the schema that was there before, the guid of the one that is there
    /// now, and more as JSON.
    pub(in crate::store) operation: &'static str,
    pub(in crate::store) replaced: Option<SchemaId>,
    pub(in crate::store) guid: Option<Guid>,
    pub(in crate::store) details: Option<String>,
    pub(in crate::store) act: Act<'a>,
}

impl<'a> NewChange<'a> {
    /// A change that is about no version.
    pub(in crate::store) fn new(kind: &'static str, subject: &'a Subject, act: Act<'a>) -> Self {
        let (version, schema_id, payload) = (None, None, None);
        Self { kind, subject, version, schema_id, payload, operation: kind, replaced: None, guid: None, details: None, act }
    }
}

/// Writes a change, and into the record who made it; returns the sequence number of the change.
pub(in crate::store) async fn record(conn: &mut Conn, change: NewChange<'_>) -> Result<i64, StoreError> {
    let statement = if change.act.by.is_some() { dialect::statements::RECORD } else { INSERT_CHANGE };
    let mut query = sqlx::query::<dialect::Db>(statement)
        .bind(change.kind)
        .bind(change.subject.context())
        .bind(change.subject.name())
        .bind(change.version.map(i64::from))
        .bind(change.schema_id.map(i64::from))
        .bind(change.payload)
        .bind(change.act.now);
    if let Some(actor) = change.act.by {
        query = bind_actor(query, actor)
            .bind(change.operation)
            .bind(change.replaced.map(i64::from))
            .bind(change.guid.map(|guid| guid.0.to_vec()))
            .bind(change.details);
    }
    let rows = query.fetch_all(conn).await?;
    let row = rows.first().ok_or_else(|| StoreError::Inconsistent { table: "changes", what: "no sequence".to_owned() })?;
    Ok(row.try_get(0)?)
}

const INSERT_CHANGE: &str = "INSERT INTO changes (kind, context, subject, version, schema_id, payload, created_at) \
                             VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING sequence";

type InsertEntry<'q> = Query<'q, dialect::Db, <dialect::Db as sqlx::Database>::Arguments>;

/// Binds the next six parameters: `actor, login, address, user_agent, request_id, reason`.
pub(in crate::store) fn bind_actor<'q>(query: InsertEntry<'q>, actor: &'q Actor) -> InsertEntry<'q> {
    query
        .bind(&*actor.principal)
        .bind(actor.login)
        .bind(actor.address.map(|address| address.to_string()))
        .bind(actor.user_agent.as_deref())
        .bind(&*actor.request_id)
        .bind(actor.reason.as_deref())
}

/// Bytes of details up to which they are recorded as they are.
const WHOLE_DETAILS: usize = 4096;

/// What was there and what is there now, as details of a change. What is long is recorded by its hash.
pub(super) fn before_and_after(before: Option<&str>, after: Option<&str>) -> String {
    let shown = |text: Option<&str>| match text {
        None => "null".to_owned(),
        Some(text) if text.len() <= WHOLE_DETAILS => text.to_owned(),
        Some(text) => serde_json::json!({ "bytes": text.len(), "sha256": hex(&Sha256::digest(text)) }).to_string(),
    };
    format!(r#"{{"before":{},"after":{}}}"#, shown(before), shown(after))
}

pub(in crate::store) async fn generation(conn: &mut Conn) -> Result<Generation, StoreError> {
    generation_of(&sqlx::query::<dialect::Db>(GENERATION).fetch_one(conn).await?)
}

/// Its row has what [`generation_of`] reads.
pub(in crate::store) const GENERATION: &str = "SELECT generation, meanings, settings FROM registry";

pub(in crate::store) fn generation_of(row: &Row) -> Result<Generation, StoreError> {
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

/// Fills the one row of `registry` on a fresh database and that of the chain of the record; returns the cluster id.
pub(in crate::store) async fn init(conn: &mut Conn, cluster_id: &str, now: i64) -> Result<String, StoreError> {
    sqlx::query::<dialect::Db>(
        "INSERT INTO registry (one, cluster_id, created_at, generation, meanings) VALUES (1, $1, $2, 0, 0) ON CONFLICT (one) DO NOTHING",
    )
    .bind(cluster_id)
    .bind(now)
    .execute(&mut *conn)
    .await?;
    let row = sqlx::query::<dialect::Db>("SELECT cluster_id FROM registry").fetch_one(&mut *conn).await?;
    let cluster_id: String = row.try_get(0)?;
    audit::begin_chain(conn, &cluster_id).await?;
    Ok(cluster_id)
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

pub(in crate::store) async fn changes(conn: &mut Conn, after: i64, limit: i64) -> Result<Vec<OutboxEntry>, StoreError> {
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
        out.push(OutboxEntry {
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
