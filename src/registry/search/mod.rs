//! Finding subjects and schemas by words.
//!
//! What tells most comes first: ids and guids, names of subjects, then of types, of fields, tags and metadata, and what stands anywhere.
//! Each is asked of the index only when a page needs more than those before it gave. A subject is found once, by its newest version that
//! has the words.

mod browse;
mod filing;
mod narrowing;
mod places;

use std::collections::{HashMap, HashSet};

use futures_util::future::try_join_all;

pub use self::browse::BrowseAfter;
pub(super) use self::filing::words;
pub use self::places::FoundDeclaration;
use super::Registry;
use super::error::RegistryError;
use crate::access::Rights;
use crate::store::{Registration, SearchHit, SearchPlace, WordQuery};
use crate::types::{CompatibilityLevel, Guid, SchemaId, SchemaType, Subject, WordPlace, words_of_query};

/// Words of a query that count.
const MAX_WORDS: usize = 8;
/// Subjects or schemas that are looked at for each kind of match.
const LOOKED_AT: i64 = 1_000;
/// Contexts in which an id is looked for.
const MAX_CONTEXTS: usize = 100;

/// By what something is searched for or was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MatchKind {
    Id,
    Guid,
    Subject,
    /// The name of a record, a message or another type.
    Name,
    /// The name of a field, a property or a symbol.
    Field,
    /// A tag or metadata.
    Label,
    /// A description; or words from several places.
    Text,
    /// No word: who registered it, when, or the level of its subject.
    Filter,
}

impl MatchKind {
    const WORDS: [Self; 7] = [Self::Id, Self::Guid, Self::Subject, Self::Name, Self::Field, Self::Label, Self::Text];

    /// What is asked of the index at the same time, in the order of what was found. In a million schemas, that a word is nowhere in the
    /// names takes as long to find out as where it is in the fields: 25 ms.
    const TOGETHER: [&[Self]; 5] =
        [&[Self::Id], &[Self::Guid], &[Self::Subject], &[Self::Name, Self::Field], &[Self::Label, Self::Text]];

    pub fn word(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Guid => "guid",
            Self::Subject => "subject",
            Self::Name => "name",
            Self::Field => "field",
            Self::Label => "label",
            Self::Text => "text",
            Self::Filter => "filter",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::WORDS.into_iter().find(|kind| kind.word() == word)
    }

    fn place(self) -> Option<SearchPlace> {
        match self {
            Self::Id | Self::Guid | Self::Filter => None,
            Self::Subject => Some(SearchPlace::Subjects),
            Self::Name => Some(SearchPlace::Schemas(Some(WordPlace::Names))),
            Self::Field => Some(SearchPlace::Schemas(Some(WordPlace::Fields))),
            Self::Label => Some(SearchPlace::Schemas(Some(WordPlace::Labels))),
            Self::Text => Some(SearchPlace::Schemas(None)),
        }
    }
}

/// What is searched for.
#[derive(Debug, Clone, Default)]
pub struct Search {
    pub text: String,
    /// Only what is found by this.
    pub by: Option<MatchKind>,
    pub context: Option<String>,
    pub schema_type: Option<SchemaType>,
    pub registration: Registration,
    /// Only subjects with this level, wherever it is set.
    pub level: Option<CompatibilityLevel>,
    /// Soft-deleted versions, too.
    pub deleted: bool,
    /// Where the page begins, where there are no words.
    pub after: Option<BrowseAfter>,
}

/// A subject that was found.
#[derive(Debug, Clone)]
pub struct FoundSubject {
    /// Its newest version that was found.
    pub hit: SearchHit,
    pub by: MatchKind,
    /// How many of its versions were found.
    pub versions: usize,
    /// What in the schema has the words, where that can be told.
    pub declarations: Vec<FoundDeclaration>,
}

/// A page of what was found.
#[derive(Debug, Clone, Default)]
pub struct FoundPage {
    pub results: Vec<FoundSubject>,
    /// Whether another page follows.
    pub has_more: bool,
    /// Where that begins, where there are no words.
    pub after: Option<BrowseAfter>,
}

