//! Reading JSON values as Confluent's JSON library, Jackson, does: scalars are coerced, unknown keys ignored, `null` is absent
//! (rest-api 1.5). Messages name Java's classes, as Confluent's do.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use serde_json::{Map, Value};
use strum::VariantNames;

use crate::java::hash_table::jackson_order;
use crate::types::JavaStr;

/// A value of the wrong JSON type; the text is what a client sees with HTTP 400.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CodecError(pub String);

/// What can be read from a JSON value.
pub trait FromJson: Sized {
    /// The class that messages name, as the items of a list or the values of a map too.
    const CLASS: &str;

    /// `None` for `null`, and for what Jackson takes for it.
    ///
    /// # Errors
    /// A value of the wrong JSON type.
    fn from_json(value: &Value) -> Result<Option<Self>, CodecError>;
}

/// The message for a token that a class can't be made of.
fn mismatch<T>(class: &str, value: &Value) -> Result<T, CodecError> {
    let (kind, token) = match value {
        Value::Object(_) => ("Object value", "START_OBJECT"),
        Value::Array(_) => ("Array value", "START_ARRAY"),
        Value::String(_) => ("String value", "VALUE_STRING"),
        Value::Number(n) if n.is_i64() || n.is_u64() => ("Integer value", "VALUE_NUMBER_INT"),
        Value::Number(_) => ("Floating-point value", "VALUE_NUMBER_FLOAT"),
        Value::Bool(true) => ("Boolean value", "VALUE_TRUE"),
        Value::Bool(false) => ("Boolean value", "VALUE_FALSE"),
        Value::Null => ("Null value", "VALUE_NULL"),
    };
    Err(CodecError(format!("Cannot deserialize value of type `{class}` from {kind} (token `JsonToken.{token}`)")))
}

/// The message for a scalar where an object of a class should be: Jackson looks for a constructor that takes it.
fn no_constructor<T>(class: &str, value: &Value) -> Result<T, CodecError> {
    let (argument, shown) = match value {
        Value::String(text) => match text.trim() {
            "" => return not_empty(&format!("`{class}` value")),
            text => ("String", format!("String value ('{text}')")),
        },
        Value::Number(n) if n.as_i64().is_some_and(|n| i32::try_from(n).is_ok()) => ("int/Int", format!("Number value ({n})")),
        Value::Number(n) if n.is_i64() => ("long/Long", format!("Number value ({n})")),
        Value::Number(n) if n.is_u64() => ("BigInteger", format!("Number value ({n})")),
        Value::Number(n) => ("double/Double", format!("Number value ({n})")),
        Value::Bool(b) => ("boolean/Boolean", format!("boolean value ({b})")),
        Value::Null | Value::Array(_) | Value::Object(_) => return mismatch(class, value),
    };
    Err(CodecError(format!(
        "Cannot construct instance of `{class}` (although at least one Creator exists): \
         no {argument}-argument constructor/factory method to deserialize from {shown}"
    )))
}

/// The message for a text without content where something else than a text should be.
fn not_empty<T>(what: &str) -> Result<T, CodecError> {
    Err(CodecError(format!(
        "Cannot coerce empty String (\"\") to {what} (but could if coercion was enabled using `CoercionConfig`)"
    )))
}

/// The message for a text where a collection of texts, or a map, should be.
fn no_collection<T>(class: &str, value: &Value) -> Result<T, CodecError> {
    match value {
        Value::String(text) if text.trim().is_empty() => not_empty(&format!("element of `{class}`")),
        _ => no_constructor(class, value),
    }
}

/// The message for a text that is no value of its class.
fn from_string<T>(class: &str, text: &str, why: &str) -> Result<T, CodecError> {
    Err(CodecError(format!("Cannot deserialize value of type `{class}` from String \"{text}\": {why}")))
}

/// Numbers and booleans become their text.
impl FromJson for String {
    const CLASS: &str = "String";

