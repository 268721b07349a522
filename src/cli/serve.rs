//! `accordant serve`: the only place that chooses a store.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::Notify;

use super::access::AccessFiles;
use super::admin;
use super::exit::Exit;
use super::kms::{exporter_seal, kms};
use super::listeners::BoundListeners;
use super::log::Log;
use super::service_manager::{ServiceState, tell};
use super::signals::{asked_to_stop, reload_when_asked, survive_file_size_limit};
use super::tls::TlsFiles;
use super::traces::{self, Traces};
use super::watchdog::{self, Watchdog};
use super::{CommandFailure, audit, database, oidc, secret_file, sign_in, usage};
use crate::cloudevents::resolve::{OwnBases, ResolveSettings};
use crate::cloudevents::{EventLimits, EventSettings};
use crate::config::{ByteSize, ConfigError, OutageReadsSwitch, PostgresLocks, ReleaseLine, Settings};
use crate::http::{
    self, AppState, Cors, DocumentAges, Gate, Hosts, HttpSettings, Links, Metrics, RateLimits, Route, SessionSettings,
    VerifierLimits,
};
use crate::jsonata::{JsonataEngine, JsonataLimits};
use crate::kms::Kms;
use crate::registry::{Defaults, JudgingLimits, Limits, Registry};
use crate::server::{self, ServerSettings, Tls};
use crate::store::postgres::{LockKind, PostgresOptions, PostgresStore};
use crate::store::sqlite::{SqliteOptions, SqliteStore};
use crate::store::{self, Store, StoreError};
use crate::types::Clock;
use crate::types::Mode;

/// Stack of each thread: schemas nested to the configured limits are walked on it.
const STACK_BYTES: usize = 8 << 20;

/// Files that may be open beside connections to clients and to the database: SQLite's, the log, those beyond the cap, and some more.
const OTHER_FILES: u64 = 64 + server::SURPLUS_CONNECTIONS as u64;

/// Serves until it is asked to stop. `load` reads the configuration anew.
pub(super) fn run(
    settings: &Settings,
    load: impl Fn() -> Result<Settings, ConfigError> + Send + 'static,
) -> Result<(), CommandFailure> {
    let traces = traces::of(settings)?;
    let log = Arc::new(Log::begin(settings, traces.as_ref()).map_err(|reason| (Exit::Usage, reason))?);
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.enable_all().thread_stack_size(STACK_BYTES).thread_name("accordant");
    if settings.worker_threads > 0 {
        runtime.worker_threads(settings.worker_threads);
    }
    let runtime = runtime.build().map_err(|error| (Exit::Usage, format!("threads can't be started: {error}")))?;
    let served = runtime.block_on(serve(settings, &log, traces, load));
    // what still runs on other threads ends with the process
    runtime.shutdown_background();
    log.flush();
    served
}

