//! The index of words: text search vectors, made here and not by Postgres's parser, so that both databases find the same.

use std::fmt::Write as _;

use super::Conn;
use crate::store::{SearchPlace, StoreError, WordQuery};
use crate::types::{SchemaId, SchemaWords, Subject, WordPlace, words_of_subject};

fn weight(place: WordPlace) -> char {
    match place {
        WordPlace::Names => 'A',
        WordPlace::Fields => 'B',
        WordPlace::Labels => 'C',
        WordPlace::Texts => 'D',
    }
}

/// The words of a schema as a vector: each with a position, for the weight hangs on it. Words have letters and digits alone.
pub(super) fn vector(words: &SchemaWords) -> String {
    let mut vector = String::new();
    for place in WordPlace::ALL {
        for (at, word) in words.at(place).words().iter().enumerate() {
            let _ = write!(vector, "'{word}':{}{} ", at + 1, weight(place));
        }
    }
    vector
}

pub(super) fn vector_of_subject(subject: &Subject) -> String {
    words_of_subject(subject).iter().fold(String::new(), |mut vector, word| {
        let _ = write!(vector, "'{word}' ");
        vector
    })
}

/// What is searched for, in the language of the index.
#[expect(clippy::unused_async, reason = "SQLite's words are looked up for it")]
pub(super) async fn expressions(_: &mut Conn, query: &WordQuery) -> Result<Vec<String>, StoreError> {
    let weight = match query.place {
        SearchPlace::Schemas(Some(place)) => weight(place).to_string(),
        SearchPlace::Schemas(None) | SearchPlace::Subjects => String::new(),
    };
    Ok(vec![query.words.iter().map(|word| format!("'{word}':*{weight}")).collect::<Vec<_>>().join(" & ")])
}

pub(super) async fn file_schema(conn: &mut Conn, context_id: i64, id: SchemaId, words: &SchemaWords) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO search_schemas (context_id, schema_id, words) VALUES ($1, $2, $3::tsvector) \
         ON CONFLICT (context_id, schema_id) DO UPDATE SET words = EXCLUDED.words",
    )
    .bind(context_id)
    .bind(i64::from(id))
    .bind(vector(words))
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn file_subject(conn: &mut Conn, subject_id: i64, subject: &Subject) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO search_subjects (subject_id, words) VALUES ($1, $2::tsvector) \
         ON CONFLICT (subject_id) DO UPDATE SET words = EXCLUDED.words",
    )
    .bind(subject_id)
    .bind(vector_of_subject(subject))
    .execute(conn)
    .await?;
    Ok(())
}
