//! Compatibility checks, on their own and as part of a registration.

use std::sync::Arc;

use super::Registry;
use super::error::RegistryError;
use super::invalid_schema::InvalidSchema;
use super::judging_pool::Size;
use super::schema_cache::CachedSchema;
use super::submission::Submission;
use crate::compat::{self, Candidate, Previous, Report, Rules};
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

#[derive(Debug, Clone, Default)]
pub struct CheckAnswer {
    /// The verdict.
    pub is_compatible: bool,
    /// Confluent's messages, in order.
    pub messages: Vec<String>,
    /// The findings behind them.
    pub findings: Vec<(Version, Finding)>,
    /// What a second opinion says about the newest version compared; it never decides.
    pub notes: Vec<(Version, Finding)>,
}

/// A version to compare with.
struct PreviousVersion {
    version: Version,
    schema: Arc<CachedSchema>,
    parsed: Parsed,
}

impl Registry {
    /// Checks a submission against versions of a subject. `explain` asks for notes as well.
    ///
    /// # Errors
    /// The schema is refused, or a numbered version does not exist.
    #[tracing::instrument(level = "debug", skip_all, fields(%subject))]
    pub async fn check(
        &self,
        subject: &Subject,
        submission: &Submission,
        target: CheckTarget,
        normalize: bool,
        explain: bool,
    ) -> Result<CheckAnswer, RegistryError> {
        let effective = self.effective(subject).await?;
        let config = &effective.config;
        let (home, rows) = self.versions_to_compare(subject, target).await?;
        submission.parsed_type()?;
        if submission.is_empty() {
            return Err(RegistryError::InvalidSchema(InvalidSchema::Empty));
        }
        let mode = if config.validate_new_schemas.unwrap_or(true) { ParseMode::New } else { ParseMode::Lookup };
        let normalize = normalize || config.normalize.unwrap_or(false);
        let validate_fields = config.validate_fields.unwrap_or(false);
        let candidate = self.read(subject, submission, mode, validate_fields, normalize).await?;
        let state = SubjectState { epoch: 0, rows };
        let report = self.compare(&home, &candidate.parsed, submission.metadata.as_ref(), &state, config).await?;
        let is_compatible = report.is_compatible();
        let metadata = submission.metadata.as_ref();
        let notes = if explain {
            self.notes(&home, &candidate.parsed, metadata, &state, config, is_compatible).await?
        } else {
            Vec::new()
        };
        Ok(CheckAnswer { is_compatible, messages: report.messages, findings: compat::format_findings(report.reasons), notes })
    }

    async fn versions_to_compare(
        &self,
        subject: &Subject,
        target: CheckTarget,
    ) -> Result<(Subject, Vec<VersionRow>), RegistryError> {
        match target {
            CheckTarget::History => Ok((subject.clone(), self.store.subject(subject).await?.rows)),
            CheckTarget::One(selector) => match self.version(subject, selector, false).await {
                Ok(found) => Ok((found.subject, vec![found.row])),
                Err(RegistryError::SubjectNotFound(_) | RegistryError::VersionNotFound(_))
                    if selector == VersionSelector::Latest =>
                {
                    Ok((subject.clone(), Vec::new()))
                }
                Err(RegistryError::SubjectNotFound(_)) => Err(RegistryError::VersionNotFound(selector)),
                Err(error) => Err(error),
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
    ) -> Result<Report, RegistryError> {
        let rules = self.rules(config);
        if rules.level == CompatibilityLevel::None && !rules.validate_fields {
            return Ok(Report::default());
        }
        let previous = self.load_history(subject, metadata, state, config, &rules).await?;
        let size = candidate.canonical().len() + previous.iter().map(|p| p.schema.stored.content.text.len()).sum::<usize>();
        let size = Size::Bytes(size);
        let (candidate, metadata) = (candidate.clone(), metadata.cloned());
        let job = move || {
            let previous: Vec<Previous<'_>> = previous
                .iter()
                .map(|p| Previous {
                    version: p.version,
                    schema: &p.parsed,
                    metadata: p.schema.stored.content.metadata.as_ref(),
                    text: &p.schema.stored.content.text,
                })
                .collect();
            compat::check(Candidate { schema: &candidate, metadata: metadata.as_ref() }, &previous, &rules)
        };
        let outcome = self.judging_pool.run(size, job).await?;
        outcome.map_err(|CheckError::BudgetExhausted { limit }| RegistryError::WorkExhausted { limit })
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
        let history = self.load_history(subject, metadata, state, config, &rules).await?;
        let Some(newest) = history.into_iter().next() else { return Ok(Vec::new()) };
        let candidate = candidate.clone();
        let job = move || {
            let names = ("the new schema", "the old schema");
            let notes = compat::notes((&candidate, &newest.parsed), names, rules.level, is_compatible);
            notes.into_iter().map(|note| (newest.version, note)).collect::<Vec<_>>()
        };
        // notes never decide, so a failure to get them is not reported
        Ok(self.judging_pool.run(Size::Unmeasured, job).await.unwrap_or_default())
    }

    /// The versions that the level compares, newest first, within the candidate's compatibility group.
    async fn load_history(
        &self,
        subject: &Subject,
        metadata: Option<&Metadata>,
        state: &SubjectState,
        config: &Config,
        rules: &Rules,
    ) -> Result<Vec<PreviousVersion>, RegistryError> {
        let group = config.compatibility_group.as_deref().filter(|group| !group.is_empty());
        let ids: Vec<_> = match (group, rules.level.is_transitive()) {
            (None, false) => state.latest().map(|row| row.id).into_iter().collect(),
            _ => state.active().map(|row| row.id).collect(),
        };
        let schemas = self.schemas_by_ids(subject.context(), &ids).await?;
        let by_id: std::collections::HashMap<_, _> = schemas.iter().map(|schema| (schema.stored.id, schema)).collect();
        let value = |m: Option<&Metadata>| group.and_then(|group| m.and_then(|m| m.property(group)).map(str::to_owned));
        let wanted = value(metadata);
        let mut out = Vec::new();
        for row in state.active() {
            let Some(schema) = by_id.get(&row.id) else { continue };
            if group.is_some() && value(schema.stored.content.metadata.as_ref()) != wanted {
                continue;
            }
            let refuse = |error| InvalidSchema::StoredVersion { version: row.version, error };
            let parsed = self.parsed(schema).await.map_err(|error| error.or_refuse(refuse))?;
            out.push(PreviousVersion { version: row.version, schema: Arc::clone(schema), parsed });
            if out.len() >= compat::compared(rules.level, usize::MAX) {
                break;
            }
        }
        Ok(out)
    }
}
