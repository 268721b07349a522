//! Bodies of `/accordant/v1/diff` and `impact`.

use serde_json::Value;

use super::schema::submission;
use crate::codec::{FromJson, JacksonObject};
use crate::http::error::{ApiError, selector};
use crate::registry::DiffSource;
use crate::types::{Subject, VersionSelector};

/// The subject whose config counts, and the two schemas: each a version of a subject, or a text as it would be submitted.
pub(in crate::http) fn sources(value: &Value, context: &str) -> Result<(Subject, DiffSource, DiffSource), ApiError> {
    let object = JacksonObject::of("DiffRequest", value)?.unwrap_or_default();
    let given: String = object.get("subject")?.unwrap_or_default();
    let subject = Subject::parse_in(context, &given);
    let side = |key: &'static str| match object.value(key) {
        Some(value) if value.is_object() => source(value, &subject),
        _ => Err(ApiError::bad_request(format!("{key} is missing: a version of a subject, or a schema"))),
    };
    let (old, new) = (side("old")?, side("new")?);
    Ok((subject, old, new))
}

/// The subject, the new schema, and since when a version must have been read to be in use.
pub(in crate::http) fn impact(value: &Value, context: &str) -> Result<(Subject, DiffSource, Option<String>), ApiError> {
    let object = JacksonObject::of("ImpactRequest", value)?.unwrap_or_default();
    let given: Option<String> = object.get("subject")?;
    let given = given.filter(|given| !given.is_empty()).ok_or_else(|| ApiError::bad_request("subject is missing"))?;
    let subject = Subject::parse_in(context, &given);
    let new = match object.value("new") {
        Some(value) if value.is_object() => source(value, &subject)?,
        _ => return Err(ApiError::bad_request("new is missing: a version of a subject, or a schema")),
    };
    Ok((subject, new, object.get("since")?))
}

fn source(value: &Value, subject: &Subject) -> Result<DiffSource, ApiError> {
    let object = JacksonObject::of("DiffSide", value)?.unwrap_or_default();
    if object.value("schema").is_some_and(|schema| !schema.is_null()) {
        return Ok(DiffSource::Text(Box::new(submission(value)?)));
    }
    let named: Option<String> = object.get("subject")?;
    let subject = named.map_or_else(|| subject.clone(), |named| Subject::parse_in(subject.context(), &named));
    let version = match object.value("version") {
        None | Some(Value::Null) => VersionSelector::Latest,
        Some(Value::String(text)) => selector(text)?,
        Some(value) => selector(&i32::from_json(value)?.map_or_else(String::new, |number| number.to_string()))?,
    };
    Ok(DiffSource::Version(subject, version))
}
