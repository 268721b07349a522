//! `/cloudevents/aliases`: URIs that stand for schemas.

use axum::http::StatusCode;

use crate::http::bodies::{self, json};
use crate::http::error::ApiError;
use crate::http::reply::{Answer, plain_json};
use crate::http::request::Request;
use crate::http::wire;
use crate::registry::WithOrigin;

pub(super) fn created_or_ok(is_new: bool) -> StatusCode {
    if is_new { StatusCode::CREATED } else { StatusCode::OK }
}

pub(in crate::http) async fn list(request: Request) -> Answer {
    let (offset, limit) = request.page(request.registry().defaults().list_limit)?;
    let aliases = request.registry().aliases(offset, limit, request.rights()).await?;
    let shown = aliases.iter().map(|WithOrigin { value, is_configured }| wire::Alias::new(value, *is_configured));
    plain_json(StatusCode::OK, &shown.collect::<Vec<_>>())
}

pub(in crate::http) async fn put(request: Request) -> Answer {
    let alias = bodies::cloudevents::alias(json::value(&request.body, "Map")?.as_ref(), request.base_context())?;
    let is_new = request.registry().put_alias(&alias, request.rights(), request.actor()).await?;
    plain_json(created_or_ok(is_new), &wire::Alias::new(&alias, false))
}

pub(in crate::http) async fn delete(request: Request) -> Answer {
    let uri = request.query("uri").filter(|uri| !uri.is_empty());
    let uri = uri.ok_or_else(|| ApiError::bad_request("The parameter uri is missing"))?;
    let alias = request.registry().delete_alias(uri, request.rights(), request.actor()).await?;
    plain_json(StatusCode::OK, &wire::Alias::new(&alias, false))
}
