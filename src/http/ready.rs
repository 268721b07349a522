//! Ready answers: the bytes of reads by id and by guid, and schema documents, kept by request target.
//!
//! An answer holds for one generation of the registry: only deletes, imports and changes of config or mode can make it wrong, and
//! each of them begins a new generation.

use std::io::Write;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::document::Document;
use super::router::RouteIndex;

#[derive(Clone)]
struct Answer {
    generation: i64,
    route: RouteIndex,
    kept: Kept,
}

#[derive(Clone)]
enum Kept {
    /// A body in a negotiated JSON type; compressed for the first client that accepts it.
    Json(Bytes, Arc<OnceLock<Option<Bytes>>>),
    Document(Arc<Document>),
}

/// A ready answer as it is sent.
pub(super) enum Ready {
    Json { route: RouteIndex, bytes: Bytes, is_gzip: bool },
    Document { route: RouteIndex, document: Arc<Document> },
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<String, Answer> for ByBytes {
    fn weight(&self, target: &String, answer: &Answer) -> u64 {
        let kept = match &answer.kept {
            // half as much again for the compressed form
            Kept::Json(bytes, _) => bytes.len() * 3 / 2,
            Kept::Document(document) => document.weight(),
        };
        (target.len() + kept + 160) as u64
    }
}

pub(super) struct ReadyCache {
    cache: Cache<String, Answer, ByBytes>,
    gzip_from: u64,
}

impl ReadyCache {
    pub(super) fn new(bytes: u64, gzip_from: u64) -> Self {
        let items = usize::try_from(bytes / 1024).unwrap_or(usize::MAX).max(64);
        Self { cache: Cache::with_weighter(items, bytes, ByBytes), gzip_from }
    }

    pub(super) fn get(&self, target: &str, generation: i64, accepts_gzip: impl FnOnce() -> bool) -> Option<Ready> {
        let answer = self.cache.get(target).filter(|answer| answer.generation == generation)?;
        let route = answer.route;
        let (bytes, gzip) = match answer.kept {
            Kept::Json(bytes, gzip) => (bytes, gzip),
            Kept::Document(document) => return Some(Ready::Document { route, document }),
        };
        if bytes.len() as u64 > self.gzip_from
            && accepts_gzip()
            && let Some(bytes) = gzip.get_or_init(|| compress(&bytes)).clone()
        {
            return Some(Ready::Json { route, bytes, is_gzip: true });
        }
        Some(Ready::Json { route, bytes, is_gzip: false })
    }

    /// `generation` is the one known before the answer was computed.
    pub(super) fn put(&self, target: &str, generation: i64, route: RouteIndex, bytes: Bytes) {
        self.cache.insert(target.to_owned(), Answer { generation, route, kept: Kept::Json(bytes, Arc::default()) });
    }

    /// The same for a document, which has a place of its own for each of its forms.
    pub(super) fn put_document(&self, target: &str, generation: i64, route: RouteIndex, document: Arc<Document>) {
        let key = format!("{target}{}", document.form.suffix());
        self.cache.insert(key, Answer { generation, route, kept: Kept::Document(document) });
    }
}

/// The bytes compressed.
pub(super) fn compress(bytes: &Bytes) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 3), Compression::default());
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok().map(Bytes::from)
}
