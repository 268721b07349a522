//! The one table of routes. openapi.yaml describes exactly these; a test holds the two to each other.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::body::Body;
use axum::extract::{RawPathParams, Request as HttpRequest};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::Response;
use axum::routing::{MethodFilter, MethodRouter, on};
use axum::{RequestExt, extract};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::edge::{AppState, PrefixContext, error_response};
use super::error::ApiError;
use super::negotiate::{self, MediaType};
use super::problem;
use super::reply::{Answer, Reply};
use super::request::Request;
use super::routes::cloudevents::validate;
use super::routes::{associations, compatibility, config, contexts, health, metadata, mode, schemas, subjects};

type Future_ = Pin<Box<dyn Future<Output = Answer> + Send>>;
type Handler = Box<dyn Fn(Request) -> Future_ + Send + Sync>;

/// One operation of the API.
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path with its parameters, as openapi.yaml writes it.
    pub template: &'static str,
    /// The operation id in openapi.yaml.
    pub operation: &'static str,
    /// The answer is JSON in a negotiated media type.
    negotiated: bool,
    /// The body is an event, or several: of any type, and with limits of its own.
    takes_events: bool,
    handler: Handler,
}

/// The place of a route in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RouteIndex(pub(super) usize);

fn route<F, A>(method: Method, template: &'static str, operation: &'static str, handler: F) -> Route
where
    F: Fn(Request) -> A + Send + Sync + 'static,
    A: Future<Output = Answer> + Send + 'static,
{
    Route {
        method,
        template,
        operation,
        negotiated: true,
        takes_events: false,
        handler: Box::new(move |request| Box::pin(handler(request))),
    }
}

fn get<F, A>(template: &'static str, operation: &'static str, handler: F) -> Route
where
    F: Fn(Request) -> A + Send + Sync + 'static,
    A: Future<Output = Answer> + Send + 'static,
{
    route(Method::GET, template, operation, handler)
}

fn post<F, A>(template: &'static str, operation: &'static str, handler: F) -> Route
where
    F: Fn(Request) -> A + Send + Sync + 'static,
    A: Future<Output = Answer> + Send + 'static,
{
    route(Method::POST, template, operation, handler)
}

fn put<F, A>(template: &'static str, operation: &'static str, handler: F) -> Route
where
    F: Fn(Request) -> A + Send + Sync + 'static,
    A: Future<Output = Answer> + Send + 'static,
{
    route(Method::PUT, template, operation, handler)
}

fn delete<F, A>(template: &'static str, operation: &'static str, handler: F) -> Route
where
    F: Fn(Request) -> A + Send + Sync + 'static,
    A: Future<Output = Answer> + Send + 'static,
{
    route(Method::DELETE, template, operation, handler)
}

impl Route {
    /// The route answers in one media type of its own.
    fn plain(mut self) -> Self {
        self.negotiated = false;
        self
    }

    /// The body is an event, or several.
    fn of_events(mut self) -> Self {
        self.takes_events = true;
        self.plain()
    }
}

