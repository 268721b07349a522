//! The record of who changed what: sealing it, reading it, removing what is old.

use sqlx::Row as _;

use super::{Conn, Row, dialect};
use crate::store::audit::{PRUNED, first_hash};
use crate::store::{AuditChain, AuditEntry, AuditFilter, AuditOrder, AuditPage, ReadEntry, Refusals, StoreError};
use crate::types::{Actor, Guid, Subject};

/// Entries sealed with one statement.
const SEALED_AT_ONCE: i64 = 500;
/// Entries looked at for one page: who searches for what is rare gets short pages, and the database has a rest in between.
const LOOKED_AT: i64 = 20_000;
/// How far the clocks of replicas may be apart for a search by time to find everything.
const CLOCKS_APART: i64 = 60_000;

macro_rules! columns {
    () => {
        "a.at, a.operation, a.actor, a.login, a.address, a.user_agent, a.request_id, a.reason, a.context, a.subject, a.version, \
         a.schema_id, a.guid_before, a.guid_after, a.details"
    };
}

/// Reads the columns, which begin at `at`.
fn entry(row: &Row, at: usize) -> Result<AuditEntry, sqlx::Error> {
    let guid = |column: usize| {
        let bytes: Option<Vec<u8>> = row.try_get(column)?;
        let guid =
            |bytes: Vec<u8>| bytes.try_into().map(Guid).map_err(|_| sqlx::Error::Decode("a guid that is not 16 bytes".into()));
        bytes.map(guid).transpose()
    };
    Ok(AuditEntry {
        position: 0,
        at: row.try_get(at)?,
        operation: row.try_get(at + 1)?,
        actor: row.try_get(at + 2)?,
        login: row.try_get(at + 3)?,
        address: row.try_get(at + 4)?,
        user_agent: row.try_get(at + 5)?,
        request_id: row.try_get(at + 6)?,
        reason: row.try_get(at + 7)?,
        subject: Subject::in_context(row.try_get(at + 8)?, row.try_get(at + 9)?),
        version: row.try_get(at + 10)?,
        schema_id: row.try_get(at + 11)?,
        guid_before: guid(at + 12)?,
        guid_after: guid(at + 13)?,
        details: row.try_get(at + 14)?,
        hash: String::new(),
    })
}

/// Reads `position, hash` and the columns.
fn read_entry(row: &Row) -> Result<ReadEntry, StoreError> {
    let position = row.try_get(0)?;
    let hash: Option<String> = row.try_get(1).ok().flatten();
    Ok(match (entry(row, 2), hash) {
        (Ok(entry), Some(hash)) => ReadEntry::Entry(Box::new(AuditEntry { position, hash, ..entry })),
        (_, hash) => ReadEntry::Unreadable { position, hash },
    })
}

pub(in crate::store) async fn cluster_id(conn: &mut Conn) -> Result<String, StoreError> {
    let row = sqlx::query::<dialect::Db>("SELECT cluster_id FROM registry").fetch_one(conn).await?;
    Ok(row.try_get(0)?)
}

/// Begins the chain, where there is none yet. Where somebody has removed what says where it ends, it goes on behind its last entry.
pub(in crate::store) async fn begin_chain(conn: &mut Conn, cluster_id: &str) -> Result<(), StoreError> {
    sqlx::query::<dialect::Db>(
        "INSERT INTO audit_chain (one, position, hash, removed_position, removed_hash) \
         SELECT 1, COALESCE(MAX(l.position), 0), COALESCE(MAX(l.hash), $1), 0, $1 FROM \
         (SELECT position, hash FROM audit WHERE position IS NOT NULL ORDER BY position DESC LIMIT 1) l \
         WHERE TRUE ON CONFLICT (one) DO NOTHING",
    )
    .bind(first_hash(cluster_id))
    .execute(conn)
    .await?;
    Ok(())
}

