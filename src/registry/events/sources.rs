//! Where the schema of an event comes from.

use std::collections::HashMap;
use std::sync::Arc;

use super::{EventJudging, Registry, RegistryError};
use crate::access::Rights;
use crate::cloudevents::{Envelope, Issue, IssueLevel, SchemaFacts, framing_of};
use crate::registry::resolve::{Hints, Resolution, ResolutionRule, Suggestion, Unresolved, UnresolvedReason};
use crate::registry::schema_cache::CachedSchema;
use crate::types::VersionSelector;

/// A schema that was found.
#[derive(Debug, Clone)]
pub(super) struct SourceSchema {
    pub(super) facts: SchemaFacts,
    pub(super) schema: Arc<CachedSchema>,
    /// What of the schema the data is an instance of.
    pub(super) fragment: Option<String>,
}

/// All schemas that an event names.
#[derive(Debug, Clone, Default)]
pub(super) struct Sources {
    /// The one that the caller, `dataschema` or the event's type names.
    pub(super) named: Option<SourceSchema>,
    /// The one that the data was written with.
    pub(super) writer: Option<SourceSchema>,
    /// The data begins with the framing that names the writer's.
    pub(super) is_framed: bool,
    /// Why what was named could not be found; the level is the judge's to set.
    pub(super) unresolved: Option<Box<Issue>>,
    /// The version that was named is soft-deleted.
    pub(super) deleted: bool,
    /// The event has no `dataschema`, and the binding of its type demands one.
    pub(super) lacks_dataschema: bool,
}

impl Sources {
    /// The one that decides: what the writer used, else what was named.
    pub(super) fn decisive(&self) -> Option<&SourceSchema> {
        self.writer.as_ref().or(self.named.as_ref())
    }
}

/// What was looked up for the events of one request.
pub(super) type KnownSources = HashMap<Hints, Sources>;

impl Registry {
    /// The schemas of an event.
    pub(super) async fn schemas_of(
        &self,
        envelope: &Envelope,
        asked: &EventJudging,
        known: Option<&mut KnownSources>,
    ) -> Result<Sources, RegistryError> {
        let record = envelope.record_schema.as_deref().map(framing_of);
        let framing = envelope.data.as_ref().and_then(|data| data.framing);
        let hints = Hints {
            dataschema: envelope.text("dataschema").map(str::to_owned),
            event_type: envelope.text("type").map(str::to_owned),
            record_header: record.flatten().map(|framing| framing.writer),
            framing: framing.map(|framing| framing.writer),
            chosen: asked.version.clone(),
            context: asked.context.clone(),
        };
        let mut sources = Sources::default();
        match known.as_ref().and_then(|known| known.get(&hints)) {
            Some(before) => sources = before.clone(),
            None => self.look_up(&hints, &mut sources, &asked.rights).await?,
        }
        if let Some(known) = known {
            known.entry(hints).or_insert_with(|| sources.clone());
        }
        if record.is_some_and(|framing| framing.is_none()) && sources.unresolved.is_none() {
            sources.unresolved = Some(note("schema.unresolved", "the record header __value_schema_id can't be read").into());
        }
        Ok(sources)
    }

    async fn look_up(&self, hints: &Hints, sources: &mut Sources, rights: &Rights) -> Result<(), RegistryError> {
        let writer = match self.resolve_event_schema(hints, rights).await? {
            Ok(found) => {
                sources.lacks_dataschema = found.lacks_dataschema;
                // a rule behind those that look at the URI
                if let Some(uri) = hints.dataschema.as_ref().filter(|_| found.resolved_by >= ResolutionRule::RecordHeader) {
                    let shown: String = uri.chars().take(200).collect();
                    let text = format!("no schema is known for the dataschema '{shown}'; another rule found one");
                    sources.unresolved = Some(note("schema.unresolved", text).into());
                }
                if matches!(found.resolved_by, ResolutionRule::RecordHeader | ResolutionRule::Framing) {
                    Some(found)
                } else {
                    sources.deleted = found.deleted;
                    let writer = found.writer.clone().map(|writer| *writer);
                    sources.named = Some(SourceSchema::from(found));
                    writer
                }
            }
            Err(unresolved) => {
                sources.lacks_dataschema = unresolved.lacks_dataschema;
                sources.unresolved = reason(hints, unresolved).map(Box::new);
                self.writer_schema(hints, rights).await?
            }
        };
        sources.is_framed = writer.as_ref().is_some_and(|writer| writer.resolved_by == ResolutionRule::Framing);
        sources.writer = writer.map(SourceSchema::from);
        Ok(())
    }
}

impl From<&Resolution> for SchemaFacts {
    fn from(found: &Resolution) -> Self {
        Self {
            resolved_by: found.resolved_by.as_str(),
            subject: Some(found.subject.qualified()),
            version: Some(found.version),
            id: Some(found.id()),
            guid: Some(found.guid()),
            schema_type: Some(found.schema_type()),
            url: None,
        }
    }
}

impl From<Resolution> for SourceSchema {
    fn from(found: Resolution) -> Self {
        Self { facts: SchemaFacts::from(&found), schema: found.schema, fragment: found.fragment }
    }
}

/// What to say; nothing about an event that names no schema at all.
fn reason(hints: &Hints, unresolved: Unresolved) -> Option<Issue> {
    let names_one = hints.dataschema.is_some() || hints.chosen.is_some();
    let hint = unresolved.did_you_mean.first().map(|suggestion| match suggestion {
        Suggestion::Alias(uri) => format!("did you mean {uri}?"),
        Suggestion::Version(subject, VersionSelector::Latest) => format!("did you mean the latest version of {subject}?"),
        Suggestion::Version(subject, VersionSelector::Number(version)) => format!("did you mean version {version} of {subject}?"),
    });
    let found = match unresolved.reason {
        UnresolvedReason::NoHint => None,
        UnresolvedReason::Unknown(_) if !names_one => None,
        UnresolvedReason::Unknown(what) => Some(note("schema.unresolved", what.chars().take(300).collect::<String>())),
        UnresolvedReason::NotAUri(error) => Some(note("schema.unresolved", format!("the dataschema names no schema: {error}"))),
        UnresolvedReason::Ambiguous { name, rivals } => {
            let name: String = name.chars().take(200).collect();
            let who: Vec<String> =
                rivals.iter().take(5).map(|rival| format!("{} version {}", rival.subject, rival.version)).collect();
            Some(note("schema.ambiguous", format!("several schemas have the name {name}: {}", who.join(", "))))
        }
    };
    found.map(|issue| issue.hint(hint))
}

fn note(code: &'static str, message: impl Into<String>) -> Issue {
    Issue::new(IssueLevel::Note, code, message)
}