async fn serve(
    settings: &Settings,
    log: &Arc<Log>,
    traces: Option<Traces>,
    load: impl Fn() -> Result<Settings, ConfigError> + Send + 'static,
) -> Result<(), CommandFailure> {
    let stop = asked_to_stop()?;
    let watchdog = Watchdog::start(settings.shutdown_delay.0 + settings.shutdown_timeout, watchdog::end)?;
    let _caught = survive_file_size_limit()?;
    let [reload_access, reload_tls, reload_keys] = std::array::from_fn(|_| Arc::new(Notify::new()));
    let watchers = [&reload_access, &reload_tls, &reload_keys].map(Arc::clone);
    reload_when_asked(Arc::clone(log), load, watchers.into())?;
    let metrics = Metrics::new(http::routes().iter().map(Route::label));
    metrics.count_dropped_lines(log.dropped());
    let spans = traces.as_ref().map(|traces| traces.spans().clone());
    if let Some(spans) = &spans {
        metrics.count_spans(Arc::clone(spans.counts()));
    }
    let sending = traces.map(Traces::begin);
    if settings.metrics_confluent_names {
        metrics.serve_confluent_names();
    }
    warn_of_modes(settings);
    let tls = tls(settings, &metrics, reload_tls)?;
    let listeners = BoundListeners::bind(settings).await?;
    let admin_listener = settings.admin_listen.as_ref().map(|address| admin::bind(address.as_str())).transpose()?;
    let server = server_settings(settings);
    let store = open(settings, &metrics).await?;
    let (kms, exporter_seal) = (kms(settings, clock())?, exporter_seal(settings)?);
    let defaults = Defaults { resolve: resolve(settings, listeners.first())?, kms, exporter_seal, ..defaults(settings) };
    let registry = Arc::new(Registry::new(Arc::clone(&store), clock(), limits(settings), defaults));
    backfill_names(Arc::clone(&registry));
    prune_changes(Arc::clone(&registry), settings);
    if let Some(every) = settings.metrics_count_interval {
        tokio::spawn(Arc::clone(&registry).keep_counting(Duration::from_secs(every.0.max(1))));
    }
    run_exporters(Arc::clone(&registry), metrics.clone());
    usage::keep(Arc::clone(&registry), settings, metrics.clone());
    audit::keep(Arc::clone(&registry), settings, audit::signing_key(settings)?, metrics.clone());
    let (issuers, keys): (Vec<_>, Vec<_>) =
        oidc::issuers(settings, &clock()).map_err(|reason| (Exit::Usage, reason))?.into_iter().unzip();
    let access = AccessFiles::of(settings).with_issuers(issuers.clone());
    let gate = gate(settings, &access, listeners.are_local())?;
    if let Some(gate) = &gate {
        let begun = keys.iter().zip(&issuers).map(|(keys, issuer)| keys.begin(issuer, &metrics));
        futures_util::future::try_join_all(begun).await.map_err(|reason| (Exit::Usage, reason))?;
        oidc::keep(keys.into_iter().zip(issuers), gate, &metrics, reload_keys);
    }
    if let Some(gate) = &gate {
        access.watch(Arc::clone(gate), metrics.clone(), reload_access);
    }
    let sign_in = sign_in::sign_in(settings).map_err(|reason| (Exit::Usage, reason))?;
    let sessions = match &gate {
        Some(_) if settings.ui.0 => Some(sessions(settings, &*store).await?),
        _ => None,
    };
    let http_settings = HttpSettings { sign_in, sessions, spans, ..http_settings(settings, listeners.are_local()) };
    let state = AppState::new(Arc::clone(&registry), metrics.clone(), http_settings, gate);
    let app = http::app(&state);
    let admin = match admin_listener {
        Some(listener) => {
            let address = listener.local_addr().map_or_else(|_| "admin-listen".to_owned(), |address| address.to_string());
            let admin = admin::start(listener, &app, metrics.clone(), &server)?;
            tracing::info!("health and metrics also on {address}");
            Some(admin)
        }
        None => None,
    };
    tracing::info!("listening on {}, storing in {}", listeners.shown(), store.location());
    tell(ServiceState::Ready);
    server::serve(listeners.with(tls.as_ref()), app.clone(), metrics.clone(), server, stop).await;
    watchdog.drained();
    app.flush().await;
    usage::write(&registry, &metrics).await;
    drop(admin);
    store.close().await;
    if let Some(sending) = sending {
        sending.end().await;
    }
    tracing::info!("stopped");
    Ok(())
}

/// The application over a database of its own, with all that a server would answer and nothing that listens.
pub(super) async fn without_listening(settings: &Settings) -> Result<(http::App, Arc<Registry>), CommandFailure> {
    let metrics = Metrics::new(http::routes().iter().map(Route::label));
    let store = open(settings, &metrics).await?;
    let (kms, exporter_seal) = (kms(settings, clock())?, exporter_seal(settings)?);
    let defaults = Defaults { kms, exporter_seal, ..defaults(settings) };
    let registry = Arc::new(Registry::new(store, clock(), limits(settings), defaults));
    let whole = HttpSettings { rate_limits: RateLimits::default(), hosts: Hosts::Any, ..http_settings(settings, false) };
    Ok((http::app(&AppState::new(Arc::clone(&registry), metrics, whole, None)), registry))
}

/// Warns of files with secrets that everybody on the machine can read; those of logins and TLS are looked at where they are read.
fn warn_of_modes(settings: &Settings) {
    let files = [
        &settings.database_file,
        &settings.audit_key_file,
        &settings.exporter_secret_file,
        &settings.otlp_headers_file,
        &settings.kms_local_secret_file,
        &settings.kms_vault_token_file,
        &settings.oidc_login_secret_file,
        &settings.kms_aws_secret_access_key_file,
    ];
    files.into_iter().flatten().for_each(|file| secret_file::warn_of_mode(file));
}

