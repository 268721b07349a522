//! What the store's reads give, and how lists are narrowed down.

use std::sync::Arc;

use crate::types::{AssociationType, Config, Content, Guid, Lifecycle, Mode, SchemaId, SchemaName, SchemaType, Subject, Version};

/// A schema as it is stored. What it says never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSchema {
    pub context: Arc<str>,
    pub id: SchemaId,
    pub guid: Guid,
    pub content: Arc<Content>,
    /// When it was first stored, in milliseconds since 1970.
    pub created_at: i64,
}

/// A content together with its guid, computed once.
#[derive(Debug, Clone)]
pub struct HashedContent {
    pub content: Arc<Content>,
    pub guid: Guid,
}

impl From<Content> for HashedContent {
    fn from(content: Content) -> Self {
        Self { guid: content.guid(), content: Arc::new(content) }
    }
}

/// One version of a subject, without its schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionRow {
    pub version: Version,
    pub id: SchemaId,
    pub deleted: bool,
    /// When it was registered, in milliseconds since 1970.
    pub created_at: i64,
}

/// A subject at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SubjectState {
    /// Grows with every change to the subject's versions; 0 when there are none.
    pub epoch: i64,
    /// All versions, ascending.
    pub rows: Vec<VersionRow>,
}

impl SubjectState {
    /// The active versions, newest first.
    pub fn active(&self) -> impl Iterator<Item = &VersionRow> {
        self.rows.iter().rev().filter(|row| !row.deleted)
    }

    /// The highest active version.
    pub fn latest(&self) -> Option<&VersionRow> {
        self.active().next()
    }

    /// The number that the next version gets: above every version, live or soft-deleted.
    pub fn next_version(&self) -> Version {
        self.rows.last().map_or(1, |row| row.version.saturating_add(1))
    }

    pub fn row(&self, version: Version) -> Option<&VersionRow> {
        self.rows.binary_search_by_key(&version, |row| row.version).ok().and_then(|i| self.rows.get(i))
    }
}

/// A version that holds an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    pub subject: Subject,
    pub version: Version,
    pub deleted: bool,
    /// When it was registered, in milliseconds since 1970.
    pub created_at: i64,
}

/// A schema that has a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedSchema {
    pub context: String,
    pub id: SchemaId,
    pub guid: Guid,
    pub schema_type: SchemaType,
    /// A version that is not soft-deleted holds it.
    pub is_live: bool,
}

/// Digest and names of a stored schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaNames {
    pub context: String,
    pub id: SchemaId,
    /// Its guid: after a purge the id may belong to another schema by the time the names are written.
    pub guid: Guid,
    /// SHA-256 of its text.
    pub digest: [u8; 32],
    pub names: Vec<SchemaName>,
}

/// What is known of a schema's document without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DocumentTag {
    pub guid: Guid,
    pub schema_type: SchemaType,
    /// SHA-256 of the text; absent until the backfill reaches a schema that an older release stored.
    pub digest: Option<[u8; 32]>,
    /// When the schema was first stored, in milliseconds since 1970.
    pub created_at: i64,
}

/// Where a config or mode applies.
pub type Scope = Subject;

/// Config and mode of a scope.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ScopeSettings {
    pub config: Option<Config>,
    pub mode: Option<Mode>,
}

/// Which subjects to list.
#[derive(Debug, Clone, Default)]
pub struct SubjectFilter {
    /// Only this context; `None` means all.
    pub context: Option<String>,
    /// Only contexts whose names begin so; `.` are all of them, the default one included.
    pub context_prefix: Option<String>,
    /// Only names that begin so.
    pub prefix: String,
    /// Include subjects all of whose versions are soft-deleted.
    pub deleted: bool,
    /// Only those.
    pub deleted_only: bool,
}

/// Which versions to list.
#[derive(Debug, Clone, Default)]
pub struct VersionFilter {
    pub subjects: SubjectFilter,
    /// Only the highest version of each.
    pub latest_only: bool,
    /// These subjects too, by their qualified names.
    pub also: Vec<String>,
}

/// A listed version with its schema.
#[derive(Debug, Clone)]
pub struct ListedVersion {
    pub subject: Subject,
    pub row: VersionRow,
    pub schema: StoredSchema,
}

/// One entry of the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxEntry {
    /// Position; grows, with gaps.
    pub sequence: i64,
    pub kind: String,
    /// The subject, or the context when its name is empty.
    pub subject: Subject,
    /// The version, where one is concerned.
    pub version: Option<Version>,
    /// The schema, where one is concerned.
    pub schema_id: Option<SchemaId>,
    /// More, as JSON.
    pub payload: Option<String>,
    /// When, in milliseconds since 1970.
    pub created_at: i64,
}

/// Where to look for associations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AssociationScope {
    /// Those of one resource.
    ResourceId(String),
    /// Those of resources by name and namespace; `None` is any.
    ResourceName { name: Option<String>, namespace: Option<String> },
    /// Those of a subject.
    Subject(Subject),
}

/// Which associations to list.
#[derive(Debug, Clone)]
pub struct AssociationFilter {
    pub scope: AssociationScope,
    /// Only resources of this type.
    pub resource_type: Option<String>,
    /// Only these types; `None` is any.
    pub types: Option<Vec<AssociationType>>,
    /// Only this lifecycle.
    pub lifecycle: Option<Lifecycle>,
    pub offset: i64,
    pub limit: i64,
}

impl AssociationFilter {
    pub fn all(scope: AssociationScope) -> Self {
        Self { scope, resource_type: None, types: None, lifecycle: None, offset: 0, limit: i64::MAX }
    }
}
