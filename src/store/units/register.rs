//! Filing a version.

use sqlx::Row as _;

use super::associations::associations_of;
use super::changes::{NewChange, disrupt, record};
use super::rows::{narrow, references_text};
use super::{Conn, db, names, read};
use crate::codec::{metadata_to, rule_set_to};
use crate::store::{RegisterOutcome, RegisterRequest, StoreError, SubjectState};
use crate::types::{Content, Lifecycle, SchemaId, Subject, VersionSelector, xreg_id};

pub(in crate::store) async fn register(conn: &mut Conn, request: &RegisterRequest) -> Result<RegisterOutcome, StoreError> {
    db::lock_subjects(conn, &request.subject, &request.targets).await?;
    let state = read::subject(conn, &request.subject).await?;
    if state.epoch != request.expected_epoch || state.row(request.version).is_some() {
        return Ok(RegisterOutcome::HeadMoved);
    }
    if let Some(position) = missing_reference(conn, request).await? {
        return Ok(RegisterOutcome::ReferenceGone { position });
    }
    if let Some(position) = owned_reference(conn, request).await? {
        return Ok(RegisterOutcome::ReferenceOwned { position });
    }
    db::lock_content(conn, request.subject.context(), request.schema.guid).await?;
    let context_id = ensure_context(conn, request.subject.context(), request.now).await?;
    let id = match find_or_allocate(conn, request, context_id).await? {
        Ok(id) => id,
        Err(outcome) => return Ok(outcome),
    };
    drop_superseded(conn, request, &state, id).await?;
    let sequence = record(
        conn,
        NewChange {
            kind: "schema.registered",
            subject: &request.subject,
            version: Some(request.version),
            schema_id: Some(id),
            payload: None,
            now: request.now,
        },
    )
    .await?;
    let subject_id = if state.rows.is_empty() {
        // with its last version a subject goes too: without versions there is none
        insert_subject(conn, context_id, &request.subject, sequence, request.now).await?
    } else {
        advance_subject(conn, &request.subject, sequence).await?
    };
    sqlx::query::<db::Db>(
        "INSERT INTO versions (subject_id, version, context_id, schema_id, deleted, created_at, written) \
         VALUES ($1, $2, $3, $4, FALSE, $5, $6)",
    )
    .bind(subject_id)
    .bind(i64::from(request.version))
    .bind(context_id)
    .bind(i64::from(id))
    .bind(request.now)
    .bind(sequence)
    .execute(&mut *conn)
    .await?;
    if request.disruptive {
        disrupt(conn, request.id.is_some()).await?;
    }
    Ok(RegisterOutcome::Registered { id })
}

async fn missing_reference(conn: &mut Conn, request: &RegisterRequest) -> Result<Option<usize>, StoreError> {
    for (position, (target, reference)) in request.targets.iter().zip(&request.schema.content.references).enumerate() {
        let selector = VersionSelector::Number(reference.version);
        if read::version(conn, target, selector, !request.active_references).await?.is_none() {
            return Ok(Some(position));
        }
    }
    Ok(None)
}

/// A subject that belongs to a resource can't be referred to.
async fn owned_reference(conn: &mut Conn, request: &RegisterRequest) -> Result<Option<usize>, StoreError> {
    if request.targets.is_empty() {
        return Ok(None);
    }
    let associations = associations_of(conn, &request.targets).await?;
    let owned = |target: &Subject| associations.iter().any(|a| a.subject == *target && a.lifecycle == Lifecycle::Strong);
    Ok(request.targets.iter().position(owned))
}

async fn ensure_context(conn: &mut Conn, name: &str, now: i64) -> Result<i64, StoreError> {
    let find = "SELECT context_id FROM contexts WHERE name = $1";
    if let Some(row) = sqlx::query::<db::Db>(find).bind(name).fetch_optional(&mut *conn).await? {
        return Ok(row.try_get(0)?);
    }
    let insert = "INSERT INTO contexts (name, created_at) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
    sqlx::query::<db::Db>(insert).bind(name).bind(now).execute(&mut *conn).await?;
    let row = sqlx::query::<db::Db>(find).bind(name).fetch_one(&mut *conn).await?;
    Ok(row.try_get(0)?)
}

async fn advance_subject(conn: &mut Conn, subject: &Subject, sequence: i64) -> Result<i64, StoreError> {
    let update = "UPDATE subjects SET epoch = $2 WHERE qualified = $1 RETURNING subject_id";
    let row = sqlx::query::<db::Db>(update).bind(subject.qualified()).bind(sequence).fetch_one(conn).await?;
    Ok(row.try_get(0)?)
}

