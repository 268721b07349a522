//! Who read which schema.

use sqlx::Row as _;

use super::decode::narrow;
use super::{Conn, dialect};
use crate::store::{OTHER_CLIENTS, StoreError, UsageCount, UsageFilter, VersionUsage};

/// A client that is known goes on being counted; a new one only while the schema has fewer than $9.
const ADD: &str = "INSERT INTO schema_usage (context_id, schema_id, principal, client, agent, reads, first_at, last_at) \
    SELECT s.context_id, s.schema_id, $3, $4, $5, $6, $7, $8 FROM schemas s JOIN contexts c ON c.context_id = s.context_id \
    WHERE c.name = $1 AND s.schema_id = $2 AND ( \
        EXISTS (SELECT 1 FROM schema_usage o WHERE o.context_id = s.context_id AND o.schema_id = s.schema_id \
            AND o.principal = $3 AND o.client = $4 AND o.agent = $5) \
        OR (SELECT COUNT(*) FROM schema_usage o WHERE o.context_id = s.context_id AND o.schema_id = s.schema_id) < $9) \
    ON CONFLICT (context_id, schema_id, principal, client, agent) DO UPDATE SET reads = schema_usage.reads + excluded.reads, \
        first_at = CASE WHEN excluded.first_at < schema_usage.first_at THEN excluded.first_at ELSE schema_usage.first_at END, \
        last_at = CASE WHEN excluded.last_at > schema_usage.last_at THEN excluded.last_at ELSE schema_usage.last_at END";

pub(in crate::store) async fn add_usage(conn: &mut Conn, counts: &[UsageCount], clients: i64) -> Result<(), StoreError> {
    for count in counts {
        if !add(conn, count, (&count.principal, &count.client, &count.agent), clients).await? {
            // no place is left, or the schema is gone: then this does nothing either
            add(conn, count, ("", "", OTHER_CLIENTS), i64::MAX).await?;
        }
    }
    Ok(())
}

async fn add(
    conn: &mut Conn,
    count: &UsageCount,
    (principal, client, agent): (&str, &str, &str),
    clients: i64,
) -> Result<bool, StoreError> {
    let added = sqlx::query::<dialect::Db>(ADD)
        .bind(&*count.context)
        .bind(i64::from(count.id))
        .bind(principal)
        .bind(client)
        .bind(agent)
        .bind(count.reads)
        .bind(count.first_at)
        .bind(count.last_at)
        .bind(clients)
        .execute(conn)
        .await?;
    Ok(added.rows_affected() > 0)
}

/// Notes since when reads are counted, where that is not known yet.
pub(in crate::store) async fn begin_usage(conn: &mut Conn, now: i64) -> Result<(), StoreError> {
    sqlx::query::<dialect::Db>("INSERT INTO usage_since (one, since) VALUES (1, $1) ON CONFLICT (one) DO NOTHING")
        .bind(now)
        .execute(conn)
        .await?;
    Ok(())
}

pub(in crate::store) async fn usage_since(conn: &mut Conn) -> Result<Option<i64>, StoreError> {
    let row = sqlx::query::<dialect::Db>("SELECT since FROM usage_since").fetch_optional(conn).await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}

pub(in crate::store) async fn usage(conn: &mut Conn, filter: &UsageFilter, limit: i64) -> Result<Vec<VersionUsage>, StoreError> {
    let rows = sqlx::query::<dialect::Db>(
        "SELECT v.version, v.schema_id, v.deleted, g.principal, g.client, g.agent, g.reads, g.first_at, g.last_at \
         FROM subjects u JOIN versions v ON v.subject_id = u.subject_id \
         JOIN schema_usage g ON g.context_id = v.context_id AND g.schema_id = v.schema_id \
         WHERE u.qualified = $1 AND ($2 = 0 OR v.version = $2) AND g.last_at >= $3 \
         ORDER BY g.last_at DESC, v.version DESC, g.principal, g.client, g.agent LIMIT $4",
    )
    .bind(filter.subject.qualified())
    .bind(filter.version.map_or(0, i64::from))
    .bind(filter.since)
    .bind(limit)
    .fetch_all(conn)
    .await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in &rows {
        found.push(VersionUsage {
            version: narrow(row.try_get(0)?, "versions")?,
            id: narrow(row.try_get(1)?, "versions")?,
            deleted: row.try_get(2)?,
            principal: row.try_get(3)?,
            client: row.try_get(4)?,
            agent: row.try_get(5)?,
            reads: row.try_get(6)?,
            first_at: row.try_get(7)?,
            last_at: row.try_get(8)?,
        });
    }
    Ok(found)
}

/// Removes clients that have not read since `before`, and those beyond `keep`, the ones that have not read for longest first.
pub(in crate::store) async fn prune_usage(conn: &mut Conn, before: i64, keep: i64, limit: i64) -> Result<u64, StoreError> {
    let row = sqlx::query::<dialect::Db>("SELECT COUNT(*) FROM schema_usage").fetch_one(&mut *conn).await?;
    let surplus = row.try_get::<i64, _>(0)?.saturating_sub(keep).clamp(0, limit);
    let pruned = sqlx::query::<dialect::Db>(
        "DELETE FROM schema_usage WHERE (context_id, schema_id, principal, client, agent) IN ( \
         SELECT context_id, schema_id, principal, client, agent FROM \
         (SELECT context_id, schema_id, principal, client, agent FROM schema_usage WHERE last_at < $1 ORDER BY last_at LIMIT $2) aged \
         UNION SELECT context_id, schema_id, principal, client, agent FROM \
         (SELECT context_id, schema_id, principal, client, agent FROM schema_usage ORDER BY last_at LIMIT $3) beyond)",
    )
    .bind(before)
    .bind(limit)
    .bind(surplus)
    .execute(conn)
    .await?;
    Ok(pruned.rows_affected())
}
