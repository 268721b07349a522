//! Exporters and importers, and who runs them.

use sqlx::{AssertSqlSafe, Row as _};

use super::changes::{Act, NewChange, record};
use super::locks::Lock;
use super::{Conn, Row, dialect};
use crate::codec::{ExporterJson, stored_exporter, to_text};
use crate::store::{ExporterChange, ExporterProgress, StoreError};
use crate::types::{LinkKind, StoredExporter, Subject};

fn bad(what: impl Into<String>) -> StoreError {
    StoreError::Inconsistent { table: "exporters or importers", what: what.into() }
}

fn read(row: &Row) -> Result<StoredExporter, StoreError> {
    let definition: String = row.try_get(0)?;
    let state: String = row.try_get(1)?;
    Ok(StoredExporter {
        exporter: stored_exporter(&definition).map_err(|error| bad(error.0))?,
        state: state.parse().map_err(|_| bad("state"))?,
        position: row.try_get(2)?,
        moved_at: row.try_get(3)?,
        trace: row.try_get(4)?,
        revision: row.try_get(5)?,
    })
}

fn table(kind: LinkKind) -> &'static str {
    match kind {
        LinkKind::Exporter => "exporters",
        LinkKind::Importer => "importers",
    }
}

/// A statement with the table for `{}`.
fn query(kind: LinkKind, statement: &str) -> AssertSqlSafe<String> {
    AssertSqlSafe(statement.replace("{}", table(kind)))
}

const COLUMNS: &str = "SELECT definition, state, position, moved_at, trace, revision FROM {}";

/// All of them, by name.
pub(in crate::store) async fn exporters(conn: &mut Conn, kind: LinkKind) -> Result<Vec<StoredExporter>, StoreError> {
    let statement = query(kind, &format!("{COLUMNS} ORDER BY name"));
    let rows = sqlx::query::<dialect::Db>(statement).fetch_all(conn).await?;
    rows.iter().map(read).collect()
}

pub(in crate::store) async fn exporter(
    conn: &mut Conn,
    kind: LinkKind,
    name: &str,
) -> Result<Option<StoredExporter>, StoreError> {
    let statement = query(kind, &format!("{COLUMNS} WHERE name = $1"));
    let row = sqlx::query::<dialect::Db>(statement).bind(name).fetch_optional(conn).await?;
    row.map(|row| read(&row)).transpose()
}

/// Makes a change, unless what it was decided on has changed; whether it was made.
pub(in crate::store) async fn change_exporter(
    conn: &mut Conn,
    change: &ExporterChange,
    act: Act<'_>,
) -> Result<bool, StoreError> {
    let kind = change.kind;
    dialect::lock(conn, &[Lock::Exporter(kind, &change.name)]).await?;
    if exporter(conn, kind, &change.name).await?.map(|known| known.revision) != change.expected {
        return Ok(false);
    }
    let shown = match &change.to {
        Some(to) => {
            let subjects = &to.exporter.subjects;
            serde_json::json!({ "name": change.name, "state": to.state.as_str(), "subjects": subjects }).to_string()
        }
        None => serde_json::json!({ "name": change.name }).to_string(),
    };
    let nobody = Subject::plain("");
    let noted =
        NewChange { payload: Some(shown.clone()), details: Some(shown), ..NewChange::new(change.operation, &nobody, act) };
    let revision = record(conn, noted).await?;
    sqlx::query::<dialect::Db>(query(kind, "DELETE FROM {} WHERE name = $1")).bind(&change.name).execute(&mut *conn).await?;
    if let Some(to) = &change.to {
        // nobody holds it: what ran under the definition before stops at its next word
        sqlx::query::<dialect::Db>(query(
            kind,
            "INSERT INTO {} (name, definition, state, position, moved_at, trace, revision, held_until) \
             VALUES ($1, $2, $3, $4, $5, '', $6, 0)",
        ))
        .bind(&change.name)
        .bind(to_text(&ExporterJson::from(&to.exporter)))
        .bind(to.state.as_str())
        .bind(to.position)
        .bind(act.now)
        .bind(revision)
        .execute(conn)
        .await?;
    }
    Ok(true)
}

/// Takes an exporter for a replica, or keeps it, unless another one has it; whether it did.
pub(in crate::store) async fn hold_exporter(
    conn: &mut Conn,
    kind: LinkKind,
    (name, holder): (&str, &str),
    now: i64,
    until: i64,
) -> Result<bool, StoreError> {
    let held = sqlx::query::<dialect::Db>(query(
        kind,
        "UPDATE {} SET holder = $2, held_until = $4 \
         WHERE name = $1 AND state <> 'PAUSED' AND (holder IS NULL OR holder = $2 OR held_until < $3)",
    ))
    .bind(name)
    .bind(holder)
    .bind(now)
    .bind(until)
    .execute(conn)
    .await?;
    Ok(held.rows_affected() == 1)
}

/// Notes how far an exporter has got; whether it is still its holder's and as its user left it.
pub(in crate::store) async fn move_exporter(conn: &mut Conn, to: &ExporterProgress, now: i64) -> Result<bool, StoreError> {
    let moved = sqlx::query::<dialect::Db>(query(
        to.kind,
        "UPDATE {} SET state = $4, position = $5, trace = $6, moved_at = $7, held_until = $8 \
         WHERE name = $1 AND holder = $2 AND revision = $3",
    ))
    .bind(&to.name)
    .bind(&to.holder)
    .bind(to.revision)
    .bind(to.state.as_str())
    .bind(to.position)
    .bind(&to.trace)
    .bind(now)
    .bind(to.held_until)
    .execute(conn)
    .await?;
    Ok(moved.rows_affected() == 1)
}

/// The first and the last change that there are.
pub(in crate::store) async fn change_bounds(conn: &mut Conn) -> Result<Option<(i64, i64)>, StoreError> {
    let row = sqlx::query::<dialect::Db>("SELECT MIN(sequence), MAX(sequence) FROM changes").fetch_one(conn).await?;
    let (first, last): (Option<i64>, Option<i64>) = (row.try_get(0)?, row.try_get(1)?);
    Ok(first.zip(last))
}
