//! What can be seen of the file without working with it.

use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use rustix::fs::{Access, access, statvfs};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};

use super::migrator;
use crate::store::{MigrationState, SqliteInspection, StoreError};

/// Looks at a file; `is_thorough` reads all of it.
///
/// # Errors
/// It is there and can't be read, or is no database.
pub async fn inspect(path: &Path, is_thorough: bool) -> Result<SqliteInspection, StoreError> {
    let file_error = |source| StoreError::File { path: path.display().to_string(), source };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let free = statvfs(folder).map_err(|errno| StoreError::File { path: folder.display().to_string(), source: errno.into() })?;
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let metadata = match std::fs::metadata(path) {
        Ok(metadata) => Some(metadata),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(file_error(error)),
    };
    let may_write_folder = access(folder, Access::WRITE_OK | Access::EXEC_OK).is_ok();
    let mut found = SqliteInspection {
        library: library_version().await?,
        exists: metadata.is_some(),
        migrations: MigrationState::new(&migrator(), Vec::new()),
        bytes: metadata.as_ref().map_or(0, std::fs::Metadata::len),
        log_bytes: std::fs::metadata(Path::new(&log)).map_or(0, |log| log.len()),
        free_bytes: free.f_bavail.saturating_mul(free.f_frsize),
        // the log and its index are made in the folder
        is_writable: may_write_folder && (metadata.is_none() || access(path, Access::WRITE_OK).is_ok()),
        is_open_to_others: metadata.as_ref().is_some_and(|metadata| metadata.permissions().mode() & 0o077 != 0),
        faults: None,
        last_change: None,
    };
    // an empty file is what a server would make a registry of
    if found.bytes == 0 {
        return Ok(found);
    }
    // without a log nobody works with the file, and one that is taken for immutable gets no log from being read
    let is_alone = !Path::new(&log).exists();
    let options =
        SqliteConnectOptions::new().filename(path).read_only(true).immutable(is_alone).busy_timeout(Duration::from_secs(10));
    let mut conn = options.disable_statement_logging().connect().await?;
    let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_master WHERE name IN ('_sqlx_migrations', 'changes')")
        .fetch_one(&mut conn)
        .await?;
    if tables > 0 {
        let applied = sqlx::query_as("SELECT version, checksum FROM _sqlx_migrations WHERE success ORDER BY version");
        found.migrations = MigrationState::new(&migrator(), applied.fetch_all(&mut conn).await?);
    }
    if tables > 1 {
        found.last_change =
            sqlx::query_scalar("SELECT created_at FROM changes ORDER BY sequence DESC LIMIT 1").fetch_optional(&mut conn).await?;
    }
    if is_thorough {
        let lines: Vec<String> = sqlx::query_scalar("PRAGMA quick_check(20)").fetch_all(&mut conn).await?;
        found.faults = Some(lines.into_iter().filter(|line| line != "ok").collect());
    }
    conn.close().await?;
    Ok(found)
}

/// The version of SQLite in this binary.
///
/// # Errors
/// It can't be asked, which has no reason to happen.
pub async fn library_version() -> Result<String, StoreError> {
    let mut conn = SqliteConnectOptions::new().in_memory(true).connect().await?;
    let version = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(&mut conn).await?;
    conn.close().await?;
    Ok(version)
}
