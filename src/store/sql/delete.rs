//! Deleting versions, subjects and contexts.

use super::changes::{Act, Disruption, NewChange, disrupt, generation, record};
use super::locks::Lock;
use super::{Conn, dialect, read};
use crate::store::{DeleteOutcome, DeleteRequest, StoreError, SubjectState};
use crate::types::{Actor, SchemaId, Subject, Version, VersionSelector};

/// The checks come in the order of rest-api 5.7: existence and state, then the mode, then references.
pub(in crate::store) async fn delete(
    conn: &mut Conn,
    request: &DeleteRequest,
    by: Option<&Actor>,
) -> Result<DeleteOutcome, StoreError> {
    dialect::lock(conn, &[Lock::SharedSettings, Lock::Subject(&request.subject)]).await?;
    if let Some(expected) = request.expected_settings
        && generation(conn).await?.settings != expected
    {
        return Ok(DeleteOutcome::Moved);
    }
    let state = read::subject(conn, &request.subject).await?;
    let versions = match pick(&state, request) {
        Ok(versions) => versions,
        Err(outcome) => return Ok(outcome),
    };
    if request.read_only {
        return Ok(DeleteOutcome::ReadOnly);
    }
    if request.permanent
        && let Some(outcome) = still_active(&state, request, &versions)
    {
        return Ok(outcome);
    }
    if let Some(outcome) = guarded(conn, &state, request, &versions).await? {
        return Ok(outcome);
    }
    let act = Act { by, now: request.now };
    if request.permanent {
        purge(conn, &request.subject, &versions, act).await?;
    } else {
        soft_delete(conn, &request.subject, &state, &versions, act).await?;
    }
    Ok(DeleteOutcome::Deleted(versions))
}

fn pick(state: &SubjectState, request: &DeleteRequest) -> Result<Vec<Version>, DeleteOutcome> {
    if state.rows.is_empty() {
        return Err(DeleteOutcome::SubjectNotFound);
    }
    let row = match request.version {
        Some(VersionSelector::Latest) => state.latest(),
        Some(VersionSelector::Number(number)) => state.row(number),
        None => {
            let active: Vec<Version> = state.rows.iter().filter(|row| !row.deleted).map(|row| row.version).collect();
            return match (request.permanent, active.is_empty()) {
                (false, true) => Err(DeleteOutcome::SubjectSoftDeleted),
                (false, false) => Ok(active),
                (true, _) => Ok(state.rows.iter().map(|row| row.version).collect()),
            };
        }
    };
    let row = row.ok_or(DeleteOutcome::VersionNotFound)?;
    if row.deleted && !request.permanent {
        return Err(DeleteOutcome::VersionSoftDeleted(row.version));
    }
    Ok(vec![row.version])
}

fn still_active(state: &SubjectState, request: &DeleteRequest, versions: &[Version]) -> Option<DeleteOutcome> {
    let active = |version: &Version| state.row(*version).is_some_and(|row| !row.deleted);
    if request.version.is_none() {
        return versions.iter().any(active).then_some(DeleteOutcome::SubjectNotDeleted);
    }
    versions.iter().find(|v| active(v)).map(|v| DeleteOutcome::VersionNotDeleted(*v))
}

/// Associations and references stand in the way. Whole subjects ignore references among their own versions.
async fn guarded(
    conn: &mut Conn,
    state: &SubjectState,
    request: &DeleteRequest,
    versions: &[Version],
) -> Result<Option<DeleteOutcome>, StoreError> {
    let associated = sqlx::query::<dialect::Db>("SELECT 1 FROM associations WHERE context = $1 AND subject = $2 LIMIT 1")
        .bind(request.subject.context())
        .bind(request.subject.name())
        .fetch_optional(&mut *conn)
        .await?
        .is_some();
    if associated && request.version.is_none() {
        return Ok(Some(DeleteOutcome::Associated(request.subject.clone())));
    }
    if associated && !request.permanent && state.active().count() == 1 {
        return Ok(Some(DeleteOutcome::AssociatedLast(request.subject.clone())));
    }
    for version in versions {
        let referrers = read::referrers(conn, &request.subject, *version, request.permanent).await?;
        let mut outside = false;
        for (context, id) in &referrers {
            let own = context == request.subject.context() && request.version.is_none();
            outside = outside
                || !own
                || read::holders(conn, context, *id)
                    .await?
                    .iter()
                    .any(|holder| holder.subject != request.subject && (request.permanent || !holder.deleted));
        }
        if outside {
            return Ok(Some(DeleteOutcome::Referenced(request.subject.clone(), *version)));
        }
    }
    Ok(None)
}

