//! Answers below `/cloudevents` (cloudevents 4.1) (cloudevents 4.2).

use serde::{Serialize, Serializer};
use serde_with::skip_serializing_none;

use crate::types::{self, AliasTarget, Guid, SchemaId, Version, VersionSelector};

/// A version as it is written: a number, or `latest`.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn version_word<S: Serializer>(version: &VersionSelector, serializer: S) -> Result<S::Ok, S::Error> {
    match version {
        VersionSelector::Latest => serializer.serialize_str("latest"),
        VersionSelector::Number(number) => serializer.serialize_i32(*number),
    }
}

#[derive(Serialize)]
pub(in crate::http) struct Alias<'a> {
    uri: &'a str,
    #[serde(flatten)]
    target: Target,
    configured: bool,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Target {
    Version {
        subject: String,
        #[serde(serialize_with = "version_word")]
        version: VersionSelector,
    },
    Guid {
        guid: Guid,
    },
}

impl<'a> Alias<'a> {
    pub(in crate::http) fn new(alias: &'a types::Alias, configured: bool) -> Self {
        let target = match &alias.target {
            AliasTarget::Version(subject, version) => Target::Version { subject: subject.qualified(), version: *version },
            AliasTarget::Guid(guid) => Target::Guid { guid: *guid },
        };
        Self { uri: &alias.uri, target, configured }
    }
}

/// Which schema the events of a type have.
#[derive(Serialize)]
pub(in crate::http) struct EventType<'a> {
    #[serde(rename = "type")]
    event_type: &'a str,
    subject: String,
    #[serde(serialize_with = "version_word")]
    version: VersionSelector,
    require_dataschema: bool,
    configured: bool,
}

impl<'a> EventType<'a> {
    pub(in crate::http) fn new(binding: &'a types::TypeBinding, configured: bool) -> Self {
        Self {
            event_type: &binding.pattern,
            subject: binding.subject.qualified(),
            version: binding.version,
            require_dataschema: binding.require_dataschema,
            configured,
        }
    }
}

/// The schema that a `dataschema`, or another hint, names.
#[skip_serializing_none]
#[derive(Serialize)]
pub(in crate::http) struct Resolution<'a> {
    pub(in crate::http) resolved_by: &'static str,
    pub(in crate::http) subject: String,
    pub(in crate::http) version: Version,
    pub(in crate::http) id: SchemaId,
    pub(in crate::http) guid: Guid,
    #[serde(rename = "schemaType")]
    pub(in crate::http) schema_type: &'static str,
    #[serialize_always]
    pub(in crate::http) fragment: Option<&'a str>,
    pub(in crate::http) immutable: bool,
    pub(in crate::http) url: String,
    pub(in crate::http) deleted: Option<bool>,
    /// The schema that the writer used by its own word, where that is another one.
    pub(in crate::http) writer: Option<Box<Self>>,
    pub(in crate::http) tried: Vec<&'static str>,
}

/// One of several schemas that a name may mean.
#[derive(Debug, Serialize)]
pub(in crate::http) struct ResolutionCandidate {
    pub(in crate::http) subject: String,
    pub(in crate::http) version: Version,
    pub(in crate::http) id: SchemaId,
    pub(in crate::http) guid: Guid,
    pub(in crate::http) url: String,
}

/// What is known of a schema, with all its URLs.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct SchemaDocument<'a> {
    pub(in crate::http) subject: String,
    pub(in crate::http) version: Version,
    pub(in crate::http) id: SchemaId,
    pub(in crate::http) guid: Guid,
    pub(in crate::http) schema_type: &'static str,
    pub(in crate::http) media_type: &'static str,
    pub(in crate::http) ts: i64,
    pub(in crate::http) deleted: bool,
    pub(in crate::http) references: Vec<DocumentReference<'a>>,
    pub(in crate::http) dataschema: &'a str,
    pub(in crate::http) urls: DocumentUrls<'a>,
}

#[derive(Serialize)]
pub(in crate::http) struct DocumentReference<'a> {
    pub(in crate::http) name: &'a str,
    pub(in crate::http) subject: &'a str,
    pub(in crate::http) version: Version,
    pub(in crate::http) guid: Guid,
    pub(in crate::http) url: String,
}

#[derive(Serialize)]
pub(in crate::http) struct DocumentUrls<'a> {
    pub(in crate::http) guid: &'a str,
    pub(in crate::http) id: String,
    pub(in crate::http) version: String,
    pub(in crate::http) latest: String,
    pub(in crate::http) bundled: String,
}
