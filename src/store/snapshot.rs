//! Everything of a registry at one moment, read without working with the database.

use std::collections::HashMap;

use super::{Scope, ScopeSettings};
use crate::types::{Dek, Kek, SchemaId};

/// Everything that clients can ask for, except versions, which are read page by page, associations, aliases and types of events, and
/// exporters.
#[derive(Debug)]
pub struct RegistrySnapshot {
    pub cluster_id: String,
    pub settings: HashMap<Scope, ScopeSettings>,
    pub keks: Vec<Kek>,
    /// Those that lists know of.
    pub deks: Vec<Dek>,
    /// The highest id that was ever handed out, by context.
    pub highest_ids: Vec<(String, SchemaId)>,
}

impl RegistrySnapshot {
    /// Whether nothing but versions was ever put in.
    pub fn is_empty(&self) -> bool {
        self.settings.is_empty() && self.keks.is_empty() && self.deks.is_empty()
    }
}

/// What a restored registry has beside what was registered.
#[derive(Debug, Clone, Default)]
pub struct Restored {
    /// What the registry is called from now on; `None` leaves it as it is.
    pub cluster_id: Option<String>,
    /// Ids that are handed out no more, by context: up to these.
    pub highest_ids: Vec<(String, SchemaId)>,
}
