//! `/cloudevents/resolve`: which schema a `dataschema` names.

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::aliases::{object, plain};
use super::documents;
use crate::codec::{as_int, as_string, field, string_field};
use crate::http::error::ApiError;
use crate::http::links::{guid_path, version_path};
use crate::http::reply::{Answer, Members};
use crate::http::request::Request;
use crate::registry::{Hints, Reason, Resolution, ResolutionRule, Rival, Suggestion, Unresolved, WriterId};
use crate::types::{Guid, VersionSelector};

/// The hints in a query.
fn asked(request: &Request) -> Hints {
    let text = |name: &str| request.query(name).map(str::to_owned);
    Hints { dataschema: text("dataschema"), event_type: text("type").filter(|t| !t.is_empty()), ..Hints::default() }
}

/// `{"id":42}` or `{"guid":"..."}`.
fn writer(map: &Map<String, Value>, key: &str) -> Result<Option<WriterId>, ApiError> {
    let refused = || ApiError::bad_request(format!("{key} must be an object with an id or a guid"));
    let inner = match map.get(key) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Object(inner)) => inner,
        Some(_) => return Err(refused()),
    };
    if let Some(id) = field(inner, "id", as_int)? {
        return Ok(Some(WriterId::Id(id)));
    }
    let guid = field(inner, "guid", as_string)?.and_then(|text| Guid::parse(&text));
    guid.map(|guid| Some(WriterId::Guid(guid))).ok_or_else(refused)
}

/// The hints in a body.
fn posted(request: &Request) -> Result<Hints, ApiError> {
    let map = object(request)?;
    Ok(Hints {
        dataschema: string_field(&map, "dataschema")?,
        event_type: string_field(&map, "type")?.filter(|t| !t.is_empty()),
        record_header: writer(&map, "record_header")?,
        framing: writer(&map, "framing")?,
        ..Hints::default()
    })
}

fn names(tried: &[ResolutionRule]) -> Vec<Value> {
    tried.iter().map(|rule| rule.as_str().into()).collect()
}

/// A resolution as the API shows it.
fn shape(request: &Request, found: &Resolution) -> Value {
    let links = &request.state.settings.links;
    let mut out = Members::default()
        .put("resolved_by", found.resolved_by.as_str())
        .put("subject", found.subject.qualified())
        .put("version", found.version)
        .put("id", found.id())
        .put_guid(found.guid())
        .put("schemaType", found.schema_type().as_str())
        .put("fragment", found.fragment.as_deref().map_or(Value::Null, Value::from))
        .put("immutable", found.immutable)
        .put("url", links.url(&guid_path(found.guid())));
    if found.deleted {
        out = out.put("deleted", true);
    }
    if let Some(writer) = found.writer.as_ref().filter(|writer| writer.guid() != found.guid()) {
        out = out.put("writer", shape(request, writer));
    }
    out.put("tried", names(&found.tried)).done()
}

/// What was not found, as an error.
fn refused(request: &Request, unresolved: Unresolved) -> ApiError {
    let links = &request.state.settings.links;
    let tried = names(&unresolved.tried);
    let suggestion = |suggestion: &Suggestion| match suggestion {
        Suggestion::Alias(uri) => Value::from(uri.as_str()),
        Suggestion::Version(subject, version) => {
            let number = match version {
                VersionSelector::Latest => None,
                VersionSelector::Number(number) => Some(*number),
            };
            links.url(&version_path(subject, number)).into()
        }
    };
    let error = match unresolved.reason {
        Reason::NoHint => {
            let text = "Nothing to go by: dataschema and type are both missing";
            return ApiError::bad_request(text).with("tried", tried);
        }
        Reason::NotAUri(error) => ApiError::bad_request(format!("The dataschema can't be used: {error}")).problem("not-a-uri"),
        Reason::Unknown(what) => {
            let message = format!("No schema: {what}");
            ApiError::new(StatusCode::NOT_FOUND, 40403, message).problem("unresolved")
        }
        Reason::Ambiguous { name, rivals } => {
            let message = format!("{} schemas have the name {name}", rivals.len());
            let one = |rival: &Rival| {
                json!({
                    "subject": rival.subject.qualified(),
                    "version": rival.version,
                    "id": rival.id,
                    "guid": rival.guid.to_string(),
                    "url": links.url(&guid_path(rival.guid)),
                })
            };
            let candidates: Vec<Value> = rivals.iter().map(one).collect();
            ApiError::new(StatusCode::CONFLICT, 40900, message).problem("ambiguous").with("candidates", candidates)
        }
    };
    let error = error.with("tried", tried);
    match unresolved.did_you_mean.iter().map(suggestion).collect::<Vec<_>>() {
        none if none.is_empty() => error,
        some => error.with("did_you_mean", some),
    }
}

async fn resolved(request: &Request, hints: &Hints) -> Result<Resolution, ApiError> {
    request.registry().resolve_event_schema(hints).await?.map_err(|unresolved| refused(request, unresolved))
}

pub(in crate::http) async fn get(request: Request) -> Answer {
    let found = resolved(&request, &asked(&request)).await?;
    plain(StatusCode::OK, &shape(&request, &found))
}

pub(in crate::http) async fn post(request: Request) -> Answer {
    let found = resolved(&request, &posted(&request)?).await?;
    plain(StatusCode::OK, &shape(&request, &found))
}

pub(in crate::http) async fn document(request: Request) -> Answer {
    let found = resolved(&request, &asked(&request)).await?;
    documents::resolved(&request, &found).await
}

pub(in crate::http) async fn post_document(request: Request) -> Answer {
    let found = resolved(&request, &posted(&request)?).await?;
    documents::resolved(&request, &found).await
}
