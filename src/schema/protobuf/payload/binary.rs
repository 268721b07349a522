//! Data in the wire format.

use super::scalar::{END, LENGTH, SIXTY_FOUR, START, Scalar, THIRTY_TWO, VARINT, low_bits};
use super::types::{FieldContent, MessageField, Types};
use crate::schema::payload::{DataFault, FaultKind, Work};
use crate::schema::pointer::Segment;
use crate::schema::protobuf::limits::MAX_MESSAGE_DEPTH;
use crate::schema::protobuf::model::MAX_NUMBER;
use crate::schema::protobuf::varint;

/// Unknown fields that are listed.
const MAX_UNKNOWN: usize = 20;

/// Walks a message that fills `bytes`; gives back its unknown fields.
pub(super) fn walk(types: &Types, root: u32, bytes: &[u8], work: &mut Work<'_>) -> Result<Vec<DataFault>, DataFault> {
    let mut walker = BinaryWalker { types, path: Vec::new(), depth: 0, unknown: Vec::new(), work };
    let mut rest = bytes;
    walker.message(root, &mut rest, None)?;
    Ok(walker.unknown)
}

struct BinaryWalker<'a, 'w, 's> {
    types: &'a Types,
    path: Vec<Segment<'a>>,
    depth: usize,
    unknown: Vec<DataFault>,
    work: &'w mut Work<'s>,
}

impl<'a> BinaryWalker<'a, '_, '_> {
    fn decode<T>(&self, message: impl Into<String>) -> Result<T, DataFault> {
        Err(DataFault::at(FaultKind::Decode, &self.path, message))
    }

    fn number(&self, rest: &mut &'a [u8]) -> Result<u64, DataFault> {
        varint::read(rest).map_or_else(|| self.decode("a variable-length number does not end"), Ok)
    }