impl Registry {
    /// A page of the subjects that may be read and have what is searched for, the best first.
    ///
    /// # Errors
    /// Store failures.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn search(
        &self,
        search: &Search,
        offset: usize,
        limit: usize,
        rights: &Rights,
    ) -> Result<FoundPage, RegistryError> {
        if search.text.trim().is_empty() {
            return self.browse(search, limit, rights).await;
        }
        let words = words_of_query(&search.text, MAX_WORDS);
        let wanted = offset.saturating_add(limit).saturating_add(1);
        let (mut results, mut seen) = (Vec::new(), HashSet::new());
        for kinds in MatchKind::TOGETHER {
            if results.len() >= wanted {
                break;
            }
            let kinds = kinds.iter().copied().filter(|kind| search.by.is_none_or(|by| by == *kind));
            let asked = kinds.map(async |kind| Ok::<_, RegistryError>((kind, self.hits(search, kind, &words).await?)));
            for (kind, mut hits) in try_join_all(asked).await? {
                hits.retain(|hit| rights.reads(&hit.subject));
                if let Some(level) = search.level {
                    self.retain_level(&mut hits, level).await?;
                }
                let found = by_subject(hits, kind, &search.text).into_iter();
                results.extend(found.filter(|found| seen.insert(found.hit.subject.clone())));
            }
        }
        let has_more = results.len() >= wanted;
        let mut page: Vec<FoundSubject> = results.into_iter().skip(offset).take(limit).collect();
        for found in &mut page {
            if matches!(found.by, MatchKind::Name | MatchKind::Field | MatchKind::Label | MatchKind::Text) {
                found.declarations = self.declarations_with(&found.hit, found.by, &words).await?;
            }
        }
        Ok(FoundPage { results: page, has_more, after: None })
    }

    async fn hits(&self, search: &Search, kind: MatchKind, words: &[String]) -> Result<Vec<SearchHit>, RegistryError> {
        let text = search.text.trim();
        match (kind.place(), kind) {
            (Some(place), _) => {
                let query = WordQuery {
                    words: words.to_vec(),
                    place,
                    context: search.context.clone(),
                    schema_type: search.schema_type,
                    registration: search.registration.clone(),
                    deleted: search.deleted,
                    limit: LOOKED_AT,
                };
                Ok(self.store.search(&query).await?)
            }
            (None, MatchKind::Id) => match text.parse::<SchemaId>().ok().filter(|id| *id > 0) {
                Some(id) => self.holders_by_id(search, id).await,
                None => Ok(Vec::new()),
            },
            (None, _) => match Guid::parse(text) {
                Some(guid) => self.holders_by_guid(search, guid).await,
                None => Ok(Vec::new()),
            },
        }
    }

    async fn holders_by_id(&self, search: &Search, id: SchemaId) -> Result<Vec<SearchHit>, RegistryError> {
        let contexts = match &search.context {
            Some(context) => vec![context.clone()],
            None => self.store.contexts().await?,
        };
        let mut hits = Vec::new();
        for context in contexts.iter().take(MAX_CONTEXTS) {
            hits.extend(self.holders_as_hits(search, context, id).await?);
        }
        Ok(hits)
    }

    async fn holders_by_guid(&self, search: &Search, guid: Guid) -> Result<Vec<SearchHit>, RegistryError> {
        let mut hits = Vec::new();
        for (context, id, _) in self.store.ids_by_guid(guid).await?.into_iter().take(MAX_CONTEXTS) {
            if search.context.as_ref().is_none_or(|wanted| *wanted == context) {
                hits.extend(self.holders_as_hits(search, &context, id).await?);
            }
        }
        Ok(hits)
    }

    async fn holders_as_hits(&self, search: &Search, context: &str, id: SchemaId) -> Result<Vec<SearchHit>, RegistryError> {
        let mut holders = self.store.holders(context, id).await?;
        holders.retain(|holder| search.deleted || !holder.deleted);
        if holders.is_empty() {
            return Ok(Vec::new());
        }
        let Some(schema) = self.schema_by_id(context, id).await? else { return Ok(Vec::new()) };
        let stored = &schema.stored;
        let Registration { author, since, until } = &search.registration;
        let at = stored.created_at;
        // an id says nothing of who registered it
        if author.is_some() || since.is_some_and(|since| at < since) || until.is_some_and(|until| at >= until) {
            return Ok(Vec::new());
        }
        if search.schema_type.is_some_and(|wanted| wanted != stored.content.schema_type) {
            return Ok(Vec::new());
        }
        let hit = |holder: crate::store::Holder| SearchHit {
            subject: holder.subject,
            version: holder.version,
            id,
            guid: stored.guid,
            schema_type: stored.content.schema_type,
            deleted: holder.deleted,
            created_at: stored.created_at,
        };
        Ok(holders.into_iter().map(hit).collect())
    }
}

/// One result for each subject, the best first.
fn by_subject(hits: Vec<SearchHit>, kind: MatchKind, text: &str) -> Vec<FoundSubject> {
    let mut subjects: HashMap<Subject, FoundSubject> = HashMap::new();
    for hit in hits {
        if let Some(found) = subjects.get_mut(&hit.subject) {
            found.versions += 1;
            if found.hit.version < hit.version {
                found.hit = hit;
            }
        } else {
            let found = FoundSubject { hit, by: kind, versions: 1, declarations: Vec::new() };
            subjects.insert(found.hit.subject.clone(), found);
        }
    }
    let mut found: Vec<FoundSubject> = subjects.into_values().collect();
    let wanted = text.trim().to_lowercase();
    // of subjects the name that is nearest, of schemas the newest
    let closeness = |name: &str| {
        let name = name.to_lowercase();
        let how = if name == wanted { 0 } else { 1 + usize::from(!name.starts_with(&wanted)) };
        (how, name.chars().count())
    };
    if kind == MatchKind::Subject {
        found.sort_by_cached_key(|found| (closeness(found.hit.subject.name()), found.hit.subject.qualified()));
    } else {
        found.sort_by_cached_key(|found| (std::cmp::Reverse(found.hit.created_at), found.hit.subject.qualified()));
    }
    found
}
