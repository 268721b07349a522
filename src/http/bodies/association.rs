//! Bodies of `/associations` (rest-api 5.13).

use serde_json::{Map, Value};

use super::body::submission;
use super::error::ApiError;
use crate::codec::{CodecError, as_array, as_bool, as_object, as_string, field, string_field};
use crate::registry::{AssociationInput, AssociationOperation, AssociationQuery, AssociationsRequest, RegistryError};
use crate::types::{AssociationType, Lifecycle};

fn lifecycle(value: &Value) -> Result<Option<Lifecycle>, CodecError> {
    let Some(name) = as_string(value)? else { return Ok(None) };
    Lifecycle::parse(&name).map(Some).ok_or_else(|| {
        CodecError(format!(
            "Cannot deserialize value of type `LifecyclePolicy` from String \"{name}\": \
             not one of the values accepted for Enum class: [STRONG, WEAK]"
        ))
    })
}

fn operation(map: &Map<String, Value>) -> Result<AssociationOperation, CodecError> {
    match string_field(map, "opType")?.as_deref() {
        Some("CREATE") => Ok(AssociationOperation::Create),
        Some("UPSERT") => Ok(AssociationOperation::Upsert),
        Some("DELETE") => Ok(AssociationOperation::Delete),
        Some(other) => Err(CodecError(format!(
            "Could not resolve type id '{other}' as a subtype of `AssociationOp`: known type ids = [CREATE, DELETE, UPSERT]"
        ))),
        None => Err(CodecError("Could not resolve subtype of `AssociationOp`: missing type id property 'opType'".to_owned())),
    }
}

/// The items of a list; `null` among them is refused.
fn items<'v>(map: &'v Map<String, Value>, key: &'static str, class: &str) -> Result<&'v [Value], ApiError> {
    let Some(value) = map.get(key) else { return Ok(&[]) };
    let list = as_array(&format!("java.util.ArrayList<{class}>"), value)?.map_or(&[] as &[Value], Vec::as_slice);
    if list.iter().any(Value::is_null) {
        return Err(RegistryError::InvalidAssociation { property: key, detail: "cannot contain null".to_owned() }.into());
    }
    Ok(list)
}

fn input(value: &Value, all: Option<AssociationOperation>) -> Result<AssociationInput, ApiError> {
    let empty = Map::new();
    let map = as_object("AssociationCreateOrUpdateInfo", value)?.unwrap_or(&empty);
    let operation = match all {
        Some(operation) => operation,
        None => operation(map)?,
    };
    Ok(AssociationInput {
        operation,
        subject: string_field(map, "subject")?,
        association_type: string_field(map, "associationType")?,
        lifecycle: field(map, "lifecycle", lifecycle)?,
        frozen: field(map, "frozen", as_bool)?,
        schema: map.get("schema").filter(|schema| !schema.is_null()).map(submission).transpose()?,
        normalize: field(map, "normalize", as_bool)?.unwrap_or(false),
        cascade: field(map, "cascadeLifecycle", as_bool)?.unwrap_or(false),
    })
}

/// Reads a change to one resource; `operation` is that of all its associations, `None` where each names its own.
pub(super) fn change(value: &Value, operation: Option<AssociationOperation>) -> Result<AssociationsRequest, ApiError> {
    let empty = Map::new();
    let map = as_object("AssociationCreateOrUpdateRequest", value)?.unwrap_or(&empty);
    let inputs = items(map, "associations", "AssociationCreateOrUpdateInfo")?.iter().map(|value| input(value, operation));
    Ok(AssociationsRequest {
        resource_name: string_field(map, "resourceName")?,
        resource_namespace: string_field(map, "resourceNamespace")?,
        resource_id: string_field(map, "resourceId")?,
        resource_type: string_field(map, "resourceType")?,
        associations: inputs.collect::<Result<_, _>>()?,
    })
}

/// Names of association types; those that there are not match nothing.
pub(super) fn types(names: &[String]) -> Option<Vec<AssociationType>> {
    (!names.is_empty()).then(|| names.iter().filter_map(|name| AssociationType::parse(name)).collect())
}

/// Reads a question of a batch.
pub(super) fn query(value: &Value) -> Result<AssociationQuery, ApiError> {
    let empty = Map::new();
    let map = as_object("AssociationGetRequest", value)?.unwrap_or(&empty);
    let mut names = Vec::new();
    for name in items(map, "associationTypes", "String")? {
        names.extend(as_string(name)?);
    }
    Ok(AssociationQuery {
        resource_name: string_field(map, "resourceName")?,
        resource_namespace: string_field(map, "resourceNamespace")?,
        resource_id: string_field(map, "resourceId")?,
        resource_type: string_field(map, "resourceType")?,
        types: types(&names),
        lifecycle: field(map, "lifecycle", lifecycle)?,
    })
}

/// The requests of a batch, each read by `reader`; a batch of none is refused.
pub(super) fn batch<T>(value: &Value, reader: impl Fn(&Value) -> Result<T, ApiError>) -> Result<Vec<T>, ApiError> {
    let empty = Map::new();
    let map = as_object("AssociationBatchRequest", value)?.unwrap_or(&empty);
    let requests = items(map, "requests", "AssociationOpRequest")?;
    if requests.is_empty() {
        let detail = "cannot be null or empty".to_owned();
        return Err(RegistryError::InvalidAssociation { property: "requests", detail }.into());
    }
    requests.iter().map(reader).collect()
}
