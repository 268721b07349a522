//! Messages out of the wire format.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::binary;
use super::message::{DecodedMessage, DecodedValue, ENTRY, FieldValue, NODE};
use super::scalar::{END, LENGTH, SIXTY_FOUR, START, Scalar, THIRTY_TWO, VARINT, low_bits};
use super::types::{FieldContent, MessageField, Types};
use crate::schema::payload::{DataFault, FaultKind, Work};
use crate::schema::protobuf::varint;

/// Decodes a message that fills `bytes`, and lists its unknown fields. It is walked first: what comes then need not look for faults.
///
/// # Errors
/// The first fault.
pub(super) fn decode<'b>(
    types: &Types,
    root: u32,
    bytes: &'b [u8],
    work: &mut Work<'_>,
) -> Result<(DecodedMessage<'b>, Vec<DataFault>), DataFault> {
    let unknown = binary::walk(types, root, bytes, work)?;
    let mut message = DecodedMessage::default();
    let mut rest = bytes;
    MessageDecoder { types, work }.message(root, &mut rest, &mut message)?;
    Ok((message, unknown))
}

struct MessageDecoder<'t, 'w, 's> {
    types: &'t Types,
    work: &'w mut Work<'s>,
}

/// The walk before has seen to it that this does not happen.
fn broken() -> DataFault {
    DataFault::new(FaultKind::Decode, "", "the message can't be read")
}

fn number(rest: &mut &[u8]) -> Result<u64, DataFault> {
    varint::read(rest).ok_or_else(broken)
}

fn take<'b>(rest: &mut &'b [u8], length: u64) -> Result<&'b [u8], DataFault> {
    let split = usize::try_from(length).ok().and_then(|length| rest.split_at_checked(length));
    let (head, tail) = split.ok_or_else(broken)?;
    *rest = tail;
    Ok(head)
}

fn block<'b>(rest: &mut &'b [u8]) -> Result<&'b [u8], DataFault> {
    let length = number(rest)?;
    take(rest, length)
}

impl<'t> MessageDecoder<'t, '_, '_> {
    fn charge(&mut self, bytes: usize) -> Result<(), DataFault> {
        if !self.work.step() {
            return Err(DataFault::out_of_work(&[]));
        }
        if self.work.take_memory(bytes) {
            return Ok(());
        }
        Err(DataFault::new(FaultKind::Memory, "", "the data takes too much memory when it is decoded"))
    }

