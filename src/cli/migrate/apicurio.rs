//! What Apicurio Registry exports: a zip of JSON files and texts, of the formats 2 and 3.
//!
//! An artifact is a subject; its group is the context, where it is not the default one.

use std::collections::{BTreeMap, HashMap};
use std::io::{Cursor, Read as _};

use serde_json::{Value, json};
use zip::ZipArchive;

use super::arguments::ApicurioIds;
use super::content::{Rest, StoredVersion};
use super::kept::Kept;
use super::schemas_topic::Skipped;

/// How such a file begins.
pub(super) const MAGIC: &[u8] = b"PK\x03\x04";
/// Most bytes of all texts together.
const MAX_BYTES: u64 = 2 << 30;

/// What there is in the zip, by kind.
#[derive(Default)]
struct Export {
    versions: Vec<Value>,
    artifacts: Vec<Value>,
    /// By the number of the content.
    contents: HashMap<i64, Value>,
    texts: HashMap<String, String>,
    rules: Vec<(ApicurioScope, Value)>,
}

#[derive(Clone, Copy)]
enum ApicurioScope {
    Registry,
    Group,
    Artifact,
}

fn text<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key).and_then(Value::as_str)
}

fn number(value: &Value, key: &str) -> Option<i64> {
    value.get(key).and_then(Value::as_i64)
}

/// The subject of an artifact.
fn subject(group: Option<&str>, artifact: &str) -> String {
    match group.filter(|group| !group.is_empty() && *group != "default") {
        Some(group) => format!(":.{group}:{artifact}"),
        None => artifact.to_owned(),
    }
}

fn open(bytes: &[u8]) -> Result<Export, String> {
    let wrong = |error: zip::result::ZipError| format!("is no zip: {error}");
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(wrong)?;
    let (mut export, mut left) = (Export::default(), MAX_BYTES);
    for at in 0..archive.len() {
        let mut entry = archive.by_index(at).map_err(wrong)?;
        let name = entry.name().map_err(wrong)?.into_owned();
        let kinds = ["ArtifactVersion.json", "Artifact.json", "Content.json", "Content.data", "Rule.json"];
        if !kinds.iter().any(|kind| name.ends_with(kind)) {
            continue;
        }
        let mut text_of = String::new();
        let read = entry.by_ref().take(left.saturating_add(1)).read_to_string(&mut text_of);
        let read = read.map_err(|error| format!("{name}: {error}"))?;
        left = left.checked_sub(read as u64).ok_or_else(|| format!("has more than {MAX_BYTES} bytes of texts"))?;
        if let Some(hash) = name.strip_suffix(".Content.data") {
            let hash = hash.rsplit('/').next().unwrap_or(hash);
            export.texts.insert(hash.to_owned(), text_of);
            continue;
        }
        let value: Value = serde_json::from_str(&text_of).map_err(|error| format!("{name}: {error}"))?;
        if name.ends_with(".ArtifactVersion.json") {
            export.versions.push(value);
        } else if name.ends_with(".Content.json") {
            let id = number(&value, "contentId").ok_or_else(|| format!("{name}: a content without number"))?;
            export.contents.insert(id, value);
        } else if name.ends_with(".ArtifactRule.json") {
            export.rules.push((ApicurioScope::Artifact, value));
        } else if name.ends_with(".GroupRule.json") {
            export.rules.push((ApicurioScope::Group, value));
        } else if name.ends_with(".GlobalRule.json") {
            export.rules.push((ApicurioScope::Registry, value));
        } else if name.ends_with(".Artifact.json") {
            export.artifacts.push(value);
        }
    }
    Ok(export)
}

/// The number of a version: its place among the others.
fn order(version: &Value) -> Option<i64> {
    number(version, "versionOrder").or_else(|| number(version, "versionId"))
}

