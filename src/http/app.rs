//! The application: what stands around every handler.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::response::Response;
use axum::{BoxError, Router};
use bytes::Bytes;
use tower::ServiceExt;
use tracing::Instrument;

use super::admission::{self, Refusal};
use super::answer_bytes::AnswerBytes;
use super::compression;
use super::dispatch;
use super::error::ApiError;
use super::error_response::error_response;
use super::gate::Known;
use super::header_scan;
use super::metrics::RouteIndex;
use super::middleware::access_log::{AccessLog, Logged};
use super::middleware::answer_cache::CachedResponse;
use super::middleware::cors::Grant;
use super::middleware::trace::{Traced, caller};
use super::middleware::{context_prefix, deadline, panic, request_id, span};
use super::peer::Peer;
use super::request_info::{REQUEST_ID, RequestInfo};
use super::routes::routes;
use super::state::AppState;
use super::ui;
use super::usage;
use crate::registry::Registry;
use crate::trace::{self, Current};

/// Cheap to clone, one call for each request.
#[derive(Clone)]
pub struct App {
    state: Arc<AppState>,
    router: Router,
    /// What paths other than those of health and metrics are refused with, where they are.
    elsewhere: Option<Refusal>,
    /// No answers are made that are not in memory already.
    is_choked: bool,
}

/// What becomes of a request.
pub enum Handled<W> {
    /// The answer to a request of this moment: it was in memory, or there was not much to say.
    Ready(Response<AnswerBytes>, Instant),
    /// What makes the answer.
    Work(W),
}

/// A request that is being answered.
struct Begun {
    started: Instant,
    id: HeaderValue,
    /// The answer may depend on the codings that are accepted.
    varies: bool,
    grant: Option<Grant>,
    traced: Option<Traced>,
}

/// The application over its state.
pub fn app(state: &Arc<AppState>) -> App {
    App { state: Arc::clone(state), router: dispatch::router(state, routes()), elsewhere: None, is_choked: false }
}

/// The trace that a request belongs to: its own span's where one is recorded, or that of who sent it.
fn trace_of(traced: Option<&Traced>, headers: &HeaderMap) -> Option<Current> {
    match traced {
        Some(traced) => traced.current.clone(),
        None => caller(headers).map(Current::passed_on),
    }
}

/// What a request passes on its way to a handler is what is called here, from top to bottom.
///
/// These are calls and no tower layers because most requests are answered out of the cache, in some 10 µs each: a layer made by
/// axum's `from_fn` costs 0.15 µs, tower-http's for request id, panics and deadline together 0.5 µs, all these calls less than
/// 0.1 µs. Nor do tower-http's answer as Confluent's clients need it; the files of `middleware/` say why.
impl App {
    /// The same for connections beyond the cap: nothing but health and metrics.
    pub fn when_full(&self) -> Self {
        Self { elsewhere: Some(Refusal::FullHouse), ..self.clone() }
    }

    /// The same while clients are slow to take what was answered: nothing but that and what is in memory anyway.
    pub fn when_choked(&self) -> Self {
        Self { is_choked: true, ..self.clone() }
    }

    /// The same for an address that has health and metrics alone.
    pub fn for_admin(&self) -> Self {
        Self { elsewhere: Some(Refusal::NotHere), ..self.clone() }
    }

    /// From now on readiness says no: the server is about to stop.
    pub fn announce_stop(&self) {
        self.state.is_stopping.store(true, Ordering::Relaxed);
    }

    /// Writes what was held back for the record of what was refused. Nothing is served any more.
    pub async fn flush(&self) {
        self.state.refusals.flush().await;
    }

