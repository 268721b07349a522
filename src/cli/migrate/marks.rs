//! What is remembered of a version to tell whether another one is the same: a hash instead of its text.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::content::StoredVersion;
use super::values::VersionKey;
use super::versions::ReportedVersion;
use crate::cli::check::folder::each;

/// Versions whose marks are made by one thread.
const PART: usize = 16;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) id: Option<i64>,
    pub(super) guid: Option<Uuid>,
    pub(super) is_deleted: bool,
    /// SHA-256 of type, text, references, metadata and rules.
    pub(super) content: [u8; 32],
}

impl Mark {
    pub(super) fn of(stored: &StoredVersion) -> Self {
        let member = |key: &str| stored.body.get(key).cloned().map(ordered).unwrap_or_default();
        let content =
            json!([member("schemaType"), stored.text(), member("references"), member("metadata"), member("ruleSet")]).to_string();
        Self {
            id: stored.id,
            guid: stored.guid.as_deref().and_then(|guid| Uuid::parse_str(guid).ok()),
            is_deleted: stored.is_deleted,
            content: Sha256::digest(content).into(),
        }
    }

    /// Whether both say the same, as far as both say anything.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let is_guid_same = self.guid.is_none() || other.guid.is_none() || self.guid == other.guid;
        is_guid_same && (self.id, self.is_deleted, &self.content) == (other.id, other.is_deleted, &other.content)
    }
}

/// Members in the order of their names, at every depth.
fn ordered(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let members: std::collections::BTreeMap<String, Value> =
                members.into_iter().map(|(key, value)| (key, ordered(value))).collect();
            Value::Object(members.into_iter().collect())
        }
        Value::Array(items) => items.into_iter().map(ordered).collect(),
        other => other,
    }
}

/// The marks of some versions, made on all cores; and of those that are not given their names.
pub(super) fn marked(batch: Vec<ReportedVersion>) -> (Vec<(VersionKey, StoredVersion, Mark)>, Vec<String>) {
    let mut withheld = Vec::new();
    let mut given: Vec<(VersionKey, StoredVersion)> = Vec::with_capacity(batch.len());
    for (key, stored) in batch {
        match stored {
            Some(stored) => given.push((key, stored)),
            None => withheld.push(format!("{} version {}", key.0, key.1)),
        }
    }
    let parts: Vec<_> = given.chunks(PART).collect();
    let marks: Vec<Mark> =
        each(&parts, |part| part.iter().map(|(_, stored)| Mark::of(stored)).collect::<Vec<_>>()).into_iter().flatten().collect();
    (given.into_iter().zip(marks).map(|((key, stored), mark)| (key, stored, mark)).collect(), withheld)
}
