//! Lists of subjects and of versions, in the order of qualified names. Pages begin where an index says, and what decides whether a subject
//! is listed stands beside its name (migration 0006).

use std::sync::Arc;

use sqlx::Row as _;

use super::decode::{stored_schema, version_row};
use super::{Conn, dialect};
use crate::store::{ListedVersion, StoreError, SubjectFilter, VersionFilter};
use crate::types::{DEFAULT_CONTEXT, Subject, Version};

/// Which qualified names a filter can mean: from the first one, to before the other.
pub(in crate::store) fn range(filter: &SubjectFilter) -> (String, String) {
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

/// Where subjects of named contexts begin, and where they end, in the order of qualified names.
pub(in crate::store) const CONTEXTS: (&str, &str) = (":.", ":/");

/// The parts of a filter's range that its subjects are in: the default context is what stands before all others and behind them.
fn parts(filter: &SubjectFilter) -> Vec<(String, String)> {
    let (begin, end) = range(filter);
    let is_around = begin.as_str() < CONTEXTS.1 && CONTEXTS.0 < end.as_str();
    if filter.context.as_deref() != Some(DEFAULT_CONTEXT) || !is_around {
        return vec![(begin, end)];
    }
    let ahead = (begin.clone(), CONTEXTS.0.to_owned());
    let behind = (begin.max(CONTEXTS.1.to_owned()), end);
    [ahead, behind].into_iter().filter(|(begin, end)| begin < end).collect()
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

/// Parameters: $1 the first name, $2 whether it counts itself (0) or not (1), $3 the end; and where the range alone does not say it, $4 the
/// context, $5 how the names without their contexts begin, or nothing.
macro_rules! conditions {
    () => {
        "u.qualified >= $1 AND ($2 = 0 OR u.qualified > $1) AND u.qualified < $3 \
         AND ($4 = '' OR u.context_id = (SELECT c.context_id FROM contexts c WHERE c.name = $4)) \
         AND ($5 = '' OR substr(u.name, 1, length($5)) = $5) "
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
            "ORDER BY u.qualified LIMIT $6 OFFSET $7) t"
        )
    };
}
const NAMES: [&str; 3] = by_deletion!(names);

/// How many subjects the next ones are, how many versions they have together, and the last of them. $6: 0 counts the versions that are not
/// soft-deleted, 1 all; $7 how many subjects.
macro_rules! block {
    ($deletion:literal) => {
        concat!(
            "SELECT COUNT(*), CAST(COALESCE(SUM(t.own), 0) AS BIGINT), MAX(t.qualified) FROM \
             (SELECT u.qualified, CASE WHEN $6 = 0 THEN u.live ELSE u.versions END AS own FROM subjects u WHERE ",
            conditions!(),
            $deletion,
            "ORDER BY u.qualified LIMIT $7) t"
        )
    };
}
const BLOCK: [&str; 3] = by_deletion!(block);

/// Blocks of subjects that are passed over at once, on the way to a place.
const BLOCKS: [i64; 5] = [16_384, 1024, 64, 8, 1];

fn which(filter: &SubjectFilter) -> usize {
    match (filter.deleted_only, filter.deleted) {
        (true, _) => 2,
        (false, true) => 1,
        (false, false) => 0,
    }
}

/// Where a page begins.
#[derive(Clone, Copy)]
pub(in crate::store) enum PageStart<'f> {
    Begin,
    At(&'f str),
    After(&'f str),
}

/// Binds what [`conditions`] needs, for a part of the range.
macro_rules! bind_conditions {
    ($statements:ident, $filter:expr, $part:expr, $from:expr) => {{
        let (begin, end) = $part;
        let (from, is_after) = match $from {
            PageStart::At(name) if name >= begin.as_str() => (name.to_owned(), false),
            PageStart::After(name) if name >= begin.as_str() => (name.to_owned(), true),
            _ => (begin.clone(), false),
        };
        sqlx::query::<dialect::Db>($statements.get(which($filter)).copied().unwrap_or_default())
            .bind(from)
            .bind(i64::from(is_after))
            .bind(end.clone())
            .bind($filter.context.as_deref().filter(|context| *context == DEFAULT_CONTEXT).unwrap_or("").to_owned())
            .bind(if $filter.context.is_none() { $filter.prefix.clone() } else { String::new() })
    }};
}

pub(in crate::store) async fn subjects(
    conn: &mut Conn,
    filter: &SubjectFilter,
    from: PageStart<'_>,
    mut skip: i64,
    limit: i64,
) -> Result<Vec<String>, StoreError> {
    let mut names: Vec<String> = Vec::new();
    for part in &parts(filter) {
        let left = limit.saturating_sub(i64::try_from(names.len()).unwrap_or(i64::MAX));
        if left == 0 {
            break;
        }
        let row = bind_conditions!(NAMES, filter, part, from).bind(left).bind(skip).fetch_one(&mut *conn).await?;
        let found: String = row.try_get(0)?;
        let found: Vec<String> = serde_json::from_str(&found)
            .map_err(|error| StoreError::Inconsistent { table: "subjects", what: error.to_string() })?;
        if skip > 0 && found.is_empty() {
            let query = bind_conditions!(BLOCK, filter, part, from).bind(0_i64).bind(skip);
            let row = query.persistent(dialect::PLANS_WITHOUT_VALUES).fetch_one(&mut *conn).await?;
            skip -= row.try_get::<i64, _>(0)?;
        } else {
            skip = 0;
        }
        names.extend(found);
    }
    // in order already; an aggregate does not promise it
    names.sort_unstable();
    Ok(names)
}

/// Where the version at a place of a list is: its subject, and how many versions of that come before it. `begin`: from which subject on
/// it is looked for, and the place from there.
pub(in crate::store) async fn place_of_version(
    conn: &mut Conn,
    filter: &SubjectFilter,
    place: i64,
    begin: Option<(String, i64)>,
) -> Result<Option<(String, i64)>, StoreError> {
    let all = i64::from(which(filter) != 0);
    let (begin, mut before) = begin.map_or((None, place), |(subject, place)| (Some(subject), place));
    let begin = begin.as_deref().unwrap_or_default();
    'parts: for part in parts(filter).iter().filter(|(_, end)| begin < end.as_str()) {
        let mut passed = None::<String>;
        for size in BLOCKS {
            loop {
                let from = passed.as_deref().map_or(PageStart::At(begin), PageStart::After);
                let query = bind_conditions!(BLOCK, filter, part, from).bind(all).bind(size);
                let row = query.persistent(dialect::PLANS_WITHOUT_VALUES).fetch_one(&mut *conn).await?;
                let (subjects, versions, last): (i64, i64, Option<String>) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
                if versions > before {
                    if size == 1 {
                        return Ok(last.map(|subject| (subject, before)));
                    }
                    break;
                }
                before -= versions;
                if subjects < size {
                    continue 'parts;
                }
                passed = last;
            }
        }
    }
    Ok(None)
}

/// Live subjects in blocks of so many, in the order of their names: the first name of each, how many subjects it has (the last may have
/// fewer), and how many live versions these have. A statement for each block: at a million subjects that takes a fifth of what window
/// functions take for all at once.
#[allow(dead_code, clippy::allow_attributes, reason = "for SQLite; on Postgres others write too")]
pub(in crate::store) async fn live_blocks(conn: &mut Conn, subjects: i64) -> Result<Vec<(String, i64, i64)>, StoreError> {
    let find = "SELECT COUNT(*), CAST(COALESCE(SUM(t.live), 0) AS BIGINT), MIN(t.qualified), MAX(t.qualified) FROM \
                (SELECT u.qualified, u.live FROM subjects u WHERE u.is_live AND u.qualified > $1 ORDER BY u.qualified LIMIT $2) t";
    let (mut blocks, mut last) = (Vec::new(), String::new());
    loop {
        let row = sqlx::query::<dialect::Db>(find).bind(last).bind(subjects).fetch_one(&mut *conn).await?;
        let (count, versions): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
        let (first, end): (Option<String>, Option<String>) = (row.try_get(2)?, row.try_get(3)?);
        let (Some(first), Some(end)) = (first, end) else { return Ok(blocks) };
        blocks.push((first, count, versions));
        last = end;
    }
}

/// How many live subjects have names from `begin` on and before `end`, and how many live versions they have.
#[allow(dead_code, clippy::allow_attributes, reason = "for SQLite; on Postgres others write too")]
pub(in crate::store) async fn count_live(conn: &mut Conn, begin: &str, end: Option<&str>) -> Result<(i64, i64), StoreError> {
    let count = "SELECT COUNT(*), CAST(COALESCE(SUM(live), 0) AS BIGINT) FROM subjects \
                 WHERE is_live AND qualified >= $1 AND qualified < $2";
    let end = end.map_or_else(|| beyond(""), str::to_owned);
    let row = sqlx::query::<dialect::Db>(count).bind(begin.to_owned()).bind(end).fetch_one(conn).await?;
    Ok((row.try_get(0)?, row.try_get(1)?))
}

/// $6 the subject with which the page begins and $7 the version after which it does, $8 whether the latest version alone is meant, $9
/// whether soft-deleted ones count, $10 the length of the page, $11 what is skipped of it, $12 subjects that are listed beside.
macro_rules! versions {
    ($from:expr, $subjects:expr, $versions:literal) => {
        concat!(
            "SELECT c.name, u.name, v.version, v.schema_id, v.deleted, v.created_at, \
             s.schema_id, s.guid, s.schema_type, s.text, s.refs, s.metadata, s.rule_set, s.created_at FROM ",
            $from,
            " JOIN contexts c ON c.context_id = u.context_id JOIN versions v ON v.subject_id = u.subject_id \
             JOIN schemas s ON s.context_id = v.context_id AND s.schema_id = v.schema_id WHERE ",
            $subjects,
            "(u.qualified > $6 OR v.version > $7) AND ($9 <> 0 OR NOT v.deleted) ",
            $versions,
            "ORDER BY u.qualified, v.version LIMIT $10 OFFSET $11"
        )
    };
}
/// Versions of the subjects that a filter means and of no others. Each of these has a version that counts, so a page has no more subjects
/// than versions, and one that was begun before.
macro_rules! versions_of_page {
    ($deletion:literal, $versions:literal) => {
        versions!(
            page_from!(concat!(conditions!(), $deletion, "AND u.qualified >= $6 ")),
            page_where!(concat!(conditions!(), $deletion, "AND u.qualified >= $6 ")),
            $versions
        )
    };
}
macro_rules! all_versions {
    ($deletion:literal) => {
        versions_of_page!($deletion, "")
    };
}
/// One look into an index for each subject, as long as nothing else decides.
macro_rules! latest_versions {
    ($deletion:literal) => {
        versions_of_page!(
            $deletion,
            "AND v.version = (SELECT l.version FROM versions l WHERE l.subject_id = u.subject_id AND ($9 <> 0 OR NOT l.deleted) \
             ORDER BY l.version DESC LIMIT 1) "
        )
    };
}
macro_rules! versions_beside {
    ($deletion:literal) => {
        versions!(
            "subjects u",
            concat!("((", conditions!(), ") OR u.qualified IN ", texts!("12"), ") ", $deletion, "AND u.qualified >= $6 AND "),
            "AND ($8 = 0 OR v.version = \
             (SELECT max(l.version) FROM versions l WHERE l.subject_id = u.subject_id AND ($9 <> 0 OR NOT l.deleted))) "
        )
    };
}
const VERSIONS: [&str; 3] = by_deletion!(all_versions);
const LATEST_VERSIONS: [&str; 3] = by_deletion!(latest_versions);
const VERSIONS_BESIDE: [&str; 3] = by_deletion!(versions_beside);

pub(in crate::store) async fn versions(
    conn: &mut Conn,
    filter: &VersionFilter,
    after: Option<(&str, Version)>,
    skip: i64,
    limit: i64,
) -> Result<Vec<ListedVersion>, StoreError> {
    let subjects = &filter.subjects;
    let (subject, version) = after.unwrap_or_default();
    let (mut rows, mut skip) = (Vec::new(), skip);
    // what is listed beside may come before what the filter means, and between
    let is_beside = !filter.also.is_empty();
    let parts = if is_beside { vec![range(subjects)] } else { parts(subjects) };
    let from = if is_beside { PageStart::Begin } else { PageStart::At(subject) };
    let statements = match (is_beside, filter.latest_only) {
        (false, false) => VERSIONS,
        (false, true) => LATEST_VERSIONS,
        (true, _) => VERSIONS_BESIDE,
    };
    for part in parts.iter().filter(|(_, end)| is_beside || subject < end.as_str()) {
        let left = limit.saturating_sub(i64::try_from(rows.len()).unwrap_or(i64::MAX));
        if left == 0 {
            break;
        }
        let query = bind_conditions!(statements, subjects, part, from)
            .bind(subject)
            .bind(i64::from(version))
            .bind(i64::from(filter.latest_only))
            .bind(i64::from(which(subjects) != 0))
            .bind(left)
            .bind(std::mem::take(&mut skip))
            .bind(serde_json::Value::from(filter.also.clone()).to_string())
            // no index has all that is asked of subjects where soft-deleted ones count
            .persistent(dialect::PLANS_WITHOUT_VALUES || which(subjects) == 0);
        rows.extend(query.fetch_all(&mut *conn).await?);
    }
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
