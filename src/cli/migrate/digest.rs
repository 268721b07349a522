//! One number for all that a registry says.
//!
//! It is the SHA-256 of a line for each version, config, mode, KEK and DEK, in the order of their names. Which modes there are is left out where it
//! is the usual one, and guids are left out, because not every registry has them: they follow from the rest.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::content::{Content, StoredVersion};
use crate::cli::check::folder::each;
use crate::types::hex;

/// The mode of what has none of its own.
const USUAL: &str = "READWRITE";

/// Versions whose lines are made by one thread, and of all threads together before they are added up.
const PART: usize = 128;
const ROUND: usize = 128 * PART;

pub(super) fn of(content: &Content) -> String {
    let mut sha = Sha256::new();
    let versions: Vec<(&(String, i64), &StoredVersion)> = content.versions.iter().collect();
    for round in versions.chunks(ROUND) {
        let parts: Vec<_> = round.chunks(PART).collect();
        for lines in each(&parts, |part| part.iter().map(|(key, stored)| line(key, stored)).collect::<String>()) {
            sha.update(lines);
        }
    }
    for (scope, config) in &content.configs {
        sha.update(format!("{}\n", json!(["config", scope, config])));
    }
    for (scope, mode) in content.modes.iter().filter(|(_, mode)| *mode != USUAL) {
        sha.update(format!("{}\n", json!(["mode", scope, mode])));
    }
    for (name, kek) in content.keys.iter().flat_map(|keys| &keys.keks) {
        let member = |key: &str| kek.body.get(key).cloned().unwrap_or_default();
        let line = json!([
            "kek",
            name,
            kek.is_deleted,
            member("kmsType"),
            member("kmsKeyId"),
            member("kmsProps"),
            member("doc"),
            member("shared"),
        ]);
        sha.update(format!("{line}\n"));
    }
    for ((kek, subject, algorithm, version), dek) in content.keys.iter().flat_map(|keys| &keys.deks) {
        let line = json!(["dek", kek, subject, algorithm, version, dek.is_deleted, dek.material]);
        sha.update(format!("{line}\n"));
    }
    hex(&sha.finalize())
}

fn line((subject, version): &(String, i64), stored: &StoredVersion) -> String {
    let member = |key: &str| stored.body.get(key).cloned().unwrap_or_default();
    let line = json!([
        "version",
        subject,
        version,
        stored.id,
        stored.is_deleted,
        member("schemaType"),
        stored.text(),
        member("references"),
        member("metadata"),
        member("ruleSet"),
    ]);
    format!("{line}\n")
}

pub(super) fn counts(content: &Content) -> String {
    let versions = content.versions.len();
    let deleted = content.versions.values().filter(|stored| stored.is_deleted).count();
    let keys = match content.keys.as_ref().filter(|keys| keys.len() > 0) {
        Some(keys) => format!(", {} KEKs, {} DEKs", keys.keks.len(), keys.deks.len()),
        None => String::new(),
    };
    format!(
        "{} subjects, {versions} versions, {deleted} of them deleted, {} configs{keys}",
        subjects(content),
        content.configs.len()
    )
}

fn subjects(content: &Content) -> usize {
    let mut names: Vec<&str> = content.versions.keys().map(|(subject, _)| subject.as_str()).collect();
    names.dedup();
    names.len()
}

pub(super) fn json(content: &Content) -> Value {
    json!({
        "digest": of(content),
        "subjects": subjects(content),
        "versions": content.versions.len(),
        "deletedVersions": content.versions.values().filter(|stored| stored.is_deleted).count(),
        "configs": content.configs.len(),
        "keks": content.keys.as_ref().map_or(0, |keys| keys.keks.len()),
        "deks": content.keys.as_ref().map_or(0, |keys| keys.deks.len()),
        "withheld": content.withheld,
    })
}