pub(in crate::store) async fn audit_chain(conn: &mut Conn) -> Result<AuditChain, StoreError> {
    let row = sqlx::query::<dialect::Db>("SELECT position, hash, removed_position, removed_hash FROM audit_chain")
        .fetch_one(conn)
        .await?;
    Ok(AuditChain {
        position: row.try_get(0)?,
        hash: row.try_get(1)?,
        removed_position: row.try_get(2)?,
        removed_hash: row.try_get(3)?,
    })
}

/// Gives entries their places at the end of the chain, as many as one statement takes; how many they were. Whoever calls it has the
/// chain for itself. Those up to `except` are left as they are: a server that was there before would have sealed them.
///
/// An entry that somebody has put behind the end is passed by: a check finds it, and changes go on being recorded.
pub(in crate::store) async fn seal_some(conn: &mut Conn, except: i64) -> Result<u64, StoreError> {
    let rows = sqlx::query::<dialect::Db>(concat!(
        "SELECT c.position, c.hash, l.position, l.hash, a.entry, ",
        columns!(),
        " FROM audit a CROSS JOIN audit_chain c LEFT JOIN \
         (SELECT position, hash FROM audit WHERE position IS NOT NULL ORDER BY position DESC LIMIT 1) l ON TRUE \
         WHERE a.position IS NULL AND a.entry > $2 ORDER BY a.entry LIMIT $1"
    ))
    .bind(SEALED_AT_ONCE)
    .bind(except)
    .fetch_all(&mut *conn)
    .await?;
    let Some(first) = rows.first() else { return Ok(0) };
    let (mut position, mut hash): (i64, String) = (first.try_get(0)?, first.try_get(1)?);
    if let (Some(last), Some(last_hash)) = (first.try_get::<Option<i64>, _>(2)?, first.try_get::<Option<String>, _>(3)?)
        && last > position
    {
        (position, hash) = (last, last_hash);
    }
    let mut places = Vec::with_capacity(rows.len());
    for row in &rows {
        // what can't be read was not written by a server, and gets no place
        let Ok(entry) = entry(row, 5) else { continue };
        let Some(next) = position.checked_add(1) else { break };
        position = next;
        hash = entry.sealed_after(position, &hash).hash;
        let number: i64 = row.try_get(4)?;
        places.push(serde_json::json!([number, position, hash]));
    }
    let sealed = places.len();
    if sealed == 0 {
        return Ok(0);
    }
    sqlx::query::<dialect::Db>(dialect::statements::SEAL)
        .bind(serde_json::Value::Array(places).to_string())
        .bind(position)
        .bind(&hash)
        .execute(&mut *conn)
        .await?;
    Ok(sealed as u64)
}

/// Seals all that there is.
pub(in crate::store) async fn seal(conn: &mut Conn, except: i64) -> Result<(), StoreError> {
    while seal_some(conn, except).await? == SEALED_AT_ONCE.unsigned_abs() {}
    Ok(())
}

#[allow(dead_code, clippy::allow_attributes, reason = "SQLite seals at once, and is compiled with this, too")]
pub(in crate::store) async fn is_any_unsealed(conn: &mut Conn) -> Result<bool, StoreError> {
    let row = sqlx::query::<dialect::Db>("SELECT 1 FROM audit WHERE position IS NULL LIMIT 1").fetch_optional(conn).await?;
    Ok(row.is_some())
}

/// The last entry that a server left unsealed; on `SQLite` none ever does.
#[allow(
    dead_code,
    clippy::allow_attributes,
    reason = "on Postgres entries wait for the sealer, and it is compiled with this, too"
)]
pub(in crate::store) async fn last_unsealed(conn: &mut Conn) -> Result<Option<i64>, StoreError> {
    let row = sqlx::query::<dialect::Db>("SELECT MAX(entry) FROM audit WHERE position IS NULL").fetch_one(conn).await?;
    Ok(row.try_get(0)?)
}

pub(in crate::store) async fn unsealed(conn: &mut Conn) -> Result<i64, StoreError> {
    let row = sqlx::query::<dialect::Db>("SELECT COUNT(*) FROM audit WHERE position IS NULL").fetch_one(conn).await?;
    Ok(row.try_get(0)?)
}

