//! Files with secrets: read in one piece, and replaced in one piece, so that a server that watches them never sees half of one.

use std::fs::{OpenOptions, Permissions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// For the owner alone.
const PRIVATE: u32 = 0o600;

/// The text of a file; empty where there is none.
pub(super) fn read(path: &Path) -> Result<String, String> {
    match std::fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(String::new()),
        read => read.map_err(|error| format!("{}: {error}", path.display())),
    }
}

/// Warns of a file with secrets that everybody on the machine can read.
pub(super) fn warn_of_mode(path: &Path) {
    if std::fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o004 != 0) {
        tracing::warn!("{} can be read by everybody on this machine: chmod o-r", path.display());
    }
}

/// Replaces a file. A new one is for its owner alone, one that was there keeps its mode.
pub(super) fn replace(path: &Path, text: &str) -> Result<(), String> {
    let said = |error: std::io::Error| format!("{}: {error}", path.display());
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let beside = Path::new(&name);
    let written = (|| {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(PRIVATE).open(beside)?;
        file.write_all(text.as_bytes())?;
        if let Ok(old) = std::fs::metadata(path) {
            file.set_permissions(Permissions::from_mode(old.permissions().mode()))?;
        }
        file.sync_all()?;
        std::fs::rename(beside, path)
    })();
    written.inspect_err(|_| drop(std::fs::remove_file(beside))).map_err(said)
}