    /// A message up to the end of `rest`, or up to the end tag of a group. Later values of a field replace or extend earlier ones.
    fn message<'b>(&mut self, id: u32, rest: &mut &'b [u8], into: &mut DecodedMessage<'b>) -> Result<(), DataFault> {
        let types = self.types;
        let message = types.messages.get(id as usize).ok_or_else(broken)?;
        while !rest.is_empty() {
            let tag = number(rest)?;
            let (field, wire) = (u32::try_from(tag >> 3).map_err(|_| broken())?, u8::try_from(tag & 7).unwrap_or(0));
            if wire == END {
                return Ok(());
            }
            self.charge(if into.fields.is_empty() { NODE } else { ENTRY })?;
            match message.field(field) {
                Some((at, field)) => {
                    if let Some(oneof) = field.oneof {
                        if !self.work.steps(into.fields.len()) {
                            return Err(DataFault::out_of_work(&[]));
                        }
                        let is_other = |other: usize| message.fields.get(other).is_some_and(|field| field.oneof == Some(oneof));
                        into.fields.retain(|other, _| *other == at || !is_other(*other));
                    }
                    self.field(field, at, wire, rest, into)?;
                }
                None => skip(wire, rest)?,
            }
        }
        Ok(())
    }

    fn field<'b>(
        &mut self,
        field: &'t MessageField,
        at: usize,
        wire: u8,
        rest: &mut &'b [u8],
        into: &mut DecodedMessage<'b>,
    ) -> Result<(), DataFault> {
        if let FieldContent::Map(entry) = field.content {
            let Some((key, value)) = self.entry(entry, block(rest)?)? else { return Ok(()) };
            let map = into.fields.entry(at).or_insert_with(|| FieldValue::Map(BTreeMap::default()));
            if let (FieldValue::Map(map), Some(key)) = (map, key.into_key()) {
                map.insert(key, value);
            }
            return Ok(());
        }
        if field.repeated {
            let packed = wire == LENGTH
                && match field.content {
                    FieldContent::Scalar(scalar) => scalar.wire() != LENGTH,
                    FieldContent::Enum(_) => true,
                    _ => false,
                };
            let mut values = Vec::new();
            if packed {
                let mut inner = block(rest)?;
                while !inner.is_empty() {
                    self.charge(ENTRY)?;
                    values.push(self.value(field, &mut inner, None)?);
                }
            } else {
                values.push(self.value(field, rest, None)?);
            }
            values.retain(|value| !is_foreign(self.types, field, value));
            let list = into.fields.entry(at).or_insert_with(|| FieldValue::List(Vec::new()));
            if let FieldValue::List(list) = list {
                list.append(&mut values);
            }
            return Ok(());
        }
        // a message that is there twice is merged
        let before = match into.fields.remove(&at) {
            Some(FieldValue::One(DecodedValue::Message(message))) => Some(message),
            _ => None,
        };
        let value = self.value(field, rest, before)?;
        // a field without presence that has its default is as one that is not there
        let is_absent = field.implicit && is_default(self.types, field, &value);
        if !is_absent && !is_foreign(self.types, field, &value) {
            into.fields.insert(at, FieldValue::One(value));
        }
        Ok(())
    }

    fn value<'b>(
        &mut self,
        field: &'t MessageField,
        rest: &mut &'b [u8],
        before: Option<DecodedMessage<'b>>,
    ) -> Result<DecodedValue<'b>, DataFault> {
        Ok(match field.content {
            FieldContent::Scalar(scalar) => self::scalar(scalar, rest)?,
            FieldContent::Enum(_) => DecodedValue::Enum(low_bits(number(rest)?)),
            FieldContent::Message(id) | FieldContent::Map(id) => {
                let mut inner = block(rest)?;
                let mut message = before.unwrap_or_default();
                self.message(id, &mut inner, &mut message)?;
                DecodedValue::Message(message)
            }
            FieldContent::Group(id) => {
                let mut message = before.unwrap_or_default();
                self.message(id, rest, &mut message)?;
                DecodedValue::Message(message)
            }
        })
    }

    /// Key and value of a map's entry; what is not there is the default of its type. `None` where the value is a constant that its enum
    /// does not have: then the whole entry is not known.
    fn entry<'b>(&mut self, entry: u32, bytes: &'b [u8]) -> Result<Option<(DecodedValue<'b>, DecodedValue<'b>)>, DataFault> {
        let mut message = DecodedMessage::default();
        self.message(entry, &mut &*bytes, &mut message)?;
        let types = self.types;
        let fields = types.messages.get(entry as usize).map(|message| &message.fields).ok_or_else(broken)?;
        if !message.fields.contains_key(&1) && has_value(bytes)? {
            return Ok(None);
        }
        let mut part = |at: usize| match message.fields.remove(&at) {
            Some(FieldValue::One(value)) => Ok(value),
            _ => fields.get(at).map(|field| default(types, field)).ok_or_else(broken),
        };
        Ok(Some((part(0)?, part(1)?)))
    }
}

/// Whether an entry of a map has its second field.
fn has_value(mut rest: &[u8]) -> Result<bool, DataFault> {
    while !rest.is_empty() {
        let tag = number(&mut rest)?;
        if tag >> 3 == 2 {
            return Ok(true);
        }
        skip(u8::try_from(tag & 7).unwrap_or(0), &mut rest)?;
    }
    Ok(false)
}

/// Whether it is a number that a closed enum does not have: then it is as a field that is not known.
fn is_foreign(types: &Types, field: &MessageField, value: &DecodedValue<'_>) -> bool {
    match (field.content, value) {
        (FieldContent::Enum(id), DecodedValue::Enum(number)) => {
            types.enums.get(id as usize).is_some_and(|found| found.closed && !found.names.contains_key(number))
        }
        _ => false,
    }
}