pub(in crate::store) async fn entries(conn: &mut Conn, after: i64, limit: i64) -> Result<Vec<ReadEntry>, StoreError> {
    let rows = sqlx::query::<dialect::Db>(concat!(
        "SELECT a.position, a.hash, ",
        columns!(),
        " FROM audit a WHERE a.position > $1 ORDER BY a.position LIMIT $2"
    ))
    .bind(after)
    .bind(limit)
    .fetch_all(conn)
    .await?;
    rows.iter().map(read_entry).collect()
}

macro_rules! page {
    ($order:literal) => {
        concat!(
            "SELECT a.position, a.hash, ",
            columns!(),
            " FROM audit a WHERE a.position > $1 AND a.position < $2 AND ($3 IS NULL OR a.context = $3) AND ($4 IS NULL OR a.subject = $4) \
             AND ($5 IS NULL OR a.version = $5) AND ($6 IS NULL OR a.actor = $6) AND ($7 IS NULL OR a.operation = $7) \
             AND ($8 IS NULL OR a.request_id = $8) AND ($9 IS NULL OR a.at >= $9) AND ($10 IS NULL OR a.at < $10) ORDER BY a.position ",
            $order,
            " LIMIT $11"
        )
    };
}

macro_rules! history {
    ($order:literal) => {
        concat!(
            "SELECT a.position, a.hash, ",
            columns!(),
            " FROM audit a WHERE a.context = $3 AND a.subject = $4 AND a.position > $1 AND a.position < $2 \
             AND ($5 IS NULL OR a.version = $5) AND ($6 IS NULL OR a.actor = $6) AND ($7 IS NULL OR a.operation = $7) \
             AND ($8 IS NULL OR a.request_id = $8) AND ($9 IS NULL OR a.at >= $9) AND ($10 IS NULL OR a.at < $10) ORDER BY a.position ",
            $order,
            " LIMIT $11"
        )
    };
}

/// A page of sealed entries.
pub(in crate::store) async fn audit(conn: &mut Conn, filter: &AuditFilter, limit: i64) -> Result<AuditPage, StoreError> {
    let chain = audit_chain(conn).await?;
    let is_up = filter.order == AuditOrder::OldestFirst;
    let (mut above, mut below) = (chain.removed_position, chain.position.saturating_add(1));
    match (filter.after, is_up) {
        (Some(after), true) => above = above.max(after),
        (Some(after), false) => below = below.min(after),
        (None, _) => {}
    }
    if let Some(since) = filter.since {
        above = above.max(first_since(conn, since.saturating_sub(CLOCKS_APART), above, below).await? - 1);
    }
    if let Some(until) = filter.until {
        below = below.min(first_since(conn, until.saturating_add(CLOCKS_APART), above, below).await?);
    }
    // what is asked of a subject is found by an index, else only so much is looked at
    let end = if is_up { below } else { above };
    let stop = match (&filter.subject, is_up) {
        (Some(_), _) => end,
        (None, true) => below.min(above.saturating_add(LOOKED_AT + 1)),
        (None, false) => above.max(below.saturating_sub(LOOKED_AT + 1)),
    };
    let (above, below) = if is_up { (above, stop) } else { (stop, below) };
    let statement = match (&filter.subject, is_up) {
        (None, true) => page!("ASC"),
        (None, false) => page!("DESC"),
        (Some(_), true) => history!("ASC"),
        (Some(_), false) => history!("DESC"),
    };
    let context = filter.subject.as_ref().map(Subject::context).or(filter.context.as_deref());
    let rows = sqlx::query::<dialect::Db>(statement)
        .bind(above)
        .bind(below)
        .bind(context)
        .bind(filter.subject.as_ref().map(Subject::name))
        .bind(filter.version)
        .bind(filter.actor.as_deref())
        .bind(filter.operation.as_deref())
        .bind(filter.request_id.as_deref())
        .bind(filter.since)
        .bind(filter.until)
        .bind(limit.saturating_add(1))
        .fetch_all(conn)
        .await?;
    let mut entries = rows.iter().map(read_entry).collect::<Result<Vec<_>, _>>()?;
    let is_full = i64::try_from(entries.len()).is_ok_and(|count| count > limit);
    entries.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next = match entries.last() {
        Some(last) if is_full => Some(last.position()),
        _ if stop != end => Some(if is_up { stop - 1 } else { stop + 1 }),
        _ => None,
    };
    Ok(AuditPage { entries, next })
}

