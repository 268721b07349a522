//! Ready answers: the bytes of reads by id and by guid, kept by request target.
//!
//! An answer holds for one generation of the registry: only deletes, imports and changes of config or mode can make it wrong, and
//! each of them begins a new generation.

use bytes::Bytes;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::router::RouteIndex;

#[derive(Clone)]
struct Answer {
    generation: i64,
    route: RouteIndex,
    bytes: Bytes,
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<String, Answer> for ByBytes {
    fn weight(&self, target: &String, answer: &Answer) -> u64 {
        (target.len() + answer.bytes.len() + 128) as u64
    }
}

pub(super) struct ReadyCache {
    cache: Cache<String, Answer, ByBytes>,
}

impl ReadyCache {
    pub(super) fn new(bytes: u64) -> Self {
        let items = usize::try_from(bytes / 1024).unwrap_or(usize::MAX).max(64);
        Self { cache: Cache::with_weighter(items, bytes, ByBytes) }
    }

    pub(super) fn get(&self, target: &str, generation: i64) -> Option<(RouteIndex, Bytes)> {
        let answer = self.cache.get(target)?;
        (answer.generation == generation).then_some((answer.route, answer.bytes))
    }

    /// `generation` is the one known before the answer was computed.
    pub(super) fn put(&self, target: &str, generation: i64, route: RouteIndex, bytes: Bytes) {
        self.cache.insert(target.to_owned(), Answer { generation, route, bytes });
    }
}
