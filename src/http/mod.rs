//! RING 3: HTTP. Handlers translate: path, query and body into a use case, its outcome into status, code and JSON.
//!
//! In the order in which a request meets them:
//!
//! | Module | What is in it |
//! | --- | --- |
//! | `app` | what stands around every handler, as one list |
//! | `admission` | what a request must be like before anything is answered to it |
//! | `middleware/` | the entries of that list, one concern a file |
//! | `routes` | the table of routes and nothing else |
//! | `peer`, `gate/` | the other end of the connection, and who asks |
//! | `needs`, `authorization` | what a route needs, and whether the caller may do that on what the request touches |
//! | `trusted_proxies` | where a request came from, when proxies stand between |
//! | `actor`, `refusals` | who makes a change, and the record of what was refused |
//! | `rate_limit` | how many requests one client may make in a time |
//! | `route`, `dispatch` | an entry of the table, and how axum's router is built from the table |
//! | `negotiate`, `header_scan`, `path`, `request`, `request_info` | media types, headers, paths, and the request as handlers see it |
//! | `handlers/` | the handlers, one file for each group of paths |
//! | `bodies/` | request bodies |
//! | `body_memory` | what the bodies of all requests may take |
//! | `reply`, `answer_bytes`, `document`, `links`, `compression` | answers and their bytes, schema documents, URLs in answers, gzip |
//! | `wire/` | the JSON of answers, a struct for each |
//! | `json_text` | JSON written as Confluent does |
//! | `error`, `invalid_schema` | status, code and message of every error |
//! | `error_response`, `problem` | how they are sent, and how those below `/cloudevents` are |
//! | `ui`, `sign_in`, `cookies` | the web pages, and signing in on them at a provider |
//! | `usage` | who reads schemas |
//! | `state`, `metrics` | what all requests share |
//! | `in_process` | the application asked by its own process, without a connection |

mod actor;
mod admission;
mod answer_bytes;
mod app;
mod authorization;
mod bodies;
mod body_memory;
mod compression;
mod cookies;
mod dispatch;
mod document;
mod error;
mod error_response;
mod gate;
mod handlers;
mod header_scan;
mod in_process;
mod invalid_schema;
mod json_text;
mod links;
mod metrics;
mod middleware;
mod needs;
mod negotiate;
mod path;
mod peer;
mod problem;
mod rate_limit;
mod refusals;
mod reply;
mod request;
mod request_info;
mod route;
mod routes;
mod sign_in;
mod state;
mod trusted_proxies;
mod ui;
mod usage;
mod wire;

pub use admission::Hosts;
pub use answer_bytes::AnswerBytes;
pub use app::{App, Handled, app};
pub use error::ERROR_CODES;
pub use gate::{Gate, Issuer, LoginMethod, Logins, SessionSettings, VerifierLimits};
pub use links::Links;
pub use metrics::{Described, GROUPS as METRICS, MetricGroup, MetricKind, Metrics, MetricsSnapshot};
pub use middleware::access_log::AccessLog;
pub use middleware::cors::Cors;
pub use needs::Needs;
pub use peer::Peer;
pub use rate_limit::{Rate, RateLimits};
pub use route::Route;
pub use routes::routes;
pub use sign_in::{SignIn, SignInProvider};
pub use state::{AppState, DocumentAges, HttpSettings};
pub use trusted_proxies::TrustedProxies;
