//! Aliases of URIs and bindings of event types. Every change begins a new generation: content that were found through the old
//! ones no longer hold.

use sqlx::Row as _;

use super::changes::{Act, Disruption, NewChange, disrupt, record};
use super::decode::{guid, narrow_opt};
use super::{Conn, Row, dialect};
use crate::store::StoreError;
use crate::types::{Alias, AliasTarget, Subject, TypeBinding, Version, VersionSelector};

fn selector(version: Option<Version>) -> VersionSelector {
    version.map_or(VersionSelector::Latest, VersionSelector::Number)
}

fn number(selector: VersionSelector) -> Option<i64> {
    match selector {
        VersionSelector::Latest => None,
        VersionSelector::Number(version) => Some(i64::from(version)),
    }
}

/// Reads `uri, context, subject, version, guid`.
fn alias_row(row: &Row) -> Result<Alias, StoreError> {
    let target =
        match (row.try_get::<Option<&str>, _>(1)?, row.try_get::<Option<&str>, _>(2)?, row.try_get::<Option<&[u8]>, _>(4)?) {
            (Some(context), Some(subject), None) => {
                AliasTarget::Version(Subject::in_context(context, subject), selector(narrow_opt(row.try_get(3)?, "aliases")?))
            }
            (_, _, Some(bytes)) => AliasTarget::Guid(guid(bytes)?),
            _ => return Err(StoreError::Inconsistent { table: "aliases", what: "an alias of nothing".to_owned() }),
        };
    Ok(Alias { uri: row.try_get(0)?, target })
}

pub(in crate::store) async fn alias(conn: &mut Conn, uri: &str) -> Result<Option<Alias>, StoreError> {
    let row = sqlx::query::<dialect::Db>("SELECT uri, context, subject, version, guid FROM aliases WHERE uri = $1")
        .bind(uri)
        .fetch_optional(conn)
        .await?;
    row.map(|row| alias_row(&row)).transpose()
}

pub(in crate::store) async fn aliases(conn: &mut Conn, offset: i64, limit: i64) -> Result<Vec<Alias>, StoreError> {
    let rows =
        sqlx::query::<dialect::Db>("SELECT uri, context, subject, version, guid FROM aliases ORDER BY uri LIMIT $1 OFFSET $2")
            .bind(limit)
            .bind(offset)
            .fetch_all(conn)
            .await?;
    rows.iter().map(alias_row).collect()
}

/// The scope that a change of an alias is filed under: its subject, else the registry as a whole.
fn scope(target: &AliasTarget) -> Subject {
    match target {
        AliasTarget::Version(subject, _) => subject.clone(),
        AliasTarget::Guid(_) => Subject::plain(""),
    }
}

/// What an alias or a binding stands for, as JSON.
fn shown(subject: &Subject, version: VersionSelector) -> String {
    let version = match version {
        VersionSelector::Latest => serde_json::json!("latest"),
        VersionSelector::Number(number) => serde_json::json!(number),
    };
    serde_json::json!({ "subject": subject.qualified(), "version": version }).to_string()
}

fn shown_target(target: &AliasTarget) -> String {
    match target {
        AliasTarget::Version(subject, version) => shown(subject, *version),
        AliasTarget::Guid(guid) => serde_json::json!({ "guid": guid }).to_string(),
    }
}

