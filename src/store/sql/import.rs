//! Writing many versions at once, each table with one statement. What a registration checks one by one is checked for all of them: nothing
//! is there already, ids stand for nothing else, and what is referred to is there.

use std::collections::{BTreeSet, HashMap, HashSet};

use sqlx::Row as _;

use super::associations::associations_of;
use super::changes::{Disruption, disrupt, generation};
use super::decode::references_text;
use super::locks::Lock;
use super::register::new_context;
use super::{Conn, dialect, read};
use crate::codec::to_text;
use crate::store::columns::{Column, Rows};
use crate::store::{HashedContent, ImportOutcome, ImportRequest, ImportedVersion, StoreError};
use crate::types::{Actor, Lifecycle, MAX_IMPORTED, SchemaId, Subject, Version, xregistry_id};

/// Works in a savepoint: on SQLite the transaction around it may hold the units of other requests, which a refusal must not undo.
pub(in crate::store) async fn import(
    conn: &mut Conn,
    request: &ImportRequest,
    by: Option<&Actor>,
) -> Result<ImportOutcome, StoreError> {
    sqlx::query::<dialect::Db>("SAVEPOINT import").execute(&mut *conn).await?;
    let outcome = write(conn, request, by).await?;
    if outcome == ImportOutcome::Undecided {
        sqlx::query::<dialect::Db>("ROLLBACK TO SAVEPOINT import").execute(&mut *conn).await?;
    }
    sqlx::query::<dialect::Db>("RELEASE SAVEPOINT import").execute(&mut *conn).await?;
    Ok(outcome)
}

async fn write(conn: &mut Conn, request: &ImportRequest, by: Option<&Actor>) -> Result<ImportOutcome, StoreError> {
    lock(conn, request).await?;
    if generation(conn).await?.settings != request.expected_settings || !is_possible(conn, request).await? {
        return Ok(ImportOutcome::Undecided);
    }
    let Some(new) = Contexts::find(conn, request).await? else { return Ok(ImportOutcome::Undecided) };
    let heads = heads(conn, request).await?;
    let sequences = changes(conn, request).await?;
    if let Some(actor) = by {
        entries(conn, request, actor, &heads).await?;
    }
    schemas(conn, request, &new).await?;
    let last = sequences.iter().copied().max().unwrap_or(0);
    let subjects = subjects(conn, request, &new, &heads, last).await?;
    versions(conn, request, &new, &subjects, &sequences).await?;
    new.raise_ids(conn, request).await?;
    disrupt(conn, Disruption::IdBindings).await?;
    Ok(ImportOutcome::Done)
}

/// Nobody else registers meanwhile, and nobody deletes what is written or referred to.
async fn lock(conn: &mut Conn, request: &ImportRequest) -> Result<(), StoreError> {
    let subjects: HashSet<&Subject> = request.versions.iter().map(|version| &version.subject).collect();
    let targets: HashSet<&Subject> = request.versions.iter().flat_map(|version| &version.targets).collect();
    let shared = targets.into_iter().filter(|target| !subjects.contains(target)).map(Lock::SharedSubject);
    let locks: Vec<Lock<'_>> =
        [Lock::Settings].into_iter().chain(subjects.iter().copied().map(Lock::Subject)).chain(shared).collect();
    dialect::lock(conn, &locks).await
}

/// Whether none of the versions is there, and all that they refer to is.
async fn is_possible(conn: &mut Conn, request: &ImportRequest) -> Result<bool, StoreError> {
    let of = |version: &ImportedVersion| (version.subject.qualified(), version.version);
    let own: BTreeSet<(String, Version)> = request.versions.iter().map(of).collect();
    if own.len() < request.versions.len() || count(conn, &own).await? > 0 {
        return Ok(false);
    }
    let mut referred: BTreeSet<(String, Version)> = BTreeSet::new();
    let mut targets: BTreeSet<&Subject> = BTreeSet::new();
    for version in &request.versions {
        for (target, reference) in version.targets.iter().zip(&version.schema.content.references) {
            targets.insert(target);
            referred.insert((target.qualified(), reference.version));
        }
    }
    if referred.is_empty() {
        return Ok(true);
    }
    let targets: Vec<Subject> = targets.into_iter().cloned().collect();
    let associations = associations_of(conn, &targets).await?;
    let is_owned = associations.iter().any(|association| association.lifecycle == Lifecycle::Strong);
    Ok(!is_owned && count(conn, &referred).await? == referred.len())
}

