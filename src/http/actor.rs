//! Who makes a change, as far as a request says it.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

use super::gate::{Caller, LoginMethod};
use super::request_info::RequestInfo;
use crate::access::Principal;
use crate::types::Actor;

/// Why a change is made, in the words of whoever makes it.
const CHANGE_REASON: HeaderName = HeaderName::from_static("x-change-reason");

/// Bytes that are kept of what a client says.
const MAX_PRINCIPAL: usize = 512;
const MAX_USER_AGENT: usize = 256;
const MAX_REQUEST_ID: usize = 128;
const MAX_REASON: usize = 1024;

/// A text of at most so many bytes; one that was cut ends in `…`. NUL, which no database takes, becomes U+FFFD.
pub(super) fn bounded(text: &str, most: usize) -> Box<str> {
    if text.contains('\0') {
        return bounded(&text.replace('\0', "\u{FFFD}"), most);
    }
    if text.len() <= most {
        return text.into();
    }
    let mut end = most.saturating_sub('…'.len_utf8());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…", text.get(..end).unwrap_or_default()).into()
}

fn value(value: &HeaderValue, most: usize) -> Option<Box<str>> {
    let text = String::from_utf8_lossy(value.as_bytes());
    let text = text.trim();
    (!text.is_empty()).then(|| bounded(text, most))
}

fn of_header(headers: &HeaderMap, name: HeaderName, most: usize) -> Option<Box<str>> {
    headers.get(name).and_then(|given| value(given, most))
}

fn actor(principal: &Principal, login: LoginMethod, info: &RequestInfo) -> Actor {
    Actor {
        principal: bounded(&principal.to_string(), MAX_PRINCIPAL),
        login: login.as_str(),
        address: info.peer.ip(),
        user_agent: of_header(&info.headers, header::USER_AGENT, MAX_USER_AGENT),
        request_id: value(&info.id, MAX_REQUEST_ID).unwrap_or_default(),
        reason: of_header(&info.headers, CHANGE_REASON, MAX_REASON),
    }
}

/// Who makes the changes of a request.
pub(super) fn of(caller: &Caller, info: &RequestInfo) -> Actor {
    actor(&caller.principal, caller.method, info)
}

/// Who makes a request of whom nothing is known.
pub(super) fn unknown(info: &RequestInfo) -> Actor {
    actor(&Principal::anonymous(), LoginMethod::None, info)
}

#[cfg(test)]
mod tests {
    use super::bounded;

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(&*bounded("abc", 3), "abc");
        assert_eq!(&*bounded("abcdef", 5), "ab…");
        assert_eq!(&*bounded("ééé", 5), "é…");
        assert_eq!(&*bounded("ééé", 1), "…");
        assert_eq!(&*bounded("a\0b", 9), "a\u{FFFD}b");
    }
}
