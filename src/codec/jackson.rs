//! Coercing readers of JSON values.

use std::fmt;

use serde_json::{Map, Value};

/// A value of the wrong JSON type; the text is what a client sees with HTTP 400.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodecError(pub String);

impl fmt::Display for CodecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for CodecError {}

fn token(value: &Value) -> (&'static str, &'static str) {
    match value {
        Value::Object(_) => ("Object value", "START_OBJECT"),
        Value::Array(_) => ("Array value", "START_ARRAY"),
        Value::String(_) => ("String value", "VALUE_STRING"),
        Value::Number(n) if n.is_i64() || n.is_u64() => ("Integer value", "VALUE_NUMBER_INT"),
        Value::Number(_) => ("Floating-point value", "VALUE_NUMBER_FLOAT"),
        Value::Bool(true) => ("Boolean value", "VALUE_TRUE"),
        Value::Bool(false) => ("Boolean value", "VALUE_FALSE"),
        Value::Null => ("Null value", "VALUE_NULL"),
    }
}

fn mismatch<T>(wanted: &str, value: &Value) -> Result<T, CodecError> {
    let (kind, token) = token(value);
    Err(CodecError(format!("Cannot deserialize value of type `{wanted}` from {kind} (token `JsonToken.{token}`)")))
}

/// A string; numbers and booleans become their text, `null` is absent.
///
/// # Errors
/// For objects and arrays.
pub fn as_string(value: &Value) -> Result<Option<String>, CodecError> {
    match value {
        Value::Null => Ok(None),
        Value::String(s) => Ok(Some(s.clone())),
        Value::Number(n) => Ok(Some(n.to_string())),
        Value::Bool(b) => Ok(Some(b.to_string())),
        Value::Object(_) | Value::Array(_) => mismatch("String", value),
    }
}

/// A 32-bit integer; decimals are cut, numeric strings read, the empty string is absent.
///
/// # Errors
/// For everything else, and beyond 32 bits.
pub fn as_int(value: &Value) -> Result<Option<i32>, CodecError> {
    match value {
        Value::Null => Ok(None),
        Value::Number(n) => {
            let text = n.to_string();
            let number = text.parse::<i64>().ok().or_else(|| cut(text.parse::<f64>().ok()?));
            match number.and_then(|n| i32::try_from(n).ok()) {
                Some(n) => Ok(Some(n)),
                None => Err(CodecError(format!("Numeric value ({text}) out of range of `int` (-2147483648 - 2147483647)"))),
            }
        }
        Value::String(s) if s.trim().is_empty() => Ok(None),
        Value::String(s) => match s.trim().parse::<i32>() {
            Ok(n) => Ok(Some(n)),
            Err(_) => Err(CodecError(format!(
                "Cannot deserialize value of type `Integer` from String \"{s}\": not a valid `Integer` value"
            ))),
        },
        _ => mismatch("Integer", value),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the range is checked first")]
fn cut(number: f64) -> Option<i64> {
    (number.abs() < 9e15).then_some(number as i64)
}

/// A boolean; `"true"`/`"false"` and integers count too.
///
/// # Errors
/// For everything else.
pub fn as_bool(value: &Value) -> Result<Option<bool>, CodecError> {
    match value {
        Value::Null => Ok(None),
        Value::Bool(b) => Ok(Some(*b)),
        Value::Number(n) if n.is_i64() || n.is_u64() => Ok(Some(n.as_i64() != Some(0))),
        Value::String(s) => match s.trim() {
            "" => Ok(None),
            "true" | "True" | "TRUE" => Ok(Some(true)),
            "false" | "False" | "FALSE" => Ok(Some(false)),
            _ => Err(CodecError(format!(
                "Cannot deserialize value of type `Boolean` from String \"{s}\": only \"true\" or \"false\" recognized"
            ))),
        },
        _ => mismatch("Boolean", value),
    }
}

/// An object.
///
/// # Errors
/// For everything but objects and `null`.
pub fn as_object<'v>(wanted: &str, value: &'v Value) -> Result<Option<&'v Map<String, Value>>, CodecError> {
    match value {
        Value::Null => Ok(None),
        Value::Object(map) => Ok(Some(map)),
        _ => mismatch(wanted, value),
    }
}

/// An array.
///
/// # Errors
/// For everything but arrays and `null`.
pub fn as_array<'v>(wanted: &str, value: &'v Value) -> Result<Option<&'v Vec<Value>>, CodecError> {
    match value {
        Value::Null => Ok(None),
        Value::Array(items) => Ok(Some(items)),
        _ => mismatch(wanted, value),
    }
}

/// A member, read by `reader`; absent and `null` are `None`.
///
/// # Errors
/// What `reader` says.
pub fn field<T>(
    map: &Map<String, Value>,
    key: &str,
    reader: impl FnOnce(&Value) -> Result<Option<T>, CodecError>,
) -> Result<Option<T>, CodecError> {
    map.get(key).map_or(Ok(None), reader)
}

/// A string member.
///
/// # Errors
/// As [`as_string`].
pub fn string_field(map: &Map<String, Value>, key: &str) -> Result<Option<String>, CodecError> {
    field(map, key, as_string)
}