/// How many of some versions are there.
async fn count(conn: &mut Conn, versions: &BTreeSet<(String, Version)>) -> Result<usize, StoreError> {
    let pairs = versions.iter().map(|(subject, version)| serde_json::json!([subject, version]));
    let pairs = serde_json::Value::Array(pairs.collect()).to_string();
    let row = sqlx::query::<dialect::Db>(dialect::statements::COUNT_VERSIONS).bind(pairs).fetch_one(conn).await?;
    Ok(usize::try_from(row.try_get::<i64, _>(0)?).unwrap_or(usize::MAX))
}

/// The contexts of an import, and the contents that are new in them.
struct Contexts<'r> {
    numbers: HashMap<&'r str, i64>,
    schemas: Vec<&'r ImportedVersion>,
}

impl<'r> Contexts<'r> {
    /// `None` where an id stands for something else, or is too high.
    async fn find(conn: &mut Conn, request: &'r ImportRequest) -> Result<Option<Self>, StoreError> {
        let mut wanted: HashMap<&str, HashMap<SchemaId, &ImportedVersion>> = HashMap::new();
        let mut new = Self { numbers: HashMap::new(), schemas: Vec::new() };
        for version in &request.versions {
            let own = wanted.entry(version.subject.context()).or_default();
            match own.get(&version.id) {
                Some(first) if !is_same(&first.schema, &version.schema) => return Ok(None),
                Some(_) => {}
                None => {
                    own.insert(version.id, version);
                    new.schemas.push(version);
                }
            }
        }
        for (context, own) in wanted {
            let ids: Vec<SchemaId> = own.keys().copied().collect();
            let mut known = HashSet::new();
            for stored in read::schemas(conn, context, &ids).await? {
                let schema = HashedContent { content: stored.content, guid: stored.guid };
                if own.get(&stored.id).is_none_or(|version| !is_same(&schema, &version.schema)) {
                    return Ok(None);
                }
                known.insert(stored.id);
            }
            if ids.iter().any(|id| *id > MAX_IMPORTED && !known.contains(id)) {
                return Ok(None);
            }
            new.schemas.retain(|version| version.subject.context() != context || !known.contains(&version.id));
            let (number, _) = new_context(conn, context, request.now).await?;
            new.numbers.insert(context, number);
        }
        Ok(Some(new))
    }

    fn number(&self, subject: &Subject) -> i64 {
        self.numbers.get(subject.context()).copied().unwrap_or_default()
    }

    /// Ids that were taken are handed out no more.
    async fn raise_ids(&self, conn: &mut Conn, request: &ImportRequest) -> Result<(), StoreError> {
        for (context, number) in &self.numbers {
            let own = request.versions.iter().filter(|version| version.subject.context() == *context);
            let highest = own.map(|version| i64::from(version.id)).max().unwrap_or(0);
            let raise = "UPDATE contexts SET max_id = $2 WHERE context_id = $1 AND max_id < $2";
            sqlx::query::<dialect::Db>(raise).bind(number).bind(highest).execute(&mut *conn).await?;
        }
        Ok(())
    }
}

fn is_same(one: &HashedContent, other: &HashedContent) -> bool {
    one.guid == other.guid && *one.content == *other.content
}

/// Of each subject that is there: its latest version so far, and the guid of its schema.
type Heads = HashMap<String, Option<(Version, Vec<u8>)>>;

