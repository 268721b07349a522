//! Lists, read in pages so that memory stays flat however many subjects there are.

use std::sync::Arc;

use futures_util::Stream;
use futures_util::stream::try_unfold;

use super::Registry;
use super::error::RegistryError;
use crate::store::{ListedVersion, SubjectFilter, VersionFilter};

/// Rows read from the database at once.
const PAGE: i64 = 1000;

/// Which schemas to list.
#[derive(Debug, Clone, Default)]
pub struct SchemaFilter {
    /// Which versions.
    pub versions: VersionFilter,
    /// Only schemas with a rule of this type.
    pub rule_type: Option<String>,
}

impl Registry {
    /// Qualified subject names in order, in pages.
    pub fn subjects(
        self: &Arc<Self>,
        filter: SubjectFilter,
        offset: usize,
        limit: usize,
    ) -> impl Stream<Item = Result<Vec<String>, RegistryError>> + Send + 'static {
        let state = (Arc::clone(self), filter, None::<String>, offset, limit);
        try_unfold(state, |(registry, filter, after, mut offset, limit)| async move {
            let mut after = after;
            loop {
                if limit == 0 {
                    return Ok(None);
                }
                let page = registry.store.subjects(&filter, after.as_deref(), PAGE).await?;
                let Some(last) = page.last() else { return Ok(None) };
                after = Some(last.qualified.clone());
                let skipped = offset.min(page.len());
                offset -= skipped;
                let names: Vec<String> = page.into_iter().skip(skipped).take(limit).map(|s| s.qualified).collect();
                if !names.is_empty() {
                    let left = limit - names.len();
                    return Ok(Some((names, (registry, filter, after, offset, left))));
                }
            }
        })
    }

    /// Whether a context has live subjects.
    ///
    /// # Errors
    /// Store failures.
    pub async fn has_subjects(&self, context: &str) -> Result<bool, RegistryError> {
        let filter = SubjectFilter { context: Some(context.to_owned()), ..SubjectFilter::default() };
        Ok(!self.store.subjects(&filter, None, 1).await?.is_empty())
    }

    /// Versions with their schemas, by subject and version.
    ///
    /// # Errors
    /// Store failures.
    pub async fn schemas(
        &self,
        filter: &SchemaFilter,
        mut offset: usize,
        limit: usize,
    ) -> Result<Vec<ListedVersion>, RegistryError> {
        let mut out = Vec::new();
        let mut after: Option<(String, i32)> = None;
        while out.len() < limit {
            let from = after.as_ref().map(|(subject, version)| (subject.as_str(), *version));
            let page = self.store.versions(&filter.versions, from, 100).await?;
            let Some(last) = page.last() else { break };
            after = Some((last.subject.qualified(), last.row.version));
            for listed in page {
                let has_rule = |wanted: &String| {
                    let rules = listed.schema.content.rule_set.as_ref();
                    rules.is_some_and(|set| set.rules().any(|rule| rule.rule_type.as_ref() == Some(wanted)))
                };
                if !filter.rule_type.as_ref().is_none_or(has_rule) {
                    continue;
                }
                if offset > 0 {
                    offset -= 1;
                } else if out.len() < limit {
                    out.push(listed);
                }
            }
        }
        Ok(out)
    }
}
