//! Config and mode: what is set where, what is effective for a subject, and changing them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::Registry;
use super::error::{NotPermitted, RegistryError};
use crate::codec::{ConfigJson, ConfigPatch, LevelKey, to_text};
use crate::compat::Rules;
use crate::store::{DeleteOutcome, ImportSwitch, Scope, ScopeSettings};
use crate::types::{Config, DEFAULT_CONTEXT, GLOBAL_CONTEXT, Mode, Subject};

/// What is effective for a subject.
#[derive(Debug, Clone)]
pub struct Effective {
    /// The subject's own settings.
    pub own: ScopeSettings,
    /// Every field that any layer sets, the server's defaults at the bottom.
    pub config: Config,
    /// The mode.
    pub mode: Mode,
}

/// Effective settings by subject, valid for one generation.
pub(super) struct SettingsCache {
    cache: Cache<Subject, Held, ByBytes>,
    /// All settings there are, by which a subject's are found that was never asked for; nothing where they are too many.
    all: Mutex<Option<(i64, Option<Arc<Layers>>)>>,
}

type Layers = HashMap<Scope, ScopeSettings>;

/// Configs and modes up to which all of them are kept.
const FEW: i64 = 500;

#[derive(Clone)]
struct Held {
    generation: i64,
    effective: Arc<Effective>,
    bytes: u64,
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<Subject, Held> for ByBytes {
    fn weight(&self, subject: &Subject, held: &Held) -> u64 {
        held.bytes + subject.name().len() as u64
    }
}

/// Memory for effective settings; without metadata and rules in a config that is some 2,000 subjects.
const SETTINGS_BYTES: u64 = 2 << 20;

impl SettingsCache {
    pub(super) fn new() -> Self {
        Self { cache: Cache::with_weighter(2_000, SETTINGS_BYTES, ByBytes), all: Mutex::default() }
    }

    fn get(&self, subject: &Subject, generation: i64) -> Option<Arc<Effective>> {
        self.cache.get(subject).filter(|held| held.generation == generation).map(|held| held.effective)
    }

    fn put(&self, subject: &Subject, generation: i64, effective: Arc<Effective>) {
        let contracts = [&effective.config, effective.own.config.as_ref().unwrap_or(&effective.config)];
        let held = contracts.into_iter().filter(|config| config.has_contract_layers());
        let bytes =
            held.map(|config| to_text(&ConfigJson::new(config, LevelKey::Compatibility)).len() as u64 * 2).sum::<u64>() + 1024;
        self.cache.insert(subject.clone(), Held { generation, effective, bytes });
    }
}

fn top() -> Scope {
    Subject::plain("")
}

fn global() -> Scope {
    Subject::in_context(GLOBAL_CONTEXT, "")
}

/// The context layer of a subject: its context, which for the default context is the top level.
fn context_of(subject: &Subject) -> Scope {
    subject.with_context(subject.context()).context_scope()
}

impl Subject {
    /// The scope of the subject's context.
    #[must_use]
    pub fn context_scope(&self) -> Subject {
        Subject::in_context(self.context(), "")
    }
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

    /// What is effective for a subject. A layer's unset fields fall through to the next one (the original skips layers; see
    /// docs/compatibility.md). When a subject of another context has a config of its own, six fields also fall through to
    /// the top level, as they do in the original.
    pub(super) async fn effective(&self, subject: &Subject) -> Result<Arc<Effective>, RegistryError> {
        let generation = self.store.generation().await?.answers;
        if let Some(effective) = self.settings.get(subject, generation) {
            return Ok(effective);
        }
        let scopes = [subject.clone(), context_of(subject), top(), global()];
        let layers = match self.all_settings(generation).await? {
            Some(all) => scopes.iter().map(|scope| all.get(scope).cloned().unwrap_or_default()).collect(),
            None => self.store.settings(&scopes).await?,
        };
        let [own, context, top, global] = <[ScopeSettings; 4]>::try_from(layers).unwrap_or_default();
        let mut config = own.config.clone().unwrap_or_default();
        if let Some(layer) = &context.config {
            config.fall_through(layer);
        }
        if own.config.is_some()
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
        let effective = Arc::new(Effective { own, config, mode });
        self.settings.put(subject, generation, Arc::clone(&effective));
        Ok(effective)
    }

    /// All settings there are, where they are few.
    async fn all_settings(&self, generation: i64) -> Result<Option<Arc<Layers>>, RegistryError> {
        let held = self.settings.all.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((made, all)) = held
            && made == generation
        {
            return Ok(all);
        }
        let all = self.store.all_settings(FEW).await?.map(Arc::new);
        *self.settings.all.lock().unwrap_or_else(PoisonError::into_inner) = Some((generation, all.clone()));
        Ok(all)
    }

