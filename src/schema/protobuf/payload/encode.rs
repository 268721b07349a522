//! Messages in the wire format, the fields in the order of their numbers.

use super::message::{DecodedMessage, DecodedValue, FieldValue};
use super::scalar::{END, LENGTH, SIXTY_FOUR, START, Scalar, THIRTY_TWO, VARINT};
use super::types::{FieldContent, MessageField, Types};

/// Appends a message. Recursion is bounded by the depth of messages.
pub(super) fn write(types: &Types, id: u32, message: &DecodedMessage<'_>, out: &mut Vec<u8>) {
    let Some(found) = types.messages.get(id as usize) else { return };
    for (at, value) in &message.fields {
        let Some(field) = found.fields.get(*at) else { continue };
        match value {
            FieldValue::One(value) => element(types, field, value, out),
            FieldValue::List(values) if field.packed && !values.is_empty() => {
                let mut block = Vec::new();
                for value in values {
                    scalar(field.content, value, &mut block);
                }
                tag(field.number, LENGTH, out);
                bytes(&block, out);
            }
            FieldValue::List(values) => {
                for value in values {
                    element(types, field, value, out);
                }
            }
            FieldValue::Map(entries) => {
                let FieldContent::Map(entry) = field.content else { continue };
                for (key, value) in entries {
                    let entry_of = [(0, FieldValue::One(key.to_value())), (1, FieldValue::One(value.clone()))];
                    let mut block = Vec::new();
                    write(types, entry, &DecodedMessage { fields: entry_of.into() }, &mut block);
                    tag(field.number, LENGTH, out);
                    bytes(&block, out);
                }
            }
        }
    }
}

fn element(types: &Types, field: &MessageField, value: &DecodedValue<'_>, out: &mut Vec<u8>) {
    match (field.content, value) {
        (FieldContent::Message(id) | FieldContent::Map(id), DecodedValue::Message(message)) => {
            let mut block = Vec::new();
            write(types, id, message, &mut block);
            tag(field.number, LENGTH, out);
            bytes(&block, out);
        }
        (FieldContent::Group(id), DecodedValue::Message(message)) => {
            tag(field.number, START, out);
            write(types, id, message, out);
            tag(field.number, END, out);
        }
        (content, value) => {
            tag(field.number, wire(content), out);
            scalar(content, value, out);
        }
    }
}

fn wire(content: FieldContent) -> u8 {
    match content {
        FieldContent::Scalar(scalar) => scalar.wire(),
        _ => VARINT,
    }
}

fn tag(number: u32, wire: u8, out: &mut Vec<u8>) {
    varint(u64::from(number) << 3 | u64::from(wire), out);
}

fn bytes(bytes: &[u8], out: &mut Vec<u8>) {
    varint(bytes.len() as u64, out);
    out.extend(bytes);
}

fn varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push((value & 0x7F) as u8 | 0x80);
        value >>= 7;
    }
    #[expect(clippy::cast_possible_truncation, reason = "below 0x80")]
    out.push(value as u8);
}

fn scalar(content: FieldContent, value: &DecodedValue<'_>, out: &mut Vec<u8>) {
    let is = |wanted: Scalar| matches!(content, FieldContent::Scalar(scalar) if scalar == wanted);
    let wire = wire(content);
    match value {
        DecodedValue::Bool(value) => out.push(u8::from(*value)),
        DecodedValue::Enum(value) => varint(i64::from(*value).cast_unsigned(), out),
        DecodedValue::Int(value) if is(Scalar::Sint32) || is(Scalar::Sint64) => {
            varint(((value << 1) ^ (value >> 63)).cast_unsigned(), out);
        }
        DecodedValue::Int(value) => number(value.cast_unsigned(), wire, out),
        DecodedValue::Uint(value) => number(*value, wire, out),
        DecodedValue::Float(value) => out.extend(value.to_le_bytes()),
        DecodedValue::Double(value) => out.extend(value.to_le_bytes()),
        DecodedValue::String(text) => bytes(text.as_bytes(), out),
        DecodedValue::Bytes(value) => bytes(value, out),
        DecodedValue::Message(_) => {}
    }
}

fn number(value: u64, wire: u8, out: &mut Vec<u8>) {
    match wire {
        SIXTY_FOUR => out.extend(value.to_le_bytes()),
        #[expect(clippy::cast_possible_truncation, reason = "values of these types fit into 32 bits")]
        THIRTY_TWO => out.extend((value as u32).to_le_bytes()),
        _ => varint(value, out),
    }
}
