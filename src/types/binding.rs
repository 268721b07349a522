//! What administrators tell the registry about the schemas of events: aliases of URIs and bindings of event types.

use super::ids::{Guid, VersionSelector};
use super::subject::Subject;

/// What an alias stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AliasTarget {
    /// A version of a subject, or always its latest.
    Version(Subject, VersionSelector),
    /// A schema, wherever it is held.
    Guid(Guid),
}

/// A URI that stands for a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alias {
    /// The URI, to the letter.
    pub uri: String,
    /// What it stands for.
    pub target: AliasTarget,
}

/// The schema of events of a type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeBinding {
    /// The type; `*` stands for any run of characters.
    pub pattern: String,
    pub subject: Subject,
    pub version: VersionSelector,
    /// An event of the type without `dataschema` is at fault.
    pub require_dataschema: bool,
}

/// A name that a schema gives to itself or to what it declares.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SchemaName {
    /// The absolute `$id` of a JSON Schema's root.
    JsonId(String),
    /// The full name of a Protobuf message.
    Message(String),
}

impl SchemaName {
    /// Longest name that is filed: one of an event is at most a URI.
    pub const MAX_BYTES: usize = 2048;

    /// The kind of name, as it is stored.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::JsonId(_) => "id",
            Self::Message(_) => "message",
        }
    }

    /// The name itself.
    pub fn text(&self) -> &str {
        match self {
            Self::JsonId(name) | Self::Message(name) => name,
        }
    }
}
