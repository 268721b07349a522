//! Data as JSON.

use super::{MAX_JSON_BYTES, MAX_JSON_DEPTH};
use crate::schema::PayloadValidator;
use crate::schema::avro::{self, UnionEncoding};
use crate::schema::json::{self, ReadOptions};
use crate::schema::payload::{DataFault, FaultKind, ReadingChange, ReadingChangeKind, Work};
use crate::schema::protobuf::{self, message_indexes};
use crate::types::SchemaType;

/// How data is decoded.
#[derive(Debug, Clone, Default)]
pub struct DecodeOptions {
    /// How unions of Avro are written.
    pub unions: UnionEncoding,
    /// The framing has been taken off, and message indexes stand before the message (Protobuf).
    pub is_framed: bool,
    /// The message indexes of a record header (Protobuf).
    pub record_indexes: Option<Vec<u8>>,
    /// The message, by name, where nothing in the data names it (Protobuf).
    pub message: Option<String>,
}

/// Decoded data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// `avro`, `avro-single-object`, `protobuf` or `json`.
    pub encoding: &'static str,
    /// What stood before the message (Protobuf).
    pub message_indexes: Option<Vec<i32>>,
    /// Its full name (Protobuf).
    pub message: Option<String>,
    /// JSON: of Avro in its JSON encoding or plain, of Protobuf `ProtoJSON`, else as it was sent.
    pub json: String,
    /// What is wrong with it although it can be read: unknown fields, and what a JSON Schema does not allow.
    pub issues: Vec<DataFault>,
    /// What a reader with another schema sees.
    pub read_as: Option<ReadAs>,
}

/// Data as a reader with another schema sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadAs {
    pub json: String,
    /// Where it is not what was written.
    pub changes: Vec<ReadingChange>,
}

/// Decodes data that fills `bytes`. `reader` is the schema of somebody who reads it.
///
/// # Errors
/// The first fault that keeps the data, or the reader, from being read.
pub fn decode(
    payload: &PayloadValidator,
    reader: Option<&PayloadValidator>,
    bytes: &[u8],
    options: &DecodeOptions,
    work: &mut Work<'_>,
) -> Result<Decoded, DataFault> {
    match (payload, reader) {
        (PayloadValidator::Avro(payload), None) => avro(payload, None, bytes, options, work),
        (PayloadValidator::Avro(payload), Some(PayloadValidator::Avro(reader))) => {
            avro(payload, Some(reader), bytes, options, work)
        }
        (PayloadValidator::Protobuf(payload), None) => protobuf(payload, None, bytes, options, work),
        (PayloadValidator::Protobuf(payload), Some(PayloadValidator::Protobuf(reader))) => {
            protobuf(payload, Some(reader), bytes, options, work)
        }
        (PayloadValidator::Json(_), None | Some(PayloadValidator::Json(_))) => json(payload, reader, bytes, work),
        (_, Some(reader)) => Err(other_format(reader.schema_type(), payload.schema_type())),
    }
}

fn other_format(reader: SchemaType, writer: SchemaType) -> DataFault {
    DataFault::new(FaultKind::Mismatch, "", format!("a reader of type {reader} can't read data of type {writer}"))
}

fn avro(
    payload: &avro::PayloadValidator,
    reader: Option<&avro::PayloadValidator>,
    bytes: &[u8],
    options: &DecodeOptions,
    work: &mut Work<'_>,
) -> Result<Decoded, DataFault> {
    let single = payload.single_object(bytes).filter(|(fingerprint, _)| *fingerprint == payload.fingerprint());
    let encoding = if single.is_some() { "avro-single-object" } else { "avro" };
    let data = payload.decode(single.map_or(bytes, |(_, rest)| rest), work)?;
    let read_as = reader.map(|reader| {
        let (data, changes) = data.read_as(reader, &mut work.again())?;
        Ok::<_, DataFault>(ReadAs { json: data.to_json(options.unions, MAX_JSON_BYTES)?, changes })
    });
    Ok(Decoded {
        encoding,
        message_indexes: None,
        message: None,
        json: data.to_json(options.unions, MAX_JSON_BYTES)?,
        issues: Vec::new(),
        read_as: read_as.transpose()?,
    })
}

