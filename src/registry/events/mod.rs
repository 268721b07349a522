//! Judging events: finding the schema of each, and holding its data against it.
//!
//! `sources` finds schemas, `prepared` keeps them ready for data, `judging` judges, `rules` runs the rules of
//! data contracts, `decoded` gives the data in JSON to those who ask for it.

mod decoded;
mod judging;
mod prepared;
mod rules;
mod sources;

use std::sync::Arc;
use std::time::Duration;

pub(super) use self::prepared::{PreparedSchemas, prepared_schemas};
use self::sources::{SourceSchema, Sources};
use super::Registry;
use super::error::RegistryError;
use super::judging_pool::INLINE_BYTES;
use super::schema_cache::CachedSchema;
use crate::access::Rights;

use crate::cloudevents::{
    Attempt, Envelope, EventSchema, EventVerdict, Issue, IssueLevel, Judgement, SchemaFacts, framing_of, without_data,
};
use crate::records::MAX_JSON_BYTES;
use crate::schema::PayloadValidator;
use crate::types::{Subject, VersionSelector};

/// What is asked about schemas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SchemaUse {
    /// An event without one is invalid.
    Required,
    /// Use one where there is one.
    #[default]
    Optional,
    /// Don't look for one.
    Ignore,
}

/// How events are judged.
#[derive(Debug, Clone)]
pub struct EventJudging {
    /// Whether data is held against schemas.
    pub schema: SchemaUse,
    /// This version, whatever the events say.
    pub version: Option<(Subject, VersionSelector)>,
    /// `format` of JSON Schema is an assertion.
    pub formats: bool,
    /// Rules of data contracts are run.
    pub rules: bool,
    /// The data is put into the report as JSON.
    pub decode: bool,
    /// The context that ids belong to, if it is not the default one.
    pub context: Option<String>,
    /// What may be read; the rest is as if it were not there.
    pub rights: Arc<Rights>,
    /// Time for all of them.
    pub time_limit: Duration,
}

/// An event on its way to a verdict.
#[derive(Debug, Clone)]
pub(super) struct EventCase {
    pub(super) envelope: Envelope,
    pub(super) attempts: Vec<Attempt>,
    /// The schema of each.
    pub(super) schemas: Vec<Arc<CachedSchema>>,
    /// What is said about the schema where none is used.
    facts: Option<SchemaFacts>,
}

impl EventCase {
    fn new(envelope: Envelope) -> Self {
        Self { envelope, attempts: Vec::new(), schemas: Vec::new(), facts: None }
    }

    /// The message indexes of a record header.
    pub(super) fn record_indexes(&self) -> Option<&[u8]> {
        let header = self.envelope.record_schema.as_deref()?;
        header.get(framing_of(header)?.len()..)
    }
}

impl Registry {
    /// Reads the body of a request with events: a large one when it is the request's turn, and within its memory.
    ///
    /// # Errors
    /// Too many wait already, or the request has spent what it may spend.
    pub async fn read_events<T>(&self, bytes: usize, read: impl FnOnce() -> T) -> Result<T, RegistryError> {
        self.judging_pool.read(bytes, read).await
    }