/// What listeners encrypt with, if that is configured; watched for changes.
fn tls(settings: &Settings, metrics: &Metrics, reload: Arc<Notify>) -> Result<Option<Arc<Tls>>, CommandFailure> {
    let said = |reason: String| (Exit::Usage, reason);
    let Some(files) = TlsFiles::of(settings).map_err(said)? else { return Ok(None) };
    let tls = files.load(metrics).map_err(said)?;
    files.watch(Arc::clone(&tls), metrics.clone(), reload);
    Ok(Some(tls))
}

/// Who may do what, if that is configured at all.
///
/// Without it everybody may do everything, as with the peers, whose containers listen on all addresses: to refuse that would break what
/// works. So there is a warning instead.
fn gate(settings: &Settings, files: &AccessFiles, is_local: bool) -> Result<Option<Arc<Gate>>, CommandFailure> {
    let Some(logins) = files.load().map_err(|reason| (Exit::Usage, reason))? else {
        if !is_local && !settings.allow_anonymous {
            tracing::warn!(
                "no logins are configured: everybody who can connect may do everything (users-file, tokens-file and access-file change \
                 that; allow-anonymous accepts it)"
            );
        } else {
            tracing::info!("no logins are configured: everybody may do everything");
        }
        return Ok(None);
    };
    files.warn();
    tracing::info!("logins: {}", logins.summary());
    let limits = VerifierLimits { threads: settings.login_threads, waiting: settings.login_queue };
    let gate = Gate::new(logins, limits, clock()).map_err(|error| (Exit::Usage, format!("logins: {error}")))?;
    Ok(Some(gate))
}

/// How logins on the web pages are kept; with a key that all replicas have from the database.
async fn sessions(settings: &Settings, store: &dyn Store) -> Result<SessionSettings, CommandFailure> {
    let mut fresh = [0; 32];
    getrandom::fill(&mut fresh).map_err(|error| (Exit::Usage, format!("no randomness: {error}")))?;
    let key = store.session_key(fresh).await.map_err(|error| unusable(&error))?;
    Ok(SessionSettings { key, max_age: Duration::from_secs(settings.session_max_age.0) })
}

/// Files that may be open beside connections to clients.
pub(super) fn other_files(settings: &Settings) -> u64 {
    OTHER_FILES + u64::from(settings.database_connections) + u64::from(settings.sqlite_readers)
}

fn server_settings(settings: &Settings) -> ServerSettings {
    let room = server::room_for_connections(server::raise_open_files(), other_files(settings));
    if room < settings.max_connections {
        tracing::warn!("max-connections is {room} here, for the system allows no more open files (ulimit -n)");
    }
    ServerSettings {
        header_timeout: settings.header_timeout,
        handshake_timeout: settings.tls_handshake_timeout,
        max_handshakes: settings.tls_max_handshakes,
        idle_timeout: settings.idle_timeout,
        send_timeout: settings.send_timeout,
        max_connections: settings.max_connections.min(room),
        max_unsent_bytes: settings.max_unsent_bytes.0,
        max_streams: settings.http2_max_streams,
        shutdown_delay: settings.shutdown_delay.0,
        shutdown_timeout: settings.shutdown_timeout,
    }
}

/// The one place that asks the system for the time.
#[expect(clippy::disallowed_methods, reason = "everything else gets this clock")]
pub(super) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

fn clock() -> Clock {
    Arc::new(now)
}

/// What a database that can't be used ends the process with.
pub(super) fn unusable(error: &StoreError) -> CommandFailure {
    let exit = match error {
        StoreError::Newer { .. } => Exit::NewerDatabase,
        StoreError::InUse { .. } => Exit::DatabaseInUse,
        _ => Exit::Database,
    };
    (exit, format!("can't use the database: {error}"))
}

pub(super) fn postgres_options(settings: &Settings) -> PostgresOptions {
    let mut options = PostgresOptions::new(settings.database.clone());
    options.max_connections = settings.database_connections.max(5);
    options.audit = settings.audit;
    options.answer_timeout = settings.database_answer_timeout;
    options.statement_timeout = settings.database_statement_timeout;
    options.lock_timeout = settings.database_lock_timeout;
    options.acquire_timeout = settings.database_acquire_timeout;
    options.poll_interval = settings.database_poll_interval;
    options.read_age = settings.read_consistency.age();
    options.statement_cache = settings.database_statement_cache;
    options.locks = match settings.postgres_locks {
        PostgresLocks::Advisory => LockKind::Advisory,
        PostgresLocks::Rows => LockKind::Rows,
    };
    options
}

