//! Data under an Avro schema: the binary encoding, the JSON encoding and single-object encoding (Avro specification, "Data
//! Serialization"). The walkers build nothing, so no datum can make them allocate or recurse at will.

mod binary;
mod fingerprint;
mod json;
mod uuid;

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

pub use self::json::UnionEncoding;
use super::model::NodeId;
use super::schema::Schema;
use crate::schema::format::{Format, SchemaError};
use crate::schema::json::Value;
use crate::schema::payload::{Fault, FaultKind, Work};

/// The first two bytes of single-object encoding; the eight bytes of the fingerprint follow.
const MARKER: [u8; 2] = [0xC3, 0x01];

#[derive(Debug)]
pub struct PayloadValidator {
    schema: Arc<Schema>,
    root: NodeId,
    fingerprint: OnceLock<u64>,
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
        Ok(Self { schema, root, fingerprint: OnceLock::new() })
    }

    /// Walks a datum in the binary encoding; it must fill `bytes`.
    ///
    /// # Errors
    /// The first fault.
    pub fn binary(&self, bytes: &[u8], work: &mut Work<'_>) -> Result<(), Fault> {
        let rest = binary::walk(&self.schema.model, self.root, bytes, work)?;
        if rest == 0 {
            return Ok(());
        }
        Err(Fault::new(FaultKind::Trailing, "", format!("{rest} bytes are left after the datum")))
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
    pub fn json(&self, value: &Value, unions: UnionEncoding, work: &mut Work<'_>) -> Vec<Fault> {
        json::walk(&self.schema.model, self.root, value, unions, work)
    }

    /// Bytes held, roughly, the schema included.
    pub fn weight(&self) -> usize {
        size_of::<Self>() + self.schema.weight()
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
