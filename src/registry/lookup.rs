//! Finding a submitted schema under a subject.

use std::collections::HashMap;
use std::sync::Arc;

use super::Registry;
use super::error::{RegistryError, readable};
use super::get::FoundVersion;
use super::judging_pool::JobSize;
use super::parse::{ParsedSubmission, SubmissionOptions};
use super::schema_cache::CachedSchema;
use super::submission::Submission;
use crate::access::Rights;
use crate::schema::ParseMode;
use crate::store::{SubjectState, VersionRow};
use crate::types::{Config, Metadata, RuleSet, Subject, VERSION_PROPERTY};

/// How to look up.
#[derive(Debug, Clone, Copy, Default)]
pub struct LookupOptions {
    pub normalize: bool,
    /// Soft-deleted versions count.
    pub deleted: bool,
}

/// A version that holds the submitted schema.
pub(super) struct MatchingVersion {
    pub(super) row: VersionRow,
    pub(super) schema: Arc<CachedSchema>,
    /// Text, references, metadata and rules are the very same: the request was matched as it stands.
    pub(super) exact: bool,
}

impl MatchingVersion {
    /// When the version was registered, where it was matched by equivalence only: Confluent's answer has `ts` then.
    pub(super) fn matched_at(&self) -> Option<i64> {
        (!self.exact).then_some(self.row.created_at)
    }
}

