//! What can go wrong in a use case: facts. Status, code and message of each are in `http/error.rs`.

use super::invalid_schema::InvalidSchema;
use crate::access::Denied;
use crate::contracts::RuleIssue;
use crate::kms::KmsError;
use crate::schema::Finding;
use crate::schema::payload::DataFault;
use crate::store::StoreError;
use crate::types::{AssociationType, Guid, SchemaId, Subject, Version, VersionSelector};

/// Why an operation is not permitted (wire code 42205).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotPermitted {
    ReadOnly(Subject),
    /// A subject that an association has or would get.
    AssociatedReadOnly(Subject),
    /// An id was given outside IMPORT.
    NotImport(Subject),
    /// No id was given in IMPORT.
    NotReadWrite(Subject),
    /// IMPORT needs an empty scope.
    SubjectsExist,
    /// The id stands for another content.
    Overwrite(SchemaId, Subject),
    /// An import brings an id or a version above [`crate::types::MAX_IMPORTED`].
    NumberTooHigh(&'static str, i32),
    /// All ids of the subject's context are used up.
    NoIdLeft(Subject),
    /// All versions of the subject are used up.
    NoVersionLeft(Subject),
    ModeImmutable,
    /// The referenced subject, as the reference names it, has a strong association.
    StrongAssociation(String),
}

/// What could not be made of a DEK.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DekForm {
    Raw,
    Encrypted,
}

/// What is wrong with an exporter, or with what is asked of one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExporterError {
    #[error("exporter not found")]
    NotFound(String),
    #[error("invalid name of an exporter")]
    InvalidName,
    /// The text says what is wrong with it.
    #[error("{0}")]
    InvalidConfig(String),
    #[error("invalid subjects of an exporter")]
    InvalidSubjects,
    #[error("exporter exists")]
    Exists(String),
    #[error("exporter is running")]
    Running(String),
    #[error("exporter must be paused")]
    NotPaused(String),
    #[error("too many exporters")]
    TooMany(usize),
}

