//! What happens around every request: request ids, ready answers, the context prefix, deadlines, panics, the access log, metrics.

use std::hash::{BuildHasher, RandomState};
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::Response;
use futures_util::FutureExt;
use http_body_util::{BodyExt, Collected};
use hyper::body::Body as _;
use tower::ServiceExt;
use uuid::Uuid;

use super::document::{Document, Form};
use super::error::ApiError;
use super::links::Links;
use super::metrics::Metrics;
use super::negotiate;
use super::path;
use super::problem;
use super::ready::{Ready, ReadyCache, compress};
use super::reply::{respond, to_bytes};
use super::router::{self, RouteIndex};
use crate::cloudevents::EventSettings;
use crate::registry::Registry;

/// Which requests are logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccessLog {
    /// None.
    Off,
    /// Those that the server failed.
    Errors,
    /// All.
    All,
}

/// Settings of the edge.
#[derive(Debug, Clone)]
pub struct EdgeSettings {
    /// Largest request body, in bytes.
    pub max_body_bytes: usize,
    /// Time in which a request body must have arrived.
    pub body_timeout: Duration,
    /// Time in which a request must be answered.
    pub request_timeout: Duration,
    /// Which requests are logged.
    pub access_log: AccessLog,
    /// Bytes of ready answers held in memory.
    pub ready_bytes: u64,
    /// Bodies above this many bytes are compressed for clients that accept gzip.
    pub gzip_from: u64,
    /// Answer in the shapes of the 7.x line.
    pub legacy_shapes: bool,
    /// How events are read.
    pub events: EventSettings,
    /// Time in which the data of a request's events must be judged.
    pub event_time_limit: Duration,
    /// How URLs in answers begin.
    pub links: Links,
    /// For how many seconds caches may keep a schema document, by how it was asked for.
    pub ages: DocumentAges,
    /// What `/v1/metadata/version` and `/v1/metadata/id` say.
    pub commit: &'static str,
}

/// For how many seconds caches may keep a schema document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DocumentAges {
    /// By guid, which never means anything else.
    pub guid: u64,
    /// By id, which an import after a permanent delete can give to another schema.
    pub id: u64,
    /// By version, which can be given anew after a permanent delete.
    pub version: u64,
}

impl Default for DocumentAges {
    fn default() -> Self {
        Self { guid: 31_536_000, id: 86_400, version: 300 }
    }
}

impl Default for EdgeSettings {
    fn default() -> Self {
        Self {
            max_body_bytes: 4 << 20,
            body_timeout: Duration::from_secs(30),
            request_timeout: Duration::from_mins(1),
            access_log: AccessLog::Errors,
            ready_bytes: 16 << 20,
            gzip_from: 1024,
            legacy_shapes: false,
            events: EventSettings::default(),
            event_time_limit: Duration::from_secs(2),
            links: Links::default(),
            ages: DocumentAges::default(),
            commit: option_env!("ACCORDANT_COMMIT").unwrap_or("unknown"),
        }
    }
}

/// What all requests share.
pub struct AppState {
    /// The registry.
    pub registry: Arc<Registry>,
    /// Counters and histograms.
    pub metrics: Metrics,
    /// Settings.
    pub settings: EdgeSettings,
    pub(super) ready: ReadyCache,
}

impl AppState {
    /// State over a registry.
    #[must_use]
    pub fn new(registry: Arc<Registry>, metrics: Metrics, settings: EdgeSettings) -> Arc<Self> {
        let ready = ReadyCache::new(settings.ready_bytes, settings.gzip_from);
        Arc::new(Self { registry, metrics, settings, ready })
    }
}

/// The header that names a request.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The context that a `/contexts/{ctx}` prefix named, handed from the edge to the handler.
#[derive(Debug, Clone)]
pub(super) struct PrefixContext(pub(super) String);

/// The path as the client sent it, where the router sees another one.
#[derive(Debug, Clone)]
pub(super) struct SentPath(pub(super) String);

/// The application: cheap to clone, one call for each request.
#[derive(Clone)]
pub struct App {
    state: Arc<AppState>,
    router: Router,
}

/// The application over its state.
#[must_use]
pub fn app(state: &Arc<AppState>) -> App {
    App { state: Arc::clone(state), router: router::build(state) }
}