/// Every operation. HEAD comes with every GET.
#[must_use]
pub fn routes() -> &'static [Route] {
    static ROUTES: OnceLock<Vec<Route>> = OnceLock::new();
    ROUTES.get_or_init(|| {
        vec![
            get("/", "root", health::root),
            post("/", "postRoot", health::post_root),
            get("/schemas", "listSchemas", schemas::list),
            get("/schemas/types", "listTypes", schemas::types),
            get("/schemas/ids/{id}", "getSchemaById", schemas::by_id),
            get("/schemas/ids/{id}/schema", "getSchemaTextById", schemas::text_by_id),
            get("/schemas/ids/{id}/subjects", "listSubjectsOfId", schemas::subjects_of_id),
            get("/schemas/ids/{id}/versions", "listVersionsOfId", schemas::versions_of_id),
            get("/schemas/guids/{guid}", "getSchemaByGuid", schemas::by_guid),
            get("/schemas/guids/{guid}/ids", "listIdsOfGuid", schemas::ids_of_guid),
            get("/subjects", "listSubjects", subjects::list),
            post("/subjects/{subject}", "lookUpSchema", subjects::look_up),
            delete("/subjects/{subject}", "deleteSubject", subjects::delete),
            get("/subjects/{subject}/metadata", "getLatestWithMetadata", subjects::by_metadata),
            get("/subjects/{subject}/versions", "listVersions", subjects::versions),
            post("/subjects/{subject}/versions", "registerSchema", subjects::register),
            get("/subjects/{subject}/versions/{version}", "getVersion", subjects::version),
            delete("/subjects/{subject}/versions/{version}", "deleteVersion", subjects::delete_version),
            get("/subjects/{subject}/versions/{version}/schema", "getVersionText", subjects::version_text),
            get("/subjects/{subject}/versions/{version}/referencedby", "listReferrers", subjects::referenced_by),
            post("/subjects/{subject}/versions/{version}/tags", "editTags", subjects::edit_tags),
            post("/compatibility/subjects/{subject}/versions/{version}", "checkVersion", compatibility::one),
            post("/compatibility/subjects/{subject}/versions", "checkHistory", compatibility::history),
            get("/config", "getGlobalConfig", config::get),
            put("/config", "putGlobalConfig", config::put),
            delete("/config", "deleteGlobalConfig", config::delete),
            get("/config/{subject}", "getConfig", config::get),
            put("/config/{subject}", "putConfig", config::put),
            delete("/config/{subject}", "deleteConfig", config::delete),
            get("/mode", "getGlobalMode", mode::get),
            put("/mode", "putGlobalMode", mode::put),
            delete("/mode", "deleteGlobalMode", mode::delete),
            get("/mode/{subject}", "getMode", mode::get),
            put("/mode/{subject}", "putMode", mode::put),
            delete("/mode/{subject}", "deleteMode", mode::delete),
            get("/contexts", "listContexts", contexts::list),
            delete("/contexts/{context}", "deleteContext", contexts::delete),
            get("/v1/metadata/id", "getClusterId", metadata::cluster_id),
            get("/v1/metadata/version", "getServerVersion", metadata::version),
            get("/v1/metadata/deployment", "getDeployment", metadata::deployment),
            get("/associations/resources/{namespace}/{name}", "listAssociations", associations::of_resource),
            get("/associations/resources/{resourceId}", "listAssociationsOfId", associations::of_resource_id),
            put("/associations/resources/{resourceId}", "putAssociations", associations::create_or_update),
            delete("/associations/resources/{resourceId}", "deleteAssociations", associations::delete),
            get("/associations/subjects/{subject}", "listAssociationsOfSubject", associations::of_subject),
            post("/associations", "createAssociations", associations::create),
            post("/associations:batchGet", "batchGetAssociations", associations::batch_get),
            post("/associations:batchMutate", "batchMutateAssociations", associations::batch_mutate),
            post("/cloudevents/validate", "validateEvent", validate::http).of_events(),
            post("/cloudevents/validate/kafka", "validateRecord", validate::kafka).of_events(),
            get("/healthz", "getHealth", health::alive),
            get("/readyz", "getReadiness", health::ready),
            get("/metrics", "getMetrics", health::metrics).plain(),
            get("/openapi.yaml", "getOpenapi", health::openapi).plain(),
        ]
    })
}

pub(super) fn build(state: &Arc<AppState>) -> Router {
    let mut router = Router::new();
    for (index, route) in routes().iter().enumerate() {
        router = router.route(route.template, endpoint(Arc::clone(state), RouteIndex(index), route));
    }
    let big = tower_http::compression::predicate::SizeAbove::new(state.settings.gzip_from);
    // after the routes: the second one is put into each of them
    let router = router.fallback(unknown_path).method_not_allowed_fallback(wrong_method);
    router.layer(tower_http::compression::CompressionLayer::new().gzip(true).compress_when(big))
}

fn endpoint(state: Arc<AppState>, index: RouteIndex, route: &'static Route) -> MethodRouter {
    let filter = MethodFilter::try_from(route.method.clone()).unwrap_or(MethodFilter::GET);
    on(filter, move |request: extract::Request| answer(state, index, route, request))
}

async fn unknown_path(uri: Uri, headers: HeaderMap) -> Response {
    error_response(&ApiError::not_found(), &headers, uri.path())
}

