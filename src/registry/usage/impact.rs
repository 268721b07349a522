//! Which of the versions in use could not read data that is written with a new schema.

use std::sync::Arc;

use super::UsedVersion;
use crate::access::Rights;
use crate::compat::CompatibilitySettings;
use crate::registry::diff::{DiffSource, LevelVerdict, verdict};
use crate::registry::judging_pool::JobSize;
use crate::registry::{Registry, RegistryError};
use crate::schema::CheckError;
use crate::types::{CompatibilityLevel, Subject, VersionSelector};

/// Versions that are compared: those that were read last.
const VERSIONS: usize = 100;

/// A version in use, and whether those who have it can read what is written with the new schema.
#[derive(Debug, Clone)]
pub struct ImpactedVersion {
    pub used: UsedVersion,
    /// What the level FORWARD says, with the version as the reader.
    pub verdict: LevelVerdict,
}

#[derive(Debug, Clone)]
pub struct Impact {
    /// Reads are counted.
    pub is_on: bool,
    /// Since when, in milliseconds since 1970.
    pub since: Option<i64>,
    /// The newest first.
    pub versions: Vec<ImpactedVersion>,
    /// Whether that are all versions in use, with all their clients.
    pub is_whole: bool,
}

impl Registry {
    /// Judges a new schema for a subject, or one of its versions, by the versions that were read since a time.
    ///
    /// # Errors
    /// A version is unknown or may not be read, the text is refused, or the comparison takes too much work.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn impact(
        &self,
        subject: &Subject,
        new: DiffSource,
        since: i64,
        rights: &Rights,
        names_principals: bool,
    ) -> Result<Impact, RegistryError> {
        let effective = self.effective(subject).await?;
        let new = Arc::new(self.diff_side(subject, new, rights).await?);
        let usage = self.usage(subject, None, since, names_principals).await?;
        let mut used = usage.versions;
        used.sort_by_key(|used| std::cmp::Reverse((used.last_at, used.version)));
        let is_whole = usage.is_whole && used.len() <= VERSIONS;
        used.truncate(VERSIONS);
        used.sort_by_key(|used| std::cmp::Reverse(used.version));
        let mut versions = Vec::with_capacity(used.len());
        // one at a time, so that no more than one is held for the comparison
        for used in used {
            let source = DiffSource::Version(subject.clone(), VersionSelector::Number(used.version));
            let old = match self.diff_side(subject, source, rights).await {
                Ok(old) => old,
                // removed for good since its reads were looked up
                Err(RegistryError::VersionNotFound(_) | RegistryError::SubjectNotFound(_)) => continue,
                Err(error) => return Err(error),
            };
            let (new, size) = (Arc::clone(&new), JobSize::Bytes(old.content.text.len() + new.content.text.len()));
            let rules = CompatibilitySettings { level: CompatibilityLevel::Forward, ..self.rules(&effective.config) };
            let exhausted = |CheckError::BudgetExhausted { limit }| RegistryError::WorkExhausted { limit };
            let judged = self.judging_pool.run(size, move || verdict(&old, &new, &rules)).await?.map_err(exhausted)?;
            versions.push(ImpactedVersion { used, verdict: judged });
        }
        Ok(Impact { is_on: usage.is_on, since: usage.since, versions, is_whole })
    }
}