    /// Judges an event. What is wrong with it is in the verdict.
    ///
    /// # Errors
    /// Store failures.
    pub fn judge_event<'a>(
        &'a self,
        envelope: Envelope,
        asked: &'a EventJudging,
    ) -> impl Future<Output = Result<EventVerdict, RegistryError>> + Send + 'a {
        // outside of the future, which would else hold the envelope twice
        let mut case = EventCase::new(envelope);
        async move {
            self.attempts(&mut case, asked, None).await?;
            let mut outcome = judging::at_once(&case);
            if judging::is_open((&case, &outcome)) {
                let judged = judging::judge_one(&self.judging_pool, case, asked.time_limit);
                (case, outcome) = Box::pin(judged).await?;
            }
            let (said, decoded) = Box::pin(self.more_about(&case, outcome.as_ref(), asked, MAX_JSON_BYTES)).await?;
            let mut verdict = verdict(case, outcome, asked.time_limit);
            verdict.envelope.issues.extend(said);
            verdict.judgement.decoded = decoded;
            Ok(verdict)
        }
    }

    /// Judges events, whose schemas are looked for once each.
    ///
    /// # Errors
    /// Store failures.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn judge_events(&self, envelopes: Vec<Envelope>, asked: &EventJudging) -> Result<Vec<EventVerdict>, RegistryError> {
        let mut known = sources::KnownSources::default();
        let mut cases: Vec<EventCase> = envelopes.into_iter().map(EventCase::new).collect();
        for case in &mut cases {
            self.attempts(case, asked, Some(&mut known)).await?;
        }
        let (cases, outcomes) = judging::judge_all(&self.judging_pool, cases, asked.time_limit).await?;
        let mut verdicts = Vec::with_capacity(cases.len());
        // what is decoded of all of them
        let mut room = MAX_JSON_BYTES;
        for (case, outcome) in cases.into_iter().zip(outcomes) {
            let (said, decoded) = Box::pin(self.more_about(&case, outcome.as_ref(), asked, room)).await?;
            room = room.saturating_sub(decoded.as_ref().map_or(0, String::len));
            let mut verdict = verdict(case, outcome, asked.time_limit);
            verdict.envelope.issues.extend(said);
            verdict.judgement.decoded = decoded;
            verdicts.push(verdict);
        }
        Ok(verdicts)
    }

    /// What was asked for beside the verdict: what rules say, and the data in JSON of at most so many bytes.
    async fn more_about(
        &self,
        case: &EventCase,
        outcome: Option<&(usize, Judgement)>,
        asked: &EventJudging,
        room: usize,
    ) -> Result<(Vec<Issue>, Option<String>), RegistryError> {
        let mut said = if asked.rules { self.event_rules(case, outcome).await? } else { Vec::new() };
        let mut decoded = None;
        if asked.decode {
            match self.event_decoded(case, outcome, room).await? {
                Some(Ok(json)) => decoded = Some(json),
                Some(Err(issue)) => said.push(issue),
                None => {}
            }
        }
        Ok((said, decoded))
    }

    async fn read_data(&self, envelope: &mut Envelope) -> Result<(), RegistryError> {
        self.judging_pool.read(envelope.unread_bytes(), || envelope.read_data()).await
    }

    /// Finds the ways to read the data of an event, likeliest first, and what is said about the schema where none of them is used.
    async fn attempts(
        &self,
        case: &mut EventCase,
        asked: &EventJudging,
        known: Option<&mut sources::KnownSources>,
    ) -> Result<(), RegistryError> {
        let EventCase { envelope, attempts, schemas, facts } = case;
        if asked.schema == SchemaUse::Ignore || !envelope.is_event() {
            self.read_data(envelope).await?;
            return Ok(());
        }
        let sources = self.schemas_of(envelope, asked, known).await?;
        *facts = sources.decisive().map(|found| found.facts.clone());
        let mut said = about_sources(&sources, envelope, asked);
        if envelope.data.is_none() {
            said.extend(without_data(envelope, facts.is_some() || asked.schema == SchemaUse::Required));
        } else {
            for (SourceSchema { facts, schema, fragment }, framed) in wanted(sources, asked) {
                match self.prepared(&schema, asked.formats, fragment.as_deref()).await? {
                    Ok(payload) => {
                        attempts.push(Attempt { schema: EventSchema { facts, payload }, framed });
                        schemas.push(schema);
                    }
                    Err(error) => {
                        said.push(Issue::error("schema.unresolved", format!("the schema can't be used: {error}")));
                    }
                }
            }
        }
        // what is wrong with the data itself comes first
        if asked.rules || asked.decode || !taken_at_once(envelope, attempts) {
            self.read_data(envelope).await?;
        }
        envelope.issues.extend(said);
        Ok(())
    }
}

