//! `/cloudevents/aliases`: URIs that stand for schemas.

use axum::http::StatusCode;
use serde_json::{Map, Value};

use crate::codec::{as_int, as_string, field, string_field};
use crate::http::body;
use crate::http::error::{ApiError, selector};
use crate::http::reply::{Answer, plain_json};
use crate::http::request::Request;
use crate::http::wire;
use crate::registry::Origin;
use crate::types::{Alias, AliasTarget, Guid, Subject, VersionSelector};

/// Reads a version out of a body: a number or `latest`, which also absence means.
pub(super) fn version_of(map: &Map<String, Value>) -> Result<VersionSelector, ApiError> {
    match map.get("version") {
        None | Some(Value::Null) => Ok(VersionSelector::Latest),
        Some(Value::String(text)) => selector(text),
        Some(value) => selector(&as_int(value)?.map_or_else(String::new, |number| number.to_string())),
    }
}

/// A member that must be there and not be empty.
pub(super) fn required(map: &Map<String, Value>, key: &'static str) -> Result<String, ApiError> {
    let text = field(map, key, as_string)?.filter(|text| !text.is_empty());
    text.ok_or_else(|| ApiError::missing_member(key))
}

/// The object in a body.
pub(super) fn object(request: &Request) -> Result<Map<String, Value>, ApiError> {
    match body::value(&request.body)? {
        Some(Value::Object(map)) => Ok(map),
        _ => Err(ApiError::bad_request("The body must be a JSON object")),
    }
}

/// 201 for what is new, else 200.
pub(super) fn stored(is_new: bool) -> StatusCode {
    if is_new { StatusCode::CREATED } else { StatusCode::OK }
}

pub(in crate::http) async fn list(request: Request) -> Answer {
    let (offset, limit) = request.page(request.registry().defaults().list_limit)?;
    let aliases = request.registry().aliases(offset, limit).await?;
    let shown = aliases.iter().map(|Origin { value, is_configured }| wire::Alias::new(value, *is_configured));
    plain_json(StatusCode::OK, &shown.collect::<Vec<_>>())
}

pub(in crate::http) async fn put(request: Request) -> Answer {
    let map = object(&request)?;
    let uri = required(&map, "uri")?;
    let target = if let Some(text) = string_field(&map, "guid")? {
        AliasTarget::Guid(Guid::parse(&text).ok_or_else(|| ApiError::not_a_guid(&text))?)
    } else {
        let subject = Subject::parse_in(request.home(), &required(&map, "subject")?);
        AliasTarget::Version(subject, version_of(&map)?)
    };
    let alias = Alias { uri, target };
    let is_new = request.registry().put_alias(&alias).await?;
    plain_json(stored(is_new), &wire::Alias::new(&alias, false))
}

pub(in crate::http) async fn delete(request: Request) -> Answer {
    let uri = request.query("uri").filter(|uri| !uri.is_empty());
    let uri = uri.ok_or_else(|| ApiError::bad_request("The parameter uri is missing"))?;
    let alias = request.registry().delete_alias(uri).await?;
    plain_json(StatusCode::OK, &wire::Alias::new(&alias, false))
}
