//! One entry, and what of it is sealed.

use serde::Serialize;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::types::{Guid, Subject, hex, timestamp};

/// An entry that has its place in the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    pub position: i64,
    /// In milliseconds since 1970, by the clock of the replica that wrote it.
    pub at: i64,
    pub operation: String,
    pub actor: String,
    pub login: String,
    pub address: Option<String>,
    pub user_agent: Option<String>,
    pub request_id: String,
    pub reason: Option<String>,
    /// The subject, or the context or registry where its name is empty.
    pub subject: Subject,
    pub version: Option<i64>,
    pub schema_id: Option<i64>,
    /// What the latest version said before, or the version that is gone.
    pub guid_before: Option<Guid>,
    pub guid_after: Option<Guid>,
    /// More, as JSON.
    pub details: Option<String>,
    pub hash: String,
}

/// An entry as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadEntry {
    Entry(Box<AuditEntry>),
    /// What is there is no entry: someone else has written it.
    Unreadable {
        position: i64,
        hash: Option<String>,
    },
}

/// An entry as people see it. Without its hash this is what is sealed, to the letter.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownEntry<'e> {
    position: i64,
    at: String,
    operation: &'e str,
    actor: &'e str,
    login: &'e str,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<&'e str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    request_id: &'e str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'e str>,
    #[serde(skip_serializing_if = "String::is_empty")]
    subject: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    guid_before: Option<Guid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    guid_after: Option<Guid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<Details<'e>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hash: Option<&'e str>,
}

/// The details as they are stored, to the letter; as a text where they are no JSON.
#[derive(Serialize)]
#[serde(untagged)]
enum Details<'e> {
    Json(&'e RawValue),
    Text(&'e str),
}

impl<'e> Details<'e> {
    fn of(text: &'e str) -> Self {
        match serde_json::from_str::<&RawValue>(text) {
            Ok(json) if json.get() == text => Self::Json(json),
            _ => Self::Text(text),
        }
    }
}

impl AuditEntry {
    fn shown(&self, hash: Option<&str>) -> String {
        let shown = ShownEntry {
            position: self.position,
            at: timestamp(self.at),
            operation: &self.operation,
            actor: &self.actor,
            login: &self.login,
            address: self.address.as_deref(),
            user_agent: self.user_agent.as_deref(),
            request_id: &self.request_id,
            reason: self.reason.as_deref(),
            subject: self.subject.qualified(),
            version: self.version,
            id: self.schema_id,
            guid_before: self.guid_before,
            guid_after: self.guid_after,
            details: self.details.as_deref().map(Details::of),
            hash,
        };
        // what has only texts and numbers can always be written
        serde_json::to_string(&shown).unwrap_or_default()
    }

    /// The entry as JSON on one line.
    pub fn to_json(&self) -> String {
        self.shown(Some(&self.hash))
    }

    /// The hash that it has behind an entry with this one.
    pub(super) fn hash_after(&self, previous: &str) -> String {
        next_hash(previous, &self.shown(None))
    }

    /// The same entry sealed behind an entry with this hash.
    pub(in crate::store) fn sealed_after(mut self, position: i64, previous: &str) -> Self {
        self.position = position;
        self.hash = self.hash_after(previous);
        self
    }
}

impl ReadEntry {
    pub fn position(&self) -> i64 {
        match self {
            Self::Entry(entry) => entry.position,
            Self::Unreadable { position, .. } => *position,
        }
    }
}

fn next_hash(previous: &str, text: &str) -> String {
    let mut sha = Sha256::new();
    sha.update(previous);
    sha.update(b"\n");
    sha.update(text);
    hex(&sha.finalize())
}
