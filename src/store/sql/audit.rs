//! The record of who changed what: sealing it, recording what was refused, removing what is old. `changes` writes the entries of changes.

use sqlx::Row as _;

use super::audit_pages::{audit_chain, first_since};
use super::audit_rows::{columns, entry};
use super::{Conn, dialect};
use crate::store::audit::{PRUNED, first_hash};
use crate::store::{Refusals, StoreError};
use crate::types::{Actor, Subject};

/// Entries sealed with one statement.
pub(in crate::store) const SEALED_AT_ONCE: i64 = 500;

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
