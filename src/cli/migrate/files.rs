//! Files that registries are kept in: which kind one is, and what it says.
//!
//! - ours (`bundle`)
//! - dumps of the topic `_schemas` (`schemas_topic`): lines of `kcat -J`, or of a console consumer that prints keys
//! - Karapace's backups, versions 1 and 2, and 3 (`karapace`)
//! - what Apicurio Registry exports (`apicurio`)
//! - what `AxonOps` imports

use std::io::Write as _;
use std::path::Path;

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use serde_json::Value;

use super::arguments::ApicurioIds;
use super::content::{Content, StoredVersion};
use super::file_bytes::{self, bounded, json_of};
use super::schemas_topic::{Record, Skipped, replay};
use super::{apicurio, bundle, karapace};
use crate::cli::check::InputError;
use crate::records::bytes_of_hex;

/// Largest file, when it is no longer compressed.
const MAX_BYTES: u64 = 2 << 30;
const KARAPACE_2: &str = "/V2\n";
/// How zstd begins.
const ZSTD: [u8; 4] = [0x28, 0xB5, 0x2F, 0xFD];

/// Reads a file; `-` is standard input. `ids` is for exports of Apicurio Registry.
pub(super) fn read(path: &str, ids: Option<ApicurioIds>) -> Result<(Content, Skipped), InputError> {
    let wrong = |why: String| InputError::of(path, why);
    let mut bytes = match path {
        "-" => bounded(std::io::stdin().lock(), MAX_BYTES, "read"),
        path => file_bytes::read(Path::new(path), MAX_BYTES),
    }
    .map_err(wrong)?;
    if bytes.starts_with(&[0x1F, 0x8B]) {
        bytes = bounded(MultiGzDecoder::new(bytes.as_slice()), MAX_BYTES, "decompressed").map_err(wrong)?;
    } else if bytes.starts_with(&ZSTD) {
        let decoder =
            zstd::Decoder::with_buffer(bytes.as_slice()).map_err(|error| wrong(format!("can't be decompressed: {error}")))?;
        bytes = bounded(decoder, MAX_BYTES, "decompressed").map_err(wrong)?;
    }
    if bytes.starts_with(apicurio::MAGIC) {
        return apicurio::read(&bytes, ids).map_err(wrong);
    }
    if bytes.starts_with(karapace::MAGIC) {
        let records = karapace::read(path, &bytes).map_err(wrong)?;
        return Ok(replay(records.into_iter()));
    }
    let text = String::from_utf8(bytes).map_err(|_| wrong("is not UTF-8".to_owned()))?;
    parse(&text).map_err(wrong)
}

fn parse(text: &str) -> Result<(Content, Skipped), String> {
    if bundle::is_bundle(text) {
        return bundle::read(text).map(|content| (content, Skipped::default()));
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

/// What Kafka's console consumer says before the first record since 4.2, where it is asked with `--property`.
const NOTICE: &str = "Option --property is deprecated";

fn numbered<T>(text: &str, read: impl Fn(&str) -> Result<T, String>) -> Result<Vec<T>, String> {
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty() && !line.starts_with(NOTICE));
    lines.map(|(number, line)| read(line).map_err(|why| format!("line {number}: {why}"))).collect()
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

/// Writes a file whole, or not at all; compressed where its name ends in `.gz` or `.zst`. `-` is standard output.
pub(super) fn write(path: &str, text: &str) -> Result<(), InputError> {
    let wrong = |error: std::io::Error| InputError::of(path, format!("can't be written: {error}"));
    let extension = Path::new(path).extension().and_then(std::ffi::OsStr::to_str).unwrap_or_default().to_ascii_lowercase();
    let bytes = match extension.as_str() {
        "gz" => {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(text.as_bytes()).map_err(wrong)?;
            encoder.finish().map_err(wrong)?
        }
        "zst" => zstd::encode_all(text.as_bytes(), 0).map_err(wrong)?,
        _ => text.as_bytes().to_vec(),
    };
    if path == "-" {
        return std::io::stdout().write_all(&bytes).map_err(wrong);
    }
    let unfinished = format!("{path}.unfinished");
    let mut file = std::fs::File::create(&unfinished).map_err(wrong)?;
    file.write_all(&bytes).and_then(|()| file.sync_all()).map_err(wrong)?;
    std::fs::rename(&unfinished, path).map_err(wrong)
}
