//! Lists, read in pages so that memory stays flat however many subjects there are.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::Stream;
use futures_util::stream::try_unfold;

use super::Registry;
use super::error::RegistryError;
use crate::access::{Operation, Rights};
use crate::store::{ListedVersion, SubjectFilter, VersionFilter};
use crate::types::{Association, AssociationType, GLOBAL_CONTEXT, Lifecycle, Subject};

/// Rows read from the database at once.
const PAGE: usize = 1000;

/// Schemas read from the database at once, at most.
const MAX_SCHEMAS: i64 = 128;
/// Bytes of texts up to which more of them are read the next time.
const SCHEMA_BYTES: usize = 256 << 10;

/// Which schemas to list.
#[derive(Debug, Clone, Default)]
pub struct SchemaFilter {
    /// Which versions.
    pub versions: VersionFilter,
    /// Only schemas with a rule of this type.
    pub rule_type: Option<String>,
    /// List also what aliases among the subjects stand for, and name the aliases.
    pub aliases: bool,
    /// Only schemas of subjects with such associations.
    pub associations: Option<AssociationMatch>,
}

/// Which associations the subject of a listed schema must have.
#[derive(Debug, Clone, Default)]
pub struct AssociationMatch {
    /// With resources of this type.
    pub resource_type: Option<String>,
    /// Of these types; `None` is any.
    pub types: Option<Vec<AssociationType>>,
    /// Of these lifecycles; `None` is any.
    pub lifecycles: Option<Vec<Lifecycle>>,
    /// Subjects without any association of the above types count too.
    pub unassociated: bool,
}

impl AssociationMatch {
    /// The associations to show; `None` when the subject does not match.
    fn apply(&self, associations: &[Association]) -> Option<Vec<Association>> {
        let counted = |a: &&Association| {
            self.resource_type.as_ref().is_none_or(|wanted| a.resource.kind == *wanted)
                && self.types.as_ref().is_none_or(|types| types.contains(&a.association_type))
        };
        let found: Vec<Association> = associations.iter().filter(counted).cloned().collect();
        if found.is_empty() {
            return self.unassociated.then(Vec::new);
        }
        let wanted = |a: &Association| self.lifecycles.as_ref().is_none_or(|wanted| wanted.contains(&a.lifecycle));
        let shown: Vec<Association> = found.into_iter().filter(wanted).collect();
        (!shown.is_empty()).then_some(shown)
    }
}

/// A listed version with what the filter asked to know about it.
#[derive(Debug, Clone)]
pub struct ListedSchema {
    pub version: ListedVersion,
    /// The aliases that stand for its subject.
    pub aliases: Vec<String>,
    /// The associations of its subject that match.
    pub associations: Vec<Association>,
}

/// A list of versions on its way.
struct SchemaListing {
    registry: Arc<Registry>,
    rights: Arc<Rights>,
    filter: SchemaFilter,
    versions: VersionFilter,
    aliases: HashMap<String, Vec<String>>,
    after: Option<(String, i32)>,
    /// Rows that the database skips.
    skip: i64,
    /// Matches that are skipped.
    offset: usize,
    left: usize,
    /// How many rows are read at once: schemas can be as large as a body may be.
    rows: i64,
}

impl SchemaListing {
    /// Where every version of the subjects is listed, the database finds where the page begins.
    async fn enter(&mut self) -> Result<(), RegistryError> {
        let filter = &self.filter;
        let is_whole = filter.rule_type.is_none() && filter.associations.is_none() && self.versions.also.is_empty();
        if self.offset == 0 || !is_whole || !self.rights.reads_everything() {
            return Ok(());
        }
        let (store, subjects) = (&self.registry.store, &self.versions.subjects);
        let offset = i64::try_from(std::mem::take(&mut self.offset)).unwrap_or(i64::MAX);
        let begin = if self.versions.latest_only {
            store.subjects(subjects, None, offset, 1).await?.pop().map(|subject| (subject, 0))
        } else {
            store.place_of_version(subjects, offset).await?
        };
        match begin {
            Some((subject, before)) => (self.after, self.skip) = (Some((subject, 0)), before),
            None => self.left = 0,
        }
        Ok(())
    }

    async fn next(&mut self) -> Result<Option<Vec<ListedSchema>>, RegistryError> {
        while self.left > 0 {
            let from = self.after.as_ref().map(|(subject, version)| (subject.as_str(), *version));
            let skip = std::mem::take(&mut self.skip);
            let page = self.registry.store.versions(&self.versions, from, skip, self.rows).await?;
            let Some(last) = page.last() else { return Ok(None) };
            self.after = Some((last.subject.qualified(), last.row.version));
            let bytes: usize = page.iter().map(|listed| listed.schema.content.text.len()).sum();
            self.rows = if bytes <= SCHEMA_BYTES { self.rows * 2 } else { self.rows / 2 }.clamp(1, MAX_SCHEMAS);
            let mut found = self.registry.matching(&self.filter, page, &self.rights).await?;
            found.drain(..self.offset.min(found.len())).for_each(|_| self.offset -= 1);
            found.truncate(self.left);
            if !found.is_empty() {
                self.left -= found.len();
                let shown = |(version, associations): (ListedVersion, _)| {
                    let aliases = self.aliases.get(&version.subject.qualified()).cloned().unwrap_or_default();
                    ListedSchema { version, aliases, associations }
                };
                return Ok(Some(found.into_iter().map(shown).collect()));
            }
        }
        Ok(None)
    }
}

