//! What a schema format must do, and what it is given to do it with.
//!
//! A fourth format is an implementation of [`Format`] for its schema, a variant of [`super::Parsed`], and one of
//! [`super::PayloadValidator`]; the compiler names every other place. Its folder has the rooms of the others: `model`, `parse`,
//! `print`, `tags`, `compat` (rules, explanations, places), `to_logical` and `payload`.

use std::collections::HashMap;
use std::fmt;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use super::finding::{Finding, Place};
use super::logical::{ConversionError, LogicalType};
use super::outline::Outline;
use super::position::Position;
use crate::types::{CompatibilityPolicy, Metadata, ProtobufPolicy, SchemaType};

/// A hash of a text, the same for as long as the process runs.
pub fn text_hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// A schema that has been read, with everything it refers to. Immutable.
pub trait Format: fmt::Debug + Send + Sync {
    /// The schema made ready for data. Formats differ in the encodings of their data, so each has methods of its own.
    type PayloadValidator
    where
        Self: Sized;

    /// Reads a schema text. How much it may be wrong depends on [`ParseMode`].
    ///
    /// # Errors
    /// [`SchemaError`] with Confluent's wording where it has one, the stage, and the position where it is known.
    fn parse(text: &str, references: &[ResolvedReference], options: &ParseOptions) -> Result<Self, SchemaError>
    where
        Self: Sized;

    fn schema_type(&self) -> SchemaType;

    /// The text that is stored and returned, and that the guid is made from.
    fn canonical(&self) -> &str;

    /// The text under `normalize=true`.
    ///
    /// # Errors
    /// When a type is missing (Protobuf), or the text would be nested too deep.
    fn normalized(&self) -> Result<String, SchemaError>;

    /// The text under `format=`, in any letter case; `None` for a word that the format does not know, which means the canonical
    /// text.
    fn formatted(&self, format: &str) -> Option<Result<String, SchemaError>>;

    /// One self-contained document: JSON Schema with what it refers to among its definitions, Avro with every named type spelled
    /// out at its first use, Protobuf as a `FileDescriptorSet`. The same schema always gives the same bytes.
    ///
    /// # Errors
    /// When the whole would be nested too deep.
    fn bundled(&self) -> Result<Vec<u8>, SchemaError>;

    /// Whether one subject treats both as the same schema. References, metadata and rules are for the caller to compare.
    fn equivalent(&self, other: &Self) -> bool
    where
        Self: Sized;

    /// A number that equivalent schemas share and that others hardly ever have, so that most of those need not be compared. It is
    /// the same for as long as the process runs.
    fn equivalence_hash(&self) -> u64;

    /// The name that the schema gives itself.
    fn name(&self) -> Option<String>;

    /// The names of the top-level fields, which reserved fields must not take.
    fn root_fields(&self) -> Vec<String>;

    fn tags(&self) -> Vec<EntityTags>;

    /// The text with inline tags added, then removed.
    ///
    /// # Errors
    /// When an entity is not there, unless those are to be ignored.
    fn edit_tags(&self, add: &[TagEdit], remove: &[TagEdit], ignore_unknown: bool) -> Result<String, SchemaError>;

    /// Bytes held, roughly, for caches.
    fn weight(&self) -> usize;

    /// Every reason why `reader` can't read what `writer` writes, in Confluent's order; none means that it can.
    ///
    /// # Errors
    /// When the work budget runs out: no verdict.
    fn check(reader: &Self, writer: &Self, options: &CheckOptions) -> Result<Vec<Finding>, CheckError>
    where
        Self: Sized;

    /// The ids of all findings that [`Format::check`] can have; docs/rules.md explains each.
    fn rules() -> Vec<&'static str>
    where
        Self: Sized;

    /// What the schema means to table engines. `metadata`: what stands beside the schema, where Avro keeps some of it.
    ///
    /// # Errors
    /// It has no such meaning, in Confluent's words.
    fn logical_type(&self, metadata: Option<&Metadata>) -> Result<LogicalType, ConversionError>;

    /// The normalized text of the schema that stands for a logical type. `name` names what has no name of its own. Must run where the
    /// stack is deep.
    ///
    /// # Errors
    /// The format has no such schema, in Confluent's words where it has some.
    fn from_logical(
        logical: &LogicalType,
        name: &str,
        references: &[ResolvedReference],
        max_depth: usize,
    ) -> Result<String, ConversionError>
    where
        Self: Sized;

    /// What the schema declares, in the order of the text. It has no more than so many declarations, whatever the text says.
    fn outline(&self) -> Outline;

    /// The lines and columns of offsets in the text as sent.
    fn positions(&self, offsets: &[u32]) -> HashMap<u32, Position>;

    /// The places of declarations that begin at these offsets of the text as sent.
    fn places(&self, offsets: &[u32]) -> HashMap<u32, Place>;

    /// Gets the schema ready for data. `part` chooses what the data is an instance of: the name of an Avro type or of a Protobuf
    /// message, a JSON pointer. `formats`: `format` of JSON Schema is an assertion.
    ///
    /// # Errors
    /// When the schema can't be used, or has no such part.
    fn payload_validator(self: &Arc<Self>, part: Option<&str>, formats: bool) -> Result<Self::PayloadValidator, SchemaError>
    where
        Self: Sized;
}

