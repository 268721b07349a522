//! What the setting `database` means.

use std::path::{Path, PathBuf};

use super::CommandFailure;
use super::exit::Exit;

/// The file of a `SQLite` URL; `None` for another database.
pub(super) fn sqlite_path(url: &str) -> Result<Option<PathBuf>, CommandFailure> {
    let Some(path) = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:")) else { return Ok(None) };
    let refused = |why: &str| Err((Exit::Usage, format!("database: '{url}' {why}; sqlite://PATH is meant")));
    if path == ":memory:" {
        return refused("would be lost with the process");
    }
    if path.contains('?') {
        return refused("has parameters, of which there are none");
    }
    if path.is_empty() || path.ends_with('/') {
        return refused("names no file");
    }
    let path = std::path::absolute(Path::new(path)).map_err(|error| (Exit::Usage, format!("database: {path}: {error}")))?;
    Ok(Some(path))
}

pub(super) fn is_postgres(url: &str) -> bool {
    url.starts_with("postgres://") || url.starts_with("postgresql://")
}

/// The URL is of no database that there is.
pub(super) fn unknown(url: &str) -> CommandFailure {
    // no more of it than the scheme: there may be a password
    let scheme = url.split_once("://").map_or("", |(scheme, _)| scheme);
    (Exit::Usage, format!("database: '{scheme}:...' is neither sqlite://PATH nor postgres://..."))
}
