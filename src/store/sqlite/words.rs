//! The index of words: SQLite's full-text search, without a copy of the words beside it.

use super::Conn;
use crate::store::{SearchPlace, StoreError, WordQuery};
use crate::types::{SchemaId, SchemaWords, Subject, WordPlace, words_of_subject};

/// The words of each place as the columns of the index take them.
pub(super) fn columns(words: &SchemaWords) -> [String; 4] {
    WordPlace::ALL.map(|place| words.at(place).words().join(" "))
}

/// What is searched for, in the language of the index. Words have letters and digits alone.
pub(super) fn expression(query: &WordQuery) -> String {
    let words: Vec<String> = query.words.iter().map(|word| format!("\"{word}\"*")).collect();
    let all = words.join(" AND ");
    let column = match query.place {
        SearchPlace::Subjects | SearchPlace::Schemas(None) => return all,
        SearchPlace::Schemas(Some(WordPlace::Names)) => "names",
        SearchPlace::Schemas(Some(WordPlace::Fields)) => "fields",
        SearchPlace::Schemas(Some(WordPlace::Labels)) => "labels",
        SearchPlace::Schemas(Some(WordPlace::Texts)) => "texts",
    };
    format!("{column} : ({all})")
}

pub(super) async fn file_schema(conn: &mut Conn, context_id: i64, id: SchemaId, words: &SchemaWords) -> Result<(), StoreError> {
    let [names, fields, labels, texts] = columns(words);
    sqlx::query(
        "INSERT OR REPLACE INTO search_schemas (rowid, names, fields, labels, texts) VALUES ($1 * 4294967296 + $2, $3, $4, $5, $6)",
    )
    .bind(context_id)
    .bind(i64::from(id))
    .bind(names)
    .bind(fields)
    .bind(labels)
    .bind(texts)
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn file_subject(conn: &mut Conn, subject_id: i64, subject: &Subject) -> Result<(), StoreError> {
    sqlx::query("INSERT OR REPLACE INTO search_subjects (rowid, words) VALUES ($1, $2)")
        .bind(subject_id)
        .bind(words_of_subject(subject).join(" "))
        .execute(conn)
        .await?;
    Ok(())
}