/// The client's own id when it sent exactly one that is not blank, else a fresh one (rest-api 1.4).
fn request_id(headers: &HeaderMap) -> HeaderValue {
    let mut given = headers.get_all(REQUEST_ID).iter();
    match (given.next(), given.next()) {
        (Some(id), None) if !id.as_bytes().trim_ascii().is_empty() => id.clone(),
        _ => {
            let mut buffer = Uuid::encode_buffer();
            let text = fresh_id().hyphenated().encode_lower(&mut buffer);
            HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static("unknown"))
        }
    }
}

/// An id that no other request has. It need not be secret, so only the first one asks the operating system for randomness.
fn fresh_id() -> Uuid {
    static KEYS: OnceLock<[RandomState; 2]> = OnceLock::new();
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let [high, low] = KEYS.get_or_init(|| [RandomState::new(), RandomState::new()]);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let bits = u128::from(high.hash_one(number)) << 64 | u128::from(low.hash_one(number));
    uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid()
}

/// All that an error's answer needs to know of a request's headers.
fn accepted(headers: &HeaderMap) -> HeaderMap {
    headers.get_all(header::ACCEPT).iter().map(|value| (header::ACCEPT, value.clone())).collect()
}

/// Says that a body is compressed because the client accepts it.
fn set_gzip(headers: &mut HeaderMap) {
    headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
}

/// The response, compressed if it is a whole one above a number of bytes. Documents bring their compressed form along.
async fn compressed(response: Response, from: u64) -> Response {
    let is_done = response.headers().contains_key(header::CONTENT_ENCODING);
    if is_done || response.body().size_hint().exact().is_none_or(|bytes| bytes <= from) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    // what is whole is there at once, and does not fail
    let bytes = body.collect().await.map(Collected::to_bytes).unwrap_or_default();
    let Some(smaller) = compress(&bytes) else { return Response::from_parts(parts, Body::from(bytes)) };
    parts.headers.remove(header::CONTENT_LENGTH);
    set_gzip(&mut parts.headers);
    Response::from_parts(parts, Body::from(smaller))
}

impl App {
    /// Answers a request. Never fails: whatever goes wrong becomes an answer.
    ///
    /// The request is lent all the way down and used up piece by piece, and what is not ready is boxed: futures are moved before
    /// they run, with all the room that they will ever need.
    pub async fn handle(&self, request: &mut Request) -> Response {
        let started = Instant::now();
        let id = request_id(request.headers());
        if let Some((route, mut response)) = self.ready(request) {
            response.headers_mut().insert(REQUEST_ID, id);
            self.state.metrics.request(Some(route), response.status(), started.elapsed());
            return response;
        }
        let method = request.method().clone();
        let target = request.uri().clone();
        let (route, mut response) = Box::pin(self.guarded(request, &target, &id)).await;
        response.headers_mut().insert(REQUEST_ID, id.clone());
        let elapsed = started.elapsed();
        self.state.metrics.request(route, response.status(), elapsed);
        self.log(&method, &target, &response, &id, elapsed);
        response
    }

