//! Answers that are given again: reads by id and by guid, and schema documents, kept by request target.
//!
//! An answer holds for one generation of the registry: only deletes, imports and changes of config or mode can make it wrong, and
//! each of them begins a new generation.

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

#[derive(Clone)]
struct CachedAnswer {
    route: RouteIndex,
    content: Content,
}

#[derive(Clone)]
enum Content {
    Json(Arc<Json>),
    /// Under the target and the suffix of its representation.
    Document(Arc<Document>),
}

/// A body in a negotiated JSON type; compressed for the first client that accepts it.
struct Json {
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
            let content = match &answer.content {
                // half as much again for the compressed representation
                Content::Json(json) => json.bytes.len() * 3 / 2,
                Content::Document(document) => document.weight(),
            };
            target.len() + content + 100
        };
        Self { cache: Generational::new(bytes, 1024, weight), gzip_from }
    }

    /// The answer to a request, if it was given before in this generation.
    pub(in crate::http) fn answer(&self, request: &Request, generation: i64) -> Option<(RouteIndex, Response)> {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return None;
        }
        let (target, headers) = (request.uri().path_and_query()?.as_str(), request.headers());
        let CachedAnswer { route, content } = self.cache.get(target, generation)?;
        let response = match content {
            Content::Json(json) => self.json(&json, headers)?,
            Content::Document(document) => {
                self.in_representation(target, generation, document, headers)?.answer(request.method(), headers)?
            }
        };
        Some((route, response))
    }

    fn json(&self, json: &Json, headers: &HeaderMap) -> Option<Response> {
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
        match self.cache.get(&format!("{target}{}", wanted.suffix()), generation)?.content {
            Content::Document(document) => Some(document),
            Content::Json(_) => None,
        }
    }

    /// `generation` is the one known before the answer was computed.
    pub(in crate::http) fn put_json(&self, target: String, generation: i64, route: RouteIndex, bytes: Bytes) {
        let content = Content::Json(Arc::new(Json { bytes, gzip: OnceLock::new() }));
        self.cache.insert(target, generation, CachedAnswer { route, content });
    }

    /// A document has a place of its own for each of its representations.
    pub(in crate::http) fn put_document(&self, target: &str, generation: i64, route: RouteIndex, document: Arc<Document>) {
        let key = format!("{target}{}", document.representation.suffix());
        self.cache.insert(key, generation, CachedAnswer { route, content: Content::Document(document) });
    }
}
