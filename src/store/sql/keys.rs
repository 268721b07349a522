//! Changes of keys. All that happens to a KEK and its DEKs happens one after the other, so a version never gets two keys.

use super::changes::{Act, Disruption, NewChange, disrupt, record};
use super::locks::Lock;
use super::{Conn, deks, dialect, keks};
use crate::store::{KeyChange, KeyOutcome, StoreError};
use crate::types::{Dek, DekName, Kek, Subject};

pub(in crate::store) async fn change_key(conn: &mut Conn, change: &KeyChange, act: Act<'_>) -> Result<KeyOutcome, StoreError> {
    dialect::lock(conn, &[Lock::Kek(change.kek())]).await?;
    match change {
        KeyChange::PutKek { kek, expected } => put_kek(conn, kek, *expected, act).await,
        KeyChange::PutDek { dek, expected, expected_kek } => put_dek(conn, dek, *expected, *expected_kek, act).await,
        KeyChange::DeleteKek { name, permanent } => delete_kek(conn, name, *permanent, act).await,
        KeyChange::UndeleteKek { name } => undelete_kek(conn, name, act).await,
        KeyChange::DeleteDeks { name, version, permanent } => delete_deks(conn, name, *version, *permanent, act).await,
        KeyChange::UndeleteDeks { name, version } => undelete_deks(conn, name, *version, act).await,
    }
}

/// Notes a change of a KEK, and gives the revision that comes of it.
async fn note_kek(
    conn: &mut Conn,
    (kind, operation): (&'static str, &'static str),
    kek: &Kek,
    act: Act<'_>,
) -> Result<i64, StoreError> {
    let payload = Some(serde_json::json!({ "name": kek.name }).to_string());
    let shown = serde_json::json!({
        "name": kek.name,
        "kmsType": kek.kms_type,
        "kmsKeyId": kek.kms_key_id,
        "shared": kek.shared,
    });
    let details = Some(shown.to_string());
    record(conn, NewChange { payload, operation, details, ..NewChange::new(kind, &Subject::plain(""), act) }).await
}

async fn note_dek(
    conn: &mut Conn,
    (kind, operation): (&'static str, &'static str),
    name: &DekName,
    version: Option<i32>,
    act: Act<'_>,
) -> Result<i64, StoreError> {
    let payload = Some(serde_json::json!({ "kekName": name.kek, "algorithm": name.algorithm.as_str() }).to_string());
    let details = payload.clone();
    record(conn, NewChange { version, payload, operation, details, ..NewChange::new(kind, &name.subject(), act) }).await
}

async fn put_kek(conn: &mut Conn, kek: &Kek, expected: Option<i64>, act: Act<'_>) -> Result<KeyOutcome, StoreError> {
    if keks::kek(conn, &kek.name).await?.map(|known| known.revision) != expected {
        return Ok(KeyOutcome::Moved);
    }
    let revision = note_kek(conn, ("kek.set", "kek.set"), kek, act).await?;
    keks::put(conn, kek, revision, act.now).await?;
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
    act: Act<'_>,
) -> Result<KeyOutcome, StoreError> {
    let kek = keks::kek(conn, &dek.name.kek).await?.map(|known| known.revision);
    let known = deks::dek(conn, &dek.name, dek.version).await?.map(|known| known.revision);
    if kek != Some(expected_kek) || known != expected {
        return Ok(KeyOutcome::Moved);
    }
    let revision = note_dek(conn, ("dek.set", "dek.set"), &dek.name, Some(dek.version), act).await?;
    deks::put(conn, dek, revision, act.now).await?;
    if expected.is_some() {
        disrupt(conn, Disruption::Content).await?;
    }
    Ok(KeyOutcome::Done(revision))
}

async fn delete_kek(conn: &mut Conn, name: &str, permanent: bool, act: Act<'_>) -> Result<KeyOutcome, StoreError> {
    let Some(kek) = keks::kek(conn, name).await? else { return Ok(KeyOutcome::KekNotFound) };
    if deks::exist_for(conn, name, permanent).await? {
        return Ok(KeyOutcome::Referenced);
    }
    match (permanent, kek.deleted) {
        (true, false) => return Ok(KeyOutcome::NotDeleted),
        (false, false) => return rewrite_kek(conn, kek, true, act).await,
        (false, true) => return Ok(KeyOutcome::Done(0)),
        (true, true) => {}
    }
    keks::remove(conn, name).await?;
    let revision = note_kek(conn, ("kek.purged", "kek.purged"), &kek, act).await?;
    disrupt(conn, Disruption::Content).await?;
    Ok(KeyOutcome::Done(revision))
}

async fn rewrite_kek(conn: &mut Conn, kek: Kek, deleted: bool, act: Act<'_>) -> Result<KeyOutcome, StoreError> {
    let kind = if deleted { ("kek.deleted", "kek.deleted") } else { ("kek.set", "kek.undeleted") };
    let revision = note_kek(conn, kind, &kek, act).await?;
    keks::put(conn, &Kek { deleted, ..kek }, revision, act.now).await?;
    disrupt(conn, Disruption::Content).await?;
    Ok(KeyOutcome::Done(revision))
}

async fn undelete_kek(conn: &mut Conn, name: &str, act: Act<'_>) -> Result<KeyOutcome, StoreError> {
    match keks::kek(conn, name).await? {
        None => Ok(KeyOutcome::KekNotFound),
        Some(kek) if kek.deleted => rewrite_kek(conn, kek, false, act).await,
        Some(_) => Ok(KeyOutcome::Done(0)),
    }
}

async fn delete_deks(
    conn: &mut Conn,
    name: &DekName,
    version: Option<i32>,
    permanent: bool,
    act: Act<'_>,
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
    let kind = if permanent { "dek.purged" } else { "dek.deleted" };
    let revision = note_dek(conn, (kind, kind), name, version, act).await?;
    if permanent {
        deks::remove(conn, name, version).await?;
    } else {
        deks::mark(conn, name, version, true, (revision, act.now)).await?;
    }
    disrupt(conn, Disruption::Content).await?;
    Ok(KeyOutcome::Done(revision))
}

async fn undelete_deks(conn: &mut Conn, name: &DekName, version: Option<i32>, act: Act<'_>) -> Result<KeyOutcome, StoreError> {
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
    let revision = note_dek(conn, ("dek.set", "dek.undeleted"), name, version, act).await?;
    deks::mark(conn, name, version, false, (revision, act.now)).await?;
    disrupt(conn, Disruption::Content).await?;
    Ok(KeyOutcome::Done(revision))
}