    fn from_json(value: &Value) -> Result<Option<Self>, CodecError> {
        match value {
            Value::Null => Ok(None),
            Value::String(s) => Ok(Some(s.clone())),
            Value::Number(n) => Ok(Some(n.to_string())),
            Value::Bool(b) => Ok(Some(b.to_string())),
            Value::Object(_) | Value::Array(_) => mismatch("String", value),
        }
    }
}

impl FromJson for JavaStr {
    const CLASS: &str = "String";

    fn from_json(value: &Value) -> Result<Option<Self>, CodecError> {
        Ok(String::from_json(value)?.map(Self))
    }
}

/// Decimals are cut, numeric texts read, the empty text is absent.
impl FromJson for i32 {
    const CLASS: &str = "Integer";

    fn from_json(value: &Value) -> Result<Option<Self>, CodecError> {
        match value {
            Value::Null => Ok(None),
            Value::Number(n) => {
                let text = n.to_string();
                let number = text.parse::<i64>().ok().or_else(|| cut(text.parse::<f64>().ok()?));
                let number = number.and_then(|n| Self::try_from(n).ok());
                let out_of_range = || format!("Numeric value ({text}) out of range of int (-2147483648 - 2147483647)");
                number.map(Some).ok_or_else(|| CodecError(out_of_range()))
            }
            Value::String(s) => match s.trim() {
                "" => Ok(None),
                text => text.parse().map(Some).or_else(|_| from_string("Integer", text, "not a valid `java.lang.Integer` value")),
            },
            _ => mismatch("Integer", value),
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the range is checked first")]
fn cut(number: f64) -> Option<i64> {
    (number.abs() < 9e15).then_some(number as i64)
}

/// `"true"`, `"false"` and integers count too; the empty text is absent.
impl FromJson for bool {
    const CLASS: &str = "Boolean";

    fn from_json(value: &Value) -> Result<Option<Self>, CodecError> {
        match value {
            Value::Null => Ok(None),
            Value::Bool(b) => Ok(Some(*b)),
            Value::Number(n) if n.is_i64() || n.is_u64() => Ok(Some(n.as_i64() != Some(0))),
            Value::String(s) => match s.trim() {
                "" => Ok(None),
                "true" | "True" | "TRUE" => Ok(Some(true)),
                "false" | "False" | "FALSE" => Ok(Some(false)),
                text => from_string("Boolean", text, "only \"true\" or \"false\" recognized"),
            },
            _ => mismatch("Boolean", value),
        }
    }
}

/// The items of a list: a `null` among them is left out.
impl<T: FromJson> FromJson for Vec<T> {
    const CLASS: &str = "ArrayList";

    fn from_json(value: &Value) -> Result<Option<Self>, CodecError> {
        let Some(items) = array(Self::CLASS, T::CLASS, value)? else { return Ok(None) };
        items.iter().filter_map(|item| T::from_json(item).transpose()).collect::<Result<_, _>>().map(Some)
    }
}

/// For lists in which a `null` means something.
impl<T: FromJson> FromJson for Option<T> {
    const CLASS: &str = T::CLASS;

    fn from_json(value: &Value) -> Result<Option<Self>, CodecError> {
        T::from_json(value).map(Some)
    }
}

impl FromJson for BTreeSet<JavaStr> {
    const CLASS: &str = "HashSet";

    fn from_json(value: &Value) -> Result<Option<Self>, CodecError> {
        let Some(items) = array(Self::CLASS, JavaStr::CLASS, value)? else { return Ok(None) };
        items.iter().filter_map(|item| JavaStr::from_json(item).transpose()).collect::<Result<_, _>>().map(Some)
    }
}

/// Members whose value is `null` are left out.
impl<V: FromJson> FromJson for BTreeMap<JavaStr, V> {
    const CLASS: &str = "LinkedHashMap";

    fn from_json(value: &Value) -> Result<Option<Self>, CodecError> {
        let members = match value {
            Value::Null => return Ok(None),
            Value::Object(members) => members,
            Value::String(_) => return no_collection(Self::CLASS, value),
            _ => return mismatch(&type_argument(V::CLASS), value),
        };
        let member = |(key, value): (&String, &Value)| Ok(V::from_json(value)?.map(|value| (JavaStr(key.clone()), value)));
        members.iter().filter_map(|pair| member(pair).transpose()).collect::<Result<_, _>>().map(Some)
    }
}

/// What Confluent leaves of the name of a type with arguments: all up to its last dot is cut off.
fn type_argument(class: &str) -> String {
    if class == <BTreeSet<JavaStr>>::CLASS { "String>>".to_owned() } else { format!("{class}>") }
}

fn array<'v>(class: &str, item: &str, value: &'v Value) -> Result<Option<&'v Vec<Value>>, CodecError> {
    match value {
        Value::Null => Ok(None),
        Value::Array(items) => Ok(Some(items)),
        Value::String(_) if item == String::CLASS => no_collection(class, value),
        _ => mismatch(&type_argument(item), value),
    }
}

/// One of the constants of a Java enum: its name, or its place among them, as a number or as a text.
///
/// # Errors
/// What is neither.
pub fn constant<T: FromJson + FromStr + VariantNames>(value: &Value) -> Result<Option<T>, CodecError> {
    let at = |place: usize| T::VARIANTS.get(place).and_then(|name| name.parse().ok());
    match value {
        Value::Null => Ok(None),
        Value::Number(n) if n.is_i64() || n.is_u64() => {
            let Some(place) = i32::from_json(value)? else { return Ok(None) };
            let found = usize::try_from(place).ok().and_then(at);
            let outside = || {
                let last = T::VARIANTS.len().saturating_sub(1);
                let class = T::CLASS;
                format!(
                    "Cannot deserialize value of type `{class}` from number {place}: index value outside legal index range [0..{last}]"
                )
            };
            found.map(Some).ok_or_else(|| CodecError(outside()))
        }
        Value::String(text) => match text.trim() {
            "" => not_empty(&format!("`{}` value", T::CLASS)),
            text => {
                let is_place = text == "0" || text.starts_with(|first: char| matches!(first, '1'..='9'));
                let place = || text.parse().ok().filter(|_| is_place).and_then(at);
                text.parse().ok().or_else(place).map(Some).map_or_else(
                    || {
                        let all = jackson_order(T::VARIANTS).join(", ");
                        from_string(T::CLASS, text, &format!("not one of the values accepted for Enum class: [{all}]"))
                    },
                    Ok,
                )
            }
        },
        _ => mismatch(T::CLASS, value),
    }
}

/// An object whose members are read one by one. The default one has none.
#[derive(Debug, Clone, Copy, Default)]
pub struct JacksonObject<'v>(Option<&'v Map<String, Value>>);

