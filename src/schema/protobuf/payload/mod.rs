//! Data under a Protobuf schema: the wire format and `ProtoJSON`. The walkers that judge build nothing, so no data can make them allocate
//! or recurse at will; those that decode count the bytes of what they build.

mod binary;
mod decode;
mod encode;
mod from_json;
mod json;
mod message;
mod sample;
mod scalar;
mod to_json;
mod to_typed;
mod types;
mod well_known;

use self::message::DecodedMessage;
use self::types::Types;
use super::limits::MAX_TEXT_DEPTH;
use super::schema::Schema;
use super::varint;
use crate::schema::format::SchemaError;
use crate::schema::json::Value;
use crate::schema::payload::{DataFault, FaultKind, Work};
use crate::schema::sampling::RandomSource;
use crate::schema::typed::{Shapes, Typed};

#[derive(Debug)]
pub struct PayloadValidator {
    types: Types,
    /// The message of data that does not name one.
    root: Option<u32>,
}

impl PayloadValidator {
    /// Prepares a schema. `part` names the message, in full, without the package, or as type URL; else it is the first one.
    ///
    /// # Errors
    /// There is no such message, or a type that is needed is missing.
    pub fn new(schema: &Schema, part: Option<&str>) -> Result<Self, SchemaError> {
        let types = Types::new(schema)?;
        let root = match part {
            None => types.roots.first().copied(),
            Some(name) => {
                let missing = || SchemaError::validate(format!("the schema has no message '{name}'"));
                Some(types.named(name).ok_or_else(missing)?)
            }
        };
        Ok(Self { types, root })
    }

    /// The message that a path of indexes names (protobuf 4.1).
    pub fn by_indexes(&self, indexes: &[i32]) -> Option<u32> {
        self.types.by_indexes(indexes)
    }

    /// The path of indexes that names a message of the file itself; without one, that of data that does not name any.
    pub fn indexes_of(&self, message: Option<u32>) -> Option<Vec<i32>> {
        self.types.indexes_of(message.or(self.root)?)
    }

    /// The full name of a message; without one, that of data that does not name any.
    pub fn message_name(&self, message: Option<u32>) -> Option<String> {
        let at = message.or(self.root)?;
        self.types.messages.get(at as usize).map(|message| message.full.to_string())
    }

    fn root(&self, message: Option<u32>) -> Result<u32, DataFault> {
        message.or(self.root).ok_or_else(|| DataFault::new(FaultKind::Mismatch, "", "the schema has no message"))
    }

    /// Walks a message in the wire format. Unknown fields are listed as [`FaultKind::Unknown`].
    ///
    /// # Errors
    /// The first fault.
    pub fn binary(&self, message: Option<u32>, bytes: &[u8], work: &mut Work<'_>) -> Result<Vec<DataFault>, DataFault> {
        binary::walk(&self.types, self.root(message)?, bytes, work)
    }

    /// Walks a message in `ProtoJSON`. No fault means that it fits.
    pub fn json(&self, message: Option<u32>, value: &Value, work: &mut Work<'_>) -> Vec<DataFault> {
        match self.root(message) {
            Ok(root) => json::walk(&self.types, root, value, work),
            Err(fault) => vec![fault],
        }
    }

    /// Decodes a message in the wire format, and lists its unknown fields as [`FaultKind::Unknown`].
    ///
    /// # Errors
    /// The first fault.
    pub fn decode<'b>(
        &'b self,
        message: Option<u32>,
        bytes: &'b [u8],
        work: &mut Work<'_>,
    ) -> Result<(Data<'b>, Vec<DataFault>), DataFault> {
        let root = self.root(message)?;
        let (message, unknown) = decode::decode(&self.types, root, bytes, work)?;
        Ok((Data { payload: self, root, message }, unknown))
    }

    /// Reads a message in `ProtoJSON`.
    ///
    /// # Errors
    /// All faults, up to a bound.
    pub fn read_json<'b>(
        &'b self,
        message: Option<u32>,
        value: &'b Value,
        work: &mut Work<'_>,
    ) -> Result<Data<'b>, Vec<DataFault>> {
        let root = self.root(message).map_err(|fault| vec![fault])?;
        let faults = json::walk(&self.types, root, value, work);
        if !faults.is_empty() {
            return Err(faults);
        }
        let message = from_json::read(&self.types, root, value, &mut work.again()).map_err(|fault| vec![fault])?;
        Ok(Data { payload: self, root, message })
    }

    /// A message that is made up, in `ProtoJSON`.
    ///
    /// # Errors
    /// A sentence: it takes too much.
    pub fn sample(&self, message: Option<u32>, source: &mut RandomSource, work: &mut Work<'_>) -> Result<String, String> {
        let root = self.root(message).map_err(|fault| fault.message)?;
        sample::sample(&self.types, root, source, work)
    }

    /// The message of a full name, of a name without the package, or of a type URL.
    pub fn by_name(&self, name: &str) -> Option<u32> {
        self.types.named(name)
    }

    /// The types of a message as rules of data contracts see them.
    pub fn shapes(&self, message: Option<u32>) -> Shapes {
        message.or(self.root).map(|root| to_typed::shapes(&self.types, root)).unwrap_or_default()
    }

    pub fn weight(&self) -> usize {
        size_of::<Self>() + self.types.weight()
    }
}

/// A decoded message, with the types that say what it is.
#[derive(Debug)]
pub struct Data<'b> {
    payload: &'b PayloadValidator,
    root: u32,
    message: DecodedMessage<'b>,
}

impl Data<'_> {
    /// The message as `ProtoJSON` of at most so many bytes.
    ///
    /// # Errors
    /// It is longer, or has a value without a form in JSON, such as a time beyond year 9999.
    pub fn to_json(&self, limit: usize, work: &mut Work<'_>) -> Result<String, DataFault> {
        to_json::write(&self.payload.types, self.root, &self.message, limit, work)
    }

    /// The message as rules of data contracts see it, along the shapes of its own type.
    ///
    /// # Errors
    /// It takes too much memory.
    pub fn to_typed(&self, shapes: &Shapes, work: &mut Work<'_>) -> Result<Typed, DataFault> {
        to_typed::typed(&self.payload.types, self.root, shapes, &self.message, work)
    }

    /// The message in the wire format.
    pub fn to_binary(&self) -> Vec<u8> {
        let mut out = Vec::new();
        encode::write(&self.payload.types, self.root, &self.message, &mut out);
        out
    }
}

/// The message indexes at the start of a payload, and how many bytes they take: a count and so many zig-zag numbers, or a single
/// zero for the first message.
pub fn message_indexes(bytes: &[u8]) -> Option<(Vec<i32>, usize)> {
    let mut rest = bytes;
    let mut number = || -> Option<i32> {
        let value = varint::read(&mut rest)?;
        let value = u32::try_from(value).ok()?;
        Some((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
    };
    let count = number()?;
    if count == 0 {
        return Some((vec![0], bytes.len() - rest.len()));
    }
    // a message nested deeper than that could not have been registered
    let count = usize::try_from(count).ok().filter(|count| *count <= MAX_TEXT_DEPTH)?;
    let mut indexes = Vec::with_capacity(count);
    for _ in 0..count {
        indexes.push(number().filter(|index| *index >= 0)?);
    }
    Some((indexes, bytes.len() - rest.len()))
}