    pub(super) fn rules(&self, config: &Config) -> Rules {
        Rules {
            level: config.compatibility.unwrap_or(self.defaults.level),
            policy: config.compatibility_policy.unwrap_or_default(),
            protobuf_policy: config.protobuf_policy.unwrap_or_default(),
            validate_fields: config.validate_fields.unwrap_or(false),
            work_budget: self.limits.work_budget,
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

    /// The config of a scope: its own, or with `inherit` the nearest one above it.
    ///
    /// # Errors
    /// [`RegistryError::NoSubjectConfig`] when a subject has none of its own.
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
        let layers = self.store.settings(&[context_of(scope), global()]).await?;
        let inherited = layers.into_iter().find_map(|layer| layer.config).unwrap_or_default();
        Ok(Config { alias: None, compatibility: inherited.compatibility.or(level), ..inherited })
    }

    /// Merges a change into a config and returns it whole.
    ///
    /// # Errors
    /// The scope is read-only, its name not allowed, or a rule set not valid.
    pub async fn put_config(&self, scope: &Scope, patch: &ConfigPatch) -> Result<Config, RegistryError> {
        self.check_scope_name(scope)?;
        for rules in patch.rule_sets() {
            rules.validate().map_err(RegistryError::InvalidRuleSet)?;
        }
        self.refuse_read_only(scope).await?;
        Ok(self.store.put_config(scope, patch).await?)
    }

    /// Removes a config and returns it.
    ///
    /// # Errors
    /// [`RegistryError::SubjectNotFound`] when a subject has none; the scope is read-only.
    pub async fn delete_config(&self, scope: &Scope) -> Result<Config, RegistryError> {
        let effective = self.effective(scope).await?;
        let is_top = *scope == top();
        if effective.own.config.is_none() && !is_top {
            return Err(RegistryError::SubjectNotFound(scope.clone()));
        }
        self.refuse_read_only(scope).await?;
        let config = self.store.delete_config(scope).await?.unwrap_or_default();
        Ok(Config { compatibility: config.compatibility.or(Some(self.defaults.level)), ..config })
    }

    pub(super) async fn refuse_read_only(&self, scope: &Scope) -> Result<(), RegistryError> {
        if self.effective(scope).await?.mode.is_read_only() {
            return Err(RegistryError::NotPermitted(NotPermitted::ReadOnly(scope.clone())));
        }
        Ok(())
    }

    /// The mode of a scope: its own, or with `inherit` the effective one.
    ///
    /// # Errors
    /// [`RegistryError::NoSubjectMode`] when a subject has none of its own.
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
    pub async fn put_mode(&self, scope: &Scope, mode: Option<Mode>, force: bool) -> Result<(), RegistryError> {
        self.check_scope_name(scope)?;
        self.refuse_immutable_mode(scope)?;
        if mode == Some(Mode::Forward) && *scope != global() {
            return Err(RegistryError::ForwardOnlyGlobal);
        }
        let import = match mode {
            Some(Mode::Import) if force => ImportSwitch::Forced,
            Some(Mode::Import) => ImportSwitch::Checked,
            _ => ImportSwitch::No,
        };
        match self.store.put_mode(scope, mode, import).await? {
            DeleteOutcome::NotEmpty => Err(RegistryError::NotPermitted(NotPermitted::SubjectsExist)),
            DeleteOutcome::Referenced(subject, version) => Err(RegistryError::ReferenceExists(subject, version)),
            _ => Ok(()),
        }
    }

    fn refuse_immutable_mode(&self, _: &Scope) -> Result<(), RegistryError> {
        if self.defaults.mode_mutability { Ok(()) } else { Err(RegistryError::NotPermitted(NotPermitted::ModeImmutable)) }
    }

    /// Removes a mode and returns it; `None` when only modes below it were removed.
    ///
    /// # Errors
    /// [`RegistryError::SubjectNotFound`] when there is none; modes can't be changed.
    pub async fn delete_mode(&self, scope: &Scope, recursive: bool) -> Result<Option<Mode>, RegistryError> {
        let effective = self.effective(scope).await?;
        let is_top = *scope == top();
        if effective.own.mode.is_none() && !recursive && !is_top {
            return Err(RegistryError::SubjectNotFound(scope.clone()));
        }
        self.refuse_immutable_mode(scope)?;
        let (mode, _) = self.store.delete_mode(scope, recursive).await?;
        Ok(if is_top { Some(mode.unwrap_or(self.defaults.mode)) } else { mode })
    }

    /// Names that can't be registered under (rest-api 5.10).
    pub(super) fn check_subject_name(&self, subject: &Subject) -> Result<(), RegistryError> {
        let bad = subject.name().chars().any(char::is_control)
            || subject.context().chars().any(char::is_control)
            || matches!(subject.name(), "__GLOBAL" | "__EMPTY")
            || subject.context() == GLOBAL_CONTEXT
            || (subject.name().is_empty() && self.defaults.reject_empty_subject);
        if bad { Err(RegistryError::InvalidSubject(subject.qualified())) } else { Ok(()) }
    }

    fn check_scope_name(&self, scope: &Scope) -> Result<(), RegistryError> {
        if scope.is_context() && !scope.context().chars().any(char::is_control) {
            return Ok(());
        }
        self.check_subject_name(scope)
    }

    /// The mode of the default context as a whole, for people.
    ///
    /// # Errors
    /// Store failures.
    pub async fn default_mode(&self) -> Result<Mode, RegistryError> {
        Ok(self.effective(&Subject::in_context(DEFAULT_CONTEXT, "")).await?.mode)
    }
}
