//! Metadata and rule sets as requests and the database have them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::read::{CodecError, as_array, as_bool, as_object, as_string, field, string_field};
use crate::types::{ExecutionEnvironment, JavaStr, Metadata, Rule, RuleKind, RuleMode, RuleSet};

fn string_set(value: &Value) -> Result<Option<BTreeSet<JavaStr>>, CodecError> {
    let Some(items) = as_array("java.util.LinkedHashSet<String>", value)? else { return Ok(None) };
    let mut set = BTreeSet::new();
    for item in items {
        set.extend(as_string(item)?.map(JavaStr));
    }
    Ok(Some(set))
}

fn string_map(value: &Value) -> Result<Option<BTreeMap<JavaStr, String>>, CodecError> {
    let Some(members) = as_object("java.util.LinkedHashMap<String,String>", value)? else { return Ok(None) };
    let mut map = BTreeMap::new();
    for (key, value) in members {
        if let Some(value) = as_string(value)? {
            map.insert(JavaStr(key.clone()), value);
        }
    }
    Ok(Some(map))
}

/// Empty members are no members: they are left out of answers and of guids, and what is stored is read again without them.
fn present<T>(value: Option<T>, is_empty: impl Fn(&T) -> bool) -> Option<T> {
    value.filter(|value| !is_empty(value))
}

/// Reads `metadata`.
///
/// # Errors
/// A value of the wrong JSON type.
pub fn metadata_from(value: &Value) -> Result<Option<Metadata>, CodecError> {
    let Some(map) = as_object("Metadata", value)? else { return Ok(None) };
    let tags = field(map, "tags", |value| {
        let Some(members) = as_object("java.util.LinkedHashMap<String,Set<String>>", value)? else { return Ok(None) };
        let mut tags = BTreeMap::new();
        for (path, names) in members {
            if let Some(names) = string_set(names)? {
                tags.insert(JavaStr(path.clone()), names);
            }
        }
        Ok(Some(tags))
    })?;
    Ok(Some(Metadata {
        tags: present(tags, BTreeMap::is_empty),
        properties: present(field(map, "properties", string_map)?, BTreeMap::is_empty),
        sensitive: present(field(map, "sensitive", string_set)?, BTreeSet::is_empty),
    }))
}

fn name<T>(value: &Value, class: &str, all: &str, parse: impl Fn(&str) -> Option<T>) -> Result<Option<T>, CodecError> {
    match as_string(value)? {
        None => Ok(None),
        Some(text) => parse(&text).map(Some).ok_or_else(|| {
            CodecError(format!(
                "Cannot deserialize value of type `{class}` from String \"{text}\": not one of the values accepted for Enum class: [{all}]"
            ))
        }),
    }
}

/// Reads one rule; `kind` and `mode` take their defaults when absent.
///
/// # Errors
/// A value of the wrong JSON type, or an unknown `kind` or `mode`.
pub fn rule_from(value: &Value) -> Result<Option<Rule>, CodecError> {
    let Some(map) = as_object("Rule", value)? else { return Ok(None) };
    let kind = field(map, "kind", |v| name(v, "RuleKind", "TRANSFORM, CONDITION", RuleKind::parse))?;
    let modes = "UPGRADE, DOWNGRADE, UPDOWN, WRITE, READ, WRITEREAD";
    let mode = field(map, "mode", |v| name(v, "RuleMode", modes, RuleMode::parse))?;
    Ok(Some(Rule {
        name: string_field(map, "name")?,
        doc: present(string_field(map, "doc")?, String::is_empty),
        kind: Some(kind.unwrap_or(RuleKind::Transform)),
        mode: Some(mode.unwrap_or(RuleMode::WriteRead)),
        rule_type: string_field(map, "type")?,
        tags: present(field(map, "tags", string_set)?, BTreeSet::is_empty),
        params: present(field(map, "params", string_map)?, BTreeMap::is_empty),
        expr: present(string_field(map, "expr")?, String::is_empty),
        on_success: present(string_field(map, "onSuccess")?, String::is_empty),
        on_failure: present(string_field(map, "onFailure")?, String::is_empty),
        disabled: field(map, "disabled", as_bool)?.unwrap_or(false),
    }))
}

fn rules(value: &Value) -> Result<Option<Vec<Rule>>, CodecError> {
    let Some(items) = as_array("java.util.ArrayList<Rule>", value)? else { return Ok(None) };
    let mut rules = Vec::with_capacity(items.len());
    for item in items {
        rules.extend(rule_from(item)?);
    }
    Ok(Some(rules))
}

/// Reads `ruleSet`.
///
/// # Errors
/// A value of the wrong JSON type or an unknown name.
pub fn rule_set_from(value: &Value) -> Result<Option<RuleSet>, CodecError> {
    let Some(map) = as_object("RuleSet", value)? else { return Ok(None) };
    let places = "ALL, CLIENT, GATEWAY, SERVER, NONE";
    Ok(Some(RuleSet {
        migration_rules: present(field(map, "migrationRules", rules)?, Vec::is_empty),
        domain_rules: present(field(map, "domainRules", rules)?, Vec::is_empty),
        encoding_rules: present(field(map, "encodingRules", rules)?, Vec::is_empty),
        enable_at: field(map, "enableAt", |v| name(v, "ExecutionEnvironment", places, ExecutionEnvironment::parse))?,
    }))
}