/// Reads an export. `ids` says which of its numbers clients know.
pub(super) fn read(bytes: &[u8], ids: Option<ApicurioIds>) -> Result<(Kept, Rest, Skipped), String> {
    let ids = ids.ok_or(
        "is an export of Apicurio Registry, which does not say what its clients know as ids: --ids content, or --ids global where \
         apicurio.ccompat.legacy-id-mode.enabled is true",
    )?;
    let export = open(bytes)?;
    if export.versions.is_empty() {
        return Err("has no versions of artifacts: is it an export of Apicurio Registry?".to_owned());
    }
    let (mut kept, mut rest, mut skipped) = (Kept::default(), Rest::default(), Skipped::default());
    let mut types = BTreeMap::new();
    for artifact in &export.artifacts {
        if let (Some(id), Some(kind)) = (text(artifact, "artifactId"), text(artifact, "artifactType")) {
            types.insert(subject(text(artifact, "groupId"), id), kind.to_owned());
        }
    }
    let name_of = |version: &Value| text(version, "artifactId").map(|id| subject(text(version, "groupId"), id));
    let places: HashMap<(String, &str), i64> = export
        .versions
        .iter()
        .filter_map(|version| Some(((name_of(version)?, text(version, "version")?), order(version)?)))
        .collect();
    for version in &export.versions {
        let (Some(name), Some(place), Some(content_id)) = (name_of(version), order(version), number(version, "contentId")) else {
            return Err(format!("has a version without artifact, order or content: {version}"));
        };
        let mut skip = |why: &str| skipped.0.push(format!("{name} version {place}: {why}"));
        let found = export.contents.get(&content_id);
        let data = found.and_then(|found| export.texts.get(text(found, "contentHash")?));
        let (Some(found), Some(data)) = (found, data) else {
            skip("its content is not there");
            continue;
        };
        let kind = text(version, "artifactType").or_else(|| text(found, "artifactType"));
        let kind = kind.or_else(|| types.get(&name).map(String::as_str)).unwrap_or_default();
        if !["AVRO", "PROTOBUF", "JSON"].contains(&kind) {
            skip(&format!("it is of the type {kind}"));
            continue;
        }
        let state = text(version, "state").unwrap_or("ENABLED");
        if state == "DRAFT" {
            skip("it is a draft");
            continue;
        }
        let mut references = Vec::new();
        let listed = text(found, "serializedReferences").and_then(|text| serde_json::from_str::<Value>(text).ok());
        let mut is_whole = true;
        for reference in listed.iter().flat_map(|listed| listed.as_array().into_iter().flatten()) {
            let target = name_of(reference);
            let place = target.clone().and_then(|target| places.get(&(target, text(reference, "version")?)).copied());
            match (target, place) {
                (Some(target), Some(place)) => {
                    references.push(json!({ "name": text(reference, "name"), "subject": target, "version": place }));
                }
                _ => is_whole = false,
            }
        }
        if !is_whole {
            skip("what it refers to is not there");
            continue;
        }
        let id = match ids {
            ApicurioIds::Content => Some(content_id),
            ApicurioIds::Global => number(version, "globalId"),
        };
        let answer = json!({ "id": id, "schemaType": kind, "schema": data, "references": references });
        kept.insert((name, place), &StoredVersion::read(&answer, state == "DISABLED"))?;
    }
    for (scope, rule) in &export.rules {
        let kind = text(rule, "ruleType").or_else(|| text(rule, "type"));
        let (Some("COMPATIBILITY"), Some(level)) = (kind, text(rule, "configuration")) else { continue };
        let group = text(rule, "groupId");
        let name = match scope {
            ApicurioScope::Registry => String::new(),
            ApicurioScope::Group => subject(group, ""),
            ApicurioScope::Artifact => subject(group, text(rule, "artifactId").unwrap_or_default()),
        };
        // a rule of the default group is for no other
        if !matches!(scope, ApicurioScope::Group) || !name.is_empty() {
            rest.configs.insert(name, json!({ "compatibility": level }));
        }
    }
    Ok((kept.end()?, rest, skipped))
}
