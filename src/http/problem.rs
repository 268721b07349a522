//! Errors below `/cloudevents`: problem details (RFC 9457), with the members of the other errors beside them, so that a client
//! that knows either form can read them.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde_json::json;

use super::error::ApiError;
use super::reply::{respond, to_bytes};

/// The media type.
const MEDIA_TYPE: &str = "application/problem+json";

/// True for a path whose errors are problems.
pub(super) fn is_here(path: &str) -> bool {
    path == "/cloudevents" || path.starts_with("/cloudevents/")
}

/// The name and title of an error's kind.
fn kind(error: &ApiError) -> (&'static str, &'static str) {
    match (error.status, error.code) {
        (_, 40401..=40403) => ("schema-not-found", "Schema not found"),
        (StatusCode::NOT_FOUND, _) => ("not-found", "Not found"),
        (StatusCode::METHOD_NOT_ALLOWED, _) => ("method-not-allowed", "Method not allowed"),
        (StatusCode::UNSUPPORTED_MEDIA_TYPE, _) => ("unsupported-media-type", "Media type not supported"),
        (StatusCode::PAYLOAD_TOO_LARGE, _) => ("too-large", "Too large"),
        (StatusCode::REQUEST_TIMEOUT, _) | (_, 50002) => ("timeout", "Out of time"),
        (status, _) if status.is_client_error() => ("invalid", "Request not valid"),
        _ => ("failure", "The server failed"),
    }
}

/// An error as a problem; `instance` is the path of the request.
pub(super) fn response(error: &ApiError, instance: &str) -> Response {
    let (name, title) = kind(error);
    // a number of the original where it has one
    let code = if error.code < 1000 { u32::from(error.status.as_u16()) * 100 } else { error.code };
    let body = json!({
        "type": format!("/cloudevents/problems/{name}"),
        "title": title,
        "status": error.status.as_u16(),
        "detail": error.message,
        "instance": instance,
        "error_code": code,
        "message": error.message,
    });
    let mut response = respond(error.status, MEDIA_TYPE, Body::from(to_bytes(&body)));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
