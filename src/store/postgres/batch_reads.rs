//! What is read for many at once: the same as `sql/read.rs` reads for one.

use std::sync::LazyLock;
use std::time::Duration;

use sqlx::{AssertSqlSafe, Row as _};

use super::Conn;
use super::batch::Batch;
use super::sql::read::Head;
use super::sql::{self, decode};
use crate::store::{Generation, RegisterRequest, StoreError, SubjectState, VersionRow};
use crate::types::{Subject, VersionSelector};

pub(super) struct Batches {
    pub(super) generation: Batch<(), Generation>,
    pub(super) subjects: Batch<Subject, SubjectState>,
    /// By whether it may be soft-deleted.
    pub(super) versions: Batch<(Subject, VersionSelector, bool), Option<VersionRow>>,
}

/// Most keys of one read.
const KEYS: usize = 64;
/// How long a read waits for another one.
const PATIENCE: Duration = Duration::from_millis(50);

impl Default for Batches {
    fn default() -> Self {
        Self {
            generation: Batch::new(KEYS, PATIENCE),
            subjects: Batch::new(KEYS, PATIENCE),
            versions: Batch::new(KEYS, PATIENCE),
        }
    }
}

/// $1 the qualified subjects, $2 a number each or 0 for the latest, $3 whether it may be soft-deleted.
const VERSIONS: &str = "SELECT k.place, v.version, v.schema_id, v.deleted, v.created_at \
     FROM unnest($1::text[], $2::bigint[], $3::boolean[]) WITH ORDINALITY AS k (qualified, number, deleted, place) \
     JOIN subjects u ON u.qualified = k.qualified CROSS JOIN LATERAL (\
     (SELECT l.version, l.schema_id, l.deleted, l.created_at FROM versions l \
     WHERE k.number = 0 AND l.subject_id = u.subject_id AND NOT l.deleted ORDER BY l.version DESC LIMIT 1) \
     UNION ALL SELECT n.version, n.schema_id, n.deleted, n.created_at FROM versions n \
     WHERE k.number > 0 AND n.subject_id = u.subject_id AND n.version = k.number AND (NOT n.deleted OR k.deleted)) v";

pub(super) async fn versions(
    conn: &mut Conn,
    wanted: &[(Subject, VersionSelector, bool)],
) -> Result<Vec<Option<VersionRow>>, StoreError> {
    if let [(subject, selector, deleted)] = wanted {
        return Ok(vec![sql::version(conn, subject, *selector, *deleted).await?]);
    }
    let number = |selector: &VersionSelector| match selector {
        VersionSelector::Latest => 0,
        VersionSelector::Number(number) => i64::from(*number),
    };
    let rows = sqlx::query(VERSIONS)
        .bind(wanted.iter().map(|(subject, _, _)| subject.qualified()).collect::<Vec<_>>())
        .bind(wanted.iter().map(|(_, selector, _)| number(selector)).collect::<Vec<_>>())
        .bind(wanted.iter().map(|(_, _, deleted)| *deleted).collect::<Vec<_>>())
        .fetch_all(conn)
        .await?;
    let mut found = vec![None; wanted.len()];
    for row in &rows {
        if let Some(slot) = slot(&mut found, row.try_get(0)?) {
            *slot = Some(decode::version_row(row, 1)?);
        }
    }
    Ok(found)
}

const SUBJECTS: &str = "SELECT k.place, u.epoch, v.version, v.schema_id, v.deleted, v.created_at \
     FROM unnest($1::text[]) WITH ORDINALITY AS k (qualified, place) JOIN subjects u ON u.qualified = k.qualified \
     JOIN versions v ON v.subject_id = u.subject_id ORDER BY k.place, v.version";

pub(super) async fn subjects(conn: &mut Conn, wanted: &[Subject]) -> Result<Vec<SubjectState>, StoreError> {
    if let [subject] = wanted {
        return Ok(vec![sql::subject(conn, subject).await?]);
    }
    let names: Vec<_> = wanted.iter().map(Subject::qualified).collect();
    let rows = sqlx::query(SUBJECTS).bind(names).fetch_all(conn).await?;
    let mut found = vec![SubjectState::default(); wanted.len()];
    for row in &rows {
        if let Some(state) = slot(&mut found, row.try_get(0)?) {
            state.epoch = row.try_get(1)?;
            state.rows.push(decode::version_row(row, 2)?);
        }
    }
    Ok(found)
}

/// [`sql::read::HEAD`] for each row of some arrays.
static HEADS: LazyLock<String> = LazyLock::new(|| {
    let columns = ["guid", "context", "schema_type", "qualified"];
    let of_one = (1..)
        .zip(columns)
        .fold(sql::read::HEAD.to_owned(), |sql, (at, column)| sql.replace(&format!("${at}"), &format!("k.{column}")));
    format!(
        "SELECT k.place, h.* FROM unnest($1::bytea[], $2::text[], $3::text[], $4::text[]) WITH ORDINALITY AS k ({}, place) \
         CROSS JOIN LATERAL ({of_one}) h ORDER BY k.place, h.part, h.place",
        columns.join(", ")
    )
});

/// What some registrations are decided by.
pub(super) async fn heads(conn: &mut Conn, requests: &[&RegisterRequest]) -> Result<Vec<Head>, StoreError> {
    let rows = sqlx::query(AssertSqlSafe(HEADS.as_str()))
        .bind(requests.iter().map(|request| request.schema.guid.0.to_vec()).collect::<Vec<_>>())
        .bind(requests.iter().map(|request| request.subject.context()).collect::<Vec<_>>())
        .bind(requests.iter().map(|request| request.schema.content.schema_type.as_str()).collect::<Vec<_>>())
        .bind(requests.iter().map(|request| request.subject.qualified()).collect::<Vec<_>>())
        .fetch_all(conn)
        .await?;
    let mut heads = vec![Head::default(); requests.len()];
    for row in &rows {
        if let Some(head) = slot(&mut heads, row.try_get(0)?) {
            head.take(row, 1)?;
        }
    }
    Ok(heads)
}

/// Where what is found for a key belongs; places count from 1.
fn slot<V>(found: &mut [V], place: i64) -> Option<&mut V> {
    found.get_mut(usize::try_from(place - 1).ok()?)
}
