//! Request bodies into submissions (rest-api 1.5, 3.1).

use bytes::Bytes;
use serde_json::{Map, Value};

use super::error::ApiError;
use crate::codec::{
    CodecError, as_array, as_bool, as_int, as_object, as_string, field, metadata_from, rule_set_from, string_field,
};
use crate::registry::{InvalidSchema, RawReference, RegistryError, Submission, TagRequest};
use crate::schema::{TagEdit, TagEntity};

/// The first JSON value of a body; what follows it is ignored. `None` for an empty body and for `null`.
pub(super) fn value(bytes: &Bytes) -> Result<Option<Value>, ApiError> {
    let mut values = serde_json::Deserializer::from_slice(bytes).into_iter::<Value>();
    match values.next() {
        None | Some(Ok(Value::Null)) => Ok(None),
        Some(Ok(mut value)) => {
            if may_hold_nul(bytes) {
                replace_nul(&mut value);
            }
            Ok(Some(value))
        }
        Some(Err(error)) => Err(ApiError::bad_request(format!("Malformed JSON: {error}"))),
    }
}

/// Whether a body may hold NUL: in JSON it can only be written as an escape.
fn may_hold_nul(bytes: &Bytes) -> bool {
    bytes.windows(6).any(|window| window == b"\\u0000")
}

/// NUL, which no stored name has and no database takes, becomes U+FFFD, as in paths. Schema texts are left as they are: their
/// engines judge them. The reader has bounded the depth.
fn replace_nul(value: &mut Value) {
    match value {
        Value::String(text) if text.contains('\0') => *text = text.replace('\0', "\u{FFFD}"),
        Value::Array(items) => items.iter_mut().for_each(replace_nul),
        Value::Object(members) => {
            let old = std::mem::take(members);
            for (key, mut value) in old {
                if !(key == "schema" && value.is_string()) {
                    replace_nul(&mut value);
                }
                members.insert(key.replace('\0', "\u{FFFD}"), value);
            }
        }
        _ => {}
    }
}

/// A body that must be there.
pub(super) fn required(bytes: &Bytes, operation: &str) -> Result<Value, ApiError> {
    value(bytes)?.ok_or_else(|| ApiError::empty_body(operation))
}

fn reference(value: &Value) -> Result<Option<RawReference>, CodecError> {
    let Some(map) = as_object("SchemaReference", value)? else { return Ok(None) };
    Ok(Some(RawReference {
        name: string_field(map, "name")?,
        subject: string_field(map, "subject")?,
        version: field(map, "version", as_int)?,
    }))
}

fn references(map: &Map<String, Value>) -> Result<Vec<RawReference>, ApiError> {
    let Some(value) = map.get("references") else { return Ok(Vec::new()) };
    let Some(items) = as_array("java.util.ArrayList<SchemaReference>", value)? else { return Ok(Vec::new()) };
    let mut out = Vec::with_capacity(items.len());
    for item in items {
        match reference(item)? {
            Some(reference) => out.push(reference),
            // the original trips over it while resolving
            None => return Err(RegistryError::InvalidSchema(InvalidSchema::NullReference).into()),
        }
    }
    Ok(out)
}

/// Reads a list of `SchemaTags`.
pub(super) fn tag_edits(map: &Map<String, Value>, key: &str) -> Result<Vec<TagEdit>, ApiError> {
    let Some(value) = map.get(key) else { return Ok(Vec::new()) };
    let Some(items) = as_array("java.util.ArrayList<SchemaTags>", value)? else { return Ok(Vec::new()) };
    let mut out = Vec::new();
    for item in items {
        let Some(tags) = as_object("SchemaTags", item)? else { continue };
        let Some(Value::Object(entity)) = tags.get("schemaEntity") else {
            return Err(ApiError::bad_request("schemaTags need a schemaEntity with entityPath and entityType"));
        };
        let kind = match string_field(entity, "entityType")?.as_deref() {
            Some("sr_record") => TagEntity::Record,
            Some("sr_field") => TagEntity::Field,
            other => {
                let text = other.unwrap_or("null");
                return Err(ApiError::bad_request(format!(
                    "Cannot deserialize value of type `SchemaEntity.EntityType` from String \"{text}\": \
                     not one of the values accepted for Enum class: [sr_record, sr_field]"
                )));
            }
        };
        let mut names = Vec::new();
        for name in
            tags.get("tags").map(|v| as_array("java.util.ArrayList<String>", v)).transpose()?.flatten().into_iter().flatten()
        {
            names.extend(as_string(name)?);
        }
        out.push(TagEdit { path: string_field(entity, "entityPath")?.unwrap_or_default(), entity: kind, tags: names });
    }
    Ok(out)
}

/// Reads a `TagSchemaRequest`.
pub(super) fn tag_request(value: &Value) -> Result<TagRequest, ApiError> {
    let Some(map) = as_object("TagSchemaRequest", value)? else { return Ok(TagRequest::default()) };
    let mut removed = Vec::new();
    if let Some(names) =
        field(map, "rulesToRemove", |value| as_array("java.util.ArrayList<String>", value).map(Option::<&Vec<Value>>::cloned))?
    {
        for name in &names {
            removed.extend(as_string(name)?);
        }
    }
    Ok(TagRequest {
        new_version: field(map, "newVersion", as_int)?,
        add: tag_edits(map, "tagsToAdd")?,
        remove: tag_edits(map, "tagsToRemove")?,
        metadata: field(map, "metadata", metadata_from)?,
        rule_set: field(map, "ruleSet", rule_set_from)?,
        rules_to_merge: field(map, "rulesToMerge", rule_set_from)?,
        rules_to_remove: removed,
    })
}

/// Reads a `RegisterSchemaRequest`.
pub(super) fn submission(value: &Value) -> Result<Submission, ApiError> {
    let Some(map) = as_object("RegisterSchemaRequest", value)? else { return Ok(Submission::default()) };
    Ok(Submission {
        schema: string_field(map, "schema")?,
        schema_type: string_field(map, "schemaType")?,
        references: references(map)?,
        metadata: field(map, "metadata", metadata_from)?,
        rule_set: field(map, "ruleSet", rule_set_from)?,
        id: field(map, "id", as_int)?,
        version: field(map, "version", as_int)?.unwrap_or(0),
        tags_to_add: tag_edits(map, "schemaTagsToAdd")?,
        tags_to_remove: tag_edits(map, "schemaTagsToRemove")?,
        propagate_tags: field(map, "propagateSchemaTags", as_bool)?.unwrap_or(false),
    })
}
