//! Inserting many rows with one statement, of which each column is an array.

use sqlx::AssertSqlSafe;
use sqlx::postgres::PgRow;

use super::{Conn, words};
use crate::store::StoreError;
use crate::store::columns::{Column, Rows};
use crate::types::{SchemaWords, Subject};

/// What a column of words is called where its values are texts that Postgres reads as vectors.
const VECTOR: &str = "words";

/// Inserts rows in their order; what the statement returns.
pub(super) async fn insert_rows(conn: &mut Conn, rows: Rows) -> Result<Vec<PgRow>, StoreError> {
    if rows.len() == 0 {
        return Ok(Vec::new());
    }
    let mut query = sqlx::query(AssertSqlSafe(statement(&rows)));
    for (_, column) in rows.columns {
        query = match column {
            Column::Numbers(values) => query.bind(values),
            Column::Texts(values) => query.bind(values),
            Column::Bytes(values) => query.bind(values),
            Column::Flags(values) => query.bind(values),
            Column::Number(value) => query.bind(value),
            Column::Text(value) => query.bind(value),
        };
    }
    Ok(query.fetch_all(conn).await?)
}

fn statement(rows: &Rows) -> String {
    let (mut shown, mut arrays, mut names) = (Vec::new(), Vec::new(), Vec::new());
    for (at, (name, column)) in rows.columns.iter().enumerate() {
        let parameter = at + 1;
        let array = match column {
            Column::Number(_) => {
                shown.push(format!("${parameter}::bigint"));
                continue;
            }
            Column::Text(_) => {
                shown.push(format!("${parameter}::text"));
                continue;
            }
            Column::Numbers(_) => "bigint",
            Column::Texts(_) => "text",
            Column::Bytes(_) => "bytea",
            Column::Flags(_) => "boolean",
        };
        arrays.push(format!("${parameter}::{array}[]"));
        let cast = if *name == VECTOR { "::tsvector" } else { "" };
        shown.push(format!("r.c{parameter}{cast}"));
        names.push(format!("c{parameter}"));
    }
    let (own, shown) = (rows.names(), shown.join(", "));
    let (arrays, names) = (arrays.join(", "), names.join(", "));
    format!("INSERT INTO {} ({own}) SELECT {shown} FROM UNNEST({arrays}) AS r ({names}) {}", rows.table, rows.rest)
}

/// Files the words of new schemas.
pub(super) async fn file_schemas(conn: &mut Conn, schemas: &[(i64, i64, &SchemaWords)]) -> Result<(), StoreError> {
    let columns = vec![
        ("context_id", Column::numbers(schemas.iter().map(|(context, _, _)| *context))),
        ("schema_id", Column::numbers(schemas.iter().map(|(_, id, _)| *id))),
        (VECTOR, Column::texts(schemas.iter().map(|(_, _, words)| words::vector(words)))),
    ];
    insert_rows(conn, Rows { table: "search_schemas", columns, rest: "" }).await.map(drop)
}

/// Files the words of new subjects.
pub(super) async fn file_subjects(conn: &mut Conn, subjects: &[(i64, &Subject)]) -> Result<(), StoreError> {
    let columns = vec![
        ("subject_id", Column::numbers(subjects.iter().map(|(id, _)| *id))),
        (VECTOR, Column::texts(subjects.iter().map(|(_, subject)| words::vector_of_subject(subject)))),
    ];
    insert_rows(conn, Rows { table: "search_subjects", columns, rest: "" }).await.map(drop)
}
