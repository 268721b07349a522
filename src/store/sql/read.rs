//! Reads.

use std::sync::Arc;

use sqlx::Row as _;

use super::decode::{context_and_id, holder, narrow, schema_type, stored_schema, version_row};
use super::{Conn, Row, dialect};
use crate::store::{Holder, StoreError, StoredSchema, SubjectState, TurnHolder, VersionRow};
use crate::types::{DEFAULT_CONTEXT, Guid, SchemaId, SchemaType, Subject, Version, VersionSelector};

pub(in crate::store) async fn schema(conn: &mut Conn, context: &str, id: SchemaId) -> Result<Option<StoredSchema>, StoreError> {
    let row =
        sqlx::query::<dialect::Db>(dialect::statements::SCHEMA).bind(context).bind(i64::from(id)).fetch_optional(conn).await?;
    let context: Arc<str> = context.into();
    row.map(|row| stored_schema(&context, &row, 0)).transpose()
}

pub(in crate::store) async fn schemas(conn: &mut Conn, context: &str, ids: &[SchemaId]) -> Result<Vec<StoredSchema>, StoreError> {
    let name: Arc<str> = context.into();
    let mut out = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(500) {
        let list = serde_json::Value::from(chunk).to_string();
        let rows =
            sqlx::query::<dialect::Db>(dialect::statements::SCHEMAS).bind(context).bind(list).fetch_all(&mut *conn).await?;
        for row in &rows {
            out.push(stored_schema(&name, row, 0)?);
        }
    }
    Ok(out)
}

pub(in crate::store) async fn holders(conn: &mut Conn, context: &str, id: SchemaId) -> Result<Vec<Holder>, StoreError> {
    let rows = sqlx::query::<dialect::Db>(
        "SELECT u.name, v.version, v.deleted, v.created_at FROM contexts c \
         JOIN versions v ON v.context_id = c.context_id JOIN subjects u ON u.subject_id = v.subject_id \
         WHERE c.name = $1 AND v.schema_id = $2 ORDER BY v.written",
    )
    .bind(context)
    .bind(i64::from(id))
    .fetch_all(conn)
    .await?;
    rows.iter().map(|row| holder(context, row)).collect()
}

pub(in crate::store) async fn ids_by_guid(
    conn: &mut Conn,
    guid: Guid,
) -> Result<Vec<(String, SchemaId, SchemaType)>, StoreError> {
    let rows = sqlx::query::<dialect::Db>(
        "SELECT c.name, s.schema_id, s.schema_type FROM schemas s JOIN contexts c ON c.context_id = s.context_id \
         WHERE s.guid = $1 ORDER BY c.name, s.schema_id",
    )
    .bind(guid.0.to_vec())
    .fetch_all(conn)
    .await?;
    rows.iter()
        .map(|row| {
            let (context, id) = context_and_id(row)?;
            Ok((context, id, schema_type(row.try_get(2)?)?))
        })
        .collect()
}

/// Schemas with a content that some version holds. Parameters: guid, context, type. Without grouping: to group by id some planners walk
/// the whole context in the order of its ids.
macro_rules! of_content {
    () => {
        "FROM contexts c JOIN schemas s ON s.context_id = c.context_id WHERE s.guid = $1 AND c.name = $2 AND s.schema_type = $3 \
         AND EXISTS (SELECT 1 FROM versions v WHERE v.context_id = s.context_id AND v.schema_id = s.schema_id)"
    };
}

/// When a schema was written last.
macro_rules! last_written {
    () => {
        "(SELECT max(v.written) FROM versions v WHERE v.context_id = s.context_id AND v.schema_id = s.schema_id)"
    };
}

pub(in crate::store) const CONTENT_IDS: &str =
    concat!("SELECT s.schema_id ", of_content!(), " ORDER BY ", last_written!(), " DESC");

