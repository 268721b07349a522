//! Registering a schema (rest-api 5.5).
//!
//! Optimistic: everything that costs time happens against a read head of the subject; the transaction re-checks that head. When
//! it moved, the decision is made again.

use std::pin::pin;
use std::sync::Arc;

use md5::{Digest, Md5};

use super::effective::Effective;
use super::error::{NotPermitted, RegistryError, readable};
use super::invalid_schema::InvalidSchema;
use super::judging_pool::{JobSize, in_proportion};
use super::keys::fill_kms_defaults;
use super::lookup::MatchingVersion;
use super::parse::{ParsedSubmission, SubmissionOptions};
use super::registered::Registered;
use super::submission::{RawReference, Submission};
use super::turns::{self, SharedTurn};
use super::{MAX_DECISIONS, Registry, schema_cache, schema_names, search};
use crate::cache::Generational;
use crate::codec::to_text;
use crate::compat;
use crate::schema::{ParseMode, TagEdit};
use crate::store::{Generation, HashedContent, RegisterOutcome, RegisterRequest, SubjectState, TurnHolder, VersionRow};
use crate::types::{Actor, Content, Lifecycle, MAX_IMPORTED, SchemaId, Subject, VERSION_PROPERTY};

/// How to register.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a parameter of its own")]
pub struct RegisterOptions {
    pub normalize: bool,
    /// Skip the compatibility check.
    pub force: bool,
    /// Add the second opinion to a refusal.
    pub explain: bool,
    /// As the next version, whatever its number is by then, also of a schema that is there.
    pub as_next_version: bool,
}

/// After so many decisions that were overtaken, a registration waits for its turn; and after so many that were overtaken in its turn, for
/// one among all replicas.
const FREE_DECISIONS: usize = 3;

/// So many decisions that were overtaken cost the request nothing of what it may spend.
const FORGIVEN_DECISIONS: usize = 16;

/// The outcome of deciding a registration, before anything is written.
pub(super) enum Decision {
    /// A version holds the schema already. `repeatable`: the same request gets this answer until something disruptive happens.
    Known { registered: Registered, repeatable: bool },
    /// A version is to be written.
    Write(Box<RegisterRequest>),
}

/// Answers to registrations of schemas that were there, by [`fingerprint`]: only disruptive changes can alter them.
pub(super) type KnownRegistrations = Generational<[u8; 16], Arc<Registered>>;

pub(super) fn known_registrations(bytes: u64) -> KnownRegistrations {
    Generational::new(bytes, 1024, |_, registered| registered.content.text.len() + 512)
}

/// A hash of all that decides the answer to a registration of something known.
fn fingerprint(subject: &Subject, submission: &Submission, normalize: bool) -> [u8; 16] {
    let mut md5 = Md5::new();
    let mut put = |part: &str| {
        md5.update(part.len().to_be_bytes());
        md5.update(part.as_bytes());
    };
    put(subject.context());
    put(subject.name());
    put(submission.schema.as_deref().unwrap_or(""));
    put(submission.schema_type.as_deref().unwrap_or("AVRO"));
    for RawReference { name, subject, version } in &submission.references {
        put(name.as_deref().unwrap_or(""));
        put(subject.as_deref().unwrap_or(""));
        put(&version.unwrap_or(0).to_string());
    }
    if let Some(metadata) = &submission.metadata {
        put(&to_text(metadata));
    }
    if let Some(rules) = &submission.rule_set {
        put(&to_text(rules));
    }
    put(if normalize { "normalized" } else { "" });
    md5.finalize().into()
}

impl Submission {
    fn edits_tags(&self) -> bool {
        self.propagate_tags || !self.tags_to_add.is_empty() || !self.tags_to_remove.is_empty()
    }
}

