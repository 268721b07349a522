//! Aliases of URIs and bindings of event types: reading and changing them.

use std::collections::HashMap;
use std::sync::Arc;

use super::Registry;
use super::error::RegistryError;
use crate::cache::Generational;
use crate::cloudevents::resolve::{MAX_URI_BYTES, SchemaUri, best};
use crate::types::{Alias, AliasTarget, Subject, TypeBinding, VersionSelector};

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

    /// The bindings of event types, by pattern.
    ///
    /// # Errors
    /// Store failures.
    pub async fn type_bindings(&self) -> Result<Vec<WithOrigin<TypeBinding>>, RegistryError> {
        let bindings = self.bindings().await?;
        let mut all: Vec<_> = bindings.exact.values().chain(&bindings.patterns).cloned().collect();
        all.sort_by(|a, b| a.value.pattern.cmp(&b.value.pattern));
        Ok(all)
    }

    /// The binding with exactly this pattern.
    ///
    /// # Errors
    /// [`RegistryError::NoTypeBinding`].
    pub async fn type_binding(&self, pattern: &str) -> Result<WithOrigin<TypeBinding>, RegistryError> {
        let found = self.bindings().await?.pattern(pattern).cloned();
        found.ok_or_else(|| RegistryError::NoTypeBinding(pattern.to_owned()))
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
    /// [`RegistryError::InvalidBinding`] for a pattern that no type can match; the subject or its version is unknown.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn put_type_binding(&self, binding: &TypeBinding) -> Result<bool, RegistryError> {
        let pattern = &binding.pattern;
        if pattern.is_empty() || pattern.len() > MAX_URI_BYTES || pattern.chars().any(char::is_control) {
            return Err(invalid(format!("A type must have 1 to {MAX_URI_BYTES} bytes and no control characters")));
        }
        self.must_exist(&binding.subject, binding.version).await?;
        Ok(self.store.put_type_binding(binding).await?)
    }

    /// Removes a binding.
    ///
    /// # Errors
    /// [`RegistryError::NoTypeBinding`], [`RegistryError::Configured`].
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn delete_type_binding(&self, pattern: &str) -> Result<(), RegistryError> {
        if self.store.delete_type_binding(pattern).await? {
            return Ok(());
        }
        if self.defaults.resolve.types.iter().any(|binding| binding.pattern == pattern) {
            return Err(RegistryError::Configured(pattern.to_owned()));
        }
        Err(RegistryError::NoTypeBinding(pattern.to_owned()))
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

    /// A page of aliases by URI; those of the configuration come first and count as the first ones.
    ///
    /// # Errors
    /// Store failures.
    pub async fn aliases(&self, offset: usize, limit: usize) -> Result<Vec<WithOrigin<Alias>>, RegistryError> {
        let mut configured = Vec::new();
        for alias in &self.defaults.resolve.aliases {
            if self.store.alias(&alias.uri).await?.is_none() {
                configured.push(WithOrigin { value: alias.clone(), is_configured: true });
            }
        }
        let before = configured.len();
        let mut page: Vec<_> = configured.into_iter().skip(offset).take(limit).collect();
        let as_i64 = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        let (offset, limit) = (as_i64(offset.saturating_sub(before)), as_i64(limit - page.len()));
        let stored = self.store.aliases(offset, limit).await?;
        page.extend(stored.into_iter().map(|value| WithOrigin { value, is_configured: false }));
        Ok(page)
    }

    /// Stores an alias, replacing one with the same URI. True when there was none.
    ///
    /// # Errors
    /// [`RegistryError::InvalidBinding`] for what is no URI; what the alias is to stand for is unknown.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn put_alias(&self, alias: &Alias) -> Result<bool, RegistryError> {
        SchemaUri::parse(&alias.uri).map_err(|error| invalid(format!("Not a URI: {error}")))?;
        match &alias.target {
            AliasTarget::Version(subject, version) => self.must_exist(subject, *version).await?,
            AliasTarget::Guid(guid) => {
                self.by_guid(&guid.to_string()).await?;
            }
        }
        Ok(self.store.put_alias(alias).await?)
    }

    /// Removes an alias.
    ///
    /// # Errors
    /// [`RegistryError::NoAlias`], [`RegistryError::Configured`].
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn delete_alias(&self, uri: &str) -> Result<Alias, RegistryError> {
        if let Some(alias) = self.store.delete_alias(uri).await? {
            return Ok(alias);
        }
        if self.defaults.resolve.aliases.iter().any(|alias| alias.uri == uri) {
            return Err(RegistryError::Configured(uri.to_owned()));
        }
        Err(RegistryError::NoAlias(uri.to_owned()))
    }

    /// A subject and version that are there and not soft-deleted.
    async fn must_exist(&self, subject: &Subject, version: VersionSelector) -> Result<(), RegistryError> {
        self.version(&self.resolve_alias(subject).await?, version, false).await.map(|_| ())
    }
}
