//! JSON as data.

use super::MAX_JSON_DEPTH;
use crate::schema::PayloadValidator;
use crate::schema::avro::UnionEncoding;
use crate::schema::json::{self, ReadOptions};
use crate::schema::payload::{DataFault, FaultKind, Work};
use crate::types::{Guid, SchemaId};

/// How data is encoded.
#[derive(Debug, Clone, Default)]
pub struct EncodeOptions {
    /// How unions of Avro are written in the JSON.
    pub unions: UnionEncoding,
    /// The message, by name; without one the first of the schema (Protobuf).
    pub message: Option<String>,
}

/// Encoded data, without framing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded {
    pub bytes: Vec<u8>,
    /// What framing has to say about the message (Protobuf).
    pub message_indexes: Option<Vec<i32>>,
    /// Its full name (Protobuf).
    pub message: Option<String>,
}

/// Encodes a JSON text.
///
/// # Errors
/// All that is wrong with it, up to a bound.
pub fn encode(
    payload: &PayloadValidator,
    text: &str,
    options: &EncodeOptions,
    work: &mut Work<'_>,
) -> Result<Encoded, Vec<DataFault>> {
    let unreadable = |message: String| vec![DataFault::new(FaultKind::Decode, "", message)];
    let read = ReadOptions { comments: false, replace_lone_surrogates: false, max_depth: MAX_JSON_DEPTH };
    let (value, notes) = json::read_data(text, read).map_err(|error| unreadable(format!("the data is not JSON: {error}")))?;
    if let Some(duplicate) = notes.duplicates.first() {
        // which of them is meant, nobody knows
        return Err(unreadable(format!("the member '{}' is there more than once", duplicate.key)));
    }
    match payload {
        PayloadValidator::Avro(payload) => {
            let bytes = payload.read_json(&value, options.unions, work)?.to_binary();
            Ok(Encoded { bytes, message_indexes: None, message: None })
        }
        PayloadValidator::Protobuf(payload) => {
            let message = match &options.message {
                Some(name) => {
                    Some(payload.by_name(name).ok_or_else(|| unreadable(format!("the schema has no message '{name}'")))?)
                }
                None => None,
            };
            let bytes = payload.read_json(message, &value, work)?.to_binary();
            Ok(Encoded { bytes, message_indexes: payload.indexes_of(message), message: payload.message_name(message) })
        }
        PayloadValidator::Json(validator) => {
            let (faults, _) = validator.faults(&value, work.effort());
            if faults.is_empty() {
                Ok(Encoded { bytes: text.trim().as_bytes().to_vec(), message_indexes: None, message: None })
            } else {
                Err(faults)
            }
        }
    }
}

/// How framing names the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameBy {
    Id(SchemaId),
    Guid(Guid),
}

/// The data as Confluent's serializers send it: the id or the guid of the schema, for Protobuf the message indexes, then the data.
pub fn framed(by: FrameBy, encoded: &Encoded) -> Vec<u8> {
    let mut out = Vec::with_capacity(encoded.bytes.len() + 24);
    match by {
        FrameBy::Id(id) => {
            out.push(0);
            out.extend(id.to_be_bytes());
        }
        FrameBy::Guid(guid) => {
            out.push(1);
            out.extend(guid.0);
        }
    }
    if let Some(indexes) = &encoded.message_indexes {
        write_indexes(indexes, &mut out);
    }
    out.extend(&encoded.bytes);
    out
}

/// A count and so many zig-zag numbers; a single zero for the first message.
fn write_indexes(indexes: &[i32], out: &mut Vec<u8>) {
    let mut number = |value: i32| {
        let mut rest = ((value << 1) ^ (value >> 31)).cast_unsigned();
        while rest >= 0x80 {
            out.push((rest & 0x7F) as u8 | 0x80);
            rest >>= 7;
        }
        #[expect(clippy::cast_possible_truncation, reason = "below 0x80")]
        out.push(rest as u8);
    };
    if indexes == [0] {
        return number(0);
    }
    number(i32::try_from(indexes.len()).unwrap_or(0));
    for index in indexes {
        number(*index);
    }
}
