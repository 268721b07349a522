//! Lists of subjects and of versions, in the order of qualified names. Pages begin where an index says, and what decides whether a subject
//! is listed stands beside its name (migration 0006).

use std::sync::Arc;

use sqlx::Row as _;

use super::decode::{stored_schema, version_row};
use super::{Conn, dialect};
use crate::store::{ListedVersion, StoreError, SubjectFilter, VersionFilter};
use crate::types::{DEFAULT_CONTEXT, Subject, Version};

/// Which qualified names a filter can mean: from the first one, to before the other.
fn range(filter: &SubjectFilter) -> (String, String) {
    let prefix = match (&filter.context, &filter.context_prefix) {
        (Some(context), _) if context != DEFAULT_CONTEXT => Subject::in_context(context, &filter.prefix).qualified(),
        (Some(_), _) => filter.prefix.clone(),
        // the default one begins so, too
        (None, Some(context)) if context != DEFAULT_CONTEXT => format!(":{context}"),
        (None, _) => String::new(),
    };
    let end = beyond(&prefix);
    (prefix, end)
}

/// What comes after all that begins so.
fn beyond(prefix: &str) -> String {
    let mut end = prefix.to_owned();
    while let Some(last) = end.pop() {
        // 0xD800 to 0xDFFF are no characters
        let next = if last == '\u{D7FF}' { Some('\u{E000}') } else { char::from_u32(u32::from(last) + 1) };
        if let Some(next) = next {
            end.push(next);
            return end;
        }
    }
    "\u{10FFFF}".repeat(64)
}

/// Parameters: $1 the first name, $2 whether it counts itself (0) or not (1), $3 the end, $4 the context or nothing, $5 the beginning of
/// the context's name, $6 that of the subject's name.
macro_rules! conditions {
    () => {
        "u.qualified >= $1 AND ($2 = 0 OR u.qualified > $1) AND u.qualified < $3 \
         AND ($4 = '' OR u.context_id = (SELECT c.context_id FROM contexts c WHERE c.name = $4)) \
         AND ($5 = '' OR u.context_id IN (SELECT c.context_id FROM contexts c WHERE substr(c.name, 1, length($5)) = $5)) \
         AND ($6 = '' OR substr(u.name, 1, length($6)) = $6) "
    };
}

/// By whether soft-deleted subjects are listed: a condition that is a parameter would keep planners from the index of live ones.
macro_rules! by_deletion {
    ($statement:ident) => {
        [$statement!("AND u.is_live "), $statement!(""), $statement!("AND NOT u.is_live ")]
    };
}

/// One row: what is sent row by row costs more than what it says.
macro_rules! names {
    ($deletion:literal) => {
        concat!(
            json_list!("t.qualified"),
            " FROM (SELECT u.qualified FROM subjects u WHERE ",
            conditions!(),
            $deletion,
            "ORDER BY u.qualified LIMIT $7 OFFSET $8) t"
        )
    };
}
const NAMES: [&str; 3] = by_deletion!(names);

/// The subject in which a version stands, counted from the beginning, and how many of its versions come before it. $7: 0 counts those that
/// are not soft-deleted, 1 all; $8 the place.
macro_rules! place {
    ($deletion:literal) => {
        concat!(
            "SELECT t.qualified, $8 - t.upto + t.own FROM (SELECT u.qualified, ",
            "CASE WHEN $7 = 0 THEN u.live ELSE u.versions END AS own, ",
            "CAST(SUM(CASE WHEN $7 = 0 THEN u.live ELSE u.versions END) OVER (ORDER BY u.qualified) AS BIGINT) AS upto ",
            "FROM subjects u WHERE ",
            conditions!(),
            $deletion,
            ") t WHERE t.upto > $8 ORDER BY t.qualified LIMIT 1"
        )
    };
}
const PLACE: [&str; 3] = by_deletion!(place);

fn which(filter: &SubjectFilter) -> usize {
    match (filter.deleted_only, filter.deleted) {
        (true, _) => 2,
        (false, true) => 1,
        (false, false) => 0,
    }
}

