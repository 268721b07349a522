//! Errors below `/cloudevents` (cloudevents 4.6): problem details (RFC 9457), with the members of the other errors beside them, so that a client
//! that knows either form can read them.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;

use super::error::{ApiError, ProblemKind};
use super::links::Links;
use super::reply::{respond, to_bytes};
use super::wire::Problem;

const MEDIA_TYPE: &str = "application/problem+json";

/// What the `type` of a problem leads to.
pub(super) struct Page {
    /// Last segment of the URL in `type`.
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    /// What it means and what helps.
    pub(super) about: &'static str,
}

pub(super) fn page(kind: ProblemKind) -> Page {
    let page = |title, about| Page { name: kind.into(), title, about };
    match kind {
        ProblemKind::SchemaNotFound => page(
            "Schema not found",
            "Nothing is registered under this subject, version, id or guid. Soft-deleted versions are found with ?deleted=true; \
                what was deleted for good is gone.",
        ),
        ProblemKind::SchemaDeleted => page(
            "Schema deleted",
            "The version is soft-deleted. Its document is still there: under the URL that the member `url` names, or with \
                ?deleted=true.",
        ),
        ProblemKind::Unresolved => page(
            "Schema not resolved",
            "No rule knows the schema of this event. The member `tried` lists the rules in their order, `did_you_mean` what is \
                close. An alias (PUT /cloudevents/aliases), a base in the configuration, or a binding of the event's type \
                (PUT /cloudevents/types/{type}) would tell which schema is meant.",
        ),
        ProblemKind::Ambiguous => page(
            "Several schemas have this name",
            "The URI is the $id of several JSON Schemas, or the type URL of a message that several Protobuf schemas declare; the \
                member `candidates` lists them. The registry does not guess: an alias for the URI decides, or a URL of one of them \
                in dataschema.",
        ),
        ProblemKind::NotAUri => {
            page("Not a URI", "The dataschema is empty, too long (2048 bytes), or has blanks or control characters in it.")
        }
        ProblemKind::AliasNotFound => page("No such alias", "No alias has this URI, to the letter."),
        ProblemKind::TypeNotBound => page("Event type not bound", "No binding has this pattern, or takes this event type."),
        ProblemKind::Unauthorized => page(
            "Login needed",
            "The request has no credentials, or they are nobody's. The header WWW-Authenticate says which kinds are taken.",
        ),
        ProblemKind::Forbidden => page(
            "Not allowed",
            "Who sent the request may not do this. GET /accordant/v1/whoami says what may be done, and by which rule.",
        ),
        ProblemKind::Configured => page(
            "Set by the configuration",
            "The alias or binding comes from the server's configuration file and is changed there. PUT stores one that wins over it.",
        ),
        ProblemKind::Invalid => page(
            "Request not valid",
            "The request can't be read, or asks for what can't be. The member `detail` says what is wrong.",
        ),
        ProblemKind::NotFound => page("Not found", "There is no such path; GET /openapi.yaml describes those that there are."),
        ProblemKind::MethodNotAllowed => {
            page("Method not allowed", "The path does not take this method; GET /openapi.yaml describes those that it takes.")
        }
        ProblemKind::UnsupportedMediaType => {
            page("Media type not supported", "The request's Content-Type is none that the path takes.")
        }
        ProblemKind::TooLarge => page("Too large", "The request is larger than the server's limit, which a setting moves."),
        ProblemKind::Timeout => page("Out of time", "The request took too long to arrive or to be answered."),
        ProblemKind::TooManyRequests => page(
            "Too many requests",
            "The client has made more requests than a setting allows; `Retry-After` says when the next one is taken.",
        ),
        ProblemKind::Failure => {
            page("The server failed", "The fault is the server's; its log has the details under the request id of the answer.")
        }
    }
}

/// The kind of an error: the one that it names, else by status and code.
fn kind(error: &ApiError) -> ProblemKind {
    error.problem.unwrap_or(match (error.status, error.code) {
        (_, 40401..=40403) => ProblemKind::SchemaNotFound,
        (StatusCode::UNAUTHORIZED, _) => ProblemKind::Unauthorized,
        (StatusCode::FORBIDDEN, _) => ProblemKind::Forbidden,
        (StatusCode::NOT_FOUND, _) => ProblemKind::NotFound,
        (StatusCode::METHOD_NOT_ALLOWED, _) => ProblemKind::MethodNotAllowed,
        (StatusCode::UNSUPPORTED_MEDIA_TYPE, _) => ProblemKind::UnsupportedMediaType,
        (StatusCode::TOO_MANY_REQUESTS, _) => ProblemKind::TooManyRequests,
        (StatusCode::PAYLOAD_TOO_LARGE, _) => ProblemKind::TooLarge,
        (StatusCode::REQUEST_TIMEOUT, _) | (_, 50002) => ProblemKind::Timeout,
        (status, _) if status.is_client_error() => ProblemKind::Invalid,
        _ => ProblemKind::Failure,
    })
}

/// True for a path whose errors are problems.
pub(super) fn is_here(path: &str) -> bool {
    path == "/cloudevents" || path.starts_with("/cloudevents/")
}

/// An error as a problem; `instance` is the path of the request.
pub(super) fn response(error: &ApiError, links: &Links, instance: &str) -> Response {
    let page = page(kind(error));
    let body = Problem {
        problem_type: links.url(&format!("/cloudevents/problems/{}", page.name)),
        title: page.title,
        status: error.status.as_u16(),
        detail: &error.message,
        instance,
        details: error.details.as_deref(),
        // Confluent's code where it has one; ours end in 80 and above
        error_code: if error.code < 1000 { error.code * 100 + 80 } else { error.code },
        message: &error.message,
    };
    let mut response = respond(error.status, HeaderValue::from_static(MEDIA_TYPE), Body::from(to_bytes(&body)));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
