//! The JSON value of a body.

use bytes::Bytes;
use serde_json::Value;

use crate::http::error::ApiError;
use crate::registry::in_proportion;

/// The first JSON value of a body; what follows it is ignored. `None` for an empty body and for `null`.
pub(in crate::http) fn value(bytes: &Bytes) -> Result<Option<Value>, ApiError> {
    in_proportion(bytes.len(), || read(bytes))
}

fn read(bytes: &Bytes) -> Result<Option<Value>, ApiError> {
    let mut values = serde_json::Deserializer::from_slice(bytes).into_iter::<Value>();
    match values.next() {
        None | Some(Ok(Value::Null)) => Ok(None),
        Some(Ok(mut value)) => {
            if may_hold_nul(bytes) {
                replace_nul(&mut value);
            }
            Ok(Some(value))
        }
        Some(Err(error)) => Err(ApiError::bad_request(format!("Malformed JSON: {error}"))),
    }
}

/// Whether a body may hold NUL: in JSON it can only be written as an escape.
fn may_hold_nul(bytes: &Bytes) -> bool {
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
pub(in crate::http) fn required(bytes: &Bytes, operation: &str) -> Result<Value, ApiError> {
    value(bytes)?.ok_or_else(|| ApiError::empty_body(operation))
}
