//! Compatibility checks, on their own and as part of a registration.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::Registry;
use super::error::RegistryError;
use super::invalid_schema::InvalidSchema;
use super::judging_pool::JobSize;
use super::parse::SubmissionOptions;
use super::schema_cache::CachedSchema;
use super::submission::Submission;
use crate::compat::{self, Candidate, CompatibilityReport, CompatibilitySettings, Previous};
use crate::schema::{CheckError, Finding, ParseMode, Parsed};
use crate::store::{SubjectState, VersionRow};
use crate::types::{CompatibilityLevel, Config, Metadata, Subject, Version, VersionSelector};

/// What a candidate is checked against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckTarget {
    One(VersionSelector),
    /// The active versions, as the level demands.
    History,
}

/// How to check.
#[derive(Debug, Clone, Copy, Default)]
pub struct CheckParameters {
    pub normalize: bool,
    /// Ask for notes as well.
    pub explain: bool,
}

#[derive(Debug, Clone, Default)]
pub struct CheckAnswer {
    /// The verdict.
    pub is_compatible: bool,
    /// Confluent's messages, in order.
    pub messages: Vec<String>,
    /// The findings behind them.
    pub findings: Vec<compat::VersionFinding>,
    /// What a second opinion says about the newest version compared; it never decides.
    pub notes: Vec<(Version, Finding)>,
}

/// A version to compare with.
struct PreviousVersion {
    version: Version,
    schema: Arc<CachedSchema>,
    parsed: Parsed,
}

impl PreviousVersion {
    fn borrowed(&self) -> Previous<'_> {
        let content = &self.schema.stored.content;
        Previous { version: self.version, schema: &self.parsed, metadata: content.metadata.as_ref(), text: &content.text }
    }
}

impl Registry {
    /// Checks a submission against versions of a subject.
    ///
    /// # Errors
    /// The schema is refused, or a numbered version does not exist.
    #[tracing::instrument(level = "debug", skip_all, fields(%subject))]
    pub async fn check(
        &self,
        subject: &Subject,
        submission: &Submission,
        target: CheckTarget,
        options: CheckParameters,
    ) -> Result<CheckAnswer, RegistryError> {
        let CheckParameters { normalize, explain } = options;
        let effective = self.effective(subject).await?;
        let config = &effective.config;
        let rows = self.versions_to_compare(subject, target).await?;
        if submission.is_empty() {
            return Err(RegistryError::InvalidSchema(InvalidSchema::Empty));
        }
        submission.parsed_type()?;
        let mode = if config.validate_new_schemas.unwrap_or(true) { ParseMode::New } else { ParseMode::Lookup };
        let normalize = config.normalizes(normalize);
        let candidate = self.read(subject, submission, SubmissionOptions::checked(mode, normalize, config)).await?;
        let state = SubjectState { epoch: 0, rows };
        let report = self.compare(subject, &candidate.parsed, submission.metadata.as_ref(), &state, config).await?;
        let is_compatible = report.is_compatible();
        let metadata = submission.metadata.as_ref();
        let notes = if explain {
            self.notes(subject, &candidate.parsed, metadata, &state, config, is_compatible).await?
        } else {
            Vec::new()
        };
        Ok(CheckAnswer { is_compatible, messages: report.messages, findings: compat::format_findings(report.reasons), notes })
    }

    async fn versions_to_compare(&self, subject: &Subject, target: CheckTarget) -> Result<Vec<VersionRow>, RegistryError> {
        match target {
            CheckTarget::History => Ok(self.store.subject(subject).await?.rows),
            // a subject of that name in another context has no say
            CheckTarget::One(selector) => match self.store.version(subject, selector, false).await? {
                Some(row) => Ok(vec![row]),
                None if selector == VersionSelector::Latest => Ok(Vec::new()),
                None => Err(RegistryError::VersionNotFound(selector)),
            },
        }
    }

    /// Compares a candidate with the active versions of `state`.
    pub(super) async fn compare(
        &self,
        subject: &Subject,
        candidate: &Parsed,
        metadata: Option<&Metadata>,
        state: &SubjectState,
        config: &Config,
    ) -> Result<CompatibilityReport, RegistryError> {
        let rules = self.rules(config);
        if rules.level == CompatibilityLevel::None && !rules.validate_fields && !rules.is_logical() {
            return Ok(CompatibilityReport::default());
        }
        let mut history = EarlierVersions::new(subject, metadata, state, config, &rules);
        let schema_type = candidate.schema_type();
        let candidate = Arc::new((candidate.clone(), metadata.cloned()));
        let mut report: Option<CompatibilityReport> = None;
        // one version at a time, so that no more than one is held for the comparison
        while let Some(previous) = history.next(self).await? {
            let size = candidate.0.canonical().len() + previous.schema.stored.content.text.len();
            let (candidate, rules, before) = (Arc::clone(&candidate), rules.clone(), report.clone());
            let job = move || {
                let new = Candidate { schema: &candidate.0, metadata: candidate.1.as_ref() };
                let old = previous.borrowed();
                let mut report = before.clone().unwrap_or_else(|| compat::begin(new, Some(&old), &rules));
                let is_last = compat::compare(new, &old, &rules, &mut report)?;
                Ok((report, is_last))
            };
            let outcome = self.judging_pool.run(JobSize::Bytes(size), job).await?;
            let (compared, is_last) =
                outcome.map_err(|CheckError::BudgetExhausted { limit }| RegistryError::WorkExhausted { limit })?;
            report = Some(compared);
            if is_last {
                break;
            }
        }
        let alone = || compat::begin(Candidate { schema: &candidate.0, metadata: candidate.1.as_ref() }, None, &rules);
        let mut report = report.unwrap_or_else(alone);
        if rules.is_logical() {
            let history = EarlierVersions::new(subject, metadata, state, config, &rules);
            report.append(self.compare_logical(candidate, &rules, history).await?);
        }
        let report = compat::finish(report, &rules);
        self.verdicts.count(schema_type, report.is_compatible());
        Ok(report)
    }

