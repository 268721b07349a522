//! axum's router, built from the table of routes, and the way from a matched request to its handler and back.
//!
//! There is no second way for routes that are asked for often: it would save 0.3 µs of the 12 to 90 that they take.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{Extension, RawPathParams, Request as HttpRequest};
use axum::http::request::Parts;
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use axum::routing::{MethodFilter, MethodRouter, on};
use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::authorization::check;
use super::bodies;
use super::body_memory::{Held, Share};
use super::compression::{self, ContentCoding, InflateError};
use super::document::Representation;
use super::error::ApiError;
use super::error_response::error_response;
use super::gate::{Caller, Gate, LoginFailure};
use super::metrics::RouteIndex;
use super::middleware::context_prefix::PrefixContext;
use super::middleware::{gzip, span};
use super::needs::Needs;
use super::negotiate::{self, ContentType, MediaType};
use super::problem;
use super::reply::{Reply, respond};
use super::request::{PathParameters, Request};
use super::request_info::RequestInfo;
use super::route::Route;
use super::state::AppState;
use super::usage;
use crate::registry::{ReadSchema, in_proportion};

type Info = Extension<Arc<RequestInfo>>;

pub(super) fn router(state: &Arc<AppState>, routes: &'static [Route]) -> Router {
    let mut router = Router::new();
    for (index, route) in routes.iter().enumerate() {
        router = router.route(route.template, endpoint(Arc::clone(state), RouteIndex(index), route));
    }
    for (template, methods) in without_options(routes) {
        router = router.route(template, on(MethodFilter::OPTIONS, async move || allowed(&methods)));
    }
    let fallback = |status| {
        let state = Arc::clone(state);
        async move |Extension(info): Info| {
            let response = error_response(&state.settings.links, &ApiError::plain(status), &info);
            gzip::apply(response, state.settings.gzip_from, &info.headers).await
        }
    };
    // after the routes: the second one is put into each of them
    router.fallback(fallback(StatusCode::NOT_FOUND)).method_not_allowed_fallback(fallback(StatusCode::METHOD_NOT_ALLOWED))
}

/// The answer to OPTIONS; the body says the same in words of its own, as Confluent's does.
pub(super) fn allowed(methods: &[&str]) -> Response {
    let body = Body::from(methods.join(", "));
    let mut response = respond(StatusCode::OK, HeaderValue::from_static("text/plain"), body);
    if let Ok(allow) = HeaderValue::try_from(methods.join(",")) {
        response.headers_mut().insert(header::ALLOW, allow);
    }
    response
}

/// The order in which Confluent lists methods.
pub(super) const METHODS: [&str; 6] = ["HEAD", "DELETE", "POST", "GET", "OPTIONS", "PUT"];

/// Paths that have no OPTIONS of their own, with the methods that they know.
fn without_options(routes: &'static [Route]) -> impl Iterator<Item = (&'static str, Vec<&'static str>)> {
    let mut paths: Vec<(&str, Vec<&str>)> = Vec::new();
    for route in routes {
        let also_head = (route.method == Method::GET).then_some("HEAD");
        let methods = [route.method.as_str()].into_iter().chain(also_head);
        match paths.iter_mut().find(|(template, _)| *template == route.template) {
            Some((_, known)) => known.extend(methods),
            None => paths.push((route.template, methods.collect())),
        }
    }
    let open = paths.into_iter().filter(|(_, methods)| !methods.contains(&"OPTIONS"));
    open.map(|(template, methods)| {
        let listed = METHODS.into_iter().filter(|method| *method == "OPTIONS" || methods.contains(method));
        (template, listed.collect())
    })
}

fn endpoint(state: Arc<AppState>, index: RouteIndex, route: &'static Route) -> MethodRouter {
    let filter = MethodFilter::try_from(route.method.clone()).unwrap_or(MethodFilter::GET);
    let answer = async move |Extension(info): Info, path: Result<RawPathParams, RawPathParamsRejection>, request: HttpRequest| {
        info.set_route(index);
        span::routed(route.template);
        let call = Call { state: &state, index, route, info: &info };
        let mut response = match path {
            Ok(path) => call.run(decoded(&path), request).await,
            Err(_) => Err(ApiError::not_found()),
        }
        .unwrap_or_else(|error| error_response(&state.settings.links, &error, &info));
        if response.status() == StatusCode::UNAUTHORIZED {
            for challenge in state.gate.iter().flat_map(|gate| gate.challenges(&info.headers)) {
                response.headers_mut().append(header::WWW_AUTHENTICATE, challenge);
            }
        }
        let headers = response.headers_mut();
        if problem::is_here(route.template) {
            headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
        }
        if route.options.allows_any_origin {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        }
        gzip::apply(response, state.settings.gzip_from, &info.headers).await
    };
    on(filter, answer)
}

