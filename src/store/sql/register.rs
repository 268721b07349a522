//! Writing a version: whether it may be written, and under which id. `insert_version` of each database then writes it.

use sqlx::query::Query;
use sqlx::{Database, Row as _, SqlSafeStr};

use super::associations::associations_of;
use super::changes::{Disruption, disrupt};
use super::decode::{narrow, references_text};
use super::locks::Lock;
use super::read::Head;
use super::{Conn, dialect, read};
use crate::codec::to_text;
use crate::store::{RegisterOutcome, RegisterRequest, StoreError};
use crate::types::{Actor, Lifecycle, MAX_IMPORTED, SchemaId, Subject, VersionSelector};

/// A version that may be written.
pub(in crate::store) struct NewVersion<'r> {
    pub(in crate::store) request: &'r RegisterRequest,
    pub(in crate::store) context_id: i64,
    pub(in crate::store) id: IdSource,
    /// The subject has no row yet (its row is removed together with its last version).
    pub(in crate::store) is_new_subject: bool,
    /// The schema of the latest version so far.
    pub(in crate::store) previous: Option<SchemaId>,
    /// Who registers it, where that is recorded.
    pub(in crate::store) by: Option<&'r Actor>,
}

impl NewVersion<'_> {
    /// What the record calls it.
    pub(in crate::store) fn operation(&self) -> &'static str {
        if self.request.id.is_some() { "schema.imported" } else { "schema.registered" }
    }
}

/// Where the id of the content comes from.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) enum IdSource {
    /// It stands for the content already.
    Known(SchemaId),
    /// It was asked for.
    Given(SchemaId),
    /// The next one after this highest one. On Postgres another replica may have handed that one out meanwhile.
    Next(i64),
}

/// Binds the columns of `schemas` to the first ten parameters of a statement.
pub(in crate::store) fn bind_schema<'q>(
    statement: impl SqlSafeStr,
    version: &NewVersion<'q>,
    id: SchemaId,
) -> Query<'q, dialect::Db, <dialect::Db as Database>::Arguments> {
    let NewVersion { request, context_id, .. } = *version;
    let content = &request.schema.content;
    sqlx::query(statement)
        .bind(context_id)
        .bind(i64::from(id))
        .bind(request.schema.guid.0.to_vec())
        .bind(content.schema_type.as_str())
        .bind(&*content.text)
        .bind(references_text(&content.references))
        .bind(content.metadata.as_ref().map(to_text))
        .bind(content.rule_set.as_ref().map(to_text))
        .bind(request.now)
        .bind(request.digest.map(|digest| digest.to_vec()))
}

/// What a registration must have for itself, or share with others of its kind. Its transaction begins with them.
pub(in crate::store) fn locks(request: &RegisterRequest) -> Vec<Lock<'_>> {
    let targets = request.targets.iter().filter(|target| **target != request.subject).map(Lock::SharedSubject);
    let content = Lock::Content(request.subject.context(), request.schema.guid);
    [Lock::SharedSettings, Lock::Subject(&request.subject), content].into_iter().chain(targets).collect()
}

pub(in crate::store) async fn register(
    conn: &mut Conn,
    request: &RegisterRequest,
    by: Option<&Actor>,
) -> Result<RegisterOutcome, StoreError> {
    let head = read::head(conn, &request.subject, request.schema.guid, request.schema.content.schema_type).await?;
    match decide(conn, request, &head, by).await? {
        Ok(version) => write(conn, &version).await,
        Err(outcome) => Ok(outcome),
    }
}

/// The version to write, or why none is. All it says of the database holds until the transaction ends.
pub(in crate::store) async fn decide<'r>(
    conn: &mut Conn,
    request: &'r RegisterRequest,
    head: &Head,
    by: Option<&'r Actor>,
) -> Result<Result<NewVersion<'r>, RegisterOutcome>, StoreError> {
    if request.turn.is_some() && head.turn.is_some_and(|turn| request.turn != Some(turn)) {
        return Ok(Err(RegisterOutcome::OthersTurn));
    }
    // at the epoch of the decision the subject's versions are what the decision knows
    if head.settings != request.expected_settings || head.epoch != request.expected_epoch {
        return Ok(Err(RegisterOutcome::HeadMoved));
    }
    if let Some(position) = missing_reference(conn, request).await? {
        return Ok(Err(RegisterOutcome::ReferenceGone { position }));
    }
    if let Some(position) = owned_reference(conn, request).await? {
        return Ok(Err(RegisterOutcome::ReferenceOwned { position }));
    }
    let (context_id, max_id) = match head.context {
        Some(context) => context,
        None => new_context(conn, request.subject.context(), request.now).await?,
    };
    let id = match assign(conn, request, head.ids.first().copied(), (context_id, max_id)).await? {
        Ok(id) => id,
        Err(outcome) => return Ok(Err(outcome)),
    };
    if let (IdSource::Known(id), true) = (id, request.disruptive) {
        drop_superseded(conn, request, id).await?;
    }
    Ok(Ok(NewVersion { request, context_id, id, is_new_subject: head.epoch == 0, previous: request.previous, by }))
}

