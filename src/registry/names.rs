//! Names and digests of schemas: filed at registration, and afterwards for those that an older release stored.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::Registry;
use super::error::RegistryError;
use crate::cloudevents::resolve::{SchemaUri, canonical};
use crate::schema::Parsed;
use crate::store::SchemaNames;
use crate::types::SchemaName;

/// Most names of one schema.
const MAX_NAMES: usize = 2000;
/// Schemas that are filed at once, lest other writes wait.
const BATCH: i64 = 50;

/// SHA-256 of a schema's text.
pub(super) fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

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
    /// Files digests and names of the schemas that lack them, in small batches until none is left; the number of schemas filed.
    /// To be run once in the background after a start: schemas are served all the while, but can't be found by name before.
    ///
    /// # Errors
    /// Store failures.
    pub async fn file_names(&self) -> Result<usize, RegistryError> {
        let mut filed = 0;
        loop {
            let unfiled = self.store.unfiled(BATCH).await?;
            let mut batch = Vec::with_capacity(unfiled.len());
            for stored in unfiled {
                let (context, id, guid) = (stored.context.to_string(), stored.id, stored.guid);
                let digest = digest(&stored.content.text);
                // past the cache, which must not be flushed by this
                let parsed = self.parsed(&Arc::new(super::Entry::new(stored))).await?;
                let names = parsed.as_ref().map(names).unwrap_or_default();
                batch.push(SchemaNames { context, id, guid, digest, names });
            }
            if batch.is_empty() {
                return Ok(filed);
            }
            filed += batch.len();
            self.store.file_names(batch).await?;
        }
    }
}
