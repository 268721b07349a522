//! The index of words: SQLite's full-text search, without a copy of the words beside it.

use super::Conn;
use crate::store::{SearchPlace, StoreError, WordQuery};
use crate::types::{SchemaId, SchemaWords, Subject, WordPlace, words_of_subject};

/// The words of each place as the columns of the index take them.
pub(super) fn columns(words: &SchemaWords) -> [String; 4] {
    WordPlace::ALL.map(|place| words.at(place).words().join(" "))
}

/// Words of the vocabulary that stand for the beginning of one.
const MAX_WORDS: usize = 64;

/// What is searched for, in the language of the index, as whole words: the one that begins so, or any of those that do. Words have letters
/// and digits alone.
///
/// Where too many begin so, the first expression has the first of them, and the second has them all: the index gathers every row of a word
/// that is only begun before it gives the first, so that is asked only for what the first one has too little of.
pub(super) async fn expressions(conn: &mut Conn, query: &WordQuery) -> Result<Vec<String>, StoreError> {
    let column = match query.place {
        SearchPlace::Subjects | SearchPlace::Schemas(None) => "",
        SearchPlace::Schemas(Some(WordPlace::Names)) => "names : ",
        SearchPlace::Schemas(Some(WordPlace::Fields)) => "fields : ",
        SearchPlace::Schemas(Some(WordPlace::Labels)) => "labels : ",
        SearchPlace::Schemas(Some(WordPlace::Texts)) => "texts : ",
    };
    let mut words = Vec::new();
    for word in &query.words {
        words.push((word, vocabulary(conn, query.place, word).await?));
    }
    // those of which there are few first: where the column has none of them, the others need not be looked for
    words.sort_by_key(|(_, known)| known.len());
    let (mut whole, mut begun, mut is_cut) = (Vec::new(), Vec::new(), false);
    for (word, mut known) in words {
        let is_one_of_many = known.len() > MAX_WORDS;
        known.truncate(MAX_WORDS);
        if !column.is_empty() && !is_one_of_many {
            known = words_in_column(conn, column, &known).await?;
        }
        if known.is_empty() {
            return Ok(Vec::new());
        }
        let any = format!("({})", known.iter().map(|own| format!("\"{own}\"")).collect::<Vec<_>>().join(" OR "));
        begun.push(if is_one_of_many { format!("\"{word}\"*") } else { any.clone() });
        whole.push(any);
        is_cut |= is_one_of_many;
    }
    let all = |words: Vec<String>| format!("{column}({})", words.join(" AND "));
    Ok(if is_cut { vec![all(whole), all(begun)] } else { vec![all(whole)] })
}

/// The first words of an index that begin so, one more than [`MAX_WORDS`] at most. Each is a seek: the character is one that no word has,
/// so what follows it is the next word.
macro_rules! words_of {
    ($vocabulary:literal) => {
        concat!(
            "WITH RECURSIVE words (term) AS (SELECT (SELECT v.term FROM ",
            $vocabulary,
            " v WHERE v.term >= $1 LIMIT 1) UNION ALL SELECT (SELECT v.term FROM ",
            $vocabulary,
            " v WHERE v.term >= words.term || char(1) LIMIT 1) FROM words WHERE words.term < $2 LIMIT $3) SELECT term FROM words WHERE term < $2"
        )
    };
}

async fn vocabulary(conn: &mut Conn, place: SearchPlace, beginning: &str) -> Result<Vec<String>, StoreError> {
    let statement = match place {
        SearchPlace::Subjects => words_of!("subject_vocabulary"),
        SearchPlace::Schemas(_) => words_of!("schema_vocabulary"),
    };
    let words = sqlx::query_scalar(statement)
        .bind(beginning)
        .bind(format!("{beginning}\u{10FFFF}"))
        .bind(i64::try_from(MAX_WORDS + 1).unwrap_or(i64::MAX))
        .fetch_all(conn)
        .await?;
    Ok(words)
}

/// Those of the words that a column has somewhere. One that it has not is gone through once for that, where looking for one of many of them
/// steps through all at once, which takes some three times as long.
async fn words_in_column(conn: &mut Conn, column: &str, words: &[String]) -> Result<Vec<String>, StoreError> {
    let find = "SELECT w.value FROM json_each($1) w WHERE EXISTS \
                (SELECT 1 FROM search_schemas WHERE search_schemas MATCH $2 || '\"' || w.value || '\"')";
    Ok(sqlx::query_scalar(find).bind(serde_json::Value::from(words).to_string()).bind(column).fetch_all(conn).await?)
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
