//! `/cloudevents/types`: which schema the events of a type have.

use axum::http::StatusCode;

use super::aliases::created_or_ok;
use crate::http::bodies::{self, json};
use crate::http::reply::{Answer, Reply, plain_json};
use crate::http::request::Request;
use crate::http::wire::EventType;
use crate::registry::WithOrigin;

pub(in crate::http) async fn list(request: Request) -> Answer {
    let (offset, limit) = request.page(request.registry().defaults().list_limit)?;
    let bindings = request.registry().type_bindings(request.rights()).await?;
    let page = bindings.iter().skip(offset).take(limit);
    let shown = page.map(|WithOrigin { value, is_configured }| EventType::new(value, *is_configured));
    plain_json(StatusCode::OK, &shown.collect::<Vec<_>>())
}

pub(in crate::http) async fn get(request: Request) -> Answer {
    let WithOrigin { value, is_configured } = request.registry().type_binding(request.param("type"), request.rights()).await?;
    plain_json(StatusCode::OK, &EventType::new(&value, is_configured))
}

pub(in crate::http) async fn put(request: Request) -> Answer {
    let body = json::value(&request.body, "Map")?;
    let binding = bodies::cloudevents::type_binding(body.as_ref(), request.param("type"), request.base_context())?;
    let is_new = request.registry().put_type_binding(&binding, request.rights(), request.actor()).await?;
    plain_json(created_or_ok(is_new), &EventType::new(&binding, false))
}

pub(in crate::http) async fn delete(request: Request) -> Answer {
    request.registry().delete_type_binding(request.param("type"), request.rights(), request.actor()).await?;
    Ok(Reply::NoContent)
}
