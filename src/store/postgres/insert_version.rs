//! Writing a version in one statement, for each one that is sent on its own takes a way to Postgres and back.
//!
//! The counter row of the context hands out ids, whichever replica asks: within the statement where this replica writes nothing else,
//! otherwise before it (`id_counter.rs`), so that nobody waits for the commits of others.

use sqlx::{AssertSqlSafe, Row as _};

use super::Conn;
use super::sql::changes::bind_actor;
use super::sql::{IdSource, NewVersion, bind_schema};
use super::words;
use crate::store::StoreError;
use crate::types::{SchemaId, Subject, xregistry_id};

/// Where the statement has the id from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Id {
    /// $2, which stands for the content already.
    Known,
    /// $2, which the counter may not have reached.
    Given,
    /// $2, which the counter has handed out.
    HandedOut,
    /// The counter hands it out now.
    Next,
}

/// $1 context, $2 id.
const KNOWN_ID: &str = "WITH id AS (SELECT $2::bigint AS id)";
const GIVEN_ID: &str = "WITH id AS (SELECT $2::bigint AS id), \
     raised AS (UPDATE contexts SET max_id = $2 WHERE context_id = $1 AND max_id < $2)";
const NEXT_ID: &str = "WITH id AS (UPDATE contexts SET max_id = max_id + 1 WHERE context_id = $1 RETURNING max_id AS id)";

/// $3 to $10 the schema, $15 its words, $16 and $17 its names, $18 to $21 what it refers to.
const SCHEMA: &str = ", own AS (INSERT INTO schemas (context_id, schema_id, guid, schema_type, text, refs, metadata, rule_set, created_at, \
     digest, is_searchable) SELECT $1, id, $3, $4, $5, $6, $7, $8, $9, $10, CASE WHEN $15::text IS NULL THEN NULL ELSE TRUE END FROM id), \
     filed AS (INSERT INTO search_schemas (context_id, schema_id, words) SELECT $1, id, $15::tsvector FROM id WHERE $15::text IS NOT NULL), \
     named AS (INSERT INTO schema_names (kind, name, context_id, schema_id) SELECT n.kind, n.name, $1, id \
     FROM id, unnest($16::text[], $17::text[]) AS n (kind, name) ON CONFLICT DO NOTHING), \
     referring AS (INSERT INTO schema_references (context_id, schema_id, position, name, target_context, target_subject, target_version) \
     SELECT $1, id, r.place - 1, r.name, r.context, r.subject, r.version FROM id, \
     unnest($18::text[], $19::text[], $20::text[], $21::bigint[]) WITH ORDINALITY AS r (name, context, subject, version, place))";

/// $11 the name of the context, $12 that of the subject, $14 the version.
const CHANGE: &str = ", change AS (INSERT INTO changes (kind, context, subject, version, schema_id, payload, created_at) \
     SELECT 'schema.registered', $11, $12, $14, id, NULL, $9 FROM id RETURNING sequence)";

/// $27 to $32 who registers it, $33 what that is called, $34 the schema of the latest version so far.
const ENTRY: &str = ", entry AS (INSERT INTO audit (at, operation, actor, login, address, user_agent, request_id, reason, context, subject, \
     version, schema_id, guid_before, guid_after) SELECT $9, $33, $27, $28, $29, $30, $31, $32, $11, $12, $14, id, \
     (SELECT guid FROM schemas WHERE context_id = $1 AND schema_id = $34), $3 FROM id)";

/// A name whose xRegistry id is taken, which differs from another in letter case alone, gets the one with a hash in it. $13 the qualified
/// name, $22 and $23 the id and its lower case, $24 and $25 those with the hash, $26 the words of the name. The version is counted here:
/// for the trigger to do it, the row would be written twice, and all that its indexes say of it.
const NEW_SUBJECT: &str = ", subject AS (INSERT INTO subjects (context_id, name, qualified, xreg_id, xreg_key, created_at, epoch, is_searchable, \
     versions, live, is_live, counted) \
     SELECT $1, $12, $13, CASE WHEN t.is_taken THEN $24 ELSE $22 END, CASE WHEN t.is_taken THEN $25 ELSE $23 END, $9, sequence, TRUE, \
     1, 1, TRUE, sequence \
     FROM change, (SELECT EXISTS (SELECT 1 FROM subjects WHERE context_id = $1 AND xreg_key = $23) AS is_taken) t RETURNING subject_id), \
     found AS (INSERT INTO search_subjects (subject_id, words) SELECT subject_id, $26::tsvector FROM subject)";
