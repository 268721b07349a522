//! Who reads schemas: what a request says of its client, counted by the registry.

use std::borrow::Cow;
use std::cell::RefCell;

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

use super::gate::Caller;
use super::header_scan;
use crate::access::{ANONYMOUS, Principal};
use crate::registry::{ClientIdentity, ClientKey, ReadSchema, Registry};

/// What clients of Kafka call themselves.
const CLIENT_ID: HeaderName = HeaderName::from_static("x-registry-client-id");
/// `none` keeps a read out of the count: it comes from somebody who looks, and not from an application.
const USAGE: HeaderName = HeaderName::from_static("accordant-usage");

/// Bytes that are kept of what a client says.
const MAX_PRINCIPAL: usize = 256;
const MAX_CLIENT: usize = 128;
const MAX_AGENT: usize = 160;

/// Bytes up to which what a client says is remembered.
const REMEMBERED: usize = 256;

thread_local! {
    /// Who has read last: clients of one kind say the same of themselves, and to find out who that is takes longer than to count it.
    static LAST: RefCell<Option<LastClient>> = const { RefCell::new(None) };
}

struct LastClient {
    principal: Option<Principal>,
    client: Option<Vec<u8>>,
    agent: Option<Vec<u8>>,
    key: ClientKey,
}

/// What a request says of its client.
struct Said<'r> {
    principal: Option<&'r Principal>,
    client: Option<&'r HeaderValue>,
    agent: Option<&'r HeaderValue>,
}

impl Said<'_> {
    fn identity(&self) -> ClientIdentity {
        let said = |value: Option<&HeaderValue>, most: usize| {
            // what is no visible ASCII is somebody's mistake, or a trick
            let text = value.and_then(|text| text.to_str().ok()).unwrap_or_default();
            bounded(text.trim(), most).into()
        };
        let principal = self.principal.map_or(Cow::Borrowed(ANONYMOUS), |principal| Cow::Owned(principal.to_string()));
        ClientIdentity {
            principal: bounded(&principal, MAX_PRINCIPAL).into(),
            client: said(self.client, MAX_CLIENT),
            agent: said(self.agent, MAX_AGENT),
        }
    }

    fn key(&self) -> ClientKey {
        let bytes = |value: Option<&HeaderValue>| value.map(|value| value.as_bytes().to_vec());
        LAST.with_borrow_mut(|last| match last {
            Some(last) if self.is(last) => last.key,
            _ => {
                let key = self.identity().key();
                let is_short = [self.client, self.agent].into_iter().flatten().all(|value| value.len() <= REMEMBERED);
                let (principal, client, agent) = (self.principal.cloned(), bytes(self.client), bytes(self.agent));
                *last = is_short.then_some(LastClient { principal, client, agent, key });
                key
            }
        })
    }

    fn is(&self, last: &LastClient) -> bool {
        self.principal == last.principal.as_ref()
            && self.client.map(HeaderValue::as_bytes) == last.client.as_deref()
            && self.agent.map(HeaderValue::as_bytes) == last.agent.as_deref()
    }
}

/// Counts that a schema was read, or found by who writes with it. Without a caller everybody may read everything.
pub(super) fn count(registry: &Registry, read: &ReadSchema, caller: Option<&Caller>, headers: &HeaderMap) {
    let tally = registry.usage_tally();
    let Some(weight) = tally.weight(read) else { return };
    if header_scan::first(headers, &USAGE).is_some_and(|word| word.as_bytes().eq_ignore_ascii_case(b"none")) {
        return;
    }
    let client = header_scan::first(headers, &CLIENT_ID);
    let agent = header_scan::first(headers, &header::USER_AGENT);
    let said = Said { principal: caller.map(|caller| &caller.principal), client, agent };
    tally.count(read, said.key(), weight, || registry.now(), || said.identity());
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
