//! Data encryption keys.

use sqlx::Row as _;

use super::decode::narrow;
use super::{Conn, Row, dialect};
use crate::store::StoreError;
use crate::types::{Dek, DekAlgorithm, DekName, LISTED_DEK_VERSIONS};

macro_rules! columns {
    () => {
        "SELECT kek, written_subject, algorithm, version, encrypted_key_material, deleted, written_at, revision FROM deks "
    };
}

/// The rows of a subject and algorithm.
macro_rules! named {
    () => {
        "WHERE kek = $1 AND context = $2 AND subject = $3 AND algorithm = $4 "
    };
}

fn read(row: &Row) -> Result<Dek, StoreError> {
    let algorithm = DekAlgorithm::parse(row.try_get(2)?);
    let algorithm = algorithm.ok_or_else(|| StoreError::Inconsistent { table: "deks", what: "algorithm".to_owned() })?;
    Ok(Dek {
        name: DekName { kek: row.try_get(0)?, written_subject: row.try_get(1)?, algorithm },
        version: narrow(row.try_get(3)?, "deks")?,
        encrypted_key_material: row.try_get(4)?,
        deleted: row.try_get(5)?,
        written_at: row.try_get(6)?,
        revision: row.try_get(7)?,
    })
}

fn first() -> i64 {
    i64::from(LISTED_DEK_VERSIONS.start)
}

fn last() -> i64 {
    i64::from(LISTED_DEK_VERSIONS.end) - 1
}

pub(in crate::store) async fn dek(conn: &mut Conn, name: &DekName, version: i32) -> Result<Option<Dek>, StoreError> {
    let subject = name.subject();
    let row = sqlx::query::<dialect::Db>(concat!(columns!(), named!(), "AND version = $5"))
        .bind(&name.kek)
        .bind(subject.context())
        .bind(subject.name())
        .bind(name.algorithm.as_str())
        .bind(i64::from(version))
        .fetch_optional(conn)
        .await?;
    row.map(|row| read(&row)).transpose()
}

/// All DEKs that lists know of, by KEK.
pub(in crate::store) async fn every(conn: &mut Conn) -> Result<Vec<Dek>, StoreError> {
    let rows = sqlx::query::<dialect::Db>(concat!(columns!(), "WHERE version BETWEEN $1 AND $2 ORDER BY kek"))
        .bind(first())
        .bind(last())
        .fetch_all(conn)
        .await?;
    rows.iter().map(read).collect()
}

pub(in crate::store) async fn latest_dek(conn: &mut Conn, name: &DekName, deleted: bool) -> Result<Option<Dek>, StoreError> {
    let subject = name.subject();
    let row = sqlx::query::<dialect::Db>(concat!(
        columns!(),
        named!(),
        "AND version BETWEEN $5 AND $6 AND (NOT deleted OR $7) ORDER BY version DESC LIMIT 1"
    ))
    .bind(&name.kek)
    .bind(subject.context())
    .bind(subject.name())
    .bind(name.algorithm.as_str())
    .bind(first())
    .bind(last())
    .bind(deleted)
    .fetch_optional(conn)
    .await?;
    row.map(|row| read(&row)).transpose()
}

pub(in crate::store) async fn dek_versions(
    conn: &mut Conn,
    name: &DekName,
    deleted: bool,
    offset: i64,
    limit: i64,
) -> Result<Vec<i32>, StoreError> {
    let subject = name.subject();
    let rows = sqlx::query::<dialect::Db>(concat!(
        "SELECT version FROM deks ",
        named!(),
        "AND version BETWEEN $5 AND $6 AND (NOT deleted OR $7) ORDER BY version LIMIT $8 OFFSET $9"
    ))
    .bind(&name.kek)
    .bind(subject.context())
    .bind(subject.name())
    .bind(name.algorithm.as_str())
    .bind(first())
    .bind(last())
    .bind(deleted)
    .bind(limit)
    .bind(offset)
    .fetch_all(conn)
    .await?;
    rows.iter().map(|row| narrow(row.try_get(0)?, "deks")).collect()
}

