//! From a file to its subject, and what is said about the subject.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::pattern::{PathPattern, filled};
use crate::types::SchemaType;

/// One entry of `[[schemas]]`.
#[derive(Debug, Clone)]
pub(in crate::cli) struct Mapping {
    pub(in crate::cli) files: PathPattern,
    pub(in crate::cli) naming: Naming,
    pub(in crate::cli) schema_type: Option<SchemaType>,
    /// The subject's config, with the keys of the REST API.
    pub(in crate::cli) config: Option<Value>,
    /// The subject's own mode.
    pub(in crate::cli) mode: Option<String>,
    pub(in crate::cli) metadata: Option<Value>,
    pub(in crate::cli) rule_set: Option<Value>,
    pub(in crate::cli) normalize: bool,
    /// What names in the schema stand for, where the files don't say it by themselves.
    pub(in crate::cli) references: BTreeMap<String, ReferenceTarget>,
    /// The text itself, in state files that have it in place of a file.
    pub(in crate::cli) inline: Option<String>,
}

/// A version that is not the latest: a file with what it is to be.
#[derive(Debug, Clone)]
pub(in crate::cli) struct OldVersion {
    /// From the manifest's folder.
    pub(in crate::cli) file: String,
    pub(in crate::cli) subject: String,
    pub(in crate::cli) version: i32,
    /// Subject and version by the names of references.
    pub(in crate::cli) references: BTreeMap<String, (String, i32)>,
    pub(in crate::cli) metadata: Option<Value>,
    pub(in crate::cli) rule_set: Option<Value>,
}

/// How a subject is called: by a template, or by the strategies of Confluent's serializers.
#[derive(Debug, Clone)]
pub(in crate::cli) enum Naming {
    Template(String),
    /// `TOPIC-value` or `TOPIC-key`.
    Topic {
        topic: String,
        part: String,
    },
    Record,
    /// `TOPIC-RECORD`.
    TopicRecord {
        topic: String,
    },
}

/// What a reference stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) enum ReferenceTarget {
    /// A file, from the manifest's folder; the version is the one that the file becomes.
    File(String),
    /// A version of a subject of the registry; its latest without a number.
    Subject { subject: String, version: Option<i32> },
}

/// A file's place in a registry.
#[derive(Debug, Clone)]
pub(in crate::cli) struct Mapped<'m> {
    pub(in crate::cli) subject: String,
    pub(in crate::cli) mapping: &'m Mapping,
    captured: BTreeMap<String, String>,
}

impl Mapping {
    pub(super) fn mapped(&self, path: &str, record: Option<&str>) -> Result<Mapped<'_>, String> {
        let captured = self.files.captures(path).unwrap_or_default();
        let named = || record.ok_or_else(|| format!("{path}: the schema has no name, which its subject is to be called by"));
        let subject = match &self.naming {
            Naming::Template(template) => filled(template, &captured),
            Naming::Topic { topic, part } => format!("{}-{part}", filled(topic, &captured)),
            Naming::Record => named()?.to_owned(),
            Naming::TopicRecord { topic } => format!("{}-{}", filled(topic, &captured), named()?),
        };
        Ok(Mapped { subject, mapping: self, captured })
    }
}

impl Mapped<'_> {
    /// The metadata with what was captured in its texts.
    pub(in crate::cli) fn metadata(&self) -> Option<Value> {
        self.mapping.metadata.as_ref().map(|value| self.filled(value))
    }

    fn filled(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(filled(text, &self.captured)),
            Value::Array(items) => items.iter().map(|item| self.filled(item)).collect(),
            Value::Object(map) => {
                Value::Object(map.iter().map(|(key, value)| (key.clone(), self.filled(value))).collect::<Map<_, _>>())
            }
            other => other.clone(),
        }
    }
}
