//! Messages as `ProtoJSON` (Protocol Buffers, "JSON Mapping"): names in lower camel case, numbers of 64 bits as strings, and the forms
//! of their own that some messages have.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::decode;
use super::message::{DecodedMessage, DecodedValue, FieldValue, MapKey};
use super::types::{FieldContent, MessageField, Types};
use super::well_known::{WellKnown, duration, field_mask, snake_case, timestamp};
use crate::schema::json::{write_float, write_string};
use crate::schema::payload::{DataFault, FaultKind, Work};
use crate::schema::protobuf::limits::MAX_MESSAGE_DEPTH;

/// Writes a message.
///
/// # Errors
/// The text is longer than `limit` bytes; a value has no form in JSON; or an Any holds bytes that are not of its type.
pub(super) fn write(
    types: &Types,
    root: u32,
    message: &DecodedMessage<'_>,
    limit: usize,
    work: &mut Work<'_>,
) -> Result<String, DataFault> {
    let mut writer = JsonWriter { types, limit, depth: 0, out: String::new(), work };
    writer.message(root, message, None)?;
    Ok(writer.out)
}

struct JsonWriter<'t, 'w, 's> {
    types: &'t Types,
    limit: usize,
    depth: usize,
    out: String,
    work: &'w mut Work<'s>,
}

fn fault<T>(kind: FaultKind, message: impl Into<String>) -> Result<T, DataFault> {
    Err(DataFault::new(kind, "", message))
}

