//! Deleting versions and subjects.

use std::sync::Arc;

use super::error::{NotPermitted, RegistryError};
use super::{MAX_DECISIONS, Registry};
use crate::store::{DeleteOutcome, DeleteRequest};
use crate::types::{Actor, Subject, Version, VersionSelector};

impl Registry {
    /// Deletes one version, softly or for good, and returns its number.
    ///
    /// # Errors
    /// The version does not exist, is soft-deleted already (or, for good, not yet), is referred to, or the mode is READONLY
    /// (rest-api 5.7).
    pub async fn delete_version(
        &self,
        subject: &Subject,
        selector: VersionSelector,
        permanent: bool,
        by: &Arc<Actor>,
    ) -> Result<Version, RegistryError> {
        let versions = self.delete(subject, Some(selector), permanent, by).await?;
        versions.first().copied().ok_or(RegistryError::VersionNotFound(selector))
    }

    /// Deletes a subject, softly or for good, and returns the numbers of the versions.
    ///
    /// # Errors
    /// As for [`Self::delete_version`], and for each of the versions.
    pub async fn delete_subject(
        &self,
        subject: &Subject,
        permanent: bool,
        by: &Arc<Actor>,
    ) -> Result<Vec<Version>, RegistryError> {
        self.delete(subject, None, permanent, by).await
    }

    #[tracing::instrument(level = "debug", skip_all, fields(%subject, permanent))]
    async fn delete(
        &self,
        subject: &Subject,
        version: Option<VersionSelector>,
        permanent: bool,
        by: &Arc<Actor>,
    ) -> Result<Vec<Version>, RegistryError> {
        for _ in 0..MAX_DECISIONS {
            let generation = self.store.generation().await?;
            let read_only = self.effective_in(subject, generation).await?.mode.is_read_only();
            let expected_settings = Some(generation.settings);
            let request =
                DeleteRequest { subject: subject.clone(), version, permanent, read_only, expected_settings, now: self.now() };
            match self.store.delete(Arc::new(request), by).await? {
                DeleteOutcome::Moved => {}
                DeleteOutcome::SubjectNotFound if self.is_context_with_subjects(subject).await? => return Ok(Vec::new()),
                outcome => return deleted(outcome, subject.clone(), version),
            }
        }
        Err(RegistryError::Contention)
    }
}

/// What the store's outcome means.
pub(super) fn deleted(
    outcome: DeleteOutcome,
    subject: Subject,
    version: Option<VersionSelector>,
) -> Result<Vec<Version>, RegistryError> {
    match outcome {
        DeleteOutcome::Deleted(versions) => Ok(versions),
        DeleteOutcome::Moved => Err(RegistryError::Contention),
        DeleteOutcome::SubjectNotFound => Err(RegistryError::SubjectNotFound(subject)),
        DeleteOutcome::VersionNotFound => Err(RegistryError::VersionNotFound(version.unwrap_or(VersionSelector::Latest))),
        DeleteOutcome::SubjectSoftDeleted => Err(RegistryError::SubjectSoftDeleted(subject)),
        DeleteOutcome::VersionSoftDeleted(version) => Err(RegistryError::VersionSoftDeleted(subject, version)),
        DeleteOutcome::SubjectNotDeleted => Err(RegistryError::SubjectNotDeleted(subject)),
        DeleteOutcome::VersionNotDeleted(version) => Err(RegistryError::VersionNotDeleted(subject, version)),
        DeleteOutcome::ReadOnly => Err(RegistryError::NotPermitted(NotPermitted::ReadOnly(subject))),
        DeleteOutcome::Referenced(subject, version) => Err(RegistryError::ReferenceExists(subject, version)),
        DeleteOutcome::NotEmpty => Err(RegistryError::NotPermitted(NotPermitted::SubjectsExist)),
        DeleteOutcome::Associated(subject) => Err(RegistryError::AssociationExists(subject)),
        DeleteOutcome::AssociatedLast(subject) => Err(RegistryError::AssociationNeedsVersion(subject)),
    }
}
