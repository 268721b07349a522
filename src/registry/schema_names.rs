//! Names and digests of schemas: stored at registration, and by a backfill for those that an older release stored.

use std::sync::Arc;

use super::Registry;
use super::error::{RegistryError, readable};
use super::schema_cache::{CachedSchema, digest};
use crate::cloudevents::resolve::{SchemaUri, canonical};
use crate::schema::Parsed;
use crate::store::SchemaNames;
use crate::types::SchemaName;

/// Most names of one schema.
const MAX_NAMES: usize = 2000;
/// Batch size of the backfill; small, so that registrations don't wait behind it.
const BACKFILL_BATCH: i64 = 50;

/// The names under which a schema can be found: the absolute `$id` of a JSON Schema's root, the messages of a .proto file.
pub(super) fn names(parsed: &Parsed) -> Vec<SchemaName> {
    let mut names = match parsed {
        Parsed::Avro(_) => Vec::new(),
        Parsed::Json(schema) => {
            schema.id().filter(|id| is_absolute(id)).map(|id| SchemaName::JsonId(canonical(id))).into_iter().collect()
        }
        Parsed::Protobuf(schema) => schema.message_names().into_iter().map(SchemaName::Message).collect::<Vec<_>>(),
    };
    names.retain(|name| name.text().len() <= SchemaName::MAX_BYTES);
    names.truncate(MAX_NAMES);
    names
}

fn is_absolute(id: &str) -> bool {
    SchemaUri::parse(id).is_ok_and(|uri| uri.scheme().is_some())
}

impl Registry {
    /// Adds digests and names to the schemas that lack them, in small batches until none is left; returns how many there were.
    /// To be run once in the background after a start: schemas are served all the while, but can't be found by name before.
    ///
    /// # Errors
    /// Store failures.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn backfill_names(&self) -> Result<usize, RegistryError> {
        let mut done = 0;
        loop {
            let schemas = self.store.schemas_without_names(BACKFILL_BATCH).await?;
            let mut batch = Vec::with_capacity(schemas.len());
            for stored in schemas {
                let (context, id, guid) = (stored.context.to_string(), stored.id, stored.guid);
                let digest = digest(&stored.content.text);
                // not through the cache: this would push out what clients ask for
                let parsed = readable(self.parsed(&Arc::new(CachedSchema::new(stored))).await)?;
                let names = parsed.as_ref().map(names).unwrap_or_default();
                batch.push(SchemaNames { context, id, guid, digest, names });
            }
            if batch.is_empty() {
                return Ok(done);
            }
            done += batch.len();
            self.store.put_schema_names(batch).await?;
        }
    }
}
