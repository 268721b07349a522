//! `accordant decode`: what is in messages.

use std::sync::Arc;

use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::arguments::{BytesNotation, Cut, DecodeArguments};
use super::bytes;
use super::schemas::{DataSchema, Schemas};
use crate::cli::check::InputError;
use crate::cli::check::style::print;
use crate::cli::exit::Exit;
use crate::cloudevents::{WriterId, framing_of};
use crate::records::{self, Container, DecodeOptions, Decoded, is_container};
use crate::schema::PayloadValidator;
use crate::schema::payload::{DataFault, Effort, Work};

/// Data of a container file that may take no bytes: a count alone could make any number of them.
const MAX_WITHOUT_BYTES: u32 = 100_000;

/// One piece of data on its way.
struct DataPiece {
    /// Where it stands in the input, for people.
    name: String,
    bytes: Vec<u8>,
    /// The record header that names its schema.
    header: Option<Vec<u8>>,
    /// Topic, partition and offset, as far as the input has them.
    origin: Map<String, Value>,
}

pub(super) fn decode(asked: &DecodeArguments) -> Result<Exit, InputError> {
    let given = asked
        .hex
        .as_ref()
        .map(|text| (text, BytesNotation::Hex))
        .or(asked.base64.as_ref().map(|text| (text, BytesNotation::Base64)));
    let input = match given {
        Some((text, form)) => bytes::of_text(text, form).map_err(InputError::new)?,
        None => bytes::read(&asked.file)?,
    };
    let mut schemas = Schemas::new(&asked.schema, &asked.place);
    let mut exit = Exit::Success;
    if given.is_none() && asked.input == Cut::Whole && is_container(&input) {
        container(asked, &mut schemas, &input, &mut exit)?;
        return Ok(exit);
    }
    match asked.input {
        Cut::Whole => {
            let name = if given.is_some() { "the data" } else { asked.file.as_str() };
            let piece = DataPiece { name: name.to_owned(), bytes: input, header: None, origin: Map::default() };
            one(asked, &mut schemas, Ok(piece), &mut exit)?;
        }
        Cut::Lines => {
            let text = std::str::from_utf8(&input).map_err(|_| InputError::of(&asked.file, "is not UTF-8"))?;
            for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
                let name = format!("{} line {number}", asked.file);
                one(asked, &mut schemas, piece(name, line, asked.bytes), &mut exit)?;
            }
        }
    }
    Ok(exit)
}

/// A line: bytes as text, or a JSON object that has them.
fn piece(name: String, line: &str, form: BytesNotation) -> Result<DataPiece, String> {
    let told = |why: String| format!("{name}: {why}");
    let Some(record) = line.trim_start().strip_prefix('{').and_then(|_| serde_json::from_str::<Value>(line).ok()) else {
        let bytes = bytes::of_text(line, form).map_err(told)?;
        return Ok(DataPiece { name, bytes, header: None, origin: Map::default() });
    };
    let value = record.get("payload").or_else(|| record.get("value"));
    let value = value.ok_or_else(|| told("the object has neither payload nor value".to_owned()))?;
    let bytes = match value {
        Value::String(text) => bytes::of_text(text, form).map_err(told)?,
        Value::Null => Vec::new(),
        _ => return Err(told("the payload is no string".to_owned())),
    };
    let mut origin = Map::new();
    for key in ["topic", "partition", "offset"] {
        if let Some(value) = record.get(key) {
            origin.insert(key.to_owned(), value.clone());
        }
    }
    let header = record.get("headers").and_then(schema_header).and_then(|text| bytes::of_text(text, form).ok());
    Ok(DataPiece { name, bytes, header, origin })
}

/// The header `__value_schema_id`: kcat lists names and values in turn, rpk has objects of both.
fn schema_header(headers: &Value) -> Option<&str> {
    const NAME: &str = "__value_schema_id";
    let list = headers.as_array()?;
    let pair = list.chunks(2).find(|pair| pair.first().and_then(Value::as_str) == Some(NAME));
    let in_turn = pair.and_then(|pair| pair.get(1)).and_then(Value::as_str);
    in_turn.or_else(|| list.iter().find(|header| header.get("key").and_then(Value::as_str) == Some(NAME))?.get("value")?.as_str())
}

