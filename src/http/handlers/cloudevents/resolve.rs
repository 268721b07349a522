//! `/cloudevents/resolve`: which schema a `dataschema` names (cloudevents 4.2).

use axum::http::StatusCode;

use super::documents;
use crate::http::bodies::{self, json};
use crate::http::error::ApiError;
use crate::http::links::{Links, guid_path, version_path};
use crate::http::reply::{Answer, plain_json};
use crate::http::request::Request;
use crate::http::wire::{self, ErrorDetails, ResolutionCandidate};
use crate::registry::{Hints, Resolution, ResolutionRule, Rival, Suggestion, Unresolved, UnresolvedReason};
use crate::types::VersionSelector;

fn hints_of_query(request: &Request) -> Hints {
    let text = |name: &str| request.query(name).map(str::to_owned);
    Hints { dataschema: text("dataschema"), event_type: text("type").filter(|t| !t.is_empty()), ..Hints::default() }
}

fn hints_of_body(request: &Request) -> Result<Hints, ApiError> {
    bodies::cloudevents::hints(json::value(&request.body, "Map")?.as_ref())
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
    let candidate = |rival: &Rival| ResolutionCandidate {
        subject: rival.subject.qualified(),
        version: rival.version,
        id: rival.id,
        guid: rival.guid,
        url: links.url(&guid_path(rival.guid)),
    };
    let candidates = match &unresolved.reason {
        UnresolvedReason::Ambiguous { rivals, .. } => Some(rivals.iter().map(candidate).collect()),
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
    let outcome = request.registry().resolve_event_schema(hints, request.rights()).await?;
    outcome.map_err(|unresolved| refused(&request.state.settings.links, unresolved))
}

pub(in crate::http) async fn get(request: Request) -> Answer {
    let found = resolved(&request, &hints_of_query(&request)).await?;
    plain_json(StatusCode::OK, &resolution(&request.state.settings.links, &found))
}

pub(in crate::http) async fn post(request: Request) -> Answer {
    let found = resolved(&request, &hints_of_body(&request)?).await?;
    plain_json(StatusCode::OK, &resolution(&request.state.settings.links, &found))
}

pub(in crate::http) async fn document(request: Request) -> Answer {
    let found = resolved(&request, &hints_of_query(&request)).await?;
    documents::resolved(&request, &found).await
}

pub(in crate::http) async fn post_document(request: Request) -> Answer {
    let found = resolved(&request, &hints_of_body(&request)?).await?;
    documents::resolved(&request, &found).await
}