impl<'v> JacksonObject<'v> {
    /// The object that a value is; `None` for `null`.
    ///
    /// # Errors
    /// Any other value, as a mismatch with the class.
    pub fn of(class: &str, value: &'v Value) -> Result<Option<Self>, CodecError> {
        match value {
            Value::Null => Ok(None),
            Value::Object(map) => Ok(Some(Self(Some(map)))),
            _ => no_constructor(class, value),
        }
    }

    /// A member as it stands there.
    pub fn value(self, key: &str) -> Option<&'v Value> {
        self.0?.get(key)
    }

    /// A member; absent and `null` are `None`.
    ///
    /// # Errors
    /// A value of the wrong JSON type.
    pub fn get<T: FromJson>(self, key: &str) -> Result<Option<T>, CodecError> {
        Ok(self.change(key)?.flatten())
    }

    /// The same where absent and `null` differ: `Some(None)` is `null`.
    ///
    /// # Errors
    /// A value of the wrong JSON type.
    pub fn change<T: FromJson>(self, key: &str) -> Result<Option<Option<T>>, CodecError> {
        self.value(key).map(T::from_json).transpose()
    }

    /// The items of a list, not read yet.
    ///
    /// # Errors
    /// What is neither a list nor `null`.
    pub fn items(self, key: &str, class: &str) -> Result<&'v [Value], CodecError> {
        let list = self.value(key).map(|value| array("ArrayList", class, value)).transpose()?;
        Ok(list.flatten().map_or(&[], Vec::as_slice))
    }
}
