//! The content of a schema, and its guid.

use std::sync::Arc;

use md5::{Digest, Md5};

use super::contract::{JavaStr, Metadata, RuleSet};
use super::ids::{Guid, Version};
use super::schema_type::SchemaType;

/// A reference to a version of another subject.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize)]
pub struct Reference {
    /// Under which name the referring text knows it.
    pub name: String,
    /// The subject, as the client wrote it: usually unqualified, then relative to the referring subject's context.
    pub subject: String,
    /// The version; never `-1` once stored.
    pub version: Version,
}

/// Everything that makes a schema the same or another one: what an id stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// The format.
    pub schema_type: SchemaType,
    /// Canonical text.
    pub text: Arc<str>,
    /// References, in order.
    pub references: Vec<Reference>,
    /// Metadata, if there is any.
    pub metadata: Option<Metadata>,
    /// Rule set, if there is one.
    pub rule_set: Option<RuleSet>,
}

impl Content {
    /// The guid: MD5 over text, references, metadata and rule set (rest-api 5.2). The schema type is not hashed.
    pub fn guid(&self) -> Guid {
        let references = self.references.iter().map(|r| (Some(&*r.name), Some(&*r.subject), Some(r.version)));
        guid_of(&self.text, references, self.metadata.as_ref(), self.rule_set.as_ref())
    }
}

/// The guid of a content that may be incomplete: of each reference name, subject and version, as far as they are there.
pub fn guid_of<'r>(
    text: &str,
    references: impl Iterator<Item = (Option<&'r str>, Option<&'r str>, Option<Version>)>,
    metadata: Option<&Metadata>,
    rule_set: Option<&RuleSet>,
) -> Guid {
    let mut md5 = Md5::new();
    md5.update(text.as_bytes());
    for (name, subject, version) in references {
        md5.update(name.unwrap_or_default().as_bytes());
        md5.update(subject.unwrap_or_default().as_bytes());
        if let Some(version) = version {
            md5.update(version.to_be_bytes());
        }
    }
    if let Some(metadata) = metadata {
        hash_metadata(&mut md5, metadata);
    }
    if let Some(rule_set) = rule_set {
        hash_rule_set(&mut md5, rule_set);
    }
    Guid(md5.finalize().into())
}

fn hash_metadata(md5: &mut Md5, metadata: &Metadata) {
    md5.update([1]);
    for (path, tags) in metadata.tags.iter().flatten() {
        md5.update(path.0.as_bytes());
        for tag in tags {
            md5.update(tag.0.as_bytes());
        }
    }
    for (key, value) in metadata.properties.iter().flatten() {
        md5.update(key.0.as_bytes());
        md5.update(value.as_bytes());
    }
    for name in metadata.sensitive.iter().flatten() {
        md5.update(name.0.as_bytes());
    }
}

fn hash_rule_set(md5: &mut Md5, rule_set: &RuleSet) {
    fn text(md5: &mut Md5, value: Option<impl AsRef<str>>) {
        if let Some(value) = value {
            md5.update(value.as_ref());
        }
    }
    md5.update([1]);
    for rule in rule_set.rules() {
        text(md5, rule.name.as_ref());
        text(md5, rule.doc.as_ref());
        text(md5, rule.kind.map(<&str>::from));
        text(md5, rule.mode.map(<&str>::from));
        text(md5, rule.rule_type.as_ref());
        for JavaStr(tag) in rule.tags.iter().flatten() {
            md5.update(tag.as_bytes());
        }
        for (JavaStr(key), value) in rule.params.iter().flatten() {
            md5.update(key.as_bytes());
            md5.update(value.as_bytes());
        }
        text(md5, rule.expr.as_ref());
        text(md5, rule.on_success.as_ref());
        text(md5, rule.on_failure.as_ref());
        if rule.disabled {
            md5.update([1]);
        }
    }
    text(md5, rule_set.enable_at.map(<&str>::from));
}
