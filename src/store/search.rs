//! What is searched for, and what is found.

use crate::types::{CompatibilityLevel, Guid, SchemaId, SchemaType, SchemaWords, Subject, Version, WordPlace};

/// Where words are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchPlace {
    /// In the names of subjects: what is found are their latest versions.
    Subjects,
    /// In schemas, in one place or anywhere: what is found are versions.
    Schemas(Option<WordPlace>),
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
    /// Soft-deleted versions, too.
    pub deleted: bool,
    /// Most subjects or schemas that are looked at, and twice as many versions.
    pub limit: i64,
}

/// In which order versions come that are not searched by words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BrowseOrder {
    /// The newest first.
    Newest,
    /// Those of the author, by names.
    Author,
    /// Those of subjects that have a config of their own with this level, by names.
    OwnLevel(CompatibilityLevel),
}

/// A place in that order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BrowsePlace {
    /// The time of a version, with what tells versions of one time apart.
    Time(i64, i64, i64),
    /// Context, subject and version.
    Name(String, String, i64),
}

/// A page of versions that are not searched by words: of each subject the newest one that fits.
#[derive(Debug, Clone)]
pub struct VersionBrowse {
    pub order: BrowseOrder,
    pub context: Option<String>,
    pub schema_type: Option<SchemaType>,
    pub registration: Registration,
    /// Soft-deleted versions, too.
    pub deleted: bool,
    /// Where the page begins: behind this.
    pub after: Option<BrowsePlace>,
    /// Most rows that are looked at, and most that are given.
    pub looked_at: i64,
    pub limit: i64,
}

/// A version that fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrowsedHit {
    pub hit: SearchHit,
    /// How many of its subject's versions do.
    pub versions: i64,
    pub place: BrowsePlace,
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