fn one(
    asked: &DecodeArguments,
    schemas: &mut Schemas<'_>,
    piece: Result<DataPiece, String>,
    exit: &mut Exit,
) -> Result<(), InputError> {
    let piece = match piece {
        Ok(piece) => piece,
        Err(why) => return refuse(exit, &why),
    };
    // a tombstone has nothing in it
    if piece.bytes.is_empty() && !piece.origin.is_empty() {
        let line = line(asked, &piece.origin, None, "null", None, &[]);
        return print(&line).map_err(InputError::new);
    }
    let framing = framing_of(&piece.bytes);
    let header = piece.header.as_deref().and_then(|header| Some((framing_of(header)?, header)));
    let named = schemas.named()?;
    let framed = match (&named, framing) {
        // a schema that a file has need not be known anywhere
        (Some(named), Some(framing)) if asked.schema.schema.is_some() => names(named, framing.writer).then(|| Arc::clone(named)),
        (_, Some(framing)) => schemas.writer(framing.writer)?,
        _ => None,
    };
    let by_header = match header {
        Some((framing, _)) if framed.is_none() => schemas.writer(framing.writer)?,
        _ => None,
    };
    let is_framed = framed.is_some();
    let Some(schema) = framed.or(by_header).or(named) else {
        return refuse(
            exit,
            &format!("{}: nothing names a schema that is known: --subject, --id or --schema says which", piece.name),
        );
    };
    let skipped = framing.filter(|_| is_framed).map_or(0, |framing| framing.len());
    let options = DecodeOptions {
        unions: asked.schema.form.into(),
        is_framed,
        record_indexes: header.and_then(|(framing, header)| header.get(framing.len()..)).map(<[u8]>::to_vec),
        message: asked.schema.message.clone(),
    };
    let reader = asked.reader.as_deref().map(|which| schemas.reader(which)).transpose()?;
    let data = piece.bytes.get(skipped..).unwrap_or_default();
    let mut work = Work::new(Effort::Full, None);
    match records::decode(&schema.payload, reader.as_ref().map(|reader| &reader.payload), data, &options, &mut work) {
        Ok(decoded) => {
            let line = line(asked, &piece.origin, Some(&schema), &decoded.json, Some(&decoded), &decoded.issues);
            print(&line).map_err(InputError::new)
        }
        Err(fault) => refuse(exit, &format!("{}: {}", piece.name, place(&fault))),
    }
}

/// Whether it is the schema of the id or guid.
fn names(schema: &DataSchema, writer: WriterId) -> bool {
    match writer {
        WriterId::Id(id) => schema.id() == Some(id),
        WriterId::Guid(guid) => schema.guid() == Some(guid),
    }
}

fn refuse(exit: &mut Exit, why: &str) -> Result<(), InputError> {
    use std::io::Write as _;
    *exit = Exit::Refused;
    let written = writeln!(std::io::stderr(), "accordant: {}", crate::cli::check::style::without_controls(why));
    written.map_err(|error| InputError::new(format!("can't write: {error}")))
}

fn place(fault: &DataFault) -> String {
    if fault.pointer.is_empty() { fault.message.clone() } else { format!("at {}: {}", fault.pointer, fault.message) }
}

