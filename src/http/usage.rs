//! Who reads schemas: what a request says of its client, counted by the registry.

use std::borrow::Cow;

use axum::http::{HeaderMap, HeaderName, header};

use super::gate::Caller;
use crate::access::ANONYMOUS;
use crate::registry::{ClientIdentity, ReadSchema, Registry};

/// What clients of Kafka call themselves.
const CLIENT_ID: HeaderName = HeaderName::from_static("x-registry-client-id");
/// `none` keeps a read out of the count: it comes from somebody who looks, and not from an application.
const USAGE: HeaderName = HeaderName::from_static("accordant-usage");

/// Bytes that are kept of what a client says.
const MAX_PRINCIPAL: usize = 256;
const MAX_CLIENT: usize = 128;
const MAX_AGENT: usize = 160;

/// Counts that a schema was read, or found by who writes with it. Without a caller everybody may read everything.
pub(super) fn count(registry: &Registry, read: &ReadSchema, caller: Option<&Caller>, headers: &HeaderMap) {
    let tally = registry.usage_tally();
    let Some(weight) = tally.weight(read) else { return };
    if headers.get(USAGE).is_some_and(|word| word.as_bytes().eq_ignore_ascii_case(b"none")) {
        return;
    }
    let principal = caller.map_or(Cow::Borrowed(ANONYMOUS), |caller| Cow::Owned(caller.principal.to_string()));
    let said = |name: HeaderName, most: usize| {
        // what is no visible ASCII is somebody's mistake, or a trick
        headers.get(name).and_then(|text| text.to_str().ok()).map_or("", |text| bounded(text.trim(), most))
    };
    let reader = ClientIdentity {
        principal: bounded(&principal, MAX_PRINCIPAL),
        client: said(CLIENT_ID, MAX_CLIENT),
        agent: said(header::USER_AGENT, MAX_AGENT),
    };
    tally.count(read, reader, weight, registry.now());
}

/// The beginning of a text. NUL, which no database takes, ends it.
fn bounded(text: &str, most: usize) -> &str {
    let text = text.split('\0').next().unwrap_or_default();
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}
