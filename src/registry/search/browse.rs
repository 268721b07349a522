//! Versions without words, by who registered them, the time, format, context or level alone.
//!
//! Rows are gone through in the order of an index, so many for a page and no more; where that ends, the next page begins. So everything is
//! found, and a filter that little fits gives pages with little on them.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::{FoundPage, FoundSubject, MatchKind, Search};
use crate::access::Rights;
use crate::registry::Registry;
use crate::registry::effective::{global, top};
use crate::registry::error::RegistryError;
use crate::store::{BrowseOrder, BrowsePlace, SearchHit, VersionBrowse};
use crate::types::{CompatibilityLevel, Subject};

/// Rows that are looked at with one question, and how many questions a page takes.
const LOOKED_AT: i64 = 2_000;
const QUESTIONS: usize = 5;
/// Rows that are asked for at once where it is not known here how many of them count.
const AT_ONCE: i64 = 200;

/// Where a page begins.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BrowseAfter {
    /// Subjects that have the level of their own are through.
    is_inherited: bool,
    place: Option<BrowsePlace>,
}

impl BrowseAfter {
    /// For who asks for the next page.
    pub fn token(&self) -> String {
        let place = match &self.place {
            None => Value::Null,
            Some(BrowsePlace::Time(at, subject, version)) => json!([at, subject, version]),
            Some(BrowsePlace::Name(context, subject, version)) => json!([context, subject, version]),
        };
        json!([self.is_inherited, place]).to_string()
    }

    /// `None` for what is no token of ours.
    pub fn parse(token: &str) -> Option<Self> {
        let (is_inherited, place): (bool, Value) = serde_json::from_str(token).ok()?;
        if place.is_null() {
            return Some(Self { is_inherited, place: None });
        }
        let place = if let Ok((at, subject, version)) = serde_json::from_value(place.clone()) {
            BrowsePlace::Time(at, subject, version)
        } else {
            let (context, subject, version) = serde_json::from_value(place).ok()?;
            BrowsePlace::Name(context, subject, version)
        };
        // what no name has in it and no database takes
        let is_clean = |name: &str| !name.contains('\0');
        let is_good = match &place {
            BrowsePlace::Time(..) => true,
            BrowsePlace::Name(context, subject, _) => is_clean(context) && is_clean(subject),
        };
        is_good.then_some(Self { is_inherited, place: Some(place) })
    }
}

impl Registry {
    /// A page of the subjects that may be read and have a version that fits, each with the newest of them.
    ///
    /// # Errors
    /// Store failures.
    pub(super) async fn browse(&self, search: &Search, limit: usize, rights: &Rights) -> Result<FoundPage, RegistryError> {
        let mut after = search.after.clone().unwrap_or_default();
        let orders = self.browse_orders(search).await?;
        let mut results = Vec::new();
        let is_asked_of_others = search.level.is_some() || !rights.is_open();
        for _ in 0..QUESTIONS {
            let Some(order) = orders.get(usize::from(after.is_inherited && orders.len() > 1)).copied() else {
                return Ok(FoundPage { results, has_more: false, after: None });
            };
            let rest = i64::try_from(limit.saturating_sub(results.len())).unwrap_or(AT_ONCE);
            let browse = VersionBrowse {
                order,
                context: search.context.clone(),
                schema_type: search.schema_type,
                registration: search.registration.clone(),
                deleted: search.deleted,
                after: after.place.clone(),
                looked_at: LOOKED_AT,
                limit: if is_asked_of_others { AT_ONCE } else { rest },
            };
            let (browsed, mut next) = self.store.browse(&browse).await?;
            let mut fitting: Vec<SearchHit> = browsed.iter().map(|own| own.hit.clone()).collect();
            fitting.retain(|hit| rights.reads(&hit.subject));
            if let Some(level) = search.level {
                self.retain_level(&mut fitting, level).await?;
                if order == BrowseOrder::Newest {
                    self.drop_own(&mut fitting).await?;
                }
            }
            let fitting: HashSet<Subject> = fitting.into_iter().map(|hit| hit.subject).collect();
            for own in browsed.into_iter().filter(|own| fitting.contains(&own.hit.subject)) {
                if results.len() == limit {
                    // those that follow are on the next page
                    break;
                }
                let versions = usize::try_from(own.versions).unwrap_or(usize::MAX);
                results.push(FoundSubject { hit: own.hit, by: MatchKind::Filter, versions, declarations: Vec::new() });
                if results.len() == limit {
                    next = Some(own.place);
                }
            }
            after.place = next;
            if after.place.is_none() {
                if after.is_inherited || orders.len() < 2 {
                    return Ok(FoundPage { results, has_more: false, after: None });
                }
                after.is_inherited = true;
            }
            if results.len() == limit {
                break;
            }
        }
        Ok(FoundPage { results, has_more: true, after: Some(after) })
    }

    /// What is gone through: of a level first the subjects that have it of their own, then the others, if any can have inherited it.
    async fn browse_orders(&self, search: &Search) -> Result<Vec<BrowseOrder>, RegistryError> {
        if search.registration.author.is_some() {
            return Ok(vec![BrowseOrder::Author]);
        }
        let Some(level) = search.level else { return Ok(vec![BrowseOrder::Newest]) };
        let mut orders = vec![BrowseOrder::OwnLevel(level)];
        if self.is_inherited(level).await? {
            orders.push(BrowseOrder::Newest);
        }
        Ok(orders)
    }

    /// Whether the registry or a context has a level, so that subjects inherit it.
    async fn is_inherited(&self, level: CompatibilityLevel) -> Result<bool, RegistryError> {
        if self.defaults.level == level {
            return Ok(true);
        }
        let contexts = self.store.contexts().await?;
        let scopes: Vec<_> = contexts.iter().map(|context| Subject::in_context(context, "")).chain([top(), global()]).collect();
        let settings = self.store.settings(&scopes).await?;
        Ok(settings.into_iter().any(|own| own.config.and_then(|config| config.compatibility) == Some(level)))
    }

    /// Leaves those out that have a level of their own, whatever it is.
    async fn drop_own(&self, hits: &mut Vec<SearchHit>) -> Result<(), RegistryError> {
        let subjects: Vec<Subject> = hits.iter().map(|hit| hit.subject.clone()).collect();
        let settings = self.store.settings(&subjects).await?;
        let own: HashSet<Subject> = subjects
            .into_iter()
            .zip(settings)
            .filter(|(_, own)| own.config.as_ref().is_some_and(|config| config.compatibility.is_some()))
            .map(|(subject, _)| subject)
            .collect();
        hits.retain(|hit| !own.contains(&hit.subject));
        Ok(())
    }
}
