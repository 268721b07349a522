//! What is immutable, kept in memory: schemas by id, with their parsed form once something needed it.
//!
//! Bounded by bytes. An entry holds as long as no purge or import happened since it was loaded; only those can make an id
//! stand for something else.

use std::sync::{Arc, OnceLock};

use quick_cache::sync::Cache;
use quick_cache::{Equivalent, Weighter};

use super::Registry;
use super::error::RegistryError;
use crate::schema::{ParseMode, Parsed, SchemaError};
use crate::store::StoredSchema;
use crate::types::{SchemaId, Subject};

/// A stored schema and its parsed form.
#[derive(Debug)]
pub struct Entry {
    /// The schema.
    pub stored: StoredSchema,
    parsed: OnceLock<Result<Parsed, SchemaError>>,
    digest: OnceLock<[u8; 32]>,
}

impl Entry {
    pub(super) fn new(stored: StoredSchema) -> Self {
        Self { stored, parsed: OnceLock::new(), digest: OnceLock::new() }
    }

    /// SHA-256 of the text, computed once.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        *self.digest.get_or_init(|| super::names::digest(&self.stored.content.text))
    }
}

type Key = (Arc<str>, SchemaId);

/// The same, borrowed; it hashes alike.
#[derive(Hash)]
struct KeyRef<'a>(&'a str, SchemaId);

impl Equivalent<Key> for KeyRef<'_> {
    fn equivalent(&self, (context, id): &Key) -> bool {
        *self.0 == **context && self.1 == *id
    }
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<Key, (i64, Arc<Entry>)> for ByBytes {
    fn weight(&self, _: &Key, entry: &(i64, Arc<Entry>)) -> u64 {
        let stored = &entry.1.stored;
        // the parsed form, which comes later, weighs several times the text
        (stored.content.text.len() as u64).saturating_mul(8) + 1024
    }
}

pub(super) struct Contents {
    cache: Cache<Key, (i64, Arc<Entry>), ByBytes>,
}

impl Contents {
    pub(super) fn new(bytes: u64) -> Self {
        let items = usize::try_from(bytes / 2048).unwrap_or(usize::MAX).max(64);
        Self { cache: Cache::with_weighter(items, bytes, ByBytes) }
    }

    fn get(&self, context: &str, id: SchemaId, meanings: i64) -> Option<Arc<Entry>> {
        let (loaded, entry) = self.cache.get(&KeyRef(context, id))?;
        (loaded == meanings).then_some(entry)
    }

    fn put(&self, key: Key, meanings: i64, stored: StoredSchema) -> Arc<Entry> {
        let entry = Arc::new(Entry::new(stored));
        self.cache.insert(key, (meanings, Arc::clone(&entry)));
        entry
    }

    /// (entries, bytes) held.
    pub(super) fn size(&self) -> (usize, u64) {
        (self.cache.len(), self.cache.weight())
    }
}

impl Registry {
    /// A schema by id from memory only.
    pub(super) fn cached(&self, context: &str, id: SchemaId) -> Option<Arc<Entry>> {
        self.contents.get(context, id, self.store.known_generation().meanings)
    }

    /// Entries and bytes in the schema cache.
    #[must_use]
    pub fn cache_size(&self) -> (usize, u64) {
        self.contents.size()
    }

    /// A schema by id.
    pub(super) async fn entry(&self, context: &str, id: SchemaId) -> Result<Option<Arc<Entry>>, RegistryError> {
        if let Some(entry) = self.cached(context, id) {
            return Ok(Some(entry));
        }
        let meanings = self.store.known_generation().meanings;
        let stored = self.store.schema(context, id).await?;
        Ok(stored.map(|stored| self.contents.put((Arc::clone(&stored.context), id), meanings, stored)))
    }

    /// Several schemas of a context, in the order asked for; what can't be found is left out.
    pub(super) async fn entries(&self, context: &str, ids: &[SchemaId]) -> Result<Vec<Arc<Entry>>, RegistryError> {
        let meanings = self.store.known_generation().meanings;
        let mut found: Vec<Option<Arc<Entry>>> = ids.iter().map(|id| self.contents.get(context, *id, meanings)).collect();
        let missing: Vec<SchemaId> = ids.iter().zip(&found).filter(|(_, entry)| entry.is_none()).map(|(id, _)| *id).collect();
        if !missing.is_empty() {
            let name: Arc<str> = context.into();
            let mut loaded = std::collections::HashMap::new();
            for stored in self.store.schemas(context, &missing).await? {
                loaded.insert(stored.id, self.contents.put((Arc::clone(&name), stored.id), meanings, stored));
            }
            for (id, slot) in ids.iter().zip(&mut found) {
                if slot.is_none() {
                    *slot = loaded.get(id).cloned();
                }
            }
        }
        Ok(found.into_iter().flatten().collect())
    }

    /// The parsed form of a stored schema, made once.
    pub(super) async fn parsed(&self, entry: &Arc<Entry>) -> Result<Result<Parsed, SchemaError>, RegistryError> {
        if let Some(parsed) = entry.parsed.get() {
            return Ok(parsed.clone());
        }
        let content = &entry.stored.content;
        // unqualified references of a stored schema are relative to its own context
        let home = Subject::in_context(&entry.stored.context, "");
        let resolved = self.resolve_stored(&home, &content.references).await?;
        let options = self.parse_options(content.schema_type, ParseMode::Stored, false);
        let (schema_type, text) = (content.schema_type, Arc::clone(&content.text));
        let parsed = super::parse::run(schema_type, text, resolved, options).await;
        Ok(entry.parsed.get_or_init(|| parsed).clone())
    }
}
