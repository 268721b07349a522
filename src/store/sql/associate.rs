//! Changing associations: removals, registrations and changes of one request, all of it or nothing.

use super::associations::columns;
use super::changes::{Act, Disruption, NewChange, disrupt, generation, record};
use super::locks::Lock;
use super::{Conn, delete, dialect, read, register};
use crate::store::{
    AssociateOutcome, AssociateRequest, AssociationRemoval, DeleteOutcome, DeleteRequest, RegisterOutcome, StoreError,
};
use crate::types::{Actor, Association, Lifecycle};

/// Works in a savepoint: on SQLite the transaction around it may hold the units of other requests, which a refusal must not undo.
pub(in crate::store) async fn associate(
    conn: &mut Conn,
    request: &AssociateRequest,
    by: Option<&Actor>,
) -> Result<AssociateOutcome, StoreError> {
    sqlx::query::<dialect::Db>("SAVEPOINT associate").execute(&mut *conn).await?;
    let outcome = write(conn, request, by).await?;
    if !matches!(outcome, AssociateOutcome::Done(_)) {
        sqlx::query::<dialect::Db>("ROLLBACK TO SAVEPOINT associate").execute(&mut *conn).await?;
    }
    sqlx::query::<dialect::Db>("RELEASE SAVEPOINT associate").execute(&mut *conn).await?;
    Ok(outcome)
}

async fn write(conn: &mut Conn, request: &AssociateRequest, by: Option<&Actor>) -> Result<AssociateOutcome, StoreError> {
    let heads = request.heads.iter().map(|(subject, _)| subject);
    let removed = request.removals.iter().map(|removal| &removal.association.subject);
    let subjects = heads.chain(removed).chain(request.puts.iter().map(|association| &association.subject));
    let mut locks = vec![Lock::SharedSettings];
    locks.extend(subjects.map(Lock::Subject));
    locks.extend(request.registrations.iter().flat_map(register::locks));
    dialect::lock(conn, &locks).await?;
    // every change of associations, configs and modes and every deletion updates this row, which stays locked until the commit
    disrupt(conn, Disruption::Content).await?;
    if generation(conn).await?.content != request.expected_generation + 1 || moved(conn, request).await? {
        return Ok(AssociateOutcome::Moved);
    }
    for removal in &request.removals {
        if let Some(refusal) = remove(conn, removal, Act { by, now: request.now }).await? {
            return Ok(AssociateOutcome::Deletion(refusal));
        }
    }
    let mut ids = Vec::new();
    for (position, registration) in request.registrations.iter().enumerate() {
        match register::register(conn, registration, by).await? {
            RegisterOutcome::Registered { id, .. } => ids.push(id),
            RegisterOutcome::HeadMoved => return Ok(AssociateOutcome::Moved),
            outcome => return Ok(AssociateOutcome::Registration { position, outcome }),
        }
    }
    for association in &request.puts {
        put(conn, association, by).await?;
    }
    if !request.puts.is_empty() && is_over(conn, request.limit).await? {
        return Ok(AssociateOutcome::Full);
    }
    Ok(AssociateOutcome::Done(ids))
}

/// Whether a subject changed since the decision, or something refers now to one that is about to belong to a resource.
async fn moved(conn: &mut Conn, request: &AssociateRequest) -> Result<bool, StoreError> {
    for (subject, epoch) in &request.heads {
        if read::subject(conn, subject).await?.epoch != *epoch {
            return Ok(true);
        }
    }
    for association in request.puts.iter().filter(|association| association.lifecycle == Lifecycle::Strong) {
        if read::is_referenced(conn, &association.subject).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn remove(conn: &mut Conn, removal: &AssociationRemoval, act: Act<'_>) -> Result<Option<DeleteOutcome>, StoreError> {
    let association = &removal.association;
    sqlx::query::<dialect::Db>("DELETE FROM associations WHERE guid = $1").bind(&association.guid).execute(&mut *conn).await?;
    note(conn, "association.deleted", association, act).await?;
    if !removal.cascade {
        return Ok(None);
    }
    for permanent in [false, true] {
        let request = DeleteRequest {
            subject: association.subject.clone(),
            version: None,
            permanent,
            read_only: false,
            expected_settings: None,
            now: act.now,
        };
        match delete::delete(conn, &request, act.by).await? {
            DeleteOutcome::Deleted(_) | DeleteOutcome::SubjectNotFound | DeleteOutcome::SubjectSoftDeleted => {}
            refusal => return Ok(Some(refusal)),
        }
    }
    Ok(None)
}

async fn put(conn: &mut Conn, association: &Association, by: Option<&Actor>) -> Result<(), StoreError> {
    let resource = &association.resource;
    sqlx::query::<dialect::Db>(concat!(
        "INSERT INTO associations (",
        columns!(),
        ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) \
         ON CONFLICT (guid) DO UPDATE SET lifecycle = excluded.lifecycle, frozen = excluded.frozen, updated_at = excluded.updated_at"
    ))
    .bind(&association.guid)
    .bind(&resource.name)
    .bind(&resource.namespace)
    .bind(&resource.id)
    .bind(&resource.kind)
    .bind(association.association_type.as_str())
    .bind(association.subject.context())
    .bind(association.subject.name())
    .bind(association.lifecycle.as_str())
    .bind(association.frozen)
    .bind(association.created_at)
    .bind(association.updated_at)
    .execute(&mut *conn)
    .await?;
    note(conn, "association.set", association, Act { by, now: association.updated_at }).await
}

async fn note(conn: &mut Conn, kind: &'static str, association: &Association, act: Act<'_>) -> Result<(), StoreError> {
    let resource = &association.resource;
    let payload = serde_json::json!({
        "guid": association.guid,
        "resourceName": resource.name,
        "resourceNamespace": resource.namespace,
        "resourceId": resource.id,
        "resourceType": resource.kind,
        "associationType": association.association_type.as_str(),
        "lifecycle": association.lifecycle.as_str(),
    });
    let payload = Some(payload.to_string());
    let details = payload.clone();
    record(conn, NewChange { payload, details, ..NewChange::new(kind, &association.subject, act) }).await?;
    Ok(())
}

async fn is_over(conn: &mut Conn, limit: usize) -> Result<bool, StoreError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let row = sqlx::query::<dialect::Db>("SELECT 1 FROM associations LIMIT 1 OFFSET $1").bind(limit).fetch_optional(conn).await?;
    Ok(row.is_some())
}
