//! What is searched for, and what is found.

use crate::types::{CompatibilityLevel, Guid, SchemaId, SchemaType, SchemaWords, Subject, Version, WordPlace};

/// Where words are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchPlace {
    /// In the names of subjects: what is found are their latest versions.
    Subjects,
    /// In schemas, in one place or anywhere: what is found are versions.
    Schemas(Option<WordPlace>),
    /// Nowhere: versions by who registered them, by the time, or by the level that a subject has of its own, the newest first.
    Nowhere,
}

/// Who registered a version, and when.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Registration {
    /// As in the record of who changed what.
    pub author: Option<String>,
    /// In milliseconds since 1970; `until` is not in it.
    pub since: Option<i64>,
    pub until: Option<i64>,
}

impl Registration {
    pub fn is_any(&self) -> bool {
        *self == Self::default()
    }
}

/// All the words must be there, each as the beginning of one.
#[derive(Debug, Clone)]
pub struct WordQuery {
    pub words: Vec<String>,
    pub place: SearchPlace,
    /// Only in this context.
    pub context: Option<String>,
    pub schema_type: Option<SchemaType>,
    pub registration: Registration,
    /// Where no words are looked for: subjects that have a config of their own with this level.
    pub level: Option<CompatibilityLevel>,
    /// Soft-deleted versions, too.
    pub deleted: bool,
    /// Most subjects or schemas that are looked at, and twice as many versions.
    pub limit: i64,
}

/// A version that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchHit {
    pub subject: Subject,
    pub version: Version,
    pub id: SchemaId,
    pub guid: Guid,
    pub schema_type: SchemaType,
    pub deleted: bool,
    /// In milliseconds since 1970.
    pub created_at: i64,
}

/// Words to file for a schema that an older release stored.
#[derive(Debug, Clone)]
pub struct FiledWords {
    pub context: String,
    pub id: SchemaId,
    pub guid: Guid,
    pub words: SchemaWords,
}