impl JsonWriter<'_, '_, '_> {
    /// A message. `type_url` is written as a first member `@type`.
    fn message(&mut self, id: u32, message: &DecodedMessage<'_>, type_url: Option<&str>) -> Result<(), DataFault> {
        if self.out.len() > self.limit {
            return fault(FaultKind::Memory, format!("the data takes more than {} bytes as JSON", self.limit));
        }
        // messages inside an Any are decoded here, so their depth has not been looked at
        if self.depth > MAX_MESSAGE_DEPTH {
            return fault(FaultKind::Depth, format!("messages are nested deeper than {MAX_MESSAGE_DEPTH} levels"));
        }
        self.depth += 1;
        let known = self.types.messages.get(id as usize).and_then(|found| found.well_known);
        match (known, type_url) {
            (Some(known), Some(url)) => {
                self.type_member(url);
                self.out.push_str(",\"value\":");
                self.well_known(id, known, message)?;
                self.out.push('}');
            }
            (Some(known), None) => self.well_known(id, known, message)?,
            (None, _) => self.fields(id, message, type_url)?,
        }
        self.depth -= 1;
        Ok(())
    }

    fn type_member(&mut self, url: &str) {
        self.out.push_str("{\"@type\":");
        write_string(&mut self.out, url);
    }

    fn fields(&mut self, id: u32, message: &DecodedMessage<'_>, type_url: Option<&str>) -> Result<(), DataFault> {
        let types = self.types;
        let fields = types.messages.get(id as usize).map_or(&[][..], |message| &message.fields);
        match type_url {
            Some(url) => self.type_member(url),
            None => self.out.push('{'),
        }
        let mut is_first = type_url.is_none();
        for (at, value) in &message.fields {
            let Some(field) = fields.get(*at) else { continue };
            if !std::mem::take(&mut is_first) {
                self.out.push(',');
            }
            write_string(&mut self.out, &field.json);
            self.out.push(':');
            self.field(field, value)?;
        }
        self.out.push('}');
        Ok(())
    }

    fn field(&mut self, field: &MessageField, value: &FieldValue<'_>) -> Result<(), DataFault> {
        match value {
            FieldValue::One(value) => self.value(field, value)?,
            FieldValue::List(values) => {
                self.out.push('[');
                for (at, value) in values.iter().enumerate() {
                    if at > 0 {
                        self.out.push(',');
                    }
                    self.value(field, value)?;
                }
                self.out.push(']');
            }
            FieldValue::Map(entries) => {
                let FieldContent::Map(entry) = field.content else { return Ok(()) };
                let types = self.types;
                let inner = types.messages.get(entry as usize).and_then(|entry| entry.fields.get(1));
                self.out.push('{');
                for (at, (key, value)) in entries.iter().enumerate() {
                    if at > 0 {
                        self.out.push(',');
                    }
                    match key {
                        MapKey::String(text) => write_string(&mut self.out, text),
                        MapKey::Bool(value) => self.quoted(value),
                        MapKey::Int(value) => self.quoted(value),
                        MapKey::Uint(value) => self.quoted(value),
                    }
                    self.out.push(':');
                    if let Some(inner) = inner {
                        self.value(inner, value)?;
                    }
                }
                self.out.push('}');
            }
        }
        Ok(())
    }

    fn value(&mut self, field: &MessageField, value: &DecodedValue<'_>) -> Result<(), DataFault> {
        if self.out.len() > self.limit {
            return fault(FaultKind::Memory, format!("the data takes more than {} bytes as JSON", self.limit));
        }
        let is_long = matches!(field.content, FieldContent::Scalar(scalar) if scalar.is_long());
        match (value, field.content) {
            (DecodedValue::Message(message), FieldContent::Message(id) | FieldContent::Group(id) | FieldContent::Map(id)) => {
                return self.message(id, message, None);
            }
            (DecodedValue::Enum(number), FieldContent::Enum(id)) => {
                let found = self.types.enums.get(id as usize);
                match found.and_then(|found| found.names.get(number)) {
                    _ if found.is_some_and(|found| found.is_null) => self.out.push_str("null"),
                    Some(name) => write_string(&mut self.out, name),
                    None => self.plain(number),
                }
            }
            (DecodedValue::Int(value), _) if is_long => self.quoted(value),
            (DecodedValue::Uint(value), _) if is_long => self.quoted(value),
            _ => self.scalar(value),
        }
        Ok(())
    }

    fn scalar(&mut self, value: &DecodedValue<'_>) {
        match value {
            DecodedValue::Bool(value) => self.plain(value),
            DecodedValue::Int(value) => self.plain(value),
            DecodedValue::Uint(value) => self.plain(value),
            DecodedValue::Enum(value) => self.plain(value),
            DecodedValue::Float(value) => write_float(&mut self.out, *value),
            DecodedValue::Double(value) => write_float(&mut self.out, *value),
            DecodedValue::String(text) => write_string(&mut self.out, text),
            DecodedValue::Bytes(bytes) => write_string(&mut self.out, &STANDARD.encode(bytes)),
            DecodedValue::Message(_) => self.out.push_str("{}"),
        }
    }

    fn plain(&mut self, value: impl std::fmt::Display) {
        // a String takes everything
        let _ = write!(self.out, "{value}");
    }

    fn quoted(&mut self, value: impl std::fmt::Display) {
        let _ = write!(self.out, "\"{value}\"");
    }

    fn well_known(&mut self, id: u32, known: WellKnown, message: &DecodedMessage<'_>) -> Result<(), DataFault> {
        let types = self.types;
        let fields = types.messages.get(id as usize).map_or(&[][..], |message| &message.fields);
        let by_number = |number: u32| {
            let at = fields.iter().position(|field| field.number == number)?;
            Some((fields.get(at)?, message.fields.get(&at)?))
        };
        let one = |number: u32| match by_number(number) {
            Some((_, FieldValue::One(value))) => Some(value),
            _ => None,
        };
        let int = |number: u32| match one(number) {
            Some(DecodedValue::Int(value)) => *value,
            _ => 0,
        };
        match known {
            WellKnown::Timestamp => match timestamp(int(1), int(2)) {
                Some(text) => write_string(&mut self.out, &text),
                None => return fault(FaultKind::Mismatch, "a Timestamp is not between the years 1 and 9999"),
            },
            WellKnown::Duration => match duration(int(1), int(2)) {
                Some(text) => write_string(&mut self.out, &text),
                None => return fault(FaultKind::Mismatch, "a Duration is beyond ten thousand years, or its signs differ"),
            },
            WellKnown::FieldMask => {
                let paths = match by_number(1) {
                    Some((_, FieldValue::List(paths))) => paths.as_slice(),
                    _ => &[],
                };
                let paths =
                    paths.iter().filter_map(|path| if let DecodedValue::String(path) = path { Some(&**path) } else { None });
                if paths.clone().any(|path| snake_case(&field_mask(std::iter::once(path))) != path || path.contains(',')) {
                    return fault(FaultKind::Mismatch, "a FieldMask has a path that lower camel case can't say");
                }
                write_string(&mut self.out, &field_mask(paths));
            }
            WellKnown::Wrapper(_) => match (fields.first(), one(1)) {
                (Some(field), Some(value)) => self.value(field, value)?,
                (Some(field), None) => self.value(field, &decode::default(types, field))?,
                _ => self.out.push_str("null"),
            },
            WellKnown::Struct => match by_number(1) {
                Some((field, value)) => self.field(field, value)?,
                None => self.out.push_str("{}"),
            },
            WellKnown::ListValue => match by_number(1) {
                Some((field, value)) => self.field(field, value)?,
                None => self.out.push_str("[]"),
            },
            WellKnown::Value => match message.fields.iter().next() {
                Some((at, value)) => {
                    if let Some(field) = fields.get(*at) {
                        self.field(field, value)?;
                    }
                }
                None => self.out.push_str("null"),
            },
            WellKnown::Any => return self.any(one(1), one(2)),
        }
        Ok(())
    }

    /// The message in an `Any`, decoded, if it is a type of the schema; else its bytes.
    fn any(&mut self, url: Option<&DecodedValue<'_>>, bytes: Option<&DecodedValue<'_>>) -> Result<(), DataFault> {
        let bytes = match bytes {
            Some(DecodedValue::Bytes(bytes)) => &**bytes,
            _ => &[],
        };
        let url = match url {
            Some(DecodedValue::String(url)) => &**url,
            _ if bytes.is_empty() => {
                self.out.push_str("{}");
                return Ok(());
            }
            _ => "",
        };
        let types = self.types;
        if let Some(id) = types.find(url.rsplit('/').next().unwrap_or("")) {
            let (message, _) = decode::decode(types, id, bytes, self.work)?;
            return self.message(id, &message, Some(url));
        }
        self.type_member(url);
        self.out.push_str(",\"value\":");
        write_string(&mut self.out, &STANDARD.encode(bytes));
        self.out.push('}');
        Ok(())
    }
}
