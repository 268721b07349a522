//! Names and digests of schemas, and subjects by their xRegistry ids.

use std::sync::Arc;

use sqlx::Row as _;

use super::decode::{guid, narrow, schema_type, stored_schema};
use super::{Conn, dialect};
use crate::store::{DocumentTag, NamedSchema, SchemaNames, StoreError, StoredSchema};
use crate::types::{SchemaId, SchemaName, Subject};

/// Adds names of a schema.
pub(in crate::store) async fn insert(
    conn: &mut Conn,
    context_id: i64,
    id: SchemaId,
    names: &[SchemaName],
) -> Result<(), StoreError> {
    for name in names {
        sqlx::query::<dialect::Db>(
            "INSERT INTO schema_names (kind, name, context_id, schema_id) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        )
        .bind(name.kind())
        .bind(name.text())
        .bind(context_id)
        .bind(i64::from(id))
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

/// The schemas with a name: those of the default context first.
pub(in crate::store) async fn named(conn: &mut Conn, name: &SchemaName, limit: i64) -> Result<Vec<NamedSchema>, StoreError> {
    let rows = sqlx::query::<dialect::Db>(
        "SELECT c.name, s.schema_id, s.guid, s.schema_type, EXISTS (SELECT 1 FROM versions v WHERE v.context_id = s.context_id \
         AND v.schema_id = s.schema_id AND NOT v.deleted) \
         FROM schema_names n JOIN schemas s ON s.context_id = n.context_id AND s.schema_id = n.schema_id \
         JOIN contexts c ON c.context_id = n.context_id WHERE n.kind = $1 AND n.name = $2 \
         ORDER BY CASE WHEN c.name = '.' THEN 0 ELSE 1 END, c.name, s.schema_id LIMIT $3",
    )
    .bind(name.kind())
    .bind(name.text())
    .bind(limit)
    .fetch_all(conn)
    .await?;
    let mut out = Vec::with_capacity(rows.len());
    for row in &rows {
        out.push(NamedSchema {
            context: row.try_get(0)?,
            id: narrow(row.try_get(1)?, "schemas")?,
            guid: guid(row.try_get(2)?)?,
            schema_type: schema_type(row.try_get(3)?)?,
            is_live: row.try_get(4)?,
        });
    }
    Ok(out)
}

pub(in crate::store) async fn subject_by_xregistry_id(
    conn: &mut Conn,
    context: &str,
    xreg_id: &str,
) -> Result<Option<Subject>, StoreError> {
    let row = sqlx::query::<dialect::Db>(
        "SELECT u.name FROM contexts c JOIN subjects u ON u.context_id = c.context_id \
         WHERE c.name = $1 AND u.xreg_key = $2 AND u.xreg_id = $3",
    )
    .bind(context)
    .bind(xreg_id.to_lowercase())
    .bind(xreg_id)
    .fetch_optional(conn)
    .await?;
    row.map(|row| Ok(Subject::in_context(context, row.try_get(0)?))).transpose()
}

/// What is known of a schema's document without its text.
pub(in crate::store) async fn document_tag(
    conn: &mut Conn,
    context: &str,
    id: SchemaId,
) -> Result<Option<DocumentTag>, StoreError> {
    let row = sqlx::query::<dialect::Db>(
        "SELECT s.guid, s.digest, s.created_at, s.schema_type FROM contexts c JOIN schemas s ON s.context_id = c.context_id \
         WHERE c.name = $1 AND s.schema_id = $2",
    )
    .bind(context)
    .bind(i64::from(id))
    .fetch_optional(conn)
    .await?;
    let tag = |row: super::Row| {
        let digest: Option<&[u8]> = row.try_get(1)?;
        Ok(DocumentTag {
            guid: guid(row.try_get(0)?)?,
            digest: digest.and_then(|bytes| bytes.try_into().ok()),
            created_at: row.try_get(2)?,
            schema_type: schema_type(row.try_get(3)?)?,
        })
    };
    row.map(tag).transpose()
}

/// Schemas that an older release stored without digest and names.
pub(in crate::store) async fn schemas_without_names(conn: &mut Conn, limit: i64) -> Result<Vec<StoredSchema>, StoreError> {
    schemas_without(conn, "digest", limit).await
}

/// The first schemas of which a column of `schemas` is not filled yet.
pub(super) async fn schemas_without(conn: &mut Conn, column: &'static str, limit: i64) -> Result<Vec<StoredSchema>, StoreError> {
    let query = format!(
        "SELECT c.name, s.schema_id, s.guid, s.schema_type, s.text, s.refs, s.metadata, s.rule_set, s.created_at \
         FROM schemas s JOIN contexts c ON c.context_id = s.context_id WHERE s.{column} IS NULL \
         ORDER BY s.context_id, s.schema_id LIMIT $1"
    );
    let rows = sqlx::query::<dialect::Db>(sqlx::AssertSqlSafe(query)).bind(limit).fetch_all(conn).await?;
    let mut out = Vec::with_capacity(rows.len());
    for row in &rows {
        let context: Arc<str> = row.try_get::<&str, _>(0)?.into();
        out.push(stored_schema(&context, row, 1)?);
    }
    Ok(out)
}

/// Stores digests and names; a schema that was deleted meanwhile is skipped.
pub(in crate::store) async fn put_schema_names(conn: &mut Conn, batch: &[SchemaNames]) -> Result<(), StoreError> {
    for schema in batch {
        let row = sqlx::query::<dialect::Db>(
            "UPDATE schemas SET digest = $4 WHERE schema_id = $2 AND guid = $3 \
             AND context_id = (SELECT context_id FROM contexts WHERE name = $1) RETURNING context_id",
        )
        .bind(&schema.context)
        .bind(i64::from(schema.id))
        .bind(schema.guid.0.to_vec())
        .bind(schema.digest.to_vec())
        .fetch_optional(&mut *conn)
        .await?;
        if let Some(row) = row {
            insert(conn, row.try_get(0)?, schema.id, &schema.names).await?;
        }
    }
    Ok(())
}
