//! Reading the record of who changed what.

use sqlx::Row as _;

use super::audit_rows::{columns, read_entry};
use super::{Conn, dialect};
use crate::store::{AuditChain, AuditFilter, AuditOrder, AuditPage, ReadEntry, StoreError};
use crate::types::Subject;

/// Entries looked at for one page: who searches for what is rare gets short pages, and the database has a rest in between.
const LOOKED_AT: i64 = 20_000;
/// How far the clocks of replicas may be apart for a search by time to find everything.
const CLOCKS_APART: i64 = 60_000;

pub(in crate::store) async fn cluster_id(conn: &mut Conn) -> Result<String, StoreError> {
    let row = sqlx::query::<dialect::Db>("SELECT cluster_id FROM registry").fetch_one(conn).await?;
    Ok(row.try_get(0)?)
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
pub(super) async fn first_since(conn: &mut Conn, since: i64, above: i64, below: i64) -> Result<i64, StoreError> {
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