pub(in crate::store) async fn write(conn: &mut Conn, version: &NewVersion<'_>) -> Result<RegisterOutcome, StoreError> {
    let is_new_schema = !matches!(version.id, IdSource::Known(_));
    let id = dialect::insert_version(conn, version).await?;
    if version.request.disruptive {
        disrupt(conn, if version.request.id.is_some() { Disruption::IdBindings } else { Disruption::Content }).await?;
    }
    Ok(RegisterOutcome::Registered { id, is_new_schema })
}

async fn missing_reference(conn: &mut Conn, request: &RegisterRequest) -> Result<Option<usize>, StoreError> {
    for (position, (target, reference)) in request.targets.iter().zip(&request.schema.content.references).enumerate() {
        let selector = VersionSelector::Number(reference.version);
        if read::version(conn, target, selector, !request.active_references).await?.is_none() {
            return Ok(Some(position));
        }
    }
    Ok(None)
}

/// A subject that belongs to a resource can't be referred to.
async fn owned_reference(conn: &mut Conn, request: &RegisterRequest) -> Result<Option<usize>, StoreError> {
    if request.targets.is_empty() {
        return Ok(None);
    }
    let associations = associations_of(conn, &request.targets).await?;
    let owned = |target: &Subject| associations.iter().any(|a| a.subject == *target && a.lifecycle == Lifecycle::Strong);
    Ok(request.targets.iter().position(owned))
}

/// The new context's number, and its highest id.
pub(super) async fn new_context(conn: &mut Conn, name: &str, now: i64) -> Result<(i64, i64), StoreError> {
    let insert = "INSERT INTO contexts (name, created_at) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
    sqlx::query::<dialect::Db>(insert).bind(name).bind(now).execute(&mut *conn).await?;
    let find = "SELECT context_id, max_id FROM contexts WHERE name = $1";
    let row = sqlx::query::<dialect::Db>(find).bind(name).fetch_one(&mut *conn).await?;
    Ok((row.try_get(0)?, row.try_get(1)?))
}

/// The id for the content: the one asked for, the one that stands for it already, or the next of the context.
async fn assign(
    conn: &mut Conn,
    request: &RegisterRequest,
    known: Option<SchemaId>,
    context_id_and_max: (i64, i64),
) -> Result<Result<IdSource, RegisterOutcome>, StoreError> {
    let (context, content) = (request.subject.context(), &request.schema.content);
    if let Some(id) = request.id {
        return Ok(match read::schema(conn, context, id).await? {
            Some(stored) if stored.guid == request.schema.guid && *stored.content == **content => Ok(IdSource::Known(id)),
            Some(_) => Err(RegisterOutcome::IdTaken),
            None if id > MAX_IMPORTED => Err(RegisterOutcome::IdTooHigh),
            None => Ok(IdSource::Given(id)),
        });
    }
    let Some(id) = known else {
        let highest = highest_id(conn, context_id_and_max).await?;
        return Ok(highest.map(IdSource::Next).ok_or(RegisterOutcome::NoIdLeft));
    };
    Ok(match read::schema(conn, context, id).await? {
        Some(stored) if *stored.content == **content => Ok(IdSource::Known(id)),
        Some(_) => Err(RegisterOutcome::GuidCollision),
        None => Err(RegisterOutcome::HeadMoved),
    })
}

/// The highest id of a context, after which the next one comes; `None` when none comes. Where an older release imported the highest
/// number there is, the ids go on after those that are in use below.
async fn highest_id(conn: &mut Conn, (context_id, max_id): (i64, i64)) -> Result<Option<i64>, StoreError> {
    if max_id < i64::from(SchemaId::MAX) {
        return Ok(Some(max_id));
    }
    let find = "SELECT COALESCE(MAX(schema_id), 0) FROM schemas WHERE context_id = $1 AND schema_id <= $2";
    let row = sqlx::query::<dialect::Db>(find).bind(context_id).bind(i64::from(MAX_IMPORTED)).fetch_one(&mut *conn).await?;
    let highest: i64 = row.try_get(0)?;
    if highest == i64::from(MAX_IMPORTED) {
        return Ok(None);
    }
    let lower = "UPDATE contexts SET max_id = $2 WHERE context_id = $1";
    sqlx::query::<dialect::Db>(lower).bind(context_id).bind(highest).execute(&mut *conn).await?;
    // an id that was deleted for good may come again
    disrupt(conn, Disruption::IdBindings).await?;
    Ok(Some(highest))
}

/// Soft-deleted versions of the subject that hold the same id disappear, unless something refers to them.
async fn drop_superseded(conn: &mut Conn, request: &RegisterRequest, id: SchemaId) -> Result<(), StoreError> {
    let find = "SELECT v.version FROM versions v JOIN subjects u ON u.subject_id = v.subject_id \
                WHERE u.qualified = $1 AND v.schema_id = $2 AND v.deleted ORDER BY v.version";
    let rows =
        sqlx::query::<dialect::Db>(find).bind(request.subject.qualified()).bind(i64::from(id)).fetch_all(&mut *conn).await?;
    for row in &rows {
        let version: i64 = row.try_get(0)?;
        if read::referrers(conn, &request.subject, narrow(version, "versions")?, true).await?.is_empty() {
            sqlx::query::<dialect::Db>(
                "DELETE FROM versions WHERE version = $2 AND subject_id = (SELECT subject_id FROM subjects WHERE qualified = $1)",
            )
            .bind(request.subject.qualified())
            .bind(version)
            .execute(&mut *conn)
            .await?;
        }
    }
    Ok(())
}
