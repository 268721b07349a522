//! RING 2: the use cases. What takes the store and the engines (`schema`, `compat`) together is decided here; nothing here knows of HTTP or
//! SQL.
//!
//! One file is one use case; most add methods to [`Registry`]:
//!
//! | file | what |
//! | --- | --- |
//! | `register`, `registered`, `turns` | registering a schema, and the answer to it; who is overtaken again and again |
//! | `register_tree` | registering schemas that refer to one another, all of them or none |
//! | `from_logical` | registering what is given as a logical type (`format=logical`) |
//! | `import` | many versions at once, as another registry has them |
//! | `lookup`, `equivalence` | finding a submitted schema under a subject, and which versions need not be looked at |
//! | `get` | reading by id, by guid, by subject and version |
//! | `check` | compatibility checks |
//! | `delete` | deleting versions and subjects |
//! | `config`, `mode`, `effective` | settings: changing them, and what is effective for a subject |
//! | `list`, `contexts` | lists |
//! | `search/`, `statistics` | finding by words, and the words to be found by; how much there is |
//! | `diff`, `references` | what changed between two schemas; what refers to what |
//! | `usage/` | who reads which version, and whom a new schema would hurt |
//! | `tags` | editing tags, metadata and rules of a version |
//! | `outbox` | how long changes are kept |
//! | `audit` | the record of who changed what |
//! | `associations/` | associations of resources with subjects |
//! | `exporters/` | copying into other registries |
//! | `keys/` | keys of client-side encryption, and what registration adds to rules of encryption |
//! | `document` | schemas as documents under CloudEvents URLs |
//! | `resolve/`, `bindings` | which schema an event is of; aliases and event types |
//! | `events/` | judging events |
//! | `records` | decoding and encoding data |
//! | `rules`, `migrate` | rules of data contracts: held to their schema, run on data; data of one version as another sees it |
//! | `judging_pool` | what judging may cost, and where it runs |
//! | `submission`, `parse`, `invalid_schema` | what clients submit; reading it; why it is refused |
//! | `schema_cache`, `schema_names` | schemas in memory; names and digests, and their backfill |
//! | `readings` | how it stands with the registry, for those who watch it |
//! | `subject_name`, `error` | names that are not allowed; what can go wrong |

use std::sync::Arc;

use crate::cache::Generational;
use crate::cloudevents::resolve::ResolveSettings;
use crate::jsonata::JsonataEngine;
use crate::kms::{Kms, SecretSeal};
use crate::store::Store;
use crate::types::{Clock, CompatibilityLevel, Mode};

mod associations;
mod audit;
mod bindings;
mod check;
mod config;
mod contexts;
mod delete;
mod diff;
mod document;
mod effective;
mod equivalence;
mod error;
mod events;
mod exporters;
mod from_logical;
mod get;
mod import;
mod invalid_schema;
mod judging_pool;
mod keys;
mod list;
mod lookup;
mod migrate;
mod mode;
mod outbox;
mod parse;
mod readings;
mod records;
mod references;
mod register;
mod register_tree;
mod registered;
mod resolve;
mod rules;
mod schema_cache;
mod schema_names;
mod search;
mod statistics;
mod subject_name;
mod submission;
mod tags;
mod turns;
mod usage;

pub use crate::compat::VersionFinding;
pub use crate::compat::diff::{Change, ChangeKind, Changes};
pub use associations::{
    AnsweredAssociation, AssociateOptions, AssociationDeletion, AssociationInput, AssociationOperation, AssociationQuery,
    AssociationsAnswer, AssociationsRequest,
};
pub use bindings::WithOrigin;
pub use check::{CheckAnswer, CheckParameters, CheckTarget};
pub use diff::{DiffSide, DiffSource, LevelVerdict, SchemaDiff};
pub use document::{DocumentName, LocatedDocument};
pub use effective::Effective;
pub use error::{DekForm, ExporterError, NotPermitted, RegistryError};
pub use events::{EventJudging, SchemaUse};
pub use exporters::ExporterEvent;
pub use get::{FoundById, FoundVersion};
pub use import::{CopiedVersion, ReadVersions};
pub use invalid_schema::{InvalidSchema, LogicalRefusal, ReferenceError, Submitted};
pub use judging_pool::{JudgingLimits, JudgingLoad, in_proportion};
pub use keys::{DekInput, DekVersion, KekInput, KekPatch, KeyPage, ReadDek, check_dek_name};
pub use list::{AssociationMatch, ListedSchema, SchemaFilter};
pub use lookup::LookupOptions;
pub use migrate::{MigratedRecord, MigrationStep};
pub use readings::RegistryReadings;
pub use records::{DecodeInput, DecodedRecord, EncodedRecord, RecordSchema, SampledRecords};
pub use references::{ReferenceEdge, ReferenceGraph, ReferenceNode};
pub use register::RegisterOptions;
pub use register_tree::{TreeAnswer, TreeMember};
pub use registered::Registered;
pub use resolve::{Hints, Resolution, ResolutionRule, Rival, Suggestion, Unresolved, UnresolvedReason};
pub use rules::ValidatedRecord;
pub use schema_cache::CachedSchema;
pub use search::{BrowseAfter, FoundDeclaration, FoundPage, FoundSubject, MatchKind, Search};
pub use submission::{Alongside, RawReference, Submission};
pub use tags::TagRequest;
pub use usage::{
    ClientIdentity, ClientKey, ClientUsage, Impact, ImpactedVersion, ReadSchema, Usage, UsageTally, UsedVersion, WrittenUsage,
};

