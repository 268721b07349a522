//! Data under an Avro schema: the binary encoding, the JSON encoding and single-object encoding (Avro specification, "Data
//! Serialization"). The walkers that judge build nothing, so no datum can make them allocate or recurse at will; those that decode count
//! the bytes of what they build.

mod binary;
mod build;
mod datum;
mod encode;
mod fingerprint;
mod from_json;
mod json;
mod resolve;
mod sample;
mod to_json;
mod to_typed;
mod uuid;

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use self::build::Nothing;
use self::datum::{Datum, DatumBuilder};
pub use self::json::UnionEncoding;
use self::resolve::ResolutionSide;
use self::sample::Heights;
use super::model::NodeId;
use super::schema::Schema;
use super::typed;
use crate::schema::format::{Format, SchemaError};
use crate::schema::json::Value;
use crate::schema::payload::{DataFault, FaultKind, ReadingChange, Work};
use crate::schema::sampling::RandomSource;
use crate::schema::typed::{Shapes, Typed};

/// The first two bytes of single-object encoding; the eight bytes of the fingerprint follow.
const MARKER: [u8; 2] = [0xC3, 0x01];

#[derive(Debug)]
pub struct PayloadValidator {
    schema: Arc<Schema>,
    root: NodeId,
    fingerprint: OnceLock<u64>,
    /// For samples.
    heights: OnceLock<Heights>,
}

impl PayloadValidator {
    /// Prepares a schema, or the named type in it that `part` names, in full or by its simple name.
    ///
    /// # Errors
    /// There is no such type.
    pub fn new(schema: Arc<Schema>, part: Option<&str>) -> Result<Self, SchemaError> {
        let root = match part {
            None => schema.model.root,
            Some(name) => find(&schema, name).ok_or_else(|| SchemaError::validate(format!("the schema has no type '{name}'")))?,
        };
        Ok(Self { schema, root, fingerprint: OnceLock::new(), heights: OnceLock::new() })
    }

    /// Walks a datum in the binary encoding; it must fill `bytes`.
    ///
    /// # Errors
    /// The first fault.
    pub fn binary(&self, bytes: &[u8], work: &mut Work<'_>) -> Result<(), DataFault> {
        let ((), rest) = binary::walk(&self.schema.model, self.root, bytes, Nothing, work)?;
        nothing_left(rest)
    }

    /// Decodes a datum in the binary encoding; it must fill `bytes`.
    ///
    /// # Errors
    /// The first fault.
    pub fn decode<'b>(&'b self, bytes: &'b [u8], work: &mut Work<'_>) -> Result<Data<'b>, DataFault> {
        let (data, rest) = self.decode_first(bytes, work)?;
        nothing_left(rest)?;
        Ok(data)
    }

    /// Decodes a datum in the binary encoding, and says how many bytes are left behind it.
    ///
    /// # Errors
    /// The first fault.
    pub fn decode_first<'b>(&'b self, bytes: &'b [u8], work: &mut Work<'_>) -> Result<(Data<'b>, usize), DataFault> {
        let builder = DatumBuilder::new(work.memory_left());
        let (datum, rest) = binary::walk(&self.schema.model, self.root, bytes, builder, work)?;
        Ok((Data { payload: self, datum }, rest))
    }

    /// Reads a datum in JSON.
    ///
    /// # Errors
    /// All faults, up to a bound.
    pub fn read_json<'b>(
        &'b self,
        value: &'b Value,
        unions: UnionEncoding,
        work: &mut Work<'_>,
    ) -> Result<Data<'b>, Vec<DataFault>> {
        let faults = self.json(value, unions, work);
        if !faults.is_empty() {
            return Err(faults);
        }
        let datum =
            from_json::read(&self.schema.model, self.root, value, unions, &mut work.again()).map_err(|fault| vec![fault])?;
        Ok(Data { payload: self, datum })
    }

    /// A datum that is made up, in Avro's JSON encoding.
    ///
    /// # Errors
    /// A sentence: no finite datum exists, or it takes too much.
    pub fn sample(&self, source: &mut RandomSource, work: &mut Work<'_>) -> Result<String, String> {
        let model = &self.schema.model;
        sample::sample(model, self.heights.get_or_init(|| Heights::of(model)), self.root, source, work)
    }

    /// The fingerprint and the datum, if the bytes are in single-object encoding.
    pub fn single_object<'b>(&self, bytes: &'b [u8]) -> Option<(u64, &'b [u8])> {
        let (fingerprint, rest) = bytes.strip_prefix(&MARKER)?.split_first_chunk::<8>()?;
        Some((u64::from_le_bytes(*fingerprint), rest))
    }

    /// The CRC-64-AVRO fingerprint of the schema's Parsing Canonical Form.
    pub fn fingerprint(&self) -> u64 {
        *self.fingerprint.get_or_init(|| fingerprint::of(&self.schema.model, self.root))
    }

    /// Walks a datum in JSON. No fault means that it fits.
    pub fn json(&self, value: &Value, unions: UnionEncoding, work: &mut Work<'_>) -> Vec<DataFault> {
        json::walk(&self.schema.model, self.root, value, unions, work)
    }

    /// The types as rules of data contracts see them.
    pub fn shapes(&self) -> Shapes {
        typed::shapes(&self.schema.model, self.root)
    }

    /// Bytes held, roughly, the schema included.
    pub fn weight(&self) -> usize {
        size_of::<Self>() + self.schema.weight()
    }
}