/// The first place between two whose entry is not older than a time; the upper one, where all are. Times rise with places, but for what the
/// clocks of replicas are apart.
async fn first_since(conn: &mut Conn, since: i64, above: i64, below: i64) -> Result<i64, StoreError> {
    let (mut low, mut high) = (above.saturating_add(1), below);
    while low < high {
        let middle = low + (high - low) / 2;
        let find = "SELECT at FROM audit WHERE position >= $1 ORDER BY position LIMIT 1";
        let row = sqlx::query::<dialect::Db>(find).bind(middle).fetch_optional(&mut *conn).await?;
        let is_older = match row {
            Some(row) => row.try_get::<i64, _>(0)? < since,
            None => false,
        };
        if is_older {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low)
}

/// Writes what was refused.
pub(in crate::store) async fn record_refusals(conn: &mut Conn, refusals: &[Refusals]) -> Result<(), StoreError> {
    for refusal in refusals {
        let subject = refusal.subject.clone().unwrap_or_else(|| Subject::plain(""));
        insert(conn, refusal.operation, &refusal.actor, &subject, Some(&refusal.details), refusal.at).await?;
    }
    Ok(())
}

async fn insert(
    conn: &mut Conn,
    operation: &str,
    actor: &Actor,
    subject: &Subject,
    details: Option<&str>,
    at: i64,
) -> Result<(), StoreError> {
    sqlx::query::<dialect::Db>(
        "INSERT INTO audit (at, operation, actor, login, address, user_agent, request_id, reason, context, subject, details) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(at)
    .bind(operation)
    .bind(&*actor.principal)
    .bind(actor.login)
    .bind(actor.address.map(|address| address.to_string()))
    .bind(actor.user_agent.as_deref())
    .bind(&*actor.request_id)
    .bind(actor.reason.as_deref())
    .bind(subject.context())
    .bind(subject.name())
    .bind(details)
    .execute(conn)
    .await?;
    Ok(())
}

/// Removes the oldest entries, those that were made before a time, at most `limit` of them; how many they were. An entry at the end of the
/// chain says so, and how far it went.
pub(in crate::store) async fn prune_audit(
    conn: &mut Conn,
    before: i64,
    limit: i64,
    (now, except): (i64, i64),
) -> Result<u64, StoreError> {
    dialect::lock_chain(conn).await?;
    let chain = audit_chain(conn).await?;
    let most = chain.removed_position.saturating_add(limit).min(chain.position);
    let last = first_since(conn, before, chain.removed_position, most.saturating_add(1)).await? - 1;
    if last <= chain.removed_position {
        return Ok(0);
    }
    let find = "SELECT hash FROM audit WHERE position = $1";
    // what was removed by somebody else is for a check to find
    let Some(row) = sqlx::query::<dialect::Db>(find).bind(last).fetch_optional(&mut *conn).await? else { return Ok(0) };
    let hash: String = row.try_get(0)?;
    let remove = "DELETE FROM audit WHERE position <= $1 AND position > $2";
    let removed =
        sqlx::query::<dialect::Db>(remove).bind(last).bind(chain.removed_position).execute(&mut *conn).await?.rows_affected();
    let update = "UPDATE audit_chain SET removed_position = $1, removed_hash = $2";
    sqlx::query::<dialect::Db>(update).bind(last).bind(&hash).execute(&mut *conn).await?;
    let details = serde_json::json!({ "position": last, "hash": hash, "entries": removed }).to_string();
    insert(conn, PRUNED, &Actor::server(), &Subject::plain(""), Some(&details), now).await?;
    // no chain without the entry that says where it begins
    seal(conn, except).await?;
    Ok(removed)
}