/// What is printed for a piece of data.
fn line(
    asked: &DecodeArguments,
    origin: &Map<String, Value>,
    schema: Option<&DataSchema>,
    data: &str,
    decoded: Option<&Decoded>,
    issues: &[DataFault],
) -> String {
    let read_as = decoded.and_then(|decoded| decoded.read_as.as_ref());
    if asked.data_only {
        return format!("{}\n", read_as.map_or(data, |read| &read.json));
    }
    let mut members: Vec<(String, Box<RawValue>)> = Vec::new();
    let mut add = |key: &str, json: String| {
        // what is written here is JSON
        members.extend(RawValue::from_string(json).ok().map(|value| (key.to_owned(), value)));
    };
    let facts = schema.and_then(|schema| schema.facts.as_object()).into_iter().flatten();
    for (key, value) in origin.iter().chain(facts) {
        add(key, value.to_string());
    }
    if let Some(message) = decoded.and_then(|decoded| decoded.message.as_ref()) {
        add("message", json!(message).to_string());
    }
    add("data", data.to_owned());
    if !issues.is_empty() {
        let issues: Vec<Value> =
            issues.iter().map(|issue| json!({ "pointer": issue.pointer, "message": issue.message })).collect();
        add("issues", Value::from(issues).to_string());
    }
    if let Some(read) = read_as {
        let change = |change: &crate::schema::payload::ReadingChange| {
            let kind: &'static str = change.kind.into();
            json!({ "kind": kind, "pointer": change.pointer, "message": change.message })
        };
        let changes = Value::from(read.changes.iter().map(change).collect::<Vec<_>>());
        add("reader", format!(r#"{{"data":{},"changes":{changes}}}"#, read.json));
    }
    let members: Vec<String> = members.iter().map(|(key, value)| format!("{}:{}", json!(key), value.get())).collect();
    format!("{{{}}}\n", members.join(","))
}

/// An Avro container file: a line for each datum.
fn container(asked: &DecodeArguments, schemas: &mut Schemas<'_>, file: &[u8], exit: &mut Exit) -> Result<(), InputError> {
    let wrong = |why: String| InputError::of(&asked.file, why);
    let container = Container::new(file).map_err(wrong)?;
    let schema = schemas.text(container.schema)?;
    let reader = asked.reader.as_deref().map(|which| schemas.reader(which)).transpose()?;
    let PayloadValidator::Avro(payload) = &schema.payload else { return Ok(()) };
    let reading = match reader.as_ref().map(|reader| &reader.payload) {
        None => None,
        Some(PayloadValidator::Avro(reader)) => Some(reader),
        Some(_) => return Err(InputError::new("the reader of an Avro file must be an Avro schema")),
    };
    let unions = asked.schema.form.into();
    let (mut number, mut without_bytes) = (0_u64, 0);
    for block in container {
        let (count, block) = block.map_err(wrong)?;
        let mut rest: &[u8] = &block;
        for _ in 0..count {
            number += 1;
            if rest.is_empty() {
                without_bytes += 1;
                if without_bytes > MAX_WITHOUT_BYTES {
                    return Err(wrong(format!("more than {MAX_WITHOUT_BYTES} data of the file take no bytes")));
                }
            }
            let mut work = Work::new(Effort::Full, None);
            let decoded = payload.decode_first(rest, &mut work).and_then(|(data, left)| {
                let read = reading.map(|reader| {
                    let (data, changes) = data.read_as(reader, &mut work)?;
                    Ok::<_, DataFault>(records::ReadAs { json: data.to_json(unions, records::MAX_JSON_BYTES)?, changes })
                });
                let json = data.to_json(unions, records::MAX_JSON_BYTES)?;
                let read_as = read.transpose()?;
                Ok((Decoded { encoding: "avro", message_indexes: None, message: None, json, issues: Vec::new(), read_as }, left))
            });
            match decoded {
                Ok((decoded, left)) => {
                    rest = rest.get(rest.len() - left..).unwrap_or_default();
                    let line = line(asked, &Map::default(), Some(&schema), &decoded.json, Some(&decoded), &[]);
                    print(&line).map_err(InputError::new)?;
                }
                // where the next datum begins is not known either
                Err(fault) => return refuse(exit, &format!("{} datum {number}: {}", asked.file, place(&fault))),
            }
        }
        if !rest.is_empty() {
            return Err(wrong(format!("behind datum {number} a block of the file has bytes that are no datum")));
        }
    }
    Ok(())
}
