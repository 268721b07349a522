//! Versions without words: by who registered them, by the time, or by the level that a subject has of its own. They come in an order that an
//! index has, each subject with the newest of its versions that fits, and a page goes on where the one before has ended: so all there is
//! is found, however much it is, and no page looks at more than so many rows.

use sqlx::Row as _;
use sqlx::query::Query;

use super::search::{hit, hit_columns, registrations};
use super::{Conn, Row, dialect};
use crate::store::{BrowseOrder, BrowsePlace, BrowsedHit, StoreError, VersionBrowse};
use crate::types::SchemaType;

/// Whether a version and its type fit: $1 the type, $2 whether soft-deleted ones count, $3 who registered it, $4 since and $5 until when.
macro_rules! fits {
    ($version:literal, $type:literal) => {
        concat!(
            "($1 = '' OR ",
            $type,
            " = $1) AND ($2 <> 0 OR NOT ",
            $version,
            ".deleted) AND ",
            $version,
            ".created_at >= $4 AND ",
            $version,
            ".created_at < $5 AND ($3 = '' OR EXISTS (SELECT 1 FROM ",
            registrations!(),
            "$3 AND a.context = c.name AND a.subject = u.name AND a.version = ",
            $version,
            ".version))"
        )
    };
}

/// The versions of the same subject that fit.
macro_rules! siblings {
    () => {
        concat!(
            "FROM versions w WHERE w.subject_id = v.subject_id AND ",
            fits!("w", "(SELECT x.schema_type FROM schemas x WHERE x.context_id = w.context_id AND x.schema_id = w.schema_id)")
        )
    };
}

/// $6 the context, $7 how many rows; from $8 on the place after which the page begins, and the one where it ends.
macro_rules! page {
    ($from:literal, $place:literal, $range:literal, $order:literal) => {
        concat!(
            "SELECT ",
            hit_columns!(),
            ", (SELECT COUNT(*) ",
            siblings!(),
            "), ",
            $place,
            " FROM ",
            $from,
            " JOIN schemas s ON s.context_id = v.context_id AND s.schema_id = v.schema_id WHERE ($6 = '' OR c.name = $6) AND ",
            $range,
            " AND ",
            fits!("v", "s.schema_type"),
            " AND NOT EXISTS (SELECT 1 ",
            siblings!(),
            " AND w.version > v.version) ORDER BY ",
            $order,
            " LIMIT $7"
        )
    };
}

/// The newest first.
const NEWEST: &str = page!(
    "versions v JOIN subjects u ON u.subject_id = v.subject_id JOIN contexts c ON c.context_id = u.context_id",
    "v.created_at, v.subject_id, v.version",
    "(v.created_at, v.subject_id, v.version) < ($8, $9, $10) AND (v.created_at, v.subject_id, v.version) >= ($11, $12, $13)",
    "v.created_at DESC, v.subject_id DESC, v.version DESC"
);
const NEWEST_END: &str = "SELECT v.created_at, v.subject_id, v.version FROM versions v \
    WHERE (v.created_at, v.subject_id, v.version) < ($1, $2, $3) AND v.created_at >= $4 \
    ORDER BY v.created_at DESC, v.subject_id DESC, v.version DESC LIMIT 1 OFFSET $5";
const NEWEST_OF_CONTEXT: &str = page!(
    "contexts c JOIN versions v ON v.context_id = c.context_id JOIN subjects u ON u.subject_id = v.subject_id",
    "v.created_at, v.subject_id, v.version",
    "v.context_id = (SELECT n.context_id FROM contexts n WHERE n.name = $6) AND \
     (v.created_at, v.subject_id, v.version) < ($8, $9, $10) AND (v.created_at, v.subject_id, v.version) >= ($11, $12, $13)",
    "v.created_at DESC, v.subject_id DESC, v.version DESC"
);
const NEWEST_OF_CONTEXT_END: &str = "SELECT v.created_at, v.subject_id, v.version FROM versions v \
    WHERE v.context_id = (SELECT n.context_id FROM contexts n WHERE n.name = $6) \
    AND (v.created_at, v.subject_id, v.version) < ($1, $2, $3) AND v.created_at >= $4 \
    ORDER BY v.created_at DESC, v.subject_id DESC, v.version DESC LIMIT 1 OFFSET $5";

/// By the names of contexts and subjects, as the record of who changed what has its registrations.
const OF_AUTHOR: &str = page!(
    "(SELECT DISTINCT a.context, a.subject, a.version FROM audit a WHERE a.operation IN ('schema.registered', 'schema.imported') AND a.actor = $3 \
      AND (a.context, a.subject, a.version) > ($8, $9, $10) AND (a.context, a.subject, a.version) <= ($11, $12, $13)) f \
     JOIN contexts c ON c.name = f.context JOIN subjects u ON u.context_id = c.context_id AND u.name = f.subject \
     JOIN versions v ON v.subject_id = u.subject_id AND v.version = f.version",
    "f.context, f.subject, f.version",
    "v.version = f.version",
    "f.context, f.subject, f.version"
);
const OF_AUTHOR_END: &str = concat!(
    "SELECT a.context, a.subject, a.version FROM ",
    registrations!(),
    "$4 AND (a.context, a.subject, a.version) > ($1, $2, $3) ORDER BY a.context, a.subject, a.version LIMIT 1 OFFSET $5"
);