impl Registry {
    /// Registers a schema, or returns the version that holds it already.
    ///
    /// # Errors
    /// The name, the mode, the schema, its references or the level forbid it, or the id or version is taken (rest-api 5.5).
    /// Nothing is written then.
    #[tracing::instrument(level = "debug", skip_all, fields(%subject))]
    pub async fn register(
        &self,
        subject: &Subject,
        submission: &Submission,
        options: RegisterOptions,
        by: &Arc<Actor>,
    ) -> Result<Arc<Registered>, RegistryError> {
        let completed = fill_kms_defaults(submission);
        let submission = completed.as_ref();
        let mut generation = self.store.generation().await?;
        let may_repeat =
            submission.version == 0 && submission.id.is_none() && !submission.edits_tags() && !options.as_next_version;
        let bytes = submission.schema.as_ref().map_or(0, String::len);
        let key = in_proportion(bytes, || fingerprint(subject, submission, options.normalize));
        if may_repeat && let Some(known) = self.known.get(&key, generation.content) {
            return Ok(known);
        }
        let mut place = pin!(self.turns.of(subject));
        let holder = TurnHolder(fastrand::i64(..));
        // both are kept until it is registered
        let (mut turn, mut shared_turn) = (None, None);
        let (mut may_wait, mut is_others_turn, mut overtaken_in_turn) = (true, false, 0);
        let allowance = self.judging_pool.allowance_left();
        for decided in 1..=MAX_DECISIONS {
            let decision = self.decide(subject, submission, options, generation).await;
            let mut request = match decision {
                // not this one alone is too expensive
                Err(error) if decided > FORGIVEN_DECISIONS && error.is_exhaustion() => return Err(RegistryError::Contention),
                Err(error) => return Err(error),
                Ok(Decision::Known { registered, repeatable }) => {
                    let registered = Arc::new(registered);
                    if repeatable && may_repeat {
                        self.known.insert(key, generation.content, Arc::clone(&registered));
                    }
                    return Ok(registered);
                }
                Ok(Decision::Write(request)) => request,
            };
            let must_wait = decided > FREE_DECISIONS || is_others_turn || self.turns.is_awaited(subject);
            if turn.is_none() && may_wait && must_wait {
                // what is decided before one's turn is of no use in it; and who has the turn may need to be one of the heavy requests, which
                // must not be those who wait for it
                drop(request);
                self.judging_pool.give_back_turn().await;
                turn = tokio::time::timeout(turns::PATIENCE, place.as_mut()).await.ok();
                may_wait = false;
            } else {
                request.turn = Some(holder);
                let request: Arc<RegisterRequest> = request.into();
                let outcome = self.store.register(Arc::clone(&request), by).await?;
                if let Some(registered) = request.registered(outcome)? {
                    return Ok(Arc::new(registered));
                }
                is_others_turn = outcome == RegisterOutcome::OthersTurn;
                may_wait = true;
                overtaken_in_turn += usize::from(turn.is_some());
            }
            if decided <= FORGIVEN_DECISIONS {
                self.judging_pool.restore_allowance(allowance);
            }
            if turn.is_some() && (is_others_turn || overtaken_in_turn >= FREE_DECISIONS) {
                let shared_turn = shared_turn.get_or_insert_with(|| SharedTurn::new(&self.store, subject, holder));
                shared_turn.take(&self.judging_pool).await?;
            }
            generation = self.store.generation().await?;
        }
        Err(RegistryError::Contention)
    }