/// Opens the database, creating and migrating it as needed.
pub(super) async fn open(settings: &Settings, metrics: &Metrics) -> Result<Arc<dyn Store>, CommandFailure> {
    let url = &settings.database;
    let failed = |error: StoreError| unusable(&error);
    if let Some(path) = database::sqlite_path(url)? {
        let mut options = SqliteOptions::new(path);
        options.readers = settings.sqlite_readers.max(1);
        options.max_batch = settings.sqlite_max_batch.max(1);
        options.audit = settings.audit;
        options.observer = Arc::new(metrics.clone());
        return Ok(Arc::new(SqliteStore::open(options, clock()).await.map_err(failed)?));
    }
    if database::is_postgres(url) {
        let mut options = postgres_options(settings);
        options.observer = Arc::new(metrics.clone());
        let store = Arc::new(PostgresStore::open(options, clock()).await.map_err(failed)?);
        if settings.outage_reads == OutageReadsSwitch::Off {
            return Ok(store);
        }
        return Ok(Arc::new(store::OutageReads::new(store, settings.outage_cache_bytes.0, Arc::new(metrics.clone()))));
    }
    Err(database::unknown(url))
}

fn limits(settings: &Settings) -> Limits {
    Limits {
        avro_depth: settings.max_avro_depth,
        json_depth: settings.max_json_depth,
        protobuf_depth: settings.max_protobuf_depth,
        reference_depth: settings.max_reference_depth,
        reference_count: settings.max_references,
        associations: settings.max_associations,
        keys: settings.max_keys,
        exporters: settings.max_exporters,
        judging: JudgingLimits {
            threads: settings.judging_threads,
            queue: settings.judging_queue,
            work: settings.work_budget,
            memory: settings.work_memory.0,
        },
    }
}

fn defaults(settings: &Settings) -> Defaults {
    Defaults {
        level: settings.compatibility_level,
        mode: Mode::ReadWrite,
        mode_mutability: settings.mode_mutability,
        validate_fields: settings.validate_fields,
        validate_new_schemas: settings.validate_new_schemas,
        normalize: settings.normalize,
        strict_metaschema: settings.json_schema_strict,
        strict_reference_versions: settings.reference_versions_strict,
        reject_empty_subject: settings.reject_empty_subject,
        list_limit: settings.list_limit,
        cache_bytes: settings.cache_bytes.0,
        event_cache_bytes: settings.event_cache_bytes.0,
        resolve: ResolveSettings::default(),
        kms: Kms::default(),
        exporter_seal: None,
        jsonata: jsonata(settings),
        usage: settings.usage,
    }
}

/// What evaluates rules of JSONATA: processes of this program.
fn jsonata(settings: &Settings) -> Option<JsonataEngine> {
    let limits = JsonataLimits { time: settings.jsonata_time, memory: settings.jsonata_memory.0 };
    if limits.time.is_zero() {
        return None;
    }
    let engine = JsonataEngine::of_this_program(limits);
    engine.inspect_err(|error| tracing::warn!("rules of JSONATA are not run: {error}")).ok()
}

/// How schemas of events are found.
fn resolve(settings: &Settings, listen: Option<SocketAddr>) -> Result<ResolveSettings, CommandFailure> {
    let own = OwnBases::new(settings.public_url.as_deref(), listen);
    Ok(ResolveSettings {
        own: own.map_err(|error| (Exit::Usage, format!("public-url: {error}")))?,
        bases: settings.cloudevents_base.0.clone(),
        aliases: settings.cloudevents_alias.0.clone(),
        types: settings.cloudevents_type.0.clone(),
        convention: settings.cloudevents_convention,
    })
}

/// Files what an older release did not know of, while requests are served.
fn backfill_names(registry: Arc<Registry>) {
    tokio::spawn(async move {
        match registry.backfill_names().await {
            Ok(0) => {}
            Ok(filed) => tracing::info!("filed the names of {filed} schemas that an older release stored"),
            Err(error) => {
                tracing::warn!(%error, "schemas that an older release stored can't be found by name before the next start");
            }
        }
        match registry.backfill_words().await {
            Ok(0) => {}
            Ok(filed) => tracing::info!("filed the words of {filed} subjects and schemas that an older release stored"),
            Err(error) => {
                tracing::warn!(%error, "what an older release stored can't all be searched before the next start");
            }
        }
    });
}

