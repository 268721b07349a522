//! The JSON value of a body.

use bytes::Bytes;
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::codec::unicode;
use crate::http::error::ApiError;
use crate::java::json_fault::{self, JacksonSetup};
use crate::registry::in_proportion;

/// Deepest nesting of a body, which is Jackson's.
const MAX_DEPTH: usize = 1000;
/// Depth below which nothing has a meaning, well above the deepest request and well below what the reader bounds itself to.
const MEANINGFUL_DEPTH: usize = 100;

/// Values that a body may have beside its texts; each takes some 70 bytes.
const MAX_VALUES: usize = 150_000;

/// The JSON value of a body. `None` for an empty body and for `null`. `class` is what Confluent makes of it, for messages.
pub(in crate::http) fn value(bytes: &Bytes, class: &str) -> Result<Option<Value>, ApiError> {
    in_proportion(bytes.len(), || read(bytes, class))
}

fn read(bytes: &Bytes, class: &str) -> Result<Option<Value>, ApiError> {
    let malformed = |error: &dyn std::fmt::Display| ApiError::bad_request(format!("Malformed JSON: {error}"));
    let bytes = unicode::to_utf8(bytes).map_err(|error| malformed(&error))?;
    if bytes.len() > MAX_VALUES && values(&bytes) > MAX_VALUES {
        return Err(ApiError::bad_request(format!("The body has more than {MAX_VALUES} values")));
    }
    let value = match first(&bytes) {
        Err(error) if nesting(&bytes) > MEANINGFUL_DEPTH => {
            if nesting(&bytes) > MAX_DEPTH {
                return Err(malformed(&format!("nested more than {MAX_DEPTH} levels deep")));
            }
            // what is skipped must be JSON as well; skipping does not recurse
            let whole = serde_json::Deserializer::from_slice(&bytes).into_iter::<IgnoredAny>().next();
            match whole {
                Some(Ok(_)) => first(&pruned(&bytes)),
                _ => Err(error),
            }
        }
        read => read,
    };
    let value = value.map_err(|error| match json_fault::first(&bytes, JacksonSetup::Bodies) {
        Some(fault) => ApiError::bad_request(fault.message),
        None => malformed(&error),
    })?;
    let (value, end) = value;
    if bytes.get(end..).is_some_and(|rest| !rest.iter().all(u8::is_ascii_whitespace)) {
        refuse_trailing(&bytes, class)?;
    }
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(mut value) => {
            if may_hold_nul(&bytes) {
                replace_nul(&mut value);
            }
            Ok(Some(value))
        }
    }
}

/// The first value, and where it ends.
fn first(bytes: &[u8]) -> serde_json::Result<(Option<Value>, usize)> {
    let mut values = serde_json::Deserializer::from_slice(bytes).into_iter::<Value>();
    let value = values.next().transpose()?;
    Ok((value, values.byte_offset()))
}

fn refuse_trailing(bytes: &[u8], class: &str) -> Result<(), ApiError> {
    match json_fault::trailing(bytes) {
        None => Ok(()),
        Some(Err(fault)) => Err(ApiError::bad_request(fault)),
        Some(Ok(token)) => Err(ApiError::bad_request(format!(
            "Trailing token (of type {token}) found after value (bound as `{class}`): \
             not allowed as per `DeserializationFeature.FAIL_ON_TRAILING_TOKENS`"
        ))),
    }
}

/// The bytes of the first value with the depth that each is at; those inside strings are at that of the string. A bracket that opens
/// is at the depth that it leads to, and so is the one that closes.
fn depths(bytes: &[u8]) -> impl Iterator<Item = (u8, usize)> {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    bytes.iter().map(move |byte| {
        let mut at = depth;
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth += 1;
                at = depth;
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        (*byte, at)
    })
}

fn nesting(bytes: &[u8]) -> usize {
    depths(bytes).map(|(_, depth)| depth).max().unwrap_or(0)
}

/// Bytes from which on a body is looked at for its values.
const LARGE: usize = 64 << 10;
/// Bytes of a value, for each of the copies that are counted.
const VALUE: usize = 50;

/// What the values of a body take in memory, beside their texts.
pub(in crate::http) fn weight(bytes: &[u8]) -> usize {
    if bytes.len() <= LARGE { 0 } else { values(bytes).saturating_mul(VALUE) }
}

/// How many values a text has, about: each but the first of a list stands behind a comma, each list behind a bracket.
fn values(bytes: &[u8]) -> usize {
    let mut in_text = false;
    let mut is_escaped = false;
    let starts_one = |byte: &&u8| {
        match **byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = in_text,
            b'"' => in_text = !in_text,
            _ => {}
        }
        !in_text && matches!(byte, b',' | b'[' | b'{')
    };
    bytes.iter().filter(starts_one).count()
}

/// The same JSON with `null` for what is nested deeper than anything has a meaning.
fn pruned(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut is_cut = false;
    for (byte, depth) in depths(bytes) {
        if depth <= MEANINGFUL_DEPTH {
            out.push(byte);
            is_cut = false;
        } else if !is_cut {
            out.extend_from_slice(b"null");
            is_cut = true;
        }
    }
    out
}

/// Whether a body may hold NUL: in JSON it can only be written as an escape.
fn may_hold_nul(bytes: &[u8]) -> bool {
    bytes.windows(6).any(|window| window == b"\\u0000")
}

/// NUL, which no stored name has and no database takes, becomes U+FFFD, as in paths. Schema texts are left as they are: their
/// engines judge them. The reader has bounded the depth.
fn replace_nul(value: &mut Value) {
    match value {
        Value::String(text) if text.contains('\0') => *text = text.replace('\0', "\u{FFFD}"),
        Value::Array(items) => items.iter_mut().for_each(replace_nul),
        Value::Object(members) => {
            let old = std::mem::take(members);
            for (key, mut value) in old {
                if !(key == "schema" && value.is_string()) {
                    replace_nul(&mut value);
                }
                members.insert(key.replace('\0', "\u{FFFD}"), value);
            }
        }
        _ => {}
    }
}

/// A body that must be there.
pub(in crate::http) fn required(bytes: &Bytes, operation: &str, class: &str) -> Result<Value, ApiError> {
    value(bytes, class)?.ok_or_else(|| ApiError::empty_body(operation))
}
