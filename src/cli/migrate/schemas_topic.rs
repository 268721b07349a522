//! The records of the topic `_schemas`, in which Confluent's registry and Karapace keep everything, and of `_dek_registry_keys`, in which
//! Confluent's keeps KEKs and DEKs.
//!
//! They are read in order, as those registries do at their start, compacted or not.

use std::collections::HashMap;

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::content::{Rest, StoredVersion};
use super::kept::Kept;
use super::keys::{Keys, StoredDek, StoredKek};
use super::values::{VersionKey, context_of, is_subject, sorted};

/// One record: the key, and the value if it has one.
pub(super) type TopicRecord = (Value, Option<Value>);

/// The only tenant that a registry of one's own has.
const TENANT: &str = "default";

/// What was left out, and why.
#[derive(Debug, Default)]
pub(super) struct Skipped(pub(super) Vec<String>);

/// What the records say together, while they are read one by one.
#[derive(Default)]
pub(super) struct Replay {
    versions: Kept,
    rest: Rest,
    ids: Ids,
    skipped: Skipped,
    records: usize,
}

impl Replay {
    pub(super) fn record(&mut self, (key, value): TopicRecord) -> Result<(), String> {
        self.records += 1;
        let text = |key_of: &Value, name: &str| key_of.get(name).and_then(Value::as_str).map(str::to_owned);
        let subject = text(&key, "subject");
        let rest = &mut self.rest;
        match text(&key, "keytype").as_deref() {
            Some("SCHEMA") => self.schema(&key, value.as_ref())?,
            Some("DELETE_SUBJECT") => {
                let (Some(subject), Some(value)) = (subject, value) else { return Ok(()) };
                let last = value.get("version").and_then(Value::as_i64).unwrap_or(i64::MAX);
                self.versions.retain(&subject, |version, is_deleted| {
                    *is_deleted |= version <= last;
                    true
                });
            }
            Some("CLEAR_SUBJECT") => {
                let Some(subject) = subject else { return Ok(()) };
                self.versions.retain(&subject, |_, is_deleted| !*is_deleted);
            }
            Some("CONFIG") => {
                let scope = subject.unwrap_or_default();
                match value {
                    Some(value) => drop(rest.configs.insert(scope, config(value))),
                    None => drop(rest.configs.remove(&scope)),
                }
            }
            Some("MODE") => {
                let scope = subject.unwrap_or_default();
                match value.as_ref().and_then(|value| text(value, "mode")) {
                    Some(mode) => drop(rest.modes.insert(scope, mode)),
                    None => drop(rest.modes.remove(&scope)),
                }
            }
            // what only marks a place
            Some("NOOP" | "CONTEXT") => {}
            Some(other) => self.skipped.0.push(format!("a record of the kind {other}")),
            None if key.get("type").is_some() => {
                if !replay_key(rest.keys.get_or_insert_default(), &key, value.as_ref()) {
                    self.skipped.0.push(format!("a record of a key that is none: {key}"));
                }
            }
            None => self.skipped.0.push(format!("a record whose key says no kind: {key}")),
        }
        Ok(())
    }

    fn schema(&mut self, key: &Value, value: Option<&Value>) -> Result<(), String> {
        let subject = key.get("subject").and_then(Value::as_str).unwrap_or_default().to_owned();
        let Some(version) = key.get("version").and_then(Value::as_i64) else {
            self.skipped.0.push(format!("a schema without version: {key}"));
            return Ok(());
        };
        let Some(value) = value else {
            self.versions.remove(&(subject, version));
            return Ok(());
        };
        let is_deleted = value.get("deleted").and_then(Value::as_bool) == Some(true);
        let stored = StoredVersion::read(value, is_deleted);
        if stored.text().is_empty() {
            self.skipped.0.push(format!("{subject} version {version}: it has no text"));
            return Ok(());
        }
        // as those registries do: an id that stands for something else already keeps its meaning
        if let (Some(id), Some(text)) = (stored.id, stored.body.get("schema").and_then(Value::as_str)) {
            let text: [u8; 32] = Sha256::digest(text).into();
            if *self.ids.entry((context_of(&subject), id)).or_insert(text) != text {
                self.skipped.0.push(format!("{subject} version {version}: its id {id} stands for another schema"));
                return Ok(());
            }
        }
        self.versions.insert((subject, version), &stored)
    }

    /// Nothing where there was no record.
    pub(super) fn end(mut self) -> Result<Option<(Kept, Rest, Skipped)>, String> {
        // those of contexts and of the registry are each registry's own
        self.rest.modes.retain(|scope, _| is_subject(scope));
        Ok(if self.records == 0 { None } else { Some((self.versions.end()?, self.rest, self.skipped)) })
    }
}

