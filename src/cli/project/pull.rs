//! A registry as files, with the `accordant.toml` under which they are what the registry has.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::arguments::PullArguments;
use crate::cli::api::{Api, ScopeSetting};
use crate::cli::check::InputError;
use crate::cli::manifest::FILE;
use crate::types::SchemaType;

/// Writes the latest version of each subject, with config, mode, metadata and rules, and those before if that is asked. How many subjects
/// there were.
pub(super) async fn pull(
    api: &Api,
    folder: &Path,
    asked: &PullArguments,
    environment: Option<&str>,
) -> Result<usize, InputError> {
    let prefix = asked.prefix.as_str();
    let mut latest: BTreeMap<String, Value> = BTreeMap::new();
    for subject in api.subjects(prefix, false).await? {
        if let Some(version) = api.version(&subject, "latest").await? {
            latest.insert(subject, version);
        }
    }
    let mut manifest = toml::Table::new();
    if !prefix.is_empty() {
        manifest.insert("subject-prefix".to_owned(), prefix.into());
    }
    let name = environment.unwrap_or("pulled");
    manifest.insert("environment".to_owned(), name.into());
    // what is set for all is not about the subjects with a prefix alone
    if prefix.is_empty() {
        if let Some(config) = api.setting(ScopeSetting::Config, None).await? {
            manifest.insert("config".to_owned(), to_toml(&config)?);
        }
        if let Some(mode) = mode(api, None).await? {
            manifest.insert("mode".to_owned(), mode.into());
        }
    }
    let mut entries = Vec::new();
    for (subject, version) in &latest {
        let mut entry = file(api, folder, subject, version, None)?;
        if let Some(config) = api.setting(ScopeSetting::Config, Some(subject)).await? {
            entry.insert("config".to_owned(), config);
        }
        if let Some(mode) = mode(api, Some(subject)).await? {
            entry.insert("mode".to_owned(), mode.into());
        }
        let references = references(version, Some(&latest));
        if !references.is_empty() {
            entry.insert("references".to_owned(), references.into());
        }
        entries.push(to_toml(&entry.into())?);
        if asked.all_versions {
            entries.extend(old_versions(api, folder, subject, version).await?);
        }
    }
    manifest.insert("schemas".to_owned(), toml::Value::Array(entries));
    let environment = json!({ name: { "registry": api.url() } });
    manifest.insert("env".to_owned(), to_toml(&environment)?);
    let text = toml::to_string_pretty(&manifest).map_err(|error| InputError::of(FILE, error.to_string()))?;
    write(&folder.join(FILE), &text)?;
    Ok(latest.len())
}

async fn mode(api: &Api, subject: Option<&str>) -> Result<Option<String>, InputError> {
    let found = api.setting(ScopeSetting::Mode, subject).await?;
    Ok(found.and_then(|found| found.get("mode")?.as_str().map(str::to_owned)))
}

/// The versions before the latest, each in a file of its own.
async fn old_versions(api: &Api, folder: &Path, subject: &str, latest: &Value) -> Result<Vec<toml::Value>, InputError> {
    let newest = latest.get("version").and_then(Value::as_i64);
    let mut entries = Vec::new();
    for number in api.versions(subject).await?.into_iter().filter(|number| Some(*number) != newest) {
        let Some(version) = api.version(subject, &number.to_string()).await? else { continue };
        let mut entry = file(api, folder, subject, &version, Some(number))?;
        let references = references(&version, None);
        if !references.is_empty() {
            entry.insert("references".to_owned(), references.into());
        }
        entries.push(to_toml(&entry.into())?);
    }
    Ok(entries)
}

/// Writes one version; what the manifest says about the file. `number` is that of a version before the latest.
fn file(api: &Api, folder: &Path, subject: &str, version: &Value, number: Option<i64>) -> Result<Map<String, Value>, InputError> {
    let schema_type = version.get("schemaType").and_then(Value::as_str).map_or(Some(SchemaType::Avro), SchemaType::parse);
    let (Some(schema_type), Some(text)) = (schema_type, version.get("schema").and_then(Value::as_str)) else {
        return Err(api.failed(format!("{subject} has no schema that is known here")));
    };
    let path = format!("schemas/{}", file_name(subject, schema_type, number));
    write(&folder.join(&path), &format!("{}\n", written(text, schema_type == SchemaType::Protobuf)))?;
    let mut entry = Map::new();
    entry.insert("files".to_owned(), path.into());
    entry.insert("subject".to_owned(), subject.into());
    match number {
        Some(number) => entry.insert("version".to_owned(), number.into()),
        None => entry.insert("type".to_owned(), schema_type.as_str().to_lowercase().into()),
    };
    for (key, theirs) in [("metadata", "metadata"), ("rule-set", "ruleSet")] {
        if let Some(value) = version.get(theirs).filter(|value| !value.is_null()) {
            entry.insert(key.to_owned(), value.clone());
        }
    }
    Ok(entry)
}

