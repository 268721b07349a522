//! State files of schema-registry-gitops: YAML with `compatibility`, `normalize` and `subjects`.

use serde::Deserialize;
use serde_json::{Value, json};

use super::Manifest;
use super::file::config;
use super::mapping::{Mapping, Naming, ReferenceTarget};
use super::pattern::PathPattern;
use crate::types::SchemaType;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct GitopsState {
    compatibility: Option<String>,
    normalize: Option<bool>,
    subjects: Vec<GitopsSubject>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct GitopsSubject {
    name: String,
    file: Option<String>,
    schema: Option<String>,
    #[serde(rename = "type")]
    schema_type: Option<String>,
    compatibility: Option<String>,
    normalize: Option<bool>,
    #[serde(default)]
    references: Vec<GitopsReference>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct GitopsReference {
    name: String,
    subject: String,
    version: Option<i32>,
}

/// # Errors
/// What is wrong, with the line where YAML says it.
pub(super) fn read(text: &str) -> Result<Manifest, String> {
    let state: GitopsState = serde_yaml_ng::from_str(text).map_err(|error| error.to_string())?;
    let mappings = state.subjects.into_iter().map(|subject| {
        let name = subject.name.clone();
        mapping(subject, state.normalize.unwrap_or(false)).map_err(|error| format!("subject {name}: {error}"))
    });
    let mappings = mappings.collect::<Result<_, _>>()?;
    let normalize = state.normalize.map(|normalize| json!({ "normalize": normalize }));
    Ok(Manifest { mappings, config: config(state.compatibility.as_deref(), normalize)?, ..Manifest::default() })
}

fn mapping(subject: GitopsSubject, normalize: bool) -> Result<Mapping, String> {
    let file = match (&subject.file, &subject.schema) {
        (Some(file), None) => literal(file),
        // a name that no file has: the text is in the state file
        (None, Some(_)) => literal(&format!("(inline) {}", subject.name)),
        _ => return Err("either file or schema".to_owned()),
    };
    let schema_type = subject.schema_type.as_deref().unwrap_or("AVRO");
    let schema_type = SchemaType::parse(&schema_type.to_ascii_uppercase()).ok_or(format!("type: {schema_type} is none"))?;
    let references = subject.references.into_iter().map(|GitopsReference { name, subject, version }| {
        // -1 and absent are the latest version
        (name, ReferenceTarget::Subject { subject, version: version.filter(|version| *version > 0) })
    });
    let own: Option<Value> = subject.normalize.map(|normalize| json!({ "normalize": normalize }));
    Ok(Mapping {
        files: PathPattern::new(&file)?,
        naming: Naming::Template(subject.name),
        schema_type: Some(schema_type),
        config: config(subject.compatibility.as_deref(), own)?,
        mode: None,
        metadata: None,
        rule_set: None,
        normalize: subject.normalize.unwrap_or(normalize),
        references: references.collect(),
        inline: subject.schema,
    })
}

/// A path whose characters stand for themselves. None of the patterns' own occurs in names that this tool takes, save by intent.
fn literal(path: &str) -> String {
    path.replace(['*', '{', '}'], "?")
}