    /// Decides a registration against the current state of its subject, under the settings of a generation.
    pub(super) async fn decide(
        &self,
        subject: &Subject,
        submission: &Submission,
        options: RegisterOptions,
        generation: Generation,
    ) -> Result<Decision, RegistryError> {
        if let Some(rules) = &submission.rule_set {
            rules.validate().map_err(RegistryError::InvalidRuleSet)?;
        }
        self.check_subject_name(subject)?;
        let effective = self.effective_in(subject, generation).await?;
        let state = self.store.subject(subject).await?;
        let numbered = options.as_next_version.then(|| Submission { version: state.next_version(), ..submission.clone() });
        let submission = numbered.as_ref().unwrap_or(submission);
        let import = effective.mode.is_import();
        let normalize = !import && effective.config.normalizes(options.normalize);
        let mut read = None;
        if !submission.is_empty() && !submission.edits_tags() && !effective.config.has_contract_layers() {
            let (candidate, strict) = self.read_for_registration(subject, submission, &effective, normalize).await?;
            let found = self.find_as_submitted(subject, submission, &candidate, &state).await?;
            if let Some(found) = found
                && Self::answers(submission, &found, &state)
            {
                let registered = Registered::known(subject, &found.row, &found.schema, found.matched_at());
                return Ok(Decision::Known { registered, repeatable: found.exact });
            }
            read = Some((candidate, strict));
        }
        Self::refuse_registration(subject, submission.id, effective.mode)?;
        let completed = self.completed(subject, submission, &state, &effective).await?;
        // searched once: the transaction refuses if the subject has changed since
        let searched = read.is_some() && completed.metadata == submission.metadata && completed.rule_set == submission.rule_set;
        let submission = completed;
        let (candidate, strict) = match read {
            Some(read) => read,
            None => self.read_for_registration(subject, &submission, &effective, normalize).await?,
        };
        strict?;
        self.refuse_owned_references(&candidate).await?;
        let mut decision = self.decide_version(subject, &submission, candidate, &state, &effective, options, searched).await?;
        if let Decision::Write(request) = &mut decision {
            request.expected_settings = generation.settings;
        }
        Ok(decision)
    }

    /// The version that holds what was submitted, before anything is filled in. Version -1 asks for the latest one alone.
    async fn find_as_submitted(
        &self,
        subject: &Subject,
        submission: &Submission,
        candidate: &ParsedSubmission,
        state: &SubjectState,
    ) -> Result<Option<MatchingVersion>, RegistryError> {
        let (metadata, rules) = (submission.metadata.as_ref(), submission.rule_set.as_ref());
        if submission.version != -1 {
            return self.find_content(subject, candidate, metadata, rules, state, false).await;
        }
        let Some(latest) = state.latest() else { return Ok(None) };
        let latest = SubjectState { epoch: state.epoch, rows: vec![latest.clone()] };
        let found = self.find_content(subject, candidate, metadata, rules, &latest, false).await?;
        // Confluent compares here, and shows the version that it found
        Ok(found.map(|found| MatchingVersion { exact: false, ..found }))
    }

    /// Reads strictly; when only the lax reading accepts the text, that one is returned together with the strict refusal, which
    /// counts unless the schema turns out to be known.
    async fn read_for_registration(
        &self,
        subject: &Subject,
        submission: &Submission,
        effective: &Effective,
        normalize: bool,
    ) -> Result<(ParsedSubmission, Result<(), RegistryError>), RegistryError> {
        if effective.mode.is_import() {
            return Ok((self.read(subject, submission, SubmissionOptions::plain(ParseMode::Import, false)).await?, Ok(())));
        }
        if !effective.config.validate_new_schemas.unwrap_or(true) {
            return Ok((
                self.read(subject, submission, SubmissionOptions::checked(ParseMode::Lookup, normalize, &effective.config))
                    .await?,
                Ok(()),
            ));
        }
        match self.read(subject, submission, SubmissionOptions::checked(ParseMode::New, normalize, &effective.config)).await {
            Ok(candidate) => Ok((candidate, Ok(()))),
            Err(RegistryError::InvalidSchema(reason)) => {
                let lax = self.read(subject, submission, SubmissionOptions::plain(ParseMode::Lookup, normalize)).await?;
                Ok((lax, Err(RegistryError::InvalidSchema(reason))))
            }
            Err(error) => Err(error),
        }
    }

    /// Whether a match answers the request without writing.
    fn answers(submission: &Submission, found: &MatchingVersion, state: &SubjectState) -> bool {
        match submission.id.filter(|id| *id >= 0) {
            Some(id) if id != found.row.id => false,
            Some(_) if submission.version > 0 => {
                found.row.version == submission.version
                    || state.row(submission.version).is_some_and(|row| !row.deleted && row.id == found.row.id)
            }
            _ => submission.version <= 0,
        }
    }

