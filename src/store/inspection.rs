//! What can be seen of a database before a server works with it; nothing is written.

/// A migration of this binary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    pub version: i64,
    pub description: String,
}

/// Which migrations a database has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MigrationState {
    /// All that this binary has, ascending.
    pub known: Vec<Migration>,
    /// Those that the database has, ascending.
    pub applied: Vec<i64>,
    /// Of these, those whose text is another one here: the database was written by another line of releases.
    pub changed: Vec<i64>,
}

impl MigrationState {
    pub(super) fn new(migrator: &sqlx::migrate::Migrator, applied: Vec<(i64, Vec<u8>)>) -> Self {
        let up = || migrator.iter().filter(|migration| !migration.migration_type.is_down_migration());
        let known = up().map(|one| Migration { version: one.version, description: one.description.to_string() }).collect();
        let is_changed =
            |(version, checksum): &&(i64, Vec<u8>)| up().any(|one| one.version == *version && *one.checksum != **checksum);
        let changed = applied.iter().filter(is_changed).map(|(version, _)| *version).collect();
        Self { known, applied: applied.into_iter().map(|(version, _)| version).collect(), changed }
    }

    /// What a start of this binary would apply, in this order.
    pub fn pending(&self) -> Vec<&Migration> {
        self.known.iter().filter(|one| !self.applied.contains(&one.version)).collect()
    }

    /// The highest one that the database has and this binary does not know.
    pub fn newer(&self) -> Option<i64> {
        self.applied.iter().copied().filter(|version| !self.known.iter().any(|one| one.version == *version)).max()
    }

    /// The highest that this binary knows.
    pub fn latest_known(&self) -> i64 {
        self.known.iter().map(|one| one.version).max().unwrap_or(0)
    }

    /// The highest that the database has.
    pub fn latest_applied(&self) -> Option<i64> {
        self.applied.iter().copied().max()
    }
}

/// What can be seen of a SQLite file.
#[derive(Debug, Clone)]
pub struct SqliteInspection {
    /// The version of SQLite in this binary.
    pub library: String,
    /// The file is there; otherwise a server would make it.
    pub exists: bool,
    pub migrations: MigrationState,
    pub bytes: u64,
    /// Of the write-ahead log beside it.
    pub log_bytes: u64,
    /// Left on the disk.
    pub free_bytes: u64,
    /// This process's user may write the file, or make it.
    pub is_writable: bool,
    /// Others than its owner may read it.
    pub is_open_to_others: bool,
    /// Faults in the file, where that was asked for.
    pub faults: Option<Vec<String>>,
    /// When the last change was made, in milliseconds since 1970.
    pub last_change: Option<i64>,
}

/// What can be seen of a Postgres database.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Debug, Clone)]
pub struct PostgresInspection {
    /// Host, port and database.
    pub location: String,
    /// As Postgres says it.
    pub version: String,
    /// The same as a number: 150018 is 15.18.
    pub version_number: i64,
    pub migrations: MigrationState,
    /// It takes no writes.
    pub is_standby: bool,
    /// The user may make tables in the current schema.
    pub may_create: bool,
    /// The user may read and write the registry's tables; `None` where there are none yet.
    pub may_write: Option<bool>,
    pub max_connections: i64,
    /// Connections of everybody.
    pub used_connections: i64,
    /// The connection is encrypted; `None` where that can't be seen.
    pub is_encrypted: Option<bool>,
    /// What is acknowledged survives a crash: `fsync`, `full_page_writes` and `synchronous_commit` are on.
    pub is_durable: bool,
    pub encoding: String,
    pub bytes: i64,
    /// Its clock, in milliseconds since 1970.
    pub clock: i64,
    /// A pooler gives each transaction to another connection of Postgres.
    pub is_pooled: bool,
}
