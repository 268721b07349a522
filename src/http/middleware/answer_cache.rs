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
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::gzip;
use crate::http::document::{Document, Form};
use crate::http::metrics::RouteIndex;
use crate::http::negotiate;
use crate::http::reply::respond;

#[derive(Clone)]
struct CachedAnswer {
    generation: i64,
    route: RouteIndex,
    content: Content,
}

#[derive(Clone)]
enum Content {
    Json(Arc<Json>),
    /// Under the target and the suffix of its form.
    Document(Arc<Document>),
}

/// A body in a negotiated JSON type; compressed for the first client that accepts it.
struct Json {
    bytes: Bytes,
    gzip: OnceLock<Option<Bytes>>,
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<String, CachedAnswer> for ByBytes {
    fn weight(&self, target: &String, answer: &CachedAnswer) -> u64 {
        let content = match &answer.content {
            // half as much again for the compressed form
            Content::Json(json) => json.bytes.len() * 3 / 2,
            Content::Document(document) => document.weight(),
        };
        (target.len() + content + 160) as u64
    }
}

pub(in crate::http) struct AnswerCache {
    cache: Cache<String, CachedAnswer, ByBytes>,
    gzip_from: u64,
}

impl AnswerCache {
    pub(in crate::http) fn new(bytes: u64, gzip_from: u64) -> Self {
        let items = usize::try_from(bytes / 1024).unwrap_or(usize::MAX).max(64);
        Self { cache: Cache::with_weighter(items, bytes, ByBytes), gzip_from }
    }

    /// The answer to a request, if it was given before in this generation.
    pub(in crate::http) fn answer(&self, request: &Request, generation: i64) -> Option<(RouteIndex, Response)> {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return None;
        }
        let (target, headers) = (request.uri().path_and_query()?.as_str(), request.headers());
        let CachedAnswer { route, content, .. } = self.get(target, generation)?;
        let response = match content {
            Content::Json(json) => self.json(&json, headers)?,
            Content::Document(document) => {
                self.in_form(target, generation, document, headers)?.answer(request.method(), headers)?
            }
        };
        Some((route, response))
    }

    fn get(&self, target: &str, generation: i64) -> Option<CachedAnswer> {
        self.cache.get(target).filter(|answer| answer.generation == generation)
    }

    fn json(&self, json: &Json, headers: &HeaderMap) -> Option<Response> {
        let is_large = json.bytes.len() as u64 > self.gzip_from;
        let gzip = if is_large && negotiate::accepts_gzip(headers) {
            json.gzip.get_or_init(|| gzip::compress(&json.bytes)).as_ref()
        } else {
            None
        };
        let body = Body::from(gzip.unwrap_or(&json.bytes).clone());
        let mut response = respond(StatusCode::OK, negotiate::choose(headers)?, body);
        if is_large {
            gzip::mark(response.headers_mut(), gzip.is_some());
        }
        Some(response)
    }

    /// The form of a cached document that the client wants, if that one is cached as well.
    fn in_form(&self, target: &str, generation: i64, document: Arc<Document>, headers: &HeaderMap) -> Option<Arc<Document>> {
        let wanted = Form::choose(document.schema_type, headers);
        if wanted == document.form {
            return Some(document);
        }
        match self.get(&format!("{target}{}", wanted.suffix()), generation)?.content {
            Content::Document(document) => Some(document),
            Content::Json(_) => None,
        }
    }

    /// `generation` is the one known before the answer was computed.
    pub(in crate::http) fn put_json(&self, target: String, generation: i64, route: RouteIndex, bytes: Bytes) {
        let content = Content::Json(Arc::new(Json { bytes, gzip: OnceLock::new() }));
        self.cache.insert(target, CachedAnswer { generation, route, content });
    }

    /// A document has a place of its own for each of its forms.
    pub(in crate::http) fn put_document(&self, target: &str, generation: i64, route: RouteIndex, document: Arc<Document>) {
        let key = format!("{target}{}", document.form.suffix());
        self.cache.insert(key, CachedAnswer { generation, route, content: Content::Document(document) });
    }
}