/// NUL, which no stored name has and no database takes, becomes U+FFFD.
fn decoded(path: &RawPathParams) -> PathParameters {
    path.iter().map(|(key, value)| (key.to_owned(), value.replace('\0', "\u{FFFD}"))).collect()
}

/// A request that has found its route.
struct Call<'c> {
    state: &'c Arc<AppState>,
    index: RouteIndex,
    route: &'static Route,
    info: &'c Arc<RequestInfo>,
}

impl Call<'_> {
    async fn run(&self, path: PathParameters, request: HttpRequest) -> Result<Response, ApiError> {
        let Self { state, route, info, .. } = *self;
        let (method, headers) = (&info.method, &info.headers);
        let (mut parts, body) = request.into_parts();
        let caller = self.caller().await?;
        if takes_body(method) {
            let counted = state.rate_limiter.count(route.needs, &caller, &info.peer);
            counted.inspect_err(|exceeded| state.metrics.limited(exceeded.setting)).map_err(ApiError::too_many_requests)?;
        }
        let class = caller.rights.class();
        let asker = Arc::clone(&caller);
        let recorded = |error: &ApiError| self.record_denial(error, &asker);
        let request = self.authorized(path, &mut parts, caller).await.inspect_err(recorded)?;
        if let Some(document) = &route.options.document
            && Representation::only_schemas(headers)
        {
            // not cached: under the same target others find the description
            return Ok(document(request).await?.into_response(HeaderValue::from_static(negotiate::DEFAULT), method, headers));
        }
        let media_type = self.media_type()?;
        let generation = state.registry.store().known_generation().content;
        let request = if takes_body(method) { request.with_body(self.collect(body).await?) } else { request };
        let Some(target) = info.uri.path_and_query().map(PathAndQuery::as_str) else { return Err(ApiError::not_found()) };
        let cache = &state.answer_cache;
        if !takes_body(method) {
            let reply = (route.handler)(request).await.inspect_err(recorded)?;
            let read = self.count_use(&asker);
            match &reply {
                Reply::CacheableJson(bytes, freshness) => {
                    cache.put_json((target, class), generation, self.index, bytes.clone(), *freshness, read);
                }
                Reply::Document { document, is_cacheable: true } => {
                    cache.put_document((target, class), generation, self.index, Arc::clone(document), read);
                }
                _ => {}
            }
            return Ok(reply.into_response(media_type, method, headers));
        }
        let Some(repeated) = route.options.repeated else {
            let reply = (route.handler)(request).await.inspect_err(recorded)?;
            self.count_use(&asker);
            return Ok(reply.into_response(media_type, method, headers));
        };
        let question = in_proportion(request.body.len(), || cache.question(target, class, &request.body));
        if let Some((bytes, answer)) = cache.answer_to(&question, generation, headers, &**state.registry.store()) {
            repeated(&state.metrics);
            if let Some(read) = &answer.read {
                usage::count(&state.registry, read, Some(&asker), headers);
            }
            return Ok(Reply::Json(bytes).into_response(media_type, method, headers));
        }
        let reply = (route.handler)(request).await.inspect_err(recorded)?;
        let read = self.count_use(&asker);
        if let Reply::CacheableJson(bytes, freshness) = &reply {
            cache.put_answer_to(question, generation, self.index, bytes.clone(), *freshness, read);
        }
        Ok(reply.into_response(media_type, method, headers))
    }

    /// Counts the schema that the answer shows or has found, if it is of one.
    fn count_use(&self, asker: &Caller) -> Option<ReadSchema> {
        let read = self.info.read()?;
        usage::count(&self.state.registry, read, Some(asker), &self.info.headers);
        Some(read.clone())
    }

    /// Records that a change was denied. To try one out is none.
    fn record_denial(&self, error: &ApiError, caller: &Caller) {
        if let Some(denied) = &error.denied
            && self.route.needs != Needs::Trial
        {
            self.state.refusals.denied(denied, caller, self.info);
        }
    }

    fn media_type(&self) -> Result<MediaType, ApiError> {
        let (options, headers) = (&self.route.options, &self.info.headers);
        let takes_body = matches!(self.route.method, Method::POST | Method::PUT);
        if takes_body && !options.takes_any_type || options.negotiates && !problem::is_here(self.route.template) {
            // Confluent looks at the type of requests without a body, too
            match ContentType::of(headers) {
                ContentType::Read => {}
                ContentType::Range if !takes_body => {}
                ContentType::Range | ContentType::Foreign => return Err(ApiError::unsupported_media_type()),
                ContentType::Malformed => return Err(ApiError::bad_request("Bad Request")),
            }
        }
        if !options.negotiates {
            return Ok(HeaderValue::from_static(negotiate::DEFAULT));
        }
        negotiate::choose(headers).ok_or_else(|| ApiError::plain(StatusCode::NOT_ACCEPTABLE))
    }

    /// Who asks. Where that makes no difference, wrong credentials don't either.
    async fn caller(&self) -> Result<Arc<Caller>, ApiError> {
        let (state, info) = (self.state, self.info);
        let is_open = match self.route.needs {
            Needs::Nothing => true,
            Needs::Metrics => state.settings.metrics_open,
            _ => false,
        };
        let (Some(gate), false) = (&state.gate, is_open) else { return Ok(Caller::open()) };
        let caller = gate.authenticate(&info.headers, &info.peer).await.map_err(|failure| {
            state.metrics.refused_login(failure.as_str());
            match failure {
                LoginFailure::Wrong => {
                    state.refusals.login(&Gate::claim(&info.headers), info);
                    ApiError::unauthorized()
                }
                LoginFailure::Busy => ApiError::too_many_logins(),
                LoginFailure::NoKeys => ApiError::no_keys(),
            }
        })?;
        state.metrics.accepted_login(caller.method.as_str());
        Ok(caller)
    }

    /// The request as handlers see it, without its body, if its caller may make it.
    async fn authorized(&self, path: PathParameters, parts: &mut Parts, caller: Arc<Caller>) -> Result<Request, ApiError> {
        let state = self.state;
        let context = parts.extensions.remove::<PrefixContext>().map(|prefix| prefix.0);
        let query = parts.uri.query().unwrap_or("");
        let mut request = Request::new(Arc::clone(state), path, query, Arc::clone(self.info), caller, context);
        if state.gate.is_some() {
            check(self.route.needs, &mut request).await.inspect_err(|_| state.metrics.denied())?;
        }
        Ok(request)
    }

    /// The whole body, within its limits of size, time and memory. tower-http's `RequestBodyLimitLayer` has one limit for all
    /// requests; here the route and the content type decide.
    async fn collect(&self, body: Body) -> Result<(Bytes, Held), ApiError> {
        let settings = &self.state.settings;
        let (limit, setting) = (self.route.options.body_limit)(settings, &self.info.headers);
        let coding = ContentCoding::of(&self.info.headers).ok_or_else(ApiError::unsupported_content_coding)?;
        // nobody is asked to continue with what is too large already
        if body.size_hint().lower() > limit as u64 {
            return Err(ApiError::body_too_large(limit, setting));
        }
        let mut share = self.state.body_memory.share();
        let read = tokio::time::timeout(settings.body_timeout, pieces(body, limit, setting, &mut share)).await;
        let mut bytes = read.unwrap_or_else(|_| Err(ApiError::plain(StatusCode::REQUEST_TIMEOUT)))?;
        if matches!(coding, ContentCoding::Gzip) {
            // before it is known how much it is
            let most = bytes.len().saturating_mul(compression::MAX_RATIO).min(limit);
            share.cover(most).await?;
            let inflated = in_proportion(most, || compression::inflate(&bytes, limit));
            bytes = inflated.map_err(|error| match error {
                InflateError::TooLarge => ApiError::body_too_large(limit, setting),
                InflateError::Malformed(error) => ApiError::bad_request(format!("The request body is not gzip: {error}")),
            })?;
            share.keep(bytes.len());
        }
        // what is read from it takes more than its bytes
        let weight = in_proportion(bytes.len(), || bodies::json::weight(&bytes));
        share.cover(bytes.len().saturating_add(weight)).await?;
        Ok((bytes, share.held()))
    }
}

/// Reads a body piece by piece; what comes in one piece is not copied.
async fn pieces(body: Body, limit: usize, setting: &str, share: &mut Share<'_>) -> Result<Bytes, ApiError> {
    let mut body = std::pin::pin!(Limited::new(body, limit));
    let (mut first, mut rest) = (Bytes::new(), BytesMut::new());
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            if error.is::<LengthLimitError>() {
                return ApiError::body_too_large(limit, setting);
            }
            ApiError::bad_request(format!("The request body could not be read: {error}"))
        })?;
        // trailers say nothing here
        let Ok(piece) = frame.into_data() else { continue };
        share.cover(first.len() + rest.len() + piece.len()).await?;
        if first.is_empty() {
            first = piece;
        } else {
            rest.extend_from_slice(&piece);
        }
    }
    if rest.is_empty() {
        return Ok(first);
    }
    let mut whole = BytesMut::with_capacity(first.len() + rest.len());
    whole.extend_from_slice(&first);
    whole.extend_from_slice(&rest);
    Ok(whole.freeze())
}

fn takes_body(method: &Method) -> bool {
    matches!(*method, Method::POST | Method::PUT | Method::DELETE)
}
