//! What goes into the store's units of work and what comes out.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use super::HashedContent;
use crate::types::{
    Association, AssociationType, Config, Content, Guid, Lifecycle, Mode, SchemaId, SchemaName, SchemaType, Subject, Version,
    VersionSelector,
};

/// Counts disruptive changes; equal generations mean that nothing disruptive happened in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Generation {
    /// Changes that can alter an answer about what existed before: deletions, config, mode, import.
    pub answers: i64,
    /// Among them those after which an id may stand for something else: purges and imports.
    pub meanings: i64,
}

/// The generation that a process knows, shared between tasks.
#[derive(Debug, Default)]
pub struct KnownGeneration {
    answers: AtomicI64,
    meanings: AtomicI64,
}

impl KnownGeneration {
    /// What is known.
    #[must_use]
    pub fn get(&self) -> Generation {
        Generation { answers: self.answers.load(Ordering::Acquire), meanings: self.meanings.load(Ordering::Acquire) }
    }

    /// Learns of a generation; older ones than the known are ignored.
    pub fn learn(&self, generation: Generation) {
        self.meanings.fetch_max(generation.meanings, Ordering::AcqRel);
        self.answers.fetch_max(generation.answers, Ordering::AcqRel);
    }
}

/// A schema as it is stored. What it says never changes.
#[derive(Debug, Clone)]
pub struct StoredSchema {
    /// Its context.
    pub context: Arc<str>,
    /// Its id there.
    pub id: SchemaId,
    /// Its guid.
    pub guid: Guid,
    /// What it is.
    pub content: Arc<Content>,
    /// When it was first stored, in milliseconds since 1970.
    pub created_at: i64,
}

/// One version of a subject, without its schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionRow {
    /// The number.
    pub version: Version,
    /// The schema's id.
    pub id: SchemaId,
    /// Soft-deleted.
    pub deleted: bool,
    /// When it was registered, in milliseconds since 1970.
    pub created_at: i64,
}

/// A subject at one moment.
#[derive(Debug, Clone, Default)]
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
    #[must_use]
    pub fn latest(&self) -> Option<&VersionRow> {
        self.active().next()
    }

    /// The number that the next version gets: above every version, live or soft-deleted.
    #[must_use]
    pub fn next_version(&self) -> Version {
        self.rows.last().map_or(1, |row| row.version.saturating_add(1))
    }

    /// The row of a version.
    #[must_use]
    pub fn row(&self, version: Version) -> Option<&VersionRow> {
        self.rows.binary_search_by_key(&version, |row| row.version).ok().and_then(|i| self.rows.get(i))
    }
}

/// A version that holds an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The subject.
    pub subject: Subject,
    /// The version.
    pub version: Version,
    /// Soft-deleted.
    pub deleted: bool,
    /// When it was registered, in milliseconds since 1970.
    pub created_at: i64,
}

/// A schema that has a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedSchema {
    /// Its context.
    pub context: String,
    /// Its id there.
    pub id: SchemaId,
    /// Its guid.
    pub guid: Guid,
    /// Its format.
    pub schema_type: SchemaType,
    /// A version that is not soft-deleted holds it.
    pub is_live: bool,
}

/// Digest and names of a stored schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaNames {
    /// Its context.
    pub context: String,
    /// Its id there.
    pub id: SchemaId,
    /// Its guid, lest the id stand for another one by now.
    pub guid: Guid,
    /// SHA-256 of its text.
    pub digest: [u8; 32],
    /// Its names.
    pub names: Vec<SchemaName>,
}

/// What is known of a schema's document without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DocumentTag {
    /// The guid.
    pub guid: Guid,
    /// The format.
    pub schema_type: SchemaType,
    /// SHA-256 of the text, where it has been filed.
    pub digest: Option<[u8; 32]>,
    /// When the schema was first stored, in milliseconds since 1970.
    pub created_at: i64,
}

/// Where a config or mode applies.
pub type Scope = Subject;

/// Config and mode of a scope.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ScopeSettings {
    /// Its own config.
    pub config: Option<Config>,
    /// Its own mode.
    pub mode: Option<Mode>,
}

/// Which subjects to list.
#[derive(Debug, Clone, Default)]
pub struct SubjectFilter {
    /// Only this context; `None` means all.
    pub context: Option<String>,
    /// Only contexts whose names begin so; the default one is never meant, for its subjects are listed without it.
    pub context_prefix: Option<String>,
    /// Only names that begin so.
    pub prefix: String,
    /// Include subjects all of whose versions are soft-deleted.
    pub deleted: bool,
    /// Only those.
    pub deleted_only: bool,
}

/// A listed subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedSubject {
    /// Qualified name.
    pub qualified: String,
}

/// Which versions to list.
#[derive(Debug, Clone, Default)]
pub struct VersionFilter {
    /// Which subjects.
    pub subjects: SubjectFilter,
    /// Only the highest version of each.
    pub latest_only: bool,
    /// These subjects too, by their qualified names.
    pub also: Vec<String>,
}

/// A listed version with its schema.
#[derive(Debug, Clone)]
pub struct ListedVersion {
    /// Subject.
    pub subject: Subject,
    /// Version row.
    pub row: VersionRow,
    /// Schema.
    pub schema: StoredSchema,
}

/// One entry of the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Position; grows, with gaps.
    pub sequence: i64,
    /// What happened.
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

