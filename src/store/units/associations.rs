//! Associations of resources with subjects.

use sqlx::Row as _;

use super::changes::{NewChange, disrupt, record};
use super::{Conn, Row, db, delete, read, register, settings};
use crate::store::{
    AssociateOutcome, AssociateRequest, AssociationFilter, AssociationRemoval, AssociationScope, DeleteOutcome, DeleteRequest,
    RegisterOutcome, StoreError,
};
use crate::types::{Association, AssociationType, Lifecycle, Resource, Subject};

macro_rules! columns {
    () => {
        "guid, resource_name, resource_namespace, resource_id, resource_type, association_type, context, subject, lifecycle, frozen, \
         created_at, updated_at"
    };
}

macro_rules! order {
    () => {
        "ORDER BY resource_name, resource_namespace, resource_type, association_type, context, subject, resource_id"
    };
}

fn bad(what: &str) -> StoreError {
    StoreError::Inconsistent { table: "associations", what: what.to_owned() }
}

fn association(row: &Row) -> Result<Association, StoreError> {
    Ok(Association {
        guid: row.try_get(0)?,
        resource: Resource { name: row.try_get(1)?, namespace: row.try_get(2)?, id: row.try_get(3)?, kind: row.try_get(4)? },
        association_type: AssociationType::parse(row.try_get(5)?).ok_or_else(|| bad("association type"))?,
        subject: Subject::in_context(row.try_get(6)?, row.try_get(7)?),
        lifecycle: Lifecycle::parse(row.try_get(8)?).ok_or_else(|| bad("lifecycle"))?,
        frozen: row.try_get(9)?,
        created_at: row.try_get(10)?,
        updated_at: row.try_get(11)?,
    })
}

pub(in crate::store) async fn associations(conn: &mut Conn, filter: &AssociationFilter) -> Result<Vec<Association>, StoreError> {
    let condition = match &filter.scope {
        AssociationScope::ResourceId(_) => {
            concat!("SELECT ", columns!(), " FROM associations WHERE resource_id = $1 AND $2 = $2 ")
        }
        AssociationScope::ResourceName { .. } => concat!(
            "SELECT ",
            columns!(),
            " FROM associations WHERE ($1 = '' OR resource_name = $1) AND ($2 = '' OR resource_namespace = $2) "
        ),
        AssociationScope::Subject(_) => concat!("SELECT ", columns!(), " FROM associations WHERE context = $1 AND subject = $2 "),
    };
    let (first, second) = match &filter.scope {
        AssociationScope::ResourceId(id) => (id.as_str(), ""),
        AssociationScope::ResourceName { name, namespace } => (name.as_deref().unwrap_or(""), namespace.as_deref().unwrap_or("")),
        AssociationScope::Subject(subject) => (subject.context(), subject.name()),
    };
    let rest = concat!(
        "AND ($3 = 0 OR resource_type = $4) AND ($5 = 0 OR association_type IN ",
        texts!("6"),
        ") AND ($7 = '' OR lifecycle = $7) ",
        order!(),
        " LIMIT $8 OFFSET $9"
    );
    let types = filter.types.as_ref();
    let names: Vec<&str> = types.into_iter().flatten().map(|t| t.as_str()).collect();
    let rows = sqlx::query::<db::Db>(sqlx::AssertSqlSafe(format!("{condition}{rest}")))
        .bind(first)
        .bind(second)
        .bind(i64::from(filter.resource_type.is_some()))
        .bind(filter.resource_type.as_deref().unwrap_or(""))
        .bind(i64::from(types.is_some()))
        .bind(serde_json::Value::from(names).to_string())
        .bind(filter.lifecycle.map_or("", Lifecycle::as_str))
        .bind(filter.limit)
        .bind(filter.offset)
        .fetch_all(conn)
        .await?;
    rows.iter().map(association).collect()
}

