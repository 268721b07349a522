//! `/cloudevents/aliases`: URIs that stand for schemas.

use axum::http::StatusCode;
use serde_json::{Map, Value};

use crate::codec::{as_int, as_string, field, string_field};
use crate::http::body;
use crate::http::error::{ApiError, selector};
use crate::http::reply::{Answer, Members, Reply, to_bytes};
use crate::http::request::Request;
use crate::registry::Origin;
use crate::types::{Alias, AliasTarget, Guid, Subject, VersionSelector};

/// A version as it is written: a number, or `latest`.
pub(super) fn version_json(version: VersionSelector) -> Value {
    match version {
        VersionSelector::Latest => "latest".into(),
        VersionSelector::Number(number) => number.into(),
    }
}

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

/// An answer in plain JSON.
#[expect(clippy::unnecessary_wraps, reason = "the last line of handlers")]
pub(super) fn plain(status: StatusCode, value: &Value) -> Answer {
    Ok(Reply::JsonRegardlessOfAccept(status, to_bytes(value)))
}

/// 201 for what is new, else 200.
pub(super) fn stored(is_new: bool) -> StatusCode {
    if is_new { StatusCode::CREATED } else { StatusCode::OK }
}

fn shape(alias: &Alias, is_configured: bool) -> Value {
    let out = Members::default().put("uri", alias.uri.as_str());
    let out = match &alias.target {
        AliasTarget::Version(subject, version) => out.put("subject", subject.qualified()).put("version", version_json(*version)),
        AliasTarget::Guid(guid) => out.put_guid(*guid),
    };
    out.put("configured", is_configured).done()
}

pub(in crate::http) async fn list(request: Request) -> Answer {
    let (offset, limit) = request.page(request.registry().defaults().list_limit)?;
    let aliases = request.registry().aliases(offset, limit).await?;
    let shapes = aliases.iter().map(|Origin { value, is_configured }| shape(value, *is_configured)).collect();
    plain(StatusCode::OK, &Value::Array(shapes))
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
    plain(stored(is_new), &shape(&alias, false))
}

pub(in crate::http) async fn delete(request: Request) -> Answer {
    let uri = request.query("uri").filter(|uri| !uri.is_empty());
    let uri = uri.ok_or_else(|| ApiError::bad_request("The parameter uri is missing"))?;
    let alias = request.registry().delete_alias(uri).await?;
    plain(StatusCode::OK, &shape(&alias, false))
}
