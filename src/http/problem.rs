//! Errors below `/cloudevents`: problem details (RFC 9457), with the members of the other errors beside them, so that a client
//! that knows either form can read them.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde_json::{Map, Value};

use super::error::ApiError;
use super::links::Links;
use super::reply::{respond, to_bytes};

/// The media type.
const MEDIA_TYPE: &str = "application/problem+json";

/// A kind of problem: what its `type` URL stands for.
pub(super) struct Kind {
    /// Last segment of the URL.
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    /// What it means and what helps.
    pub(super) about: &'static str,
}

/// What everything else is.
static FAILURE: Kind = Kind {
    name: "failure",
    title: "The server failed",
    about: "The fault is the server's; its log has the details under the request id of the answer.",
};

/// All kinds.
pub(super) static KINDS: [&Kind; 15] = [
    &Kind {
        name: "schema-not-found",
        title: "Schema not found",
        about: "Nothing is registered under this subject, version, id or guid. Soft-deleted versions are found with ?deleted=true; \
                what was deleted for good is gone.",
    },
    &Kind {
        name: "schema-deleted",
        title: "Schema deleted",
        about: "The version is soft-deleted. Its document is still there: under the URL that the member `url` names, or with \
                ?deleted=true.",
    },
    &Kind {
        name: "unresolved",
        title: "Schema not resolved",
        about: "No rule knows the schema of this event. The member `tried` lists the rules in their order, `did_you_mean` what is \
                close. An alias (PUT /cloudevents/aliases), a base in the configuration, or a binding of the event's type \
                (PUT /cloudevents/types/{type}) would tell which schema is meant.",
    },
    &Kind {
        name: "ambiguous",
        title: "Several schemas have this name",
        about: "The URI is the $id of several JSON Schemas, or the type URL of a message that several Protobuf schemas declare; the \
                member `candidates` lists them. The registry does not guess: an alias for the URI decides, or a URL of one of them \
                in dataschema.",
    },
    &Kind {
        name: "not-a-uri",
        title: "Not a URI",
        about: "The dataschema is empty, too long (2048 bytes), or has blanks or control characters in it.",
    },
    &Kind { name: "alias-not-found", title: "No such alias", about: "No alias has this URI, to the letter." },
    &Kind {
        name: "type-not-bound",
        title: "Event type not bound",
        about: "No binding has this pattern, or takes this event type.",
    },
    &Kind {
        name: "configured",
        title: "Set by the configuration",
        about: "The alias or binding comes from the server's configuration file and is changed there. PUT stores one that wins over it.",
    },
    &Kind {
        name: "invalid",
        title: "Request not valid",
        about: "The request can't be read, or asks for what can't be. The member `detail` says what is wrong.",
    },
    &Kind {
        name: "not-found",
        title: "Not found",
        about: "There is no such path; GET /openapi.yaml describes those that there are.",
    },
    &Kind {
        name: "method-not-allowed",
        title: "Method not allowed",
        about: "The path does not take this method; GET /openapi.yaml describes those that it takes.",
    },
    &Kind {
        name: "unsupported-media-type",
        title: "Media type not supported",
        about: "The request's Content-Type is none that the path takes.",
    },
    &Kind {
        name: "too-large",
        title: "Too large",
        about: "The request is larger than the server's limit, which a setting moves.",
    },
    &Kind { name: "timeout", title: "Out of time", about: "The request took too long to arrive or to be answered." },
    &FAILURE,
];

/// The kind of an error: the one that it names, else by its status.
fn kind(error: &ApiError) -> &'static Kind {
    let name = error.problem.unwrap_or(match (error.status, error.code) {
        (_, 40401..=40403) => "schema-not-found",
        (StatusCode::NOT_FOUND, _) => "not-found",
        (StatusCode::METHOD_NOT_ALLOWED, _) => "method-not-allowed",
        (StatusCode::UNSUPPORTED_MEDIA_TYPE, _) => "unsupported-media-type",
        (StatusCode::PAYLOAD_TOO_LARGE, _) => "too-large",
        (StatusCode::REQUEST_TIMEOUT, _) | (_, 50002) => "timeout",
        (status, _) if status.is_client_error() => "invalid",
        _ => "failure",
    });
    KINDS.iter().copied().find(|kind| kind.name == name).unwrap_or(&FAILURE)
}

/// True for a path whose errors are problems.
pub(super) fn is_here(path: &str) -> bool {
    path == "/cloudevents" || path.starts_with("/cloudevents/")
}

/// An error as a problem; `instance` is the path of the request.
pub(super) fn response(error: &ApiError, links: &Links, instance: &str) -> Response {
    let kind = kind(error);
    let mut body = Map::new();
    let mut put = |key: &str, value: Value| body.insert(key.to_owned(), value);
    put("type", links.url(&format!("/cloudevents/problems/{}", kind.name)).into());
    put("title", kind.title.into());
    put("status", error.status.as_u16().into());
    put("detail", error.message.as_str().into());
    put("instance", instance.into());
    for (key, value) in &error.extra {
        put(key, value.clone());
    }
    // a number of the original where it has one
    put("error_code", if error.code < 1000 { error.code * 100 } else { error.code }.into());
    put("message", error.message.as_str().into());
    let mut response = respond(error.status, MEDIA_TYPE, Body::from(to_bytes(&Value::Object(body))));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