impl Registry {
    /// Qualified names of the subjects that may be read, in order, in pages.
    pub fn subjects(
        self: &Arc<Self>,
        filter: SubjectFilter,
        offset: usize,
        limit: usize,
        rights: Arc<Rights>,
    ) -> impl Stream<Item = Result<Vec<String>, RegistryError>> + Send + 'static {
        let state = (Arc::clone(self), filter, rights, None::<String>, offset, limit);
        try_unfold(state, |(registry, filter, rights, after, mut offset, limit)| async move {
            let mut after = after;
            loop {
                if limit == 0 {
                    return Ok(None);
                }
                // where every subject is listed, an index skips them
                let skip = if rights.reads_everything() { std::mem::take(&mut offset) } else { 0 };
                let (skip, page) = (i64::try_from(skip).unwrap_or(i64::MAX), i64::try_from(PAGE).unwrap_or(i64::MAX));
                let mut names = registry.store.subjects(&filter, after.as_deref(), skip, page).await?;
                let Some(last) = names.last() else { return Ok(None) };
                after = Some(last.clone());
                let is_last = names.len() < PAGE;
                names.retain(|name| rights.reads_everything() || rights.reads(&Subject::parse(name)));
                names.drain(..offset.min(names.len())).for_each(|_| offset -= 1);
                names.truncate(limit);
                if is_last || !names.is_empty() {
                    let left = if is_last { 0 } else { limit - names.len() };
                    return Ok(Some((names, (registry, filter, rights, after, offset, left))));
                }
            }
        })
    }

    /// Whether it is a context as a whole that has live subjects. The global context has those of all.
    ///
    /// # Errors
    /// Store failures.
    pub async fn is_context_with_subjects(&self, subject: &Subject) -> Result<bool, RegistryError> {
        if !subject.is_context() {
            return Ok(false);
        }
        let context = (subject.context() != GLOBAL_CONTEXT).then(|| subject.context().to_owned());
        let filter = SubjectFilter { context, ..SubjectFilter::default() };
        Ok(!self.store.subjects(&filter, None, 0, 1).await?.is_empty())
    }

    /// Versions of subjects that may be read with their schemas, by subject and version, in pages.
    ///
    /// # Errors
    /// Store failures.
    pub async fn schemas(
        self: &Arc<Self>,
        filter: SchemaFilter,
        offset: usize,
        limit: usize,
        rights: Arc<Rights>,
    ) -> Result<impl Stream<Item = Result<Vec<ListedSchema>, RegistryError>> + Send + 'static, RegistryError> {
        let aliases =
            if filter.aliases { self.subject_aliases(&filter.versions.subjects, &rights).await? } else { HashMap::new() };
        let mut versions = filter.versions.clone();
        versions.also = aliases.keys().cloned().collect();
        let mut listing = SchemaListing {
            registry: Arc::clone(self),
            rights,
            filter,
            versions,
            aliases,
            after: None,
            skip: 0,
            offset,
            left: limit,
            rows: 8,
        };
        listing.enter().await?;
        Ok(try_unfold(listing, async |mut listing| Ok(listing.next().await?.map(|page| (page, listing)))))
    }

    /// Targets of the aliases among the subjects of a filter, with those aliases.
    async fn subject_aliases(
        &self,
        filter: &SubjectFilter,
        rights: &Rights,
    ) -> Result<HashMap<String, Vec<String>>, RegistryError> {
        let mut out: HashMap<String, Vec<String>> = HashMap::new();
        for (alias, target) in self.store.subject_aliases(filter).await? {
            // an alias is a setting of its subject
            if !rights.reads(&alias) && !rights.allows(Operation::SubjectCompatibilityRead, &alias) {
                continue;
            }
            let target = Subject::parse_in(alias.context(), &target);
            out.entry(target.qualified()).or_default().push(alias.qualified());
        }
        Ok(out)
    }

    /// The versions of a page that match, with the associations to show.
    async fn matching(
        &self,
        filter: &SchemaFilter,
        mut page: Vec<ListedVersion>,
        rights: &Rights,
    ) -> Result<Vec<(ListedVersion, Vec<Association>)>, RegistryError> {
        if !rights.reads_everything() {
            page.retain(|listed| rights.reads(&listed.subject));
        }
        if let Some(wanted) = &filter.rule_type {
            let typed = |rule: &crate::types::Rule| rule.rule_type.as_ref() == Some(wanted);
            page.retain(|listed| listed.schema.content.rule_set.as_ref().is_some_and(|set| set.rules().any(typed)));
        }
        let Some(wanted) = &filter.associations else { return Ok(page.into_iter().map(|listed| (listed, Vec::new())).collect()) };
        let mut subjects: Vec<Subject> = page.iter().map(|listed| listed.subject.clone()).collect();
        subjects.dedup();
        let associations = self.store.associations_of(&subjects).await?;
        let matched = |listed: ListedVersion| {
            let own: Vec<Association> = associations.iter().filter(|a| a.subject == listed.subject).cloned().collect();
            wanted.apply(&own).map(|shown| (listed, shown))
        };
        Ok(page.into_iter().filter_map(matched).collect())
    }
}