/// A name whose xRegistry id is taken, which differs from another in letter case alone, gets one with a hash in it.
async fn insert_subject(conn: &mut Conn, context_id: i64, subject: &Subject, sequence: i64, now: i64) -> Result<i64, StoreError> {
    let qualified = subject.qualified();
    for forced in [false, true] {
        let xreg = xreg_id(subject.name(), forced);
        let row = sqlx::query::<db::Db>(
            "INSERT INTO subjects (context_id, name, qualified, xreg_id, xreg_key, created_at, epoch) VALUES ($1, $2, $3, $4, $5, $6, $7) \
             ON CONFLICT (context_id, xreg_key) DO NOTHING RETURNING subject_id",
        )
        .bind(context_id)
        .bind(subject.name())
        .bind(&qualified)
        .bind(&xreg)
        .bind(xreg.to_lowercase())
        .bind(now)
        .bind(sequence)
        .fetch_optional(&mut *conn)
        .await?;
        if let Some(row) = row {
            return Ok(row.try_get(0)?);
        }
    }
    Err(StoreError::Inconsistent { table: "subjects", what: format!("no xRegistry id is free for {qualified}") })
}

/// The id for the content: the one asked for, the one that stands for it already, or the next of the context.
async fn find_or_allocate(
    conn: &mut Conn,
    request: &RegisterRequest,
    context_id: i64,
) -> Result<Result<SchemaId, RegisterOutcome>, StoreError> {
    let context = request.subject.context();
    let content = &request.schema.content;
    if let Some(id) = request.id {
        if let Some(stored) = read::schema(conn, context, id).await? {
            let same = stored.guid == request.schema.guid && *stored.content == **content;
            return Ok(if same { Ok(id) } else { Err(RegisterOutcome::IdTaken) });
        }
        let raise = "UPDATE contexts SET max_id = $2 WHERE context_id = $1 AND max_id < $2";
        sqlx::query::<db::Db>(raise).bind(context_id).bind(i64::from(id)).execute(&mut *conn).await?;
        insert_schema(conn, request, context_id, id).await?;
        return Ok(Ok(id));
    }
    let known = read::content_ids(conn, context, request.schema.guid, content.schema_type).await?;
    if let Some(id) = known.first() {
        let Some(stored) = read::schema(conn, context, *id).await? else { return Ok(Err(RegisterOutcome::HeadMoved)) };
        return Ok(if *stored.content == **content { Ok(*id) } else { Err(RegisterOutcome::GuidCollision) });
    }
    let next = "UPDATE contexts SET max_id = max_id + 1 WHERE context_id = $1 RETURNING max_id";
    let row = sqlx::query::<db::Db>(next).bind(context_id).fetch_one(&mut *conn).await?;
    let id = narrow(row.try_get(0)?, "contexts")?;
    insert_schema(conn, request, context_id, id).await?;
    Ok(Ok(id))
}

async fn insert_schema(conn: &mut Conn, request: &RegisterRequest, context_id: i64, id: SchemaId) -> Result<(), StoreError> {
    let content: &Content = &request.schema.content;
    sqlx::query::<db::Db>(
        "INSERT INTO schemas (context_id, schema_id, guid, schema_type, text, refs, metadata, rule_set, created_at, digest) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(context_id)
    .bind(i64::from(id))
    .bind(request.schema.guid.0.to_vec())
    .bind(content.schema_type.as_str())
    .bind(&*content.text)
    .bind(references_text(&content.references))
    .bind(content.metadata.as_ref().map(|m| metadata_to(m).to_string()))
    .bind(content.rule_set.as_ref().map(|r| rule_set_to(r).to_string()))
    .bind(request.now)
    .bind(request.digest.map(|digest| digest.to_vec()))
    .execute(&mut *conn)
    .await?;
    names::insert(conn, context_id, id, &request.names).await?;
    for (position, (target, reference)) in request.targets.iter().zip(&content.references).enumerate() {
        sqlx::query::<db::Db>(
            "INSERT INTO schema_references (context_id, schema_id, position, name, target_context, target_subject, target_version) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(context_id)
        .bind(i64::from(id))
        .bind(i64::try_from(position).unwrap_or(i64::MAX))
        .bind(reference.name.as_str())
        .bind(target.context())
        .bind(target.name())
        .bind(i64::from(reference.version))
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

/// Soft-deleted versions of the subject that hold the same id disappear, unless something refers to them.
async fn drop_superseded(
    conn: &mut Conn,
    request: &RegisterRequest,
    state: &SubjectState,
    id: SchemaId,
) -> Result<(), StoreError> {
    for row in state.rows.iter().filter(|row| row.deleted && row.id == id) {
        if read::referrers(conn, &request.subject, row.version, true).await?.is_empty() {
            sqlx::query::<db::Db>(
                "DELETE FROM versions WHERE version = $2 AND subject_id = (SELECT subject_id FROM subjects WHERE qualified = $1)",
            )
            .bind(request.subject.qualified())
            .bind(i64::from(row.version))
            .execute(&mut *conn)
            .await?;
        }
    }
    Ok(())
}
