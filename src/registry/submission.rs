//! What a client submits.

use std::sync::Arc;

use serde_json::Value;

use crate::access::{Denied, Operation, Rights};
use crate::codec::FromJson as _;
use crate::schema::TagEdit;
use crate::types::{Content, Metadata, RuleSet, SchemaId, Subject, Version, VersionSelector};

/// A reference as a client sends it; anything may be missing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct RawReference {
    pub name: Option<String>,
    pub subject: Option<String>,
    /// Version; `-1` is the latest.
    pub version: Option<i32>,
}

/// A schema as a client sends it, for registration, look-up and checks.
#[derive(Debug, Clone, Default)]
pub struct Submission {
    pub schema: Option<String>,
    /// The type's wire name; absent means AVRO.
    pub schema_type: Option<String>,
    pub references: Vec<RawReference>,
    pub metadata: Option<Metadata>,
    pub rule_set: Option<RuleSet>,
    /// Explicit id (IMPORT).
    pub id: Option<SchemaId>,
    /// Version wanted; 0 is absent.
    pub version: Version,
    /// Inline tags to add before registering.
    pub tags_to_add: Vec<TagEdit>,
    /// Inline tags to remove before registering.
    pub tags_to_remove: Vec<TagEdit>,
    /// Copy the inline tags of the previous version.
    pub propagate_tags: bool,
    /// What is registered in one step with it.
    pub alongside: Alongside,
}

/// A version that is about to be written.
#[derive(Debug, Clone)]
pub(super) struct PendingVersion {
    pub(super) subject: Subject,
    pub(super) version: Version,
    pub(super) content: Arc<Content>,
}

/// Versions that are about to be written together with a schema, at most one of each subject: its references may stand for them.
#[derive(Debug, Clone, Default)]
pub struct Alongside(Arc<[PendingVersion]>);

impl From<&[PendingVersion]> for Alongside {
    fn from(versions: &[PendingVersion]) -> Self {
        Self(versions.into())
    }
}

impl Alongside {
    /// The version of a subject that is about to be written, if the selector means it.
    pub(super) fn find(&self, subject: &Subject, selector: VersionSelector) -> Option<&PendingVersion> {
        let found = self.0.iter().find(|pending| pending.subject == *subject)?;
        match selector {
            VersionSelector::Latest => Some(found),
            VersionSelector::Number(number) => (found.version == number).then_some(found),
        }
    }
}

impl Submission {
    /// A version as a registry answers it, to be registered with its id and number.
    ///
    /// # Errors
    /// What is missing, or can't be read.
    pub fn copied(answer: &Value, version: Version) -> Result<Self, String> {
        let text = |key: &str| answer.get(key).and_then(Value::as_str).map(str::to_owned);
        let number = |value: Option<&Value>| value.and_then(Value::as_i64).and_then(|number| i32::try_from(number).ok());
        let reference = |reference: &Value| RawReference {
            name: reference.get("name").and_then(Value::as_str).map(str::to_owned),
            subject: reference.get("subject").and_then(Value::as_str).map(str::to_owned),
            version: number(reference.get("version")),
        };
        let references = answer.get("references").and_then(Value::as_array).into_iter().flatten();
        Ok(Self {
            schema: Some(text("schema").ok_or("schema is missing")?),
            schema_type: text("schemaType"),
            references: references.map(reference).collect(),
            metadata: answer.get("metadata").map(Metadata::from_json).transpose().map_err(|error| error.0)?.flatten(),
            rule_set: answer.get("ruleSet").map(RuleSet::from_json).transpose().map_err(|error| error.0)?.flatten(),
            id: Some(number(answer.get("id")).ok_or("id is missing")?),
            version,
            ..Self::default()
        })
    }

    /// Refuses references to what may not be read. They are relative to the context of the subject.
    ///
    /// # Errors
    /// [`Denied`].
    pub fn require_references(&self, subject: &Subject, rights: &Rights) -> Result<(), Denied> {
        if rights.reads_everything() {
            return Ok(());
        }
        let named = self.references.iter().filter_map(|reference| reference.subject.as_deref());
        named
            .map(|name| Subject::parse_in(subject.context(), name))
            .try_for_each(|target| rights.require(Operation::SubjectRead, &target))
    }

    /// Whether its references mean the same as long as nothing is deleted or imported: a reference to the latest version does not.
    pub fn has_fixed_references(&self) -> bool {
        self.references.iter().all(|reference| reference.version.is_some_and(|version| version > 0))
    }

    /// True without a schema text.
    pub fn is_empty(&self) -> bool {
        self.schema.as_deref().is_none_or(|text| text.trim().is_empty())
    }
}
