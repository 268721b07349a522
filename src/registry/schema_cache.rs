//! Schemas by id, kept in memory with their parsed forms.
//!
//! What a schema says never changes, so an entry holds until a purge or an import could have made its id stand for another one.

use std::sync::{Arc, OnceLock};

use quick_cache::Equivalent;
use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;

use super::Registry;
use super::error::{Failure, RegistryError};
use crate::cache::{CacheReading, Generational};
use crate::schema::{ParseMode, Parsed, SchemaError};
use crate::store::StoredSchema;
use crate::types::{SchemaId, Subject};

/// SHA-256 of a schema's text.
pub(super) fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

/// A stored schema, and its parsed form once something needed it.
#[derive(Debug)]
pub struct CachedSchema {
    pub stored: StoredSchema,
    parsed: OnceCell<Result<Parsed, SchemaError>>,
    digest: OnceLock<[u8; 32]>,
}

impl CachedSchema {
    pub(super) fn new(stored: StoredSchema) -> Self {
        Self { stored, parsed: OnceCell::new(), digest: OnceLock::new() }
    }

    /// SHA-256 of the text, computed once.
    pub fn digest(&self) -> [u8; 32] {
        *self.digest.get_or_init(|| digest(&self.stored.content.text))
    }

    fn weight(&self) -> usize {
        let parsed = self.parsed.get().and_then(|parsed| parsed.as_ref().ok());
        self.stored.content.text.len() + parsed.map_or(0, |parsed| parsed.weight()) + 512
    }
}

/// A context and an id in it.
pub(super) type SchemaKey = (Arc<str>, SchemaId);

/// A [`SchemaKey`] that borrows; it hashes alike.
#[derive(Hash)]
pub(super) struct KeyRef<'a>(pub(super) &'a str, pub(super) SchemaId);

impl Equivalent<SchemaKey> for KeyRef<'_> {
    fn equivalent(&self, (context, id): &SchemaKey) -> bool {
        *self.0 == **context && self.1 == *id
    }
}

pub(super) struct SchemaCache(Generational<SchemaKey, Arc<CachedSchema>>);

impl SchemaCache {
    pub(super) fn new(bytes: u64) -> Self {
        Self(Generational::undivided(bytes, 2048, |_, schema| schema.weight()))
    }

    pub(super) fn reading(&self) -> CacheReading {
        self.0.reading()
    }
}

/// Why loading gave nothing.
enum Absent {
    NoSuchId,
    Failed(RegistryError),
}

impl Registry {
    /// A schema by id from memory only.
    pub(super) fn cached(&self, context: &str, id: SchemaId) -> Option<Arc<CachedSchema>> {
        self.schemas.0.get(&KeyRef(context, id), self.store.known_generation().id_bindings)
    }

    pub(super) async fn schema_by_id(&self, context: &str, id: SchemaId) -> Result<Option<Arc<CachedSchema>>, RegistryError> {
        if let Some(schema) = self.cached(context, id) {
            return Ok(Some(schema));
        }
        let load = async {
            match self.store.schema(context, id).await {
                Ok(Some(stored)) => Ok(Arc::new(CachedSchema::new(stored))),
                Ok(None) => Err(Absent::NoSuchId),
                Err(error) => Err(Absent::Failed(error.into())),
            }
        };
        let generation = self.store.known_generation().id_bindings;
        match self.schemas.0.get_or_load(&(context.into(), id), generation, load).await {
            Ok(schema) => Ok(Some(schema)),
            Err(Absent::NoSuchId) => Ok(None),
            Err(Absent::Failed(error)) => Err(error),
        }
    }

    /// Several schemas of a context, in the order asked for; what can't be found is left out.
    pub(super) async fn schemas_by_ids(&self, context: &str, ids: &[SchemaId]) -> Result<Vec<Arc<CachedSchema>>, RegistryError> {
        let generation = self.store.known_generation().id_bindings;
        let mut found: Vec<Option<Arc<CachedSchema>>> =
            ids.iter().map(|id| self.schemas.0.get(&KeyRef(context, *id), generation)).collect();
        let missing: Vec<SchemaId> = ids.iter().zip(&found).filter(|(_, schema)| schema.is_none()).map(|(id, _)| *id).collect();
        if !missing.is_empty() {
            let name: Arc<str> = context.into();
            let mut loaded = std::collections::HashMap::new();
            for stored in self.store.schemas(context, &missing).await? {
                let (id, schema) = (stored.id, Arc::new(CachedSchema::new(stored)));
                self.schemas.0.insert((Arc::clone(&name), id), generation, Arc::clone(&schema));
                loaded.insert(id, schema);
            }
            for (id, slot) in ids.iter().zip(&mut found) {
                if slot.is_none() {
                    *slot = loaded.get(id).cloned();
                }
            }
        }
        Ok(found.into_iter().flatten().collect())
    }

    /// The parsed form of a stored schema, made once: who asks while it is being made waits for it.
    pub(super) async fn parsed(&self, schema: &Arc<CachedSchema>) -> Result<Parsed, Failure<SchemaError>> {
        if let Some(parsed) = schema.parsed.get() {
            return parsed.clone().map_err(Failure::Input);
        }
        let parsed = schema.parsed.get_or_try_init(|| self.parse_stored(schema)).await?.clone();
        let (context, id) = (&schema.stored.context, schema.stored.id);
        let generation = self.store.known_generation().id_bindings;
        let cached = self.schemas.0.get(&KeyRef(context, id), generation);
        if cached.is_some_and(|cached| Arc::ptr_eq(&cached, schema)) {
            // with its parsed form it weighs more than when it was loaded
            self.schemas.0.insert((Arc::clone(context), id), generation, Arc::clone(schema));
        }
        parsed.map_err(Failure::Input)
    }

    async fn parse_stored(&self, schema: &CachedSchema) -> Result<Result<Parsed, SchemaError>, RegistryError> {
        let content = &schema.stored.content;
        // unqualified references of a stored schema are relative to its own context
        let context = Subject::in_context(&schema.stored.context, "");
        let resolved = self.resolve_stored(&context, &content.references).await?;
        let options = self.parse_options(content.schema_type, ParseMode::Stored);
        let (schema_type, text) = (content.schema_type, Arc::clone(&content.text));
        let size = super::parse::size(&text, &resolved);
        self.judging_pool.run_shared(size, move || Parsed::parse(schema_type, &text, &resolved, &options)).await
    }
}