    /// What table engines say: about the candidate, and about the change from each version that the level compares.
    async fn compare_logical(
        &self,
        candidate: Arc<(Parsed, Option<Metadata>)>,
        rules: &CompatibilitySettings,
        mut history: EarlierVersions<'_>,
    ) -> Result<CompatibilityReport, RegistryError> {
        let exhausted = |CheckError::BudgetExhausted { limit }| RegistryError::WorkExhausted { limit };
        let size = candidate.0.canonical().len();
        let (new, own) = (Arc::clone(&candidate), rules.clone());
        let job = move || compat::validity(Candidate { schema: &new.0, metadata: new.1.as_ref() }, &own);
        let (mut report, goes_on) = self.judging_pool.run(JobSize::Bytes(size), job).await?.map_err(exhausted)?;
        if !goes_on || rules.level == CompatibilityLevel::None {
            return Ok(report);
        }
        let mut compared = Vec::new();
        while let Some(previous) = history.next(self).await? {
            let size = size + previous.schema.stored.content.text.len();
            let (new, rules) = (Arc::clone(&candidate), rules.clone());
            let job = move || {
                let new = Candidate { schema: &new.0, metadata: new.1.as_ref() };
                compat::compare_logical(new, &previous.borrowed(), &rules)
            };
            compared.push(self.judging_pool.run(JobSize::Bytes(size), job).await?.map_err(exhausted)?);
        }
        // the messages begin with the oldest version
        compared.into_iter().rev().for_each(|found| report.append(found));
        Ok(report)
    }

    /// The second opinion on the newest version that the level compares.
    pub(super) async fn notes(
        &self,
        subject: &Subject,
        candidate: &Parsed,
        metadata: Option<&Metadata>,
        state: &SubjectState,
        config: &Config,
        is_compatible: bool,
    ) -> Result<Vec<(Version, Finding)>, RegistryError> {
        let rules = self.rules(config);
        if rules.level == CompatibilityLevel::None || !matches!(candidate, Parsed::Json(_)) {
            return Ok(Vec::new());
        }
        let newest = EarlierVersions::new(subject, metadata, state, config, &rules).next(self).await?;
        let Some(newest) = newest else { return Ok(Vec::new()) };
        let candidate = candidate.clone();
        let job = move || {
            let names = ("the new schema", "the old schema");
            let notes = compat::notes((&candidate, &newest.parsed), names, rules.level, is_compatible);
            notes.into_iter().map(|note| (newest.version, note)).collect::<Vec<_>>()
        };
        // notes never decide, so a failure to get them is not reported
        Ok(self.judging_pool.run(JobSize::Unmeasured, job).await.unwrap_or_default())
    }
}

/// The versions that the level compares, newest first, within the candidate's compatibility group: at the transitive levels all earlier
/// ones, at the others the newest. They are loaded some at a time.
struct EarlierVersions<'h> {
    subject: &'h Subject,
    rows: Vec<&'h VersionRow>,
    group: Option<&'h str>,
    /// The candidate's value of the group's property.
    wanted: Option<String>,
    /// How many more are compared.
    left: usize,
    loaded: VecDeque<(Version, Arc<CachedSchema>)>,
    /// How many are loaded at once.
    batch: usize,
}

impl<'h> EarlierVersions<'h> {
    /// Most versions that are loaded at once.
    const BATCH: usize = 16;

    fn new(
        subject: &'h Subject,
        metadata: Option<&Metadata>,
        state: &'h SubjectState,
        config: &'h Config,
        rules: &CompatibilitySettings,
    ) -> Self {
        let group = config.compatibility_group.as_deref().filter(|group| !group.is_empty());
        let mut rows: Vec<&VersionRow> = state.active().collect();
        rows.reverse();
        let wanted = value_of(group, metadata);
        // most candidates differ from the newest version, if from any
        Self { subject, rows, group, wanted, left: compat::compared(rules.level, usize::MAX), loaded: VecDeque::new(), batch: 1 }
    }

    async fn next(&mut self, registry: &Registry) -> Result<Option<PreviousVersion>, RegistryError> {
        while self.left > 0 {
            let Some((version, schema)) = self.loaded.pop_front() else {
                if self.rows.is_empty() {
                    return Ok(None);
                }
                let rows = self.rows.split_off(self.rows.len().saturating_sub(self.batch));
                self.batch = (self.batch * 4).min(Self::BATCH);
                let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
                let schemas = registry.schemas_by_ids(self.subject.context(), &ids).await?;
                let by_id: HashMap<_, _> = schemas.into_iter().map(|schema| (schema.stored.id, schema)).collect();
                let found = rows.iter().rev().filter_map(|row| Some((row.version, Arc::clone(by_id.get(&row.id)?))));
                self.loaded.extend(found);
                continue;
            };
            if self.group.is_some() && value_of(self.group, schema.stored.content.metadata.as_ref()) != self.wanted {
                continue;
            }
            self.left -= 1;
            let refuse = |error| InvalidSchema::StoredVersion { version, error };
            let parsed = registry.parsed(&schema).await.map_err(|error| error.or_refuse(refuse))?;
            return Ok(Some(PreviousVersion { version, schema, parsed }));
        }
        Ok(None)
    }
}

/// The value of the property that makes the compatibility group.
fn value_of(group: Option<&str>, metadata: Option<&Metadata>) -> Option<String> {
    group.and_then(|group| metadata.and_then(|metadata| metadata.property(group)).map(str::to_owned))
}
