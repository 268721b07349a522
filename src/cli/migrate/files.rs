//! Files that registries are kept in: which kind one is, and what it says.
//!
//! - ours (`bundle`)
//! - dumps of the topic `_schemas` (`schemas_topic`): lines of `kcat -J`, or of a console consumer that prints keys
//! - Karapace's backups, versions 1 and 2
//! - what `AxonOps` imports

use std::io::{Read as _, Write as _};
use std::path::Path;

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use serde_json::Value;

use super::bundle;
use super::content::{Content, StoredVersion};
use super::schemas_topic::{Record, Skipped, replay};
use crate::cli::check::InputError;
use crate::records::bytes_of_hex;

/// Largest file, when it is no longer compressed.
const MAX_BYTES: u64 = 2 << 30;
const KARAPACE_2: &str = "/V2\n";
const KARAPACE_3: &str = "/V3\n";

/// Reads a file; `-` is standard input.
pub(super) fn read(path: &str) -> Result<(Content, Skipped), InputError> {
    let wrong = |why: String| InputError::of(path, why);
    let mut bytes = Vec::new();
    let done = match path {
        "-" => std::io::stdin().lock().take(MAX_BYTES + 1).read_to_end(&mut bytes),
        path => std::fs::File::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes)),
    };
    done.map_err(|error| wrong(format!("can't be read: {error}")))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(wrong(format!("has more than {MAX_BYTES} bytes")));
    }
    if bytes.starts_with(&[0x1F, 0x8B]) {
        let mut inflated = Vec::new();
        let read = MultiGzDecoder::new(bytes.as_slice()).take(MAX_BYTES + 1).read_to_end(&mut inflated);
        read.map_err(|error| wrong(format!("can't be decompressed: {error}")))?;
        if inflated.len() as u64 > MAX_BYTES {
            return Err(wrong(format!("has more than {MAX_BYTES} bytes")));
        }
        bytes = inflated;
    }
    let text = String::from_utf8(bytes).map_err(|_| wrong("is not UTF-8".to_owned()))?;
    parse(&text).map_err(wrong)
}

fn parse(text: &str) -> Result<(Content, Skipped), String> {
    if bundle::is_bundle(text) {
        return bundle::read(text).map(|content| (content, Skipped::default()));
    }
    if text.starts_with(KARAPACE_3) {
        return Err("is the metadata of a Karapace backup of version 3, which is not read".to_owned());
    }
    if let Some(rest) = text.strip_prefix(KARAPACE_2) {
        let records: Vec<Record> = numbered(rest, hex_line)?;
        return Ok(replay(records.into_iter()));
    }
    match serde_json::from_str::<Value>(text) {
        Ok(Value::Array(pairs)) => {
            let records: Result<Vec<Record>, String> = pairs.iter().map(pair).collect();
            return Ok(replay(records?.into_iter()));
        }
        Ok(value) => {
            if let Some(schemas) = value.get("schemas").and_then(Value::as_array) {
                return Ok((axonops(schemas)?, Skipped::default()));
            }
        }
        Err(_) => {}
    }
    let records: Vec<Record> = numbered(text, line)?;
    if records.is_empty() {
        return Err("has nothing that a registry says".to_owned());
    }
    Ok(replay(records.into_iter()))
}

fn numbered<T>(text: &str, read: impl Fn(&str) -> Result<T, String>) -> Result<Vec<T>, String> {
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    lines.map(|(number, line)| read(line).map_err(|why| format!("line {number}: {why}"))).collect()
}

/// JSON in a text; nothing for `null` and for empty texts, which old releases of Karapace write for it.
fn json_of(text: &str) -> Result<Option<Value>, String> {
    match text.trim() {
        "" | "null" => Ok(None),
        text => serde_json::from_str(text).map(Some).map_err(|error| format!("not JSON: {error}")),
    }
}

fn record(key: &str, value: &str) -> Result<Record, String> {
    Ok((json_of(key)?.ok_or("the record has no key")?, json_of(value)?))
}

/// A line of `kcat -J`, or of a console consumer with keys: key, TAB, value.
fn line(line: &str) -> Result<Record, String> {
    if let Some((key, value)) = line.split_once('\t') {
        return record(key, value);
    }
    let message: Value = serde_json::from_str(line).map_err(|error| format!("neither JSON nor KEY<TAB>VALUE: {error}"))?;
    let text = |name: &str| match message.get(name) {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Null) | None => Ok(String::new()),
        Some(value @ Value::Object(_)) => Ok(value.to_string()),
        Some(_) => Err(format!("{name} is no text")),
    };
    let value = if message.get("payload").is_some() { text("payload")? } else { text("value")? };
    record(&text("key")?, &value)
}

/// Karapace, version 2: both in hexadecimal digits, or `null`.
fn hex_line(line: &str) -> Result<Record, String> {
    let (key, value) = line.split_once('\t').ok_or("expected HEXKEY<TAB>HEXVALUE")?;
    let text = |digits: &str| -> Result<String, String> {
        if digits == "null" {
            return Ok(String::new());
        }
        let bytes = bytes_of_hex(digits).ok_or("not pairs of hexadecimal digits")?;
        String::from_utf8(bytes).map_err(|_| "not UTF-8".to_owned())
    };
    record(&text(key)?, &text(value)?)
}

/// Karapace, version 1: `[key, value]`, texts or objects.
fn pair(pair: &Value) -> Result<Record, String> {
    let part = |at: usize| match pair.get(at) {
        Some(Value::String(text)) => json_of(text),
        Some(Value::Null) | None => Ok(None),
        Some(value) => Ok(Some(value.clone())),
    };
    Ok((part(0)?.ok_or("a pair without key")?, part(1)?))
}

fn axonops(schemas: &[Value]) -> Result<Content, String> {
    let mut content = Content::default();
    for (at, schema) in schemas.iter().enumerate() {
        let subject = schema.get("subject").and_then(Value::as_str);
        let version = schema.get("version").and_then(Value::as_i64);
        let (Some(subject), Some(version)) = (subject, version) else {
            return Err(format!("schema {at} has no subject or no version"));
        };
        content.versions.insert((subject.to_owned(), version), StoredVersion::read(schema, false));
    }
    Ok(content)
}

/// Writes a file whole, or not at all; compressed where its name ends in `.gz`. `-` is standard output.
pub(super) fn write(path: &str, text: &str) -> Result<(), InputError> {
    let wrong = |error: std::io::Error| InputError::of(path, format!("can't be written: {error}"));
    let bytes = if Path::new(path).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gz")) {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text.as_bytes()).map_err(wrong)?;
        encoder.finish().map_err(wrong)?
    } else {
        text.as_bytes().to_vec()
    };
    if path == "-" {
        return std::io::stdout().write_all(&bytes).map_err(wrong);
    }
    let unfinished = format!("{path}.unfinished");
    let mut file = std::fs::File::create(&unfinished).map_err(wrong)?;
    file.write_all(&bytes).and_then(|()| file.sync_all()).map_err(wrong)?;
    std::fs::rename(&unfinished, path).map_err(wrong)
}