    /// Fills what the request leaves to the previous version and to the config, and edits inline tags.
    async fn completed(
        &self,
        subject: &Subject,
        submission: &Submission,
        state: &SubjectState,
        effective: &Effective,
    ) -> Result<Submission, RegistryError> {
        let mut out = submission.clone();
        if !submission.is_empty() {
            submission.parsed_type()?;
        }
        if effective.mode.is_import() {
            if submission.is_empty() {
                return Err(RegistryError::InvalidSchema(InvalidSchema::Empty));
            }
            return Ok(out);
        }
        let latest = match state.latest() {
            Some(row) => self.schema_by_id(subject.context(), row.id).await?,
            None => None,
        };
        if submission.is_empty() {
            let Some(latest) = &latest else { return Err(RegistryError::InvalidSchema(InvalidSchema::Empty)) };
            let content = &latest.stored.content;
            out.schema = Some(content.text.to_string());
            out.schema_type = Some(content.schema_type.as_str().to_owned());
            out.references = content
                .references
                .iter()
                .map(|r| RawReference { name: Some(r.name.clone()), subject: Some(r.subject.clone()), version: Some(r.version) })
                .collect();
        }
        if out.version == 0 && !(submission.tags_to_add.is_empty() && submission.tags_to_remove.is_empty()) {
            // what is tagged becomes a version of its own
            out.version = -1;
        }
        (out.metadata, out.rule_set) = self.populated(subject, submission, state, &effective.config).await?;
        let inherits_version = out.metadata.as_ref().is_some_and(|metadata| metadata.property(VERSION_PROPERTY).is_some());
        if out.version != 0 || inherits_version {
            let next = state.next_version().to_string();
            out.metadata = Some(out.metadata.unwrap_or_default().with_property(VERSION_PROPERTY, &next));
        }
        if submission.edits_tags() {
            let mode = if effective.config.validate_new_schemas.unwrap_or(true) { ParseMode::New } else { ParseMode::Lookup };
            let candidate = self.read(subject, &out, SubmissionOptions::plain(mode, false)).await?;
            let mut text = candidate.text.to_string();
            let refuse = |error| RegistryError::InvalidSchema(InvalidSchema::Tags(error));
            if submission.propagate_tags
                && let Some(latest) = &latest
                && let Some(previous) = readable(self.parsed(latest).await)?
            {
                let size = JobSize::Bytes(text.len() + latest.stored.content.text.len());
                let inherit = move || {
                    let tags = previous.tags().into_iter();
                    let inherited: Vec<TagEdit> =
                        tags.map(|entity| TagEdit { path: entity.path, entity: entity.entity, tags: entity.tags }).collect();
                    candidate.parsed.edit_tags(&inherited, &[], true)
                };
                text = self.judging_pool.run(size, inherit).await?.map_err(refuse)?;
            }
            if !submission.tags_to_add.is_empty() || !submission.tags_to_remove.is_empty() {
                let size = JobSize::Bytes(text.len());
                out.schema = Some(text);
                let candidate = self.read(subject, &out, SubmissionOptions::plain(mode, false)).await?;
                let (add, remove) = (submission.tags_to_add.clone(), submission.tags_to_remove.clone());
                let edit = move || candidate.parsed.edit_tags(&add, &remove, false);
                text = self.judging_pool.run(size, edit).await?.map_err(refuse)?;
            }
            out.schema = Some(text);
        }
        Ok(out)
    }

    /// The subject of a strong association belongs to its resource and can't be referred to, in any mode.
    async fn refuse_owned_references(&self, candidate: &ParsedSubmission) -> Result<(), RegistryError> {
        if candidate.targets.is_empty() {
            return Ok(());
        }
        let associations = self.store.associations_of(&candidate.targets).await?;
        let owned = |target: &Subject| associations.iter().any(|a| a.subject == *target && a.lifecycle == Lifecycle::Strong);
        match candidate.targets.iter().zip(&candidate.references).find(|(target, _)| owned(target)) {
            Some((_, reference)) => Err(RegistryError::NotPermitted(NotPermitted::StrongAssociation(reference.subject.clone()))),
            None => Ok(()),
        }
    }

