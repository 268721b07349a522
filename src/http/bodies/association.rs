//! Bodies of `/associations` (rest-api 5.13).

use serde_json::Value;

use super::schema::submission;
use crate::codec::{CodecError, FromJson, JacksonObject, constant};
use crate::http::error::ApiError;
use crate::registry::{AssociationInput, AssociationOperation, AssociationQuery, AssociationsRequest, RegistryError};
use crate::types::{AssociationType, Lifecycle};

impl FromJson for Lifecycle {
    const CLASS: &str = "LifecyclePolicy";

    fn from_json(value: &Value) -> Result<Option<Self>, CodecError> {
        constant(value)
    }
}

fn operation(object: JacksonObject<'_>) -> Result<AssociationOperation, CodecError> {
    match object.get::<String>("opType")?.as_deref() {
        Some("CREATE") => Ok(AssociationOperation::Create),
        Some("UPSERT") => Ok(AssociationOperation::Upsert),
        Some("DELETE") => Ok(AssociationOperation::Delete),
        Some(other) => Err(CodecError(format!(
            "Could not resolve type id '{other}' as a subtype of `AssociationOp`: known type ids = [CREATE, DELETE, UPSERT]"
        ))),
        None => Err(CodecError(
            "Could not resolve subtype of [simple type, class \
             io.confluent.kafka.schemaregistry.client.rest.entities.requests.AssociationOp]: missing type id property 'opType' \
             (for POJO property 'associations')"
                .to_owned(),
        )),
    }
}

/// The items of a list; `null` among them is refused.
fn items<'v>(object: JacksonObject<'v>, key: &'static str, class: &str) -> Result<&'v [Value], ApiError> {
    let list = object.items(key, class)?;
    if list.iter().any(Value::is_null) {
        return Err(RegistryError::InvalidAssociation { property: key, detail: "cannot contain null".to_owned() }.into());
    }
    Ok(list)
}

fn input(value: &Value, all: Option<AssociationOperation>) -> Result<AssociationInput, ApiError> {
    let object = JacksonObject::of("AssociationCreateOrUpdateInfo", value)?.unwrap_or_default();
    let operation = match all {
        Some(operation) => operation,
        None => operation(object)?,
    };
    Ok(AssociationInput {
        operation,
        subject: object.get("subject")?,
        association_type: object.get("associationType")?,
        lifecycle: object.get("lifecycle")?,
        frozen: object.get("frozen")?,
        schema: object.value("schema").filter(|schema| !schema.is_null()).map(submission).transpose()?,
        normalize: object.get("normalize")?.unwrap_or(false),
        cascade: object.get("cascadeLifecycle")?.unwrap_or(false),
    })
}

/// Reads a change to one resource; `operation` is that of all its associations, `None` where each names its own.
pub(in crate::http) fn change(value: &Value, operation: Option<AssociationOperation>) -> Result<AssociationsRequest, ApiError> {
    let object = JacksonObject::of("AssociationCreateOrUpdateRequest", value)?.unwrap_or_default();
    let inputs = items(object, "associations", "AssociationCreateOrUpdateInfo")?.iter().map(|value| input(value, operation));
    Ok(AssociationsRequest {
        resource_name: object.get("resourceName")?,
        resource_namespace: object.get("resourceNamespace")?,
        resource_id: object.get("resourceId")?,
        resource_type: object.get("resourceType")?,
        associations: inputs.collect::<Result<_, _>>()?,
    })
}

/// Whether there is a null among the associations of a change.
pub(in crate::http) fn has_null(value: &Value) -> bool {
    value.get("associations").and_then(Value::as_array).is_some_and(|list| list.iter().any(Value::is_null))
}

/// The resource that a change is for, if the body names it.
pub(in crate::http) fn resource_id(value: &Value) -> Option<&str> {
    value.get("resourceId").and_then(Value::as_str)
}

/// Names of association types; those that there are not match nothing.
pub(in crate::http) fn types(names: &[String]) -> Option<Vec<AssociationType>> {
    (!names.is_empty()).then(|| names.iter().filter_map(|name| AssociationType::parse(name)).collect())
}

/// Reads a question of a batch.
pub(in crate::http) fn query(value: &Value) -> Result<AssociationQuery, ApiError> {
    let object = JacksonObject::of("AssociationGetRequest", value)?.unwrap_or_default();
    items(object, "associationTypes", "String")?;
    let names: Vec<String> = object.get("associationTypes")?.unwrap_or_default();
    Ok(AssociationQuery {
        resource_name: object.get("resourceName")?,
        resource_namespace: object.get("resourceNamespace")?,
        resource_id: object.get("resourceId")?,
        resource_type: object.get("resourceType")?,
        types: types(&names),
        lifecycle: object.get("lifecycle")?,
    })
}

/// Requests that a batch may have; each takes its queries.
const MAX_BATCH: usize = 1_000;

/// The requests of a batch, each read by `reader`; a batch of none is refused.
pub(in crate::http) fn batch<T>(
    value: &Value,
    class: &str,
    reader: impl Fn(&Value) -> Result<T, ApiError>,
) -> Result<Vec<T>, ApiError> {
    let object = JacksonObject::of(class, value)?.unwrap_or_default();
    let requests = items(object, "requests", "AssociationOpRequest")?;
    if requests.is_empty() {
        let detail = "cannot be null or empty".to_owned();
        return Err(RegistryError::InvalidAssociation { property: "requests", detail }.into());
    }
    if requests.len() > MAX_BATCH {
        let detail = format!("has {} elements, and {MAX_BATCH} are allowed", requests.len());
        return Err(RegistryError::InvalidAssociation { property: "requests", detail }.into());
    }
    requests.iter().map(reader).collect()
}
