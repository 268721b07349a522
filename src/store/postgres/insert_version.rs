//! Writing a version. The counter row of the context hands out ids, whichever replica asks.

use sqlx::Row as _;

use super::Conn;
use super::sql::changes::{Act, NewChange, record};
use super::sql::{IdSource, NewVersion, bind_schema};
use super::words;
use crate::store::StoreError;
use crate::types::{SchemaId, Subject, xregistry_id};

/// Writes the version and returns the schema's id.
pub(super) async fn insert_version(conn: &mut Conn, version: &NewVersion<'_>) -> Result<SchemaId, StoreError> {
    let NewVersion { request, context_id, id, is_new_subject, .. } = *version;
    let id = match id {
        IdSource::Known(id) => id,
        IdSource::Given(id) => {
            let raise = "UPDATE contexts SET max_id = $2 WHERE context_id = $1 AND max_id < $2";
            sqlx::query(raise).bind(context_id).bind(i64::from(id)).execute(&mut *conn).await?;
            insert_schema(conn, version, id).await?;
            id
        }
        IdSource::Next(highest) => {
            let next = "UPDATE contexts SET max_id = max_id + 1 WHERE context_id = $1 RETURNING max_id";
            let row = sqlx::query(next).bind(context_id).fetch_one(&mut *conn).await?;
            // another replica may have taken the next one; one that was handed out before it can never be
            let next =
                Some(row.try_get::<i64, _>(0)?).filter(|next| *next > highest).and_then(|next| SchemaId::try_from(next).ok());
            let id = next.ok_or(StoreError::Inconsistent { table: "contexts", what: "no id is left".to_owned() })?;
            insert_schema(conn, version, id).await?;
            id
        }
    };
    let change = NewChange {
        version: Some(request.version),
        schema_id: Some(id),
        operation: version.operation(),
        replaced: version.previous,
        guid: Some(request.schema.guid),
        ..NewChange::new("schema.registered", &request.subject, Act { by: version.by, now: request.now })
    };
    let sequence = record(conn, change).await?;
    let subject_id = if is_new_subject {
        insert_subject(conn, context_id, &request.subject, sequence, request.now).await?
    } else {
        let update = "UPDATE subjects SET epoch = $2 WHERE qualified = $1 RETURNING subject_id";
        let row = sqlx::query(update).bind(request.subject.qualified()).bind(sequence).fetch_one(&mut *conn).await?;
        row.try_get(0)?
    };
    sqlx::query(
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
    Ok(id)
}

/// A name whose xRegistry id is taken, which differs from another in letter case alone, gets one with a hash in it.
async fn insert_subject(conn: &mut Conn, context_id: i64, subject: &Subject, sequence: i64, now: i64) -> Result<i64, StoreError> {
    let qualified = subject.qualified();
    for forced in [false, true] {
        let xreg = xregistry_id(subject.name(), forced);
        let row = sqlx::query(
            "WITH own AS (INSERT INTO subjects (context_id, name, qualified, xreg_id, xreg_key, created_at, epoch, is_searchable) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, TRUE) ON CONFLICT (context_id, xreg_key) DO NOTHING RETURNING subject_id), \
             filed AS (INSERT INTO search_subjects (subject_id, words) SELECT subject_id, $8::tsvector FROM own) \
             SELECT subject_id FROM own",
        )
        .bind(context_id)
        .bind(subject.name())
        .bind(&qualified)
        .bind(&xreg)
        .bind(xreg.to_lowercase())
        .bind(now)
        .bind(sequence)
        .bind(words::vector_of_subject(subject))
        .fetch_optional(&mut *conn)
        .await?;
        if let Some(row) = row {
            return Ok(row.try_get(0)?);
        }
    }
    Err(StoreError::Inconsistent { table: "subjects", what: format!("no xRegistry id is free for {qualified}") })
}

async fn insert_schema(conn: &mut Conn, version: &NewVersion<'_>, id: SchemaId) -> Result<(), StoreError> {
    let insert = "WITH own AS (INSERT INTO schemas (context_id, schema_id, guid, schema_type, text, refs, metadata, rule_set, \
                  created_at, digest, is_searchable) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, \
                  CASE WHEN $11::text IS NULL THEN NULL ELSE TRUE END) RETURNING context_id, schema_id) \
                  INSERT INTO search_schemas (context_id, schema_id, words) SELECT context_id, schema_id, $11::tsvector FROM own \
                  WHERE $11::text IS NOT NULL";
    bind_schema(insert, version, id).bind(version.request.words.as_ref().map(words::vector)).execute(conn).await?;
    Ok(())
}