/// Parameters: those of [`CONTENT_IDS`], then the qualified subject.
pub(in crate::store) const HEAD: &str = concat!(
    "SELECT 0 AS part, c.max_id AS place, c.context_id, c.max_id, FALSE, c.created_at, c.epoch FROM contexts c WHERE c.name = $2 \
     UNION ALL SELECT 1, 0, 0, 0, FALSE, 0, u.epoch FROM subjects u WHERE u.qualified = $4 \
     UNION ALL SELECT 2, -",
    last_written!(),
    ", s.schema_id, s.schema_id, FALSE, s.created_at, 0 ",
    of_content!(),
    turn!(),
    " UNION ALL SELECT 3, 0, 0, r.settings, FALSE, 0, 0 FROM registry r WHERE r.one = 1 ORDER BY part, place"
);

pub(in crate::store) async fn content_ids(
    conn: &mut Conn,
    context: &str,
    guid: Guid,
    wanted: SchemaType,
) -> Result<Vec<SchemaId>, StoreError> {
    let rows =
        sqlx::query::<dialect::Db>(CONTENT_IDS).bind(guid.0.to_vec()).bind(context).bind(wanted.as_str()).fetch_all(conn).await?;
    rows.iter().map(|row| narrow(row.try_get(0)?, "schemas")).collect()
}

/// What a registration is decided by.
#[derive(Debug, Clone, Default)]
pub(in crate::store) struct Head {
    /// The context's number and the highest id that was handed out in it.
    pub(in crate::store) context: Option<(i64, i64)>,
    /// The subject's; 0 when it has no versions.
    pub(in crate::store) epoch: i64,
    /// Ids that stand for the content, as [`content_ids`] gives them.
    pub(in crate::store) ids: Vec<SchemaId>,
    /// The generation of the settings.
    pub(in crate::store) settings: i64,
    /// Whose turn it is.
    pub(in crate::store) turn: Option<TurnHolder>,
}

impl Head {
    /// Takes a row of [`HEAD`], whose columns begin at `first`.
    pub(in crate::store) fn take(&mut self, row: &Row, first: usize) -> Result<(), StoreError> {
        match row.try_get::<i32, _>(first)? {
            0 => self.context = Some((row.try_get(first + 2)?, row.try_get(first + 3)?)),
            1 => self.epoch = row.try_get(first + 6)?,
            2 => self.ids.push(narrow(row.try_get(first + 3)?, "schemas")?),
            3 => self.settings = row.try_get(first + 3)?,
            _ => self.turn = Some(TurnHolder(row.try_get(first + 3)?)),
        }
        Ok(())
    }
}

/// The context, the subject and the content of a registration, in one statement: each takes time of its own.
pub(super) async fn head(conn: &mut Conn, subject: &Subject, guid: Guid, wanted: SchemaType) -> Result<Head, StoreError> {
    let rows = sqlx::query::<dialect::Db>(HEAD)
        .bind(guid.0.to_vec())
        .bind(subject.context())
        .bind(wanted.as_str())
        .bind(subject.qualified())
        .fetch_all(conn)
        .await?;
    let mut head = Head::default();
    for row in &rows {
        head.take(row, 0)?;
    }
    Ok(head)
}

/// One row, whatever the number of versions: what is sent row by row costs more than what it says.
const SUBJECT: &str = concat!(
    "SELECT u.epoch, (",
    json_list!(json_row!("v.version, v.schema_id, CAST(v.deleted AS INTEGER), v.created_at")),
    " FROM versions v WHERE v.subject_id = u.subject_id) FROM subjects u WHERE u.qualified = $1"
);

pub(in crate::store) async fn subject(conn: &mut Conn, subject: &Subject) -> Result<SubjectState, StoreError> {
    let found = sqlx::query::<dialect::Db>(SUBJECT).bind(subject.qualified()).fetch_optional(conn).await?;
    let Some(found) = found else { return Ok(SubjectState::default()) };
    let rows: Vec<(Version, SchemaId, i32, i64)> = serde_json::from_str(found.try_get(1)?)
        .map_err(|error| StoreError::Inconsistent { table: "versions", what: error.to_string() })?;
    let row = |(version, id, deleted, created_at)| VersionRow { version, id, deleted: deleted != 0, created_at };
    let mut rows: Vec<VersionRow> = rows.into_iter().map(row).collect();
    // an aggregate promises no order
    rows.sort_unstable_by_key(|row| row.version);
    Ok(SubjectState { epoch: found.try_get(0)?, rows })
}

