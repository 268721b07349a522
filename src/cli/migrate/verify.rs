//! Where two registries differ.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::content::{Content, StoredVersion};
use super::digest;
use super::keys::{self, Keys};
use crate::cli::check::max_depth;
use crate::cli::check::style::without_controls;
use crate::schema::{ParseMode, ParseOptions, Parsed};
use crate::types::SchemaType;

/// Differences that are printed for people; JSON has all of them.
const SHOWN: usize = 50;
/// The mode of what has none of its own.
const USUAL: &str = "READWRITE";

/// One difference.
#[derive(Debug)]
struct Difference {
    /// A subject, a context, a key, or nothing for the registry as a whole.
    scope: String,
    version: Option<i64>,
    what: &'static str,
    reason: String,
}

#[derive(Debug)]
pub(super) struct Report {
    differences: Vec<Difference>,
}

pub(super) fn report(source: &Content, target: &Content) -> Report {
    let mut differences = Vec::new();
    let keys: BTreeSet<_> = source.versions.keys().chain(target.versions.keys()).collect();
    for key in keys {
        let (subject, version) = key;
        let mut add = |what: &'static str, reason: String| {
            differences.push(Difference { scope: subject.clone(), version: Some(*version), what, reason });
        };
        match (source.versions.get(key), target.versions.get(key)) {
            (Some(_), None) => add("version", "the target does not have it".to_owned()),
            (None, Some(_)) => add("version", "the source does not have it".to_owned()),
            (Some(one), Some(other)) => compare(one, other, &mut add),
            (None, None) => {}
        }
    }
    let scopes: BTreeSet<&String> = source.configs.keys().chain(target.configs.keys()).collect();
    for scope in scopes {
        let (one, other) = (source.configs.get(scope), target.configs.get(scope));
        if one != other {
            let shown = |config: Option<&Value>| config.map_or_else(|| "none".to_owned(), Value::to_string);
            let reason = format!("{} in the source, {} in the target", shown(one), shown(other));
            differences.push(Difference { scope: scope.clone(), version: None, what: "config", reason });
        }
    }
    let scopes: BTreeSet<&String> = source.modes.keys().chain(target.modes.keys()).collect();
    for scope in scopes {
        let mode = |content: &Content| content.modes.get(scope).map_or(USUAL, String::as_str).to_owned();
        let (one, other) = (mode(source), mode(target));
        if one != other {
            let reason = format!("{one} in the source, {other} in the target");
            differences.push(Difference { scope: scope.clone(), version: None, what: "mode", reason });
        }
    }
    // what one side can't say anything of is not compared
    if let Some(ours) = &source.keys {
        compare_keys(ours, target.keys.as_ref().unwrap_or(&Keys::default()), &mut differences);
    }
    Report { differences }
}

fn compare_keys(source: &Keys, target: &Keys, differences: &mut Vec<Difference>) {
    let word = |is_deleted: bool| if is_deleted { "deleted" } else { "live" };
    let mut add = |scope: String, what: &'static str, reason: String| {
        differences.push(Difference { scope, version: None, what, reason });
    };
    let missing = |is_there: bool| if is_there { "the source does not have it" } else { "the target does not have it" };
    let names: BTreeSet<&String> = source.keks.keys().chain(target.keks.keys()).collect();
    for name in names {
        let scope = format!("KEK {name}");
        match (source.keks.get(name), target.keks.get(name)) {
            (Some(one), Some(other)) if !one.is_equivalent(other) => {
                let shown = |kek: &keys::StoredKek| Value::Object(kek.body.clone()).to_string();
                add(scope, "kek", format!("{} in the source, {} in the target", shown(one), shown(other)));
            }
            (Some(one), Some(other)) if one.is_deleted != other.is_deleted => {
                let reason = format!("{} in the source, {} in the target", word(one.is_deleted), word(other.is_deleted));
                add(scope, "deletion", reason);
            }
            (Some(_), Some(_)) => {}
            (_, other) => add(scope, "kek", missing(other.is_some()).to_owned()),
        }
    }
    let names: BTreeSet<&keys::DekKey> = source.deks.keys().chain(target.deks.keys()).collect();
    for key in names {
        let scope = keys::shown(key);
        match (source.deks.get(key), target.deks.get(key)) {
            (Some(one), Some(other)) if one.material != other.material => {
                add(scope, "dek", "the wrapped keys differ".to_owned());
            }
            (Some(one), Some(other)) if one.is_deleted != other.is_deleted => {
                let reason = format!("{} in the source, {} in the target", word(one.is_deleted), word(other.is_deleted));
                add(scope, "deletion", reason);
            }
            (Some(_), Some(_)) => {}
            (_, other) => add(scope, "dek", missing(other.is_some()).to_owned()),
        }
    }
}

