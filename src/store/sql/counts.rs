//! How much is stored. The counts beside each subject make it cheap, and no text is looked at.

use sqlx::Row as _;

use super::decode::schema_type;
use super::exporters::{change_bounds, exporters};
use super::{Conn, dialect};
use crate::store::{ContextCount, Counts, ExporterCount, StoreError, TypeCount};
use crate::types::{ExporterState, LinkKind, StoredExporter};

const CONTEXTS: &str = "SELECT c.name, t.subjects, t.versions, t.live FROM (SELECT context_id, \
                        CAST(SUM(CASE WHEN is_live THEN 1 ELSE 0 END) AS BIGINT) AS subjects, CAST(SUM(versions) AS BIGINT) AS versions, \
                        CAST(SUM(live) AS BIGINT) AS live FROM subjects GROUP BY context_id) t \
                        JOIN contexts c ON c.context_id = t.context_id ORDER BY t.versions DESC, c.name";
const SCHEMAS: &str = "SELECT c.name, t.schema_type, t.schemas FROM (SELECT context_id, schema_type, COUNT(*) AS schemas FROM schemas \
                       GROUP BY context_id, schema_type) t JOIN contexts c ON c.context_id = t.context_id ORDER BY c.name, t.schema_type";
const UNSEALED: &str = "SELECT COUNT(*) FROM audit WHERE position IS NULL";

pub(in crate::store) async fn counts(conn: &mut Conn) -> Result<Counts, StoreError> {
    let mut counts = Counts::default();
    for row in &sqlx::query::<dialect::Db>(CONTEXTS).fetch_all(&mut *conn).await? {
        counts.contexts.push(ContextCount {
            context: row.try_get(0)?,
            subjects: row.try_get(1)?,
            versions: row.try_get(2)?,
            live_versions: row.try_get(3)?,
        });
    }
    for row in &sqlx::query::<dialect::Db>(SCHEMAS).fetch_all(&mut *conn).await? {
        counts.schemas.push(TypeCount {
            context: row.try_get(0)?,
            schema_type: schema_type(row.try_get(1)?)?,
            schemas: row.try_get(2)?,
        });
    }
    counts.unsealed = sqlx::query::<dialect::Db>(UNSEALED).fetch_one(&mut *conn).await?.try_get(0)?;
    counts.last_change = change_bounds(conn).await?.map_or(0, |(_, last)| last);
    let count = |stored: &StoredExporter| ExporterCount {
        state: stored.state,
        is_failing: stored.state == ExporterState::Running && !stored.trace.is_empty(),
        position: stored.position,
    };
    counts.exporters = exporters(conn, LinkKind::Exporter).await?.iter().map(count).collect();
    counts.importers = exporters(conn, LinkKind::Importer).await?.iter().map(count).collect();
    Ok(counts)
}
