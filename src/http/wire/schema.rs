//! Schemas (rest-api 3.2) (rest-api 3.3) (rest-api 3.4). With legacy shapes, those of Confluent's 7.x line, some keys are left out.

use std::borrow::Cow;

use serde::Serialize;
use serde_with::skip_serializing_none;

use super::association::Association;
use crate::registry::Registered;
use crate::schema::EntityTags;
use crate::types::{Content, Guid, Metadata, Reference, RuleSet, SchemaId, SchemaType, Subject, Version};

/// `schemaType`, which the 7.x line leaves out for Avro (rest-api 3.5).
fn schema_type(content: &Content, is_legacy: bool) -> Option<&'static str> {
    (!is_legacy || content.schema_type != SchemaType::Avro).then(|| content.schema_type.as_str())
}

/// A version of a subject; in the list of all schemas with its aliases and associations.
#[skip_serializing_none]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct Schema<'c> {
    pub(in crate::http) subject: String,
    pub(in crate::http) version: Version,
    pub(in crate::http) id: SchemaId,
    pub(in crate::http) guid: Option<Guid>,
    pub(in crate::http) schema_type: Option<&'static str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(in crate::http) references: Cow<'c, [Reference]>,
    pub(in crate::http) metadata: Option<&'c Metadata>,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(in crate::http) schema: &'c str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::http) schema_tags: Vec<SchemaTags>,
    pub(in crate::http) ts: Option<i64>,
    pub(in crate::http) deleted: Option<bool>,
    pub(in crate::http) rule_set: Option<&'c RuleSet>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(in crate::http) aliases: &'c [String],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::http) associations: Vec<Association<'c>>,
}

impl<'c> Schema<'c> {
    /// `dated` are creation time and deletion mark, where they are shown.
    pub(in crate::http) fn new(
        (subject, version, id): (&Subject, Version, SchemaId),
        guid: Guid,
        content: &'c Content,
        dated: Option<(i64, bool)>,
        is_legacy: bool,
    ) -> Self {
        let dated = dated.filter(|_| !is_legacy);
        Self {
            subject: subject.qualified(),
            version,
            id,
            guid: (!is_legacy).then_some(guid),
            schema_type: schema_type(content, is_legacy),
            references: Cow::Borrowed(&content.references),
            metadata: content.metadata.as_ref(),
            schema: &content.text,
            schema_tags: Vec::new(),
            ts: dated.map(|(ts, _)| ts),
            deleted: dated.map(|(_, deleted)| deleted),
            rule_set: content.rule_set.as_ref(),
            aliases: &[],
            associations: Vec::new(),
        }
    }

    /// A version that came with an association.
    pub(in crate::http) fn of(registered: &'c Registered, is_legacy: bool) -> Self {
        let Registered { subject, version, id, guid, content, matched_at, .. } = registered;
        Self::new((subject, *version, *id), *guid, content, matched_at.map(|ts| (ts, false)), is_legacy)
    }
}

/// A schema found by its id or guid.
#[skip_serializing_none]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct SchemaString<'c> {
    pub(in crate::http) subject: Option<String>,
    pub(in crate::http) version: Option<Version>,
    pub(in crate::http) guid: Option<Guid>,
    pub(in crate::http) schema_type: Option<&'static str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(in crate::http) schema: &'c str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(in crate::http) references: Cow<'c, [Reference]>,
    pub(in crate::http) metadata: Option<&'c Metadata>,
    pub(in crate::http) rule_set: Option<&'c RuleSet>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::http) schema_tags: Vec<SchemaTags>,
    pub(in crate::http) max_id: Option<SchemaId>,
    pub(in crate::http) ts: Option<i64>,
    pub(in crate::http) deleted: Option<bool>,
}

impl<'c> SchemaString<'c> {
    /// `schema` is the text in the format that was asked for.
    pub(in crate::http) fn new(
        guid: Guid,
        content: &'c Content,
        schema: &'c str,
        (ts, deleted): (i64, bool),
        is_legacy: bool,
    ) -> Self {
        Self {
            subject: None,
            version: None,
            guid: (!is_legacy).then_some(guid),
            schema_type: schema_type(content, is_legacy),
            schema,
            references: Cow::Borrowed(&content.references),
            metadata: content.metadata.as_ref(),
            rule_set: content.rule_set.as_ref(),
            schema_tags: Vec::new(),
            max_id: None,
            ts: (!is_legacy).then_some(ts),
            deleted: (!is_legacy).then_some(deleted),
        }
    }
}

/// What a registration answers; the 7.x line answers the id alone.
#[skip_serializing_none]
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct RegisterSchemaResponse<'c> {
    id: SchemaId,
    version: Option<Version>,
    guid: Option<Guid>,
    schema_type: Option<&'static str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    references: &'c [Reference],
    metadata: Option<&'c Metadata>,
    rule_set: Option<&'c RuleSet>,
    #[serde(skip_serializing_if = "str::is_empty")]
    schema: &'c str,
    ts: Option<i64>,
    deleted: Option<bool>,
}

impl<'c> RegisterSchemaResponse<'c> {
    pub(in crate::http) fn id_only(id: SchemaId) -> Self {
        Self { id, ..Self::default() }
    }

    pub(in crate::http) fn new(registered: &'c Registered, schema: &'c str) -> Self {
        let content = &registered.content;
        Self {
            id: registered.id,
            version: Some(registered.version),
            guid: Some(registered.guid),
            schema_type: Some(content.schema_type.as_str()),
            references: &content.references,
            metadata: content.metadata.as_ref(),
            rule_set: content.rule_set.as_ref(),
            schema,
            ts: registered.matched_at,
            deleted: registered.matched_at.map(|_| false),
        }
    }
}

/// The tags of one entity inside a schema (rest-api 3.8).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct SchemaTags {
    schema_entity: SchemaEntity,
    tags: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SchemaEntity {
    entity_path: String,
    entity_type: &'static str,
}

impl From<EntityTags> for SchemaTags {
    fn from(EntityTags { path, entity, tags }: EntityTags) -> Self {
        Self { schema_entity: SchemaEntity { entity_path: path, entity_type: entity.into() }, tags }
    }
}

#[derive(Serialize)]
pub(in crate::http) struct SubjectVersion {
    pub(in crate::http) subject: String,
    pub(in crate::http) version: Version,
}

/// Where a guid has an id.
#[derive(Serialize)]
pub(in crate::http) struct ContextId {
    pub(in crate::http) context: String,
    pub(in crate::http) id: SchemaId,
}
