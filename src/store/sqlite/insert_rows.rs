//! Inserting many rows with few statements: each statement goes to the connection's thread and back, which costs more than a row.

use std::fmt::Write as _;

use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{AssertSqlSafe, Sqlite};

use super::{Conn, words};
use crate::store::StoreError;
use crate::store::columns::{Column, Rows};
use crate::types::{SchemaWords, Subject, words_of_subject};

/// Rows of one statement. Their parameters have no names, which `SQLite` would look up one by one.
const AT_ONCE: usize = 256;

/// Inserts rows in their order; what the statement returns.
pub(super) async fn insert_rows(conn: &mut Conn, rows: Rows) -> Result<Vec<SqliteRow>, StoreError> {
    let mut found = Vec::new();
    for from in (0..rows.len()).step_by(AT_ONCE) {
        let to = rows.len().min(from + AT_ONCE);
        let statement = statement(&rows, to - from);
        let mut query = sqlx::query(AssertSqlSafe(statement));
        for (_, column) in &rows.columns {
            query = match column {
                Column::Number(value) => query.bind(*value),
                Column::Text(value) => query.bind(value.clone()),
                _ => query,
            };
        }
        for at in from..to {
            query = rows.columns.iter().fold(query, |query, (_, column)| bind(query, column, at));
        }
        found.extend(query.fetch_all(&mut *conn).await?);
    }
    Ok(found)
}

/// What is the same in all rows stands in a table of one row.
fn statement(rows: &Rows, count: usize) -> String {
    let (mut shown, mut own, mut same) = (Vec::new(), 0, 0);
    for (_, column) in &rows.columns {
        if column.rows().is_some() {
            own += 1;
            shown.push(format!("r.column{own}"));
        } else {
            same += 1;
            shown.push(format!("s.column{same}"));
        }
    }
    let tuple = |columns: usize| format!("({})", vec!["?"; columns].join(", "));
    let beside = if same > 0 { format!("(VALUES {}) s CROSS JOIN ", tuple(same)) } else { String::new() };
    let mut text = format!("INSERT INTO {} ({}) SELECT {} FROM {beside}(VALUES ", rows.table, rows.names(), shown.join(", "));
    let tuple = tuple(own);
    for at in 0..count {
        // a String takes everything
        let _ = write!(text, "{}{tuple}", if at > 0 { ", " } else { "" });
    }
    // with a condition nobody takes what stands behind for one of the SELECT
    let _ = write!(text, ") r WHERE TRUE {}", rows.rest);
    text
}

fn bind<'q>(query: Query<'q, Sqlite, SqliteArguments>, column: &Column, at: usize) -> Query<'q, Sqlite, SqliteArguments> {
    match column {
        Column::Numbers(values) => query.bind(values.get(at).copied().flatten()),
        Column::Texts(values) => query.bind(values.get(at).cloned().flatten()),
        Column::Bytes(values) => query.bind(values.get(at).cloned().flatten()),
        Column::Flags(values) => query.bind(values.get(at).copied().unwrap_or_default()),
        Column::Number(_) | Column::Text(_) => query,
    }
}

/// Files the words of new schemas.
pub(super) async fn file_schemas(conn: &mut Conn, schemas: &[(i64, i64, &SchemaWords)]) -> Result<(), StoreError> {
    let mut texts: [Vec<String>; 4] = Default::default();
    for (_, _, words) in schemas {
        texts.iter_mut().zip(words::columns(words)).for_each(|(column, text)| column.push(text));
    }
    let mut columns = vec![("rowid", Column::numbers(schemas.iter().map(|(context, id, _)| (context << 32) + id)))];
    columns.extend(["names", "fields", "labels", "texts"].into_iter().zip(texts.map(Column::texts)));
    insert_rows(conn, Rows { table: "search_schemas", columns, rest: "" }).await.map(drop)
}

/// Files the words of new subjects.
pub(super) async fn file_subjects(conn: &mut Conn, subjects: &[(i64, &Subject)]) -> Result<(), StoreError> {
    let columns = vec![
        ("rowid", Column::numbers(subjects.iter().map(|(id, _)| *id))),
        ("words", Column::texts(subjects.iter().map(|(_, subject)| words_of_subject(subject).join(" ")))),
    ];
    insert_rows(conn, Rows { table: "search_subjects", columns, rest: "" }).await.map(drop)
}
