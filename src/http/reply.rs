//! What handlers answer, and how it becomes a response.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use serde::Serialize;

use super::document::Document;
use super::error::ApiError;
pub(super) use super::json_text::to_bytes;
use super::negotiate::MediaType;
use crate::store::Freshness;

pub(super) enum Reply {
    /// In the negotiated media type.
    Json(Bytes),
    /// The same, where the answer holds until the registry's next generation, and for as long as what was read is fresh.
    CacheableJson(Bytes, Option<Freshness>),
    /// The same, where nobody on the way may keep it.
    SecretJson(Bytes),
    /// In a media type of its own.
    Typed(&'static str, Bytes),
    /// Produced as it is sent, in the negotiated media type.
    Stream(Body),
    NoContent,
    /// As `Json`, with another status.
    JsonWithStatus(StatusCode, Bytes),
    JsonRegardlessOfAccept(StatusCode, Bytes),
    /// A schema document; cacheable where it holds until the registry's next generation.
    Document {
        document: Arc<Document>,
        is_cacheable: bool,
    },
    Response(Box<Response>),
}

pub(super) type Answer = Result<Reply, ApiError>;

#[expect(clippy::unnecessary_wraps, reason = "the last line of most handlers")]
pub(super) fn json<T: Serialize + ?Sized>(value: &T) -> Answer {
    Ok(Reply::Json(to_bytes(value)))
}

#[expect(clippy::unnecessary_wraps, reason = "the last line of handlers")]
pub(super) fn plain_json<T: Serialize + ?Sized>(status: StatusCode, value: &T) -> Answer {
    Ok(Reply::JsonRegardlessOfAccept(status, to_bytes(value)))
}

impl Reply {
    /// JSON that holds for as long as what was read is fresh: not at all, where the store can't tell.
    pub(super) fn while_fresh(bytes: Bytes, freshness: Option<Freshness>) -> Self {
        if freshness.is_some() { Self::CacheableJson(bytes, freshness) } else { Self::Json(bytes) }
    }

    pub(super) fn into_response(self, media_type: MediaType, method: &Method, headers: &HeaderMap) -> Response {
        match self {
            Self::Json(bytes) | Self::CacheableJson(bytes, _) => respond(StatusCode::OK, media_type, Body::from(bytes)),
            Self::SecretJson(bytes) => {
                let mut response = respond(StatusCode::OK, media_type, Body::from(bytes));
                response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
                response
            }
            Self::Typed(content_type, bytes) => {
                respond(StatusCode::OK, HeaderValue::from_static(content_type), Body::from(bytes))
            }
            Self::Stream(body) => respond(StatusCode::OK, media_type, body),
            Self::JsonWithStatus(status, bytes) => respond(status, media_type, Body::from(bytes)),
            Self::JsonRegardlessOfAccept(status, bytes) => {
                respond(status, HeaderValue::from_static("application/json"), Body::from(bytes))
            }
            // a handler that did not read the bytes has found that the client has them
            Self::Document { document, .. } => document.answer(method, headers).unwrap_or_default().map(Body::from),
            Self::Response(response) => *response,
            Self::NoContent => {
                let mut response = Response::new(Body::empty());
                *response.status_mut() = StatusCode::NO_CONTENT;
                response
            }
        }
    }
}

pub(super) fn respond<B>(status: StatusCode, content_type: HeaderValue, body: B) -> Response<B> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    response
}

/// The text of a schema as raw body; without text there is no body, as Confluent has it.
#[expect(clippy::unnecessary_wraps, reason = "the last line of handlers")]
pub(super) fn raw_text(text: &Arc<str>) -> Answer {
    if text.is_empty() { Ok(Reply::NoContent) } else { Ok(Reply::Json(Bytes::copy_from_slice(text.as_bytes()))) }
}
