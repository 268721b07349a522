//! Config and mode of scopes.

use std::collections::HashMap;

use serde_json::Value;
use sqlx::Row as _;

use super::changes::{Act, Disruption, NewChange, before_and_after, disrupt, generation, record};
use super::delete::purge;
use super::lists::PageStart;
use super::{Conn, dialect, lists, locks, read};
use crate::codec::{ConfigJson, ConfigPatch, LevelKey, config_from, to_text};
use crate::store::{DeleteOutcome, ImportSwitch, Scope, ScopeSettings, SettingsOutcome, StoreError, SubjectFilter};
use crate::types::{Config, Mode, Subject};

fn parse_config(text: &str) -> Result<Config, StoreError> {
    let value: Value =
        serde_json::from_str(text).map_err(|e| StoreError::Inconsistent { table: "configs", what: e.to_string() })?;
    Ok(config_from(&value))
}

/// Configs, in bytes as they are stored, up to which all of them are given at once.
const MOST_BYTES: usize = 256 << 10;

pub(in crate::store) async fn all_settings(
    conn: &mut Conn,
    limit: i64,
) -> Result<Option<HashMap<Scope, ScopeSettings>>, StoreError> {
    let rows = sqlx::query::<dialect::Db>(ALL).bind(limit.saturating_add(1)).fetch_all(conn).await?;
    if i64::try_from(rows.len()).is_ok_and(|count| count > limit) {
        return Ok(None);
    }
    let (out, bytes) = read_all(&rows)?;
    Ok(Some(out).filter(|_| bytes <= MOST_BYTES))
}

const ALL: &str = "SELECT context, subject, config, NULL AS mode FROM configs \
     UNION ALL SELECT context, subject, NULL, mode FROM modes LIMIT $1";

/// What rows of both kinds say, and how many bytes the configs have.
fn read_all(rows: &[super::Row]) -> Result<(HashMap<Scope, ScopeSettings>, usize), StoreError> {
    let (mut out, mut bytes) = (HashMap::<Scope, ScopeSettings>::new(), 0);
    for row in rows {
        let settings = out.entry(Subject::in_context(row.try_get(0)?, row.try_get(1)?)).or_default();
        if let Some(config) = row.try_get::<Option<&str>, _>(2)? {
            bytes += config.len();
            settings.config = Some(parse_config(config)?);
        }
        if let Some(mode) = row.try_get::<Option<&str>, _>(3)? {
            settings.mode = Mode::parse(mode);
        }
    }
    Ok((out, bytes))
}

/// Every scope that has a config or a mode, however many there are.
pub(in crate::store) async fn every_setting(conn: &mut Conn) -> Result<HashMap<Scope, ScopeSettings>, StoreError> {
    let rows = sqlx::query::<dialect::Db>(ALL).bind(i64::MAX).fetch_all(conn).await?;
    Ok(read_all(&rows)?.0)
}

pub(in crate::store) async fn settings(conn: &mut Conn, scopes: &[Scope]) -> Result<Vec<ScopeSettings>, StoreError> {
    let keys: Vec<[&str; 2]> = scopes.iter().map(|s| [s.context(), s.name()]).collect();
    let keys = serde_json::json!(keys).to_string();
    let rows = sqlx::query::<dialect::Db>(dialect::statements::SETTINGS).bind(keys).fetch_all(conn).await?;
    let mut out = vec![ScopeSettings::default(); scopes.len()];
    for row in &rows {
        let (context, subject): (&str, &str) = (row.try_get(0)?, row.try_get(1)?);
        let config = row.try_get::<Option<&str>, _>(2)?.map(parse_config).transpose()?;
        let mode = row.try_get::<Option<&str>, _>(3)?.and_then(Mode::parse);
        for (scope, slot) in scopes.iter().zip(&mut out) {
            if scope.context() == context && scope.name() == subject {
                slot.config = config.clone().or(slot.config.take());
                slot.mode = mode.or(slot.mode);
            }
        }
    }
    Ok(out)
}

