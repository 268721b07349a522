//! RING 0: the vocabulary: validated values without I/O and without wire formats.

mod actor;
mod association;
mod binding;
mod clock;
mod content;
mod contract;
mod distance;
mod exporter;
mod hex;
mod ids;
mod key;
mod policy;
mod schema_type;
mod search_words;
mod subject;
mod timestamp;
mod xregistry;

pub use actor::Actor;
pub use association::{ANY_RESOURCE, Association, AssociationType, Lifecycle, Resource, TOPIC};
pub use binding::{Alias, AliasTarget, SchemaName, TypeBinding};
pub use clock::Clock;
pub use content::{Content, Reference, guid_of};
pub use contract::{
    ExecutionEnvironment, JavaStr, Metadata, RESERVED_PROPERTY, Rule, RuleKind, RuleMode, RuleSet, VERSION_PROPERTY,
};
pub use distance::edit_distance;
pub use exporter::{Exporter, ExporterContextType, ExporterState, LinkKind, StoredExporter};
pub use hex::hex;
pub use ids::{Guid, MAX_IMPORTED, SchemaId, Version, VersionSelector};
pub use key::{Dek, DekAlgorithm, DekName, Kek, KmsProps, LISTED_DEK_VERSIONS};
pub use policy::{CompatibilityLevel, Config, Mode};
pub use schema_type::{CompatibilityPolicy, ProtobufPolicy, SchemaType};
pub use search_words::{SchemaWords, WordPlace, WordSet, words_of_query, words_of_subject};
pub use subject::{DEFAULT_CONTEXT, GLOBAL_CONTEXT, Subject, context_from_segment, split_qualified};
pub use timestamp::{civil, days, parse_timestamp, timestamp};
pub use xregistry::xregistry_id;
