//! Messages out of `ProtoJSON`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::decode::is_default;
use super::encode;
use super::json::opaque_any;
use super::message::{DecodedMessage, DecodedValue, ENTRY, FieldValue, MapKey, NODE};
use super::scalar::{Scalar, base64_of, integer};
use super::types::{FieldContent, MessageField, Types};
use super::well_known::{WellKnown, parse_duration, parse_timestamp, snake_case};
use crate::schema::json::{self, JsonKind, Object};
use crate::schema::payload::{DataFault, FaultKind, Work};

/// Reads a message that the walker of `json` finds to fit.
///
/// # Errors
/// It does not fit after all, or takes too much memory.
pub(super) fn read<'b>(
    types: &'b Types,
    root: u32,
    value: &'b json::Value,
    work: &mut Work<'_>,
) -> Result<DecodedMessage<'b>, DataFault> {
    JsonReader { types, work }.message(root, value, None)
}

struct JsonReader<'b, 'w, 's> {
    types: &'b Types,
    work: &'w mut Work<'s>,
}

/// The walk before has seen to it that this does not happen.
fn unfit() -> DataFault {
    DataFault::new(FaultKind::Mismatch, "", "the value is not what the schema says")
}

impl<'b> JsonReader<'b, '_, '_> {
    fn charge(&mut self, bytes: usize) -> Result<(), DataFault> {
        if !self.work.step() {
            return Err(DataFault::out_of_work(&[]));
        }
        if self.work.take_memory(bytes) {
            return Ok(());
        }
        Err(DataFault::new(FaultKind::Memory, "", "the data takes too much memory"))
    }

    fn message(&mut self, id: u32, value: &'b json::Value, skip: Option<&str>) -> Result<DecodedMessage<'b>, DataFault> {
        self.charge(NODE)?;
        let types = self.types;
        let found = types.messages.get(id as usize).ok_or_else(unfit)?;
        if let Some(known) = found.well_known.filter(|_| skip.is_none()) {
            return self.well_known(id, known, value);
        }
        let object = value.as_object().ok_or_else(unfit)?;
        let mut message = DecodedMessage::default();
        for member in object.members() {
            if skip == Some(&*member.key) {
                continue;
            }
            let at = found.by_name.get(&member.key).copied().ok_or_else(unfit)?;
            let field = found.fields.get(at).ok_or_else(unfit)?;
            if !self.is_unset(field, &member.value) {
                let value = self.field(field, &member.value)?;
                // a field without presence that has its default is as one that is not there
                let is_default = field.implicit && matches!(&value, FieldValue::One(one) if is_default(types, field, one));
                if !is_default {
                    message.fields.insert(at, value);
                }
            }
        }
        Ok(message)
    }

    /// `null` means that a field is not set, except for types that have a null value.
    fn is_unset(&self, field: &MessageField, value: &json::Value) -> bool {
        let own_null = match field.content {
            FieldContent::Message(id) => {
                self.types.messages.get(id as usize).and_then(|found| found.well_known) == Some(WellKnown::Value)
            }
            FieldContent::Enum(id) => self.types.enums.get(id as usize).is_some_and(|found| found.is_null),
            _ => false,
        };
        value.kind == JsonKind::Null && (field.repeated || !own_null)
    }

    fn field(&mut self, field: &'b MessageField, value: &'b json::Value) -> Result<FieldValue<'b>, DataFault> {
        Ok(match (field.content, &value.kind) {
            (FieldContent::Map(entry), JsonKind::Object(object)) => {
                let types = self.types;
                let fields = types.messages.get(entry as usize).map_or(&[][..], |entry| &entry.fields);
                let [key, inner] = fields else { return Err(unfit()) };
                let mut map = BTreeMap::new();
                for member in object.members() {
                    self.charge(ENTRY)?;
                    map.insert(key_of(key, &member.key)?, self.value(inner, &member.value)?);
                }
                FieldValue::Map(map)
            }
            (_, JsonKind::Array(values)) if field.repeated => {
                let mut list = Vec::new();
                for value in values {
                    self.charge(ENTRY)?;
                    list.push(self.value(field, value)?);
                }
                FieldValue::List(list)
            }
            _ => FieldValue::One(self.value(field, value)?),
        })
    }

