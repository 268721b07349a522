//! `/cloudevents/types`: which schema the events of a type have.

use axum::http::StatusCode;
use serde_json::Value;

use super::aliases::{object, plain, required, stored, version_json, version_of};
use crate::codec::{as_bool, field};
use crate::http::reply::{Answer, Members, Reply};
use crate::http::request::Request;
use crate::registry::Origin;
use crate::types::{Subject, TypeBinding};

fn shape(binding: &TypeBinding, is_configured: bool) -> Value {
    Members::default()
        .put("type", binding.pattern.as_str())
        .put("subject", binding.subject.qualified())
        .put("version", version_json(binding.version))
        .put("require_dataschema", binding.require_dataschema)
        .put("configured", is_configured)
        .done()
}

pub(in crate::http) async fn list(request: Request) -> Answer {
    let (offset, limit) = request.page(request.registry().defaults().list_limit)?;
    let bindings = request.registry().type_bindings().await?;
    let page = bindings.iter().skip(offset).take(limit);
    plain(StatusCode::OK, &page.map(|Origin { value, is_configured }| shape(value, *is_configured)).collect())
}

pub(in crate::http) async fn get(request: Request) -> Answer {
    let Origin { value, is_configured } = request.registry().type_binding(request.param("type")).await?;
    plain(StatusCode::OK, &shape(&value, is_configured))
}

pub(in crate::http) async fn put(request: Request) -> Answer {
    let map = object(&request)?;
    let binding = TypeBinding {
        pattern: request.param("type").to_owned(),
        subject: Subject::parse_in(request.home(), &required(&map, "subject")?),
        version: version_of(&map)?,
        require_dataschema: field(&map, "require_dataschema", as_bool)?.unwrap_or(false),
    };
    let is_new = request.registry().put_type_binding(&binding).await?;
    plain(stored(is_new), &shape(&binding, false))
}

pub(in crate::http) async fn delete(request: Request) -> Answer {
    request.registry().delete_type_binding(request.param("type")).await?;
    Ok(Reply::Empty)
}
