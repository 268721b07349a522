//! The database's file: held by one process, and still where it was.

use std::fs::{File, Metadata, TryLockError};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rustix::process::{Resource, getrlimit};

use crate::store::StoreError;

/// Which file it is, whatever its name.
type FileIdentity = (u64, u64);

fn identity(metadata: &Metadata) -> FileIdentity {
    (metadata.dev(), metadata.ino())
}

/// Held for the life of the store: a second process is refused, under whatever name it knows the file.
///
/// Opened before `SQLite` opens the file and closed after it: closing any descriptor of a file takes away the locks that `SQLite` has
/// on it.
pub(super) struct DatabaseFile {
    path: PathBuf,
    log: PathBuf,
    file: File,
    /// The write-ahead log, once it has been seen.
    log_identity: OnceLock<FileIdentity>,
}

impl DatabaseFile {
    /// Opens and locks it. A new one can be read by its owner alone; so can what `SQLite` puts beside it.
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let file_error = |source| StoreError::File { path: path.display().to_string(), source };
        let file = File::options().create(true).truncate(false).read(true).write(true).mode(0o600).open(path);
        let file = file.map_err(file_error)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StoreError::InUse { path: path.display().to_string() }),
            Err(TryLockError::Error(source)) => return Err(file_error(source)),
        }
        if file.metadata().is_ok_and(|metadata| metadata.nlink() > 1) {
            tracing::warn!("{} has other names (hard links); open it always under the same one", path.display());
        }
        // SQLite has its log beside the file that a link leads to
        let mut log = std::fs::canonicalize(path).map_err(file_error)?.into_os_string();
        log.push("-wal");
        Ok(Self { path: path.to_owned(), log: log.into(), file, log_identity: OnceLock::new() })
    }

    pub(super) fn path(&self) -> String {
        self.path.display().to_string()
    }

    /// Bytes of the file and of its write-ahead log.
    pub(super) fn sizes(&self) -> (u64, u64) {
        let log = std::fs::metadata(&self.log).map_or(0, |log| log.len());
        (self.file.metadata().map_or(0, |file| file.len()), log)
    }

    /// Bytes that can still be written: what the disk has left, and what files may grow to.
    pub(super) fn room(&self) -> u64 {
        let disk = rustix::fs::fstatvfs(&self.file).map_or(u64::MAX, |disk| disk.f_bavail.saturating_mul(disk.f_frsize));
        let (file, log) = self.sizes();
        let largest = getrlimit(Resource::Fsize).current.map_or(u64::MAX, |limit| limit.saturating_sub(file.max(log)));
        disk.min(largest)
    }

    /// Fails when the file or its write-ahead log is no longer where it was: what is written then is lost with the process.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        let gone = |path: &Path| StoreError::Removed { path: path.display().to_string() };
        let held = self.file.metadata().map_err(|_| gone(&self.path))?;
        let named = std::fs::metadata(&self.path).map_err(|_| gone(&self.path))?;
        if identity(&held) != identity(&named) {
            return Err(gone(&self.path));
        }
        match (std::fs::metadata(&self.log), self.log_identity.get()) {
            (Ok(log), Some(known)) if identity(&log) == *known => Ok(()),
            (Ok(log), None) => {
                let _ = self.log_identity.set(identity(&log));
                Ok(())
            }
            (Err(_), None) => Ok(()),
            _ => Err(gone(&self.log)),
        }
    }
}