async fn heads(conn: &mut Conn, request: &ImportRequest) -> Result<Heads, StoreError> {
    let find = concat!(
        "SELECT u.qualified, v.version, s.guid FROM subjects u LEFT JOIN versions v ON v.subject_id = u.subject_id AND v.version = \
         (SELECT w.version FROM versions w WHERE w.subject_id = u.subject_id AND NOT w.deleted ORDER BY w.version DESC LIMIT 1) \
         LEFT JOIN schemas s ON s.context_id = v.context_id AND s.schema_id = v.schema_id WHERE u.qualified IN ",
        texts!(1)
    );
    let rows = sqlx::query::<dialect::Db>(find).bind(names(request)).fetch_all(conn).await?;
    let mut heads = Heads::new();
    for row in &rows {
        let version = row.try_get::<Option<i64>, _>(1)?.and_then(|version| Version::try_from(version).ok());
        heads.insert(row.try_get(0)?, version.zip(row.try_get::<Option<Vec<u8>>, _>(2)?));
    }
    Ok(heads)
}

/// The subjects as a JSON array.
fn names(request: &ImportRequest) -> String {
    let names: BTreeSet<String> = request.versions.iter().map(|version| version.subject.qualified()).collect();
    serde_json::Value::from_iter(names).to_string()
}

/// What is noted of each version: that it was registered, and where it is so that it was deleted.
fn notes(request: &ImportRequest) -> impl Iterator<Item = (&ImportedVersion, bool)> + Clone {
    request.versions.iter().flat_map(|version| [(version, false)].into_iter().chain(version.deleted.then_some((version, true))))
}

/// Writes the changes; the sequence number of each registration.
async fn changes(conn: &mut Conn, request: &ImportRequest) -> Result<Vec<i64>, StoreError> {
    let notes = notes(request);
    let columns = vec![
        ("kind", Column::texts(notes.clone().map(|(_, deletion)| if deletion { "schema.deleted" } else { "schema.registered" }))),
        ("context", Column::texts(notes.clone().map(|(version, _)| version.subject.context()))),
        ("subject", Column::texts(notes.clone().map(|(version, _)| version.subject.name()))),
        ("version", Column::numbers(notes.clone().map(|(version, _)| i64::from(version.version)))),
        (
            "schema_id",
            Column::Numbers(notes.clone().map(|(version, deletion)| (!deletion).then_some(i64::from(version.id))).collect()),
        ),
        ("created_at", Column::Number(request.now)),
    ];
    let rows = dialect::insert_rows(conn, Rows { table: "changes", columns, rest: "RETURNING sequence" }).await?;
    let mut sequences = rows.iter().map(|row| row.try_get(0)).collect::<Result<Vec<i64>, _>>()?;
    // they are handed out in the order of the rows, and may be returned in another one
    sequences.sort_unstable();
    Ok(notes.zip(sequences).filter(|((_, deletion), _)| !deletion).map(|(_, sequence)| sequence).collect())
}

/// Records who has made the changes.
async fn entries(conn: &mut Conn, request: &ImportRequest, actor: &Actor, heads: &Heads) -> Result<(), StoreError> {
    let mut heads = heads.clone();
    let (mut before, mut after) = (Vec::new(), Vec::new());
    for (version, deletion) in notes(request) {
        let guid = version.schema.guid.0.to_vec();
        if deletion {
            before.push(Some(guid));
            after.push(None);
            continue;
        }
        let latest = heads.entry(version.subject.qualified()).or_default();
        before.push(latest.as_ref().map(|(_, guid)| guid.clone()));
        if !version.deleted && latest.as_ref().is_none_or(|(number, _)| *number < version.version) {
            *latest = Some((version.version, guid.clone()));
        }
        after.push(Some(guid));
    }
    let notes = notes(request);
    let columns = vec![
        ("at", Column::Number(request.now)),
        (
            "operation",
            Column::texts(notes.clone().map(|(_, deletion)| if deletion { "schema.deleted" } else { "schema.imported" })),
        ),
        ("actor", Column::Text(Some(actor.principal.to_string()))),
        ("login", Column::Text(Some(actor.login.to_owned()))),
        ("address", Column::Text(actor.address.map(|address| address.to_string()))),
        ("user_agent", Column::Text(actor.user_agent.as_deref().map(str::to_owned))),
        ("request_id", Column::Text(Some(actor.request_id.to_string()))),
        ("reason", Column::Text(actor.reason.as_deref().map(str::to_owned))),
        ("context", Column::texts(notes.clone().map(|(version, _)| version.subject.context()))),
        ("subject", Column::texts(notes.clone().map(|(version, _)| version.subject.name()))),
        ("version", Column::numbers(notes.clone().map(|(version, _)| i64::from(version.version)))),
        ("schema_id", Column::numbers(notes.map(|(version, _)| i64::from(version.id)))),
        ("guid_before", Column::Bytes(before)),
        ("guid_after", Column::Bytes(after)),
    ];
    dialect::insert_rows(conn, Rows { table: "audit", columns, rest: "" }).await.map(drop)
}

