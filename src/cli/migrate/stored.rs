//! What is in a database, as a registry over it answers it.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::content::{Rest, StoredVersion};
use super::keys::{Keys, StoredDek, StoredKek};
use super::values::{is_empty, is_subject, sorted};
use crate::cli::CommandFailure;
use crate::cli::check::InputError;
use crate::cli::exit::Exit;
use crate::codec::{ConfigJson, LevelKey};
use crate::store::{ListedVersion, RegistrySnapshot, ScopeSettings};
use crate::types::{CompatibilityLevel, Dek, Kek, Subject};

pub(super) fn failed((exit, line): CommandFailure) -> InputError {
    let hint = if exit == Exit::DatabaseInUse { ": a server works with it; --to its URL writes through it" } else { "" };
    InputError::new(format!("{line}{hint}"))
}

/// What a registry over the database would say beside its versions. `level` is the one that it has where none is set.
pub(super) fn rest(snapshot: &RegistrySnapshot, level: CompatibilityLevel) -> Rest {
    let mut content = Rest {
        highest_ids: snapshot.highest_ids.iter().map(|(context, id)| (context.clone(), i64::from(*id))).collect(),
        cluster_id: Some(snapshot.cluster_id.clone()),
        ..Rest::default()
    };
    for (scope, settings) in &snapshot.settings {
        // the registry as a whole has the empty name here
        let name = if scope.is_context() && scope.is_default_context() { String::new() } else { scope.qualified() };
        if settings.config.is_some() {
            content.configs.insert(name.clone(), config(scope, settings, &snapshot.settings, level));
        }
        if let Some(mode) = settings.mode.filter(|_| is_subject(&name)) {
            content.modes.insert(name, mode.as_str().to_owned());
        }
    }
    content.configs.entry(String::new()).or_insert_with(|| json!({ "compatibility": level.as_str() }));
    content.configs.retain(|_, config| !is_empty(config));
    let mut keys = Keys::default();
    keys.keks.extend(snapshot.keks.iter().map(kek));
    for dek in &snapshot.deks {
        let key = (
            dek.name.kek.clone(),
            dek.name.written_subject.clone(),
            dek.name.algorithm.as_str().to_owned(),
            i64::from(dek.version),
        );
        keys.deks.insert(key, stored_dek(dek));
    }
    content.keys = Some(keys);
    content
}

/// A version as it is answered.
pub(super) fn version(listed: &ListedVersion) -> StoredVersion {
    let content = &listed.schema.content;
    let mut answer = json!({
        "id": listed.row.id,
        "guid": listed.schema.guid.to_string(),
        "schemaType": content.schema_type.as_str(),
        "schema": &*content.text,
        "references": content.references,
    });
    for (key, value) in [
        ("metadata", content.metadata.as_ref().map(serde_json::to_value)),
        ("ruleSet", content.rule_set.as_ref().map(serde_json::to_value)),
    ] {
        if let (Some(Ok(value)), Some(members)) = (value, answer.as_object_mut()) {
            members.insert(key.to_owned(), value);
        }
    }
    StoredVersion::read(&answer, listed.row.deleted)
}

/// A config as it is answered: with the level that it has or inherits.
pub(super) fn config(
    scope: &Subject,
    settings: &ScopeSettings,
    all: &HashMap<Subject, ScopeSettings>,
    level: CompatibilityLevel,
) -> Value {
    let own = settings.config.clone().unwrap_or_default();
    let of = |scope: &Subject| all.get(scope)?.config.as_ref()?.compatibility;
    let inherited = of(&scope.context_scope()).or_else(|| of(&Subject::plain(""))).or(Some(level));
    let whole = crate::types::Config { compatibility: own.compatibility.or(inherited), ..own };
    sorted(serde_json::to_value(ConfigJson::new(&whole, LevelKey::Compatibility)).unwrap_or_default())
}

fn kek(kek: &Kek) -> (String, StoredKek) {
    let props: Map<String, Value> = kek.kms_props.iter().map(|(key, value)| (key.0.clone(), json!(value))).collect();
    let answer = json!({
        "kmsType": kek.kms_type,
        "kmsKeyId": kek.kms_key_id,
        "kmsProps": props,
        "doc": kek.doc,
        "shared": kek.shared,
        "deleted": kek.deleted,
        "ts": kek.written_at,
    });
    (kek.name.clone(), StoredKek::read(&answer))
}

fn stored_dek(dek: &Dek) -> StoredDek {
    StoredDek { is_deleted: dek.deleted, ts: Some(dek.written_at), material: dek.encrypted_key_material.clone() }
}
