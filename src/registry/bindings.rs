//! Aliases of URIs and bindings of event types: reading and changing them.

use std::collections::HashMap;
use std::sync::Arc;

use super::Registry;
use super::error::RegistryError;
use crate::access::{DeniedResource, Operation, Rights};
use crate::cache::Generational;
use crate::cloudevents::resolve::{MAX_URI_BYTES, SchemaUri, best};
use crate::types::{Actor, Alias, AliasTarget, Guid, Subject, TypeBinding, VersionSelector};

/// A binding or alias, and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WithOrigin<T> {
    pub value: T,
    /// From the server's configuration, where it can't be changed through the API.
    pub is_configured: bool,
}

/// The bindings of one generation.
#[derive(Debug, Default)]
pub(super) struct Bindings {
    /// Patterns without `*`: one that fits has most literal characters.
    exact: HashMap<String, WithOrigin<TypeBinding>>,
    patterns: Vec<WithOrigin<TypeBinding>>,
}

impl Bindings {
    /// The binding that decides for a type.
    pub(super) fn of(&self, event_type: &str) -> Option<&TypeBinding> {
        let exact = self.exact.get(event_type).map(|origin| &origin.value);
        exact.or_else(|| best(self.patterns.iter().map(|origin| &origin.value), event_type))
    }

    fn pattern(&self, pattern: &str) -> Option<&WithOrigin<TypeBinding>> {
        self.exact.get(pattern).or_else(|| self.patterns.iter().find(|origin| origin.value.pattern == pattern))
    }
}

/// All bindings of event types.
pub(super) type BindingsCache = Generational<(), Arc<Bindings>>;

/// Aliases that are read at once.
const PAGE: i64 = 1000;

fn invalid(what: impl Into<String>) -> RegistryError {
    RegistryError::InvalidBinding(what.into())
}

impl Registry {
    /// All bindings as they stand. Stored ones win over configured ones with the same pattern.
    pub(super) async fn bindings(&self) -> Result<Arc<Bindings>, RegistryError> {
        let generation = self.store.generation().await?.content;
        self.bindings.get_or_load(&(), generation, self.load_bindings()).await
    }

    async fn load_bindings(&self) -> Result<Arc<Bindings>, RegistryError> {
        let stored = self.store.type_bindings().await?;
        let configured = self.defaults.resolve.types.iter().cloned().map(|value| WithOrigin { value, is_configured: true });
        let stored = stored.into_iter().map(|value| WithOrigin { value, is_configured: false });
        let mut bindings = Bindings::default();
        for binding in configured.chain(stored) {
            if binding.value.pattern.contains('*') {
                bindings.patterns.retain(|known| known.value.pattern != binding.value.pattern);
                bindings.patterns.push(binding);
            } else {
                bindings.exact.insert(binding.value.pattern.clone(), binding);
            }
        }
        Ok(Arc::new(bindings))
    }

    /// The bindings of event types to subjects that may be read, by pattern.
    ///
    /// # Errors
    /// Store failures.
    pub async fn type_bindings(&self, rights: &Rights) -> Result<Vec<WithOrigin<TypeBinding>>, RegistryError> {
        let bindings = self.bindings().await?;
        let mut all = Vec::new();
        for binding in bindings.exact.values().chain(&bindings.patterns) {
            if rights.reads_everything() || rights.reads(&self.resolve_alias(&binding.value.subject).await?) {
                all.push(binding.clone());
            }
        }
        all.sort_by(|a, b| a.value.pattern.cmp(&b.value.pattern));
        Ok(all)
    }

    /// The binding with exactly this pattern.
    ///
    /// # Errors
    /// [`RegistryError::NoTypeBinding`], [`RegistryError::Denied`].
    pub async fn type_binding(&self, pattern: &str, rights: &Rights) -> Result<WithOrigin<TypeBinding>, RegistryError> {
        let found = self.bindings().await?.pattern(pattern).cloned();
        let found = found.ok_or_else(|| RegistryError::NoTypeBinding(pattern.to_owned()))?;
        rights.require(Operation::SubjectRead, &self.resolve_alias(&found.value.subject).await?)?;
        Ok(found)
    }

