//! Schemas made ready for data, by guid. As everything that is derived from a schema with its references, they hold until a purge
//! or an import.

use std::sync::Arc;

use super::{Registry, RegistryError};
use crate::cache::Generational;
use crate::registry::error::Failure;
use crate::registry::judging_pool::JobSize;
use crate::registry::schema_cache::CachedSchema;
use crate::schema::{PayloadValidator, SchemaError};
use crate::types::{Guid, SchemaType};

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in crate::registry) struct PreparedKey {
    guid: Guid,
    schema_type: SchemaType,
    /// References are relative to it.
    context: Arc<str>,
    formats: bool,
    fragment: Option<Box<str>>,
}

/// A schema made ready, or why it can't be.
type Prepared = Result<PayloadValidator, SchemaError>;

pub(in crate::registry) type PreparedSchemas = Generational<PreparedKey, Prepared>;

pub(in crate::registry) fn prepared_schemas(bytes: u64) -> PreparedSchemas {
    Generational::undivided(bytes, 4096, |_, prepared| prepared.as_ref().map_or(0, PayloadValidator::weight) + 512)
}

impl Registry {
    /// A schema made ready for data; the inner error is why it can't be.
    pub(in crate::registry) async fn prepared(
        &self,
        schema: &Arc<CachedSchema>,
        formats: bool,
        fragment: Option<&str>,
    ) -> Result<Prepared, RegistryError> {
        let stored = &schema.stored;
        let key = PreparedKey {
            guid: stored.guid,
            schema_type: stored.content.schema_type,
            context: Arc::clone(&stored.context),
            // only JSON Schema has formats
            formats: formats || stored.content.schema_type != SchemaType::Json,
            fragment: fragment.map(Into::into),
        };
        let generation = self.store.known_generation().id_bindings;
        if let Some(prepared) = self.prepared_schemas.get(&key, generation) {
            return Ok(prepared);
        }
        let prepare = self.prepare(schema, formats, key.fragment.clone());
        Box::pin(self.prepared_schemas.get_or_load(&key, generation, prepare)).await
    }

    async fn prepare(
        &self,
        schema: &Arc<CachedSchema>,
        formats: bool,
        fragment: Option<Box<str>>,
    ) -> Result<Prepared, RegistryError> {
        let parsed = match self.parsed(schema).await {
            Ok(parsed) => parsed,
            Err(Failure::Input(error)) => return Ok(Err(error)),
            Err(Failure::Registry(error)) => return Err(error),
        };
        // whoever asks meanwhile waits for it too
        self.judging_pool
            .run_shared(JobSize::Unmeasured, move || PayloadValidator::prepare(&parsed, formats, fragment.as_deref()))
            .await
    }
}