/// The canonical text of a schema that refers to nothing.
fn canonical(version: &StoredVersion) -> Option<String> {
    if version.body.contains_key("references") {
        return None;
    }
    let schema_type = version.body.get("schemaType").and_then(Value::as_str).map_or(Some(SchemaType::Avro), SchemaType::parse)?;
    let options = ParseOptions::new(ParseMode::Stored, max_depth(schema_type));
    Parsed::parse(schema_type, &version.text(), &[], &options).ok().map(|parsed| parsed.canonical().to_owned())
}

fn compare(one: &StoredVersion, other: &StoredVersion, add: &mut impl FnMut(&'static str, String)) {
    let shown = |id: Option<i64>| id.map_or_else(|| "none".to_owned(), |id| id.to_string());
    if one.id != other.id {
        add("id", format!("{} in the source, {} in the target", shown(one.id), shown(other.id)));
    }
    if one.is_deleted != other.is_deleted {
        let word = |is_deleted: bool| if is_deleted { "deleted" } else { "live" };
        add("deletion", format!("{} in the source, {} in the target", word(one.is_deleted), word(other.is_deleted)));
    }
    if one.body.get("schema") != other.body.get("schema") && one.text() != other.text() {
        let is_form = canonical(one).is_some_and(|text| canonical(other) == Some(text));
        let reason = if is_form { "the same schema, written in another form" } else { "the texts differ" };
        add("schema", reason.to_owned());
    }
    for key in ["schemaType", "references", "metadata", "ruleSet"] {
        let (a, b) = (one.body.get(key), other.body.get(key));
        if a != b {
            let shown = |value: Option<&Value>| {
                value.map_or_else(|| "none".to_owned(), |value| value.to_string().chars().take(200).collect())
            };
            add(key, format!("{} in the source, {} in the target", shown(a), shown(b)));
        }
    }
    if let (Some(a), Some(b)) = (&one.guid, &other.guid)
        && a != b
    {
        add("guid", format!("{a} in the source, {b} in the target"));
    }
}

impl Report {
    pub(super) fn is_equal(&self) -> bool {
        self.differences.is_empty()
    }

    /// How many there are, on one line.
    pub(super) fn summary(&self) -> String {
        match self.differences.len() {
            0 => "equal".to_owned(),
            1 => "1 difference".to_owned(),
            count => format!("{count} differences"),
        }
    }

    pub(super) fn human(&self, source: &Content, target: &Content) -> String {
        let mut out = String::new();
        for one in self.differences.iter().take(SHOWN) {
            let version = one.version.map_or_else(String::new, |version| format!(" version {version}"));
            let scope = if one.scope.is_empty() { "(the registry)" } else { &one.scope };
            out.push_str(&without_controls(&format!("{scope}{version}: {}: {}", one.what, one.reason)));
            out.push('\n');
        }
        if self.differences.len() > SHOWN {
            // a String takes everything
            let _ = writeln!(out, "and {} more (--json has all)", self.differences.len() - SHOWN);
        }
        for (name, content) in [("source", source), ("target", target)] {
            for withheld in content.withheld.iter().take(SHOWN) {
                out.push_str(&without_controls(&format!("{withheld}: the {name} has it and does not give it")));
                out.push('\n');
            }
            let _ = writeln!(out, "{name}  {}  {}", digest::of(content), digest::counts(content));
        }
        let _ = writeln!(out, "{}", self.summary());
        out
    }

    pub(super) fn json(&self, source: &Content, target: &Content) -> Value {
        let difference =
            |one: &Difference| json!({ "scope": one.scope, "version": one.version, "what": one.what, "reason": one.reason });
        json!({
            "equal": self.is_equal(),
            "source": digest::json(source),
            "target": digest::json(target),
            "differences": self.differences.iter().map(difference).collect::<Vec<_>>(),
        })
    }
}