/// Binds what [`conditions`] needs.
macro_rules! bind_conditions {
    ($statements:ident, $filter:expr, $after:expr) => {{
        let (begin, end) = range($filter);
        let after: Option<&str> = $after;
        let is_after = after.is_some_and(|after| *after >= *begin);
        let from = after.filter(|_| is_after).map_or(begin, str::to_owned);
        sqlx::query::<dialect::Db>($statements.get(which($filter)).copied().unwrap_or_default())
            .bind(from)
            .bind(i64::from(is_after))
            .bind(end)
            .bind($filter.context.as_deref().unwrap_or("").to_owned())
            .bind($filter.context_prefix.as_deref().unwrap_or("").to_owned())
            .bind($filter.prefix.clone())
    }};
}

pub(in crate::store) async fn subjects(
    conn: &mut Conn,
    filter: &SubjectFilter,
    after: Option<&str>,
    skip: i64,
    limit: i64,
) -> Result<Vec<String>, StoreError> {
    let row = bind_conditions!(NAMES, filter, after).bind(limit).bind(skip).fetch_one(conn).await?;
    let names: String = row.try_get(0)?;
    let mut names: Vec<String> =
        serde_json::from_str(&names).map_err(|error| StoreError::Inconsistent { table: "subjects", what: error.to_string() })?;
    // in order already; an aggregate does not promise it
    names.sort_unstable();
    Ok(names)
}

pub(in crate::store) async fn place_of_version(
    conn: &mut Conn,
    filter: &SubjectFilter,
    place: i64,
) -> Result<Option<(String, i64)>, StoreError> {
    let all = i64::from(which(filter) != 0);
    let row = bind_conditions!(PLACE, filter, None).bind(all).bind(place).fetch_optional(conn).await?;
    row.map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).transpose()
}

/// $7 the subject with which the page begins and $8 the version after which it does, $9 whether the latest version alone is meant, $10
/// whether soft-deleted ones count, $11 the length of the page, $12 what is skipped of it, $13 subjects that are listed beside.
macro_rules! versions {
    ($subjects:expr, $deletion:literal) => {
        concat!(
            "SELECT c.name, u.name, v.version, v.schema_id, v.deleted, v.created_at, \
             s.schema_id, s.guid, s.schema_type, s.text, s.refs, s.metadata, s.rule_set, s.created_at \
             FROM subjects u JOIN contexts c ON c.context_id = u.context_id JOIN versions v ON v.subject_id = u.subject_id \
             JOIN schemas s ON s.context_id = v.context_id AND s.schema_id = v.schema_id WHERE ",
            $subjects,
            $deletion,
            "AND u.qualified >= $7 AND (u.qualified > $7 OR v.version > $8) AND ($10 <> 0 OR NOT v.deleted) AND ($9 = 0 OR v.version = \
             (SELECT max(l.version) FROM versions l WHERE l.subject_id = u.subject_id AND ($10 <> 0 OR NOT l.deleted))) \
             ORDER BY u.qualified, v.version LIMIT $11 OFFSET $12"
        )
    };
}
macro_rules! versions_of_filter {
    ($deletion:literal) => {
        versions!(conditions!(), $deletion)
    };
}
macro_rules! versions_of_more {
    ($deletion:literal) => {
        versions!(concat!("((", conditions!(), ") OR u.qualified IN ", texts!("13"), ") "), $deletion)
    };
}
const VERSIONS: [&str; 3] = by_deletion!(versions_of_filter);
const MORE_VERSIONS: [&str; 3] = by_deletion!(versions_of_more);

pub(in crate::store) async fn versions(
    conn: &mut Conn,
    filter: &VersionFilter,
    after: Option<(&str, Version)>,
    skip: i64,
    limit: i64,
) -> Result<Vec<ListedVersion>, StoreError> {
    let subjects = &filter.subjects;
    let statements = if filter.also.is_empty() { VERSIONS } else { MORE_VERSIONS };
    let (subject, version) = after.unwrap_or_default();
    let query = bind_conditions!(statements, subjects, None)
        .bind(subject)
        .bind(i64::from(version))
        .bind(i64::from(filter.latest_only))
        .bind(i64::from(which(subjects) != 0))
        .bind(limit)
        .bind(skip)
        .bind(serde_json::Value::from(filter.also.clone()).to_string());
    let rows = query.fetch_all(conn).await?;
    let mut out = Vec::with_capacity(rows.len());
    for row in &rows {
        let context: Arc<str> = row.try_get::<&str, _>(0)?.into();
        out.push(ListedVersion {
            subject: Subject::in_context(&context, row.try_get(1)?),
            row: version_row(row, 2)?,
            schema: stored_schema(&context, row, 6)?,
        });
    }
    Ok(out)
}