/// Configs with an alias among the subjects that a filter names.
pub(in crate::store) async fn subject_aliases(
    conn: &mut Conn,
    filter: &SubjectFilter,
) -> Result<Vec<(Subject, String)>, StoreError> {
    let rows = sqlx::query::<dialect::Db>(
        "SELECT context, subject, config FROM configs WHERE subject <> '' AND config LIKE '%\"alias\"%' \
         AND ($1 = '' OR context = $1) AND ($2 = '' OR (substr(context, 1, length($2)) = $2 AND context <> '.')) AND substr(subject, 1, length($3)) = $3 \
         ORDER BY context, subject",
    )
    .bind(filter.context.as_deref().unwrap_or(""))
    .bind(filter.context_prefix.as_deref().unwrap_or(""))
    .bind(filter.prefix.as_str())
    .fetch_all(conn)
    .await?;
    let mut out = Vec::new();
    for row in &rows {
        let subject = Subject::in_context(row.try_get(0)?, row.try_get(1)?);
        out.extend(parse_config(row.try_get(2)?)?.alias.filter(|alias| !alias.is_empty()).map(|alias| (subject, alias)));
    }
    Ok(out)
}

/// `before` and `after` are JSON.
async fn note(
    conn: &mut Conn,
    kind: &'static str,
    scope: &Scope,
    (payload, before, after): (Option<String>, Option<&str>, Option<&str>),
    act: Act<'_>,
) -> Result<(), StoreError> {
    let details = Some(before_and_after(before, after));
    record(conn, NewChange { payload, details, ..NewChange::new(kind, scope, act) }).await?;
    disrupt(conn, Disruption::Settings).await
}

/// A config of a scope's own, as it is stored.
async fn own_config(conn: &mut Conn, scope: &Scope) -> Result<Option<String>, StoreError> {
    let row = sqlx::query::<dialect::Db>("SELECT config FROM configs WHERE context = $1 AND subject = $2")
        .bind(scope.context())
        .bind(scope.name())
        .fetch_optional(conn)
        .await?;
    row.map(|row| Ok(row.try_get(0)?)).transpose()
}

pub(in crate::store) async fn put_config(
    conn: &mut Conn,
    scope: &Scope,
    patch: &ConfigPatch,
    expected: i64,
    act: Act<'_>,
) -> Result<SettingsOutcome<Config>, StoreError> {
    dialect::lock(conn, &locks::of_settings(scope)).await?;
    if generation(conn).await?.settings != expected {
        return Ok(SettingsOutcome::Moved);
    }
    let old = own_config(conn, scope).await?;
    let mut config = old.as_deref().map(parse_config).transpose()?.unwrap_or_default();
    patch.apply(&mut config);
    let text = to_text(&ConfigJson::new(&config, LevelKey::Compatibility));
    sqlx::query::<dialect::Db>(
        "INSERT INTO configs (context, subject, config, updated_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (context, subject) DO UPDATE SET config = excluded.config, updated_at = excluded.updated_at",
    )
    .bind(scope.context())
    .bind(scope.name())
    .bind(&text)
    .bind(act.now)
    .execute(&mut *conn)
    .await?;
    note(conn, "config.set", scope, (Some(text.clone()), old.as_deref(), Some(&text)), act).await?;
    Ok(SettingsOutcome::Done(config))
}

pub(in crate::store) async fn delete_config(
    conn: &mut Conn,
    scope: &Scope,
    expected: i64,
    act: Act<'_>,
) -> Result<SettingsOutcome<Option<Config>>, StoreError> {
    dialect::lock(conn, &locks::of_settings(scope)).await?;
    if generation(conn).await?.settings != expected {
        return Ok(SettingsOutcome::Moved);
    }
    let old = own_config(conn, scope).await?;
    if old.is_some() {
        sqlx::query::<dialect::Db>("DELETE FROM configs WHERE context = $1 AND subject = $2")
            .bind(scope.context())
            .bind(scope.name())
            .execute(&mut *conn)
            .await?;
        note(conn, "config.deleted", scope, (None, old.as_deref(), None), act).await?;
    }
    Ok(SettingsOutcome::Done(old.as_deref().map(parse_config).transpose()?))
}

