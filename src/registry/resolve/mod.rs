//! Which schema an event is of.
//!
//! The rules are tried in the order of [`ResolutionRule`]; the first that finds a schema decides, and the answer tells which rules were tried.
//! Nothing is ever fetched: a URI is a name, and all that it can name is in the store. `resolution_rules` tries them, `cache` remembers
//! what a URI named, `suggest` looks for what may have been meant.

mod cache;
mod resolution_rules;
mod suggest;

use std::sync::Arc;

use super::schema_cache::CachedSchema;
use crate::access::Rights;
use crate::cloudevents::WriterId;
use crate::cloudevents::resolve::UriError;
use crate::types::{Guid, SchemaId, SchemaType, Subject, Version, VersionSelector};

pub(super) use cache::{ResolvedUris, resolved_uris};

/// A rule by which a schema is found, in the order in which they are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ResolutionRule {
    /// The caller named the version.
    Override,
    /// The URI is an alias, stored or configured.
    Alias,
    /// The URI is one of this registry's own.
    OwnBase,
    /// The URI is below a configured base.
    BaseTemplate,
    /// The URI is the `$id` of a JSON Schema.
    SchemaId,
    /// The URI is the type URL of a Protobuf message.
    TypeUrl,
    /// A record header names the schema that the writer used.
    RecordHeader,
    /// The payload begins with the id or guid of the schema that the writer used.
    Framing,
    /// The event's type is bound to a schema.
    TypeBinding,
    /// A subject is called like the event's type.
    Convention,
}

impl ResolutionRule {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Override => "override",
            Self::Alias => "alias",
            Self::OwnBase => "own-base",
            Self::BaseTemplate => "base-template",
            Self::SchemaId => "schema-id",
            Self::TypeUrl => "type-url",
            Self::RecordHeader => "record-header",
            Self::Framing => "framing",
            Self::TypeBinding => "type-binding",
            Self::Convention => "convention",
        }
    }
}

/// All that can tell which schema an event is of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Hints {
    /// The attribute `dataschema`, as it was sent.
    pub dataschema: Option<String>,
    /// The attribute `type`.
    pub event_type: Option<String>,
    /// The header of a Kafka record (`__value_schema_id`).
    pub record_header: Option<WriterId>,
    /// What the payload begins with.
    pub framing: Option<WriterId>,
    /// The version that the caller wants used, whatever the event says.
    pub chosen: Option<(Subject, VersionSelector)>,
    /// The context that ids of writers belong to; by default the default one.
    pub context: Option<String>,
}

/// The schema of an event.
#[derive(Debug, Clone)]
pub struct Resolution {
    /// The rule that found it.
    pub resolved_by: ResolutionRule,
    /// The subject that was named; where only an id, a guid or a name was, that of the oldest live holder.
    pub subject: Subject,
    pub version: Version,
    pub schema: Arc<CachedSchema>,
    /// What the URI selects in the schema: a message, a record, a JSON pointer. Decoded, without `#`.
    pub fragment: Option<String>,
    /// The same hints will name this schema for as long as it is there; false where they name whatever is the latest.
    pub immutable: bool,
    /// The version is soft-deleted.
    pub deleted: bool,
    /// The rules that were tried, this one last.
    pub tried: Vec<ResolutionRule>,
    /// The event has no `dataschema`, and the binding of its type demands one.
    pub lacks_dataschema: bool,
    /// The schema that the writer used by its own word (record header, else framing), where something else decided.
    pub writer: Option<Box<Resolution>>,
}

impl Resolution {
    pub fn id(&self) -> SchemaId {
        self.schema.stored.id
    }
    pub fn guid(&self) -> Guid {
        self.schema.stored.guid
    }
    pub fn schema_type(&self) -> SchemaType {
        self.schema.stored.content.schema_type
    }

    /// Whether all that was found may be read.
    fn is_readable(&self, rights: &Rights) -> bool {
        rights.reads(&self.subject) && self.writer.as_ref().is_none_or(|writer| writer.is_readable(rights))
    }
}

/// One of several schemas that have the name that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rival {
    /// The oldest live holder's subject.
    pub subject: Subject,
    pub version: Version,
    pub id: SchemaId,
    pub guid: Guid,
}

/// What may have been meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Suggestion {
    /// A URI that is an alias.
    Alias(String),
    /// A version that exists.
    Version(Subject, VersionSelector),
}

/// Why no schema was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnresolvedReason {
    /// There is nothing to go by.
    NoHint,
    /// `dataschema` is no URI, and nothing else helped.
    NotAUri(UriError),
    /// What was named is not here; the text says what.
    Unknown(String),
    /// Several schemas have the name: none is picked.
    Ambiguous {
        /// The name: an `$id`, or that of a message.
        name: String,
        /// The schemas that have it.
        rivals: Vec<Rival>,
    },
}

/// An event whose schema is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unresolved {
    pub reason: UnresolvedReason,
    pub tried: Vec<ResolutionRule>,
    /// What may have been meant.
    pub did_you_mean: Vec<Suggestion>,
    /// The event has no `dataschema`, and the binding of its type demands one.
    pub lacks_dataschema: bool,
}