/// Whether a value is what is read where there is none. The negative zero is another number.
pub(super) fn is_default(types: &Types, field: &MessageField, value: &DecodedValue<'_>) -> bool {
    match value {
        DecodedValue::Float(number) => number.to_bits() == 0,
        DecodedValue::Double(number) => number.to_bits() == 0,
        value => *value == default(types, field),
    }
}

/// What stands for a field that was not written.
pub(super) fn default<'b>(types: &Types, field: &MessageField) -> DecodedValue<'b> {
    match field.content {
        FieldContent::Scalar(scalar) => match scalar {
            Scalar::Bool => DecodedValue::Bool(false),
            Scalar::String => DecodedValue::String(Cow::Borrowed("")),
            Scalar::Bytes => DecodedValue::Bytes(Cow::Borrowed(&[])),
            Scalar::Float => DecodedValue::Float(0.0),
            Scalar::Double => DecodedValue::Double(0.0),
            Scalar::Uint32 | Scalar::Uint64 | Scalar::Fixed32 | Scalar::Fixed64 => DecodedValue::Uint(0),
            _ => DecodedValue::Int(0),
        },
        FieldContent::Enum(id) => DecodedValue::Enum(types.enums.get(id as usize).map_or(0, |found| found.first)),
        FieldContent::Message(_) | FieldContent::Group(_) | FieldContent::Map(_) => {
            DecodedValue::Message(DecodedMessage::default())
        }
    }
}

fn skip(wire: u8, rest: &mut &[u8]) -> Result<(), DataFault> {
    match wire {
        VARINT => number(rest).map(drop),
        SIXTY_FOUR => take(rest, 8).map(drop),
        THIRTY_TWO => take(rest, 4).map(drop),
        LENGTH => block(rest).map(drop),
        START => {
            // groups in it have end tags of their own; the walk before has bounded them
            let mut open = 1_usize;
            while open > 0 {
                match u8::try_from(number(rest)? & 7).unwrap_or(0) {
                    START => open += 1,
                    END => open -= 1,
                    wire => skip(wire, rest)?,
                }
            }
            Ok(())
        }
        _ => Err(broken()),
    }
}

fn scalar<'b>(scalar: Scalar, rest: &mut &'b [u8]) -> Result<DecodedValue<'b>, DataFault> {
    let zigzag = |value: u64| (value >> 1).cast_signed() ^ -(value & 1).cast_signed();
    let four = |rest: &mut &'b [u8]| take(rest, 4).and_then(|bytes| bytes.first_chunk::<4>().copied().ok_or_else(broken));
    let eight = |rest: &mut &'b [u8]| take(rest, 8).and_then(|bytes| bytes.first_chunk::<8>().copied().ok_or_else(broken));
    Ok(match scalar {
        Scalar::Double => DecodedValue::Double(f64::from_le_bytes(eight(rest)?)),
        Scalar::Float => DecodedValue::Float(f32::from_le_bytes(four(rest)?)),
        Scalar::Int32 => DecodedValue::Int(low_bits(number(rest)?).into()),
        Scalar::Int64 => DecodedValue::Int(number(rest)?.cast_signed()),
        Scalar::Uint32 => DecodedValue::Uint(u64::from(low_bits(number(rest)?).cast_unsigned())),
        Scalar::Uint64 => DecodedValue::Uint(number(rest)?),
        Scalar::Sint32 => DecodedValue::Int(zigzag(u64::from(low_bits(number(rest)?).cast_unsigned()))),
        Scalar::Sint64 => DecodedValue::Int(zigzag(number(rest)?)),
        Scalar::Fixed32 => DecodedValue::Uint(u32::from_le_bytes(four(rest)?).into()),
        Scalar::Fixed64 => DecodedValue::Uint(u64::from_le_bytes(eight(rest)?)),
        Scalar::Sfixed32 => DecodedValue::Int(i32::from_le_bytes(four(rest)?).into()),
        Scalar::Sfixed64 => DecodedValue::Int(i64::from_le_bytes(eight(rest)?)),
        Scalar::Bool => DecodedValue::Bool(number(rest)? != 0),
        Scalar::String => DecodedValue::String(String::from_utf8_lossy(block(rest)?)),
        Scalar::Bytes => DecodedValue::Bytes(Cow::Borrowed(block(rest)?)),
    })
}
