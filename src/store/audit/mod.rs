//! The record of who changed what: its entries, and the chain that they are sealed into.
//!
//! An entry is written in the transaction of the change that it is about. A hash over the hash before it and all that it says is added
//! when its place in the order of commits is known: on SQLite in the same transaction, on Postgres within a second.
//!
//! `entry.rs` makes the hash of an entry, `sql/audit.rs` seals, `chain.rs` verifies. `reader.rs` reads the record from outside.

mod chain;
mod entry;
mod reader;

pub(in crate::store) use chain::PRUNED;
pub use chain::{ChainBreak, ChainCheck, Checkpoint};
pub use entry::{AuditEntry, ReadEntry};
pub use reader::AuditReader;
pub(in crate::store) use reader::audit_reader;

use sha2::{Digest, Sha256};

use crate::types::{Subject, hex};

/// The end of the chain, and where it begins since old entries were removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditChain {
    /// The last place that is taken; 0 when there is none.
    pub position: i64,
    pub hash: String,
    /// The last place whose entry was removed for its age; 0 when none was.
    pub removed_position: i64,
    pub removed_hash: String,
}

/// What the first entry's hash begins with: the chains of two registries have nothing in common.
pub(in crate::store) fn first_hash(cluster_id: &str) -> String {
    hex(&Sha256::digest(format!("accordant audit {cluster_id}")))
}

/// The order of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AuditOrder {
    #[default]
    OldestFirst,
    NewestFirst,
}

/// Which entries to show; what is `None` is any.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    pub subject: Option<Subject>,
    /// All subjects of a context.
    pub context: Option<String>,
    pub version: Option<i64>,
    pub actor: Option<String>,
    pub operation: Option<String>,
    pub request_id: Option<String>,
    /// In milliseconds since 1970, this one among them.
    pub since: Option<i64>,
    /// This one not among them.
    pub until: Option<i64>,
    pub order: AuditOrder,
    /// Goes on behind this place, in the order of the page.
    pub after: Option<i64>,
}

/// A page of sealed entries.
#[derive(Debug, Clone, Default)]
pub struct AuditPage {
    pub entries: Vec<ReadEntry>,
    /// Where to go on; `None` at the end. A page may be short, for only so many entries are looked at for one.
    pub next: Option<i64>,
}

/// Something that was refused, or so many of the kind.
#[derive(Debug, Clone)]
pub struct Refusals {
    pub operation: &'static str,
    pub actor: std::sync::Arc<crate::types::Actor>,
    pub subject: Option<Subject>,
    /// More, as JSON.
    pub details: String,
    /// When the last of them was, in milliseconds since 1970.
    pub at: i64,
}
