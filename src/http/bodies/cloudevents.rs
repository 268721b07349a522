//! Bodies below `/cloudevents` (cloudevents 4.2).

use serde_json::Value;

use crate::cloudevents::WriterId;
use crate::codec::{FromJson, JacksonObject};
use crate::http::error::{ApiError, selector};
use crate::registry::Hints;
use crate::types::{Alias, AliasTarget, Guid, Subject, TypeBinding, VersionSelector};

/// A body that must be an object.
fn object(body: Option<&Value>) -> Result<JacksonObject<'_>, ApiError> {
    let object = body.filter(|value| value.is_object()).map(|value| JacksonObject::of("", value)).transpose()?.flatten();
    object.ok_or_else(|| ApiError::bad_request("The body must be a JSON object"))
}

/// A number or `latest`, which also absence means.
fn version(object: JacksonObject<'_>) -> Result<VersionSelector, ApiError> {
    match object.value("version") {
        None | Some(Value::Null) => Ok(VersionSelector::Latest),
        Some(Value::String(text)) => selector(text),
        Some(value) => selector(&i32::from_json(value)?.map_or_else(String::new, |number| number.to_string())),
    }
}

/// A member that must be there and not be empty.
fn required(object: JacksonObject<'_>, key: &str) -> Result<String, ApiError> {
    let text = object.get::<String>(key)?.filter(|text| !text.is_empty());
    text.ok_or_else(|| ApiError::missing_member(key))
}

/// `base_context` is the context of unqualified subjects.
pub(in crate::http) fn alias(body: Option<&Value>, base_context: &str) -> Result<Alias, ApiError> {
    let object = object(body)?;
    let uri = required(object, "uri")?;
    let target = if let Some(text) = object.get::<String>("guid")? {
        AliasTarget::Guid(Guid::parse(&text).ok_or_else(|| ApiError::not_a_guid(&text))?)
    } else {
        AliasTarget::Version(Subject::parse_in(base_context, &required(object, "subject")?), version(object)?)
    };
    Ok(Alias { uri, target })
}

/// `pattern` is the event type of the path.
pub(in crate::http) fn type_binding(body: Option<&Value>, pattern: &str, base_context: &str) -> Result<TypeBinding, ApiError> {
    let object = object(body)?;
    Ok(TypeBinding {
        pattern: pattern.to_owned(),
        subject: Subject::parse_in(base_context, &required(object, "subject")?),
        version: version(object)?,
        require_dataschema: object.get("require_dataschema")?.unwrap_or(false),
    })
}

/// `{"id":42}` or `{"guid":"..."}`.
fn writer(object: JacksonObject<'_>, key: &str) -> Result<Option<WriterId>, ApiError> {
    let refused = || ApiError::bad_request(format!("{key} must be an object with an id or a guid"));
    let inner = match object.value(key) {
        None | Some(Value::Null) => return Ok(None),
        Some(value @ Value::Object(_)) => JacksonObject::of("", value)?.unwrap_or_default(),
        Some(_) => return Err(refused()),
    };
    if let Some(id) = inner.get("id")? {
        return Ok(Some(WriterId::Id(id)));
    }
    let guid = inner.get::<String>("guid")?.and_then(|text| Guid::parse(&text));
    guid.map(|guid| Some(WriterId::Guid(guid))).ok_or_else(refused)
}

/// What may tell which schema an event has.
pub(in crate::http) fn hints(body: Option<&Value>) -> Result<Hints, ApiError> {
    let object = object(body)?;
    Ok(Hints {
        dataschema: object.get("dataschema")?,
        event_type: object.get::<String>("type")?.filter(|name| !name.is_empty()),
        record_header: writer(object, "record_header")?,
        framing: writer(object, "framing")?,
        ..Hints::default()
    })
}
