//! Which versions of a subject may hold a schema that is equivalent to a candidate, known without having those schemas at hand.
//!
//! A subject of ten thousand versions would otherwise be read from beginning to end for each registration: its parsed schemas are more
//! than the cache holds.

use std::sync::Arc;

use super::Registry;
use super::error::{RegistryError, readable};
use super::judging_pool::JobSize;
use super::parse::ParsedSubmission;
use super::schema_cache::{CachedSchema, KeyRef, SchemaKey};
use crate::cache::{CacheReading, Generational};
use crate::schema::{Parsed, text_hash};
use crate::types::SchemaId;

/// Memory for hashes: those of some 20,000 schemas.
const BYTES: u64 = 2 << 20;

/// What equivalent schemas have in common: their texts, or what those say.
#[derive(Debug, Clone, Copy)]
pub(super) struct EquivalenceHash {
    text: u64,
    /// `None` where the text can't be read.
    schema: Option<u64>,
}

impl EquivalenceHash {
    /// Whether one of each can be equivalent.
    pub(super) fn matches(self, other: Self) -> bool {
        self.text == other.text || self.schema.is_some() && self.schema == other.schema
    }
}

pub(super) struct EquivalenceHashes(Generational<SchemaKey, EquivalenceHash>);

impl EquivalenceHashes {
    pub(super) fn new() -> Self {
        Self(Generational::new(BYTES, 96, |(context, _), _| context.len() + 80))
    }

    pub(super) fn reading(&self) -> CacheReading {
        self.0.reading()
    }
}

impl Registry {
    pub(super) async fn hash_of_candidate(&self, candidate: &ParsedSubmission) -> Result<EquivalenceHash, RegistryError> {
        let (size, text, parsed) = (JobSize::Bytes(candidate.text.len()), Arc::clone(&candidate.text), candidate.parsed.clone());
        let hash = move || EquivalenceHash { text: text_hash(&text), schema: Some(parsed.equivalence_hash()) };
        self.judging_pool.run(size, hash).await
    }

    /// The hash of a stored schema, if it was made before.
    pub(super) fn known_hash(&self, context: &str, id: SchemaId) -> Option<EquivalenceHash> {
        self.equivalence_hashes.0.get(&KeyRef(context, id), self.store.known_generation().id_bindings)
    }

    pub(super) async fn hash_of(&self, schema: &Arc<CachedSchema>) -> Result<EquivalenceHash, RegistryError> {
        let (context, id) = (&schema.stored.context, schema.stored.id);
        if let Some(known) = self.known_hash(context, id) {
            return Ok(known);
        }
        let generation = self.store.known_generation().id_bindings;
        let parsed = readable(self.parsed(schema).await)?;
        let text = Arc::clone(&schema.stored.content.text);
        let hash = move || EquivalenceHash { text: text_hash(&text), schema: parsed.as_ref().map(Parsed::equivalence_hash) };
        let hash = self.judging_pool.run(JobSize::Bytes(schema.stored.content.text.len()), hash).await?;
        self.equivalence_hashes.0.insert((Arc::clone(context), id), generation, hash);
        Ok(hash)
    }
}