/// The same of configs; $14 what one with the level has in it.
const OF_LEVEL: &str = page!(
    "(SELECT g.context, g.subject FROM configs g WHERE g.subject <> '' AND (g.context, g.subject) > ($8, $9) AND $10 = 0 \
      AND (g.context, g.subject) <= ($11, $12) AND $13 = 0 AND g.config LIKE $14) f \
     JOIN contexts c ON c.name = f.context JOIN subjects u ON u.context_id = c.context_id AND u.name = f.subject \
     JOIN versions v ON v.subject_id = u.subject_id",
    "f.context, f.subject, v.version - v.version",
    "v.version > 0",
    "f.context, f.subject"
);
const OF_LEVEL_END: &str = "SELECT g.context, g.subject, g.updated_at - g.updated_at FROM configs g WHERE g.subject <> '' \
    AND (g.context, g.subject) > ($1, $2) AND $3 = 0 AND $4 = '' ORDER BY g.context, g.subject LIMIT 1 OFFSET $5";

/// After all names: no name has this character, which sorts behind the others, at its beginning.
const LAST_NAME: &str = "\u{10FFFF}";

type Asked<'q> = Query<'q, dialect::Db, <dialect::Db as sqlx::Database>::Arguments>;

fn bind_place<'q>(query: Asked<'q>, place: &'q BrowsePlace) -> Asked<'q> {
    match place {
        BrowsePlace::Time(at, subject, version) => query.bind(*at).bind(*subject).bind(*version),
        BrowsePlace::Name(context, subject, version) => query.bind(context).bind(subject).bind(*version),
    }
}

fn place(row: &Row, at: usize, is_time: bool) -> Result<BrowsePlace, StoreError> {
    let third = row.try_get(at + 2)?;
    if is_time {
        return Ok(BrowsePlace::Time(row.try_get(at)?, row.try_get(at + 1)?, third));
    }
    Ok(BrowsePlace::Name(row.try_get(at)?, row.try_get(at + 1)?, third))
}

/// What fits among the next `looked_at` rows, at most `limit` of it, and the place where it ended; `None` at the end of all.
pub(in crate::store) async fn browse(
    conn: &mut Conn,
    browse: &VersionBrowse,
) -> Result<(Vec<BrowsedHit>, Option<BrowsePlace>), StoreError> {
    let (since, until) = (browse.registration.since.unwrap_or(0), browse.registration.until.unwrap_or(i64::MAX));
    let author = browse.registration.author.as_deref().unwrap_or("");
    let context = browse.context.as_deref().unwrap_or("");
    let is_time = browse.order == BrowseOrder::Newest;
    let begin = if is_time { BrowsePlace::Time(until, 0, 0) } else { BrowsePlace::Name(String::new(), String::new(), 0) };
    let after = browse.after.as_ref().filter(|after| matches!(after, BrowsePlace::Time(..)) == is_time).unwrap_or(&begin);
    let (page, end) = match &browse.order {
        BrowseOrder::Newest if context.is_empty() => (NEWEST, NEWEST_END),
        BrowseOrder::Newest => (NEWEST_OF_CONTEXT, NEWEST_OF_CONTEXT_END),
        BrowseOrder::Author => (OF_AUTHOR, OF_AUTHOR_END),
        BrowseOrder::OwnLevel(_) => (OF_LEVEL, OF_LEVEL_END),
    };
    let mut asked = bind_place(sqlx::query::<dialect::Db>(end), after);
    asked = if is_time { asked.bind(since) } else { asked.bind(author) };
    asked = asked.bind(browse.looked_at.saturating_sub(1));
    if end == NEWEST_OF_CONTEXT_END {
        asked = asked.bind(context);
    }
    let row = asked.fetch_optional(&mut *conn).await?;
    let next = row.map(|row| place(&row, 0, is_time)).transpose()?;
    let last = if is_time { BrowsePlace::Time(since, 0, 0) } else { BrowsePlace::Name(LAST_NAME.to_owned(), String::new(), 0) };
    let mut asked = sqlx::query::<dialect::Db>(page)
        .bind(browse.schema_type.map_or("", SchemaType::as_str))
        .bind(i64::from(browse.deleted))
        .bind(author)
        .bind(since)
        .bind(until)
        .bind(context)
        .bind(browse.limit);
    asked = bind_place(bind_place(asked, after), next.as_ref().unwrap_or(&last));
    if let BrowseOrder::OwnLevel(level) = browse.order {
        asked = asked.bind(format!("%\"compatibility\":\"{}\"%", level.as_str()));
    }
    let rows = asked.fetch_all(conn).await?;
    let mut hits = Vec::with_capacity(rows.len());
    for row in &rows {
        let (versions, place) = (row.try_get(8)?, place(row, 9, is_time)?);
        hits.push(BrowsedHit { hit: hit(row)?, versions, place });
    }
    // cut off: the next page begins behind what is shown here
    let is_cut = i64::try_from(hits.len()).is_ok_and(|found| found >= browse.limit);
    let next = if is_cut { hits.last().map(|hit| hit.place.clone()) } else { next };
    Ok((hits, next))
}