/// Why a use case failed.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    #[error("subject not found")]
    SubjectNotFound(Subject),
    #[error("version not found")]
    VersionNotFound(VersionSelector),
    /// No schema with this id or guid.
    #[error("schema not found")]
    SchemaNotFound(String),
    /// No schema with this content.
    #[error("no such schema")]
    NoSuchSchema,
    #[error("subject soft deleted")]
    SubjectSoftDeleted(Subject),
    /// A version of the subject is still active.
    #[error("subject not deleted")]
    SubjectNotDeleted(Subject),
    #[error("version soft deleted")]
    VersionSoftDeleted(Subject, Version),
    /// The version is still active.
    #[error("version not deleted")]
    VersionNotDeleted(Subject, Version),
    #[error("no subject config")]
    NoSubjectConfig(Subject),
    #[error("no subject mode")]
    NoSubjectMode(Subject),
    #[error("incompatible")]
    Incompatible {
        subject: Subject,
        /// All messages, in order.
        messages: Vec<String>,
        findings: Vec<(Option<Version>, Finding)>,
        /// What a second opinion says.
        notes: Vec<(Version, Finding)>,
    },
    #[error("invalid schema: {0:?}")]
    InvalidSchema(InvalidSchema),
    #[error("invalid version")]
    InvalidVersion(String),
    #[error("invalid compatibility level")]
    InvalidLevel,
    /// A config value that is not one of those allowed; the text is the message.
    #[error("{0}")]
    InvalidConfigValue(String),
    #[error("invalid mode")]
    InvalidMode,
    #[error("forward mode only supported on global level")]
    ForwardOnlyGlobal,
    #[error("operation not permitted")]
    NotPermitted(NotPermitted),
    #[error("reference exists")]
    ReferenceExists(Subject, Version),
    #[error("invalid subject")]
    InvalidSubject(String),
    /// The rule set is not valid; the text is the message.
    #[error("{0}")]
    InvalidRuleSet(String),
    /// Rules that can't be right, whatever the data (`validateRules`).
    #[error("invalid rules")]
    InvalidRules(Vec<RuleIssue>),
    #[error("context not empty")]
    ContextNotEmpty(String),
    #[error("association exists")]
    AssociationExists(Subject),
    /// The last active version of an associated subject.
    #[error("association needs an active version")]
    AssociationNeedsVersion(Subject),
    #[error("association not found")]
    AssociationNotFound(String),
    /// There are as many associations as there may be.
    #[error("too many associations")]
    TooManyAssociations(usize),
    /// The resource has another association of this type.
    #[error("association exists for resource")]
    AssociationForResource(AssociationType, String),
    #[error("strong association exists")]
    StrongAssociationExists(Subject),
    #[error("association frozen")]
    AssociationFrozen(AssociationType, Subject),
    /// A property of an association has a value that it can't have.
    #[error("invalid association")]
    InvalidAssociation { property: &'static str, detail: String },
    /// Something refers to a version of the subject, which therefore can't belong to a resource.
    #[error("subject referenced")]
    SubjectReferenced(Subject),
    #[error("guid collision")]
    GuidCollision(Guid),
    /// Judging takes more than a request may spend.
    #[error("work exhausted")]
    WorkExhausted { limit: u64 },
    /// Judging takes more bytes than a request may take.
    #[error("memory exhausted")]
    MemoryExhausted { limit: u64 },
    /// Too much is being judged already, or there is no thread for more.
    #[error("overloaded")]
    Overloaded,
    /// Judging failed for a reason that is ours.
    #[error("not judged")]
    Unjudged,
    /// Too many references, or nested too deep.
    #[error("reference limit")]
    ReferenceLimit {
        what: &'static str,
        limit: usize,
        /// The setting that moves it.
        setting: &'static str,
    },
    /// The subject kept changing while the registration was being decided.
    #[error("too much contention")]
    Contention,
    /// An alias or a binding that is not valid; the text is the message.
    #[error("{0}")]
    InvalidBinding(String),
    #[error("no such alias")]
    NoAlias(String),
    #[error("no such binding")]
    NoTypeBinding(String),
    /// It comes from the configuration, so the API can't remove it.
    #[error("configured")]
    Configured(String),
    /// Nothing names a schema of the data; or what is named, which the text says, is not here.
    #[error("no schema for the data")]
    NoRecordSchema(Option<String>),
    /// Data that is not in its encoding, or not what its schema says: at least one fault.
    #[error("unfit data")]
    UnfitData(Vec<DataFault>),
    /// Schemas that can't be registered together; the text is the message.
    #[error("{0}")]
    InvalidTree(String),
    /// What one of several schemas is refused for.
    #[error("{subject}: {error}")]
    OfMember { subject: Subject, error: Box<RegistryError> },
    /// The principal may not do it.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// No KEK of this name, or no DEK for this subject.
    #[error("key not found")]
    KeyNotFound(String),
    /// The key is to be removed for good and not deleted yet.
    #[error("key not deleted")]
    KeyNotDeleted(String),
    #[error("key deleted")]
    KeySoftDeleted(String),
    #[error("key exists")]
    KeyExists(String),
    /// There are as many keys as there may be.
    #[error("too many keys")]
    TooManyKeys(usize),
    /// A field of a key is missing or not valid.
    #[error("invalid key")]
    InvalidKey(&'static str),
    /// The KEK has DEKs.
    #[error("key referenced")]
    KeyReferenced(String),
    /// The KMS did not wrap or unwrap a DEK.
    #[error("DEK not made: {error}")]
    DekNotMade { form: DekForm, subject: String, error: KmsError },
    /// A KEK can't be shared, for the KMS does not wrap keys for it.
    #[error("sharing failed: {error}")]
    SharingFailed { doing: &'static str, form: DekForm, subject: String, error: KmsError },
    #[error(transparent)]
    Exporter(#[from] ExporterError),
    /// The same of an importer.
    #[error(transparent)]
    Importer(ExporterError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl RegistryError {
    /// The request has spent what it may spend on judging.
    pub(super) fn is_exhaustion(&self) -> bool {
        matches!(self, Self::WorkExhausted { .. } | Self::MemoryExhausted { .. })
    }

    /// The same, with the one of several schemas that it is about; what is about none of them stays as it is.
    pub(super) fn of_member(self, subject: &Subject) -> Self {
        match self {
            Self::Store(_) | Self::Overloaded | Self::Contention | Self::Unjudged => self,
            error => Self::OfMember { subject: subject.clone(), error: Box::new(error) },
        }
    }
}

/// Why something made from a client's input is not there: the input is at fault, or the registry failed on the way.
#[derive(Debug)]
pub(super) enum Failure<E> {
    Input(E),
    Registry(RegistryError),
}

impl<E> Failure<E> {
    /// The registry's error, or the one that `refuse` makes of the input's.
    pub(super) fn or_refuse(self, refuse: impl FnOnce(E) -> InvalidSchema) -> RegistryError {
        match self {
            Self::Input(error) => RegistryError::InvalidSchema(refuse(error)),
            Self::Registry(error) => error,
        }
    }
}

impl<E> From<RegistryError> for Failure<E> {
    fn from(error: RegistryError) -> Self {
        Self::Registry(error)
    }
}

impl<E> From<StoreError> for Failure<E> {
    fn from(error: StoreError) -> Self {
        Self::Registry(error.into())
    }
}

/// Leaves out what the input is to blame for: `Ok(None)` then.
pub(super) fn readable<T, E>(outcome: Result<T, Failure<E>>) -> Result<Option<T>, RegistryError> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(Failure::Input(_)) => Ok(None),
        Err(Failure::Registry(error)) => Err(error),
    }
}
