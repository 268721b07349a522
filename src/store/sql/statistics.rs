//! How much there is of what: each statement looks at a table as a whole, so who asks keeps the answer.

use sqlx::Row as _;

use super::decode::{narrow, schema_type};
use super::usage::usage_since;
use super::{Conn, Row, dialect};
use crate::store::{NeverRead, SchemaCount, SizedSchema, Statistics, StoreError, SubjectCount};
use crate::types::Subject;

const SUBJECTS: &str = "SELECT COUNT(*), CAST(COALESCE(SUM(CASE WHEN is_live THEN 1 ELSE 0 END), 0) AS BIGINT), \
                        CAST(COALESCE(SUM(versions), 0) AS BIGINT), CAST(COALESCE(SUM(live), 0) AS BIGINT) FROM subjects";
const SCHEMAS: &str = "SELECT c.name, t.schema_type, t.schemas, t.bytes FROM (SELECT context_id, schema_type, COUNT(*) AS schemas, \
                       CAST(SUM(octet_length(text)) AS BIGINT) AS bytes FROM schemas GROUP BY context_id, schema_type) t \
                       JOIN contexts c ON c.context_id = t.context_id ORDER BY t.schemas DESC, c.name, t.schema_type LIMIT 1000";
const LARGEST: &str = "SELECT c.name, t.schema_id, t.schema_type, CAST(t.bytes AS BIGINT) FROM (SELECT context_id, schema_id, schema_type, \
                       octet_length(text) AS bytes FROM schemas ORDER BY bytes DESC, context_id, schema_id LIMIT 10) t \
                       JOIN contexts c ON c.context_id = t.context_id ORDER BY t.bytes DESC, c.name, t.schema_id";
const REFERENCED: &str = "SELECT target_context, target_subject, COUNT(*) FROM schema_references \
                          GROUP BY target_context, target_subject ORDER BY COUNT(*) DESC, target_context, target_subject LIMIT 10";
const VERSIONS: &str = "SELECT c.name, u.name, u.versions FROM (SELECT context_id, name, versions FROM subjects \
                        ORDER BY versions DESC, qualified LIMIT 10) u JOIN contexts c ON c.context_id = u.context_id \
                        ORDER BY u.versions DESC, c.name, u.name";
const BY_DAY: &str = "SELECT created_at / 86400000, COUNT(*) FROM versions WHERE created_at >= $1 \
                      GROUP BY created_at / 86400000 ORDER BY created_at / 86400000";

/// From the side of what was read, for that is bounded.
const READ: &str = "SELECT COUNT(*) FROM (SELECT DISTINCT v.subject_id FROM (SELECT DISTINCT context_id, schema_id FROM schema_usage) g \
                    JOIN versions v ON v.context_id = g.context_id AND v.schema_id = g.schema_id) r \
                    JOIN subjects u ON u.subject_id = r.subject_id WHERE u.is_live";
const NOT_READ: &str = "SELECT c.name, u.name FROM subjects u JOIN contexts c ON c.context_id = u.context_id \
                        WHERE u.is_live AND NOT EXISTS (SELECT 1 FROM versions v JOIN schema_usage g \
                        ON g.context_id = v.context_id AND g.schema_id = v.schema_id WHERE v.subject_id = u.subject_id) \
                        ORDER BY u.subject_id LIMIT 100";

pub(in crate::store) async fn statistics(conn: &mut Conn, since: i64) -> Result<Statistics, StoreError> {
    let row = sqlx::query::<dialect::Db>(SUBJECTS).fetch_one(&mut *conn).await?;
    let mut found = Statistics {
        subjects: row.try_get(0)?,
        live_subjects: row.try_get(1)?,
        versions: row.try_get(2)?,
        live_versions: row.try_get(3)?,
        ..Statistics::default()
    };
    for row in &sqlx::query::<dialect::Db>(SCHEMAS).fetch_all(&mut *conn).await? {
        found.schemas.push(SchemaCount {
            context: row.try_get(0)?,
            schema_type: schema_type(row.try_get(1)?)?,
            schemas: row.try_get(2)?,
            bytes: row.try_get(3)?,
        });
    }
    for row in &sqlx::query::<dialect::Db>(LARGEST).fetch_all(&mut *conn).await? {
        found.largest.push(SizedSchema {
            context: row.try_get(0)?,
            id: narrow(row.try_get(1)?, "schemas")?,
            schema_type: schema_type(row.try_get(2)?)?,
            bytes: row.try_get(3)?,
        });
    }
    let counts = |rows: &[Row]| -> Result<Vec<SubjectCount>, StoreError> {
        let count = |row: &Row| {
            Ok(SubjectCount { subject: Subject::in_context(row.try_get(0)?, row.try_get(1)?), count: row.try_get(2)? })
        };
        rows.iter().map(count).collect()
    };
    found.most_referenced = counts(&sqlx::query::<dialect::Db>(REFERENCED).fetch_all(&mut *conn).await?)?;
    found.most_versions = counts(&sqlx::query::<dialect::Db>(VERSIONS).fetch_all(&mut *conn).await?)?;
    for row in &sqlx::query::<dialect::Db>(BY_DAY).bind(since).fetch_all(&mut *conn).await? {
        found.by_day.push((row.try_get(0)?, row.try_get(1)?));
    }
    if let Some(since) = usage_since(conn).await? {
        let read: i64 = sqlx::query::<dialect::Db>(READ).fetch_one(&mut *conn).await?.try_get(0)?;
        let subjects = found.live_subjects.saturating_sub(read).max(0);
        let rows = if subjects > 0 { sqlx::query::<dialect::Db>(NOT_READ).fetch_all(conn).await? } else { Vec::new() };
        let named = |row: &Row| Ok(Subject::in_context(row.try_get(0)?, row.try_get(1)?));
        let oldest = rows.iter().map(named).collect::<Result<_, StoreError>>()?;
        found.never_read = Some(NeverRead { since, subjects, oldest });
    }
    Ok(found)
}
