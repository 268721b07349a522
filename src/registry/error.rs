//! What can go wrong in a use case: facts, no status codes.

use crate::schema::Finding;
use crate::store::StoreError;
use crate::types::{AssociationType, Guid, SchemaId, Subject, Version, VersionSelector};

/// Why an operation is not permitted (wire code 42205).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotPermitted {
    /// The scope is read-only.
    ReadOnly(Subject),
    /// An id was given outside IMPORT.
    NotImport(Subject),
    /// No id was given in IMPORT.
    NotReadWrite(Subject),
    /// IMPORT needs an empty scope.
    SubjectsExist,
    /// The id stands for another content.
    Overwrite(SchemaId, Subject),
    /// Mode changes are switched off.
    ModeImmutable,
    /// The referenced subject, as the reference names it, has a strong association.
    StrongAssociation(String),
}

/// Why a use case failed.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// No such subject.
    #[error("subject not found")]
    SubjectNotFound(Subject),
    /// The subject has no such version.
    #[error("version not found")]
    VersionNotFound(VersionSelector),
    /// No schema with this id or guid.
    #[error("schema not found")]
    SchemaNotFound(String),
    /// No schema with this content.
    #[error("no such schema")]
    NoSuchSchema,
    /// The subject is soft-deleted already.
    #[error("subject soft deleted")]
    SubjectSoftDeleted(Subject),
    /// A version of the subject is still active.
    #[error("subject not deleted")]
    SubjectNotDeleted(Subject),
    /// The version is soft-deleted already.
    #[error("version soft deleted")]
    VersionSoftDeleted(Subject, Version),
    /// The version is still active.
    #[error("version not deleted")]
    VersionNotDeleted(Subject, Version),
    /// The subject has no config of its own.
    #[error("no subject config")]
    NoSubjectConfig(Subject),
    /// The subject has no mode of its own.
    #[error("no subject mode")]
    NoSubjectMode(Subject),
    /// The schema breaks compatibility.
    #[error("incompatible")]
    Incompatible {
        /// The subject.
        subject: Subject,
        /// All messages, in order.
        messages: Vec<String>,
        /// The findings behind them.
        findings: Vec<(Version, Finding)>,
        /// What a second opinion says.
        notes: Vec<(Version, Finding)>,
    },
    /// The schema is refused; the text is the whole message.
    #[error("invalid schema: {0}")]
    InvalidSchema(String),
    /// Not a version.
    #[error("invalid version")]
    InvalidVersion(String),
    /// Not a level.
    #[error("invalid compatibility level")]
    InvalidLevel,
    /// A config value of ours that is not one of its words.
    #[error("{0}")]
    InvalidConfigValue(String),
    /// Not a mode.
    #[error("invalid mode")]
    InvalidMode,
    /// FORWARD below the global level.
    #[error("forward mode only supported on global level")]
    ForwardOnlyGlobal,
    /// Not permitted in this mode.
    #[error("operation not permitted")]
    NotPermitted(NotPermitted),
    /// Something refers to the version.
    #[error("reference exists")]
    ReferenceExists(Subject, Version),
    /// The subject's name is not allowed.
    #[error("invalid subject")]
    InvalidSubject(String),
    /// The rule set is not valid; the text is the message.
    #[error("{0}")]
    InvalidRuleSet(String),
    /// The context holds schemas.
    #[error("context not empty")]
    ContextNotEmpty(String),
    /// The subject has an association.
    #[error("association exists")]
    AssociationExists(Subject),
    /// The last active version of an associated subject.
    #[error("association needs an active version")]
    AssociationNeedsVersion(Subject),
    /// The resource has no associations of the kind.
    #[error("association not found")]
    AssociationNotFound(String),
    /// There are as many associations as there may be.
    #[error("too many associations")]
    TooManyAssociations(usize),
    /// The resource has another association of this type.
    #[error("association exists for resource")]
    AssociationForResource(AssociationType, String),
    /// The subject belongs to a resource.
    #[error("strong association exists")]
    StrongAssociationExists(Subject),
    /// The association can't be changed.
    #[error("association frozen")]
    AssociationFrozen(AssociationType, Subject),
    /// A property of an association has a value that it can't have.
    #[error("invalid association")]
    InvalidAssociation {
        /// The property.
        property: &'static str,
        /// What is wrong.
        detail: String,
    },
    /// Something refers to a version of the subject, which therefore can't belong to a resource.
    #[error("subject referenced")]
    SubjectReferenced(Subject),
    /// Another content has the same guid.
    #[error("guid collision")]
    GuidCollision(Guid),
    /// The compatibility check took too much work.
    #[error("work budget exhausted")]
    BudgetExhausted {
        /// The budget.
        limit: u64,
    },
    /// Too many references, or nested too deep.
    #[error("reference limit")]
    ReferenceLimit {
        /// What was counted.
        what: &'static str,
        /// The limit.
        limit: usize,
        /// The setting that moves it.
        setting: &'static str,
    },
    /// The subject kept changing while the registration was being decided.
    #[error("too much contention")]
    Contention,
    /// An alias or a binding that can't be; the text is the message.
    #[error("{0}")]
    InvalidBinding(String),
    /// No alias has this URI.
    #[error("no such alias")]
    NoAlias(String),
    /// No binding has this pattern.
    #[error("no such binding")]
    NoTypeBinding(String),
    /// What is to be removed comes from the configuration.
    #[error("configured")]
    Configured(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