impl Registry {
    /// The version of a subject that holds a schema. A plain subject is also looked for in the named contexts,
    /// where it may be read.
    ///
    /// # Errors
    /// [`RegistryError::SubjectNotFound`], [`RegistryError::NoSuchSchema`], or the schema is refused.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn lookup(
        &self,
        subject: &Subject,
        submission: &Submission,
        options: LookupOptions,
        rights: &Rights,
    ) -> Result<(FoundVersion, bool), RegistryError> {
        let (known, found) = self.lookup_once(subject, submission, options).await?;
        if let Some(found) = found {
            return Ok(found);
        }
        if subject.is_default_context() && !subject.is_context() {
            for context in self.store.contexts_with_subject(subject.name()).await? {
                let elsewhere = subject.with_context(&context);
                if !rights.reads(&elsewhere) {
                    continue;
                }
                // a reference that leads nowhere from that context makes no match there, and no error
                match self.lookup_once(&elsewhere, submission, options).await {
                    Ok((_, Some(found))) => return Ok(found),
                    Ok((_, None)) | Err(RegistryError::InvalidSchema(_)) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        if known || self.is_context_with_subjects(subject).await? {
            Err(RegistryError::NoSuchSchema)
        } else {
            Err(RegistryError::SubjectNotFound(subject.clone()))
        }
    }

    /// Whether the subject has versions at all, and the match in it.
    pub(super) async fn lookup_once(
        &self,
        subject: &Subject,
        submission: &Submission,
        options: LookupOptions,
    ) -> Result<(bool, Option<(FoundVersion, bool)>), RegistryError> {
        let effective = self.effective(subject).await?;
        let normalize = effective.config.normalizes(options.normalize);
        let candidate = if submission.is_empty() {
            None
        } else {
            Some(self.read(subject, submission, SubmissionOptions::plain(ParseMode::Lookup, normalize)).await?)
        };
        let state = self.store.subject(subject).await?;
        let known = state.rows.iter().any(|row| options.deleted || !row.deleted);
        let Some(candidate) = candidate.filter(|_| known) else { return Ok((known, None)) };
        let found = self.find_match(subject, submission, &candidate, &state, &effective.config, options.deleted).await?;
        let found = found.map(|m| (FoundVersion { subject: subject.clone(), row: m.row, schema: m.schema }, m.exact));
        Ok((known, found))
    }

    /// Exact content first, then newest to oldest what is equivalent; then both once more with metadata and rules filled
    /// from the config and the latest version (rest-api 5.4).
    pub(super) async fn find_match(
        &self,
        subject: &Subject,
        submission: &Submission,
        candidate: &ParsedSubmission,
        state: &SubjectState,
        config: &Config,
        deleted: bool,
    ) -> Result<Option<MatchingVersion>, RegistryError> {
        let (metadata, rules) = (submission.metadata.as_ref(), submission.rule_set.as_ref());
        if let Some(found) = self.find_content(subject, candidate, metadata, rules, state, deleted).await? {
            return Ok(Some(found));
        }
        let (full_metadata, full_rules) = self.populated(subject, submission, state, config).await?;
        if full_metadata.as_ref() == metadata && full_rules.as_ref() == rules {
            return Ok(None);
        }
        self.find_content(subject, candidate, full_metadata.as_ref(), full_rules.as_ref(), state, deleted).await
    }

    pub(super) async fn find_content(
        &self,
        subject: &Subject,
        candidate: &ParsedSubmission,
        metadata: Option<&Metadata>,
        rules: Option<&RuleSet>,
        state: &SubjectState,
        deleted: bool,
    ) -> Result<Option<MatchingVersion>, RegistryError> {
        if !state.rows.iter().any(|row| deleted || !row.deleted) {
            return Ok(None);
        }
        let content = candidate.content(metadata, rules);
        let ids = self.store.content_ids(subject.context(), content.guid(), content.schema_type).await?;
        let eligible = || state.rows.iter().rev().filter(|row| deleted || !row.deleted);
        for row in eligible().filter(|row| ids.contains(&row.id)) {
            if let Some(schema) = self.schema_by_id(subject.context(), row.id).await?
                && *schema.stored.content == content
            {
                return Ok(Some(MatchingVersion { row: row.clone(), schema, exact: true }));
            }
        }
        let hash = self.hash_of_candidate(candidate).await?;
        let is_possible = |row: &&VersionRow| self.known_hash(subject.context(), row.id).is_none_or(|known| known.matches(hash));
        let possible: Vec<&VersionRow> = eligible().filter(is_possible).collect();
        let ids: Vec<_> = possible.iter().map(|row| row.id).collect();
        let schemas = self.schemas_by_ids(subject.context(), &ids).await?;
        let by_id: HashMap<_, _> = schemas.iter().map(|schema| (schema.stored.id, schema)).collect();
        for row in possible {
            let Some(schema) = by_id.get(&row.id) else { continue };
            if self.hash_of(schema).await?.matches(hash) && self.is_equivalent(candidate, metadata, rules, row, schema).await? {
                return Ok(Some(MatchingVersion { row: row.clone(), schema: Arc::clone(schema), exact: false }));
            }
        }
        Ok(None)
    }

    async fn is_equivalent(
        &self,
        candidate: &ParsedSubmission,
        metadata: Option<&Metadata>,
        rules: Option<&RuleSet>,
        row: &VersionRow,
        schema: &Arc<CachedSchema>,
    ) -> Result<bool, RegistryError> {
        let stored = &schema.stored.content;
        let references_match =
            stored.references == candidate.references || (candidate.references.is_empty() && !stored.references.is_empty());
        if stored.schema_type != candidate.parsed.schema_type() || !references_match || stored.rule_set.as_ref() != rules {
            return Ok(false);
        }
        let named = metadata.and_then(|m| m.property(VERSION_PROPERTY));
        let stored_has = stored.metadata.as_ref().is_some_and(|m| m.property(VERSION_PROPERTY).is_some());
        if !stored_has && named.is_some_and(|named| named != row.version.to_string()) {
            return Ok(false);
        }
        if !Metadata::same_but_version(metadata, stored.metadata.as_ref()) {
            return Ok(false);
        }
        if stored.text == candidate.text {
            return Ok(true);
        }
        let Some(parsed) = readable(self.parsed(schema).await)? else { return Ok(false) };
        let (size, candidate) = (JobSize::Bytes(stored.text.len() + candidate.text.len()), candidate.parsed.clone());
        self.judging_pool.run(size, move || parsed.equivalent(&candidate)).await
    }

    /// Metadata and rules as a registration would merge them: the config's defaults, then the request's or else the latest
    /// version's, then the config's overrides.
    pub(super) async fn populated(
        &self,
        subject: &Subject,
        submission: &Submission,
        state: &SubjectState,
        config: &Config,
    ) -> Result<(Option<Metadata>, Option<RuleSet>), RegistryError> {
        let latest = match state.latest() {
            Some(row) => self.schema_by_id(subject.context(), row.id).await?,
            None => None,
        };
        let previous = latest.as_ref().map(|schema| &schema.stored.content);
        let metadata = submission.metadata.as_ref().or_else(|| previous.and_then(|p| p.metadata.as_ref()));
        let metadata = Metadata::merge(config.default_metadata.as_ref(), metadata);
        let metadata = Metadata::merge(metadata.as_ref(), config.override_metadata.as_ref());
        let rules = submission.rule_set.as_ref().or_else(|| previous.and_then(|p| p.rule_set.as_ref()));
        let rules = RuleSet::merge(config.default_rule_set.as_ref(), rules);
        let rules = RuleSet::merge(rules.as_ref(), config.override_rule_set.as_ref());
        Ok((metadata, rules))
    }
}
