//! Bringing the database to the form that this binary knows.

use sqlx::{Connection as _, Executor as _};

use super::locks::LockKind;
use super::session::{Connector, PostgresSession};
use crate::store::error::migrated;
use crate::store::{StoreError, migrations};

/// Replicas that start at once migrate one after the other.
const MIGRATION_LOCK: i64 = 0x6163_636f_7264_616e;

pub(super) fn migrator() -> sqlx::migrate::Migrator {
    migrations::migrator(migrations::POSTGRES)
}

/// The highest migration that this binary knows.
pub fn latest_migration() -> i64 {
    migrations::latest(migrations::POSTGRES)
}

/// How often migrating is tried where replicas that start at once have no lock to wait for: whoever comes second fails of what the first
/// one has made meanwhile, and finds it done the next time.
const MIGRATION_ATTEMPTS: u32 = 3;

pub(super) async fn migrate(session: &mut PostgresSession, connector: &Connector) -> Result<(), StoreError> {
    let attempts = if connector.locks == LockKind::Rows { MIGRATION_ATTEMPTS } else { 1 };
    for _ in 1..attempts {
        match migrate_once(session, connector).await {
            done @ (Ok(()) | Err(StoreError::Newer { .. })) => return done,
            Err(error) => tracing::info!(%error, "migrating once more"),
        }
    }
    migrate_once(session, connector).await
}

/// Migrates in one transaction, whose lock replaces sqlx's: that one belongs to a session, and a pooler has none to give.
async fn migrate_once(session: &mut PostgresSession, connector: &Connector) -> Result<(), StoreError> {
    let mut migrator = migrator();
    migrator.set_locking(false);
    let mut transaction = session.connection().begin().await?;
    // a migration takes what it takes, and so do those of other replicas that are waited for
    transaction.execute("SET LOCAL statement_timeout = 0").await?;
    if connector.locks == LockKind::Advisory {
        sqlx::query("SELECT pg_advisory_xact_lock($1)").persistent(false).bind(MIGRATION_LOCK).execute(&mut *transaction).await?;
    }
    if connector.is_pooled {
        // the migrator names its statements, and another client may have used the names on this connection of Postgres
        transaction.execute("DEALLOCATE ALL").await?;
    }
    migrated(&migrator, migrator.run(&mut *transaction).await)?;
    if connector.is_pooled {
        transaction.execute("DEALLOCATE ALL").await?;
    }
    Ok(transaction.commit().await?)
}
