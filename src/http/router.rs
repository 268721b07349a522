//! The one table of routes. openapi.yaml describes exactly these; a test holds the two to each other.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::body::Body;
use axum::extract::{RawPathParams, Request as HttpRequest};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use axum::routing::{MethodFilter, MethodRouter, on};
use axum::{RequestExt, extract};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::document::Form;
use super::edge::{AppState, PrefixContext, SentPath};
use super::error::ApiError;
use super::negotiate::{self, MediaType};
use super::path::decode;
use super::problem;
use super::reply::{Answer, Reply};
use super::request::Request;
use super::routes::cloudevents::{aliases, documents, problems, resolve, types, validate};
use super::routes::{associations, compatibility, config, contexts, health, metadata, mode, schemas, subjects};

type Future_ = Pin<Box<dyn Future<Output = Answer> + Send>>;
type Handler = Box<dyn Fn(Request) -> Future_ + Send + Sync>;

/// One operation of the API.
#[expect(clippy::struct_excessive_bools, reason = "each says what is special about a route")]
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
    /// Scripts of other sites may read the answer.
    shared: bool,
    /// Asked for so often that it has a way of its own, past the router.
    hot: bool,
    /// What answers clients that accept media types of schemas only.
    document: Option<Handler>,
    handler: Handler,
}

/// The place of a route in the table. The router's responses carry it among their extensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RouteIndex(pub(super) usize);

