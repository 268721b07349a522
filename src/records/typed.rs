//! Data as the rules of data contracts see it.

use std::sync::Arc;

use super::MAX_JSON_DEPTH;
use super::decode::{DecodeOptions, MessagePath, message_of};
use crate::schema::json::{self, ReadOptions};
use crate::schema::payload::{DataFault, FaultKind, Work};
use crate::schema::typed::{Shapes, Typed};
use crate::schema::{Parsed, PayloadValidator, json_schema};

/// Data with its types.
#[derive(Debug, Clone)]
pub struct TypedData {
    pub shapes: Arc<Shapes>,
    pub data: Typed,
    /// As [`super::Decoded::encoding`].
    pub encoding: &'static str,
    /// Its full name (Protobuf).
    pub message: Option<String>,
    /// What is wrong with it although it can be read.
    pub issues: Vec<DataFault>,
}

/// Decodes data that fills `bytes`. `parsed` is the schema of `payload`.
///
/// # Errors
/// The first fault that keeps the data from being read.
pub fn typed(
    payload: &PayloadValidator,
    parsed: &Parsed,
    bytes: &[u8],
    options: &DecodeOptions,
    work: &mut Work<'_>,
) -> Result<TypedData, DataFault> {
    match (payload, parsed) {
        (PayloadValidator::Avro(payload), _) => {
            let single = payload.single_object(bytes).filter(|(fingerprint, _)| *fingerprint == payload.fingerprint());
            let encoding = if single.is_some() { "avro-single-object" } else { "avro" };
            let data = payload.decode(single.map_or(bytes, |(_, rest)| rest), work)?;
            let shapes = Arc::new(payload.shapes());
            let data = data.to_typed(&shapes, work)?;
            Ok(TypedData { shapes, data, encoding, message: None, issues: Vec::new() })
        }
        (PayloadValidator::Protobuf(payload), _) => {
            let MessagePath { message, rest, .. } = message_of(payload, bytes, options)?;
            let (data, issues) = payload.decode(message, rest, work)?;
            let shapes = Arc::new(payload.shapes(message));
            let data = data.to_typed(&shapes, work)?;
            Ok(TypedData { shapes, data, encoding: "protobuf", message: payload.message_name(message), issues })
        }
        (PayloadValidator::Json(payload), Parsed::Json(schema)) => {
            let unreadable = |message: String| DataFault::new(FaultKind::Decode, "", message);
            let text = std::str::from_utf8(bytes).map_err(|_| unreadable("the data is not UTF-8".to_owned()))?;
            let options = ReadOptions { comments: false, replace_lone_surrogates: true, max_depth: MAX_JSON_DEPTH };
            let (value, _) =
                json::read_data(text, options).map_err(|error| unreadable(format!("the data is not JSON: {error}")))?;
            let issues = payload.faults(&value, work.effort()).0;
            if issues.iter().any(|fault| fault.kind == FaultKind::Work) {
                return Err(DataFault::out_of_work(&[]));
            }
            let shapes = Arc::new(schema.shapes());
            let data = json_schema::typed_data(&shapes, &value, work)?;
            Ok(TypedData { shapes, data, encoding: "json", message: None, issues })
        }
        (PayloadValidator::Json(_), _) => Err(DataFault::new(FaultKind::Mismatch, "", "the schema is not a JSON Schema")),
    }
}