/// The schemas to hold data against, likeliest first, and whether the framing is to be taken off before.
fn wanted(sources: Sources, asked: &EventJudging) -> Vec<(SourceSchema, bool)> {
    let Sources { named, writer, is_framed, .. } = sources;
    let is_same = matches!((&named, &writer), (Some(a), Some(b)) if a.facts.guid == b.facts.guid);
    let mut wanted = Vec::new();
    match (named, writer) {
        (Some(named), Some(_)) if asked.version.is_some() || is_same => {
            wanted.push((named.clone(), is_framed));
            // what looks like framing may be data
            wanted.extend(is_framed.then_some((named, false)));
        }
        (named, writer) => {
            wanted.extend(writer.map(|writer| (writer, is_framed)));
            wanted.extend(named.map(|named| (named, false)));
        }
    }
    wanted
}

/// Whether the data is found valid by a mere scan. With several schemas in question each gets a proper look.
fn taken_at_once(envelope: &mut Envelope, attempts: &[Attempt]) -> bool {
    let [Attempt { schema: EventSchema { payload: PayloadValidator::Json(validator), .. }, .. }] = attempts else { return false };
    let is_little = envelope.data.as_ref().is_some_and(|data| data.bytes <= INLINE_BYTES);
    is_little && envelope.offer_data(|text, max_depth| validator.accepts_at_once(text, max_depth))
}

/// What there is to say about how schemas were found.
fn about_sources(sources: &Sources, envelope: &Envelope, asked: &EventJudging) -> Vec<Issue> {
    let mut said = Vec::new();
    said.extend(unresolved(sources, envelope, asked));
    if sources.lacks_dataschema {
        let message = "the event has no dataschema, which the binding of its type demands";
        said.push(Issue::error("schema.required", message));
    }
    if sources.deleted {
        said.push(Issue::new(IssueLevel::Breach, "schema.deleted", "the version of the schema is soft-deleted"));
    }
    if let (Some(named), Some(writer)) = (&sources.named, &sources.writer)
        && named.facts.guid != writer.facts.guid
    {
        let message = format!(
            "{} and {} name different schemas; the data was written with the latter",
            named.facts.resolved_by, writer.facts.resolved_by
        );
        said.push(Issue::new(IssueLevel::Breach, "schema.conflict", message));
    }
    said
}

/// What there is to say when no schema was found, or not the one that `dataschema` names.
fn unresolved(sources: &Sources, envelope: &Envelope, asked: &EventJudging) -> Option<Issue> {
    if sources.decisive().is_some() {
        return sources.unresolved.as_deref().cloned();
    }
    let is_error = asked.schema == SchemaUse::Required || asked.version.is_some() || envelope.text("dataschema").is_some();
    // an event that needs no schema and has nothing to check is not worth a word
    if !is_error && envelope.data.is_none() {
        return None;
    }
    let nothing = || Issue::new(IssueLevel::Note, "schema.unresolved", "nothing names a schema; the data was not checked");
    let mut issue = sources.unresolved.as_deref().cloned().unwrap_or_else(nothing);
    issue.level = if is_error { IssueLevel::Error } else { IssueLevel::Note };
    Some(issue)
}

fn verdict(case: EventCase, outcome: Option<(usize, Judgement)>, time_limit: Duration) -> EventVerdict {
    let EventCase { mut envelope, attempts, mut facts, .. } = case;
    let mut judgement = Judgement::default();
    if !attempts.is_empty() {
        if let Some((at, mut outcome)) = outcome {
            if let Some(attempt) = attempts.into_iter().nth(at) {
                facts = Some(attempt.schema.facts);
            }
            envelope.issues.extend(std::mem::take(&mut outcome.issues));
            judgement = outcome;
        } else {
            let limit = time_limit.as_secs_f64();
            let message = format!("not judged within {limit} s; the setting event-time-limit moves this limit");
            envelope.issues.push(Issue::error("limit.time", message));
        }
    }
    EventVerdict { envelope, schema: facts, judgement }
}
