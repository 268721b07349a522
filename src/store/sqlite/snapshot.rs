//! The file read, and put right after a restore, without a server.

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, Executor as _};

use super::file::DatabaseFile;
use super::{inspect, sql};
use crate::store::snapshot::{RegistrySnapshot, Restored};
use crate::store::{ListedVersion, StoreError, fit};
use crate::types::Version;

/// How often, and how soon again, it is looked whether a file is still in use.
const LOOKS: u32 = 100;
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// A connection for reading a file that a server may have open. Where nobody has it open, it may write: it then takes away the log that
/// `SQLite` puts beside a file for reading it.
pub(super) async fn reader(path: &Path) -> Result<sqlx::SqliteConnection, StoreError> {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let is_alone = !Path::new(&log).exists();
    let options = SqliteConnectOptions::new().filename(path).read_only(!is_alone).create_if_missing(false);
    Ok(options.busy_timeout(Duration::from_secs(30)).disable_statement_logging().connect().await?)
}

/// A file as it is at one moment, also while a server works with it.
#[derive(Debug)]
pub struct Snapshot {
    /// In a transaction, which sees no later change.
    conn: sqlx::SqliteConnection,
}

impl Snapshot {
    /// # Errors
    /// The file can't be read, or another release has written it.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        fit(&inspect(path, false).await?.migrations)?;
        let mut conn = reader(path).await?;
        conn.execute("BEGIN").await?;
        Ok(Self { conn })
    }

    /// Everything but versions.
    ///
    /// # Errors
    /// The file can't be read.
    pub async fn content(&mut self) -> Result<RegistrySnapshot, StoreError> {
        sql::snapshot(&mut self.conn).await
    }

    /// Which versions there are, and whether they are soft-deleted.
    ///
    /// # Errors
    /// The file can't be read.
    pub async fn marks(&mut self) -> Result<Vec<(String, Version, bool)>, StoreError> {
        sql::version_marks(&mut self.conn).await
    }

    /// The next versions by qualified subject and number, deleted ones too; none after the last.
    ///
    /// # Errors
    /// The file can't be read.
    pub async fn versions(&mut self, after: Option<(&str, Version)>) -> Result<Vec<ListedVersion>, StoreError> {
        sql::snapshot_versions(&mut self.conn, after).await
    }

    /// # Errors
    /// The connection can't be closed.
    pub async fn close(mut self) -> Result<(), StoreError> {
        self.conn.execute("ROLLBACK").await?;
        Ok(self.conn.close().await?)
    }
}

/// Writes what no registration brings into a file that nobody serves.
///
/// # Errors
/// A server has the file, or it can't be written.
pub async fn finish_restore(path: &Path, restored: &Restored) -> Result<(), StoreError> {
    let mut held = DatabaseFile::open(path);
    // a server that was told to stop lets go of the file when the last of its tasks has ended
    for _ in 0..LOOKS {
        if !matches!(held, Err(StoreError::InUse { .. })) {
            break;
        }
        tokio::time::sleep(LOOK_AGAIN).await;
        held = DatabaseFile::open(path);
    }
    let held = held?;
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(false).disable_statement_logging();
    let mut conn = options.connect().await?;
    let mut transaction = conn.begin().await?;
    sql::finish_restore(&mut transaction, restored).await?;
    transaction.commit().await?;
    conn.close().await?;
    drop(held);
    Ok(())
}

/// Puts a file out of the way, with what `SQLite` has beside it; where it is then.
///
/// # Errors
/// A server has the file, or it can't be moved.
pub fn move_aside(path: &Path, suffix: &str) -> Result<String, StoreError> {
    let _held = DatabaseFile::open(path)?;
    let with = |more: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(more);
        name
    };
    for beside in ["", "-wal", "-shm"] {
        let (from, to) = (with(beside), with(&format!("{suffix}{beside}")));
        match std::fs::rename(&from, &to) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            moved => moved.map_err(|source| StoreError::File { path: path.display().to_string(), source })?,
        }
    }
    Ok(with(suffix).to_string_lossy().into_owned())
}