/// Writes what is new: schemas, the names and words by which they are found, and their references.
async fn schemas(conn: &mut Conn, request: &ImportRequest, new: &Contexts<'_>) -> Result<(), StoreError> {
    let own = || new.schemas.iter().copied();
    let context = |version: &ImportedVersion| new.number(&version.subject);
    let content = |version: &'_ ImportedVersion| version.schema.content.clone();
    let columns = vec![
        ("context_id", Column::numbers(own().map(context))),
        ("schema_id", Column::numbers(own().map(|version| i64::from(version.id)))),
        ("guid", Column::bytes(own().map(|version| version.schema.guid.0.to_vec()))),
        ("schema_type", Column::texts(own().map(|version| content(version).schema_type.as_str()))),
        ("text", Column::texts(own().map(|version| content(version).text.to_string()))),
        ("refs", Column::Texts(own().map(|version| references_text(&content(version).references)).collect())),
        ("metadata", Column::Texts(own().map(|version| content(version).metadata.as_ref().map(to_text)).collect())),
        ("rule_set", Column::Texts(own().map(|version| content(version).rule_set.as_ref().map(to_text)).collect())),
        ("created_at", Column::Number(request.now)),
        ("digest", Column::bytes(own().map(|version| version.digest.to_vec()))),
        ("is_searchable", Column::Flags(own().map(|_| true).collect())),
    ];
    dialect::insert_rows(conn, Rows { table: "schemas", columns, rest: "" }).await?;
    let words: Vec<_> = own().map(|version| (context(version), i64::from(version.id), &version.words)).collect();
    dialect::file_schemas(conn, &words).await?;
    let names = || own().flat_map(|version| version.names.iter().map(move |name| (version, name)));
    let columns = vec![
        ("kind", Column::texts(names().map(|(_, name)| name.kind()))),
        ("name", Column::texts(names().map(|(_, name)| name.text()))),
        ("context_id", Column::numbers(names().map(|(version, _)| context(version)))),
        ("schema_id", Column::numbers(names().map(|(version, _)| i64::from(version.id)))),
    ];
    dialect::insert_rows(conn, Rows { table: "schema_names", columns, rest: "ON CONFLICT DO NOTHING" }).await?;
    let references = || {
        own().flat_map(|version| {
            let pairs = version.targets.iter().zip(&version.schema.content.references);
            (0_i64..).zip(pairs).map(move |(position, (target, reference))| (version, position, target, reference))
        })
    };
    let columns = vec![
        ("context_id", Column::numbers(references().map(|(version, ..)| context(version)))),
        ("schema_id", Column::numbers(references().map(|(version, ..)| i64::from(version.id)))),
        ("position", Column::numbers(references().map(|(_, position, ..)| position))),
        ("name", Column::texts(references().map(|(.., reference)| reference.name.as_str()))),
        ("target_context", Column::texts(references().map(|(_, _, target, _)| target.context()))),
        ("target_subject", Column::texts(references().map(|(_, _, target, _)| target.name()))),
        ("target_version", Column::numbers(references().map(|(.., reference)| i64::from(reference.version)))),
    ];
    dialect::insert_rows(conn, Rows { table: "schema_references", columns, rest: "" }).await.map(drop)
}