fn route<F, A>(method: Method, template: &'static str, operation: &'static str, handler: F) -> Route
where
    F: Fn(Request) -> A + Send + Sync + 'static,
    A: Future<Output = Answer> + Send + 'static,
{
    let handler: Handler = Box::new(move |request| Box::pin(handler(request)));
    Route {
        method,
        template,
        operation,
        negotiated: true,
        takes_events: false,
        shared: false,
        hot: false,
        document: None,
        handler,
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

/// What may be done with a schema document.
fn options(template: &'static str, operation: &'static str) -> Route {
    route(Method::OPTIONS, template, operation, documents::options).plain()
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

    /// The route is asked for often.
    fn hot(mut self) -> Self {
        self.hot = true;
        self
    }

    /// The decoded parameters, if a path is of this route.
    fn parameters(&self, path: &str) -> Option<Result<Parameters, ApiError>> {
        let mut segments = path.split('/');
        let mut raw = [""; 4];
        let mut count = 0;
        for wanted in self.template.split('/') {
            let segment = segments.next()?;
            if wanted.starts_with('{') {
                *raw.get_mut(count)? = segment;
                count += 1;
            } else if wanted != segment {
                return None;
            }
        }
        if segments.next().is_some() {
            return None;
        }
        let names = self.template.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        let one = |(name, value): (&str, &str)| Some((name.to_owned(), decode(value)?));
        let parameters: Option<Parameters> = names.zip(raw).map(one).collect();
        Some(parameters.ok_or_else(ApiError::not_found))
    }

    /// The route answers schema documents, which scripts of other sites may read.
    fn shared(mut self) -> Self {
        self.shared = true;
        self.plain()
    }

    /// Clients that accept media types of schemas only get the document.
    fn or_document<F, A>(mut self, handler: F) -> Self
    where
        F: Fn(Request) -> A + Send + Sync + 'static,
        A: Future<Output = Answer> + Send + 'static,
    {
        self.document = Some(Box::new(move |request| Box::pin(handler(request))));
        self
    }
}

/// Decoded path parameters by name.
type Parameters = Vec<(String, String)>;

/// The hot route of a request, and its parameters.
pub(super) fn direct(method: &Method, path: &str) -> Option<(RouteIndex, &'static Route, Result<Parameters, ApiError>)> {
    static HOT: OnceLock<Vec<(RouteIndex, &'static Route, &'static str)>> = OnceLock::new();
    let hot = HOT.get_or_init(|| {
        let hot = routes().iter().enumerate().filter(|(_, route)| route.hot);
        // what stands before the first parameter
        hot.map(|(index, route)| (RouteIndex(index), route, route.template.split('{').next().unwrap_or(""))).collect()
    });
    hot.iter().filter(|(_, route, begin)| route.method == *method && path.starts_with(begin)).find_map(|(index, route, begin)| {
        let has_parameters = begin.len() < route.template.len();
        let parameters = if has_parameters { route.parameters(path)? } else { (path == *begin).then(|| Ok(Vec::new()))? };
        Some((*index, *route, parameters))
    })
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
            get("/schemas/ids/{id}", "getSchemaById", schemas::by_id).or_document(documents::by_id),
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
            post("/subjects/{subject}/versions", "registerSchema", subjects::register).hot(),
            get("/subjects/{subject}/versions/{version}", "getVersion", subjects::version)
                .or_document(documents::by_version)
                .hot(),
            delete("/subjects/{subject}/versions/{version}", "deleteVersion", subjects::delete_version),
            get("/subjects/{subject}/versions/{version}/schema", "getVersionText", subjects::version_text),
            get("/subjects/{subject}/versions/{version}/referencedby", "listReferrers", subjects::referenced_by),
            post("/subjects/{subject}/versions/{version}/tags", "editTags", subjects::edit_tags),
            post("/compatibility/subjects/{subject}/versions/{version}", "checkVersion", compatibility::one).hot(),
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
            post("/cloudevents/validate", "validateEvent", validate::http).of_events().hot(),
            post("/cloudevents/validate/kafka", "validateRecord", validate::kafka).of_events(),
            get("/cloudevents/subjects/{subject}/versions/{version}", "getDocumentByVersion", documents::by_version).shared(),
            options("/cloudevents/subjects/{subject}/versions/{version}", "optionsOfDocumentByVersion"),
            get("/cloudevents/schemas/ids/{id}", "getDocumentById", documents::by_id).shared(),
            options("/cloudevents/schemas/ids/{id}", "optionsOfDocumentById"),
            get("/cloudevents/schemas/guids/{guid}", "getDocumentByGuid", documents::by_guid).shared(),
            options("/cloudevents/schemas/guids/{guid}", "optionsOfDocumentByGuid"),
            get("/cloudevents/types/{type}/schema", "getDocumentByType", documents::by_type).shared(),
            options("/cloudevents/types/{type}/schema", "optionsOfDocumentByType"),
            get("/cloudevents/resolve", "resolveDataschema", resolve::get).plain(),
            post("/cloudevents/resolve", "resolveHints", resolve::post).plain(),
            get("/cloudevents/resolve/document", "getResolvedDocument", resolve::document).plain(),
            post("/cloudevents/resolve/document", "postResolvedDocument", resolve::post_document).plain(),
            get("/cloudevents/aliases", "listAliases", aliases::list).plain(),
            put("/cloudevents/aliases", "putAlias", aliases::put).plain(),
            delete("/cloudevents/aliases", "deleteAlias", aliases::delete).plain(),
            get("/cloudevents/types", "listEventTypes", types::list).plain(),
            get("/cloudevents/types/{type}", "getEventType", types::get).plain(),
            put("/cloudevents/types/{type}", "putEventType", types::put).plain(),
            delete("/cloudevents/types/{type}", "deleteEventType", types::delete).plain(),
            get("/cloudevents/problems/{name}", "getProblem", problems::page).plain(),
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
    let (unknown, wrong) = (Arc::clone(state), Arc::clone(state));
    let not_there = async move |request: HttpRequest| fallback(&unknown, StatusCode::NOT_FOUND, &request);
    let not_allowed = async move |request: HttpRequest| fallback(&wrong, StatusCode::METHOD_NOT_ALLOWED, &request);
    let router = router.fallback(not_there).method_not_allowed_fallback(not_allowed);
    router.layer(tower_http::compression::CompressionLayer::new().gzip(true).compress_when(big))
}

fn endpoint(state: Arc<AppState>, index: RouteIndex, route: &'static Route) -> MethodRouter {
    let filter = MethodFilter::try_from(route.method.clone()).unwrap_or(MethodFilter::GET);
    on(filter, async move |mut request: extract::Request| {
        let parameters = request.extract_parts::<RawPathParams>().await.map_err(|_| ApiError::not_found());
        let decoded = |(key, value): (&str, &str)| (key.to_owned(), value.replace('\0', "\u{FFFD}"));
        let parameters = parameters.map(|parameters| parameters.iter().map(decoded).collect());
        let mut response = answer(&state, index, route, parameters, &mut request).await;
        response.extensions_mut().insert(index);
        response
    })
}

/// The path as the client sent it.
fn sent_path(request: &HttpRequest) -> String {
    request.extensions().get::<SentPath>().map_or_else(|| request.uri().path().to_owned(), |sent| sent.0.clone())
}

/// No route: the path is unknown, or known without this method.
fn fallback(state: &AppState, status: StatusCode, request: &HttpRequest) -> Response {
    state.error_response(&ApiError::plain(status), request.headers(), &sent_path(request))
}

pub(super) async fn answer(
    state: &Arc<AppState>,
    index: RouteIndex,
    route: &'static Route,
    parameters: Result<Parameters, ApiError>,
    request: &mut HttpRequest,
) -> Response {
    let is_ours = problem::is_here(route.template);
    // shared from here on
    let headers = Arc::new(std::mem::take(request.headers_mut()));
    let answer = match parameters {
        Ok(parameters) => run(state, index, route, parameters, &headers, request).await,
        Err(error) => Err(error),
    };
    let mut response = match answer {
        Ok(response) => response,
        Err(error) => {
            let path = if is_ours { sent_path(request) } else { String::new() };
            state.error_response(&error, &headers, &path)
        }
    };
    if is_ours {
        let headers = response.headers_mut();
        headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
        if route.shared {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        }
    }
    response
}

async fn run(
    state: &Arc<AppState>,
    index: RouteIndex,
    route: &Route,
    path: Parameters,
    headers: &Arc<HeaderMap>,
    request: &mut HttpRequest,
) -> Result<Response, ApiError> {
    let method = request.method().clone();
    if let Some(document) = &route.document
        && Form::only_schemas(headers)
    {
        // not kept: under the same target others find the description
        let (_, request) = translate(state, route, path, headers, request).await?;
        return Ok(document(request).await?.into_response(negotiate::DEFAULT, &method, headers));
    }
    let media_type = media_type(route, headers)?;
    let generation = state.registry.store().known_generation().content;
    let (target, request) = translate(state, route, path, headers, request).await?;
    let reply = (route.handler)(request).await?;
    match (&reply, target) {
        (Reply::Held(bytes), Some(target)) => state.ready.put(&target, generation, index, bytes.clone()),
        (Reply::Document { document, held: true }, Some(target)) => {
            state.ready.put_document(&target, generation, index, Arc::clone(document));
        }
        _ => {}
    }
    Ok(reply.into_response(media_type, &method, headers))
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
    path: Parameters,
    headers: &Arc<HeaderMap>,
    request: &mut HttpRequest,
) -> Result<(Option<String>, Request), ApiError> {
    let context = request.extensions_mut().remove::<PrefixContext>().map(|prefix| prefix.0);
    let takes_body = matches!(*request.method(), Method::POST | Method::PUT | Method::DELETE);
    let body = std::mem::take(request.body_mut());
    let bytes = if takes_body { collect(state, route, headers, body).await? } else { Bytes::new() };
    let uri = request.uri();
    let is_kept = |path: &str| path.starts_with("/schemas/") || problem::is_here(path);
    let held = !takes_body && is_kept(uri.path()) && context.is_none();
    let target = uri.path_and_query().filter(|_| held).map(|target| target.as_str().to_owned());
    let query = uri.query().unwrap_or("");
    Ok((target, Request::new(Arc::clone(state), path, query, Arc::clone(headers), bytes, context)))
}

/// The whole body, within its limits of size and time.
async fn collect(state: &AppState, route: &Route, headers: &HeaderMap, body: Body) -> Result<Bytes, ApiError> {
    let (limit, setting) = if route.takes_events {
        validate::limit(state, route.template, headers)
    } else {
        (state.settings.max_body_bytes, "max-body-bytes")
    };
    let whole = std::pin::pin!(Limited::new(body, limit).collect());
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