/// Copies into and out of other registries, for as long as requests are served.
fn run_exporters(registry: Arc<Registry>, metrics: Metrics) {
    // another name in every process, also of one host
    let replica = uuid::Uuid::now_v7().to_string();
    tokio::spawn(registry.run_exporters(replica, Arc::new(move |kind, event| metrics.exporter(kind, event))));
}

/// How often the record of changes is looked through for what is too old.
const PRUNE_EVERY: Duration = Duration::from_mins(10);

fn prune_changes(registry: Arc<Registry>, settings: &Settings) {
    let age = i64::try_from(settings.changes_max_age.0.saturating_mul(1000)).unwrap_or(i64::MAX);
    let rows = i64::try_from(settings.changes_max_rows).unwrap_or(i64::MAX);
    tokio::spawn(async move {
        let mut rounds = tokio::time::interval(PRUNE_EVERY);
        loop {
            rounds.tick().await;
            if let Err(error) = registry.prune_changes(age, rows).await {
                tracing::warn!(%error, "the record of changes could not be pruned");
            }
        }
    });
}

/// Names that `Host` may have. Where only this machine can connect, those are few, and a web page that uses another one is up to
/// something.
fn hosts(settings: &Settings, is_local: bool) -> Hosts {
    let given = settings.allowed_hosts.as_deref().unwrap_or_default();
    let mut names: Vec<String> = given.split(',').map(|name| name.trim().to_ascii_lowercase()).collect();
    if !is_local || names.iter().any(|name| name == "*") {
        return Hosts::Any;
    }
    let public = settings.public_url.as_deref().and_then(|url| url.parse::<hyper::Uri>().ok());
    names.extend(public.and_then(|url| url.host().map(str::to_ascii_lowercase)));
    names.extend(settings.listen.iter().filter_map(|endpoint| endpoint.address.host()).map(str::to_ascii_lowercase));
    names.retain(|name| !name.is_empty());
    Hosts::Local(names)
}

/// Pages of other origins that may ask; none unless origins are named.
fn cors(settings: &Settings) -> Option<Cors> {
    let list = |text: &str| -> Vec<String> {
        text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
    };
    let origins = list(settings.cors_origins.as_deref().unwrap_or_default());
    (!origins.is_empty()).then(|| Cors { origins, methods: list(&settings.cors_methods), headers: list(&settings.cors_headers) })
}

fn http_settings(settings: &Settings, is_local: bool) -> HttpSettings {
    HttpSettings {
        max_body_bytes: usize::try_from(settings.max_body_bytes.0).unwrap_or(usize::MAX),
        body_memory: settings.body_memory.0,
        max_config_bytes: usize::try_from(settings.max_config_bytes.0).unwrap_or(usize::MAX),
        body_timeout: settings.body_timeout,
        request_timeout: settings.request_timeout,
        access_log: settings.access_log,
        audit_refusals: if settings.audit { settings.audit_refusals } else { 0 },
        trusted_proxies: settings.trusted_proxies.clone(),
        hosts: hosts(settings, is_local),
        cors: cors(settings),
        rate_limits: RateLimits { writes: settings.rate_limit_writes, judging: settings.rate_limit_judging },
        ui: settings.ui.0,
        metrics_open: settings.metrics_open,
        answer_cache_bytes: settings.ready_cache_bytes.0,
        gzip_from: settings.gzip_from.0,
        legacy_shapes: settings.response_shapes == ReleaseLine::V7,
        events: events(settings),
        event_time_limit: settings.event_time_limit,
        links: Links::new(settings.public_url.as_deref()),
        ages: DocumentAges { guid: settings.immutable_max_age.0, id: settings.id_max_age.0, version: settings.version_max_age.0 },
        ..HttpSettings::default()
    }
}

/// How events are read.
fn events(settings: &Settings) -> EventSettings {
    let bytes = |size: ByteSize| usize::try_from(size.0).unwrap_or(usize::MAX);
    EventSettings {
        limits: EventLimits {
            event_bytes: bytes(settings.event_max_bytes),
            batch_bytes: bytes(settings.event_max_batch_bytes),
            batch_events: settings.event_max_batch_events,
            attributes: settings.event_max_attributes,
            value_bytes: bytes(settings.event_max_value_bytes),
            uri_bytes: bytes(settings.event_max_uri_bytes),
            json_depth: settings.event_max_json_depth,
        },
        tolerate: settings.tolerate_dataschema,
    }
}