/// Writes the subjects that are new, and marks all as changed; their numbers.
async fn subjects(
    conn: &mut Conn,
    request: &ImportRequest,
    new: &Contexts<'_>,
    heads: &Heads,
    epoch: i64,
) -> Result<HashMap<String, i64>, StoreError> {
    let all: BTreeSet<&Subject> = request.versions.iter().map(|version| &version.subject).collect();
    let mut missing: Vec<&Subject> = all.iter().copied().filter(|subject| !heads.contains_key(&subject.qualified())).collect();
    let mut added = Vec::new();
    // a name whose xRegistry id is taken, which differs from another in letter case alone, gets the one with a hash in it
    for forced in [false, true] {
        let ids: Vec<String> = missing.iter().map(|subject| xregistry_id(subject.name(), forced)).collect();
        let columns = vec![
            ("context_id", Column::numbers(missing.iter().map(|subject| new.number(subject)))),
            ("name", Column::texts(missing.iter().map(|subject| subject.name()))),
            ("qualified", Column::texts(missing.iter().map(|subject| subject.qualified()))),
            ("xreg_id", Column::texts(ids.iter().cloned())),
            ("xreg_key", Column::texts(ids.iter().map(|id| id.to_lowercase()))),
            ("created_at", Column::Number(request.now)),
            ("is_searchable", Column::Flags(missing.iter().map(|_| true).collect())),
            ("epoch", Column::Number(epoch)),
        ];
        let rest = "ON CONFLICT (context_id, xreg_key) DO NOTHING RETURNING subject_id, qualified";
        for row in &dialect::insert_rows(conn, Rows { table: "subjects", columns, rest }).await? {
            added.push((row.try_get::<String, _>(1)?, row.try_get::<i64, _>(0)?));
        }
        let there: HashSet<&String> = added.iter().map(|(name, _)| name).collect();
        missing.retain(|subject| !there.contains(&subject.qualified()));
    }
    if let Some(subject) = missing.first() {
        let what = format!("no xRegistry id is free for {}", subject.qualified());
        return Err(StoreError::Inconsistent { table: "subjects", what });
    }
    let numbers: HashMap<&String, i64> = added.iter().map(|(name, number)| (name, *number)).collect();
    let filed: Vec<(i64, &Subject)> =
        all.iter().filter_map(|subject| Some((numbers.get(&subject.qualified()).copied()?, *subject))).collect();
    dialect::file_subjects(conn, &filed).await?;
    let touch = concat!("UPDATE subjects SET epoch = $2 WHERE qualified IN ", texts!(1), " RETURNING subject_id, qualified");
    let rows = sqlx::query::<dialect::Db>(touch).bind(names(request)).bind(epoch).fetch_all(conn).await?;
    rows.iter().map(|row| Ok((row.try_get(1)?, row.try_get(0)?))).collect()
}

async fn versions(
    conn: &mut Conn,
    request: &ImportRequest,
    new: &Contexts<'_>,
    subjects: &HashMap<String, i64>,
    sequences: &[i64],
) -> Result<(), StoreError> {
    let own = || request.versions.iter();
    let number = |version: &ImportedVersion| subjects.get(&version.subject.qualified()).copied();
    let columns = vec![
        ("subject_id", Column::Numbers(own().map(number).collect())),
        ("version", Column::numbers(own().map(|version| i64::from(version.version)))),
        ("context_id", Column::numbers(own().map(|version| new.number(&version.subject)))),
        ("schema_id", Column::numbers(own().map(|version| i64::from(version.id)))),
        ("deleted", Column::Flags(own().map(|version| version.deleted).collect())),
        ("created_at", Column::Number(request.now)),
        ("written", Column::numbers(sequences.iter().copied())),
    ];
    dialect::insert_rows(conn, Rows { table: "versions", columns, rest: "" }).await.map(drop)
}

/// Every version, and whether it is soft-deleted.
pub(in crate::store) async fn version_marks(conn: &mut Conn) -> Result<Vec<(String, Version, bool)>, StoreError> {
    let find = "SELECT u.qualified, v.version, v.deleted FROM subjects u JOIN versions v ON v.subject_id = u.subject_id \
                ORDER BY u.qualified, v.version";
    let rows = sqlx::query::<dialect::Db>(find).fetch_all(conn).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, super::decode::narrow(row.try_get(1)?, "versions")?, row.try_get(2)?))).collect()
}