/// The message that data is of.
pub(super) struct MessagePath<'b> {
    pub(super) message: Option<u32>,
    pub(super) indexes: Option<Vec<i32>>,
    /// The data itself.
    pub(super) rest: &'b [u8],
}

pub(super) fn message_of<'b>(
    payload: &protobuf::PayloadValidator,
    bytes: &'b [u8],
    options: &DecodeOptions,
) -> Result<MessagePath<'b>, DataFault> {
    let unreadable = |message: String| DataFault::new(FaultKind::Decode, "", message);
    let mut found = MessagePath { message: None, indexes: None, rest: bytes };
    let named = if options.is_framed { Some(bytes) } else { options.record_indexes.as_deref().filter(|bytes| !bytes.is_empty()) };
    if let Some(named) = named {
        let read = message_indexes(named);
        let (path, length) = read.ok_or_else(|| unreadable("the message indexes behind the framing can't be read".to_owned()))?;
        let message = payload.by_indexes(&path);
        found.message = Some(message.ok_or_else(|| unreadable(format!("the schema has no message at the indexes {path:?}")))?);
        if options.is_framed {
            found.rest = bytes.get(length..).unwrap_or_default();
        }
        found.indexes = Some(path);
    } else if let Some(name) = &options.message {
        found.message = Some(payload.by_name(name).ok_or_else(|| unreadable(format!("the schema has no message '{name}'")))?);
    }
    Ok(found)
}

fn protobuf(
    payload: &protobuf::PayloadValidator,
    reader: Option<&protobuf::PayloadValidator>,
    bytes: &[u8],
    options: &DecodeOptions,
    work: &mut Work<'_>,
) -> Result<Decoded, DataFault> {
    let MessagePath { message, indexes, rest } = message_of(payload, bytes, options)?;
    let (data, issues) = payload.decode(message, rest, work)?;
    let json = data.to_json(MAX_JSON_BYTES, work)?;
    let name = payload.message_name(message);
    let read_as = reader.map(|reader| {
        // the reader knows the message by its name, or takes the one that stands first
        let message = name.as_deref().and_then(|name| reader.by_name(name));
        let (data, unknown) = reader.decode(message, rest, &mut work.again())?;
        let lost =
            |fault: DataFault| ReadingChange { kind: ReadingChangeKind::Lost, pointer: fault.pointer, message: fault.message };
        Ok::<_, DataFault>(ReadAs {
            json: data.to_json(MAX_JSON_BYTES, &mut work.again())?,
            changes: unknown.into_iter().map(lost).collect(),
        })
    });
    Ok(Decoded { encoding: "protobuf", message_indexes: indexes, message: name, json, issues, read_as: read_as.transpose()? })
}

fn json(
    payload: &PayloadValidator,
    reader: Option<&PayloadValidator>,
    bytes: &[u8],
    work: &Work<'_>,
) -> Result<Decoded, DataFault> {
    let unreadable = |message: String| DataFault::new(FaultKind::Decode, "", message);
    let text = std::str::from_utf8(bytes).map_err(|_| unreadable("the data is not UTF-8".to_owned()))?;
    let options = ReadOptions { comments: false, replace_lone_surrogates: true, max_depth: MAX_JSON_DEPTH };
    let (value, _) = json::read_data(text, options).map_err(|error| unreadable(format!("the data is not JSON: {error}")))?;
    let faults = |payload: &PayloadValidator| match payload {
        PayloadValidator::Json(validator) => validator.faults(&value, work.effort()).0,
        _ => Vec::new(),
    };
    let is_unsettled = |faults: &[DataFault]| faults.iter().any(|fault| fault.kind == FaultKind::Work);
    let issues = faults(payload);
    if is_unsettled(&issues) {
        return Err(DataFault::out_of_work(&[]));
    }
    let read_as = reader.map(|reader| match faults(reader).into_iter().next() {
        Some(fault) => Err(fault),
        None => Ok(ReadAs { json: text.trim().to_owned(), changes: Vec::new() }),
    });
    Ok(Decoded {
        encoding: "json",
        message_indexes: None,
        message: None,
        json: text.trim().to_owned(),
        issues,
        read_as: read_as.transpose()?,
    })
}
