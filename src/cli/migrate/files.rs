//! Files that registries are kept in: which kind one is, and what it says.
//!
//! - ours (`bundle`)
//! - dumps of the topic `_schemas` (`schemas_topic`): lines of `kcat -J`, or of a console consumer that prints keys
//! - Karapace's backups, versions 1 and 2, and 3 (`karapace`)
//! - what Apicurio Registry exports (`apicurio`)
//! - what `AxonOps` imports
//!
//! Bundles, lines of records and Karapace's backups from version 2 on are read as they come; what is one JSON text or a zip is read whole.

use std::io::Read as _;
use std::sync::Arc;

use serde_json::Value;

use super::arguments::ApicurioIds;
use super::bundle::{self, Bundle};
use super::content::{Rest, StoredVersion};
use super::input::{InputFile, Lines, failed};
use super::kept::Kept;
use super::outline::{self, RegistryOutline};
use super::schemas_topic::{Replay, Skipped, TopicRecord};
use super::values::{VersionKey, json_of};
use super::versions::VersionStream;
use super::{apicurio, karapace};
use crate::cli::check::InputError;
use crate::records::bytes_of_hex;

/// Most bytes of what is read whole.
const MAX_BYTES: u64 = 2 << 30;
const KARAPACE_2: &[u8] = b"/V2\n";

enum FilePart {
    Bundle(Bundle),
    Kept(Arc<Kept>),
}

/// What some files say together.
pub(super) struct MigrationFiles {
    parts: Vec<(String, FilePart)>,
    pub(super) rest: Rest,
    pub(super) outline: RegistryOutline,
    /// What of them is left out.
    pub(super) skipped: Vec<String>,
}

type StoredVersions = Box<dyn Iterator<Item = Result<(VersionKey, StoredVersion), String>> + Send>;

impl MigrationFiles {
    /// Opens files; `-` is standard input. `ids` is for exports of Apicurio Registry.
    pub(super) fn open(paths: &[String], ids: Option<ApicurioIds>) -> Result<Self, InputError> {
        let mut all = Self { parts: Vec::new(), rest: Rest::default(), outline: RegistryOutline::new(), skipped: Vec::new() };
        for path in paths {
            let (part, rest, outline, skipped) = read(path, ids).map_err(|why| InputError::of(path, why))?;
            let twice = |what: String| InputError::of(path, format!("{what} is in another file, too"));
            for (subject, own) in &outline {
                for version in own.all() {
                    let key = (subject.clone(), version);
                    if outline::has(&all.outline, &key) {
                        return Err(twice(format!("{subject} version {version}")));
                    }
                    outline::add(&mut all.outline, &key, own.deleted.contains(&version));
                }
            }
            all.rest.add(rest).map_err(twice)?;
            all.skipped.extend(skipped.0);
            all.parts.push((path.clone(), part));
        }
        Ok(all)
    }

    /// Those versions that are meant, in their order.
    pub(super) fn versions(&self, is_meant: impl Fn(&VersionKey) -> bool + Send + 'static) -> Result<VersionStream, InputError> {
        let mut parts = Vec::new();
        for (path, part) in &self.parts {
            let stored: StoredVersions = match part {
                FilePart::Bundle(bundle) => Box::new(bundle.versions().map_err(|why| InputError::of(path, why))?),
                FilePart::Kept(kept) => Box::new(kept.iter()),
            };
            let path = path.clone();
            parts.push(stored.map(move |read| read.map_err(|why| InputError::of(&path, why))).peekable());
        }
        Ok(VersionStream::of_thread(move |sender| {
            loop {
                // the first of all that come next
                let mut next: Option<(usize, VersionKey)> = None;
                for (at, part) in parts.iter_mut().enumerate() {
                    match part.peek() {
                        Some(Ok((key, _))) if next.as_ref().is_none_or(|(_, first)| key < first) => {
                            next = Some((at, key.clone()));
                        }
                        Some(Err(error)) => return Err(error.clone()),
                        _ => {}
                    }
                }
                let Some(part) = next.and_then(|(at, _)| parts.get_mut(at)) else { return Ok(()) };
                if let Some((key, stored)) = part.next().transpose()?
                    && is_meant(&key)
                    && !sender.send_blocking((key, Some(stored)))
                {
                    return Ok(());
                }
            }
        }))
    }
}