pub(in crate::store) async fn associations_of(conn: &mut Conn, subjects: &[Subject]) -> Result<Vec<Association>, StoreError> {
    // names are compared together with their contexts below: the list may name one subject in several of them
    let names: Vec<&str> = subjects.iter().map(Subject::name).collect();
    let rows =
        sqlx::query::<db::Db>(concat!("SELECT ", columns!(), " FROM associations WHERE subject IN ", texts!("1"), " ", order!()))
            .bind(serde_json::Value::from(names).to_string())
            .fetch_all(conn)
            .await?;
    let mut out = rows.iter().map(association).collect::<Result<Vec<_>, _>>()?;
    out.retain(|association| subjects.contains(&association.subject));
    Ok(out)
}

/// Undone by itself when it does not come to an end: the transaction around it may hold the work of others.
pub(in crate::store) async fn associate(conn: &mut Conn, request: &AssociateRequest) -> Result<AssociateOutcome, StoreError> {
    sqlx::query::<db::Db>("SAVEPOINT associate").execute(&mut *conn).await?;
    let outcome = write(conn, request).await?;
    if !matches!(outcome, AssociateOutcome::Done(_)) {
        sqlx::query::<db::Db>("ROLLBACK TO SAVEPOINT associate").execute(&mut *conn).await?;
    }
    sqlx::query::<db::Db>("RELEASE SAVEPOINT associate").execute(&mut *conn).await?;
    Ok(outcome)
}

async fn write(conn: &mut Conn, request: &AssociateRequest) -> Result<AssociateOutcome, StoreError> {
    let mut subjects: Vec<Subject> = request.heads.iter().map(|(subject, _)| subject.clone()).collect();
    subjects.extend(request.removals.iter().map(|removal| removal.association.subject.clone()));
    subjects.extend(request.puts.iter().map(|association| association.subject.clone()));
    db::lock_all(conn, &subjects).await?;
    for registration in &request.registrations {
        db::lock_content(conn, registration.subject.context(), registration.schema.guid).await?;
    }
    // whoever changes associations, configs, modes or deletes passes here, and the row stays locked until the end
    disrupt(conn, false).await?;
    if settings::generation(conn).await?.answers != request.expected_generation + 1 || moved(conn, request).await? {
        return Ok(AssociateOutcome::Moved);
    }
    for removal in &request.removals {
        if let Some(refusal) = remove(conn, removal, request.now).await? {
            return Ok(AssociateOutcome::Deletion(refusal));
        }
    }
    let mut ids = Vec::new();
    for (position, registration) in request.registrations.iter().enumerate() {
        match register::register(conn, registration).await? {
            RegisterOutcome::Registered { id } => ids.push(id),
            RegisterOutcome::HeadMoved => return Ok(AssociateOutcome::Moved),
            outcome => return Ok(AssociateOutcome::Registration { position, outcome }),
        }
    }
    for association in &request.puts {
        put(conn, association).await?;
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

async fn remove(conn: &mut Conn, removal: &AssociationRemoval, now: i64) -> Result<Option<DeleteOutcome>, StoreError> {
    let association = &removal.association;
    sqlx::query::<db::Db>("DELETE FROM associations WHERE guid = $1").bind(&association.guid).execute(&mut *conn).await?;
    note(conn, "association.deleted", association, now).await?;
    if !removal.cascade {
        return Ok(None);
    }
    for permanent in [false, true] {
        let request = DeleteRequest { subject: association.subject.clone(), version: None, permanent, read_only: false, now };
        match delete::delete(conn, &request).await? {
            DeleteOutcome::Deleted(_) | DeleteOutcome::SubjectNotFound | DeleteOutcome::SubjectSoftDeleted => {}
            refusal => return Ok(Some(refusal)),
        }
    }
    Ok(None)
}

async fn put(conn: &mut Conn, association: &Association) -> Result<(), StoreError> {
    let resource = &association.resource;
    sqlx::query::<db::Db>(concat!(
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
    note(conn, "association.set", association, association.updated_at).await
}

async fn note(conn: &mut Conn, kind: &'static str, association: &Association, now: i64) -> Result<(), StoreError> {
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
    record(conn, NewChange { kind, subject: &association.subject, version: None, schema_id: None, payload, now }).await?;
    Ok(())
}

async fn is_over(conn: &mut Conn, limit: usize) -> Result<bool, StoreError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let row = sqlx::query::<db::Db>("SELECT 1 FROM associations LIMIT 1 OFFSET $1").bind(limit).fetch_optional(conn).await?;
    Ok(row.is_some())
}