async fn wrong_method(uri: Uri, headers: HeaderMap) -> Response {
    error_response(&ApiError::plain(StatusCode::METHOD_NOT_ALLOWED), &headers, uri.path())
}

async fn answer(state: Arc<AppState>, index: RouteIndex, route: &'static Route, request: HttpRequest) -> Response {
    let (headers, path) = (request.headers().clone(), request.uri().path().to_owned());
    let mut response = match run(state, index, route, request).await {
        Ok(response) => response,
        Err(error) => error_response(&error, &headers, &path),
    };
    if problem::is_here(route.template) {
        response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    }
    response.extensions_mut().insert(index);
    response
}

async fn run(state: Arc<AppState>, index: RouteIndex, route: &Route, request: HttpRequest) -> Result<Response, ApiError> {
    let media_type = media_type(route, request.headers())?;
    let generation = state.registry.store().known_generation().answers;
    let (target, request) = translate(&state, route, request).await?;
    let reply = (route.handler)(request).await?;
    if let (Reply::Held(bytes), Some(target)) = (&reply, target) {
        state.ready.put(&target, generation, index, bytes.clone());
    }
    Ok(reply.into_response(media_type))
}

fn media_type(route: &Route, headers: &HeaderMap) -> Result<MediaType, ApiError> {
    let takes_body = matches!(route.method, Method::POST | Method::PUT);
    if takes_body && !route.takes_events && !negotiate::consumes(headers.get(header::CONTENT_TYPE)) {
        let mut error = ApiError::plain(StatusCode::UNSUPPORTED_MEDIA_TYPE);
        error.message.push_str("; send the header Content-Type: application/vnd.schemaregistry.v1+json");
        return Err(error);
    }
    if !route.negotiated {
        return Ok(negotiate::DEFAULT);
    }
    negotiate::choose(headers).ok_or_else(|| ApiError::plain(StatusCode::NOT_ACCEPTABLE))
}

/// The request as handlers see it, and the target under which a ready answer may be kept: only when no prefix was taken off it.
async fn translate(
    state: &Arc<AppState>,
    route: &Route,
    mut request: HttpRequest,
) -> Result<(Option<String>, Request), ApiError> {
    let parameters = request.extract_parts::<RawPathParams>().await.map_err(|_| ApiError::not_found())?;
    let path = parameters.iter().map(|(key, value)| (key.to_owned(), value.replace('\0', "\u{FFFD}"))).collect();
    let context = request.extensions_mut().remove::<PrefixContext>().map(|prefix| prefix.0);
    let (parts, body) = request.into_parts();
    let takes_body = matches!(parts.method, Method::POST | Method::PUT | Method::DELETE);
    let bytes = if takes_body { collect(state, route, &parts.headers, body).await? } else { Bytes::new() };
    let held = parts.uri.path().starts_with("/schemas/") && context.is_none();
    let target = parts.uri.path_and_query().filter(|_| held).map(|target| target.as_str().to_owned());
    let query = parts.uri.query().unwrap_or("");
    Ok((target, Request::new(Arc::clone(state), path, query, parts.headers, bytes, context)))
}

/// The whole body, within its limits of size and time.
async fn collect(state: &AppState, route: &Route, headers: &HeaderMap, body: Body) -> Result<Bytes, ApiError> {
    let (limit, setting) = if route.takes_events {
        validate::limit(state, route.template, headers)
    } else {
        (state.settings.max_body_bytes, "max-body-bytes")
    };
    let whole = Limited::new(body, limit).collect();
    match tokio::time::timeout(state.settings.body_timeout, whole).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.downcast_ref::<LengthLimitError>().is_some() => {
            let mut error = ApiError::plain(StatusCode::PAYLOAD_TOO_LARGE);
            error.message = format!("HTTP 413 Request Entity Too Large: the limit is {limit} bytes (setting {setting})");
            Err(error)
        }
        Ok(Err(error)) => Err(ApiError::bad_request(format!("The request body could not be read: {error}"))),
        Err(_) => Err(ApiError::plain(StatusCode::REQUEST_TIMEOUT)),
    }
}
