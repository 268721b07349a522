//! Answers.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use serde_json::{Map, Value};

use super::document::Document;
use super::error::ApiError;
use super::negotiate::MediaType;
use crate::codec::{metadata_to, rule_set_to};
use crate::schema::{EntityTags, TagEntity};
use crate::types::{Content, Guid, Reference};

/// What a handler answers.
pub(super) enum Reply {
    /// A body in the negotiated JSON type.
    Json(Bytes),
    /// The same, for an answer that holds until the registry's next generation.
    CacheableJson(Bytes),
    /// A body of another type.
    Typed(&'static str, Bytes),
    /// A body that is produced as it is sent, in the negotiated JSON type.
    Stream(Body),
    /// No body: 204.
    Empty,
    /// Another status with a JSON body.
    Status(StatusCode, Bytes),
    /// The same in `application/json`.
    JsonRegardlessOfAccept(StatusCode, Bytes),
    /// A schema document; cacheable where it holds until the registry's next generation.
    Document {
        document: Arc<Document>,
        is_cacheable: bool,
    },
    Response(Box<Response>),
}

/// What every handler returns.
pub(super) type Answer = Result<Reply, ApiError>;

/// A JSON answer.
#[expect(clippy::unnecessary_wraps, reason = "the last line of most handlers")]
pub(super) fn json(value: &Value) -> Answer {
    Ok(Reply::Json(to_bytes(value)))
}

/// The bytes of a JSON value.
pub(super) fn to_bytes(value: &Value) -> Bytes {
    serde_json::to_vec(value).map_or_else(|_| Bytes::from_static(b"null"), Bytes::from)
}

impl Reply {
    /// The response to a request with this method and these headers.
    pub(super) fn into_response(self, media_type: MediaType, method: &Method, headers: &HeaderMap) -> Response {
        match self {
            Self::Json(bytes) | Self::CacheableJson(bytes) => respond(StatusCode::OK, media_type, Body::from(bytes)),
            Self::Typed(content_type, bytes) => respond(StatusCode::OK, content_type, Body::from(bytes)),
            Self::Stream(body) => respond(StatusCode::OK, media_type, body),
            Self::Status(status, bytes) => respond(status, media_type, Body::from(bytes)),
            Self::JsonRegardlessOfAccept(status, bytes) => respond(status, "application/json", Body::from(bytes)),
            // a handler that did not read the bytes has found that the client has them
            Self::Document { document, .. } => document.answer(method, headers).unwrap_or_default(),
            Self::Response(response) => *response,
            Self::Empty => {
                let mut response = Response::new(Body::empty());
                *response.status_mut() = StatusCode::NO_CONTENT;
                response
            }
        }
    }
}

pub(super) fn respond(status: StatusCode, content_type: &'static str, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// Members of a JSON object in the order in which they are put; empty values are left out (rest-api section 3).
#[derive(Default)]
pub(super) struct Members(Map<String, Value>);

impl Members {
    pub(super) fn put(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.0.insert(key.to_owned(), value.into());
        self
    }

    pub(super) fn put_some<V: Into<Value>>(self, key: &str, value: Option<V>) -> Self {
        match value {
            Some(value) => self.put(key, value),
            None => self,
        }
    }

    pub(super) fn put_text(self, key: &str, value: &str) -> Self {
        if value.is_empty() { self } else { self.put(key, value) }
    }

    pub(super) fn put_references(self, references: &[Reference]) -> Self {
        if references.is_empty() {
            return self;
        }
        let one = |r: &Reference| {
            let members = Members::default().put("name", r.name.as_str()).put("subject", r.subject.as_str());
            members.put("version", r.version).done()
        };
        self.put("references", references.iter().map(one).collect::<Vec<_>>())
    }

    pub(super) fn put_metadata(self, content: &Content) -> Self {
        self.put_some("metadata", content.metadata.as_ref().map(metadata_to))
    }

    pub(super) fn put_rules(self, content: &Content) -> Self {
        self.put_some("ruleSet", content.rule_set.as_ref().map(rule_set_to))
    }

    pub(super) fn put_guid(self, guid: Guid) -> Self {
        self.put("guid", guid.to_string())
    }

    pub(super) fn put_tags(self, tags: &[EntityTags]) -> Self {
        if tags.is_empty() {
            return self;
        }
        let one = |entity: &EntityTags| {
            let kind = match entity.entity {
                TagEntity::Record => "sr_record",
                TagEntity::Field => "sr_field",
            };
            serde_json::json!({ "schemaEntity": { "entityPath": entity.path, "entityType": kind }, "tags": entity.tags })
        };
        self.put("schemaTags", tags.iter().map(one).collect::<Vec<_>>())
    }

    pub(super) fn done(self) -> Value {
        Value::Object(self.0)
    }
}

/// The text of a schema as raw body.
#[expect(clippy::unnecessary_wraps, reason = "the last line of handlers")]
pub(super) fn raw_text(text: &Arc<str>) -> Answer {
    Ok(Reply::Json(Bytes::copy_from_slice(text.as_bytes())))
}