pub(in crate::store) async fn dek_subjects(conn: &mut Conn, kek: &str, deleted: bool) -> Result<Vec<String>, StoreError> {
    let rows = sqlx::query::<dialect::Db>("SELECT DISTINCT written_subject FROM deks WHERE kek = $1 AND (NOT deleted OR $2)")
        .bind(kek)
        .bind(deleted)
        .fetch_all(conn)
        .await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

pub(in crate::store) async fn dek_owners(conn: &mut Conn, deleted: bool) -> Result<Vec<(String, String)>, StoreError> {
    let rows = sqlx::query::<dialect::Db>("SELECT DISTINCT kek, written_subject FROM deks WHERE NOT deleted OR $1 ORDER BY kek")
        .bind(deleted)
        .fetch_all(conn)
        .await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

pub(in crate::store) async fn has_more_deks(conn: &mut Conn, than: i64) -> Result<bool, StoreError> {
    let row = sqlx::query::<dialect::Db>("SELECT 1 FROM deks LIMIT 1 OFFSET $1").bind(than).fetch_optional(conn).await?;
    Ok(row.is_some())
}

/// Whether a KEK has any, of whatever version.
pub(super) async fn exist_for(conn: &mut Conn, kek: &str, deleted: bool) -> Result<bool, StoreError> {
    let row = sqlx::query::<dialect::Db>("SELECT 1 FROM deks WHERE kek = $1 AND (NOT deleted OR $2) LIMIT 1")
        .bind(kek)
        .bind(deleted)
        .fetch_optional(conn)
        .await?;
    Ok(row.is_some())
}

/// The versions that a change means, with whether they are deleted.
pub(super) async fn meant(conn: &mut Conn, name: &DekName, version: Option<i32>) -> Result<Vec<(i32, bool)>, StoreError> {
    let subject = name.subject();
    let rows =
        sqlx::query::<dialect::Db>(concat!("SELECT version, deleted FROM deks ", named!(), "AND version BETWEEN $5 AND $6"))
            .bind(&name.kek)
            .bind(subject.context())
            .bind(subject.name())
            .bind(name.algorithm.as_str())
            .bind(version.map_or_else(first, i64::from))
            .bind(version.map_or_else(last, i64::from))
            .fetch_all(conn)
            .await?;
    rows.iter().map(|row| Ok((narrow(row.try_get(0)?, "deks")?, row.try_get(1)?))).collect()
}

/// Marks the versions that are not marked so yet.
pub(super) async fn mark(
    conn: &mut Conn,
    name: &DekName,
    version: Option<i32>,
    deleted: bool,
    (revision, now): (i64, i64),
) -> Result<(), StoreError> {
    let subject = name.subject();
    sqlx::query::<dialect::Db>(concat!(
        "UPDATE deks SET deleted = $7, revision = $8, written_at = $9 ",
        named!(),
        "AND version BETWEEN $5 AND $6 AND deleted <> $7"
    ))
    .bind(&name.kek)
    .bind(subject.context())
    .bind(subject.name())
    .bind(name.algorithm.as_str())
    .bind(version.map_or_else(first, i64::from))
    .bind(version.map_or_else(last, i64::from))
    .bind(deleted)
    .bind(revision)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn remove(conn: &mut Conn, name: &DekName, version: Option<i32>) -> Result<(), StoreError> {
    let subject = name.subject();
    sqlx::query::<dialect::Db>(concat!("DELETE FROM deks ", named!(), "AND version BETWEEN $5 AND $6"))
        .bind(&name.kek)
        .bind(subject.context())
        .bind(subject.name())
        .bind(name.algorithm.as_str())
        .bind(version.map_or_else(first, i64::from))
        .bind(version.map_or_else(last, i64::from))
        .execute(conn)
        .await?;
    Ok(())
}

pub(super) async fn put(conn: &mut Conn, dek: &Dek, revision: i64, now: i64) -> Result<(), StoreError> {
    let subject = dek.name.subject();
    sqlx::query::<dialect::Db>(
        "INSERT INTO deks (kek, context, subject, algorithm, version, written_subject, encrypted_key_material, deleted, written_at, \
         revision) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (kek, context, subject, algorithm, version) \
         DO UPDATE SET written_subject = excluded.written_subject, encrypted_key_material = excluded.encrypted_key_material, \
         deleted = excluded.deleted, written_at = excluded.written_at, revision = excluded.revision",
    )
    .bind(&dek.name.kek)
    .bind(subject.context())
    .bind(subject.name())
    .bind(dek.name.algorithm.as_str())
    .bind(i64::from(dek.version))
    .bind(&dek.name.written_subject)
    .bind(&dek.encrypted_key_material)
    .bind(dek.deleted)
    .bind(now)
    .bind(revision)
    .execute(conn)
    .await?;
    Ok(())
}