/// Takes in a record of `_dek_registry_keys`; whether it is one.
fn replay_key(keys: &mut Keys, key: &Value, value: Option<&Value>) -> bool {
    let text = |name: &str| key.get(name).and_then(Value::as_str).map(str::to_owned);
    match (text("type").as_deref(), value) {
        (Some("KEK"), value) => {
            let Some(name) = text("name") else { return false };
            match value {
                Some(value) => drop(keys.keks.insert(name, StoredKek::read(value))),
                None => drop(keys.keks.remove(&name)),
            }
        }
        (Some("DEK"), value) => {
            let version = key.get("version").and_then(Value::as_i64);
            let (Some(kek), Some(subject), Some(algorithm), Some(version)) =
                (text("kekName"), text("subject"), text("algorithm"), version)
            else {
                return false;
            };
            let name = (kek, subject, algorithm, version);
            match value {
                Some(value) => {
                    let Some(dek) = StoredDek::read(value) else { return false };
                    keys.deks.insert(name, dek);
                }
                None => drop(keys.deks.remove(&name)),
            }
        }
        _ => return false,
    }
    true
}

/// The records of `_dek_registry_keys` that say the same, KEKs first.
pub(super) fn key_records(keys: &Keys) -> Vec<(Value, Value)> {
    let mut records = Vec::new();
    for (name, kek) in &keys.keks {
        let key = json!({ "tenant": TENANT, "type": "KEK", "name": name });
        let mut value = Map::new();
        value.insert("type".to_owned(), json!("KEK"));
        value.insert("name".to_owned(), json!(name));
        value.extend(kek.body.clone());
        value.insert("deleted".to_owned(), json!(kek.is_deleted));
        value.extend(kek.ts.map(|ts| ("ts".to_owned(), json!(ts))));
        records.push((key, value.into()));
    }
    for ((kek, subject, algorithm, version), dek) in &keys.deks {
        let mut value = Map::new();
        value.insert("type".to_owned(), json!("DEK"));
        for (name, member) in [("kekName", kek), ("subject", subject), ("algorithm", algorithm)] {
            value.insert(name.to_owned(), json!(member));
        }
        value.insert("version".to_owned(), json!(version));
        let mut key = value.clone();
        key.shift_insert(0, "tenant".to_owned(), json!(TENANT));
        value.insert("encryptedKeyMaterial".to_owned(), json!(dek.material));
        value.insert("deleted".to_owned(), json!(dek.is_deleted));
        value.extend(dek.ts.map(|ts| ("ts".to_owned(), json!(ts))));
        records.push((key.into(), value.into()));
    }
    records
}

/// A hash of the text that an id stands for, in its context.
type Ids = HashMap<(Option<String>, i64), [u8; 32]>;

/// The config of a record as requests have it.
fn config(value: Value) -> Value {
    let Value::Object(mut members) = value else { return json!({}) };
    members.remove("subject");
    if let Some(level) = members.remove("compatibilityLevel") {
        members.entry("compatibility").or_insert(level);
    }
    // what is set without a level has that of Confluent's server, as its answers say
    if members.get("compatibility").is_none_or(Value::is_null) {
        members.insert("compatibility".to_owned(), "BACKWARD".into());
    }
    sorted(members.into())
}

/// The record of a version, key and value in Confluent's order of members.
pub(super) fn record((subject, version): &VersionKey, stored: &StoredVersion) -> (Value, Value) {
    let mut value = Map::new();
    value.insert("subject".to_owned(), json!(subject));
    value.insert("version".to_owned(), json!(version));
    value.insert("id".to_owned(), json!(stored.id));
    for name in ["schemaType", "references", "metadata", "ruleSet", "schema"] {
        if let Some(member) = stored.body.get(name).filter(|member| *member != &json!("AVRO")) {
            value.insert(name.to_owned(), member.clone());
        }
    }
    value.insert("deleted".to_owned(), json!(stored.is_deleted));
    let key = json!({ "keytype": "SCHEMA", "subject": subject, "version": version, "magic": 1 });
    (key, value.into())
}

/// The records of settings.
pub(super) fn settings(rest: &Rest) -> Vec<(Value, Value)> {
    let mut records = Vec::new();
    let scoped = |kind: &str, scope: &str| {
        let mut key = Map::new();
        key.insert("keytype".to_owned(), json!(kind));
        if !scope.is_empty() {
            key.insert("subject".to_owned(), json!(scope));
        }
        key.insert("magic".to_owned(), json!(0));
        Value::Object(key)
    };
    for (scope, config) in &rest.configs {
        let mut value = Map::new();
        if !scope.is_empty() {
            value.insert("subject".to_owned(), json!(scope));
        }
        for (name, member) in config.as_object().into_iter().flatten() {
            let name = if name == "compatibility" { "compatibilityLevel" } else { name };
            value.insert(name.to_owned(), member.clone());
        }
        records.push((scoped("CONFIG", scope), value.into()));
    }
    for (scope, mode) in &rest.modes {
        let value = if scope.is_empty() { json!({ "mode": mode }) } else { json!({ "subject": scope, "mode": mode }) };
        records.push((scoped("MODE", scope), value));
    }
    records
}
