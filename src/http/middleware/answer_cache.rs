//! Answers that are given again: reads by id, by guid and by subject, and schema documents, kept by request target; look-ups, checks
//! and registrations of what is known by target and body.
//!
//! What an answer shows depends on what its caller may read. Those who may read everything, which is everybody where there are no
//! logins, share answers; the others have their own for each class of callers with the same rights.
//!
//! An answer holds for one generation of the registry: deletes, imports and changes of config or mode can make it wrong, and each of
//! them begins a new generation. An answer about a subject can be made wrong by registrations, too, and holds while it is fresh.

use std::borrow::Cow;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, LazyLock, OnceLock};

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::response::Response;
use bytes::Bytes;

use crate::cache::{CacheReading, Generational};
use crate::http::compression;
use crate::http::document::{Document, Representation};
use crate::http::metrics::RouteIndex;
use crate::http::negotiate::{self, ContentType, MediaType};
use crate::http::request_info::REQUEST_ID;
use crate::registry::ReadSchema;
use crate::store::{Freshness, Store};

/// Targets begin with a slash, so those with a number before them are nobody else's.
fn key(target: &str, class: u64) -> Cow<'_, str> {
    if class == 0 { Cow::Borrowed(target) } else { Cow::Owned(format!("{class}{target}")) }
}

/// A target and a body that was sent to it.
pub(in crate::http) struct Question(String);

/// Where answers may be a little old, a request can ask for one that is not (docs/databases.md).
const CONSISTENCY: HeaderName = HeaderName::from_static("accordant-consistency");

fn is_fresh(store: &dyn Store, freshness: Option<&Freshness>, headers: &HeaderMap) -> bool {
    let is_strict = || headers.get(CONSISTENCY).is_some_and(|wanted| wanted.as_bytes().eq_ignore_ascii_case(b"strict"));
    freshness.is_none_or(|freshness| store.is_fresh(freshness) && !(freshness.is_bounded() && is_strict()))
}

/// All of an answer in one place: what lies apart is another line of memory to wait for.
pub(in crate::http) struct CachedAnswer {
    pub(in crate::http) route: RouteIndex,
    body: CachedBody,
    /// The schema that it shows or has found, where that is one that is in use.
    pub(in crate::http) read: Option<ReadSchema>,
}

/// Up to so many bytes are sent from where they are kept: what is larger goes piece by piece.
const KEPT: usize = 32 << 10;

impl CachedAnswer {
    /// The bytes of an answer in JSON.
    pub(in crate::http) fn bytes(&self) -> &[u8] {
        match &self.body {
            CachedBody::Json(json, _) => &json.bytes,
            CachedBody::Document(_) => &[],
        }
    }
}

enum CachedBody {
    Json(JsonBody, Option<Freshness>),
    /// Under the target and the suffix of its representation.
    Document(Arc<Document>),
}

/// The headers of an answer in JSON: those that every answer has (`http/app.rs` fills in the id) are there before they are set, for to
/// copy them takes less than to hash the name of each.
fn head(content_type: MediaType) -> HeaderMap {
    static HEADS: LazyLock<Vec<HeaderMap>> =
        LazyLock::new(|| negotiate::produced().map(HeaderValue::from_static).map(new_head).collect());
    let known = HEADS.iter().find(|head| head.values().next() == Some(&content_type));
    known.cloned().unwrap_or_else(|| new_head(content_type))
}

fn new_head(content_type: MediaType) -> HeaderMap {
    let mut head = HeaderMap::with_capacity(4);
    head.insert(header::CONTENT_TYPE, content_type);
    compression::vary(&mut head);
    head.insert(REQUEST_ID, HeaderValue::from_static(""));
    head.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    head
}

/// An answer out of the cache.
pub(in crate::http) struct CachedResponse {
    pub(in crate::http) answer: Arc<CachedAnswer>,
    /// Without bytes where they are those of the answer.
    pub(in crate::http) response: Response<Option<Bytes>>,
}

/// A body in a negotiated JSON type; compressed for the first client that accepts it.
struct JsonBody {
    bytes: Bytes,
    gzip: OnceLock<Option<Bytes>>,
}

pub(in crate::http) struct AnswerCache {
    cache: Generational<String, Arc<CachedAnswer>>,
    /// Secret keys of this process: two bodies that have the same digests under both can't be made.
    keys: [RandomState; 2],
    gzip_from: u64,
}

impl AnswerCache {
    pub(in crate::http) fn new(bytes: u64, gzip_from: u64) -> Self {
        let weight = |target: &String, answer: &Arc<CachedAnswer>| {
            let body = match &answer.body {
                // half as much again for the compressed representation
                CachedBody::Json(json, _) => json.bytes.len() * 3 / 2,
                CachedBody::Document(document) => document.weight(),
            };
            target.len() + body + 100
        };
        Self { cache: Generational::new(bytes, 1024, weight), keys: Default::default(), gzip_from }
    }

