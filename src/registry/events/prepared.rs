//! Schemas made ready for data, kept in memory by guid.
//!
//! Bounded by bytes. As with everything that is kept, what was made before a purge or an import is made again: a reference may
//! stand for another text since.

use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::{Registry, RegistryError};
use crate::registry::Entry;
use crate::schema::PayloadValidator;
use crate::schema::SchemaError;
use crate::types::{Guid, SchemaType};

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    guid: Guid,
    schema_type: SchemaType,
    /// References are relative to it.
    context: Arc<str>,
    formats: bool,
    fragment: Option<Box<str>>,
}

type Made = Result<PayloadValidator, SchemaError>;

#[derive(Clone)]
struct ByBytes;

impl Weighter<Key, (i64, Made)> for ByBytes {
    fn weight(&self, _: &Key, made: &(i64, Made)) -> u64 {
        let bytes = made.1.as_ref().map_or(0, PayloadValidator::weight);
        u64::try_from(bytes).unwrap_or(u64::MAX).saturating_add(512)
    }
}

/// The cache.
pub(in crate::registry) struct Prepared {
    cache: Cache<Key, (i64, Made), ByBytes>,
}

impl Prepared {
    pub(in crate::registry) fn new(bytes: u64) -> Self {
        let items = usize::try_from(bytes / 4096).unwrap_or(usize::MAX).max(64);
        Self { cache: Cache::with_weighter(items, bytes, ByBytes) }
    }
}

impl Registry {
    /// A schema made ready for data; the inner error is why it can't be.
    pub(super) async fn prepared(
        &self,
        entry: &Arc<Entry>,
        formats: bool,
        fragment: Option<&str>,
    ) -> Result<Made, RegistryError> {
        let stored = &entry.stored;
        let meanings = self.store.known_generation().meanings;
        let key = Key {
            guid: stored.guid,
            schema_type: stored.content.schema_type,
            context: Arc::clone(&stored.context),
            // only JSON Schema has formats
            formats: formats || stored.content.schema_type != SchemaType::Json,
            fragment: fragment.map(Into::into),
        };
        if let Some((_, made)) = self.prepared.cache.get(&key).filter(|(made, _)| *made == meanings) {
            return Ok(made);
        }
        let made = Box::pin(self.prepare(entry, formats, key.fragment.clone())).await?;
        self.prepared.cache.insert(key, (meanings, made.clone()));
        Ok(made)
    }

    async fn prepare(&self, entry: &Arc<Entry>, formats: bool, part: Option<Box<str>>) -> Result<Made, RegistryError> {
        let parsed = match self.parsed(entry).await? {
            Ok(parsed) => parsed,
            Err(error) => return Ok(Err(error)),
        };
        let task = tokio::task::spawn_blocking(move || PayloadValidator::prepare(&parsed, formats, part.as_deref()));
        Ok(task.await.unwrap_or_else(|_| Err(SchemaError::validate("it could not be made ready"))))
    }
}
