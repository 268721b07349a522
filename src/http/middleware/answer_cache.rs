//! Answers that are given again: reads by id and by guid, and schema documents, kept by request target.
//!
//! What an answer shows depends on what its caller may read. Those who may read everything, which is everybody where there are no
//! logins, share answers; the others have their own for each class of callers with the same rights.
//!
//! An answer holds for one generation of the registry: only deletes, imports and changes of config or mode can make it wrong, and
//! each of them begins a new generation.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use bytes::Bytes;

use crate::cache::Generational;
use crate::http::compression;
use crate::http::document::{Document, Representation};
use crate::http::metrics::RouteIndex;
use crate::http::negotiate;
use crate::http::reply::respond;

/// Targets begin with a slash, so those with a number before them are nobody else's.
fn key(target: &str, class: u64) -> Cow<'_, str> {
    if class == 0 { Cow::Borrowed(target) } else { Cow::Owned(format!("{class}{target}")) }
}

#[derive(Clone)]
struct CachedAnswer {
    route: RouteIndex,
    body: CachedBody,
}

#[derive(Clone)]
enum CachedBody {
    Json(Arc<JsonBody>),
    /// Under the target and the suffix of its representation.
    Document(Arc<Document>),
}

/// A body in a negotiated JSON type; compressed for the first client that accepts it.
struct JsonBody {
    bytes: Bytes,
    gzip: OnceLock<Option<Bytes>>,
}

pub(in crate::http) struct AnswerCache {
    cache: Generational<String, CachedAnswer>,
    gzip_from: u64,
}

impl AnswerCache {
    pub(in crate::http) fn new(bytes: u64, gzip_from: u64) -> Self {
        let weight = |target: &String, answer: &CachedAnswer| {
            let body = match &answer.body {
                // half as much again for the compressed representation
                CachedBody::Json(json) => json.bytes.len() * 3 / 2,
                CachedBody::Document(document) => document.weight(),
            };
            target.len() + body + 100
        };
        Self { cache: Generational::new(bytes, 1024, weight), gzip_from }
    }

    /// The answer to a request, if it was given before in this generation.
    pub(in crate::http) fn answer(&self, request: &Request, class: u64, generation: i64) -> Option<(RouteIndex, Response)> {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return None;
        }
        let (target, headers) = (request.uri().path_and_query()?.as_str(), request.headers());
        let target = &*key(target, class);
        let CachedAnswer { route, body } = self.cache.get(target, generation)?;
        let response = match body {
            CachedBody::Json(json) => self.json(&json, headers)?,
            CachedBody::Document(document) => {
                self.in_representation(target, generation, document, headers)?.answer(request.method(), headers)?
            }
        };
        Some((route, response))
    }

    fn json(&self, json: &JsonBody, headers: &HeaderMap) -> Option<Response> {
        let is_large = json.bytes.len() as u64 > self.gzip_from;
        let gzip = if is_large && negotiate::accepts_gzip(headers) {
            json.gzip.get_or_init(|| compression::compress(&json.bytes)).as_ref()
        } else {
            None
        };
        let body = Body::from(gzip.unwrap_or(&json.bytes).clone());
        let mut response = respond(StatusCode::OK, negotiate::choose(headers)?, body);
        if is_large {
            compression::mark(response.headers_mut(), gzip.is_some());
        }
        Some(response)
    }

    /// The representation of a cached document that the client wants, if that one is cached as well.
    fn in_representation(
        &self,
        target: &str,
        generation: i64,
        document: Arc<Document>,
        headers: &HeaderMap,
    ) -> Option<Arc<Document>> {
        let wanted = Representation::choose(document.schema_type, headers);
        if wanted == document.representation {
            return Some(document);
        }
        match self.cache.get(&format!("{target}{}", wanted.suffix()), generation)?.body {
            CachedBody::Document(document) => Some(document),
            CachedBody::Json(_) => None,
        }
    }

    /// `generation` is the one known before the answer was computed.
    pub(in crate::http) fn put_json(&self, target: &str, class: u64, generation: i64, route: RouteIndex, bytes: Bytes) {
        let target = key(target, class).into_owned();
        let body = CachedBody::Json(Arc::new(JsonBody { bytes, gzip: OnceLock::new() }));
        self.cache.insert(target, generation, CachedAnswer { route, body });
    }

    /// A document has a place of its own for each of its representations.
    pub(in crate::http) fn put_document(
        &self,
        target: &str,
        class: u64,
        generation: i64,
        route: RouteIndex,
        document: Arc<Document>,
    ) {
        let key = format!("{}{}", key(target, class), document.representation.suffix());
        self.cache.insert(key, generation, CachedAnswer { route, body: CachedBody::Document(document) });
    }
}
