//! Our own files, read: a line of JSON for each version, config, mode and key, between a first line that says what it is and a last one that
//! says how many there are and what their digest is. Versions stand in the order of subjects and numbers, so that a bundle of any size is
//! read, compared and written without holding it.
//!
//! It is read once to see that it is whole, before anybody does anything with it, and then as often as its versions are wanted.
//!
//! Format 1 had no keys: a file of it says nothing of them, which is not the same as that there are none. Up to format 2 the digest was made
//! of whole versions.

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::content::{Rest, StoredVersion};
use super::digest::Digest;
use super::input::{InputFile, Lines};
use super::keys::{Keys, StoredDek, StoredKek};
use super::marks::Mark;
use super::outline::{self, RegistryOutline};
use super::values::VersionKey;
use crate::cli::check::folder::each;

/// What the first line says.
pub(super) const KIND: &str = "accordant-bundle";
pub(super) const FORMAT: i64 = 3;
const DIGEST_OF_WHOLE_VERSIONS: i64 = 2;
const WITHOUT_KEYS: i64 = 1;

/// Lines that one thread reads, and what all of them read before it is taken in.
const PART: usize = 16;
const ROUND: usize = 512;
const ROUND_BYTES: usize = 4 << 20;

/// Which members a kind of line has.
fn members(kind: &str) -> Option<&'static [&'static str]> {
    Some(match kind {
        "context" => &["name", "highestId"],
        "version" => {
            &["subject", "version", "id", "guid", "deleted", "schemaType", "schema", "references", "metadata", "ruleSet"]
        }
        "config" => &["scope", "config"],
        "mode" => &["scope", "mode"],
        "kek" => &["name", "kmsType", "kmsKeyId", "kmsProps", "doc", "shared", "deleted", "ts"],
        "dek" => &["kekName", "subject", "version", "algorithm", "encryptedKeyMaterial", "deleted", "ts"],
        "end" => &["versions", "configs", "modes", "keks", "deks", "digest"],
        _ => return None,
    })
}

/// Whether a file begins as a bundle does.
pub(super) fn is_bundle(first: &str) -> bool {
    let first = serde_json::from_str::<Value>(first).ok();
    first.is_some_and(|first| first.get("kind").and_then(Value::as_str) == Some(KIND))
}

/// What a line says; of a version its mark, too.
type Marked = (Value, Option<Mark>);

/// What the lines behind the first one say, read on all cores.
struct BundleValues {
    lines: Lines,
    read: VecDeque<(usize, Result<Marked, String>)>,
    /// Marks are made, too.
    is_marked: bool,
}

impl BundleValues {
    fn fill(&mut self) -> Result<(), String> {
        let (mut round, mut bytes) = (Vec::new(), 0);
        while round.len() < ROUND && bytes < ROUND_BYTES {
            let Some(line) = self.lines.next().transpose()? else { break };
            bytes += line.1.len();
            round.push(line);
        }
        let is_marked = self.is_marked;
        let parse = |(number, line): &(usize, String)| {
            let value = serde_json::from_str::<Value>(line).map_err(|error| error.to_string()).map(|value| {
                let version = value.get("version").filter(|_| is_marked);
                let mark = version.map(|body| Mark::of(&stored(body)));
                (value, mark)
            });
            (*number, value)
        };
        let parts: Vec<_> = round.chunks(PART).collect();
        self.read.extend(each(&parts, |part| part.iter().map(parse).collect::<Vec<_>>()).into_iter().flatten());
        Ok(())
    }
}

impl Iterator for BundleValues {
    type Item = Result<Marked, String>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.read.is_empty()
            && let Err(error) = self.fill()
        {
            return Some(Err(error));
        }
        let (number, value) = self.read.pop_front()?;
        Some(value.map_err(|what| format!("line {number}: {what}")))
    }
}

fn stored(body: &Value) -> StoredVersion {
    StoredVersion::read(body, body.get("deleted") == Some(&json!(true)))
}

fn key(body: &Value) -> Result<VersionKey, &'static str> {
    let (subject, version) = (body.get("subject").and_then(Value::as_str), body.get("version").and_then(Value::as_i64));
    Ok((subject.ok_or("a version without subject")?.to_owned(), version.ok_or("a version without number")?))
}

#[derive(Debug)]
pub(super) struct Bundle {
    input: InputFile,
}