    /// Answers a request. Never fails: whatever goes wrong becomes an answer.
    ///
    /// Most requests are answered here and now. What they have no use for is not made for them: a body, a future, the memory for either.
    pub fn handle<B>(&self, request: Request<B>, peer: &Peer) -> Handled<impl Future<Output = Response> + Send + use<B>>
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let AppState { settings, registry, .. } = &*self.state;
        let headers = request.headers();
        let id = request_id::of(headers);
        let generation = registry.store().known_generation().content;
        let begun = Begun {
            started: Instant::now(),
            varies: matches!(*request.method(), Method::GET | Method::POST),
            grant: settings.cors.as_ref().and_then(|cors| cors.grant(&request)),
            traced: settings.spans.as_ref().map(|spans| Traced::begin(spans, &request, &id)),
            id,
        };
        let admitted = match self.admit(&request, peer) {
            Err(Refusal::OtherSite) if begun.grant.is_some() => Ok(()),
            admitted => admitted,
        };
        if let (Some(cors), Some(Grant { is_preflight: true, .. }), Ok(())) = (&settings.cors, &begun.grant, &admitted) {
            let preflight = cors.preflight(headers);
            let came_at = begun.started;
            return Handled::Ready(self.finished(begun, None, preflight, false).map(AnswerBytes::from), came_at);
        }
        let known = self.state.gate.as_ref().map_or(Known::Open, |gate| gate.known(headers, peer));
        let cached = match (&admitted, known.class()) {
            (Ok(()), Some(class)) => self.state.answer_cache.answer(&request, class, generation, &**registry.store()),
            _ => None,
        };
        if let Some(CachedResponse { answer, response }) = cached {
            let route = answer.route;
            if settings.access_log == AccessLog::All {
                let trace_id = trace_of(begun.traced.as_ref(), headers).map(|trace| trace.context.shown_id());
                let request_id = begun.id.to_str().unwrap_or("unprintable");
                let logged = Logged { method: request.method(), path: request.uri(), request_id, trace_id };
                AccessLog::All.record(&logged, response.status(), begun.started.elapsed());
            }
            if let Some(read) = &answer.read {
                usage::count(registry, read, known.caller(), headers);
            }
            let came_at = begun.started;
            let bytes = |own: Option<Bytes>| own.map_or_else(|| AnswerBytes::kept(answer), AnswerBytes::from);
            return Handled::Ready(self.finished(begun, Some(route), response, true).map(bytes), came_at);
        }
        let is_refused = self.is_choked && !admission::is_health(request.uri().path());
        let admitted = if is_refused { admitted.and(Err(Refusal::Unsent)) } else { admitted };
        let (app, peer) = (self.clone(), peer.clone());
        Handled::Work(async move {
            let (route, response) = app.answer(request.map(Body::new), peer, &begun, admitted).await;
            app.finished(begun, route, response, false)
        })
    }

    /// What every answer gets, and what is noted of it.
    fn finished<B>(&self, begun: Begun, route: Option<RouteIndex>, mut response: Response<B>, is_cached: bool) -> Response<B> {
        let Begun { started, id, varies, grant, traced } = begun;
        let headers = response.headers_mut();
        if varies {
            compression::vary(headers);
        }
        if let Some(grant) = grant {
            grant.apply(headers);
        }
        header_scan::set(headers, REQUEST_ID, id);
        header_scan::set(headers, header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        self.state.metrics.request(route, response.status(), started.elapsed(), is_cached);
        if let Some(traced) = traced {
            traced.end(route.and_then(|route| self.state.metrics.template(route)), response.status(), is_cached, started);
        }
        response
    }

    fn admit<B>(&self, request: &Request<B>, peer: &Peer) -> Result<(), Refusal> {
        match self.elsewhere {
            Some(refusal) if !admission::is_health(request.uri().path()) => Err(refusal),
            // a login that the browser adds by itself is not that of the page
            _ if self.state.gate.is_some() && admission::borrows_login(request, peer) => Err(Refusal::OtherSite),
            _ => admission::check(request, &self.state.settings.hosts),
        }
    }

    async fn answer(
        &self,
        mut request: Request,
        peer: Peer,
        begun: &Begun,
        admitted: Result<(), Refusal>,
    ) -> (Option<RouteIndex>, Response) {
        let settings = &self.state.settings;
        let trace = trace_of(begun.traced.as_ref(), request.headers());
        let info = RequestInfo::of(&mut request, peer, begun.id.clone(), &settings.trusted_proxies);
        let span = span::of(&info);
        // boxed first: a future is as large as all that it may ever hold, and each of those around it would move it
        let work = Box::pin(Registry::metered(self.dispatch(request, &info, admitted)));
        let work = deadline::within(settings.request_timeout, panic::caught(&info, work));
        trace::within(trace, async {
            let answered = work.instrument(span).await;
            let response = answered.unwrap_or_else(|error| error_response(&settings.links, &error, &info));
            settings.access_log.record(&Logged::of(&info), response.status(), begun.started.elapsed());
            (info.route(), response)
        })
        .await
    }

    /// The router finds the handler; `dispatch.rs` has what is around that: negotiation, the body, gzip.
    async fn dispatch(
        &self,
        mut request: Request,
        info: &RequestInfo,
        admitted: Result<(), Refusal>,
    ) -> Result<Response, ApiError> {
        admitted?;
        if request.method() == Method::OPTIONS && request.uri().path() == "*" {
            return Ok(dispatch::allowed(&dispatch::METHODS));
        }
        if let (Some(sign_in), Some(gate), true) = (&self.state.settings.sign_in, &self.state.gate, self.state.settings.ui) {
            let target = (request.uri().path(), request.uri().query().unwrap_or_default());
            let page = sign_in.answer(gate, &self.state.metrics, request.method(), target, &info.headers).await;
            if let Some(page) = page {
                return Ok(page);
            }
        }
        if self.state.settings.ui
            && let Some(page) = ui::answer(request.method(), request.uri().path(), &info.headers)
        {
            return Ok(page);
        }
        context_prefix::strip(&mut request)?;
        let Ok(response) = self.router.clone().oneshot(request).await;
        Ok(response)
    }
}