/// `before` and `after` are JSON.
async fn note(
    conn: &mut Conn,
    kind: &'static str,
    subject: &Subject,
    name: &str,
    (before, after): (Option<&str>, Option<&str>),
    act: Act<'_>,
) -> Result<(), StoreError> {
    let name = serde_json::Value::from(name).to_string();
    let (before, after) = (before.unwrap_or("null"), after.unwrap_or("null"));
    let details = Some(format!(r#"{{"name":{name},"before":{before},"after":{after}}}"#));
    record(conn, NewChange { payload: Some(name), details, ..NewChange::new(kind, subject, act) }).await?;
    disrupt(conn, Disruption::Content).await
}

/// Stores an alias in the place of one with the same URI. True when there was none.
pub(in crate::store) async fn put_alias(conn: &mut Conn, alias: &Alias, act: Act<'_>) -> Result<bool, StoreError> {
    let (subject, version, guid) = match &alias.target {
        AliasTarget::Version(subject, version) => (Some(subject), number(*version), None),
        AliasTarget::Guid(guid) => (None, None, Some(guid.0.to_vec())),
    };
    let old = self::alias(&mut *conn, &alias.uri).await?.map(|old| shown_target(&old.target));
    sqlx::query::<dialect::Db>(
        "INSERT INTO aliases (uri, context, subject, version, guid, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $6) \
         ON CONFLICT (uri) DO UPDATE SET context = excluded.context, subject = excluded.subject, version = excluded.version, \
         guid = excluded.guid, updated_at = excluded.updated_at",
    )
    .bind(&alias.uri)
    .bind(subject.map(Subject::context))
    .bind(subject.map(Subject::name))
    .bind(version)
    .bind(guid)
    .bind(act.now)
    .execute(&mut *conn)
    .await?;
    let new = shown_target(&alias.target);
    note(conn, "alias.set", &scope(&alias.target), &alias.uri, (old.as_deref(), Some(&new)), act).await?;
    Ok(old.is_none())
}

/// Removes an alias and returns it.
pub(in crate::store) async fn delete_alias(conn: &mut Conn, uri: &str, act: Act<'_>) -> Result<Option<Alias>, StoreError> {
    let found = alias(&mut *conn, uri).await?;
    if let Some(alias) = &found {
        sqlx::query::<dialect::Db>("DELETE FROM aliases WHERE uri = $1").bind(uri).execute(&mut *conn).await?;
        let old = shown_target(&alias.target);
        note(conn, "alias.deleted", &scope(&alias.target), uri, (Some(&old), None), act).await?;
    }
    Ok(found)
}

/// All bindings of event types, by pattern.
pub(in crate::store) async fn type_bindings(conn: &mut Conn) -> Result<Vec<TypeBinding>, StoreError> {
    let rows = sqlx::query::<dialect::Db>(
        "SELECT pattern, context, subject, version, require_dataschema FROM type_bindings ORDER BY pattern",
    )
    .fetch_all(conn)
    .await?;
    let binding = |row: &Row| {
        Ok(TypeBinding {
            pattern: row.try_get(0)?,
            subject: Subject::in_context(row.try_get(1)?, row.try_get(2)?),
            version: selector(narrow_opt(row.try_get(3)?, "type_bindings")?),
            require_dataschema: row.try_get(4)?,
        })
    };
    rows.iter().map(binding).collect()
}

/// Stores a binding in the place of one with the same pattern. True when there was none.
pub(in crate::store) async fn put_type_binding(conn: &mut Conn, binding: &TypeBinding, act: Act<'_>) -> Result<bool, StoreError> {
    let old = bound(&mut *conn, &binding.pattern).await?.map(|(subject, version)| shown(&subject, version));
    sqlx::query::<dialect::Db>(
        "INSERT INTO type_bindings (pattern, context, subject, version, require_dataschema, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $6) ON CONFLICT (pattern) DO UPDATE SET context = excluded.context, \
         subject = excluded.subject, version = excluded.version, require_dataschema = excluded.require_dataschema, \
         updated_at = excluded.updated_at",
    )
    .bind(&binding.pattern)
    .bind(binding.subject.context())
    .bind(binding.subject.name())
    .bind(number(binding.version))
    .bind(binding.require_dataschema)
    .bind(act.now)
    .execute(&mut *conn)
    .await?;
    let new = shown(&binding.subject, binding.version);
    note(conn, "type.set", &binding.subject, &binding.pattern, (old.as_deref(), Some(&new)), act).await?;
    Ok(old.is_none())
}

/// Removes a binding. False when there was none.
pub(in crate::store) async fn delete_type_binding(conn: &mut Conn, pattern: &str, act: Act<'_>) -> Result<bool, StoreError> {
    let Some((subject, version)) = bound(&mut *conn, pattern).await? else { return Ok(false) };
    sqlx::query::<dialect::Db>("DELETE FROM type_bindings WHERE pattern = $1").bind(pattern).execute(&mut *conn).await?;
    note(conn, "type.deleted", &subject, pattern, (Some(&shown(&subject, version)), None), act).await?;
    Ok(true)
}

async fn bound(conn: &mut Conn, pattern: &str) -> Result<Option<(Subject, VersionSelector)>, StoreError> {
    let row = sqlx::query::<dialect::Db>("SELECT context, subject, version FROM type_bindings WHERE pattern = $1")
        .bind(pattern)
        .fetch_optional(conn)
        .await?;
    let bound = |row: Row| {
        let subject = Subject::in_context(row.try_get(0)?, row.try_get(1)?);
        Ok((subject, selector(narrow_opt(row.try_get(2)?, "type_bindings")?)))
    };
    row.map(bound).transpose()
}
