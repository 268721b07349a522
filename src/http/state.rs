//! What all requests share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::runtime::Handle;

use super::admission::Hosts;
use super::body_memory::BodyMemory;
use super::gate::{Gate, SessionSettings};
use super::links::Links;
use super::metrics::{Metrics, MetricsSnapshot};
use super::middleware::access_log::AccessLog;
use super::middleware::answer_cache::AnswerCache;
use super::middleware::cors::Cors;
use super::rate_limit::{RateLimiter, RateLimits};
use super::refusals::RefusalRecord;
use super::sign_in::SignIn;
use super::trusted_proxies::TrustedProxies;
use crate::cloudevents::EventSettings;
use crate::registry::Registry;
use crate::trace::Spans;

#[derive(Debug, Clone)]
pub struct HttpSettings {
    pub max_body_bytes: usize,
    pub max_config_bytes: usize,
    /// Time in which a request body must have arrived.
    pub body_timeout: Duration,
    /// Bytes of all bodies that are in memory at once.
    pub body_memory: u64,
    /// Time in which a request must be answered.
    pub request_timeout: Duration,
    pub access_log: AccessLog,
    /// Requests of one client in a time.
    pub rate_limits: RateLimits,
    /// Changes and logins that were refused are recorded: of so many kinds in a minute, and none with 0.
    pub audit_refusals: usize,
    /// Whose word about where a request came from is taken.
    pub trusted_proxies: TrustedProxies,
    /// Names under which requests reach the server.
    pub hosts: Hosts,
    /// Pages of other origins that may ask.
    pub cors: Option<Cors>,
    /// Metrics are shown to everybody.
    pub metrics_open: bool,
    /// Bytes of answers held in memory.
    pub answer_cache_bytes: u64,
    /// Bodies above this many bytes are compressed for clients that accept gzip.
    pub gzip_from: u64,
    /// Serve the web pages.
    pub ui: bool,
    /// How users sign in on them at a provider.
    pub sign_in: Option<SignIn>,
    /// How logins with a password or a token are kept there.
    pub sessions: Option<SessionSettings>,
    /// Answer in the shapes of Confluent's 7.x line.
    pub legacy_shapes: bool,
    pub events: EventSettings,
    /// Time in which the data of a request's events must be judged.
    pub event_time_limit: Duration,
    pub links: Links,
    pub ages: DocumentAges,
    /// What `/v1/metadata/version` says.
    pub commit: &'static str,
    /// Where spans of requests go, if they are recorded.
    pub spans: Option<Spans>,
}

/// For how many seconds caches may keep a schema document, by how it was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DocumentAges {
    /// A guid never means anything else.
    pub guid: u64,
    /// An import after a permanent delete can give an id to another schema.
    pub id: u64,
    /// A version can be given anew after a permanent delete.
    pub version: u64,
}

impl Default for DocumentAges {
    fn default() -> Self {
        Self { guid: 31_536_000, id: 86_400, version: 300 }
    }
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            max_body_bytes: 4 << 20,
            max_config_bytes: 256 << 10,
            body_timeout: Duration::from_secs(30),
            body_memory: 32 << 20,
            request_timeout: Duration::from_mins(1),
            access_log: AccessLog::Errors,
            rate_limits: RateLimits::default(),
            audit_refusals: 100,
            trusted_proxies: TrustedProxies::default(),
            hosts: Hosts::Any,
            cors: None,
            metrics_open: true,
            answer_cache_bytes: 8 << 20,
            gzip_from: 1024,
            ui: true,
            sign_in: None,
            sessions: None,
            legacy_shapes: false,
            events: EventSettings::default(),
            event_time_limit: Duration::from_secs(2),
            links: Links::default(),
            ages: DocumentAges::default(),
            commit: option_env!("BUILD_COMMIT").unwrap_or("unknown"),
            spans: None,
        }
    }
}

pub struct AppState {
    pub registry: Arc<Registry>,
    pub metrics: Metrics,
    pub settings: HttpSettings,
    /// Logins and rules; none where everybody may do everything.
    pub(super) gate: Option<Arc<Gate>>,
    pub(super) answer_cache: AnswerCache,
    pub(super) body_memory: BodyMemory,
    pub(super) rate_limiter: RateLimiter,
    pub(super) refusals: RefusalRecord,
    /// The server is about to stop, and load balancers should know.
    pub(super) is_stopping: AtomicBool,
    /// Where requests are served; readiness is asked for from another thread as well.
    pub(super) runtime: Option<Handle>,
}

impl AppState {
    /// How everything stands, for whoever watches. Asks nobody.
    pub(super) fn snapshot(&self) -> MetricsSnapshot {
        let store = self.registry.store();
        let is_available = store.is_available();
        let store = store.readings();
        MetricsSnapshot {
            is_ready: is_available && !self.is_stopping.load(Ordering::Relaxed),
            is_available,
            database: if store.file.is_some() { "sqlite" } else { "postgres" },
            commit: self.settings.commit,
            registry: self.registry.readings(),
            store,
            counts: self.registry.counts(),
            body_bytes: self.body_memory.used(),
            answers: self.answer_cache.reading(),
        }
    }

    pub fn new(registry: Arc<Registry>, metrics: Metrics, settings: HttpSettings, gate: Option<Arc<Gate>>) -> Arc<Self> {
        let answer_cache = AnswerCache::new(settings.answer_cache_bytes, settings.gzip_from);
        let (is_stopping, runtime) = (AtomicBool::new(false), Handle::try_current().ok());
        let body_memory = BodyMemory::new(settings.body_memory);
        let rate_limiter = RateLimiter::new(settings.rate_limits);
        if let Some(gate) = &gate
            && settings.ui
            && (settings.sign_in.is_some() || settings.sessions.is_some())
        {
            gate.take_sessions(settings.sessions.as_ref());
        }
        let refusals = RefusalRecord::new(settings.audit_refusals, Arc::clone(&registry), metrics.clone());
        Arc::new(Self {
            registry,
            metrics,
            settings,
            gate,
            answer_cache,
            body_memory,
            rate_limiter,
            refusals,
            is_stopping,
            runtime,
        })
    }
}