    pub(in crate::http) fn reading(&self) -> CacheReading {
        self.cache.reading()
    }

    /// The answer to a request, if it was given before in this generation.
    pub(in crate::http) fn answer<B>(
        &self,
        request: &Request<B>,
        class: u64,
        generation: i64,
        store: &dyn Store,
    ) -> Option<CachedResponse> {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return None;
        }
        let (target, headers) = (request.uri().path_and_query()?.as_str(), request.headers());
        let target = &*key(target, class);
        let answer = self.cache.get(target, generation)?;
        let response = match &answer.body {
            CachedBody::Json(json, freshness) => {
                self.json(json, request.method(), headers).filter(|_| is_fresh(store, freshness.as_ref(), headers))?
            }
            CachedBody::Document(document) => {
                let document = self.in_representation(target, generation, document, headers)?;
                document.answer(request.method(), headers)?.map(Some)
            }
        };
        Some(CachedResponse { answer, response })
    }

    fn json(&self, json: &JsonBody, method: &Method, headers: &HeaderMap) -> Option<Response<Option<Bytes>>> {
        // those that are refused for the type of a body that they don't have
        if matches!(ContentType::of(headers), ContentType::Foreign | ContentType::Malformed) {
            return None;
        }
        let is_large = json.bytes.len() as u64 > self.gzip_from;
        let gzip = if is_large && negotiate::accepts_gzip(headers) {
            json.gzip.get_or_init(|| compression::compress(&json.bytes)).as_ref()
        } else {
            None
        };
        let own = gzip.or_else(|| (json.bytes.len() > KEPT).then_some(&json.bytes));
        let mut response = Response::new(own.cloned());
        *response.headers_mut() = head(negotiate::choose(headers)?);
        if is_large {
            compression::mark(response.headers_mut(), gzip.is_some());
        } else if *method == Method::HEAD {
            // as where it is made anew
            response.headers_mut().remove(header::VARY);
        }
        Some(response)
    }

    /// The representation of a cached document that the client wants, if that one is cached as well.
    fn in_representation(
        &self,
        target: &str,
        generation: i64,
        document: &Arc<Document>,
        headers: &HeaderMap,
    ) -> Option<Arc<Document>> {
        let wanted = Representation::choose(document.schema_type, headers);
        if wanted == document.representation {
            return Some(Arc::clone(document));
        }
        match &self.cache.get(&format!("{target}{}", wanted.suffix()), generation)?.body {
            CachedBody::Document(document) => Some(Arc::clone(document)),
            CachedBody::Json(..) => None,
        }
    }

    /// A body that is sent to a target; no target begins like it.
    pub(in crate::http) fn question(&self, target: &str, class: u64, body: &[u8]) -> Question {
        let [one, other] = self.keys.each_ref().map(|key| key.hash_one((class, target, body)));
        Question(format!("?{one:x}.{other:x}"))
    }

    /// The answer to a body that was sent to the same target before, with the schema that it has found.
    pub(in crate::http) fn answer_to(
        &self,
        question: &Question,
        generation: i64,
        headers: &HeaderMap,
        store: &dyn Store,
    ) -> Option<(Bytes, Arc<CachedAnswer>)> {
        let answer = self.cache.get(&*question.0, generation)?;
        let bytes = match &answer.body {
            CachedBody::Json(json, freshness) if is_fresh(store, freshness.as_ref(), headers) => json.bytes.clone(),
            _ => return None,
        };
        Some((bytes, answer))
    }

    /// `generation` is the one known before the answer was computed.
    pub(in crate::http) fn put_answer_to(
        &self,
        question: Question,
        generation: i64,
        route: RouteIndex,
        bytes: Bytes,
        freshness: Option<Freshness>,
        read: Option<ReadSchema>,
    ) {
        let body = CachedBody::Json(JsonBody { bytes, gzip: OnceLock::new() }, freshness);
        self.cache.insert(question.0, generation, Arc::new(CachedAnswer { route, body, read }));
    }

    /// `generation` is the one known before the answer was computed.
    pub(in crate::http) fn put_json(
        &self,
        (target, class): (&str, u64),
        generation: i64,
        route: RouteIndex,
        bytes: Bytes,
        freshness: Option<Freshness>,
        read: Option<ReadSchema>,
    ) {
        let target = key(target, class).into_owned();
        let body = CachedBody::Json(JsonBody { bytes, gzip: OnceLock::new() }, freshness);
        self.cache.insert(target, generation, Arc::new(CachedAnswer { route, body, read }));
    }

    /// A document has a place of its own for each of its representations.
    pub(in crate::http) fn put_document(
        &self,
        (target, class): (&str, u64),
        generation: i64,
        route: RouteIndex,
        document: Arc<Document>,
        read: Option<ReadSchema>,
    ) {
        let key = format!("{}{}", key(target, class), document.representation.suffix());
        let answer = CachedAnswer { route, body: CachedBody::Document(document), read };
        self.cache.insert(key, generation, Arc::new(answer));
    }
}
