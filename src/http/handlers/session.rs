//! `/accordant/v1/session`: a login on the web pages becomes a cookie, and is ended.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};

use crate::http::bodies;
use crate::http::cookies::{Cookies, is_path};
use crate::http::error::ApiError;
use crate::http::gate::Gate;
use crate::http::handlers::parameter::wrong;
use crate::http::reply::{Answer, Reply, respond, to_bytes};
use crate::http::request::Request;
use crate::http::wire::Session;
use crate::types::timestamp;

const A_PATH: &str = "a path that begins and ends with a slash";

/// Begins a session for whoever has shown a password or a token with this request.
pub(in crate::http) async fn begin(request: Request) -> Answer {
    let gate = gate(&request)?;
    let body = if request.body.is_empty() { None } else { Some(bodies::json::required(&request.body, "begin.arg0", "Session")?) };
    let path = body.as_ref().and_then(|body| body.get("path")).map(|path| path.as_str().unwrap_or_default());
    let cookies = cookies(&request, path)?;
    let begun = gate.session(request.headers(), &request.caller);
    let (session, ends_at) = begun.ok_or_else(ApiError::unauthorized)?;
    let shown = Session {
        principal: request.caller.principal.to_string(),
        login: request.caller.method.as_str(),
        ends_at: timestamp(ends_at),
    };
    let mut response = respond(StatusCode::OK, HeaderValue::from_static("application/json"), Body::from(to_bytes(&shown)));
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if !cookies.keep_session(headers, &session, gate.seconds_until(ends_at)) {
        return Err(ApiError::bad_request("The token is too long to be kept by a browser"));
    }
    Ok(Reply::Response(Box::new(response)))
}

/// Ends the session of this browser, whether or not it is good still.
pub(in crate::http) async fn end(request: Request) -> Answer {
    let cookies = cookies(&request, request.query("path"))?;
    let mut response = respond(StatusCode::NO_CONTENT, HeaderValue::from_static("application/json"), Body::empty());
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_TYPE);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    cookies.forget_session(headers);
    Ok(Reply::Response(Box::new(response)))
}

fn gate(request: &Request) -> Result<&Gate, ApiError> {
    let gate = request.state.gate.as_deref();
    gate.filter(|gate| gate.begins_sessions()).ok_or_else(ApiError::not_found)
}

/// The cookies of who asks: below the path that the pages have for the browser, which only they know where a proxy has put something before.
fn cookies(request: &Request, path: Option<&str>) -> Result<Cookies, ApiError> {
    let path = path.unwrap_or("/");
    if !is_path(path) {
        return Err(wrong("path", path, A_PATH));
    }
    let origin = request.headers().get(header::ORIGIN).map(HeaderValue::as_bytes);
    let is_secure = request.info.peer.is_secure || origin.is_some_and(|origin| origin.starts_with(b"https://"));
    Ok(Cookies::below(path, is_secure))
}
