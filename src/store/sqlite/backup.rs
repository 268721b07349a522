//! A copy of the database while a server works with it.

use std::fs::{File, OpenOptions};
use std::io::{Error, ErrorKind};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use sqlx::Connection as _;

use super::snapshot::reader;
use crate::store::StoreError;

/// Copies the database `from` to a new file, as it is at one moment, and returns the copy's size. The copy is there whole or not at
/// all, and it is on the disk when this returns.
///
/// # Errors
/// The copy exists already, the database can't be read, or the copy not written.
pub async fn backup(from: &Path, to: &Path) -> Result<u64, StoreError> {
    let file_error = |source| StoreError::File { path: to.display().to_string(), source };
    if std::fs::symlink_metadata(to).is_ok() {
        return Err(file_error(Error::from(ErrorKind::AlreadyExists)));
    }
    let mut unfinished = to.as_os_str().to_owned();
    unfinished.push(".unfinished");
    let unfinished = Path::new(&unfinished);
    let new = OpenOptions::new().create_new(true).write(true).mode(0o600).open(unfinished);
    drop(new.map_err(|source| StoreError::File { path: unfinished.display().to_string(), source })?);
    let written = write(from, unfinished).await.and_then(|()| {
        let file = File::open(unfinished).map_err(file_error)?;
        file.sync_all().map_err(file_error)?;
        // a link, because a new name must not replace what has come there meanwhile
        std::fs::hard_link(unfinished, to).map_err(file_error)?;
        Ok(file.metadata().map_err(file_error)?.len())
    });
    let _ = std::fs::remove_file(unfinished);
    let bytes = written?;
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(file_error)?;
    Ok(bytes)
}

async fn write(from: &Path, to: &Path) -> Result<(), StoreError> {
    let mut conn = reader(from).await?;
    // refuses what is no registry
    sqlx::query("SELECT cluster_id FROM registry").fetch_one(&mut conn).await?;
    sqlx::query("VACUUM INTO $1").bind(to.to_string_lossy()).execute(&mut conn).await?;
    Ok(conn.close().await?)
}
