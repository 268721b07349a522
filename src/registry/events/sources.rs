//! Where the schema of an event comes from.

use std::collections::HashMap;
use std::sync::Arc;

use super::{EventJudging, Registry, RegistryError};
use crate::cloudevents::{Envelope, Named, SchemaFacts, framing_of};
use crate::registry::Entry;
use crate::types::{DEFAULT_CONTEXT, Subject, VersionSelector};

/// A schema that was found.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) facts: SchemaFacts,
    pub(super) entry: Arc<Entry>,
    /// What of the schema the data is an instance of.
    pub(super) fragment: Option<String>,
}

/// All schemas that an event names.
#[derive(Debug, Clone, Default)]
pub(super) struct Sources {
    /// The one that the caller, `dataschema` or the event's type names.
    pub(super) named: Option<Found>,
    /// The one that the data was written with.
    pub(super) writer: Option<Found>,
    /// The data begins with the framing that names the writer's.
    pub(super) is_framed: bool,
    /// Why what was named could not be found.
    pub(super) unresolved: Option<String>,
    /// The version that was named is soft-deleted.
    pub(super) deleted: bool,
}

impl Sources {
    /// The one that decides: what the writer used, else what was named.
    pub(super) fn decisive(&self) -> Option<&Found> {
        self.writer.as_ref().or(self.named.as_ref())
    }
}

/// What was looked up for the events of one request.
#[derive(Default)]
pub(super) struct Known {
    by_name: HashMap<Named, Option<Found>>,
    chosen: Option<Sources>,
}

impl Registry {
    /// The schemas of an event.
    pub(super) async fn schemas_of(
        &self,
        envelope: &Envelope,
        asked: &EventJudging,
        known: &mut Known,
    ) -> Result<Sources, RegistryError> {
        let mut sources = match (&asked.version, &known.chosen) {
            (Some(_), Some(chosen)) => chosen.clone(),
            (Some((subject, selector)), None) => {
                let chosen = self.chosen(subject, *selector).await?;
                known.chosen = Some(chosen.clone());
                chosen
            }
            (None, _) => Sources::default(),
        };
        if let Some(header) = &envelope.record_schema {
            match framing_of(header) {
                Some(framing) => {
                    sources.writer = self.written_with(framing.named, "record-header", &asked.context, known).await?;
                }
                None => sources.unresolved = Some("the record header __value_schema_id can't be read".to_owned()),
            }
        }
        if sources.writer.is_none()
            && let Some(framing) = envelope.data.as_ref().and_then(|data| data.framing)
        {
            sources.writer = self.written_with(framing.named, "framing", &asked.context, known).await?;
            sources.is_framed = sources.writer.is_some();
        }
        if sources.decisive().is_none() && sources.unresolved.is_none() {
            sources.unresolved = envelope.text("dataschema").map(|uri| {
                let shown: String = uri.chars().take(200).collect();
                format!("no schema is known for the dataschema '{shown}'")
            });
        }
        Ok(sources)
    }

    /// The version that the caller chose.
    async fn chosen(&self, subject: &Subject, selector: VersionSelector) -> Result<Sources, RegistryError> {
        match self.version(subject, selector, true).await {
            Ok(found) => {
                let stored = &found.entry.stored;
                let facts = SchemaFacts {
                    resolved_by: "override",
                    subject: Some(found.subject.qualified()),
                    version: Some(found.row.version),
                    id: Some(stored.id),
                    guid: Some(stored.guid),
                    schema_type: Some(stored.content.schema_type),
                    url: None,
                };
                let deleted = found.row.deleted;
                let named = Some(Found { facts, entry: found.entry, fragment: None });
                Ok(Sources { named, deleted, ..Sources::default() })
            }
            Err(RegistryError::SubjectNotFound(subject)) => Ok(missing(format!("Subject '{subject}' not found."))),
            Err(RegistryError::VersionNotFound(version)) => Ok(missing(format!("Version {version} not found."))),
            Err(error) => Err(error),
        }
    }

    /// The schema that the writer names.
    async fn written_with(
        &self,
        named: Named,
        resolved_by: &'static str,
        context: &str,
        known: &mut Known,
    ) -> Result<Option<Found>, RegistryError> {
        if let Some(found) = known.by_name.get(&named) {
            return Ok(found.clone().map(|found| Found { facts: SchemaFacts { resolved_by, ..found.facts }, ..found }));
        }
        let by_id = |entry: &Arc<Entry>, holder: Option<(String, i32)>| {
            let (subject, version) = holder.unzip();
            let stored = &entry.stored;
            Found {
                facts: SchemaFacts {
                    resolved_by,
                    subject,
                    version,
                    id: Some(stored.id),
                    guid: Some(stored.guid),
                    schema_type: Some(stored.content.schema_type),
                    url: None,
                },
                entry: Arc::clone(entry),
                fragment: None,
            }
        };
        let found = match named {
            Named::Id(id) => {
                let hint = (context != DEFAULT_CONTEXT).then(|| Subject::in_context(context, ""));
                found(self.by_id(id, hint.as_ref()).await)?
                    .map(|found| by_id(&found.entry, Some((found.holder.subject.qualified(), found.holder.version))))
            }
            Named::Guid(guid) => found(self.by_guid(&guid.to_string()).await)?.map(|entry| by_id(&entry, None)),
        };
        known.by_name.insert(named, found.clone());
        Ok(found)
    }
}

fn missing(reason: String) -> Sources {
    Sources { unresolved: Some(reason), ..Sources::default() }
}

/// A look-up whose failure to find anything is no failure.
fn found<T>(result: Result<T, RegistryError>) -> Result<Option<T>, RegistryError> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(RegistryError::SchemaNotFound(_) | RegistryError::NoSuchSchema) => Ok(None),
        Err(error) => Err(error),
    }
}