/// A text as it is written into files.
pub(super) fn written(text: &str, is_protobuf: bool) -> String {
    if is_protobuf { text.trim_end().to_owned() } else { indented(text.trim()) }
}

/// What a version refers to: without a number where that is among the latest, and so the file beside it.
fn references(version: &Value, latest: Option<&BTreeMap<String, Value>>) -> Map<String, Value> {
    let list = version.get("references").and_then(Value::as_array);
    let one = |reference: &Value| {
        let (name, subject) = (reference.get("name")?.as_str()?, reference.get("subject")?.as_str()?);
        let number = reference.get("version")?.as_i64()?;
        let newest = latest.and_then(|latest| latest.get(subject)?.get("version")?.as_i64());
        let target =
            if newest == Some(number) { json!({ "subject": subject }) } else { json!({ "subject": subject, "version": number }) };
        Some((name.to_owned(), target))
    };
    list.into_iter().flatten().filter_map(one).collect()
}

/// A subject as the name of a file, or of a folder with files for versions before the latest: what file systems or patterns read otherwise
/// is percent-encoded.
fn file_name(subject: &str, schema_type: SchemaType, number: Option<i64>) -> String {
    let mut name = String::new();
    for (at, byte) in subject.bytes().enumerate() {
        match byte {
            b'.' if at == 0 => name.push_str("%2E"),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => name.push(char::from(byte)),
            other => {
                // a String takes everything
                let _ = write!(name, "%{other:02X}");
            }
        }
    }
    let extension = match schema_type {
        SchemaType::Avro => "avsc",
        SchemaType::Protobuf => "proto",
        SchemaType::Json => "schema.json",
    };
    number.map_or_else(|| format!("{name}.{extension}"), |number| format!("{name}/{number}.{extension}"))
}

/// TOML has no null, which in answers means the same as nothing.
pub(super) fn to_toml(value: &Value) -> Result<toml::Value, InputError> {
    Ok(match value {
        Value::Null => toml::Value::Table(toml::Table::new()),
        Value::Bool(value) => (*value).into(),
        Value::String(text) => text.as_str().into(),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(number), _) => number.into(),
            (None, Some(number)) => number.into(),
            (None, None) => return Err(InputError::of(FILE, format!("{number} is no number of TOML"))),
        },
        Value::Array(items) => items.iter().filter(|item| !item.is_null()).map(to_toml).collect::<Result<Vec<_>, _>>()?.into(),
        Value::Object(map) => {
            let kept = map.iter().filter(|(_, value)| !value.is_null());
            kept.map(|(key, value)| Ok((key.clone(), to_toml(value)?))).collect::<Result<toml::Table, InputError>>()?.into()
        }
    })
}

fn write(path: &Path, text: &str) -> Result<(), InputError> {
    let failed = |error: std::io::Error| InputError::of(&path.to_string_lossy(), format!("can't be written: {error}"));
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    std::fs::write(path, text).map_err(failed)
}

/// JSON with a line for each member, everything else as it is written.
fn indented(text: &str) -> String {
    let (mut out, mut depth, mut in_string, mut escaped) = (String::with_capacity(text.len() * 2), 0_usize, false, false);
    let mut chars = text.chars().peekable();
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.push_str(&"  ".repeat(depth.min(100)));
    };
    while let Some(c) = chars.next() {
        if in_string {
            out.push(c);
            in_string = escaped || c != '"';
            escaped = !escaped && c == '\\';
            continue;
        }
        match c {
            '"' => {
                in_string = true;
                out.push(c);
            }
            '{' | '[' => {
                out.push(c);
                while chars.next_if(char::is_ascii_whitespace).is_some() {}
                if let Some(close) = chars.next_if(|c| matches!(c, '}' | ']')) {
                    out.push(close);
                } else {
                    depth += 1;
                    line(&mut out, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                line(&mut out, depth);
                out.push(c);
            }
            ',' => {
                out.push(c);
                line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            c if c.is_ascii_whitespace() => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{file_name, indented};
    use crate::types::SchemaType;

    #[test]
    fn nothing_but_blanks_changes() {
        let text = r#"{"a":[1.0,{}, "x\",:{"],"b" : {"c":1e2}}"#;
        assert_eq!(
            indented(text),
            "{\n  \"a\": [\n    1.0,\n    {},\n    \"x\\\",:{\"\n  ],\n  \"b\": {\n    \"c\": 1e2\n  }\n}"
        );
    }

    #[test]
    fn names_of_subjects_are_names_of_files() {
        assert_eq!(file_name(":.eu:a/b", SchemaType::Avro, None), "%3A.eu%3Aa%2Fb.avsc");
        assert_eq!(file_name("..", SchemaType::Json, Some(3)), "%2E./3.schema.json");
    }
}