    /// An answer that was given before and still holds.
    fn ready(&self, request: &Request) -> Option<(RouteIndex, Response)> {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return None;
        }
        let target = request.uri().path_and_query()?.as_str();
        let answers = self.state.registry.store().known_generation().content;
        let headers = request.headers();
        let answer = match self.state.ready.get(target, answers, || negotiate::accepts_gzip(headers))? {
            Ready::Json { route, bytes, is_gzip } => {
                let mut response = respond(StatusCode::OK, negotiate::choose(headers)?, Body::from(bytes));
                if is_gzip {
                    set_gzip(response.headers_mut());
                }
                (route, response)
            }
            Ready::Document { route, document } => {
                (route, self.in_form(target, answers, document, headers)?.answer(request.method(), headers)?)
            }
        };
        self.state.metrics.ready_hit();
        Some(answer)
    }

    /// The form of a ready document that the client wants, if that one is ready as well.
    fn in_form(&self, target: &str, answers: i64, document: Arc<Document>, headers: &HeaderMap) -> Option<Arc<Document>> {
        let wanted = Form::choose(document.schema_type, headers);
        if wanted == document.form {
            return Some(document);
        }
        match self.state.ready.get(&format!("{target}{}", wanted.suffix()), answers, || false)? {
            Ready::Document { document, .. } => Some(document),
            Ready::Json { .. } => None,
        }
    }

    /// Runs the request with a deadline; a panic becomes a 500 that names the request id under which the log has the details.
    async fn guarded(&self, request: &mut Request, target: &Uri, id: &HeaderValue) -> (Option<RouteIndex>, Response) {
        let headers = accepted(request.headers());
        let work = std::pin::pin!(AssertUnwindSafe(self.routed(request)).catch_unwind());
        let error = match tokio::time::timeout(self.state.settings.request_timeout, work).await {
            Ok(Ok(answer)) => return answer,
            Ok(Err(panic)) => {
                let what = panic
                    .downcast_ref::<String>()
                    .map(String::as_str)
                    .or_else(|| panic.downcast_ref::<&str>().copied())
                    .unwrap_or("unknown");
                let id = id.to_str().unwrap_or("unprintable");
                tracing::error!(request_id = id, panic = what, "a handler panicked");
                ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, 500, format!("Internal Server Error (request id {id})"))
            }
            Err(_) => {
                let limit = self.state.settings.request_timeout.as_secs_f64();
                ApiError::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    50002,
                    format!("The request took longer than {limit} s; the setting request-timeout moves this limit"),
                )
            }
        };
        (None, self.state.error_response(&error, &headers, target.path()))
    }

    async fn routed(&self, request: &mut Request) -> (Option<RouteIndex>, Response) {
        let refused = |error: &ApiError, request: &Request| {
            (None, self.state.error_response(error, request.headers(), request.uri().path()))
        };
        let routed = match path::route(request.uri().path()) {
            Ok(routed) => routed,
            Err(error) => return refused(&error, request),
        };
        if routed.path != request.uri().path() {
            let uri = match request.uri().query() {
                Some(query) => format!("{}?{query}", routed.path),
                None => routed.path.into_owned(),
            };
            let context = routed.context;
            let sent = SentPath(request.uri().path().to_owned());
            match uri.parse::<Uri>() {
                Ok(uri) => *request.uri_mut() = uri,
                Err(_) => return refused(&ApiError::not_found(), request),
            }
            request.extensions_mut().insert(sent);
            if let Some(context) = context {
                request.extensions_mut().insert(PrefixContext(context));
            }
        }
        if let Some((index, route, parameters)) = router::direct(request.method(), request.uri().path()) {
            let gzip = negotiate::accepts_gzip(request.headers());
            let response = router::answer(&self.state, index, route, parameters, request).await;
            let response = if gzip { compressed(response, self.state.settings.gzip_from).await } else { response };
            return (Some(index), response);
        }
        // boxed, so that the futures of hot routes stay small
        let Ok(response) = Box::pin(self.router.clone().oneshot(std::mem::take(request))).await;
        (response.extensions().get::<RouteIndex>().copied(), response)
    }

    fn log(&self, method: &Method, target: &Uri, response: &Response, id: &HeaderValue, elapsed: Duration) {
        let status = response.status().as_u16();
        let logged = match self.state.settings.access_log {
            AccessLog::Off => false,
            AccessLog::Errors => status >= 500,
            AccessLog::All => true,
        };
        if logged {
            let micros = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
            let request_id = id.to_str().unwrap_or("unprintable");
            tracing::info!(target: "accordant::access", %method, path = %target, status, micros, request_id);
        }
    }
}

impl AppState {
    /// An error as answer: below `/cloudevents` a problem, elsewhere in the type that the client accepts.
    pub(super) fn error_response(&self, error: &ApiError, headers: &HeaderMap, path: &str) -> Response {
        if let Some(cause) = &error.cause {
            tracing::error!(code = error.code, cause, "request failed");
        }
        if problem::is_here(path) {
            return problem::response(error, &self.settings.links, path);
        }
        let media_type = match error.status {
            // negotiation is what failed, or did not come to pass
            StatusCode::NOT_ACCEPTABLE | StatusCode::UNSUPPORTED_MEDIA_TYPE => negotiate::DEFAULT,
            _ => negotiate::choose(headers).unwrap_or(negotiate::DEFAULT),
        };
        respond(error.status, media_type, Body::from(to_bytes(&error.body())))
    }
}
