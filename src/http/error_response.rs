//! How errors are sent, and logged where the server is to blame.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;

use super::error::ApiError;
use super::links::Links;
use super::negotiate;
use super::problem;
use super::reply::{respond, to_bytes};
use super::request_info::RequestInfo;
use crate::trace;

/// An error as answer, with the time after which to try again where that would help.
pub(super) fn error_response(links: &Links, error: &ApiError, info: &RequestInfo) -> Response {
    log(error, info);
    let mut response = shaped(links, error, info);
    if error.status == StatusCode::UNSUPPORTED_MEDIA_TYPE {
        response.headers_mut().insert(header::ACCEPT, HeaderValue::from_static(negotiate::CONSUMED));
    }
    if error.status == StatusCode::SERVICE_UNAVAILABLE {
        // all that is refused for want of room or of a database is worth another try soon
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    if let Some(seconds) = error.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

fn shaped(links: &Links, error: &ApiError, info: &RequestInfo) -> Response {
    let path = info.uri.path();
    if problem::is_here(path) {
        return problem::response(error, links, path);
    }
    let media_type = match error.status {
        // negotiation is what failed, or did not come to pass
        StatusCode::NOT_ACCEPTABLE | StatusCode::UNSUPPORTED_MEDIA_TYPE => None,
        _ => negotiate::choose(&info.headers),
    };
    let media_type = media_type.unwrap_or(HeaderValue::from_static(negotiate::DEFAULT));
    respond(error.status, media_type, Body::from(to_bytes(&error.body())))
}

/// Names the request id that the answer has in its header.
pub(super) fn log(error: &ApiError, info: &RequestInfo) {
    if let Some(cause) = &error.cause {
        let (method, path, request_id, trace_id) = (&info.method, &info.uri, info.id(), trace::current_id());
        tracing::error!(request_id, trace_id, %method, %path, code = error.code, cause, "request failed");
    }
}
