//! `/mode`, of the registry as a whole, of contexts and of subjects.

use serde_json::Value;

use crate::codec::JacksonObject;
use crate::http::bodies::json as json_body;
use crate::http::error::ApiError;
use crate::http::reply::{Answer, Reply, json, to_bytes};
use crate::http::request::Request;
use crate::http::wire::{self, Empty};
use crate::registry::RegistryError;
use crate::types::Mode;

pub(in crate::http) async fn get(request: Request) -> Answer {
    let subject = request.named_subject();
    let freshness = request.freshness(&subject);
    let mode = request.registry().mode(&subject, request.flag("defaultToGlobal")).await?;
    Ok(Reply::while_fresh(to_bytes(&wire::Mode { mode: Some(mode.as_str()) }), freshness))
}

/// `null` clears the mode; a body without the key is refused (Accordant only). The answer is what was sent.
pub(in crate::http) async fn put(request: Request) -> Answer {
    let operation = if request.is_top_level() { "updateTopLevelMode.arg1" } else { "updateMode.arg2" };
    let body = json_body::required(&request.body, operation, "ModeUpdateRequest")?;
    let given = if let Value::String(mode) = &body {
        // Confluent's class can be made of the mode alone
        Some(mode.clone())
    } else {
        let object = JacksonObject::of("ModeUpdateRequest", &body).map_err(ApiError::from)?.unwrap_or_default();
        object.change::<String>("mode").map_err(ApiError::from)?.ok_or(RegistryError::InvalidMode)?
    };
    let mode = match &given {
        Some(name) => Some(Mode::parse(name).ok_or(RegistryError::InvalidMode)?),
        None => None,
    };
    request.registry().put_mode(&request.named_subject(), mode, request.flag("force"), request.actor()).await?;
    json(&wire::Mode { mode: given.as_deref() })
}

pub(in crate::http) async fn delete(request: Request) -> Answer {
    let mode = request.registry().delete_mode(&request.named_subject(), request.flag("recursive"), request.actor()).await?;
    match mode {
        Some(mode) => json(&wire::Mode { mode: Some(mode.as_str()) }),
        None => json(&Empty {}),
    }
}
