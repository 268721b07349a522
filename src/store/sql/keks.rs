//! Key encryption keys.

use sqlx::Row as _;

use super::{Conn, Row, dialect};
use crate::store::StoreError;
use crate::types::{JavaStr, Kek, KmsProps};

fn bad(what: impl Into<String>) -> StoreError {
    StoreError::Inconsistent { table: "keks", what: what.into() }
}

fn kms_props(text: &str) -> Result<KmsProps, StoreError> {
    let props: std::collections::BTreeMap<String, Option<String>> =
        serde_json::from_str(text).map_err(|error| bad(error.to_string()))?;
    Ok(props.into_iter().map(|(key, value)| (JavaStr(key), value)).collect())
}

fn read(row: &Row) -> Result<Kek, StoreError> {
    Ok(Kek {
        name: row.try_get(0)?,
        kms_type: row.try_get(1)?,
        kms_key_id: row.try_get(2)?,
        kms_props: kms_props(row.try_get(3)?)?,
        doc: row.try_get(4)?,
        shared: row.try_get(5)?,
        deleted: row.try_get(6)?,
        written_at: row.try_get(7)?,
        revision: row.try_get(8)?,
    })
}

pub(in crate::store) async fn kek(conn: &mut Conn, name: &str) -> Result<Option<Kek>, StoreError> {
    let row = sqlx::query::<dialect::Db>(
        "SELECT name, kms_type, kms_key_id, kms_props, doc, shared, deleted, written_at, revision FROM keks WHERE name = $1",
    )
    .bind(name)
    .fetch_optional(conn)
    .await?;
    row.map(|row| read(&row)).transpose()
}

/// All KEKs, by name.
pub(in crate::store) async fn every(conn: &mut Conn) -> Result<Vec<Kek>, StoreError> {
    let rows = sqlx::query::<dialect::Db>(
        "SELECT name, kms_type, kms_key_id, kms_props, doc, shared, deleted, written_at, revision FROM keks ORDER BY name",
    )
    .fetch_all(conn)
    .await?;
    rows.iter().map(read).collect()
}

/// The names have no characters outside the Basic Multilingual Plane, so the order of bytes is that of UTF-16.
pub(in crate::store) async fn kek_names(
    conn: &mut Conn,
    deleted: bool,
    offset: i64,
    limit: i64,
) -> Result<Vec<String>, StoreError> {
    let rows = sqlx::query::<dialect::Db>("SELECT name FROM keks WHERE NOT deleted OR $1 ORDER BY name LIMIT $2 OFFSET $3")
        .bind(deleted)
        .bind(limit)
        .bind(offset)
        .fetch_all(conn)
        .await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

pub(in crate::store) async fn has_more_keks(conn: &mut Conn, than: i64) -> Result<bool, StoreError> {
    let row = sqlx::query::<dialect::Db>("SELECT 1 FROM keks LIMIT 1 OFFSET $1").bind(than).fetch_optional(conn).await?;
    Ok(row.is_some())
}

pub(super) async fn put(conn: &mut Conn, kek: &Kek, revision: i64, now: i64) -> Result<(), StoreError> {
    sqlx::query::<dialect::Db>(
        "INSERT INTO keks (name, kms_type, kms_key_id, kms_props, doc, shared, deleted, written_at, revision) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (name) DO UPDATE SET kms_type = excluded.kms_type, \
         kms_key_id = excluded.kms_key_id, kms_props = excluded.kms_props, doc = excluded.doc, shared = excluded.shared, \
         deleted = excluded.deleted, written_at = excluded.written_at, revision = excluded.revision",
    )
    .bind(&kek.name)
    .bind(&kek.kms_type)
    .bind(&kek.kms_key_id)
    .bind(crate::codec::to_text(&kek.kms_props))
    .bind(&kek.doc)
    .bind(kek.shared)
    .bind(kek.deleted)
    .bind(now)
    .bind(revision)
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn remove(conn: &mut Conn, name: &str) -> Result<(), StoreError> {
    sqlx::query::<dialect::Db>("DELETE FROM keks WHERE name = $1").bind(name).execute(conn).await?;
    Ok(())
}