/// A registration, decided but for what only the transaction can know.
#[derive(Debug, Clone)]
pub struct RegisterRequest {
    /// The subject.
    pub subject: Subject,
    /// The content with its guid.
    pub schema: HashedContent,
    /// The references' subjects with their contexts, in the order of the content's references.
    pub targets: Vec<Subject>,
    /// Referenced versions must be active, not merely exist.
    pub active_references: bool,
    /// The subject's epoch when the decision was made.
    pub expected_epoch: i64,
    /// The version number to file under.
    pub version: Version,
    /// The id that was asked for (IMPORT).
    pub id: Option<SchemaId>,
    /// SHA-256 of the text; without it the schema counts as one whose names have yet to be filed.
    pub digest: Option<[u8; 32]>,
    /// Names under which the schema can be found, should it be new.
    pub names: Vec<SchemaName>,
    /// The change can alter answers about what existed before.
    pub disruptive: bool,
    /// Now, in milliseconds since 1970.
    pub now: i64,
}

/// How a registration ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegisterOutcome {
    /// Stored.
    Registered {
        /// The id.
        id: SchemaId,
    },
    /// The subject changed meanwhile: decide again.
    HeadMoved,
    /// The id asked for stands for something else.
    IdTaken,
    /// Another content has the same guid.
    GuidCollision,
    /// The reference at this position vanished meanwhile.
    ReferenceGone {
        /// Position in the list.
        position: usize,
    },
    /// The subject of the reference at this position belongs to a resource: it can't be referred to.
    ReferenceOwned {
        /// Position in the list.
        position: usize,
    },
}

/// What to delete.
#[derive(Debug, Clone)]
pub struct DeleteRequest {
    /// The subject.
    pub subject: Subject,
    /// One version; `None` means the whole subject.
    pub version: Option<VersionSelector>,
    /// For good.
    pub permanent: bool,
    /// The scope is read-only: report that, after the checks that come before it.
    pub read_only: bool,
    /// Now, in milliseconds since 1970.
    pub now: i64,
}

/// How a deletion ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeleteOutcome {
    /// These versions were deleted.
    Deleted(Vec<Version>),
    /// No such subject.
    SubjectNotFound,
    /// No such version.
    VersionNotFound,
    /// The subject is soft-deleted already.
    SubjectSoftDeleted,
    /// The version is soft-deleted already.
    VersionSoftDeleted(Version),
    /// A version of the subject is still active.
    SubjectNotDeleted,
    /// The version is still active.
    VersionNotDeleted(Version),
    /// The scope is read-only.
    ReadOnly,
    /// Something refers to this version.
    Referenced(Subject, Version),
    /// The scope holds active schemas.
    NotEmpty,
    /// The subject has an association.
    Associated(Subject),
    /// The last active version of a subject with an association.
    AssociatedLast(Subject),
}

/// How a scope becomes IMPORT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportSwitch {
    /// The mode is not IMPORT: nothing to check.
    No,
    /// The scope must have no active schemas; its soft-deleted remains are removed.
    Checked,
    /// Nothing is checked or removed.
    Forced,
}

/// Where to look for associations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AssociationScope {
    /// Those of one resource.
    ResourceId(String),
    /// Those of resources by name and namespace; `None` is any.
    ResourceName {
        /// The name.
        name: Option<String>,
        /// The namespace.
        namespace: Option<String>,
    },
    /// Those of a subject.
    Subject(Subject),
}

/// Which associations to list.
#[derive(Debug, Clone)]
pub struct AssociationFilter {
    /// Where to look.
    pub scope: AssociationScope,
    /// Only resources of this type.
    pub resource_type: Option<String>,
    /// Only these types; `None` is any.
    pub types: Option<Vec<AssociationType>>,
    /// Only this lifecycle.
    pub lifecycle: Option<Lifecycle>,
    /// How many to skip.
    pub offset: i64,
    /// How many to give.
    pub limit: i64,
}

impl AssociationFilter {
    /// All of a scope.
    #[must_use]
    pub fn all(scope: AssociationScope) -> Self {
        Self { scope, resource_type: None, types: None, lifecycle: None, offset: 0, limit: i64::MAX }
    }
}

/// An association to be removed.
#[derive(Debug, Clone)]
pub struct AssociationRemoval {
    /// The association.
    pub association: Association,
    /// Its subject goes with it, for good.
    pub cascade: bool,
}

/// Changes to the associations of one resource, decided but for what only the transaction can know.
#[derive(Debug, Clone, Default)]
pub struct AssociateRequest {
    /// The generation that the decision was made in.
    pub expected_generation: i64,
    /// The epochs of the subjects that the decision looked at.
    pub heads: Vec<(Subject, i64)>,
    /// What goes; before anything is put.
    pub removals: Vec<AssociationRemoval>,
    /// Schemas to file.
    pub registrations: Vec<RegisterRequest>,
    /// What is written, each under its guid.
    pub puts: Vec<Association>,
    /// Most associations there may be.
    pub limit: usize,
    /// Now, in milliseconds since 1970.
    pub now: i64,
}

impl AssociateRequest {
    /// True when nothing would be written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.removals.is_empty() && self.registrations.is_empty() && self.puts.is_empty()
    }
}

/// How changes to associations ended. All but [`AssociateOutcome::Done`] have changed nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AssociateOutcome {
    /// Written; the ids of the registrations, in their order.
    Done(Vec<SchemaId>),
    /// What was decided on has changed: decide again.
    Moved,
    /// A registration could not be filed.
    Registration {
        /// Which one.
        position: usize,
        /// Why.
        outcome: RegisterOutcome,
    },
    /// The subject of a removed association could not be deleted.
    Deletion(DeleteOutcome),
    /// There are as many associations as there may be.
    Full,
}
