//! What changed between two schemas, by meaning, and what each level says about it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::Registry;
use super::error::RegistryError;
use super::invalid_schema::InvalidSchema;
use super::judging_pool::JobSize;
use super::parse::SubmissionOptions;
use super::submission::Submission;
use crate::access::{Operation, Rights};
use crate::codec::to_text;
use crate::compat::diff::{Changes, changes};
use crate::compat::{self, Candidate, CompatibilitySettings, Previous, VersionFinding};
use crate::schema::{CheckError, Outline, ParseMode, Parsed};
use crate::types::{CompatibilityLevel, Content, SchemaId, Subject, Version, VersionSelector};

/// What is compared.
#[derive(Debug, Clone)]
pub enum DiffSource {
    Version(Subject, VersionSelector),
    /// As it would be submitted.
    Text(Box<Submission>),
}

/// One of the two that were compared.
#[derive(Debug, Clone)]
pub struct DiffSide {
    /// The version, where it is one.
    pub version: Option<(Subject, Version, SchemaId)>,
    pub content: Content,
    parsed: Parsed,
}

/// What one level says.
#[derive(Debug, Clone)]
pub struct LevelVerdict {
    pub level: CompatibilityLevel,
    pub is_compatible: bool,
    pub messages: Vec<String>,
    pub findings: Vec<VersionFinding>,
}

#[derive(Debug, Clone)]
pub struct SchemaDiff {
    pub old: DiffSide,
    pub new: DiffSide,
    pub changes: Changes,
    /// What stands beside the texts: the words under which they differ, and both values.
    pub beside: Vec<(String, Option<String>, Option<String>)>,
    pub verdicts: Vec<LevelVerdict>,
}

/// The levels that say something about two versions: the transitive ones say the same.
const LEVELS: [CompatibilityLevel; 3] = [CompatibilityLevel::Backward, CompatibilityLevel::Forward, CompatibilityLevel::Full];

impl Registry {
    /// Compares two schemas. The config of `subject` says by which policies.
    ///
    /// # Errors
    /// A version is unknown or may not be read, a text is refused, or the comparison takes too much work.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn diff(
        &self,
        subject: &Subject,
        old: DiffSource,
        new: DiffSource,
        rights: &Rights,
    ) -> Result<SchemaDiff, RegistryError> {
        let effective = self.effective(subject).await?;
        let old = self.diff_side(subject, old, rights).await?;
        let new = self.diff_side(subject, new, rights).await?;
        let size = old.content.text.len() + new.content.text.len();
        let pair = (old.parsed.clone(), new.parsed.clone());
        let changes = self.judging_pool.run(JobSize::Bytes(size), move || changes(&pair.0, &pair.1)).await?;
        let (before, after) = (Arc::new(old.clone()), Arc::new(new.clone()));
        let mut verdicts = Vec::with_capacity(LEVELS.len());
        for level in LEVELS {
            let (before, after) = (Arc::clone(&before), Arc::clone(&after));
            let rules = CompatibilitySettings { level, ..self.rules(&effective.config) };
            let exhausted = |CheckError::BudgetExhausted { limit }| RegistryError::WorkExhausted { limit };
            let job = move || verdict(&before, &after, &rules);
            verdicts.push(self.judging_pool.run(JobSize::Bytes(size), job).await?.map_err(exhausted)?);
        }
        let beside = beside(&old.content, &new.content);
        Ok(SchemaDiff { old, new, changes, beside, verdicts })
    }

    pub(super) async fn diff_side(
        &self,
        subject: &Subject,
        source: DiffSource,
        rights: &Rights,
    ) -> Result<DiffSide, RegistryError> {
        match source {
            DiffSource::Version(subject, selector) => {
                let subject = self.resolve_alias(&subject).await?;
                rights.require(Operation::SubjectRead, &subject)?;
                let found = self.version(&subject, selector, true, rights).await?;
                let version = found.row.version;
                let refuse = |error| InvalidSchema::StoredVersion { version, error };
                let parsed = self.parsed(&found.schema).await.map_err(|error| error.or_refuse(refuse))?;
                let content = Content::clone(&found.schema.stored.content);
                Ok(DiffSide { version: Some((found.subject, version, found.row.id)), content, parsed })
            }
            DiffSource::Text(submission) => {
                submission.require_references(subject, rights)?;
                submission.parsed_type()?;
                if submission.is_empty() {
                    return Err(RegistryError::InvalidSchema(InvalidSchema::Empty));
                }
                let candidate = self.read(subject, &submission, SubmissionOptions::plain(ParseMode::Lookup, false)).await?;
                let content = candidate.content(submission.metadata.as_ref(), submission.rule_set.as_ref());
                Ok(DiffSide { version: None, content, parsed: candidate.parsed })
            }
        }
    }

    /// What a version declares.
    ///
    /// # Errors
    /// The version is unknown, or can't be read any more.
    pub async fn version_outline(
        &self,
        subject: &Subject,
        selector: VersionSelector,
        rights: &Rights,
    ) -> Result<(DiffSide, Arc<Outline>), RegistryError> {
        let side = self.diff_side(subject, DiffSource::Version(subject.clone(), selector), rights).await?;
        let outline = self.outline(&side.parsed).await?;
        Ok((side, outline))
    }
}

