//! RING 3: the wire. Handlers translate: path, query and body into a use case, its outcome into status, code and JSON.
//!
//! `router` is the one table of routes; `error` the one place that knows status and error codes; `edge` what happens around every
//! request (ids, log, metrics, panics, the cache of ready answers); `negotiate`, `path`, `request` and `reply` the details of
//! HTTP; `body` and `association_body` read JSON; `document` is what a schema's document is sent as, `problem` the errors below
//! `/cloudevents`, `links` URLs in answers.

mod association_body;
mod body;
mod document;
mod edge;
mod error;
mod invalid_schema;
mod links;
mod metrics;
mod negotiate;
mod path;
mod problem;
mod ready;
mod reply;
mod request;
mod router;
mod routes;

pub use edge::{AccessLog, App, AppState, DocumentAges, EdgeSettings, app};
pub use error::ERROR_CODES;
pub use links::Links;
pub use metrics::Metrics;
pub use router::{Route, routes};
