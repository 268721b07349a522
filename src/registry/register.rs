//! Registering a schema (rest-api 5.5).
//!
//! Optimistic: everything that costs time happens against a read head of the subject; the transaction re-checks that head. When
//! it moved, the decision is made again.

use std::sync::Arc;

use md5::{Digest, Md5};
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::Registry;
use super::error::{NotPermitted, RegistryError};
use super::lookup::Match;
use super::names;
use super::parse::{Candidate, RawReference, Submission};
use super::settings::Effective;
use crate::codec::{metadata_to, rule_set_to};
use crate::compat;
use crate::schema::{ParseMode, TagEdit};
use crate::store::{HashedContent, RegisterOutcome, RegisterRequest, SubjectState};
use crate::types::{Content, Guid, Lifecycle, SchemaId, Subject, VERSION_PROPERTY, Version};

/// How often a registration is decided anew before it gives up.
const ATTEMPTS: usize = 64;

/// How to register.
#[derive(Debug, Clone, Copy, Default)]
pub struct RegisterOptions {
    /// Normalize first.
    pub normalize: bool,
    /// Skip the compatibility check.
    pub force: bool,
    /// Add notes to a refusal.
    pub explain: bool,
}

/// What filing a version needs to know of what happened before.
#[derive(Debug, Clone, Copy)]
struct Filing {
    options: RegisterOptions,
    /// The subject has been searched for the content, with the metadata and rules that it is filed with.
    searched: bool,
}

/// A registered schema.
#[derive(Debug, Clone)]
pub struct Registered {
    /// The subject it is filed under.
    pub subject: Subject,
    /// The id.
    pub id: SchemaId,
    /// The version.
    pub version: Version,
    /// The guid.
    pub guid: Guid,
    /// The stored content.
    pub content: Arc<Content>,
    /// Creation time, when an older version was matched by equivalence.
    pub matched_at: Option<i64>,
    /// A version was written.
    pub is_new: bool,
}

/// What a registration comes to.
pub(super) enum Decision {
    /// A version holds the schema already. The flag: the answer holds for the same request until something disruptive happens.
    Known(Registered, bool),
    /// A version is to be filed.
    File(Box<RegisterRequest>),
}