impl DiffSide {
    /// Lines and columns of an outline's declarations, in their order.
    pub fn positions(&self, outline: &Outline) -> Vec<Option<crate::schema::Position>> {
        let offsets = outline.declarations.iter().filter(|own| own.is_in_text()).map(|own| own.at);
        let positions = self.parsed.positions(&offsets.collect::<Vec<u32>>());
        outline.declarations.iter().map(|own| positions.get(&own.at).copied()).collect()
    }
}

pub(super) fn verdict(old: &DiffSide, new: &DiffSide, rules: &CompatibilitySettings) -> Result<LevelVerdict, CheckError> {
    let candidate = Candidate { schema: &new.parsed, metadata: new.content.metadata.as_ref() };
    let version = old.version.as_ref().map_or(0, |(_, version, _)| *version);
    let metadata = old.content.metadata.as_ref();
    let previous = Previous { version, schema: &old.parsed, metadata, text: &old.content.text };
    let report = compat::check(candidate, &[previous], rules)?;
    Ok(LevelVerdict {
        level: rules.level,
        is_compatible: report.is_compatible(),
        messages: report.messages,
        findings: compat::format_findings(report.reasons),
    })
}

/// What differs in references, metadata and rules.
fn beside(old: &Content, new: &Content) -> Vec<(String, Option<String>, Option<String>)> {
    let mut said: Vec<(String, [Option<String>; 2])> = Vec::new();
    let mut places = HashMap::new();
    for (side, content) in [old, new].into_iter().enumerate() {
        for (key, value) in around(content) {
            let at = *places.entry(key.clone()).or_insert(said.len());
            if at == said.len() {
                said.push((key, [None, None]));
            }
            if let Some(slot) = said.get_mut(at).and_then(|(_, values)| values.get_mut(side)) {
                *slot = Some(value);
            }
        }
    }
    let names = [old, new].into_iter().filter_map(|content| content.metadata.as_ref()?.sensitive.as_ref()).flatten();
    let sensitive: HashSet<&str> = names.map(|name| name.0.as_str()).collect();
    let is_sensitive = |key: &str| key.strip_prefix("metadata.properties ").is_some_and(|name| sensitive.contains(name));
    let differs = said.into_iter().filter(|(_, [from, to])| from != to);
    let shown = differs.map(|(key, [from, to])| {
        let hidden = is_sensitive(&key);
        let show = |value: Option<String>| if hidden { value.map(|_| "(sensitive)".to_owned()) } else { value };
        (key, show(from), show(to))
    });
    shown.collect()
}

fn around(content: &Content) -> Vec<(String, String)> {
    let mut said = Vec::new();
    for reference in &content.references {
        said.push((format!("references {}", reference.name), format!("{} version {}", reference.subject, reference.version)));
    }
    if let Some(metadata) = &content.metadata {
        for (path, tags) in metadata.tags.iter().flatten() {
            let tags: Vec<&str> = tags.iter().map(|tag| tag.0.as_str()).collect();
            said.push((format!("metadata.tags {}", path.0), tags.join(", ")));
        }
        for (key, value) in metadata.properties.iter().flatten() {
            said.push((format!("metadata.properties {}", key.0), value.clone()));
        }
        for key in metadata.sensitive.iter().flatten() {
            said.push((format!("metadata.sensitive {}", key.0), "true".to_owned()));
        }
    }
    said.extend(content.rule_set.as_ref().map(|rules| ("ruleSet".to_owned(), to_text(rules))));
    said
}