fn read(path: &str, ids: Option<ApicurioIds>) -> Result<(FilePart, Rest, RegistryOutline, Skipped), String> {
    let input = InputFile::open(path)?;
    let kept = |(kept, rest, skipped): (Kept, Rest, Skipped)| {
        let outline = kept.outline();
        (FilePart::Kept(Arc::new(kept)), rest, outline, skipped)
    };
    if input.begins_with(apicurio::MAGIC)? {
        return apicurio::read(&whole(&input)?, ids).map(kept);
    }
    let mut replay = Replay::default();
    if input.begins_with(karapace::MAGIC)? {
        karapace::read(&input, &mut replay)?;
        return replay.end()?.map(kept).ok_or_else(nothing);
    }
    if input.begins_with(KARAPACE_2)? {
        let mut lines = input.lines()?;
        lines.next();
        replay_lines(lines, hex_line, &mut replay)?;
        return replay.end()?.map(kept).ok_or_else(nothing);
    }
    let first = input.lines()?.find(|line| line.as_ref().map_or(true, |(_, line)| is_meant(line)));
    let (_, first) = first.transpose()?.ok_or_else(nothing)?;
    if bundle::is_bundle(&first) {
        let (bundle, rest, outline) = Bundle::open(input)?;
        return Ok((FilePart::Bundle(bundle), rest, outline, Skipped::default()));
    }
    if is_record(&first) {
        replay_lines(input.lines()?, line, &mut replay)?;
        return replay.end()?.map(kept).ok_or_else(nothing);
    }
    let text = String::from_utf8(whole(&input)?).map_err(|_| "is not UTF-8".to_owned())?;
    match serde_json::from_str::<Value>(&text) {
        Ok(Value::Array(pairs)) => {
            for one in &pairs {
                replay.record(pair(one)?)?;
            }
            replay.end()?.map(kept).ok_or_else(nothing)
        }
        Ok(value) if value.get("schemas").is_some_and(Value::is_array) => {
            axonops(value.get("schemas").and_then(Value::as_array).map_or(&[], Vec::as_slice)).map(kept)
        }
        _ => {
            replay_lines(input.lines()?, line, &mut replay)?;
            replay.end()?.map(kept).ok_or_else(nothing)
        }
    }
}

fn nothing() -> String {
    "has nothing that a registry says".to_owned()
}

/// All of a file, unless that is too much.
fn whole(input: &InputFile) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let read = input.text()?.take(MAX_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|error| failed(&error))?;
    if bytes.len() as u64 > MAX_BYTES { Err(format!("has more than {MAX_BYTES} bytes")) } else { Ok(bytes) }
}

/// What Kafka's console consumer says before the first record since 4.2, where it is asked with `--property`.
const NOTICE: &str = "Option --property is deprecated";

fn is_meant(line: &str) -> bool {
    !line.trim().is_empty() && !line.starts_with(NOTICE)
}

/// Whether a file that begins with this line has a record on each.
fn is_record(first: &str) -> bool {
    let is_json = |text: &str| serde_json::from_str::<Value>(text).is_ok_and(|value| value.is_object());
    match first.split_once('\t') {
        Some((key, _)) => is_json(key),
        None => is_json(first) && serde_json::from_str::<Value>(first).is_ok_and(|value| value.get("key").is_some()),
    }
}

fn replay_lines(lines: Lines, read: impl Fn(&str) -> Result<TopicRecord, String>, replay: &mut Replay) -> Result<(), String> {
    for next in lines {
        let (number, line) = next?;
        if is_meant(&line) {
            let record = read(&line).map_err(|why| format!("line {number}: {why}"))?;
            replay.record(record)?;
        }
    }
    Ok(())
}

fn record(key: &str, value: &str) -> Result<TopicRecord, String> {
    Ok((json_of(key)?.ok_or("the record has no key")?, json_of(value)?))
}

/// A line of `kcat -J`, or of a console consumer with keys: key, TAB, value.
fn line(line: &str) -> Result<TopicRecord, String> {
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
fn hex_line(line: &str) -> Result<TopicRecord, String> {
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
fn pair(pair: &Value) -> Result<TopicRecord, String> {
    let part = |at: usize| match pair.get(at) {
        Some(Value::String(text)) => json_of(text),
        Some(Value::Null) | None => Ok(None),
        Some(value) => Ok(Some(value.clone())),
    };
    Ok((part(0)?.ok_or("a pair without key")?, part(1)?))
}

fn axonops(schemas: &[Value]) -> Result<(Kept, Rest, Skipped), String> {
    let mut kept = Kept::default();
    for (at, schema) in schemas.iter().enumerate() {
        let subject = schema.get("subject").and_then(Value::as_str);
        let version = schema.get("version").and_then(Value::as_i64);
        let (Some(subject), Some(version)) = (subject, version) else {
            return Err(format!("schema {at} has no subject or no version"));
        };
        kept.insert((subject.to_owned(), version), &StoredVersion::read(schema, false))?;
    }
    Ok((kept.end()?, Rest::default(), Skipped::default()))
}
