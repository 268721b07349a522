//! Who read which schema.

use std::sync::Arc;

use crate::types::{SchemaId, Subject, Version};

/// What the rows that had no place of their own are counted under.
pub const OTHER_CLIENTS: &str = "(others)";

/// Reads of one schema by one client, to be added to what is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageCount {
    pub context: Arc<str>,
    pub id: SchemaId,
    /// As in the audit.
    pub principal: Box<str>,
    /// What the client calls itself, and its `User-Agent`; empty where it says nothing.
    pub client: Box<str>,
    pub agent: Box<str>,
    pub reads: i64,
    /// In milliseconds since 1970.
    pub first_at: i64,
    pub last_at: i64,
}

/// What is asked of the reads of a subject's versions.
#[derive(Debug, Clone)]
pub struct UsageFilter {
    pub subject: Subject,
    pub version: Option<Version>,
    /// Only clients that have read since then, in milliseconds since 1970.
    pub since: i64,
}

/// Reads of the schema of a version by one client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionUsage {
    pub version: Version,
    pub id: SchemaId,
    pub deleted: bool,
    pub principal: String,
    pub client: String,
    pub agent: String,
    pub reads: i64,
    pub first_at: i64,
    pub last_at: i64,
}
