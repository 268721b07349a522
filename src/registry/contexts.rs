//! Contexts.

use std::sync::Arc;

use super::Registry;
use super::error::RegistryError;
use crate::store::SubjectFilter;
use crate::types::{Actor, GLOBAL_CONTEXT};

impl Registry {
    /// The contexts, the default one first.
    ///
    /// # Errors
    /// Store failures.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn contexts(&self) -> Result<Vec<String>, RegistryError> {
        Ok(self.store.contexts().await?)
    }

    /// Deletes a context that holds no schemas; an unknown one is no error. The global one holds those of all.
    ///
    /// # Errors
    /// [`RegistryError::ContextNotEmpty`].
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn delete_context(&self, context: &str, by: &Arc<Actor>) -> Result<(), RegistryError> {
        let all = SubjectFilter { deleted: true, ..SubjectFilter::default() };
        let is_held = context == GLOBAL_CONTEXT && !self.store.subjects(&all, None, 0, 1).await?.is_empty();
        if !is_held && self.store.delete_context(context, by).await? {
            Ok(())
        } else {
            Err(RegistryError::ContextNotEmpty(format!(":{context}:")))
        }
    }

    /// The cluster id.
    ///
    /// # Errors
    /// Store failures.
    pub async fn cluster_id(&self) -> Result<String, RegistryError> {
        Ok(self.store.cluster_id().await?)
    }
}
