//! The form of `accordant.toml`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::Manifest;
use super::mapping::{Mapping, Naming, OldVersion, ReferenceTarget};
use super::pattern::PathPattern;
use crate::types::{CompatibilityLevel, Mode, SchemaType};

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct ManifestFile {
    environment: Option<String>,
    exclude: Vec<String>,
    proto_path: Vec<String>,
    subject_prefix: String,
    config: Option<Value>,
    mode: Option<String>,
    env: BTreeMap<String, Environment>,
    schemas: Vec<ManifestEntry>,
    lint: LintSettings,
}

/// A registry, and how to log in there. Secrets stand in files and variables, never here.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(in crate::cli) struct Environment {
    pub(in crate::cli) registry: String,
    pub(in crate::cli) ca: Option<String>,
    pub(in crate::cli) user: Option<String>,
    pub(in crate::cli) password_file: Option<String>,
    /// The variable that holds the password.
    pub(in crate::cli) password_env: Option<String>,
    pub(in crate::cli) token_file: Option<String>,
    /// The variable that holds the token.
    pub(in crate::cli) token_env: Option<String>,
    pub(in crate::cli) cert: Option<String>,
    pub(in crate::cli) key: Option<String>,
}

/// Which rules of `accordant lint` are on.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(in crate::cli) struct LintSettings {
    /// Rules, by id, with `off`, `warn` or `error`.
    pub(in crate::cli) rules: BTreeMap<String, String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct ManifestEntry {
    files: String,
    subject: Option<String>,
    version: Option<i32>,
    strategy: Option<String>,
    topic: Option<String>,
    part: Option<String>,
    #[serde(rename = "type")]
    schema_type: Option<String>,
    compatibility: Option<String>,
    config: Option<Value>,
    mode: Option<String>,
    metadata: Option<Value>,
    rule_set: Option<Value>,
    normalize: bool,
    references: BTreeMap<String, ManifestReference>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum ManifestReference {
    File(String),
    Subject(SubjectReference),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SubjectReference {
    subject: String,
    version: Option<i32>,
}

/// # Errors
/// What is wrong, with the line where TOML says it.
pub(super) fn read(text: &str) -> Result<Manifest, String> {
    let file: ManifestFile = toml::from_str(text).map_err(|error| error.to_string().trim().replace('\n', " "))?;
    let patterns = file.exclude.iter().map(|pattern| PathPattern::new(pattern)).collect::<Result<Vec<_>, _>>();
    let mut exclude = patterns.map_err(|error: String| format!("exclude: {error}"))?;
    let (old, latest): (Vec<ManifestEntry>, Vec<ManifestEntry>) =
        file.schemas.into_iter().partition(|entry| entry.version.is_some());
    let mappings = latest.into_iter().map(mapping).collect::<Result<_, _>>();
    let old = old.into_iter().map(old_version).collect::<Result<Vec<_>, _>>();
    let old = old.map_err(|error: String| format!("[[schemas]]: {error}"))?;
    // what was the latest once is not what the repository is about
    for version in &old {
        exclude.push(PathPattern::new(&version.file)?);
    }
    if let Some(named) = file.environment.as_ref().filter(|named| !file.env.contains_key(*named)) {
        return Err(format!("environment = \"{named}\": there is no [env.{named}]"));
    }
    for (name, environment) in &file.env {
        if environment.registry.is_empty() {
            return Err(format!("[env.{name}]: registry is missing, the URL"));
        }
    }
    Ok(Manifest {
        environment: file.environment,
        environments: file.env,
        mappings: mappings.map_err(|error: String| format!("[[schemas]]: {error}"))?,
        old,
        exclude,
        proto_path: file.proto_path,
        prefix: file.subject_prefix,
        config: file.config,
        mode: file.mode.as_deref().map(mode).transpose()?,
        lint: file.lint,
        ..Manifest::default()
    })
}

fn mapping(entry: ManifestEntry) -> Result<Mapping, String> {
    if entry.files.is_empty() {
        return Err("files is missing, a pattern of paths".to_owned());
    }
    let files = PathPattern::new(&entry.files)?;
    let topic = || entry.topic.clone().ok_or("this strategy needs a topic");
    let naming = match (entry.strategy.as_deref(), &entry.subject) {
        (None, Some(subject)) => Naming::Template(subject.clone()),
        (None, None) => Naming::Template("{subject}".to_owned()),
        (Some(_), Some(_)) => return Err("subject and strategy: one of them says how the subject is called".to_owned()),
        (Some("topic-name"), None) => Naming::Topic { topic: topic()?, part: entry.part.unwrap_or_else(|| "value".to_owned()) },
        (Some("record-name"), None) => Naming::Record,
        (Some("topic-record-name"), None) => Naming::TopicRecord { topic: topic()? },
        (Some(other), None) => {
            return Err(format!("strategy = \"{other}\": expected topic-name, record-name or topic-record-name"));
        }
    };
    match &naming {
        Naming::Template(template) => files.provides(template)?,
        Naming::Topic { topic, part } => files.provides(&format!("{topic}{part}"))?,
        Naming::TopicRecord { topic } => files.provides(topic)?,
        Naming::Record => {}
    }
    let schema_type = entry.schema_type.map(|name| {
        SchemaType::parse(&name.to_ascii_uppercase()).ok_or(format!("type = \"{name}\": expected avro, protobuf or json"))
    });
    Ok(Mapping {
        files,
        naming,
        schema_type: schema_type.transpose()?,
        config: config(entry.compatibility.as_deref(), entry.config)?,
        mode: entry.mode.as_deref().map(mode).transpose()?,
        metadata: entry.metadata,
        rule_set: entry.rule_set,
        normalize: entry.normalize,
        references: entry.references.into_iter().map(|(name, reference)| (name, target(reference))).collect(),
        inline: None,
    })
}

/// An entry with a version: one file, one subject.
fn old_version(entry: ManifestEntry) -> Result<OldVersion, String> {
    let file = entry.files;
    let version =
        entry.version.filter(|version| *version > 0).ok_or_else(|| format!("{file}: version: expected a number from 1"))?;
    let subject = entry.subject.ok_or_else(|| format!("{file}: version: subject is missing"))?;
    if file.is_empty() || file.contains(['*', '?', '{']) || subject.contains('{') {
        return Err(format!("{file}: version: files and subject are one each, no patterns"));
    }
    let settings =
        [entry.strategy.is_some(), entry.compatibility.is_some(), entry.config.is_some(), entry.mode.is_some(), entry.normalize];
    if settings.contains(&true) {
        return Err(format!("{file}: version: what is set for a subject stands with its latest version"));
    }
    let reference = |(name, reference)| match reference {
        ManifestReference::Subject(SubjectReference { subject, version: Some(version) }) => Ok((name, (subject, version))),
        _ => Err(format!("{file}: references of an old version are to versions: {{ subject, version }}")),
    };
    let references = entry.references.into_iter().map(reference).collect::<Result<_, String>>()?;
    Ok(OldVersion { subject, version, references, metadata: entry.metadata, rule_set: entry.rule_set, file })
}

fn mode(name: &str) -> Result<String, String> {
    let known = Mode::parse(name).ok_or_else(|| format!("mode = \"{name}\": is none"))?;
    Ok(known.as_str().to_owned())
}

fn target(reference: ManifestReference) -> ReferenceTarget {
    match reference {
        ManifestReference::File(path) => ReferenceTarget::File(path),
        ManifestReference::Subject(SubjectReference { subject, version }) => ReferenceTarget::Subject { subject, version },
    }
}

/// A config with a level that is given beside it.
pub(super) fn config(level: Option<&str>, config: Option<Value>) -> Result<Option<Value>, String> {
    let Some(name) = level else { return Ok(config) };
    let level = CompatibilityLevel::parse(name)
        .ok_or_else(|| format!("compatibility = \"{name}\": expected one of {}", CompatibilityLevel::NAMES.join(", ")))?;
    let mut config = config.unwrap_or_else(|| json!({}));
    let map = config.as_object_mut().ok_or("config: expected a table")?;
    if map.insert("compatibility".to_owned(), level.as_str().into()).is_some() {
        return Err("compatibility is there twice".to_owned());
    }
    Ok(Some(config))
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn what_is_misspelt_is_not_passed_over() {
        for (text, line) in [
            ("[[schemas]]\nfile = \"a\"", "unknown field `file`"),
            ("[[schemas]]\nfiles = \"{a}.avsc\"\nsubject = \"{b}\"", "nothing in '{a}.avsc' captures {b}"),
            ("[[schemas]]\nfiles = \"a.avsc\"\nsubject = \"a\"\ncompatibility = \"WILD\"", "expected one of"),
            ("environment = \"dev\"", "there is no [env.dev]"),
            ("[env.dev]\nuser = \"a\"", "registry is missing"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(line), "{text}: {error}");
        }
    }
}
