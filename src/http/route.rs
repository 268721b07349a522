//! One operation of the API.

use std::future::Future;
use std::pin::Pin;

use axum::http::{HeaderMap, Method};

use super::metrics::Metrics;
use super::needs::Needs;
use super::reply::Answer;
use super::request::Request;
use super::state::HttpSettings;

pub(super) type Handler = Box<dyn Fn(Request) -> Pin<Box<dyn Future<Output = Answer> + Send>> + Send + Sync>;

/// The largest body that a route takes, and the setting that moves it.
pub(super) type BodyLimit = fn(&HttpSettings, &HeaderMap) -> (usize, &'static str);

pub struct Route {
    pub method: Method,
    /// The path with its parameters, as openapi.yaml writes it.
    pub template: &'static str,
    /// The operation id in openapi.yaml.
    pub operation: &'static str,
    pub needs: Needs,
    pub(super) options: RouteOptions,
    pub(super) handler: Handler,
}

/// What is special about a route.
pub(super) struct RouteOptions {
    /// The answer is JSON in a media type that the client chooses.
    pub(super) negotiates: bool,
    /// Bodies of any media type are read.
    pub(super) takes_any_type: bool,
    /// Scripts of other sites may read the answer.
    pub(super) allows_any_origin: bool,
    /// What is counted when the same body is answered again from memory, where that may be.
    pub(super) repeated: Option<fn(&Metrics)>,
    pub(super) body_limit: BodyLimit,
    /// What answers clients that accept media types of schemas only.
    pub(super) document: Option<Handler>,
}

impl Default for RouteOptions {
    fn default() -> Self {
        Self {
            negotiates: true,
            takes_any_type: false,
            allows_any_origin: false,
            repeated: None,
            body_limit: |settings, _| (settings.max_body_bytes, "max-body-bytes"),
            document: None,
        }
    }
}

impl Route {
    fn new<F, A>(method: Method, template: &'static str, operation: &'static str, needs: Needs, function: F) -> Self
    where
        F: Fn(Request) -> A + Send + Sync + 'static,
        A: Future<Output = Answer> + Send + 'static,
    {
        Self { method, template, operation, needs, options: RouteOptions::default(), handler: handler(function) }
    }

    pub(super) fn with(mut self, options: RouteOptions) -> Self {
        self.options = options;
        self
    }

    /// What its metrics are called by.
    pub fn label(&self) -> (&Method, &'static str) {
        (&self.method, self.template)
    }
}

fn handler<F, A>(function: F) -> Handler
where
    F: Fn(Request) -> A + Send + Sync + 'static,
    A: Future<Output = Answer> + Send + 'static,
{
    Box::new(move |request| Box::pin(function(request)))
}

/// `get("/mode", "getGlobalMode", needs, mode::get)` and the like, for the table.
macro_rules! builders {
    ($($name:ident: $method:ident),*) => { $(
        pub(super) fn $name<F, A>(template: &'static str, operation: &'static str, needs: Needs, function: F) -> Route
        where
            F: Fn(Request) -> A + Send + Sync + 'static,
            A: Future<Output = Answer> + Send + 'static,
        {
            Route::new(Method::$method, template, operation, needs, function)
        }
    )* };
}

builders!(get: GET, post: POST, put: PUT, delete: DELETE, options: OPTIONS);

/// For routes that answer in one media type of their own.
pub(super) fn own_type() -> RouteOptions {
    RouteOptions { negotiates: false, ..RouteOptions::default() }
}

/// For schema documents, which scripts of other sites may read.
pub(super) fn any_origin() -> RouteOptions {
    RouteOptions { allows_any_origin: true, ..own_type() }
}

/// For routes whose body is an event, or several.
pub(super) fn events(body_limit: BodyLimit) -> RouteOptions {
    RouteOptions { takes_any_type: true, body_limit, ..own_type() }
}

/// For routes whose body has data in it.
pub(super) fn data(body_limit: BodyLimit) -> RouteOptions {
    RouteOptions { body_limit, ..RouteOptions::default() }
}

/// For routes whose body asks for something and changes nothing.
pub(super) fn question() -> RouteOptions {
    RouteOptions { repeated: Some(|_| ()), ..RouteOptions::default() }
}

/// For the registration of schemas, most of which are known.
pub(super) fn registration() -> RouteOptions {
    RouteOptions { repeated: Some(|metrics| metrics.registration(false)), ..RouteOptions::default() }
}

/// For routes whose body is a config, a key or an exporter.
pub(super) fn of_config() -> RouteOptions {
    RouteOptions { body_limit: |settings, _| (settings.max_config_bytes, "max-config-bytes"), ..RouteOptions::default() }
}

/// For routes that answer with a description of a schema, or with the document itself.
pub(super) fn or_document<F, A>(document: F) -> RouteOptions
where
    F: Fn(Request) -> A + Send + Sync + 'static,
    A: Future<Output = Answer> + Send + 'static,
{
    RouteOptions { document: Some(handler(document)), ..RouteOptions::default() }
}