async fn soft_delete(
    conn: &mut Conn,
    subject: &Subject,
    state: &SubjectState,
    versions: &[Version],
    act: Act<'_>,
) -> Result<(), StoreError> {
    for version in versions {
        let sequence = change(conn, "schema.deleted", subject, (*version, state), act).await?;
        sqlx::query::<dialect::Db>(
            "UPDATE versions SET deleted = TRUE WHERE version = $2 AND subject_id = (SELECT subject_id FROM subjects WHERE qualified = $1)",
        )
        .bind(subject.qualified())
        .bind(i64::from(*version))
        .execute(&mut *conn)
        .await?;
        touch(conn, subject, sequence).await?;
    }
    disrupt(conn, Disruption::Content).await
}

async fn change(
    conn: &mut Conn,
    kind: &'static str,
    subject: &Subject,
    (version, state): (Version, &SubjectState),
    act: Act<'_>,
) -> Result<i64, StoreError> {
    let replaced = state.row(version).map(|row| row.id);
    record(conn, NewChange { version: Some(version), replaced, ..NewChange::new(kind, subject, act) }).await
}

async fn touch(conn: &mut Conn, subject: &Subject, sequence: i64) -> Result<(), StoreError> {
    sqlx::query::<dialect::Db>("UPDATE subjects SET epoch = $2 WHERE qualified = $1")
        .bind(subject.qualified())
        .bind(sequence)
        .execute(&mut *conn)
        .await?;
    Ok(())
}

/// Removes versions for good, then everything that only they held: schemas, references, and with the last version of a
/// subject the subject itself, its config and its mode.
pub(super) async fn purge(conn: &mut Conn, subject: &Subject, versions: &[Version], act: Act<'_>) -> Result<(), StoreError> {
    let qualified = subject.qualified();
    let state = read::subject(conn, subject).await?;
    for version in versions {
        let sequence = change(conn, "schema.purged", subject, (*version, &state), act).await?;
        sqlx::query::<dialect::Db>(
            "DELETE FROM versions WHERE version = $2 AND subject_id = (SELECT subject_id FROM subjects WHERE qualified = $1)",
        )
        .bind(&qualified)
        .bind(i64::from(*version))
        .execute(&mut *conn)
        .await?;
        touch(conn, subject, sequence).await?;
        if let Some(row) = state.row(*version) {
            drop_if_orphan(conn, subject.context(), row.id).await?;
        }
    }
    if read::subject(conn, subject).await?.rows.is_empty() {
        sqlx::query::<dialect::Db>("DELETE FROM subjects WHERE qualified = $1").bind(&qualified).execute(&mut *conn).await?;
        for statement in
            ["DELETE FROM configs WHERE context = $1 AND subject = $2", "DELETE FROM modes WHERE context = $1 AND subject = $2"]
        {
            sqlx::query::<dialect::Db>(statement).bind(subject.context()).bind(subject.name()).execute(&mut *conn).await?;
        }
    }
    disrupt(conn, Disruption::IdBindings).await
}

/// Drops a schema that no version holds any more, with its references and names.
async fn drop_if_orphan(conn: &mut Conn, context: &str, id: SchemaId) -> Result<(), StoreError> {
    for statement in [
        "DELETE FROM schema_names WHERE schema_id = $2 AND context_id = (SELECT context_id FROM contexts WHERE name = $1) \
         AND NOT EXISTS (SELECT 1 FROM versions v WHERE v.context_id = schema_names.context_id AND v.schema_id = $2)",
        "DELETE FROM schema_references WHERE schema_id = $2 AND context_id = (SELECT context_id FROM contexts WHERE name = $1) \
         AND NOT EXISTS (SELECT 1 FROM versions v WHERE v.context_id = schema_references.context_id AND v.schema_id = $2)",
        "DELETE FROM schemas WHERE schema_id = $2 AND context_id = (SELECT context_id FROM contexts WHERE name = $1) \
         AND NOT EXISTS (SELECT 1 FROM versions v WHERE v.context_id = schemas.context_id AND v.schema_id = $2)",
    ] {
        sqlx::query::<dialect::Db>(statement).bind(context).bind(i64::from(id)).execute(&mut *conn).await?;
    }
    Ok(())
}

pub(in crate::store) async fn delete_context(conn: &mut Conn, context: &str, act: Act<'_>) -> Result<bool, StoreError> {
    let held = sqlx::query::<dialect::Db>(
        "SELECT 1 FROM contexts c JOIN subjects u ON u.context_id = c.context_id JOIN versions v ON v.subject_id = u.subject_id \
         WHERE c.name = $1 LIMIT 1",
    )
    .bind(context)
    .fetch_optional(&mut *conn)
    .await?;
    if held.is_some() {
        return Ok(false);
    }
    let gone = sqlx::query::<dialect::Db>("DELETE FROM contexts WHERE name = $1").bind(context).execute(&mut *conn).await?;
    if gone.rows_affected() > 0 {
        let subject = Subject::in_context(context, "");
        record(conn, NewChange::new("context.deleted", &subject, act)).await?;
        disrupt(conn, Disruption::Content).await?;
    }
    Ok(true)
}