pub(in crate::store) async fn version(
    conn: &mut Conn,
    subject: &Subject,
    selector: VersionSelector,
    deleted: bool,
) -> Result<Option<VersionRow>, StoreError> {
    let row = match selector {
        VersionSelector::Latest => {
            sqlx::query::<dialect::Db>(
                "SELECT v.version, v.schema_id, v.deleted, v.created_at FROM subjects u JOIN versions v ON v.subject_id = u.subject_id \
                 WHERE u.qualified = $1 AND NOT v.deleted ORDER BY v.version DESC LIMIT 1",
            )
            .bind(subject.qualified())
            .fetch_optional(conn)
            .await?
        }
        VersionSelector::Number(number) => {
            sqlx::query::<dialect::Db>(
                "SELECT v.version, v.schema_id, v.deleted, v.created_at FROM subjects u JOIN versions v ON v.subject_id = u.subject_id \
                 WHERE u.qualified = $1 AND v.version = $2 AND (NOT v.deleted OR $3)",
            )
            .bind(subject.qualified())
            .bind(i64::from(number))
            .bind(deleted)
            .fetch_optional(conn)
            .await?
        }
    };
    row.map(|row| version_row(&row, 0)).transpose()
}

/// Referrers of a version; `deleted` counts those that only soft-deleted versions hold.
pub(in crate::store) async fn referrers(
    conn: &mut Conn,
    subject: &Subject,
    version: Version,
    deleted: bool,
) -> Result<Vec<(String, SchemaId)>, StoreError> {
    let rows = sqlx::query::<dialect::Db>(
        "SELECT DISTINCT c.name, r.schema_id FROM schema_references r JOIN contexts c ON c.context_id = r.context_id \
         JOIN versions v ON v.context_id = r.context_id AND v.schema_id = r.schema_id \
         WHERE r.target_context = $1 AND r.target_subject = $2 AND r.target_version = $3 AND (NOT v.deleted OR $4) \
         ORDER BY c.name, r.schema_id",
    )
    .bind(subject.context())
    .bind(subject.name())
    .bind(i64::from(version))
    .bind(deleted)
    .fetch_all(conn)
    .await?;
    rows.iter().map(context_and_id).collect()
}

/// Whether anything, live or soft-deleted, refers to any version of a subject.
pub(in crate::store) async fn is_referenced(conn: &mut Conn, subject: &Subject) -> Result<bool, StoreError> {
    let row = sqlx::query::<dialect::Db>(
        "SELECT 1 FROM schema_references r JOIN versions v ON v.context_id = r.context_id AND v.schema_id = r.schema_id \
         WHERE r.target_context = $1 AND r.target_subject = $2 LIMIT 1",
    )
    .bind(subject.context())
    .bind(subject.name())
    .fetch_optional(conn)
    .await?;
    Ok(row.is_some())
}

pub(in crate::store) async fn contexts(conn: &mut Conn) -> Result<Vec<String>, StoreError> {
    let rows = sqlx::query::<dialect::Db>("SELECT name FROM contexts ORDER BY name").fetch_all(conn).await?;
    let mut names = rows.iter().map(|row| row.try_get(0)).collect::<Result<Vec<String>, _>>()?;
    // the default one is always there, and comes first
    names.retain(|name| name != DEFAULT_CONTEXT);
    names.insert(0, DEFAULT_CONTEXT.to_owned());
    Ok(names)
}

pub(in crate::store) async fn contexts_with_subject(conn: &mut Conn, name: &str) -> Result<Vec<String>, StoreError> {
    let rows = sqlx::query::<dialect::Db>(
        "SELECT c.name FROM contexts c JOIN subjects u ON u.context_id = c.context_id WHERE u.name = $1 AND c.name <> '.' ORDER BY c.name",
    )
    .bind(name)
    .fetch_all(conn)
    .await?;
    Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
}

pub(in crate::store) async fn max_id(conn: &mut Conn, context: &str) -> Result<SchemaId, StoreError> {
    let row =
        sqlx::query::<dialect::Db>("SELECT max_id FROM contexts WHERE name = $1").bind(context).fetch_optional(conn).await?;
    row.map_or(Ok(0), |row| narrow(row.try_get(0)?, "contexts"))
}
