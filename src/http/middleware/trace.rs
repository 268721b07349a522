//! Which trace a request belongs to, and its span where spans are recorded.

use std::time::Instant;

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::http::admission;
use crate::trace::{Attribute, Current, Recording, Spans, TRACEPARENT, TRACESTATE, TraceContext};

const PARENT: HeaderName = HeaderName::from_static(TRACEPARENT);
const STATE: HeaderName = HeaderName::from_static(TRACESTATE);

/// Longest text in an attribute of a span.
const MAX_TEXT_BYTES: usize = 1024;

/// What the caller says of its trace: exactly one `traceparent`, as W3C has it.
pub(in crate::http) fn caller(headers: &HeaderMap) -> Option<TraceContext> {
    let mut given = headers.get_all(PARENT).iter();
    let (Some(parent), None) = (given.next(), given.next()) else { return None };
    TraceContext::read(parent.to_str().ok()?, headers.get_all(STATE).iter().filter_map(|state| state.to_str().ok()))
}

/// The trace of a request that is not answered yet.
#[derive(Default)]
pub(in crate::http) struct Traced {
    pub(in crate::http) current: Option<Current>,
    span: Option<(Recording, Vec<(&'static str, Attribute)>)>,
}

impl Traced {
    pub(in crate::http) fn begin<B>(spans: &Spans, request: &Request<B>, id: &HeaderValue) -> Self {
        let caller = caller(request.headers());
        let path = request.uri().path();
        // what asks every few seconds whether the server is there begins no trace
        if caller.is_none() && admission::is_health(path) {
            return Self::default();
        }
        let (current, recording) = spans.begin(caller);
        let span = recording.map(|recording| {
            let attributes = vec![
                ("http.request.method", text(request.method().as_str())),
                ("url.path", text(path)),
                ("accordant.request_id", text(id.to_str().unwrap_or_default())),
            ];
            (recording, attributes)
        });
        Self { current: Some(current), span }
    }

    /// The request is answered.
    pub(in crate::http) fn end(self, route: Option<&'static str>, status: StatusCode, is_cached: bool, started: Instant) {
        let Some((recording, mut attributes)) = self.span else { return };
        let method = match attributes.first() {
            Some((_, Attribute::Text(method))) => method.as_str(),
            _ => "HTTP",
        };
        let name = route.map_or_else(|| method.to_owned(), |route| format!("{method} {route}"));
        attributes.extend(route.map(|route| ("http.route", text(route))));
        attributes.push(("http.response.status_code", Attribute::Number(status.as_u16().into())));
        attributes.push(("accordant.cached", Attribute::Flag(is_cached)));
        recording.answered(name, started, attributes, status.is_server_error());
    }
}

fn text(text: &str) -> Attribute {
    let text = text.get(..text.floor_char_boundary(MAX_TEXT_BYTES)).unwrap_or_default();
    Attribute::Text(text.to_owned())
}
