//! The web pages below `/ui/`: files that the binary has in it, built from `ui/` beforehand. They ask for nothing that others could not ask
//! for, so they are open to everybody; what they show is decided where it is asked for.

use std::sync::OnceLock;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::compression::compress;
use super::negotiate;
use super::reply::respond;
use crate::registry::in_proportion;
use crate::types::hex;

macro_rules! asset {
    ($name:literal, $media_type:literal) => {
        Asset {
            name: $name,
            media_type: $media_type,
            bytes: include_bytes!(concat!("../../ui/dist/", $name)),
            ready: OnceLock::new(),
        }
    };
}

/// Scripts, styles and requests are those of this server; nothing is evaluated, and no other page may have these in a frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// One file.
struct Asset {
    name: &'static str,
    media_type: &'static str,
    bytes: &'static [u8],
    ready: OnceLock<Ready>,
}

/// What is made of a file when it is first asked for.
struct Ready {
    tag: String,
    compressed: Option<Bytes>,
}

static ASSETS: [Asset; 6] = [
    asset!("index.html", "text/html; charset=utf-8"),
    asset!("app.js", "text/javascript; charset=utf-8"),
    asset!("editor.js", "text/javascript; charset=utf-8"),
    asset!("app.css", "text/css; charset=utf-8"),
    asset!("icon.svg", "image/svg+xml"),
    asset!("licenses.txt", "text/plain; charset=utf-8"),
];

impl Asset {
    fn ready(&self) -> &Ready {
        self.ready.get_or_init(|| {
            let digest = in_proportion(self.bytes.len(), || Sha256::digest(self.bytes));
            let tag = hex(&digest).chars().take(32).collect();
            Ready { tag, compressed: compress(&Bytes::from_static(self.bytes)) }
        })
    }

    fn answer(&self, method: &Method, headers: &HeaderMap) -> Response {
        let ready = self.ready();
        let compressed = ready.compressed.clone().filter(|_| negotiate::accepts_gzip(headers));
        let tag = if compressed.is_some() { format!("\"{}-gzip\"", ready.tag) } else { format!("\"{}\"", ready.tag) };
        let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
        let is_known = known.flat_map(|tags| tags.split(',')).any(|known| {
            let known = known.trim();
            known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag
        });
        let status = if is_known { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
        let is_compressed = compressed.is_some();
        let bytes = compressed.unwrap_or_else(|| Bytes::from_static(self.bytes));
        let length = bytes.len();
        let body = if is_known || method == Method::HEAD { Body::empty() } else { Body::from(bytes) };
        let mut response = respond(status, HeaderValue::from_static(self.media_type), body);
        let out = response.headers_mut();
        if is_compressed {
            out.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        if !is_known {
            out.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        }
        if let Ok(tag) = HeaderValue::try_from(tag) {
            out.insert(header::ETAG, tag);
        }
        out.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        // asked about each time: what is new is there at once after an upgrade
        out.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        out.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
        out.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        out.insert(HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin"));
        response
    }
}

/// The answer to a request for one of the pages; `None` where it is for something else.
pub(super) fn answer(method: &Method, path: &str, headers: &HeaderMap) -> Option<Response> {
    let name = match path.strip_prefix("/ui")? {
        // relative, so that it holds below a prefix as well
        "" => return Some(redirect("ui/")),
        rest => rest.strip_prefix('/')?,
    };
    if !matches!(*method, Method::GET | Method::HEAD) {
        let mut response = plain(StatusCode::METHOD_NOT_ALLOWED);
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
        return Some(response);
    }
    let name = if name.is_empty() { "index.html" } else { name };
    let found = ASSETS.iter().find(|asset| asset.name == name);
    Some(found.map_or_else(|| plain(StatusCode::NOT_FOUND), |asset| asset.answer(method, headers)))
}

fn redirect(target: &'static str) -> Response {
    let mut response = plain(StatusCode::PERMANENT_REDIRECT);
    response.headers_mut().insert(header::LOCATION, HeaderValue::from_static(target));
    response
}

fn plain(status: StatusCode) -> Response {
    let reason = status.canonical_reason().unwrap_or("");
    respond(status, HeaderValue::from_static("text/plain; charset=utf-8"), Body::from(reason))
}
