//! What was found by words or by id, narrowed by what no index of words knows.

use std::collections::{HashMap, HashSet};

use crate::registry::Registry;
use crate::registry::effective::{global, is_in_global, top};
use crate::registry::error::RegistryError;
use crate::store::{Scope, SearchHit};
use crate::types::{CompatibilityLevel, Subject};

/// Scopes that are asked for at once.
const SCOPES: usize = 200;

impl Registry {
    /// Keeps what is of subjects with a level, wherever that is set.
    pub(super) async fn retain_level(&self, hits: &mut Vec<SearchHit>, level: CompatibilityLevel) -> Result<(), RegistryError> {
        let subjects: HashSet<Subject> = hits.iter().map(|hit| hit.subject.clone()).collect();
        let contexts: HashSet<Scope> = subjects.iter().map(Subject::context_scope).collect();
        let scopes: Vec<Scope> = subjects.into_iter().chain(contexts).chain([top(), global()]).collect();
        let mut set: HashMap<Scope, CompatibilityLevel> = HashMap::new();
        for chunk in scopes.chunks(SCOPES) {
            let settings = self.store.settings(chunk).await?;
            let levels = settings.into_iter().map(|own| own.config.and_then(|config| config.compatibility));
            set.extend(chunk.iter().zip(levels).filter_map(|(scope, level)| Some((scope.clone(), level?))));
        }
        let of = |subject: &Subject| {
            let above = || {
                let context = set.get(&subject.context_scope()).or_else(|| set.get(&global()));
                context.filter(|_| !is_in_global(subject)).copied().unwrap_or(self.defaults.level)
            };
            set.get(subject).copied().unwrap_or_else(above)
        };
        hits.retain(|hit| of(&hit.subject) == level);
        Ok(())
    }
}