    /// The binding that decides for events of a type.
    ///
    /// # Errors
    /// Store failures.
    pub async fn binding_of(&self, event_type: &str) -> Result<Option<TypeBinding>, RegistryError> {
        Ok(self.bindings().await?.of(event_type).cloned())
    }

    /// Binds event types to a version, replacing one with the same pattern. True when there was none.
    ///
    /// # Errors
    /// [`RegistryError::InvalidBinding`] for a pattern that no type can match; the subject or its version is unknown;
    /// [`RegistryError::Denied`] without the right to write what it is bound to, or was before.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn put_type_binding(&self, binding: &TypeBinding, rights: &Rights, by: &Arc<Actor>) -> Result<bool, RegistryError> {
        rights.require(Operation::SubjectWrite, &self.resolve_alias(&binding.subject).await?)?;
        self.require_old_binding(&binding.pattern, rights).await?;
        let pattern = &binding.pattern;
        if pattern.is_empty() || pattern.len() > MAX_URI_BYTES || pattern.chars().any(char::is_control) {
            return Err(invalid(format!("A type must have 1 to {MAX_URI_BYTES} bytes and no control characters")));
        }
        self.must_exist(&binding.subject, binding.version, rights).await?;
        Ok(self.store.put_type_binding(binding, by).await?)
    }

    /// Removes a binding.
    ///
    /// # Errors
    /// [`RegistryError::NoTypeBinding`], [`RegistryError::Configured`], [`RegistryError::Denied`].
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn delete_type_binding(&self, pattern: &str, rights: &Rights, by: &Arc<Actor>) -> Result<(), RegistryError> {
        self.require_old_binding(pattern, rights).await?;
        if self.store.delete_type_binding(pattern, by).await? {
            return Ok(());
        }
        if self.defaults.resolve.types.iter().any(|binding| binding.pattern == pattern) {
            return Err(RegistryError::Configured(pattern.to_owned()));
        }
        Err(RegistryError::NoTypeBinding(pattern.to_owned()))
    }

    /// Whoever changes a binding must be allowed to write what it is bound to.
    async fn require_old_binding(&self, pattern: &str, rights: &Rights) -> Result<(), RegistryError> {
        let old = self.bindings().await?.pattern(pattern).map(|old| old.value.subject.clone());
        if let Some(subject) = old {
            rights.require(Operation::SubjectWrite, &self.resolve_alias(&subject).await?)?;
        }
        Ok(())
    }

    /// Whether what an alias stands for may be read.
    pub(super) async fn reads_target(&self, target: &AliasTarget, rights: &Rights) -> Result<bool, RegistryError> {
        if rights.reads_everything() {
            return Ok(true);
        }
        match target {
            AliasTarget::Version(subject, _) => Ok(rights.reads(&self.resolve_alias(subject).await?)),
            AliasTarget::Guid(guid) => {
                Ok(self.is_held_where_allowed(*guid, Operation::SubjectRead, rights).await?.unwrap_or(false))
            }
        }
    }

    /// Refuses who may not write what an alias stands for.
    async fn require_target(&self, target: &AliasTarget, rights: &Rights) -> Result<(), RegistryError> {
        let operation = Operation::SubjectWrite;
        match target {
            AliasTarget::Version(subject, _) => rights.require(operation, &self.resolve_alias(subject).await?)?,
            // what nobody holds any more is nobody's
            AliasTarget::Guid(guid) if self.is_held_where_allowed(*guid, operation, rights).await? == Some(false) => {
                return Err(rights.denied(operation, DeniedResource::Schema(guid.to_string())).into());
            }
            AliasTarget::Guid(_) => {}
        }
        Ok(())
    }

    /// Whether a subject on which an operation is allowed holds a schema; `None` where none at all does.
    async fn is_held_where_allowed(
        &self,
        guid: Guid,
        operation: Operation,
        rights: &Rights,
    ) -> Result<Option<bool>, RegistryError> {
        let mut is_held = None;
        for (context, id, _) in self.store.ids_by_guid(guid).await? {
            for holder in self.store.holders(&context, id).await? {
                if rights.allows(operation, &holder.subject) {
                    return Ok(Some(true));
                }
                is_held = Some(false);
            }
        }
        Ok(is_held)
    }

    /// The alias with a URI: a stored one, else a configured one.
    ///
    /// # Errors
    /// Store failures.
    pub(super) async fn find_alias(&self, uri: &str) -> Result<Option<Alias>, RegistryError> {
        if let Some(alias) = self.store.alias(uri).await? {
            return Ok(Some(alias));
        }
        Ok(self.defaults.resolve.aliases.iter().find(|alias| alias.uri == uri).cloned())
    }

    /// A page of aliases of what may be read, by URI; those of the configuration come first and count as the first ones.
    ///
    /// # Errors
    /// Store failures.
    pub async fn aliases(&self, offset: usize, limit: usize, rights: &Rights) -> Result<Vec<WithOrigin<Alias>>, RegistryError> {
        let mut configured = Vec::new();
        for alias in &self.defaults.resolve.aliases {
            if self.store.alias(&alias.uri).await?.is_none() && self.reads_target(&alias.target, rights).await? {
                configured.push(WithOrigin { value: alias.clone(), is_configured: true });
            }
        }
        let before = configured.len();
        let mut page: Vec<_> = configured.into_iter().skip(offset).take(limit).collect();
        let as_i64 = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        let (offset, limit) = (as_i64(offset.saturating_sub(before)), as_i64(limit - page.len()));
        let stored = self.stored_aliases(offset, limit, rights).await?;
        page.extend(stored.into_iter().map(|value| WithOrigin { value, is_configured: false }));
        Ok(page)
    }

    /// A page of the stored aliases of what may be read.
    async fn stored_aliases(&self, offset: i64, limit: i64, rights: &Rights) -> Result<Vec<Alias>, RegistryError> {
        if rights.reads_everything() {
            return Ok(self.store.aliases(offset, limit).await?);
        }
        let (mut from, mut skipped, mut page) = (0, 0, Vec::new());
        while (page.len() as u64) < limit.unsigned_abs() {
            let rows = self.store.aliases(from, PAGE).await?;
            if rows.is_empty() {
                break;
            }
            from += PAGE;
            for alias in rows {
                if !self.reads_target(&alias.target, rights).await? {
                    continue;
                }
                if skipped < offset {
                    skipped += 1;
                } else if (page.len() as u64) < limit.unsigned_abs() {
                    page.push(alias);
                }
            }
        }
        Ok(page)
    }

    /// Stores an alias, replacing one with the same URI. True when there was none.
    ///
    /// # Errors
    /// [`RegistryError::InvalidBinding`] for what is no URI; what the alias is to stand for is unknown; [`RegistryError::Denied`]
    /// without the right to write that, or what the alias stood for before.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn put_alias(&self, alias: &Alias, rights: &Rights, by: &Arc<Actor>) -> Result<bool, RegistryError> {
        self.require_target(&alias.target, rights).await?;
        if let Some(old) = self.find_alias(&alias.uri).await? {
            self.require_target(&old.target, rights).await?;
        }
        SchemaUri::parse(&alias.uri).map_err(|error| invalid(format!("Not a URI: {error}")))?;
        match &alias.target {
            AliasTarget::Version(subject, version) => self.must_exist(subject, *version, rights).await?,
            AliasTarget::Guid(guid) => {
                self.by_guid(&guid.to_string(), &Rights::unrestricted()).await?;
            }
        }
        Ok(self.store.put_alias(alias, by).await?)
    }

    /// Removes an alias.
    ///
    /// # Errors
    /// [`RegistryError::NoAlias`], [`RegistryError::Configured`], [`RegistryError::Denied`].
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn delete_alias(&self, uri: &str, rights: &Rights, by: &Arc<Actor>) -> Result<Alias, RegistryError> {
        if let Some(old) = self.find_alias(uri).await? {
            self.require_target(&old.target, rights).await?;
        }
        if let Some(alias) = self.store.delete_alias(uri, by).await? {
            return Ok(alias);
        }
        if self.defaults.resolve.aliases.iter().any(|alias| alias.uri == uri) {
            return Err(RegistryError::Configured(uri.to_owned()));
        }
        Err(RegistryError::NoAlias(uri.to_owned()))
    }

    /// A subject and version that are there and not soft-deleted.
    async fn must_exist(&self, subject: &Subject, version: VersionSelector, rights: &Rights) -> Result<(), RegistryError> {
        self.version(&self.resolve_alias(subject).await?, version, false, rights).await.map(|_| ())
    }
}
