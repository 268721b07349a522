//! Finding versions by words. Each database has an index of words of its own; `dialect::words` says how it is asked and filled.

use sqlx::Row as _;

use super::decode::{guid, narrow, schema_type};
use super::schema_names::schemas_without;
use super::{Conn, Row, dialect};
use crate::store::{FiledWords, SearchHit, SearchPlace, StoreError, StoredSchema, WordQuery};
use crate::types::{SchemaType, Subject};

/// Registrations in the record of who changed what, as its index has them.
macro_rules! registrations {
    () => {
        "audit a WHERE a.operation IN ('schema.registered', 'schema.imported') AND a.actor = "
    };
}
pub(super) use registrations;

/// What [`hit`] reads.
macro_rules! hit_columns {
    () => {
        "c.name, u.name, v.version, v.schema_id, s.guid, s.schema_type, v.deleted, v.created_at"
    };
}
pub(super) use hit_columns;

/// $2 how many are looked at; $3 the context, $4 the type, $5 whether soft-deleted ones count, $6 how many versions; $7 who registered
/// them, $8 since and $9 until when: behind a plus, or SQLite would go through all of a context by that instead of by the words.
macro_rules! hits {
    ($found:expr, $version:literal) => {
        concat!(
            "SELECT ",
            hit_columns!(),
            " FROM ",
            $found,
            " JOIN schemas s ON s.context_id = v.context_id AND s.schema_id = v.schema_id JOIN contexts c ON c.context_id = u.context_id \
             WHERE ($3 = '' OR c.name = $3) AND ($4 = '' OR s.schema_type = $4) AND ($5 <> 0 OR NOT v.deleted) \
             AND +v.created_at >= $8 AND +v.created_at < $9 AND ($7 = '' OR EXISTS (SELECT 1 FROM ",
            registrations!(),
            "$7 AND a.context = c.name AND a.subject = u.name AND a.version = v.version)) ",
            $version,
            "LIMIT $6"
        )
    };
}
/// The latest version of each subject.
macro_rules! latest {
    ($found:expr) => {
        hits!(
            concat!($found, " JOIN versions v ON v.subject_id = u.subject_id"),
            "AND v.version = (SELECT l.version FROM versions l WHERE l.subject_id = u.subject_id AND (NOT l.deleted OR NOT u.is_live) \
             ORDER BY l.version DESC LIMIT 1) "
        )
    };
}
const IN_SUBJECTS: &str = latest!(concat!(found_subjects!(), " JOIN subjects u ON u.subject_id = f.subject_id"));
/// All versions, where it is asked who registered one, or when.
const IN_SUBJECTS_REGISTERED: &str = hits!(
    concat!(found_subjects!(), " JOIN subjects u ON u.subject_id = f.subject_id JOIN versions v ON v.subject_id = u.subject_id"),
    ""
);
const IN_SCHEMAS: &str = hits!(
    concat!(
        found_schemas!(),
        " JOIN versions v ON v.context_id = f.context_id AND v.schema_id = f.schema_id JOIN subjects u ON u.subject_id = v.subject_id"
    ),
    ""
);
pub(in crate::store) async fn search(conn: &mut Conn, query: &WordQuery) -> Result<Vec<SearchHit>, StoreError> {
    if query.words.is_empty() {
        return Ok(Vec::new());
    }
    let author = query.registration.author.as_deref().unwrap_or("");
    let statement = match query.place {
        SearchPlace::Subjects if query.registration.is_any() => IN_SUBJECTS,
        SearchPlace::Subjects => IN_SUBJECTS_REGISTERED,
        SearchPlace::Schemas(_) => IN_SCHEMAS,
    };
    let mut rows = Vec::new();
    for expression in dialect::words::expressions(conn, query).await? {
        rows = sqlx::query::<dialect::Db>(statement)
            .bind(expression)
            .bind(query.limit)
            .bind(query.context.as_deref().unwrap_or(""))
            .bind(query.schema_type.map_or("", SchemaType::as_str))
            .bind(i64::from(query.deleted))
            .bind(query.limit.saturating_mul(2))
            .bind(author)
            .bind(query.registration.since.unwrap_or(0))
            .bind(query.registration.until.unwrap_or(i64::MAX))
            .fetch_all(&mut *conn)
            .await?;
        if i64::try_from(rows.len()).is_ok_and(|count| count >= query.limit) {
            break;
        }
    }
    rows.iter().map(hit).collect()
}

pub(super) fn hit(row: &Row) -> Result<SearchHit, StoreError> {
    Ok(SearchHit {
        subject: Subject::in_context(row.try_get(0)?, row.try_get(1)?),
        version: narrow(row.try_get(2)?, "versions")?,
        id: narrow(row.try_get(3)?, "versions")?,
        guid: guid(row.try_get(4)?)?,
        schema_type: schema_type(row.try_get(5)?)?,
        deleted: row.try_get(6)?,
        created_at: row.try_get(7)?,
    })
}

pub(in crate::store) async fn schemas_without_words(conn: &mut Conn, limit: i64) -> Result<Vec<StoredSchema>, StoreError> {
    schemas_without(conn, "is_searchable", limit).await
}

pub(in crate::store) async fn put_schema_words(conn: &mut Conn, batch: &[FiledWords]) -> Result<(), StoreError> {
    for filed in batch {
        let row = sqlx::query::<dialect::Db>(
            "UPDATE schemas SET is_searchable = TRUE WHERE schema_id = $2 AND guid = $3 \
             AND context_id = (SELECT context_id FROM contexts WHERE name = $1) RETURNING context_id",
        )
        .bind(&filed.context)
        .bind(i64::from(filed.id))
        .bind(filed.guid.0.to_vec())
        .fetch_optional(&mut *conn)
        .await?;
        if let Some(row) = row {
            dialect::words::file_schema(conn, row.try_get(0)?, filed.id, &filed.words).await?;
        }
    }
    Ok(())
}

pub(in crate::store) async fn file_subject_words(conn: &mut Conn, limit: i64) -> Result<u64, StoreError> {
    let rows = sqlx::query::<dialect::Db>(
        "UPDATE subjects SET is_searchable = TRUE WHERE subject_id IN \
         (SELECT u.subject_id FROM subjects u WHERE u.is_searchable IS NULL ORDER BY u.subject_id LIMIT $1) \
         RETURNING subject_id, qualified",
    )
    .bind(limit)
    .fetch_all(&mut *conn)
    .await?;
    for row in &rows {
        let (id, qualified): (i64, &str) = (row.try_get(0)?, row.try_get(1)?);
        dialect::words::file_subject(conn, id, &Subject::parse(qualified)).await?;
    }
    Ok(u64::try_from(rows.len()).unwrap_or(u64::MAX))
}