    fn value(&mut self, field: &'b MessageField, value: &'b json::Value) -> Result<DecodedValue<'b>, DataFault> {
        Ok(match field.content {
            FieldContent::Scalar(scalar) => scalar_of(scalar, value)?,
            FieldContent::Message(id) | FieldContent::Group(id) | FieldContent::Map(id) => {
                DecodedValue::Message(self.message(id, value, None)?)
            }
            FieldContent::Enum(id) => {
                let found = self.types.enums.get(id as usize).ok_or_else(unfit)?;
                DecodedValue::Enum(match &value.kind {
                    JsonKind::Null => 0,
                    JsonKind::String(name) => found.by_name.get(name).copied().ok_or_else(unfit)?,
                    JsonKind::Number(text) => integer(text).and_then(|number| i32::try_from(number).ok()).ok_or_else(unfit)?,
                    _ => return Err(unfit()),
                })
            }
        })
    }

    fn well_known(&mut self, id: u32, known: WellKnown, value: &'b json::Value) -> Result<DecodedMessage<'b>, DataFault> {
        let types = self.types;
        let fields = types.messages.get(id as usize).map_or(&[][..], |message| &message.fields);
        let mut message = DecodedMessage::default();
        let mut set = |number: u32, value: FieldValue<'b>| {
            if let Some(at) = fields.iter().position(|field| field.number == number) {
                message.fields.insert(at, value);
            }
        };
        match (known, &value.kind) {
            (WellKnown::Timestamp | WellKnown::Duration, JsonKind::String(text)) => {
                let parsed = if known == WellKnown::Timestamp { parse_timestamp(text) } else { parse_duration(text) };
                let (seconds, nanos) = parsed.ok_or_else(unfit)?;
                for (number, value) in [(1, seconds), (2, nanos)].into_iter().filter(|(_, value)| *value != 0) {
                    set(number, FieldValue::One(DecodedValue::Int(value)));
                }
            }
            (WellKnown::FieldMask, JsonKind::String(text)) => {
                let paths = text.split(',').filter(|path| !path.is_empty());
                let paths: Vec<_> = paths.map(|path| DecodedValue::String(Cow::Owned(snake_case(path)))).collect();
                set(1, FieldValue::List(paths));
            }
            (WellKnown::Wrapper(scalar), _) => {
                let value = scalar_of(scalar, value)?;
                if fields.first().is_none_or(|field| !is_default(types, field, &value)) {
                    set(1, FieldValue::One(value));
                }
            }
            (WellKnown::Struct, JsonKind::Object(_)) | (WellKnown::ListValue, JsonKind::Array(_)) => {
                let field = fields.iter().find(|field| field.number == 1).ok_or_else(unfit)?;
                let inner = self.field(field, value)?;
                set(1, inner);
            }
            (WellKnown::Value, kind) => {
                let number = match kind {
                    JsonKind::Null => 1,
                    JsonKind::Number(_) => 2,
                    JsonKind::String(_) => 3,
                    JsonKind::Bool(_) => 4,
                    JsonKind::Object(_) => 5,
                    JsonKind::Array(_) => 6,
                };
                let field = fields.iter().find(|field| field.number == number).ok_or_else(unfit)?;
                let inner = self.value(field, value)?;
                set(number, FieldValue::One(inner));
            }
            (WellKnown::Any, JsonKind::Object(object)) if !object.is_empty() => {
                let (url, bytes) = self.any(object, value)?;
                if url != DecodedValue::String(Cow::Borrowed("")) {
                    set(1, FieldValue::One(url));
                }
                set(2, FieldValue::One(bytes));
            }
            (WellKnown::Any, JsonKind::Object(_)) => {}
            _ => return Err(unfit()),
        }
        Ok(message)
    }

    /// The type URL and the bytes of an `Any`.
    fn any(&mut self, object: &'b Object, whole: &'b json::Value) -> Result<(DecodedValue<'b>, DecodedValue<'b>), DataFault> {
        const TYPE: &str = "@type";
        let url = object.get(TYPE).and_then(json::Value::as_str).ok_or_else(unfit)?;
        let types = self.types;
        let unknown = || DataFault::new(FaultKind::Unknown, "", "the schema does not know the message that '@type' names");
        let Some(id) = types.find(url.rsplit('/').next().unwrap_or("")) else {
            let bytes = opaque_any(object).ok_or_else(unknown)?;
            return Ok((DecodedValue::String(Cow::Borrowed(url)), DecodedValue::Bytes(Cow::Owned(bytes))));
        };
        let is_known = types.messages.get(id as usize).is_some_and(|found| found.well_known.is_some());
        let message = if is_known {
            self.message(id, object.get("value").ok_or_else(unfit)?, None)?
        } else {
            self.message(id, whole, Some(TYPE))?
        };
        let mut bytes = Vec::new();
        encode::write(types, id, &message, &mut bytes);
        if !self.work.take_memory(bytes.len()) {
            return Err(DataFault::new(FaultKind::Memory, "", "the data takes too much memory"));
        }
        Ok((DecodedValue::String(Cow::Borrowed(url)), DecodedValue::Bytes(Cow::Owned(bytes))))
    }
}

fn key_of<'b>(field: &MessageField, text: &'b str) -> Result<MapKey<'b>, DataFault> {
    let FieldContent::Scalar(scalar) = field.content else { return Err(unfit()) };
    Ok(match scalar {
        Scalar::String => MapKey::String(Cow::Borrowed(text)),
        Scalar::Bool => MapKey::Bool(text == "true"),
        _ if scalar.is_unsigned() => MapKey::Uint(number(text)?),
        _ => MapKey::Int(number(text)?),
    })
}

fn number<N: TryFrom<i128>>(text: &str) -> Result<N, DataFault> {
    integer(text).and_then(|value| N::try_from(value).ok()).ok_or_else(unfit)
}

fn scalar_of(scalar: Scalar, value: &json::Value) -> Result<DecodedValue<'_>, DataFault> {
    Ok(match (scalar, &value.kind) {
        (Scalar::Bool, JsonKind::Bool(value)) => DecodedValue::Bool(*value),
        (Scalar::String, JsonKind::String(text)) => DecodedValue::String(Cow::Borrowed(text)),
        (Scalar::Bytes, JsonKind::String(text)) => DecodedValue::Bytes(Cow::Owned(base64_of(text).ok_or_else(unfit)?)),
        (Scalar::Double, JsonKind::Number(text)) if !text.parse().is_ok_and(f64::is_finite) => return Err(unfit()),
        // Rust's parser knows NaN, Infinity and -Infinity too
        (Scalar::Float, JsonKind::Number(text) | JsonKind::String(text)) => {
            DecodedValue::Float(text.parse().map_err(|_| unfit())?)
        }
        (Scalar::Double, JsonKind::Number(text) | JsonKind::String(text)) => {
            DecodedValue::Double(text.parse().map_err(|_| unfit())?)
        }
        (_, JsonKind::Number(text) | JsonKind::String(text)) if scalar.is_unsigned() => DecodedValue::Uint(number(text)?),
        (_, JsonKind::Number(text) | JsonKind::String(text)) => DecodedValue::Int(number(text)?),
        _ => return Err(unfit()),
    })
}
