//! Modes: what they refuse; reading, setting and removing them.

use std::sync::Arc;

use super::Registry;
use super::effective::{global, top};
use super::error::{NotPermitted, RegistryError};
use crate::store::{DeleteOutcome, Generation, ImportSwitch, Scope};
use crate::types::{Actor, Mode, SchemaId, Subject};

impl Registry {
    /// The mode of a scope: its own, or with `inherit` the effective one.
    ///
    /// # Errors
    /// [`RegistryError::NoSubjectMode`] when a subject has none of its own.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn mode(&self, scope: &Scope, inherit: bool) -> Result<Mode, RegistryError> {
        let effective = self.effective(scope).await?;
        match effective.own.mode {
            Some(mode) => Ok(mode),
            None if inherit => Ok(effective.mode),
            None if *scope == top() => Ok(self.defaults.mode),
            None => Err(RegistryError::NoSubjectMode(scope.clone())),
        }
    }

    /// Sets a mode; `None` clears it.
    ///
    /// # Errors
    /// FORWARD below the global level; modes can't be changed; IMPORT on a scope that is not empty.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn put_mode(&self, scope: &Scope, mode: Option<Mode>, force: bool, by: &Arc<Actor>) -> Result<(), RegistryError> {
        Self::check_scope_name(scope)?;
        self.refuse_immutable_mode()?;
        if mode == Some(Mode::Forward) && *scope != global() {
            return Err(RegistryError::ForwardOnlyGlobal);
        }
        let import = match mode {
            // what is below a scope in IMPORT was let in already
            Some(Mode::Import) if self.effective(scope).await?.mode == Mode::Import => ImportSwitch::No,
            Some(Mode::Import) if force => ImportSwitch::Forced,
            Some(Mode::Import) => ImportSwitch::Checked,
            _ => ImportSwitch::No,
        };
        match self.store.put_mode(scope, mode, import, by).await? {
            DeleteOutcome::NotEmpty => Err(RegistryError::NotPermitted(NotPermitted::SubjectsExist)),
            DeleteOutcome::Referenced(subject, version) => Err(RegistryError::ReferenceExists(subject, version)),
            _ => Ok(()),
        }
    }

    fn refuse_immutable_mode(&self) -> Result<(), RegistryError> {
        if self.defaults.mode_mutability { Ok(()) } else { Err(RegistryError::NotPermitted(NotPermitted::ModeImmutable)) }
    }

    pub(super) async fn refuse_read_only(&self, scope: &Scope) -> Result<(), RegistryError> {
        self.refuse_read_only_in(scope, self.store.generation().await?).await
    }

    /// The same for a subject of an association.
    pub(super) async fn refuse_read_only_association(&self, subject: &Subject) -> Result<(), RegistryError> {
        match self.refuse_read_only(subject).await {
            Err(RegistryError::NotPermitted(NotPermitted::ReadOnly(subject))) => {
                Err(RegistryError::NotPermitted(NotPermitted::AssociatedReadOnly(subject)))
            }
            other => other,
        }
    }

    /// [`Self::refuse_read_only`] in a generation that was asked for before.
    pub(super) async fn refuse_read_only_in(&self, scope: &Scope, generation: Generation) -> Result<(), RegistryError> {
        if self.effective_in(scope, generation).await?.mode.is_read_only() {
            return Err(RegistryError::NotPermitted(NotPermitted::ReadOnly(scope.clone())));
        }
        Ok(())
    }

    /// Whether the mode lets a new version be registered: with an id of the client's only in IMPORT, without one never there.
    pub(super) fn refuse_registration(subject: &Subject, id: Option<SchemaId>, mode: Mode) -> Result<(), RegistryError> {
        let id = id.filter(|id| *id >= 0);
        let refusal = match (mode, id) {
            (mode, _) if mode.is_read_only() => NotPermitted::ReadOnly(subject.clone()),
            (mode, None) if mode.is_import() => NotPermitted::NotReadWrite(subject.clone()),
            (mode, Some(_)) if !mode.is_import() => NotPermitted::NotImport(subject.clone()),
            _ => return Ok(()),
        };
        Err(RegistryError::NotPermitted(refusal))
    }

    /// Removes a mode and returns it; `None` when only modes below it were removed.
    ///
    /// # Errors
    /// [`RegistryError::SubjectNotFound`] when there is none; modes can't be changed.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn delete_mode(&self, scope: &Scope, recursive: bool, by: &Arc<Actor>) -> Result<Option<Mode>, RegistryError> {
        let effective = self.effective(scope).await?;
        let is_top = *scope == top();
        if effective.own.mode.is_none() && !recursive && !is_top {
            return Err(RegistryError::SubjectNotFound(scope.clone()));
        }
        self.refuse_immutable_mode()?;
        let (mode, _) = self.store.delete_mode(scope, recursive, by).await?;
        Ok(if is_top { Some(mode.unwrap_or(self.defaults.mode)) } else { mode })
    }
}
