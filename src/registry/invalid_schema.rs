//! Why a submitted schema is refused. These are facts; what clients are told is put together in `http/invalid_schema.rs`.

use super::submission::{RawReference, Submission};
use crate::schema::SchemaError;
use crate::schema::logical::ConversionError;
use crate::types::{Reference, SchemaType, Subject, Version};

/// Why a schema is refused (wire code 42201).
#[derive(Debug, Clone)]
pub enum InvalidSchema {
    /// There is no text, and nothing that could stand in for it.
    Empty,
    /// No format has this name.
    UnknownType(String),
    NullReference,
    /// The text is not a schema of its format.
    Text {
        submitted: Box<Submitted>,
        error: SchemaError,
    },
    /// A reference that names nothing.
    Reference {
        submitted: Box<Submitted>,
        error: ReferenceError,
    },
    /// A reference that was there when the schema was checked was deleted before it could be stored.
    ReferenceGone {
        schema_type: SchemaType,
        reference: Reference,
    },
    /// The version that the request demands is not the next one.
    NotTheNextVersion,
    /// The schema can't be shown in the representation that was asked for.
    Representation(SchemaError),
    /// The stored schema means nothing to table engines.
    NoLogicalType(ConversionError),
    /// What was submitted as a logical type can't be made into a schema.
    Logical(LogicalRefusal),
    /// Tags can't be added or removed as asked.
    Tags(SchemaError),
    /// A version that is to be compared can't be read any more.
    StoredVersion {
        version: Version,
        error: SchemaError,
    },
}

/// What was submitted, of which Confluent repeats all in some messages.
#[derive(Debug, Clone)]
pub struct Submitted {
    pub subject: Subject,
    pub schema_type: SchemaType,
    /// Versions of references that could be found are numbers here, where the text could not be read.
    pub submission: Submission,
    /// In IMPORT an id that was sent counts; elsewhere messages show none.
    pub is_import: bool,
}

/// Why a submission is no logical type, or none that a schema can be made of.
#[derive(Debug, Clone)]
pub enum LogicalRefusal {
    /// It must say which type of schema is wanted.
    NoType,
    NoText,
    Text(ConversionError),
    Reference(ReferenceError),
    /// The type as it was sent.
    UnknownType(String),
    /// A schema of this type, as it was sent, can't mean this.
    Unrepresentable(String, ConversionError),
}

/// Why a reference can't be resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReferenceError {
    /// Name, subject or version is missing.
    Incomplete(RawReference),
    /// Not a version number.
    InvalidVersion(Version),
    /// The subject, named with its context, has no such version. The version is the one asked for: -1 for the latest.
    NotFound { subject: String, version: Version },
    /// One name stands for two versions, which `reference-versions-strict` forbids.
    Conflict { name: String, versions: [Version; 2] },
}
