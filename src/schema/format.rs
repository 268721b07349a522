//! What every format module takes and gives: the same face for Avro, Protobuf and JSON Schema.

use std::fmt;
use std::sync::Arc;

use crate::types::{CompatibilityPolicy, ProtobufPolicy};

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

/// How to parse.
#[derive(Debug, Clone, Copy)]
pub struct ParseOptions {
    /// Why the text is parsed.
    pub mode: ParseMode,
    /// Config key `validateFields`: format-specific extra checks (Protobuf: the file must link; JSON Schema:
    /// no root property beginning with `$$`).
    pub validate_fields: bool,
    /// JSON Schema only: refuse what just the meta-schema forbids.
    pub strict_metaschema: bool,
    /// Deepest nesting of the text that is read, in the levels of the format.
    pub max_depth: usize,
}

impl ParseOptions {
    /// Options for a mode, everything else at its default. `max_depth` must come from the configuration on server paths.
    #[must_use]
    pub fn new(mode: ParseMode, max_depth: usize) -> Self {
        Self { mode, validate_fields: false, strict_metaschema: false, max_depth }
    }
}

/// A referenced schema whose text has been found. A list of them is in resolution order: dependencies first, every name once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolvedReference {
    /// The reference's name: an Avro full name, an import path, a URI.
    pub name: String,
    /// Subject that holds the text, as the referring schema spells it.
    pub subject: String,
    /// Version in that subject.
    pub version: i32,
    /// The stored text.
    pub text: Arc<str>,
    /// True when the schema itself lists it; false for a reference of a reference.
    pub direct: bool,
}

/// Where something stands in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// Byte offset.
    pub offset: u32,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters (Unicode scalar values), from 1.
    pub column: u32,
}

impl Position {
    /// The position of a byte offset in `text`; offsets past the end mean the end.
    #[must_use]
    pub fn of(text: &str, offset: usize) -> Self {
        let mut offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let before = text.get(..offset).unwrap_or("");
        let start = before.rfind('\n').map_or(0, |i| i + 1);
        let clamp = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self {
            offset: clamp(offset),
            line: clamp(before.bytes().filter(|b| *b == b'\n').count() + 1),
            column: clamp(before.get(start..).unwrap_or("").chars().count() + 1),
        }
    }
}

/// At which step a schema was refused; the wire message differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// The text could not be read.
    Parse,
    /// The text was read; what it says is not allowed.
    Validate,
}

/// A schema that is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaError {
    /// The step.
    pub stage: Stage,
    /// The innermost reason, in the peer's words where it has some.
    pub message: String,
    /// Where, when it is known.
    pub position: Option<Position>,
}

impl SchemaError {
    /// A text that can't be read.
    #[must_use]
    pub fn parse(message: impl Into<String>) -> Self {
        Self { stage: Stage::Parse, message: message.into(), position: None }
    }

    /// A text that is read but not allowed.
    #[must_use]
    pub fn validate(message: impl Into<String>) -> Self {
        Self { stage: Stage::Validate, message: message.into(), position: None }
    }

    /// The same error with its place.
    #[must_use]
    pub fn at(mut self, position: Position) -> Self {
        self.position = Some(position);
        self
    }
}

impl fmt::Display for SchemaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for SchemaError {}

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
    #[must_use]
    pub fn reader(self) -> &'static str {
        match self {
            Direction::Backward => "new",
            Direction::Forward => "old",
        }
    }

    /// The word for the writer in messages.
    #[must_use]
    pub fn writer(self) -> &'static str {
        match self {
            Direction::Backward => "old",
            Direction::Forward => "new",
        }
    }
}

/// How a check is made.
#[derive(Debug, Clone, Copy)]
pub struct CheckOptions {
    /// Which side is the candidate.
    pub direction: Direction,
    /// Strictness for JSON Schema.
    pub policy: CompatibilityPolicy,
    /// Rule set for Protobuf.
    pub protobuf_policy: ProtobufPolicy,
    /// Units of work (about one node pair each) after which a check gives up.
    pub work_budget: u64,
}

/// Why a check gave no verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckError {
    /// The work budget ran out.
    BudgetExhausted {
        /// The budget that was set.
        limit: u64,
    },
}

/// One edit of inline tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagEdit {
    /// Path of the entity, as the client wrote it.
    pub path: String,
    /// What the path names.
    pub entity: TagEntity,
    /// The tags.
    pub tags: Vec<String>,
}

/// What a tag is attached to. On the wire `sr_record` and `sr_field`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TagEntity {
    /// A record, message or object.
    Record,
    /// A field or property.
    Field,
}

/// The inline tags of one entity, as `findTags` lists them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityTags {
    /// Path of the entity.
    pub path: String,
    /// What it is.
    pub entity: TagEntity,
    /// Its tags, as written.
    pub tags: Vec<String>,
}