fn nothing_left(rest: usize) -> Result<(), DataFault> {
    if rest == 0 {
        return Ok(());
    }
    Err(DataFault::new(FaultKind::Trailing, "", format!("{rest} bytes are left after the datum")))
}

/// Decoded data, with the schema that says what it is.
#[derive(Debug)]
pub struct Data<'b> {
    payload: &'b PayloadValidator,
    datum: Datum<'b>,
}

impl<'b> Data<'b> {
    /// The data as a reader with another schema sees it, and where that is not what was written.
    ///
    /// # Errors
    /// The reader can't read it.
    pub fn read_as(
        &self,
        reader: &'b PayloadValidator,
        work: &mut Work<'_>,
    ) -> Result<(Data<'b>, Vec<ReadingChange>), DataFault> {
        let side = |payload: &'b PayloadValidator| ResolutionSide { model: &payload.schema.model, root: payload.root };
        let (datum, changes) = resolve::resolve(side(self.payload), side(reader), &self.datum, work)?;
        Ok((Data { payload: reader, datum }, changes))
    }

    /// The data as JSON of at most so many bytes.
    ///
    /// # Errors
    /// It is longer.
    pub fn to_json(&self, unions: UnionEncoding, limit: usize) -> Result<String, DataFault> {
        to_json::write(&self.payload.schema.model, self.payload.root, &self.datum, unions, limit)
    }

    /// The data as rules of data contracts see it, along the shapes of its own schema.
    ///
    /// # Errors
    /// It takes too much memory.
    pub fn to_typed(&self, shapes: &Shapes, work: &mut Work<'_>) -> Result<Typed, DataFault> {
        to_typed::typed(&self.payload.schema.model, self.payload.root, shapes, &self.datum, work)
    }

    /// The data in the binary encoding.
    pub fn to_binary(&self) -> Vec<u8> {
        let mut out = Vec::new();
        encode::write(&mut out, &self.datum);
        out
    }
}

fn find(schema: &Schema, name: &str) -> Option<NodeId> {
    let model = &schema.model;
    let mut by_simple: HashMap<&str, NodeId> = HashMap::new();
    for (at, node) in model.nodes.iter().enumerate() {
        let (Some(named), Ok(id)) = (node.named(), NodeId::try_from(at)) else { continue };
        if model.full_name(&named.name) == name {
            return Some(model.first_definition(id));
        }
        by_simple.entry(&named.name.simple).or_insert_with(|| model.first_definition(id));
    }
    by_simple.get(name).copied()
}
