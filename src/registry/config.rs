//! Config: reading, merging and removing it.

use std::sync::Arc;

use super::effective::{global, is_in_global, top};
use super::error::RegistryError;
use super::{MAX_DECISIONS, Registry};
use crate::codec::ConfigPatch;
use crate::store::{Scope, SettingsOutcome};
use crate::types::{Actor, Config};

impl Registry {
    /// The config of a scope: its own, or with `inherit` the nearest one above it.
    ///
    /// # Errors
    /// [`RegistryError::NoSubjectConfig`] when a subject has none of its own.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn config(&self, scope: &Scope, inherit: bool) -> Result<Config, RegistryError> {
        let effective = self.effective(scope).await?;
        let level = effective.config.compatibility;
        if let Some(own) = &effective.own.config {
            return Ok(Config { compatibility: own.compatibility.or(level), ..own.clone() });
        }
        if *scope == top() && !inherit {
            return Ok(Config { compatibility: Some(self.defaults.level), ..Config::default() });
        }
        if !inherit {
            return Err(RegistryError::NoSubjectConfig(scope.clone()));
        }
        if is_in_global(scope) {
            return Ok(Config { compatibility: level, ..Config::default() });
        }
        let layers = self.store.settings(&[scope.context_scope(), global()]).await?;
        let inherited = layers.into_iter().find_map(|layer| layer.config).unwrap_or_default();
        Ok(Config { compatibility: inherited.compatibility.or(level), ..inherited })
    }

    /// Merges a change into a config and returns it whole.
    ///
    /// # Errors
    /// The scope is read-only, its name not allowed, or a rule set not valid.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn put_config(&self, scope: &Scope, patch: &ConfigPatch, by: &Arc<Actor>) -> Result<Config, RegistryError> {
        Self::check_scope_name(scope)?;
        for rules in patch.rule_sets() {
            rules.validate().map_err(RegistryError::InvalidRuleSet)?;
        }
        for _ in 0..MAX_DECISIONS {
            let generation = self.store.generation().await?;
            self.refuse_read_only_in(scope, generation).await?;
            if let SettingsOutcome::Done(config) = self.store.put_config(scope, patch, generation.settings, by).await? {
                return Ok(config);
            }
        }
        Err(RegistryError::Contention)
    }

    /// Removes a config and returns it.
    ///
    /// # Errors
    /// [`RegistryError::SubjectNotFound`] when a subject has none; the scope is read-only.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn delete_config(&self, scope: &Scope, by: &Arc<Actor>) -> Result<Config, RegistryError> {
        for _ in 0..MAX_DECISIONS {
            let generation = self.store.generation().await?;
            let effective = self.effective_in(scope, generation).await?;
            let is_top = *scope == top();
            if effective.own.config.is_none() && !is_top {
                return Err(RegistryError::SubjectNotFound(scope.clone()));
            }
            self.refuse_read_only_in(scope, generation).await?;
            if let SettingsOutcome::Done(config) = self.store.delete_config(scope, generation.settings, by).await? {
                let config = config.unwrap_or_default();
                return Ok(Config { compatibility: config.compatibility.or(Some(self.defaults.level)), ..config });
            }
        }
        Err(RegistryError::Contention)
    }
}