impl Bundle {
    /// Reads a bundle to see that it is whole: one that was cut, or changed, is refused.
    pub(super) fn open(input: InputFile) -> Result<(Self, Rest, RegistryOutline), String> {
        let (first, values) = Self::values(&input, true)?;
        let format = first.get("format").and_then(Value::as_i64);
        let cluster_id = first.get("clusterId").and_then(Value::as_str).map(str::to_owned);
        let mut rest = Rest { keys: keys_of(&first)?, cluster_id, ..Rest::default() };
        let (mut outline, mut digest) = (RegistryOutline::new(), Digest::default());
        let (mut last, mut end) = (None::<VersionKey>, None);
        for (number, read) in (2..).zip(values) {
            let (value, mark) = read?;
            let wrong = |what: &str| format!("line {number}: {what}");
            if end.is_some() {
                return Err(wrong("there is more behind the end"));
            }
            let (kind, body) = line(&value).map_err(|what| wrong(&what))?;
            match (kind, mark) {
                ("version", Some(mark)) => {
                    let key = key(body).map_err(wrong)?;
                    if last.as_ref() == Some(&key) {
                        return Err(wrong("this version is there twice"));
                    }
                    if last.as_ref().is_some_and(|last| *last > key) {
                        return Err(wrong("versions do not stand in the order of their subjects and numbers"));
                    }
                    if format.is_some_and(|format| format <= DIGEST_OF_WHOLE_VERSIONS) {
                        digest.whole_version(&key, &stored(body));
                    } else {
                        digest.version(&key, &mark);
                    }
                    outline::add(&mut outline, &key, mark.is_deleted);
                    last = Some(key);
                }
                ("end", _) => end = Some(body.clone()),
                _ if !put(&mut rest, kind, body).map_err(wrong)? => return Err(wrong(&format!("this {kind} is there twice"))),
                _ => {}
            }
        }
        let end = end.ok_or("the bundle has no end: it was cut")?;
        if end.get("digest").and_then(Value::as_str) != Some(digest.end(&rest).digest.as_str()) {
            return Err("what the bundle says is not what its digest was made of".to_owned());
        }
        Ok((Self { input }, rest, outline))
    }

    /// The first line, and the others.
    fn values(input: &InputFile, is_marked: bool) -> Result<(Value, BundleValues), String> {
        let mut lines = input.lines()?;
        let first = lines.next().transpose()?.map(|(_, line)| line).unwrap_or_default();
        let first = serde_json::from_str(&first).map_err(|error| format!("line 1: {error}"))?;
        Ok((first, BundleValues { lines, read: VecDeque::new(), is_marked }))
    }

    /// All versions, in their order.
    pub(super) fn versions(
        &self,
    ) -> Result<impl Iterator<Item = Result<(VersionKey, StoredVersion), String>> + Send + use<>, String> {
        let (_, values) = Self::values(&self.input, false)?;
        Ok(values.filter_map(|read| {
            let read = read.and_then(|(value, _)| {
                let Some(body) = value.get("version") else { return Ok(None) };
                Ok(Some((key(body)?, stored(body))))
            });
            read.transpose()
        }))
    }
}

/// What the first line says about keys: whether there is anything about them.
fn keys_of(value: &Value) -> Result<Option<Keys>, String> {
    match value.get("format").and_then(Value::as_i64) {
        Some(WITHOUT_KEYS) => Ok(None),
        Some(DIGEST_OF_WHOLE_VERSIONS | FORMAT) => Ok((value.get("keys") == Some(&json!(true))).then(Keys::default)),
        _ => Err("line 1: the bundle was written by a newer release".to_owned()),
    }
}

/// What kind of line it is, and what it says.
fn line(value: &Value) -> Result<(&str, &Value), String> {
    let one = value.as_object().filter(|members| members.len() == 1).and_then(|members| members.iter().next());
    let Some((kind, body)) = one else { return Err("this is not a line of a bundle".to_owned()) };
    let known = members(kind).ok_or("this is not a line of a bundle")?;
    let own = body.as_object().ok_or_else(|| format!("{kind} is no object"))?;
    if let Some(unknown) = own.keys().find(|key| !known.contains(&key.as_str())) {
        return Err(format!("{kind} has a member {unknown}, which there is not"));
    }
    Ok((kind, body))
}

/// Takes in what a line says; whether that is said for the first time.
fn put(content: &mut Rest, kind: &str, body: &Value) -> Result<bool, &'static str> {
    let text = |key: &str| body.get(key).and_then(Value::as_str).map(str::to_owned);
    let number = |key: &str| body.get(key).and_then(Value::as_i64);
    match kind {
        "context" => {
            let (Some(name), Some(id)) = (text("name"), number("highestId")) else { return Err("a context without name or id") };
            Ok(content.highest_ids.insert(name, id).is_none())
        }
        "config" => {
            let scope = text("scope").ok_or("a config without scope")?;
            Ok(content.configs.insert(scope, body.get("config").cloned().unwrap_or_default()).is_none())
        }
        "mode" => {
            let (Some(scope), Some(mode)) = (text("scope"), text("mode")) else { return Err("a mode without scope") };
            Ok(content.modes.insert(scope, mode).is_none())
        }
        "kek" => {
            let name = text("name").ok_or("a KEK without name")?;
            let keys = content.keys.as_mut().ok_or("a key in a bundle that says to have none")?;
            Ok(keys.keks.insert(name, StoredKek::read(body)).is_none())
        }
        _ => {
            let (Some(kek), Some(subject), Some(algorithm), Some(version), Some(dek)) =
                (text("kekName"), text("subject"), text("algorithm"), number("version"), StoredDek::read(body))
            else {
                return Err("a DEK without KEK, subject, algorithm, number or wrapped key");
            };
            let keys = content.keys.as_mut().ok_or("a key in a bundle that says to have none")?;
            Ok(keys.deks.insert((kek, subject, algorithm, version), dek).is_none())
        }
    }
}
