//! The words of a schema, at registration, and for what an older release stored.

use std::sync::Arc;

use crate::registry::Registry;
use crate::registry::error::{RegistryError, readable};
use crate::registry::schema_cache::CachedSchema;
use crate::schema::outline::DeclarationKind;
use crate::schema::{Declaration, Outline};
use crate::store::FiledWords;
use crate::types::{Metadata, SchemaWords, WordPlace};

/// Batch size of the backfill; small, so that registrations don't wait behind it.
const BACKFILL_BATCH: i64 = 50;
/// Words that formats use for descriptions.
const TEXTS: [&str; 4] = ["doc", "description", "title", "$comment"];
const TAGS: &str = "confluent:tags";

/// The words by which a schema is found. What is told apart as secret is not among them.
pub(in crate::registry) fn words(outline: &Outline, metadata: Option<&Metadata>) -> SchemaWords {
    let mut words = SchemaWords::default();
    for declaration in &outline.declarations {
        let place = if declaration.kind.is_type() { WordPlace::Names } else { WordPlace::Fields };
        if declaration.kind != DeclarationKind::Part {
            words.at_mut(place).add_name(&declaration.name);
        }
        for (key, value) in texts(declaration) {
            let set = words.at_mut(if key == TAGS { WordPlace::Labels } else { WordPlace::Texts });
            set.add_text(value);
        }
    }
    let Some(metadata) = metadata else { return words };
    let labels = words.at_mut(WordPlace::Labels);
    for (path, tags) in metadata.tags.iter().flatten() {
        labels.add_name(&path.0);
        for tag in tags {
            labels.add_name(&tag.0);
        }
    }
    for (key, value) in metadata.properties.iter().flatten() {
        labels.add_name(&key.0);
        if metadata.sensitive.as_ref().is_none_or(|sensitive| !sensitive.contains(key)) {
            labels.add_name(value);
        }
    }
    words
}

/// Facts that are searched as texts or tags.
pub(super) fn texts(declaration: &Declaration) -> impl Iterator<Item = (&str, &str)> {
    let facts = declaration.facts.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    facts.filter(|(key, _)| TEXTS.contains(key) || *key == TAGS)
}

impl Registry {
    /// Files the words of schemas and subjects that lack them, in small batches until none is left; returns how many there were. To be run
    /// once in the background after a start: they are served all the while, but can't be found by words before.
    ///
    /// # Errors
    /// Store failures.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn backfill_words(&self) -> Result<u64, RegistryError> {
        let mut done = 0;
        loop {
            let filed = self.store.file_subject_words(BACKFILL_BATCH).await?;
            done += filed;
            if filed == 0 {
                break;
            }
        }
        loop {
            let schemas = self.store.schemas_without_words(BACKFILL_BATCH).await?;
            let mut batch = Vec::with_capacity(schemas.len());
            for stored in schemas {
                let (context, id, guid) = (stored.context.to_string(), stored.id, stored.guid);
                let metadata = stored.content.metadata.clone();
                // not through the cache: this would push out what clients ask for
                let parsed = readable(self.parsed(&Arc::new(CachedSchema::new(stored))).await)?;
                let outline = match &parsed {
                    Some(parsed) => self.outline(parsed).await?,
                    None => Arc::default(),
                };
                batch.push(FiledWords { context, id, guid, words: words(&outline, metadata.as_ref()) });
            }
            if batch.is_empty() {
                return Ok(done);
            }
            done += u64::try_from(batch.len()).unwrap_or(u64::MAX);
            self.store.put_schema_words(batch).await?;
        }
    }
}
