//! Our own files: a line of JSON for each version, config, mode and key, between a first line that says what it is and a last one that says
//! how many there are and what their digest is. With a name that ends in `.gz` the file is compressed.
//!
//! Format 1 had no keys. A file of it says nothing of them, which is not the same as that there are none.

use serde_json::{Map, Value, json};

use super::content::{Content, StoredVersion};
use super::digest;
use super::keys::{Keys, StoredDek, StoredKek};
use crate::cli::check::folder::each;

/// What the first line says.
const KIND: &str = "accordant-bundle";
const FORMAT: i64 = 2;
const WITHOUT_KEYS: i64 = 1;

/// Lines that one thread reads, and that all of them read before they are taken in.
const PART: usize = 64;
const ROUND: usize = 128 * PART;

/// The lines of a bundle.
pub(super) fn write(content: &Content, source: &str) -> String {
    let mut out = String::new();
    let mut line = |value: Value| {
        out.push_str(&value.to_string());
        out.push('\n');
    };
    let mut first = json!({ "kind": KIND, "format": FORMAT, "source": source, "keys": content.keys.is_some() });
    if let (Some(first), Some(id)) = (first.as_object_mut(), &content.cluster_id) {
        first.insert("clusterId".to_owned(), json!(id));
    }
    line(first);
    for (context, id) in &content.highest_ids {
        line(json!({ "context": { "name": context, "highestId": id } }));
    }
    for ((subject, version), stored) in &content.versions {
        let mut body = Map::new();
        body.insert("subject".to_owned(), json!(subject));
        body.insert("version".to_owned(), json!(version));
        body.insert("id".to_owned(), json!(stored.id));
        if let Some(guid) = &stored.guid {
            body.insert("guid".to_owned(), json!(guid));
        }
        if stored.is_deleted {
            body.insert("deleted".to_owned(), json!(true));
        }
        body.extend(stored.body.clone());
        line(json!({ "version": body }));
    }
    for (scope, config) in &content.configs {
        line(json!({ "config": { "scope": scope, "config": config } }));
    }
    for (scope, mode) in &content.modes {
        line(json!({ "mode": { "scope": scope, "mode": mode } }));
    }
    let mut end = json!({ "versions": content.versions.len(), "configs": content.configs.len(), "modes": content.modes.len() });
    let marks = |body: &mut Map<String, Value>, is_deleted: bool, ts: Option<i64>| {
        if is_deleted {
            body.insert("deleted".to_owned(), json!(true));
        }
        if let Some(ts) = ts {
            body.insert("ts".to_owned(), json!(ts));
        }
    };
    if let Some(keys) = &content.keys {
        for (name, kek) in &keys.keks {
            let mut body = Map::new();
            body.insert("name".to_owned(), json!(name));
            body.extend(kek.body.clone());
            marks(&mut body, kek.is_deleted, kek.ts);
            line(json!({ "kek": body }));
        }
        for ((kek, subject, algorithm, version), dek) in &keys.deks {
            let mut body = Map::new();
            body.insert("kekName".to_owned(), json!(kek));
            body.insert("subject".to_owned(), json!(subject));
            body.insert("version".to_owned(), json!(version));
            body.insert("algorithm".to_owned(), json!(algorithm));
            body.insert("encryptedKeyMaterial".to_owned(), json!(dek.material));
            marks(&mut body, dek.is_deleted, dek.ts);
            line(json!({ "dek": body }));
        }
        if let Some(end) = end.as_object_mut() {
            end.insert("keks".to_owned(), json!(keys.keks.len()));
            end.insert("deks".to_owned(), json!(keys.deks.len()));
        }
    }
    if let Some(end) = end.as_object_mut() {
        end.insert("digest".to_owned(), json!(digest::of(content)));
    }
    line(json!({ "end": end }));
    out
}

/// Whether a text begins as a bundle does.
pub(super) fn is_bundle(text: &str) -> bool {
    let first = text.lines().next().and_then(|line| serde_json::from_str::<Value>(line).ok());
    first.is_some_and(|first| first.get("kind").and_then(Value::as_str) == Some(KIND))
}

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

/// Reads a bundle whole: one that was cut, or changed, is refused.
pub(super) fn read(text: &str) -> Result<Content, String> {
    let lines: Vec<&str> = text.lines().collect();
    let first: Value = serde_json::from_str(lines.first().unwrap_or(&"")).map_err(|error| format!("line 1: {error}"))?;
    let cluster_id = first.get("clusterId").and_then(Value::as_str).map(str::to_owned);
    let mut content = Content { keys: keys_of(&first)?, cluster_id, ..Content::default() };
    let mut end = None;
    let mut number = 1;
    for round in lines.get(1..).unwrap_or_default().chunks(ROUND) {
        let parts: Vec<_> = round.chunks(PART).collect();
        let read = |part: &&[&str]| part.iter().map(|line| serde_json::from_str(line)).collect::<Vec<Result<Value, _>>>();
        for value in each(&parts, read).into_iter().flatten() {
            number += 1;
            let wrong = |what: &str| format!("line {number}: {what}");
            let value = value.map_err(|error| wrong(&error.to_string()))?;
            if end.is_some() {
                return Err(wrong("there is more behind the end"));
            }
            take(&mut content, &mut end, &value).map_err(|what| wrong(&what))?;
        }
    }
    let end = end.ok_or("the bundle has no end: it was cut")?;
    if end.get("digest").and_then(Value::as_str) != Some(digest::of(&content).as_str()) {
        return Err("what the bundle says is not what its digest was made of".to_owned());
    }
    Ok(content)
}

/// What the first line says about keys: whether there is anything about them.
fn keys_of(value: &Value) -> Result<Option<Keys>, String> {
    match value.get("format").and_then(Value::as_i64) {
        Some(WITHOUT_KEYS) => Ok(None),
        Some(FORMAT) => Ok((value.get("keys") == Some(&json!(true))).then(Keys::default)),
        _ => Err("line 1: the bundle was written by a newer release".to_owned()),
    }
}

/// Takes in what a line says.
fn take(content: &mut Content, end: &mut Option<Value>, value: &Value) -> Result<(), String> {
    let one = value.as_object().filter(|members| members.len() == 1).and_then(|members| members.iter().next());
    let Some((kind, body)) = one else { return Err("this is not a line of a bundle".to_owned()) };
    let known = members(kind).ok_or("this is not a line of a bundle")?;
    let own = body.as_object().ok_or_else(|| format!("{kind} is no object"))?;
    if let Some(unknown) = own.keys().find(|key| !known.contains(&key.as_str())) {
        return Err(format!("{kind} has a member {unknown}, which there is not"));
    }
    if kind == "end" {
        *end = Some(body.clone());
    } else if !put(content, kind, body)? {
        return Err(format!("this {kind} is there twice"));
    }
    Ok(())
}

/// Takes in what a line says; whether that is said for the first time.
fn put(content: &mut Content, kind: &str, body: &Value) -> Result<bool, &'static str> {
    let text = |key: &str| body.get(key).and_then(Value::as_str).map(str::to_owned);
    let number = |key: &str| body.get(key).and_then(Value::as_i64);
    match kind {
        "version" => {
            let (Some(subject), Some(version)) = (text("subject"), number("version")) else {
                return Err("a version without subject or number");
            };
            let is_deleted = body.get("deleted") == Some(&json!(true));
            Ok(content.versions.insert((subject, version), StoredVersion::read(body, is_deleted)).is_none())
        }
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