    /// Decides the version, and checks compatibility. `searched`: the subject has been searched for this very content already.
    #[expect(clippy::too_many_arguments, reason = "the last step of a decision needs all that was found before")]
    async fn decide_version(
        &self,
        subject: &Subject,
        submission: &Submission,
        candidate: ParsedSubmission,
        state: &SubjectState,
        effective: &Effective,
        options: RegisterOptions,
        searched: bool,
    ) -> Result<Decision, RegistryError> {
        let import = effective.mode.is_import();
        let id = submission.id.filter(|id| *id >= 0);
        let next = state.next_version();
        let (metadata, rules) = (submission.metadata.as_ref(), submission.rule_set.as_ref());
        if !import
            && !searched
            && submission.version == 0
            && let Some(found) = self.find_content(subject, &candidate, metadata, rules, state, false).await?
        {
            let registered = Registered::known(subject, &found.row, &found.schema, None);
            return Ok(Decision::Known { registered, repeatable: false });
        }
        if !import && !options.force {
            let report = self.compare(subject, &candidate.parsed, metadata, state, &effective.config).await?;
            if !report.is_compatible() {
                let config = &effective.config;
                let notes = if options.explain {
                    self.notes(subject, &candidate.parsed, metadata, state, config, false).await?
                } else {
                    Vec::new()
                };
                return Err(RegistryError::Incompatible {
                    subject: subject.clone(),
                    messages: report.messages,
                    findings: compat::format_findings(report.reasons),
                    notes,
                });
            }
        }
        if !import && effective.config.validate_rules == Some(true) {
            self.refuse_invalid_rules(&candidate.parsed, rules, metadata).await?;
        }
        if !import && submission.version > 0 && submission.version != next {
            return Err(RegistryError::InvalidSchema(InvalidSchema::NotTheNextVersion));
        }
        let version = if submission.version > 0 { submission.version } else { next };
        let content = candidate.content(metadata, rules);
        let taken = state.row(version);
        if taken.is_some() && !import {
            return Err(RegistryError::NotPermitted(NotPermitted::NoVersionLeft(subject.clone())));
        }
        if taken.is_none() && import && version > MAX_IMPORTED {
            return Err(RegistryError::NotPermitted(NotPermitted::NumberTooHigh("version", version)));
        }
        if let Some(row) = taken {
            return self.import_over(subject, row, id, &content).await;
        }
        let digest = schema_cache::digest(&content.text);
        let outline = self.outline(&candidate.parsed).await?;
        let request = RegisterRequest {
            subject: subject.clone(),
            words: Some(search::words(&outline, content.metadata.as_ref())),
            schema: HashedContent::from(content),
            digest: Some(digest),
            names: schema_names::names(&candidate.parsed),
            targets: candidate.targets,
            active_references: !import && effective.config.validate_new_schemas.unwrap_or(true),
            expected_epoch: state.epoch,
            // known to who decided under them
            expected_settings: 0,
            turn: None,
            version,
            previous: state.latest().map(|row| row.id),
            id,
            disruptive: import || state.rows.iter().any(|row| row.deleted),
            now: self.now(),
        };
        Ok(Decision::Write(Box::new(request)))
    }

    /// IMPORT into a version that exists: fine when it holds that very content under that very id.
    async fn import_over(
        &self,
        subject: &Subject,
        row: &VersionRow,
        id: Option<SchemaId>,
        content: &Content,
    ) -> Result<Decision, RegistryError> {
        match self.schema_by_id(subject.context(), row.id).await? {
            Some(schema) if *schema.stored.content == *content && id.is_none_or(|id| id == row.id) => {
                Ok(Decision::Known { registered: Registered::known(subject, row, &schema, None), repeatable: false })
            }
            _ => Err(RegistryError::NotPermitted(NotPermitted::Overwrite(id.unwrap_or(row.id), subject.clone()))),
        }
    }
}
