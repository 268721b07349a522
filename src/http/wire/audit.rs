//! Entries of the record of who changed what.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::store::{AuditPage, ReadEntry};

/// The answer of `/accordant/v1/audit`.
#[derive(Debug, Serialize)]
pub(in crate::http) struct AuditEntries {
    entries: Vec<Entry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<i64>,
}

/// What was sealed is shown to the letter.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Entry {
    Sealed(Box<RawValue>),
    Unreadable { position: i64, unreadable: bool },
}

impl AuditEntries {
    pub(in crate::http) fn new(page: &AuditPage) -> Self {
        let entry = |entry: &ReadEntry| match entry {
            ReadEntry::Entry(entry) => RawValue::from_string(entry.to_json()).ok().map(Entry::Sealed),
            ReadEntry::Unreadable { .. } => None,
        };
        let unreadable = |read: &ReadEntry| Entry::Unreadable { position: read.position(), unreadable: true };
        Self {
            entries: page.entries.iter().map(|read| entry(read).unwrap_or_else(|| unreadable(read))).collect(),
            next: page.next,
        }
    }
}