const KNOWN_SUBJECT: &str =
    ", subject AS (UPDATE subjects SET epoch = sequence FROM change WHERE qualified = $13 RETURNING subject_id)";

const VERSION: &str = " INSERT INTO versions (subject_id, version, context_id, schema_id, deleted, created_at, written) \
     SELECT subject_id, $14, $1, id, FALSE, $9, sequence FROM subject, change, id RETURNING schema_id";

fn statement(is_recorded: bool, id: Id, is_new_subject: bool) -> String {
    let origin = match id {
        Id::Known | Id::HandedOut => KNOWN_ID,
        Id::Given => GIVEN_ID,
        Id::Next => NEXT_ID,
    };
    let schema = if id == Id::Known { "" } else { SCHEMA };
    let entry = if is_recorded { ENTRY } else { "" };
    let subject = if is_new_subject { NEW_SUBJECT } else { KNOWN_SUBJECT };
    [origin, schema, CHANGE, entry, subject, VERSION].concat()
}

/// Writes the version and returns the schema's id.
pub(super) async fn insert_version(conn: &mut Conn, version: &NewVersion<'_>) -> Result<SchemaId, StoreError> {
    let NewVersion { request, context_id, id, is_new_subject, .. } = *version;
    let no_id = || StoreError::Inconsistent { table: "contexts", what: "no id is left".to_owned() };
    let (origin, highest, id) = match id {
        IdSource::Known(id) => (Id::Known, 0, id),
        IdSource::Given(id) => (Id::Given, 0, id),
        IdSource::Next(highest) => match conn.next_id(context_id).await {
            Some(id) => (Id::HandedOut, highest, SchemaId::try_from(id).map_err(|_| no_id())?),
            None => (Id::Next, highest, 0),
        },
    };
    let subject = &request.subject;
    let [plain, forced] = [false, true].map(|forced| xregistry_id(subject.name(), forced));
    let (kinds, names): (Vec<_>, Vec<_>) = request.names.iter().map(|name| (name.kind(), name.text())).unzip();
    let references = &request.schema.content.references;
    let statement = AssertSqlSafe(statement(version.by.is_some(), origin, is_new_subject));
    let mut query = bind_schema(statement, version, id)
        .bind(subject.context())
        .bind(subject.name())
        .bind(subject.qualified())
        .bind(i64::from(request.version))
        .bind(request.words.as_ref().map(words::vector))
        .bind(kinds)
        .bind(names)
        .bind(references.iter().map(|reference| reference.name.as_str()).collect::<Vec<_>>())
        .bind(request.targets.iter().map(Subject::context).collect::<Vec<_>>())
        .bind(request.targets.iter().map(Subject::name).collect::<Vec<_>>())
        .bind(references.iter().map(|reference| i64::from(reference.version)).collect::<Vec<_>>())
        .bind(plain.as_str())
        .bind(plain.to_lowercase())
        .bind(forced.as_str())
        .bind(forced.to_lowercase())
        .bind(words::vector_of_subject(subject));
    if let Some(actor) = version.by {
        query = bind_actor(query, actor).bind(version.operation()).bind(version.previous.map(i64::from));
    }
    let row = query.fetch_optional(&mut *conn).await?;
    let gone = || StoreError::Inconsistent { table: "subjects", what: format!("{} is not there", subject.qualified()) };
    let id: i64 = row.ok_or_else(gone)?.try_get(0)?;
    // another replica may have taken the next one; one that was handed out before it can never be
    if id <= highest {
        return Err(no_id());
    }
    SchemaId::try_from(id).map_err(|_| no_id())
}
