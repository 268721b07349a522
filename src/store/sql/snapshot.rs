//! Everything at one moment: within one transaction that sees no later change.

use sqlx::Row as _;

use super::{Conn, audit_pages, deks, dialect, keks, lists, settings};
use crate::store::snapshot::{RegistrySnapshot, Restored};
use crate::store::{StoreError, SubjectFilter, VersionFilter};
use crate::types::SchemaId;

/// Versions read at once.
const PAGE: i64 = 1000;

pub(in crate::store) async fn snapshot(conn: &mut Conn) -> Result<RegistrySnapshot, StoreError> {
    let filter = VersionFilter {
        subjects: SubjectFilter { context_prefix: Some(".".to_owned()), deleted: true, ..SubjectFilter::default() },
        ..VersionFilter::default()
    };
    let mut versions = Vec::new();
    let mut after = None;
    loop {
        let from = after.as_ref().map(|(subject, version): &(String, i32)| (subject.as_str(), *version));
        let page = lists::versions(conn, &filter, from, 0, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some((last.subject.qualified(), last.row.version));
        versions.extend(page);
    }
    Ok(RegistrySnapshot {
        cluster_id: audit_pages::cluster_id(conn).await?,
        versions,
        settings: settings::every_setting(conn).await?,
        keks: keks::every(conn).await?,
        deks: deks::every(conn).await?,
        highest_ids: highest_ids(conn).await?,
    })
}

async fn highest_ids(conn: &mut Conn) -> Result<Vec<(String, SchemaId)>, StoreError> {
    let rows =
        sqlx::query::<dialect::Db>("SELECT name, max_id FROM contexts WHERE max_id > 0 ORDER BY name").fetch_all(conn).await?;
    let id = |id: i64| SchemaId::try_from(id).unwrap_or(SchemaId::MAX);
    rows.iter().map(|row| Ok((row.try_get(0)?, id(row.try_get(1)?)))).collect()
}

/// Writes what no registration brings.
pub(in crate::store) async fn finish_restore(conn: &mut Conn, restored: &Restored) -> Result<(), StoreError> {
    if let Some(id) = &restored.cluster_id {
        sqlx::query::<dialect::Db>("UPDATE registry SET cluster_id = $1").bind(id).execute(&mut *conn).await?;
    }
    for (context, id) in &restored.highest_ids {
        sqlx::query::<dialect::Db>("UPDATE contexts SET max_id = $2 WHERE name = $1 AND max_id < $2")
            .bind(context)
            .bind(i64::from(*id))
            .execute(&mut *conn)
            .await?;
    }
    Ok(())
}
