//! `/cloudevents/resolve`: which schema a `dataschema` names.

use axum::http::StatusCode;
use serde_json::{Map, Value};

use super::aliases::object;
use super::documents;
use crate::cloudevents::WriterId;
use crate::codec::{as_int, as_string, field, string_field};
use crate::http::error::ApiError;
use crate::http::links::{Links, guid_path, version_path};
use crate::http::reply::{Answer, plain_json};
use crate::http::request::Request;
use crate::http::wire::{self, Candidate, ErrorDetails};
use crate::registry::{Hints, Reason, Resolution, ResolutionRule, Rival, Suggestion, Unresolved};
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

fn names(tried: &[ResolutionRule]) -> Vec<&'static str> {
    tried.iter().map(|rule| rule.as_str()).collect()
}

fn resolution<'a>(links: &Links, found: &'a Resolution) -> wire::Resolution<'a> {
    let writer = found.writer.as_ref().filter(|writer| writer.guid() != found.guid());
    wire::Resolution {
        resolved_by: found.resolved_by.as_str(),
        subject: found.subject.qualified(),
        version: found.version,
        id: found.id(),
        guid: found.guid(),
        schema_type: found.schema_type().as_str(),
        fragment: found.fragment.as_deref(),
        immutable: found.immutable,
        url: links.url(&guid_path(found.guid())),
        deleted: found.deleted.then_some(true),
        writer: writer.map(|writer| Box::new(resolution(links, writer))),
        tried: names(&found.tried),
    }
}

/// What was not found, as an error.
fn refused(links: &Links, unresolved: Unresolved) -> ApiError {
    let suggestion = |suggestion: Suggestion| match suggestion {
        Suggestion::Alias(uri) => uri,
        Suggestion::Version(subject, version) => {
            let number = match version {
                VersionSelector::Latest => None,
                VersionSelector::Number(number) => Some(number),
            };
            links.url(&version_path(&subject, number))
        }
    };
    let candidate = |rival: &Rival| Candidate {
        subject: rival.subject.qualified(),
        version: rival.version,
        id: rival.id,
        guid: rival.guid,
        url: links.url(&guid_path(rival.guid)),
    };
    let candidates = match &unresolved.reason {
        Reason::Ambiguous { rivals, .. } => Some(rivals.iter().map(candidate).collect()),
        _ => None,
    };
    let details = ErrorDetails {
        candidates,
        tried: Some(names(&unresolved.tried)),
        did_you_mean: unresolved.did_you_mean.into_iter().map(suggestion).collect(),
        ..ErrorDetails::default()
    };
    ApiError::unresolved(unresolved.reason, details)
}

async fn resolved(request: &Request, hints: &Hints) -> Result<Resolution, ApiError> {
    request.registry().resolve_event_schema(hints).await?.map_err(|unresolved| refused(&request.state.settings.links, unresolved))
}

pub(in crate::http) async fn get(request: Request) -> Answer {
    let found = resolved(&request, &asked(&request)).await?;
    plain_json(StatusCode::OK, &resolution(&request.state.settings.links, &found))
}

pub(in crate::http) async fn post(request: Request) -> Answer {
    let found = resolved(&request, &posted(&request)?).await?;
    plain_json(StatusCode::OK, &resolution(&request.state.settings.links, &found))
}

pub(in crate::http) async fn document(request: Request) -> Answer {
    let found = resolved(&request, &asked(&request)).await?;
    documents::resolved(&request, &found).await
}

pub(in crate::http) async fn post_document(request: Request) -> Answer {
    let found = resolved(&request, &posted(&request)?).await?;
    documents::resolved(&request, &found).await
}
