//! Which config and mode are effective for a subject, and which subject a name stands for.

use std::collections::HashMap;
use std::sync::Arc;

use super::Registry;
use super::error::RegistryError;
use crate::cache::Generational;
use crate::codec::{ConfigJson, LevelKey, to_text};
use crate::compat::CompatibilitySettings;
use crate::store::{Generation, Scope, ScopeSettings};
use crate::types::{Config, GLOBAL_CONTEXT, Mode, Subject};

/// What is effective for a subject.
#[derive(Debug, Clone)]
pub struct Effective {
    /// The subject's own settings.
    pub own: ScopeSettings,
    /// Every field that any layer sets, the server's defaults at the bottom.
    pub config: Config,
    pub mode: Mode,
}

impl Effective {
    fn weight(&self) -> usize {
        let contracts = [&self.config, self.own.config.as_ref().unwrap_or(&self.config)];
        let contracts = contracts.into_iter().filter(|config| config.has_contract_layers());
        // only metadata and rules can be large; parsed they take about twice their text
        contracts.map(|config| to_text(&ConfigJson::new(config, LevelKey::Compatibility)).len() * 2).sum::<usize>() + 1024
    }
}

pub(super) type EffectiveSettings = Generational<Subject, Arc<Effective>>;

/// Memory for effective settings: without metadata and rules in a config that is some 2,000 subjects.
const EFFECTIVE_BYTES: u64 = 2 << 20;

pub(super) fn effective_settings() -> EffectiveSettings {
    Generational::new(EFFECTIVE_BYTES, 1024, |subject, effective| subject.name().len() + effective.weight())
}

/// All scopes that have a config or a mode; `None` where they are too many to be kept whole.
pub(super) type AllSettings = Generational<(), Option<Arc<HashMap<Scope, ScopeSettings>>>>;

/// Configs and modes up to which all of them are kept.
const FEW: i64 = 500;

pub(super) fn top() -> Scope {
    Subject::plain("")
}

pub(super) fn global() -> Scope {
    Subject::in_context(GLOBAL_CONTEXT, "")
}

/// A name that is taken for one in the global context itself. What is said of all contexts is not said to it.
pub(super) fn is_in_global(subject: &Subject) -> bool {
    subject.context() == GLOBAL_CONTEXT && !subject.is_context()
}

impl Registry {
    pub(super) fn server_config(&self) -> Config {
        Config {
            compatibility: Some(self.defaults.level),
            normalize: Some(self.defaults.normalize),
            validate_fields: Some(self.defaults.validate_fields),
            validate_new_schemas: Some(self.defaults.validate_new_schemas),
            ..Config::default()
        }
    }

    /// What is effective for a subject. A layer's unset fields fall through to the next one (Confluent skips layers; see
    /// docs/compatibility.md). When a subject of another context has a config of its own, six fields also fall through to
    /// the top level, as they do in Confluent.
    pub(super) async fn effective(&self, subject: &Subject) -> Result<Arc<Effective>, RegistryError> {
        self.effective_in(subject, self.store.generation().await?).await
    }

    /// The same in a generation that was asked for before.
    pub(super) async fn effective_in(&self, subject: &Subject, generation: Generation) -> Result<Arc<Effective>, RegistryError> {
        let generation = generation.content;
        if let Some(effective) = self.effective_settings.get(subject, generation) {
            return Ok(effective);
        }
        self.effective_settings.get_or_load(subject, generation, self.find_effective(subject, generation)).await
    }

    async fn find_effective(&self, subject: &Subject, generation: i64) -> Result<Arc<Effective>, RegistryError> {
        let scopes = [subject.clone(), subject.context_scope(), top(), global()];
        let layers = match self.few_settings(generation).await? {
            Some(all) => scopes.iter().map(|scope| all.get(scope).cloned().unwrap_or_default()).collect(),
            None => self.store.settings(&scopes).await?,
        };
        let [own, mut context, top, mut global] = <[ScopeSettings; 4]>::try_from(layers).unwrap_or_default();
        let is_in_global = is_in_global(subject);
        if is_in_global {
            (context.config, global.config) = (None, None);
        }
        let mut config = own.config.clone().unwrap_or_default();
        if let Some(layer) = &context.config {
            config.fall_through(layer);
        }
        if (own.config.is_some() || is_in_global)
            && !subject.is_default_context()
            && let Some(layer) = &top.config
        {
            let six = Config {
                normalize: layer.normalize,
                validate_fields: layer.validate_fields,
                validate_new_schemas: layer.validate_new_schemas,
                validate_rules: layer.validate_rules,
                compatibility_policy: layer.compatibility_policy,
                compatibility_group: layer.compatibility_group.clone(),
                ..Config::default()
            };
            config.fall_through(&six);
        }
        if let Some(layer) = &global.config {
            config.fall_through(layer);
        }
        config.fall_through(&self.server_config());
        let mode = own.mode.or(context.mode).or(global.mode).unwrap_or(self.defaults.mode);
        Ok(Arc::new(Effective { own, config, mode }))
    }

    /// All settings there are, where they are few: subjects that were never asked for are then found in memory.
    async fn few_settings(&self, generation: i64) -> Result<Option<Arc<HashMap<Scope, ScopeSettings>>>, RegistryError> {
        let load = async { Ok(self.store.all_settings(FEW).await?.map(Arc::new)) };
        self.all_settings.get_or_load(&(), generation, load).await
    }

    pub(super) fn rules(&self, config: &Config) -> CompatibilitySettings {
        CompatibilitySettings {
            level: config.compatibility.unwrap_or(self.defaults.level),
            policy: config.compatibility_policy.unwrap_or_default(),
            protobuf_policy: config.protobuf_policy.unwrap_or_default(),
            validate_fields: config.validate_fields.unwrap_or(false),
            work_budget: self.limits.judging.work,
        }
    }

    /// The subject that a name stands for: its alias, if it has one. One hop; an unqualified target belongs to the alias's context.
    ///
    /// # Errors
    /// Store failures.
    pub async fn resolve_alias(&self, subject: &Subject) -> Result<Subject, RegistryError> {
        if subject.is_context() {
            return Ok(subject.clone());
        }
        let effective = self.effective(subject).await?;
        let alias = effective.own.config.as_ref().and_then(|config| config.alias.as_deref()).filter(|alias| !alias.is_empty());
        Ok(alias.map_or_else(|| subject.clone(), |alias| Subject::parse_in(subject.context(), alias)))
    }

    /// The same where a DEK is asked for: `aliasForDeks` comes first. `None` where there is no alias.
    ///
    /// # Errors
    /// Store failures.
    pub async fn alias_for_deks(&self, subject: &Subject) -> Result<Option<Subject>, RegistryError> {
        let effective = self.effective(subject).await?;
        let Some(config) = &effective.own.config else { return Ok(None) };
        let given = |alias: &Option<String>| alias.clone().filter(|alias| !alias.is_empty());
        let alias = given(&config.alias_for_deks).or_else(|| given(&config.alias));
        Ok(alias.map(|alias| Subject::parse_in(subject.context(), &alias)))
    }
}
