//! What URIs named, remembered for as long as nothing could have changed it.

use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::Rule;
use crate::types::{SchemaId, Subject, Version};

/// Bytes of URIs and what they named.
const BYTES: u64 = 4 << 20;

/// What a URI named. The schema itself is in the cache of schemas, which has its own bound.
#[derive(Debug)]
pub(super) struct Named {
    pub(super) rule: Rule,
    pub(super) subject: Subject,
    pub(super) version: Version,
    pub(super) context: Box<str>,
    pub(super) id: SchemaId,
    pub(super) fragment: Option<Box<str>>,
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<String, (i64, Arc<Named>)> for ByBytes {
    fn weight(&self, uri: &String, (_, named): &(i64, Arc<Named>)) -> u64 {
        let texts = uri.len() + named.subject.name().len() + named.subject.context().len() + named.context.len();
        (texts + named.fragment.as_ref().map_or(0, |fragment| fragment.len()) + 200) as u64
    }
}

/// Valid for one generation each: registrations can't change what is kept here, and everything else begins a new one.
pub(in crate::registry) struct ResolveCache(Cache<String, (i64, Arc<Named>), ByBytes>);

impl ResolveCache {
    pub(in crate::registry) fn new() -> Self {
        Self(Cache::with_weighter(4096, BYTES, ByBytes))
    }

    pub(super) fn get(&self, uri: &str, generation: i64) -> Option<Arc<Named>> {
        self.0.get(uri).filter(|(made, _)| *made == generation).map(|(_, named)| named)
    }

    pub(super) fn put(&self, uri: &str, generation: i64, named: Named) {
        self.0.insert(uri.to_owned(), (generation, Arc::new(named)));
    }
}
