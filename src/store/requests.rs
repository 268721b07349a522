//! What the store's writes take, and how each of them can end.

use super::HashedContent;
use crate::types::{Association, SchemaId, SchemaName, SchemaWords, Subject, Version, VersionSelector};

/// A registration, decided but for what only the transaction can know.
#[derive(Debug, Clone)]
pub struct RegisterRequest {
    pub subject: Subject,
    pub schema: HashedContent,
    /// The references' subjects with their contexts, in the order of the content's references.
    pub targets: Vec<Subject>,
    /// Referenced versions must be active, not merely exist.
    pub active_references: bool,
    /// The subject's epoch when the decision was made.
    pub expected_epoch: i64,
    /// The generation of the settings that it was made under.
    pub expected_settings: i64,
    pub version: Version,
    /// The schema of the latest version at that epoch.
    pub previous: Option<SchemaId>,
    /// The id that was asked for (IMPORT).
    pub id: Option<SchemaId>,
    /// SHA-256 of the text; without it the backfill will add digest and names.
    pub digest: Option<[u8; 32]>,
    /// Names under which the schema can be found, should it be new.
    pub names: Vec<SchemaName>,
    /// Words by which it is found, should it be new; without them the backfill will add them.
    pub words: Option<SchemaWords>,
    /// The change can alter answers about what existed before.
    pub disruptive: bool,
    /// Who registers it, where turns of others are waited for.
    pub turn: Option<TurnHolder>,
    /// Now, in milliseconds since 1970.
    pub now: i64,
}

/// One who registers under a subject: a random number that tells him from all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TurnHolder(pub i64);

/// How a registration ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegisterOutcome {
    Registered {
        id: SchemaId,
        /// The context had no schema with this content.
        is_new_schema: bool,
    },
    /// The subject or the settings changed meanwhile: decide again.
    HeadMoved,
    /// It is the turn of another one.
    OthersTurn,
    /// The id asked for stands for something else.
    IdTaken,
    /// The id asked for is new, and above what an import may bring.
    IdTooHigh,
    /// The context has no id left.
    NoIdLeft,
    /// Another content has the same guid.
    GuidCollision,
    /// The reference at this position vanished meanwhile.
    ReferenceGone { position: usize },
    /// The subject of the reference at this position belongs to a resource: it can't be referred to.
    ReferenceOwned { position: usize },
}

/// Versions with their numbers and ids, to be written together: copied out of another registry.
#[derive(Debug, Clone)]
pub struct ImportRequest {
    /// At most one of each number of a subject; none refers to another one of them.
    pub versions: Vec<ImportedVersion>,
    /// The generation of the settings that allow it.
    pub expected_settings: i64,
    /// Now, in milliseconds since 1970.
    pub now: i64,
}

/// A version as it is to be.
#[derive(Debug, Clone)]
pub struct ImportedVersion {
    pub subject: Subject,
    pub version: Version,
    pub id: SchemaId,
    pub schema: HashedContent,
    /// The references' subjects with their contexts, in the order of the content's references.
    pub targets: Vec<Subject>,
    /// SHA-256 of the text.
    pub digest: [u8; 32],
    pub names: Vec<SchemaName>,
    pub words: SchemaWords,
    /// Soft-deleted as soon as it is there.
    pub deleted: bool,
}

/// How an import ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportOutcome {
    Done,
    /// Nothing is written: what one of them would be refused for, or decided anew by, is for a registration by itself to say.
    Undecided,
}

/// What to delete.
#[derive(Debug, Clone)]
pub struct DeleteRequest {
    pub subject: Subject,
    /// One version; `None` means the whole subject.
    pub version: Option<VersionSelector>,
    /// Remove the rows; otherwise mark them as deleted.
    pub permanent: bool,
    /// The scope is read-only: report that, after the checks that come before it.
    pub read_only: bool,
    /// The generation of the settings that said so; `None` where nothing was asked of them.
    pub expected_settings: Option<i64>,
    /// Now, in milliseconds since 1970.
    pub now: i64,
}

/// How a deletion ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeleteOutcome {
    /// These versions were deleted.
    Deleted(Vec<Version>),
    /// The settings changed meanwhile: decide again.
    Moved,
    SubjectNotFound,
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

/// How a change that the settings had to allow ended.
#[derive(Debug, Clone, PartialEq)]
pub enum SettingsOutcome<T> {
    Done(T),
    /// The settings changed meanwhile: decide again.
    Moved,
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

/// An association to be removed.
#[derive(Debug, Clone)]
pub struct AssociationRemoval {
    pub association: Association,
    /// Its subject is deleted with it, permanently.
    pub cascade: bool,
}

/// Changes to the associations of one resource, decided but for what only the transaction can know.
#[derive(Debug, Clone, Default)]
pub struct AssociateRequest {
    /// The generation that the decision was made in.
    pub expected_generation: i64,
    /// The epochs of the subjects that the decision looked at.
    pub heads: Vec<(Subject, i64)>,
    /// Removed before anything is written.
    pub removals: Vec<AssociationRemoval>,
    /// Schemas to register.
    pub registrations: Vec<RegisterRequest>,
    /// Inserted or updated, each under its guid.
    pub puts: Vec<Association>,
    /// Most associations there may be.
    pub limit: usize,
    /// Now, in milliseconds since 1970.
    pub now: i64,
}

impl AssociateRequest {
    /// True when nothing would be written.
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
    /// A registration was refused.
    Registration { position: usize, outcome: RegisterOutcome },
    /// The subject of a removed association could not be deleted.
    Deletion(DeleteOutcome),
    /// There are as many associations as there may be.
    Full,
}
