//! How it stands with a store, for those who watch it.

use std::time::Duration;

use crate::cache::CacheReading;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoreReadings {
    /// Connections to the database.
    pub open_connections: u32,
    /// Those of them that nobody uses.
    pub idle_connections: u32,
    /// On SQLite.
    pub file: Option<FileReading>,
    /// On Postgres.
    pub follower: Option<FollowerReading>,
    /// What is kept in memory, by the name of each cache.
    pub caches: Vec<(&'static str, CacheReading)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileReading {
    /// Bytes of the database file.
    pub file_bytes: u64,
    /// Bytes of its write-ahead log.
    pub log_bytes: u64,
    /// Bytes that can still be written to the disk.
    pub room: u64,
}

/// What follows the changes that other replicas make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FollowerReading {
    /// Changes are heard of at once, beside being looked for.
    pub is_listening: bool,
    /// Since Postgres last said how things stand.
    pub since_answer: Duration,
}
