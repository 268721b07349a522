//! Everything at one moment: within one transaction that sees no later change.

use sqlx::Row as _;

use super::{Conn, audit_pages, deks, dialect, keks, lists, settings};
use crate::store::snapshot::{RegistrySnapshot, Restored};
use crate::store::{ListedVersion, StoreError, SubjectFilter, VersionFilter};
use crate::types::{SchemaId, Version};

/// Versions read at once: what a copy holds of them.
const PAGE: i64 = 250;

/// Everything but versions.
pub(in crate::store) async fn snapshot(conn: &mut Conn) -> Result<RegistrySnapshot, StoreError> {
    Ok(RegistrySnapshot {
        cluster_id: audit_pages::cluster_id(conn).await?,
        settings: settings::every_setting(conn).await?,
        keks: keks::every(conn).await?,
        deks: deks::every(conn).await?,
        highest_ids: highest_ids(conn).await?,
    })
}

/// The next versions by qualified subject and number, deleted ones too; none after the last.
pub(in crate::store) async fn snapshot_versions(
    conn: &mut Conn,
    after: Option<(&str, Version)>,
) -> Result<Vec<ListedVersion>, StoreError> {
    let filter = VersionFilter {
        subjects: SubjectFilter { context_prefix: Some(".".to_owned()), deleted: true, ..SubjectFilter::default() },
        ..VersionFilter::default()
    };
    lists::versions(conn, &filter, after, 0, PAGE).await
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
