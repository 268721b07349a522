//! Changes of keys. All that happens to a KEK and its DEKs happens one after the other, so a version never gets two keys.

use super::changes::{Disruption, NewChange, disrupt, record};
use super::locks::Lock;
use super::{Conn, deks, dialect, keks};
use crate::store::{KeyChange, KeyOutcome, StoreError};
use crate::types::{Dek, DekName, Kek, Subject};

pub(in crate::store) async fn change_key(conn: &mut Conn, change: &KeyChange, now: i64) -> Result<KeyOutcome, StoreError> {
    dialect::lock(conn, &[Lock::Kek(change.kek())]).await?;
    match change {
        KeyChange::PutKek { kek, expected } => put_kek(conn, kek, *expected, now).await,
        KeyChange::PutDek { dek, expected, expected_kek } => put_dek(conn, dek, *expected, *expected_kek, now).await,
        KeyChange::DeleteKek { name, permanent } => delete_kek(conn, name, *permanent, now).await,
        KeyChange::UndeleteKek { name } => undelete_kek(conn, name, now).await,
        KeyChange::DeleteDeks { name, version, permanent } => delete_deks(conn, name, *version, *permanent, now).await,
        KeyChange::UndeleteDeks { name, version } => undelete_deks(conn, name, *version, now).await,
    }
}

/// Notes a change of a KEK, and gives the revision that comes of it.
async fn note_kek(conn: &mut Conn, kind: &'static str, name: &str, now: i64) -> Result<i64, StoreError> {
    let payload = Some(serde_json::json!({ "name": name }).to_string());
    record(conn, NewChange { kind, subject: &Subject::plain(""), version: None, schema_id: None, payload, now }).await
}

async fn note_dek(
    conn: &mut Conn,
    kind: &'static str,
    name: &DekName,
    version: Option<i32>,
    now: i64,
) -> Result<i64, StoreError> {
    let payload = Some(serde_json::json!({ "kekName": name.kek, "algorithm": name.algorithm.as_str() }).to_string());
    record(conn, NewChange { kind, subject: &name.subject(), version, schema_id: None, payload, now }).await
}

async fn put_kek(conn: &mut Conn, kek: &Kek, expected: Option<i64>, now: i64) -> Result<KeyOutcome, StoreError> {
    if keks::kek(conn, &kek.name).await?.map(|known| known.revision) != expected {
        return Ok(KeyOutcome::Moved);
    }
    let revision = note_kek(conn, "kek.set", &kek.name, now).await?;
    keks::put(conn, kek, revision, now).await?;
    if expected.is_some() {
        disrupt(conn, Disruption::Content).await?;
    }
    Ok(KeyOutcome::Done(revision))
}

async fn put_dek(
    conn: &mut Conn,
    dek: &Dek,
    expected: Option<i64>,
    expected_kek: i64,
    now: i64,
) -> Result<KeyOutcome, StoreError> {
    let kek = keks::kek(conn, &dek.name.kek).await?.map(|known| known.revision);
    let known = deks::dek(conn, &dek.name, dek.version).await?.map(|known| known.revision);
    if kek != Some(expected_kek) || known != expected {
        return Ok(KeyOutcome::Moved);
    }
    let revision = note_dek(conn, "dek.set", &dek.name, Some(dek.version), now).await?;
    deks::put(conn, dek, revision, now).await?;
    if expected.is_some() {
        disrupt(conn, Disruption::Content).await?;
    }
    Ok(KeyOutcome::Done(revision))
}

async fn delete_kek(conn: &mut Conn, name: &str, permanent: bool, now: i64) -> Result<KeyOutcome, StoreError> {
    let Some(kek) = keks::kek(conn, name).await? else { return Ok(KeyOutcome::KekNotFound) };
    if deks::exist_for(conn, name, permanent).await? {
        return Ok(KeyOutcome::Referenced);
    }
    match (permanent, kek.deleted) {
        (true, false) => return Ok(KeyOutcome::NotDeleted),
        (false, false) => return rewrite_kek(conn, kek, true, now).await,
        (false, true) => return Ok(KeyOutcome::Done(0)),
        (true, true) => {}
    }
    keks::remove(conn, name).await?;
    let revision = note_kek(conn, "kek.purged", name, now).await?;
    disrupt(conn, Disruption::Content).await?;
    Ok(KeyOutcome::Done(revision))
}

async fn rewrite_kek(conn: &mut Conn, kek: Kek, deleted: bool, now: i64) -> Result<KeyOutcome, StoreError> {
    let kind = if deleted { "kek.deleted" } else { "kek.set" };
    let revision = note_kek(conn, kind, &kek.name, now).await?;
    keks::put(conn, &Kek { deleted, ..kek }, revision, now).await?;
    disrupt(conn, Disruption::Content).await?;
    Ok(KeyOutcome::Done(revision))
}

async fn undelete_kek(conn: &mut Conn, name: &str, now: i64) -> Result<KeyOutcome, StoreError> {
    match keks::kek(conn, name).await? {
        None => Ok(KeyOutcome::KekNotFound),
        Some(kek) if kek.deleted => rewrite_kek(conn, kek, false, now).await,
        Some(_) => Ok(KeyOutcome::Done(0)),
    }
}

async fn delete_deks(
    conn: &mut Conn,
    name: &DekName,
    version: Option<i32>,
    permanent: bool,
    now: i64,
) -> Result<KeyOutcome, StoreError> {
    if keks::kek(conn, &name.kek).await?.is_none() {
        return Ok(KeyOutcome::KekNotFound);
    }
    let meant = deks::meant(conn, name, version).await?;
    if meant.is_empty() {
        return Ok(KeyOutcome::DekNotFound);
    }
    let all_deleted = meant.iter().all(|(_, deleted)| *deleted);
    if permanent && !all_deleted {
        return Ok(KeyOutcome::NotDeleted);
    }
    if !permanent && all_deleted {
        return Ok(KeyOutcome::Done(0));
    }
    let revision = note_dek(conn, if permanent { "dek.purged" } else { "dek.deleted" }, name, version, now).await?;
    if permanent {
        deks::remove(conn, name, version).await?;
    } else {
        deks::mark(conn, name, version, true, (revision, now)).await?;
    }
    disrupt(conn, Disruption::Content).await?;
    Ok(KeyOutcome::Done(revision))
}

async fn undelete_deks(conn: &mut Conn, name: &DekName, version: Option<i32>, now: i64) -> Result<KeyOutcome, StoreError> {
    let Some(kek) = keks::kek(conn, &name.kek).await? else { return Ok(KeyOutcome::KekNotFound) };
    let meant = deks::meant(conn, name, version).await?;
    if meant.is_empty() {
        return Ok(KeyOutcome::DekNotFound);
    }
    if kek.deleted {
        return Ok(KeyOutcome::KekDeleted);
    }
    if meant.iter().all(|(_, deleted)| !*deleted) {
        return Ok(KeyOutcome::Done(0));
    }
    let revision = note_dek(conn, "dek.set", name, version, now).await?;
    deks::mark(conn, name, version, false, (revision, now)).await?;
    disrupt(conn, Disruption::Content).await?;
    Ok(KeyOutcome::Done(revision))
}