/// Why a text is being parsed; it decides how strict the parser is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ParseMode {
    /// A new schema (registration or compatibility check) while `validateNewSchemas` is on: everything is checked.
    New,
    /// Looking for a schema that may be stored already, or a new one while `validateNewSchemas` is off.
    Lookup,
    /// Registration with an explicit id: stored as it is, as long as it can be read at all.
    Import,
    /// A text out of the store, read again.
    Stored,
}

#[derive(Debug, Clone, Copy)]
pub struct ParseOptions {
    pub mode: ParseMode,
    /// Config key `validateFields`: format-specific extra checks (Protobuf: the file must link; JSON Schema:
    /// no root property beginning with `$$`).
    pub validate_fields: bool,
    /// Protobuf only: also refuse what a compiler would refuse.
    pub compiles: bool,
    /// JSON Schema only: also refuse what nothing but the meta-schema forbids.
    pub strict_metaschema: bool,
    /// Deepest nesting of the text that is read, in the levels of the format.
    pub max_depth: usize,
}

impl ParseOptions {
    /// Options for a mode, everything else at its default. `max_depth` must come from the configuration on server paths.
    pub fn new(mode: ParseMode, max_depth: usize) -> Self {
        Self { mode, validate_fields: false, compiles: false, strict_metaschema: false, max_depth }
    }
}

/// A referenced schema whose text has been found. A list of them is in resolution order: dependencies first, every name once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolvedReference {
    /// The reference's name: an Avro full name, an import path, a URI.
    pub name: String,
    /// Subject that holds the text, as the referring schema spells it.
    pub subject: String,
    pub version: i32,
    pub text: Arc<str>,
    /// True when the schema itself lists it; false for a reference of a reference.
    pub direct: bool,
}

/// The step at which a schema was refused; the message on the wire differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// The text could not be read.
    Parse,
    /// The text was read; no schema can be made of it. Confluent says no more than that, where it reads JSON Schema.
    Load,
    /// The text was read; what it says is not allowed.
    Validate,
    /// The text was read; a name in it stands for nothing that is there.
    Resolve,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SchemaError {
    pub stage: Stage,
    /// The innermost reason, in Confluent's words where it has some.
    pub message: String,
    /// Where, when it is known.
    pub position: Option<Position>,
}

impl SchemaError {
    pub fn parse(message: impl Into<String>) -> Self {
        Self { stage: Stage::Parse, message: message.into(), position: None }
    }

    pub fn validate(message: impl Into<String>) -> Self {
        Self { stage: Stage::Validate, message: message.into(), position: None }
    }

    pub fn at(mut self, position: Position) -> Self {
        self.position = Some(position);
        self
    }
}

/// Which side of a one-directional check is the candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// The candidate reads what the stored schema wrote.
    Backward,
    /// The stored schema reads what the candidate wrote.
    Forward,
}

impl Direction {
    /// The word for the reader in messages.
    pub fn reader(self) -> &'static str {
        match self {
            Direction::Backward => "new",
            Direction::Forward => "old",
        }
    }

    /// The word for the writer in messages.
    pub fn writer(self) -> &'static str {
        match self {
            Direction::Backward => "old",
            Direction::Forward => "new",
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub struct CheckOptions {
    pub direction: Direction,
    /// Strictness for JSON Schema.
    pub policy: CompatibilityPolicy,
    /// Rule set for Protobuf.
    pub protobuf_policy: ProtobufPolicy,
    /// Units of work after which a check gives up, where no request has a meter for all that it does.
    pub work_budget: u64,
}

/// Why a check gave no verdict.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckError {
    #[error("the check takes more than {limit} units of work")]
    BudgetExhausted { limit: u64 },
}

/// One edit of inline tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagEdit {
    /// Path of the entity, as the client wrote it.
    pub path: String,
    pub entity: TagEntity,
    pub tags: Vec<String>,
}

/// What a tag is attached to. On the wire `sr_record` and `sr_field`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, strum::EnumString, strum::IntoStaticStr, strum::VariantNames,
)]
pub enum TagEntity {
    /// A record, message or object.
    #[strum(serialize = "sr_record")]
    Record,
    #[strum(serialize = "sr_field")]
    Field,
}

/// The inline tags of one entity, as `findTags` lists them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityTags {
    pub path: String,
    pub entity: TagEntity,
    /// Its tags, as written.
    pub tags: Vec<String>,
}

/// The normalized form of a schema's text that a conversion wrote.
///
/// # Errors
/// The format refuses the schema: it has no such names, or the same name twice.
pub(crate) fn normalized<F: Format>(
    text: &str,
    references: &[ResolvedReference],
    options: &ParseOptions,
) -> Result<String, ConversionError> {
    let normalized = F::parse(text, references, options).and_then(|schema| schema.normalized());
    normalized.map_err(|error| ConversionError::new(error.message))
}
