//! Bringing many versions at once, with their ids, as they are in another registry.
//!
//! They are read here and written by the store in one transaction. What a registration by itself would be refused for is refused here too,
//! without saying for which version: whoever brings them registers them one by one then.

use std::sync::Arc;

use super::keys::fill_kms_defaults;
use super::parse::SubmissionOptions;
use super::submission::Submission;
use super::{Registry, RegistryError, schema_cache, schema_names, search};
use crate::schema::ParseMode;
use crate::store::{HashedContent, ImportOutcome, ImportRequest, ImportedVersion};
use crate::types::{Actor, MAX_IMPORTED, Subject};

/// A version of another registry.
#[derive(Debug, Clone)]
pub struct CopiedVersion {
    pub subject: Subject,
    /// With id and number.
    pub submission: Submission,
    pub is_deleted: bool,
}

/// Versions that have been read, and can be written.
#[derive(Debug)]
pub struct ReadVersions(ImportRequest);

impl Registry {
    /// Reads versions that are to be written together: none of them refers to another one. `None` where one of them is not for an
    /// import of many: it has no id, or its subject takes none.
    ///
    /// # Errors
    /// What the first registration that is refused is refused for.
    #[tracing::instrument(level = "debug", skip_all, fields(versions = versions.len()))]
    pub async fn read_versions(&self, versions: &[CopiedVersion]) -> Result<Option<ReadVersions>, RegistryError> {
        let generation = self.store.generation().await?;
        let mut read = Vec::with_capacity(versions.len());
        for version in versions {
            self.check_subject_name(&version.subject)?;
            let effective = self.effective_in(&version.subject, generation).await?;
            let Some(id) = version.submission.id.filter(|id| *id >= 0 && effective.mode.is_import()) else { return Ok(None) };
            if !(1..=MAX_IMPORTED).contains(&version.submission.version) || version.submission.is_empty() {
                return Ok(None);
            }
            read.push(Self::metered(self.read_version(version, id)).await?);
        }
        Ok(Some(ReadVersions(ImportRequest { versions: read, expected_settings: generation.settings, now: self.now() })))
    }

    async fn read_version(&self, version: &CopiedVersion, id: i32) -> Result<ImportedVersion, RegistryError> {
        let CopiedVersion { subject, is_deleted, .. } = version;
        let submission = fill_kms_defaults(&version.submission);
        if let Some(rules) = &submission.rule_set {
            rules.validate().map_err(RegistryError::InvalidRuleSet)?;
        }
        let candidate = self.read(subject, &submission, SubmissionOptions::plain(ParseMode::Import, false)).await?;
        let content = candidate.content(submission.metadata.as_ref(), submission.rule_set.as_ref());
        let outline = self.outline(&candidate.parsed).await?;
        Ok(ImportedVersion {
            subject: subject.clone(),
            version: submission.version,
            id,
            digest: schema_cache::digest(&content.text),
            words: search::words(&outline, content.metadata.as_ref()),
            names: schema_names::names(&candidate.parsed),
            schema: HashedContent::from(content),
            targets: candidate.targets,
            deleted: *is_deleted,
        })
    }

    /// Writes versions, all or none; false where that is to be decided for each by itself.
    ///
    /// # Errors
    /// Store failures.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn import_versions(&self, versions: ReadVersions, by: &Arc<Actor>) -> Result<bool, RegistryError> {
        Ok(self.store.import(Arc::new(versions.0), by).await? == ImportOutcome::Done)
    }
}
