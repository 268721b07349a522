//! Bodies that register, look up, check and tag (rest-api 3.1) (rest-api 3.8).

use serde_json::Value;

use crate::codec::{CodecError, FromJson, JacksonObject, constant};
use crate::http::error::ApiError;
use crate::registry::{InvalidSchema, RawReference, RegistryError, Submission, TagRequest};
use crate::schema::{TagEdit, TagEntity};

impl FromJson for RawReference {
    const CLASS: &str = "SchemaReference";

    fn from_json(value: &Value) -> Result<Option<Self>, CodecError> {
        let Some(object) = JacksonObject::of(Self::CLASS, value)? else { return Ok(None) };
        Ok(Some(Self { name: object.get("name")?, subject: object.get("subject")?, version: object.get("version")? }))
    }
}

/// Confluent trips over a `null` while resolving.
fn references(object: JacksonObject<'_>) -> Result<Vec<RawReference>, ApiError> {
    let references: Vec<Option<RawReference>> = object.get("references")?.unwrap_or_default();
    let all: Option<Vec<RawReference>> = references.into_iter().collect();
    all.ok_or_else(|| RegistryError::InvalidSchema(InvalidSchema::NullReference).into())
}

impl FromJson for TagEntity {
    const CLASS: &str = "EntityType";

    fn from_json(value: &Value) -> Result<Option<Self>, CodecError> {
        constant(value)
    }
}

impl FromJson for TagEdit {
    const CLASS: &str = "SchemaTags";

    fn from_json(value: &Value) -> Result<Option<Self>, CodecError> {
        let Some(object) = JacksonObject::of(Self::CLASS, value)? else { return Ok(None) };
        let entity = object.value("schemaEntity").map(|entity| JacksonObject::of("SchemaEntity", entity)).transpose()?.flatten();
        let Some(entity) = entity else {
            return Err(CodecError("schemaTags need a schemaEntity with entityPath and entityType".to_owned()));
        };
        let Some(kind) = entity.get("entityType")? else {
            return Err(CodecError("a schemaEntity needs an entityType".to_owned()));
        };
        let tags = object.get("tags")?.unwrap_or_default();
        Ok(Some(Self { path: entity.get("entityPath")?.unwrap_or_default(), entity: kind, tags }))
    }
}

/// Reads a `TagSchemaRequest`.
pub(in crate::http) fn tag_request(value: &Value) -> Result<TagRequest, ApiError> {
    let object = JacksonObject::of("TagSchemaRequest", value)?.unwrap_or_default();
    let rules_to_remove = object.get("rulesToRemove")?.unwrap_or_default();
    Ok(TagRequest {
        new_version: object.get("newVersion")?,
        add: object.get("tagsToAdd")?.unwrap_or_default(),
        remove: object.get("tagsToRemove")?.unwrap_or_default(),
        metadata: object.get("metadata")?,
        rule_set: object.get("ruleSet")?,
        rules_to_merge: object.get("rulesToMerge")?,
        rules_to_remove,
    })
}

/// Reads a `RegisterSchemaRequest`.
pub(in crate::http) fn submission(value: &Value) -> Result<Submission, ApiError> {
    let object = JacksonObject::of("RegisterSchemaRequest", value)?.unwrap_or_default();
    Ok(Submission {
        schema: object.get("schema")?,
        schema_type: object.get("schemaType")?,
        references: references(object)?,
        metadata: object.get("metadata")?,
        rule_set: object.get("ruleSet")?,
        id: object.get("id")?,
        version: object.get("version")?.unwrap_or(0),
        tags_to_add: object.get("schemaTagsToAdd")?.unwrap_or_default(),
        tags_to_remove: object.get("schemaTagsToRemove")?.unwrap_or_default(),
        propagate_tags: object.get("propagateSchemaTags")?.unwrap_or(false),
        ..Submission::default()
    })
}

/// Reads the schemas of a tree, each with the name of its subject.
pub(in crate::http) fn tree(value: &Value) -> Result<Vec<(String, Submission)>, ApiError> {
    let object = JacksonObject::of("RegisterTreeRequest", value)?.unwrap_or_default();
    let named = object.items("schemas", "RegisterSchemaRequest")?.iter().map(|member| {
        let object = JacksonObject::of("RegisterSchemaRequest", member)?.unwrap_or_default();
        let subject = object.get::<String>("subject")?.filter(|subject| !subject.is_empty());
        let subject = subject.ok_or_else(|| RegistryError::InvalidTree("Each schema needs a subject".to_owned()))?;
        Ok((subject, submission(member)?))
    });
    named.collect()
}