    fn take<'b>(&self, rest: &mut &'b [u8], length: u64) -> Result<&'b [u8], DataFault> {
        let split = usize::try_from(length).ok().and_then(|length| rest.split_at_checked(length));
        let Some((head, tail)) = split else {
            return self.decode(format!("{length} bytes are claimed, and {} are left", rest.len()));
        };
        *rest = tail;
        Ok(head)
    }

    fn tag(&self, rest: &mut &'a [u8]) -> Result<(u32, u8), DataFault> {
        let tag = self.number(rest)?;
        let number = u32::try_from(tag >> 3).ok().filter(|number| (1..=MAX_NUMBER.cast_unsigned()).contains(number));
        let Some(number) = number else { return self.decode(format!("{} is no field number", tag >> 3)) };
        Ok((number, u8::try_from(tag & 7).unwrap_or(0)))
    }

    fn enter(&mut self) -> Result<(), DataFault> {
        if self.depth >= MAX_MESSAGE_DEPTH {
            let message = format!("messages are nested deeper than {MAX_MESSAGE_DEPTH} levels");
            return Err(DataFault::at(FaultKind::Depth, &self.path, message));
        }
        self.depth += 1;
        Ok(())
    }

    /// A message up to the end of `rest`, or up to the end tag of a group.
    fn message(&mut self, id: u32, rest: &mut &'a [u8], group: Option<u32>) -> Result<(), DataFault> {
        self.enter()?;
        let types = self.types;
        let Some(message) = types.messages.get(id as usize) else { return self.decode("the schema is incomplete") };
        let mut seen = if message.has_required { vec![false; message.fields.len()] } else { Vec::new() };
        loop {
            if rest.is_empty() {
                if group.is_some() {
                    return self.decode("a group does not end");
                }
                break;
            }
            if !self.work.step() {
                return Err(DataFault::out_of_work(&self.path));
            }
            let (number, wire) = self.tag(rest)?;
            if wire == END {
                if group == Some(number) {
                    break;
                }
                return self.decode(format!("a group with the number {number} ends that never began"));
            }
            if let Some((at, field)) = message.field(number) {
                if let Some(seen) = seen.get_mut(at) {
                    *seen = true;
                }
                self.path.push(Segment::Name(&field.json));
                self.field(field, wire, number, rest)?;
                self.path.pop();
            } else {
                if self.unknown.len() < MAX_UNKNOWN {
                    let text = format!("the message {} has no field with the number {number}", message.full);
                    self.unknown.push(DataFault::at(FaultKind::Unknown, &self.path, text));
                }
                self.skip(wire, number, rest)?;
            }
        }
        let missing = message.fields.iter().zip(&seen).find(|(field, seen)| field.required && !**seen);
        if let Some((field, _)) = missing {
            let text = format!("the required field '{}' is missing", field.name);
            return Err(DataFault::at(FaultKind::Mismatch, &self.path, text));
        }
        self.depth -= 1;
        Ok(())
    }

    fn field(&mut self, field: &'a MessageField, wire: u8, number: u32, rest: &mut &'a [u8]) -> Result<(), DataFault> {
        match (field.content, wire) {
            (FieldContent::Message(id) | FieldContent::Map(id), LENGTH) => {
                let length = self.number(rest)?;
                let mut inner = self.take(rest, length)?;
                self.message(id, &mut inner, None)
            }
            (FieldContent::Group(id), START) => self.message(id, rest, Some(number)),
            (FieldContent::Enum(id), VARINT) => self.enumeration(id, rest),
            (FieldContent::Scalar(scalar), wire) if wire == scalar.wire() => self.scalar(scalar, field.utf8, rest),
            (FieldContent::Enum(id), LENGTH) if field.repeated => {
                let length = self.number(rest)?;
                let mut inner = self.take(rest, length)?;
                while !inner.is_empty() {
                    self.enumeration(id, &mut inner)?;
                }
                Ok(())
            }
            (FieldContent::Scalar(scalar), LENGTH) if field.repeated => self.packed(scalar.wire(), rest),
            (_, wire) => {
                let message = format!("the field '{}' can't have the wire type {wire}", field.name);
                Err(DataFault::at(FaultKind::Mismatch, &self.path, message))
            }
        }
    }

    /// A number that a closed enum does not have is as a field that is not known.
    fn enumeration(&mut self, id: u32, rest: &mut &'a [u8]) -> Result<(), DataFault> {
        let number = low_bits(self.number(rest)?);
        let types = self.types;
        let is_foreign = types.enums.get(id as usize).is_some_and(|found| found.closed && !found.names.contains_key(&number));
        if is_foreign && self.unknown.len() < MAX_UNKNOWN {
            let text = format!("the enum is closed and has no constant with the number {number}");
            self.unknown.push(DataFault::at(FaultKind::Unknown, &self.path, text));
        }
        Ok(())
    }

    fn scalar(&self, scalar: Scalar, utf8: bool, rest: &mut &'a [u8]) -> Result<(), DataFault> {
        match scalar.wire() {
            LENGTH => {
                let length = self.number(rest)?;
                let bytes = self.take(rest, length)?;
                if scalar == Scalar::String && utf8 && std::str::from_utf8(bytes).is_err() {
                    return self.decode("a string is not UTF-8");
                }
                Ok(())
            }
            wire => self.plain(wire, rest),
        }
    }

    /// A number of some kind.
    fn plain(&self, wire: u8, rest: &mut &'a [u8]) -> Result<(), DataFault> {
        match wire {
            SIXTY_FOUR => self.take(rest, 8).map(|_| ()),
            THIRTY_TWO => self.take(rest, 4).map(|_| ()),
            _ => self.number(rest).map(|_| ()),
        }
    }

    fn packed(&self, wire: u8, rest: &mut &'a [u8]) -> Result<(), DataFault> {
        let length = self.number(rest)?;
        let mut inner = self.take(rest, length)?;
        while !inner.is_empty() {
            self.plain(wire, &mut inner)?;
        }
        Ok(())
    }

    /// A field that is not known.
    fn skip(&mut self, wire: u8, number: u32, rest: &mut &'a [u8]) -> Result<(), DataFault> {
        match wire {
            VARINT | SIXTY_FOUR | THIRTY_TWO => self.plain(wire, rest),
            LENGTH => {
                let length = self.number(rest)?;
                self.take(rest, length).map(|_| ())
            }
            START => {
                self.enter()?;
                loop {
                    if !self.work.step() {
                        return Err(DataFault::out_of_work(&self.path));
                    }
                    if rest.is_empty() {
                        return self.decode("a group does not end");
                    }
                    let (inner, wire) = self.tag(rest)?;
                    match wire {
                        END if inner == number => break,
                        END => return self.decode(format!("a group with the number {inner} ends that never began")),
                        _ => self.skip(wire, inner, rest)?,
                    }
                }
                self.depth -= 1;
                Ok(())
            }
            _ => self.decode(format!("there is no wire type {wire}")),
        }
    }
}