/// How often a change is decided anew because its subject has moved on meanwhile, before the client is told to try again.
const MAX_DECISIONS: usize = 64;

/// Limits that protect the server; each has a setting.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Nesting of Avro texts, in JSON levels.
    pub avro_depth: usize,
    /// Nesting of JSON Schema texts.
    pub json_depth: usize,
    /// Nesting of Protobuf texts.
    pub protobuf_depth: usize,
    /// References of references of references …
    pub reference_depth: usize,
    /// References in a graph.
    pub reference_count: usize,
    /// What may be judged at once, and what one request may spend on it.
    pub judging: JudgingLimits,
    /// Associations of resources with subjects.
    pub associations: usize,
    /// Key encryption keys, and data encryption keys.
    pub keys: usize,
    pub exporters: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            avro_depth: 1000,
            json_depth: 512,
            protobuf_depth: 64,
            reference_depth: 64,
            reference_count: 1000,
            judging: JudgingLimits::default(),
            associations: 1_000_000,
            keys: 20_000,
            exporters: 100,
        }
    }
}

/// What the server's configuration decides.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "switches of the configuration, not states")]
pub struct Defaults {
    /// Level where no config says otherwise.
    pub level: CompatibilityLevel,
    /// Mode where none is set.
    pub mode: Mode,
    /// Modes may be changed.
    pub mode_mutability: bool,
    /// `validateFields` where no config says otherwise.
    pub validate_fields: bool,
    /// `validateNewSchemas` where no config says otherwise.
    pub validate_new_schemas: bool,
    /// `normalize` where no config says otherwise.
    pub normalize: bool,
    /// Refuse what only a JSON Schema meta-schema forbids.
    pub strict_metaschema: bool,
    /// Refuse two versions of one reference name in a graph.
    pub strict_reference_versions: bool,
    /// Refuse the empty subject.
    pub reject_empty_subject: bool,
    /// Most rows that `/schemas` and `referencedby` give at once.
    pub list_limit: usize,
    /// Bytes of schemas held in memory.
    pub cache_bytes: u64,
    /// Bytes of schemas held ready for data of events.
    pub event_cache_bytes: u64,
    /// How schemas of events are found.
    pub resolve: ResolveSettings,
    /// What wraps keys that are shared.
    pub kms: Kms,
    /// What seals the secrets of exporters.
    pub exporter_seal: Option<Arc<SecretSeal>>,
    /// What evaluates rules of JSONATA; without it they are not run.
    pub jsonata: Option<JsonataEngine>,
    /// Count who reads which version.
    pub usage: bool,
}

impl Default for Defaults {
    fn default() -> Self {
        Self {
            level: CompatibilityLevel::Backward,
            mode: Mode::ReadWrite,
            mode_mutability: true,
            validate_fields: false,
            validate_new_schemas: true,
            normalize: false,
            strict_metaschema: false,
            strict_reference_versions: false,
            reject_empty_subject: false,
            list_limit: 1000,
            cache_bytes: 16 << 20,
            event_cache_bytes: 16 << 20,
            resolve: ResolveSettings::default(),
            kms: Kms::default(),
            exporter_seal: None,
            jsonata: None,
            usage: true,
        }
    }
}

/// The registry: use cases over a store.
pub struct Registry {
    store: Arc<dyn Store>,
    clock: Clock,
    limits: Limits,
    defaults: Defaults,
    schemas: schema_cache::SchemaCache,
    equivalence_hashes: equivalence::EquivalenceHashes,
    known: register::KnownRegistrations,
    turns: turns::Turns,
    effective_settings: effective::EffectiveSettings,
    all_settings: effective::AllSettings,
    prepared_schemas: events::PreparedSchemas,
    judging_pool: judging_pool::JudgingPool,
    bindings: bindings::BindingsCache,
    resolved_uris: resolve::ResolvedUris,
    statistics: statistics::KeptStatistics,
    counts: readings::KeptCounts,
    verdicts: readings::Verdicts,
    usage: usage::UsageTally,
}

impl Registry {
    /// A registry over a store.
    pub fn new(store: Arc<dyn Store>, clock: Clock, limits: Limits, defaults: Defaults) -> Self {
        // known registrations share their texts with the schemas, as long as both are held: an eighth is plenty
        let known = defaults.cache_bytes / 8;
        Self {
            schemas: schema_cache::SchemaCache::new(defaults.cache_bytes - known),
            equivalence_hashes: equivalence::EquivalenceHashes::new(),
            known: register::known_registrations(known),
            turns: turns::Turns::default(),
            effective_settings: effective::effective_settings(),
            all_settings: Generational::single(),
            prepared_schemas: events::prepared_schemas(defaults.event_cache_bytes),
            judging_pool: judging_pool::JudgingPool::new(limits.judging),
            bindings: Generational::single(),
            statistics: statistics::KeptStatistics::default(),
            counts: readings::KeptCounts::default(),
            verdicts: readings::Verdicts::default(),
            resolved_uris: resolve::resolved_uris(),
            usage: usage::UsageTally::new(defaults.usage),
            store,
            clock,
            limits,
            defaults,
        }
    }

    /// The store, for health checks and shutdown.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// The configured defaults.
    pub fn defaults(&self) -> &Defaults {
        &self.defaults
    }

    /// Now, in milliseconds since 1970.
    pub fn now(&self) -> i64 {
        (self.clock)()
    }
}
