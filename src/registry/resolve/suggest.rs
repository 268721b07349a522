//! What may have been meant: names that are close to the one that is not there.

use super::{Hints, Suggestion};
use crate::access::Rights;
use crate::cloudevents::resolve::UriTarget;
use crate::registry::Registry;
use crate::registry::error::RegistryError;
use crate::store::SubjectFilter;
use crate::types::{Subject, VersionSelector, edit_distance};

/// Names that are looked at.
const LOOKED_AT: i64 = 500;
/// Suggestions that are made.
const MADE: usize = 3;

impl Registry {
    /// Subjects and aliases that are close to what was named.
    pub(super) async fn suggestions(
        &self,
        hints: &Hints,
        wanted: &[UriTarget],
        rights: &Rights,
    ) -> Result<Vec<Suggestion>, RegistryError> {
        let mut ranked = Vec::new();
        for target in wanted {
            if let UriTarget::Version(subject, version) = target {
                self.close_subjects(subject, *version, &mut ranked, rights).await?;
            }
        }
        if let Some(uri) = hints.dataschema.as_deref().filter(|uri| uri.len() > 4) {
            let stored = self.store.aliases(0, LOOKED_AT).await?;
            for alias in self.defaults.resolve.aliases.iter().chain(&stored) {
                let Some(near) = nearness(&alias.uri, uri) else { continue };
                if self.reads_target(&alias.target, rights).await? {
                    ranked.push((near, Suggestion::Alias(alias.uri.clone())));
                }
            }
        }
        ranked.sort_by_key(|(near, _)| *near);
        let mut made: Vec<Suggestion> = Vec::new();
        for (_, suggestion) in ranked {
            if made.len() < MADE && !made.contains(&suggestion) {
                made.push(suggestion);
            }
        }
        Ok(made)
    }

    async fn close_subjects(
        &self,
        wanted: &Subject,
        version: VersionSelector,
        ranked: &mut Vec<(usize, Suggestion)>,
        rights: &Rights,
    ) -> Result<(), RegistryError> {
        // most slips are not in the first letters
        let prefix: String = wanted.name().chars().take(2).collect();
        let filter = SubjectFilter { context: Some(wanted.context().to_owned()), prefix, ..SubjectFilter::default() };
        for name in self.store.subjects(&filter, None, 0, LOOKED_AT).await? {
            let subject = Subject::parse(&name);
            let Some(near) = nearness(subject.name(), wanted.name()) else { continue };
            if !rights.reads(&subject) {
                continue;
            }
            let exists = self.store.version(&subject, version, false).await?.is_some();
            let version = if exists { version } else { VersionSelector::Latest };
            ranked.push((near, Suggestion::Version(subject, version)));
        }
        Ok(())
    }
}

/// The distance of two names, if they are close: a quarter of the letters at most, and no more than four.
fn nearness(a: &str, b: &str) -> Option<usize> {
    let limit = (a.chars().count().min(b.chars().count()) / 4).clamp(1, 4);
    let near = a.len().abs_diff(b.len()) <= limit * 4;
    near.then(|| edit_distance(a, b)).filter(|distance| *distance <= limit)
}