/// What was asked before and found as it stands; valid for one generation, since only disruptive changes can alter the answer.
pub(super) struct SeenCache {
    cache: Cache<[u8; 16], (i64, Arc<Registered>), ByBytes>,
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<[u8; 16], (i64, Arc<Registered>)> for ByBytes {
    fn weight(&self, _: &[u8; 16], (_, registered): &(i64, Arc<Registered>)) -> u64 {
        // the text, and about as much again for what stands around it in a small one
        registered.content.text.len() as u64 + 512
    }
}

impl SeenCache {
    pub(super) fn new(bytes: u64) -> Self {
        let items = usize::try_from(bytes / 1024).unwrap_or(usize::MAX).max(64);
        Self { cache: Cache::with_weighter(items, bytes, ByBytes) }
    }
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
        put(&metadata_to(metadata).to_string());
    }
    if let Some(rules) = &submission.rule_set {
        put(&rule_set_to(rules).to_string());
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
    /// Every refusal of rest-api 5.5; nothing is written then.
    pub async fn register(
        &self,
        subject: &Subject,
        submission: &Submission,
        options: RegisterOptions,
    ) -> Result<Arc<Registered>, RegistryError> {
        let generation = self.store.generation().await?.answers;
        let repeatable = submission.version == 0 && submission.id.is_none() && !submission.edits_tags();
        let key = fingerprint(subject, submission, options.normalize);
        if repeatable
            && let Some((made, seen)) = self.seen.cache.get(&key)
            && made == generation
        {
            return Ok(seen);
        }
        for _ in 0..ATTEMPTS {
            match self.decide(subject, submission, options).await? {
                Decision::Known(registered, keep) => {
                    let registered = Arc::new(registered);
                    if keep && repeatable {
                        self.seen.cache.insert(key, (generation, Arc::clone(&registered)));
                    }
                    return Ok(registered);
                }
                Decision::File(request) => {
                    let request: Arc<RegisterRequest> = request.into();
                    if let Some(registered) = request.registered(self.store.register(Arc::clone(&request)).await?)? {
                        return Ok(Arc::new(registered));
                    }
                }
            }
        }
        Err(RegistryError::Contention)
    }

    /// What a registration comes to, against the subject as it is now.
    pub(super) async fn decide(
        &self,
        subject: &Subject,
        submission: &Submission,
        options: RegisterOptions,
    ) -> Result<Decision, RegistryError> {
        if let Some(rules) = &submission.rule_set {
            rules.validate().map_err(RegistryError::InvalidRuleSet)?;
        }
        self.check_subject_name(subject)?;
        let effective = self.effective(subject).await?;
        let state = self.store.subject(subject).await?;
        let import = effective.mode.is_import();
        let normalize = !import && (options.normalize || effective.config.normalize.unwrap_or(false));
        let mut read = None;
        // the search below is made once: what it did not find is not there when the version is filed
        let mut searched = false;
        if !submission.is_empty() && !submission.edits_tags() && !effective.config.has_contract_layers() {
            let (candidate, strict) = self.read_for_registration(subject, submission, &effective, normalize).await?;
            let found = self.find_match(subject, submission, &candidate, &state, &effective.config, false).await?;
            if let Some(found) = found
                && Self::answers(submission, &found, &state)
            {
                let exact = found.exact;
                return Ok(Decision::Known(found.into_registered(subject), exact));
            }
            searched = true;
            read = Some((candidate, strict));
        }
        Self::check_mode(subject, submission, &effective)?;
        let submission = self.completed(subject, submission, &state, &effective).await?;
        let (candidate, strict) = match read {
            Some(read) => read,
            None => self.read_for_registration(subject, &submission, &effective, normalize).await?,
        };
        strict?;
        self.refuse_owned_references(&candidate).await?;
        self.file(subject, &submission, candidate, &state, &effective, Filing { options, searched }).await
    }

    /// Reads strictly; when only the lax reading accepts the text, that one is returned together with the strict refusal, which
    /// counts unless the schema turns out to be known.
    async fn read_for_registration(
        &self,
        subject: &Subject,
        submission: &Submission,
        effective: &Effective,
        normalize: bool,
    ) -> Result<(Candidate, Result<(), RegistryError>), RegistryError> {
        let validate_fields = effective.config.validate_fields.unwrap_or(false);
        if effective.mode.is_import() {
            return Ok((self.read(subject, submission, ParseMode::Import, false, false).await?, Ok(())));
        }
        if !effective.config.validate_new_schemas.unwrap_or(true) {
            return Ok((self.read(subject, submission, ParseMode::Lookup, validate_fields, normalize).await?, Ok(())));
        }
        match self.read(subject, submission, ParseMode::New, validate_fields, normalize).await {
            Ok(candidate) => Ok((candidate, Ok(()))),
            Err(RegistryError::InvalidSchema(message)) => {
                let lax = self.read(subject, submission, ParseMode::Lookup, false, normalize).await?;
                Ok((lax, Err(RegistryError::InvalidSchema(message))))
            }
            Err(error) => Err(error),
        }
    }

    /// Whether a match answers the request without writing.
    fn answers(submission: &Submission, found: &Match, state: &SubjectState) -> bool {
        match submission.id.filter(|id| *id >= 0) {
            Some(id) if id != found.row.id => false,
            Some(_) if submission.version > 0 => {
                found.row.version == submission.version
                    || state.row(submission.version).is_some_and(|row| !row.deleted && row.id == found.row.id)
            }
            _ => submission.version <= 0,
        }
    }

    fn check_mode(subject: &Subject, submission: &Submission, effective: &Effective) -> Result<(), RegistryError> {
        let id = submission.id.filter(|id| *id >= 0);
        let refusal = match (effective.mode, id) {
            (mode, _) if mode.is_read_only() => NotPermitted::ReadOnly(subject.clone()),
            (mode, None) if mode.is_import() => NotPermitted::NotReadWrite(subject.clone()),
            (mode, Some(_)) if !mode.is_import() => NotPermitted::NotImport(subject.clone()),
            _ => return Ok(()),
        };
        Err(RegistryError::NotPermitted(refusal))
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
        submission.parsed_type()?;
        if effective.mode.is_import() {
            if submission.is_empty() {
                return Err(RegistryError::InvalidSchema("Empty schema".to_owned()));
            }
            return Ok(out);
        }
        let latest = match state.latest() {
            Some(row) => self.entry(subject.context(), row.id).await?,
            None => None,
        };
        if submission.is_empty() {
            let Some(latest) = &latest else { return Err(RegistryError::InvalidSchema("Empty schema".to_owned())) };
            let content = &latest.stored.content;
            out.schema = Some(content.text.to_string());
            out.schema_type = Some(content.schema_type.as_str().to_owned());
            out.references = content
                .references
                .iter()
                .map(|r| RawReference { name: Some(r.name.clone()), subject: Some(r.subject.clone()), version: Some(r.version) })
                .collect();
        }
        (out.metadata, out.rule_set) = self.populated(subject, submission, state, &effective.config).await?;
        if submission.edits_tags() {
            let mode = if effective.config.validate_new_schemas.unwrap_or(true) { ParseMode::New } else { ParseMode::Lookup };
            let candidate = self.read(subject, &out, mode, false, false).await?;
            let mut text = candidate.text.to_string();
            let refuse = |error: crate::schema::SchemaError| RegistryError::InvalidSchema(error.message);
            if submission.propagate_tags
                && let Some(latest) = &latest
                && let Ok(previous) = self.parsed(latest).await?
            {
                let inherited: Vec<TagEdit> = previous
                    .tags()
                    .into_iter()
                    .map(|entity| TagEdit { path: entity.path, entity: entity.entity, tags: entity.tags })
                    .collect();
                text = candidate.parsed.edit_tags(&inherited, &[], true).map_err(refuse)?;
            }
            if !submission.tags_to_add.is_empty() || !submission.tags_to_remove.is_empty() {
                out.schema = Some(text);
                let candidate = self.read(subject, &out, mode, false, false).await?;
                text = candidate.parsed.edit_tags(&submission.tags_to_add, &submission.tags_to_remove, false).map_err(refuse)?;
            }
            out.schema = Some(text);
        }
        Ok(out)
    }

    /// A subject that belongs to a resource can't be referred to, in any mode.
    async fn refuse_owned_references(&self, candidate: &Candidate) -> Result<(), RegistryError> {
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

    /// Decides the version and checks compatibility.
    async fn file(
        &self,
        subject: &Subject,
        submission: &Submission,
        candidate: Candidate,
        state: &SubjectState,
        effective: &Effective,
        Filing { options, searched }: Filing,
    ) -> Result<Decision, RegistryError> {
        let import = effective.mode.is_import();
        let id = submission.id.filter(|id| *id >= 0);
        let next = state.next_version();
        let (metadata, rules) = (submission.metadata.as_ref(), submission.rule_set.as_ref());
        if !import && !searched && submission.version <= 0 {
            let latest_only = submission.version < 0;
            let found = self.find_content(subject, &candidate, metadata, rules, state, false).await?;
            if let Some(found) = found
                && (!latest_only || state.latest().is_some_and(|row| row.version == found.row.version))
            {
                return Ok(Decision::Known(found.into_registered(subject), false));
            }
        }
        if !import && submission.version > 0 && submission.version != next {
            return Err(RegistryError::InvalidSchema("Version is not one more than previous version".to_owned()));
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
        let version = if submission.version > 0 { submission.version } else { next };
        let mut content = candidate.content(metadata, rules);
        let inherited = metadata.is_some_and(|m| m.property(VERSION_PROPERTY).is_some());
        if !import && (submission.version != 0 || inherited) {
            let stamped = content.metadata.take().unwrap_or_default();
            content.metadata = Some(stamped.with_property(VERSION_PROPERTY, &version.to_string()));
        }
        if let Some(row) = state.row(version) {
            return self.occupied(subject, row.id, version, id, content).await;
        }
        let digest = names::digest(&content.text);
        let request = RegisterRequest {
            subject: subject.clone(),
            schema: HashedContent::from(content),
            digest: Some(digest),
            names: names::names(&candidate.parsed),
            targets: candidate.targets,
            active_references: !import && effective.config.validate_new_schemas.unwrap_or(true),
            expected_epoch: state.epoch,
            version,
            id,
            disruptive: import || state.rows.iter().any(|row| row.deleted),
            now: self.now(),
        };
        Ok(Decision::File(Box::new(request)))
    }

    /// IMPORT into a version that exists: fine when it holds that very content under that very id.
    async fn occupied(
        &self,
        subject: &Subject,
        held: SchemaId,
        version: Version,
        id: Option<SchemaId>,
        content: Content,
    ) -> Result<Decision, RegistryError> {
        let entry = self.entry(subject.context(), held).await?;
        match entry {
            Some(entry) if *entry.stored.content == content && id.is_none_or(|id| id == held) => Ok(Decision::Known(
                Registered {
                    subject: subject.clone(),
                    id: held,
                    version,
                    guid: entry.stored.guid,
                    content: Arc::clone(&entry.stored.content),
                    matched_at: None,
                    is_new: false,
                },
                false,
            )),
            _ => Err(RegistryError::NotPermitted(NotPermitted::Overwrite(id.unwrap_or(held), subject.clone()))),
        }
    }
}

impl Match {
    fn into_registered(self, subject: &Subject) -> Registered {
        Registered {
            subject: subject.clone(),
            id: self.row.id,
            version: self.row.version,
            guid: self.entry.stored.guid,
            content: Arc::clone(&self.entry.stored.content),
            matched_at: (!self.exact).then_some(self.row.created_at),
            is_new: false,
        }
    }
}

impl RegisterRequest {
    /// What came of filing; `None` when the subject changed meanwhile.
    pub(super) fn registered(&self, outcome: RegisterOutcome) -> Result<Option<Registered>, RegistryError> {
        let content = &self.schema.content;
        match outcome {
            RegisterOutcome::Registered { id } => Ok(Some(Registered {
                subject: self.subject.clone(),
                id,
                version: self.version,
                guid: self.schema.guid,
                content: Arc::clone(content),
                matched_at: None,
                is_new: true,
            })),
            RegisterOutcome::HeadMoved => Ok(None),
            RegisterOutcome::IdTaken => {
                Err(RegistryError::NotPermitted(NotPermitted::Overwrite(self.id.unwrap_or(0), self.subject.clone())))
            }
            RegisterOutcome::GuidCollision => Err(RegistryError::GuidCollision(self.schema.guid)),
            RegisterOutcome::ReferenceGone { position } => {
                let text = content.references.get(position).map_or_else(String::new, |r| {
                    format!("No schema reference found for subject \"{}\" and version {}", r.subject, r.version)
                });
                Err(RegistryError::InvalidSchema(format!("Invalid schema of type {}, details: {text}", content.schema_type)))
            }
            RegisterOutcome::ReferenceOwned { position } => {
                let subject = content.references.get(position).map_or_else(String::new, |r| r.subject.clone());
                Err(RegistryError::NotPermitted(NotPermitted::StrongAssociation(subject)))
            }
        }
    }
}
