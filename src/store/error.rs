//! Why a unit of work failed.

/// Why a unit of work failed. None of these is the caller's mistake.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused the work.
    #[error("database: {}", said(.0))]
    Database(#[from] sqlx::Error),
    /// The database can't be reached.
    #[error("the database at {database} can't be reached: {cause}")]
    Unreachable {
        /// Host and port.
        database: String,
        cause: String,
    },
    /// The database is there, and too busy for this work now.
    #[error("the database is busy: {0}")]
    Busy(String),
    /// Migrations could not be applied.
    #[error("migration: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// The database was migrated by a newer release.
    #[error("the database was written by a newer release (migration {found}; this binary knows up to {known})")]
    Newer {
        /// Highest migration that the database has.
        found: i64,
        /// Highest migration that this binary has.
        known: i64,
    },
    /// The database was migrated by an older release, and is only read.
    #[error(
        "the database was written by an older release (migration {found}; this binary has {known}): accordant migrate-database first"
    )]
    Older {
        /// Highest migration that the database has.
        found: i64,
        /// Highest migration that this binary has.
        known: i64,
    },
    /// Nothing of a registry is in the database.
    #[error("there is no registry in the database")]
    NoRegistry,
    /// Another process owns the SQLite file.
    #[error("{path} is in use by another process")]
    InUse { path: String },
    /// The SQLite file can't be written now: the disk is full or broken.
    #[error("the database file {path} can't be written: {cause}")]
    Unwritable { path: String, cause: String },
    /// The SQLite file, or its log, is not where it was.
    #[error("{path} was removed or replaced while it was in use; what is written now is lost when the process ends")]
    Removed { path: String },
    /// A row that can't be right.
    #[error("inconsistent row in {table}: {what}")]
    Inconsistent { table: &'static str, what: String },
    /// A commit failed; whether its work is there is known after a restart.
    #[error("commit: {0}")]
    Commit(String),
    /// The store is shutting down.
    #[error("the store is closed")]
    Closed,
    /// A file could not be opened.
    #[error("{path}: {source}")]
    File { path: String, source: std::io::Error },
}

impl StoreError {
    /// What kind of failure it is, in a word.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Database(_) | Self::Commit(_) => "database",
            Self::Unreachable { .. } => "unreachable",
            Self::Busy(_) => "busy",
            Self::Migration(_) | Self::Newer { .. } | Self::Older { .. } | Self::NoRegistry => "migration",
            Self::InUse { .. } | Self::Unwritable { .. } | Self::Removed { .. } | Self::File { .. } => "file",
            Self::Inconsistent { .. } => "inconsistent",
            Self::Closed => "closed",
        }
    }
}

/// The error in words. Those of Postgres end in a line number of its own sources, which helps nobody.
fn said(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(error) => error.message().to_owned(),
        error => error.to_string(),
    }
}

/// Turns the outcome of the migrations into [`StoreError::Newer`] when the database has one that this binary does not know.
pub(super) fn migrated(
    migrator: &sqlx::migrate::Migrator,
    outcome: Result<(), sqlx::migrate::MigrateError>,
) -> Result<(), StoreError> {
    match outcome {
        Err(sqlx::migrate::MigrateError::VersionMissing(found)) => {
            Err(StoreError::Newer { found, known: migrator.iter().map(|m| m.version).max().unwrap_or(0) })
        }
        outcome => Ok(outcome?),
    }
}

/// Whether a database has exactly the migrations of this binary.
pub(super) fn fit(found: &super::MigrationState) -> Result<(), StoreError> {
    if let Some(newer) = found.newer() {
        return Err(StoreError::Newer { found: newer, known: found.latest_known() });
    }
    match found.pending().first() {
        Some(_) if found.applied.is_empty() => Err(StoreError::NoRegistry),
        Some(_) => Err(StoreError::Older { found: found.latest_applied().unwrap_or(0), known: found.latest_known() }),
        None => Ok(()),
    }
}
