//! RING 2: the use cases. The only caller of store, schema and compat; knows nothing of HTTP and nothing of SQL.
//!
//! One file is one use case: `register`, `lookup`, `find` (reads), `check`, `delete`, `settings` (config and mode), `contexts`,
//! `list`, `tags`, `associations`; for CloudEvents `events` (judging them), `resolve` (which schema an event is of), `bindings` (aliases
//! and event types) and `document`. `contents` is the cache of what is immutable; `parse` resolves references and reads texts.

use std::sync::Arc;

use crate::cloudevents::resolve::ResolveSettings;
use crate::store::{Clock, Store};
use crate::types::{CompatibilityLevel, Mode};

mod associations;
mod bindings;
mod check;
mod contents;
mod contexts;
mod delete;
mod document;
mod error;
mod events;
mod find;
mod list;
mod lookup;
mod names;
mod parse;
mod register;
mod resolve;
mod settings;
mod tags;

pub use associations::{
    AnsweredAssociation, AssociationDeletion, AssociationInput, AssociationOperation, AssociationQuery, AssociationsAnswer,
    AssociationsRequest,
};
pub use bindings::Origin;
pub use check::{CheckAnswer, CheckTarget};
pub use contents::Entry;
pub use document::{DocumentName, Located};
pub use error::{NotPermitted, RegistryError};
pub use events::{EventJudging, SchemaUse};
pub use find::{FoundById, FoundVersion};
pub use list::{AssociationMatch, ListedSchema, SchemaFilter};
pub use lookup::LookupOptions;
pub use parse::{RawReference, Submission};
pub use register::{RegisterOptions, Registered};
pub use resolve::{Hints, Reason, Resolution, Rival, Rule, Suggestion, Unresolved, WriterId};
pub use settings::Effective;
pub use tags::TagRequest;

use contents::Contents;

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
    /// Units of work of one comparison.
    pub work_budget: u64,
    /// Associations of resources with subjects.
    pub associations: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            avro_depth: 1000,
            json_depth: 512,
            protobuf_depth: 64,
            reference_depth: 64,
            reference_count: 1000,
            work_budget: 20_000_000,
            associations: 1_000_000,
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
            cache_bytes: 32 << 20,
            event_cache_bytes: 16 << 20,
            resolve: ResolveSettings::default(),
        }
    }
}

/// The registry: use cases over a store.
pub struct Registry {
    store: Arc<dyn Store>,
    clock: Clock,
    limits: Limits,
    defaults: Defaults,
    contents: Contents,
    settings: settings::SettingsCache,
    seen: register::SeenCache,
    prepared: events::Prepared,
    lanes: events::Lanes,
    bindings: bindings::BindingsCache,
    resolved: resolve::ResolveCache,
}

impl Registry {
    /// A registry over a store.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, clock: Clock, limits: Limits, defaults: Defaults) -> Self {
        // known registrations share their texts with the schemas, as long as both are held: an eighth is plenty
        let seen = register::SeenCache::new(defaults.cache_bytes / 8);
        let contents = Contents::new(defaults.cache_bytes - defaults.cache_bytes / 8);
        let settings = settings::SettingsCache::new();
        let prepared = events::Prepared::new(defaults.event_cache_bytes);
        let lanes = events::Lanes::new();
        let (bindings, resolved) = (bindings::BindingsCache::default(), resolve::ResolveCache::new());
        Self { store, clock, limits, defaults, contents, settings, seen, prepared, lanes, bindings, resolved }
    }

    /// The store, for health checks and shutdown.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// The configured defaults.
    #[must_use]
    pub fn defaults(&self) -> &Defaults {
        &self.defaults
    }

    fn now(&self) -> i64 {
        (self.clock)()
    }
}