pub(in crate::store) async fn put_mode(
    conn: &mut Conn,
    scope: &Scope,
    mode: Option<Mode>,
    import: ImportSwitch,
    act: Act<'_>,
) -> Result<DeleteOutcome, StoreError> {
    dialect::lock(conn, &locks::of_settings(scope)).await?;
    if import == ImportSwitch::Checked
        && let Some(outcome) = clear_for_import(conn, scope, act).await?
    {
        return Ok(outcome);
    }
    let old = own_mode(conn, scope).await?.map(quoted);
    match mode {
        Some(mode) => {
            sqlx::query::<dialect::Db>(
                "INSERT INTO modes (context, subject, mode, updated_at) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (context, subject) DO UPDATE SET mode = excluded.mode, updated_at = excluded.updated_at",
            )
            .bind(scope.context())
            .bind(scope.name())
            .bind(mode.as_str())
            .bind(act.now)
            .execute(&mut *conn)
            .await?;
        }
        None => delete_own_mode(conn, scope).await?,
    }
    let new = mode.map(quoted);
    note(conn, "mode.set", scope, (mode.map(|m| m.as_str().to_owned()), old.as_deref(), new.as_deref()), act).await?;
    Ok(DeleteOutcome::Deleted(Vec::new()))
}

/// IMPORT starts in an empty scope: no active schemas; soft-deleted remains go for good.
async fn clear_for_import(conn: &mut Conn, scope: &Scope, act: Act<'_>) -> Result<Option<DeleteOutcome>, StoreError> {
    let mut subjects = vec![scope.clone()];
    if scope.is_context() {
        let everything = scope.is_default_context();
        let context = (!everything).then(|| scope.context().to_owned());
        let filter = SubjectFilter { context, deleted: true, ..SubjectFilter::default() };
        let listed = lists::subjects(conn, &filter, PageStart::Begin, 0, i64::MAX).await?;
        subjects = listed.iter().map(|name| Subject::parse(name)).collect();
    }
    let mut remains = Vec::new();
    for subject in subjects {
        let state = read::subject(conn, &subject).await?;
        if state.latest().is_some() {
            return Ok(Some(DeleteOutcome::NotEmpty));
        }
        for row in &state.rows {
            if !read::referrers(conn, &subject, row.version, false).await?.is_empty() {
                return Ok(Some(DeleteOutcome::Referenced(subject, row.version)));
            }
        }
        remains.push((subject, state.rows.iter().map(|row| row.version).collect::<Vec<_>>()));
    }
    for (subject, versions) in remains {
        if !versions.is_empty() {
            purge(conn, &subject, &versions, act).await?;
        }
    }
    Ok(None)
}

async fn own_mode(conn: &mut Conn, scope: &Scope) -> Result<Option<Mode>, StoreError> {
    let row = sqlx::query::<dialect::Db>("SELECT mode FROM modes WHERE context = $1 AND subject = $2")
        .bind(scope.context())
        .bind(scope.name())
        .fetch_optional(conn)
        .await?;
    match row {
        Some(row) => Ok(Mode::parse(row.try_get(0)?)),
        None => Ok(None),
    }
}

/// A mode as JSON.
fn quoted(mode: Mode) -> String {
    format!("\"{}\"", mode.as_str())
}

async fn delete_own_mode(conn: &mut Conn, scope: &Scope) -> Result<(), StoreError> {
    sqlx::query::<dialect::Db>("DELETE FROM modes WHERE context = $1 AND subject = $2")
        .bind(scope.context())
        .bind(scope.name())
        .execute(conn)
        .await?;
    Ok(())
}

/// The mode that was deleted, and whether anything was.
pub(in crate::store) async fn delete_mode(
    conn: &mut Conn,
    scope: &Scope,
    recursive: bool,
    act: Act<'_>,
) -> Result<(Option<Mode>, bool), StoreError> {
    dialect::lock(conn, &locks::of_settings(scope)).await?;
    let mode = own_mode(conn, scope).await?;
    delete_own_mode(conn, scope).await?;
    let mut any = mode.is_some();
    // nothing is below a subject
    if recursive && scope.is_context() {
        let gone =
            sqlx::query::<dialect::Db>("DELETE FROM modes WHERE context = $1").bind(scope.context()).execute(&mut *conn).await?;
        any = any || gone.rows_affected() > 0;
    }
    if any {
        note(conn, "mode.deleted", scope, (None, mode.map(quoted).as_deref(), None), act).await?;
    }
    Ok((mode, any))
}
