//! `accordant serve`: the only place that chooses a store.

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use super::exit::Exit;
use super::{Failure, database};
use crate::cloudevents::resolve::{OwnBases, ResolveSettings};
use crate::cloudevents::{EventLimits, EventSettings};
use crate::config::{Bytes, LogFormat, OutageReads, Settings, Shapes};
use crate::http::{self, AppState, DocumentAges, HttpSettings, Links, Metrics, Route};
use crate::registry::{Defaults, JudgingLimits, Limits, Registry};
use crate::server::{self, ServerSettings};
use crate::store::postgres::{PostgresOptions, PostgresStore};
use crate::store::sqlite::{SqliteOptions, SqliteStore};
use crate::store::{self, Store, StoreError};
use crate::types::Clock;
use crate::types::Mode;

/// Stack of each thread: schemas nested to the configured limits are walked on it.
const STACK_BYTES: usize = 8 << 20;

pub(super) fn run(settings: &Settings) -> Result<(), Failure> {
    log_to_stderr(settings)?;
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.enable_all().thread_stack_size(STACK_BYTES).thread_name("accordant");
    if settings.worker_threads > 0 {
        runtime.worker_threads(settings.worker_threads);
    }
    let runtime = runtime.build().map_err(|error| (Exit::Usage, format!("threads can't be started: {error}")))?;
    runtime.block_on(serve(settings))
}

fn log_to_stderr(settings: &Settings) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(&settings.log_level)
        .map_err(|error| (Exit::Usage, format!("log-level: '{}': {error}", settings.log_level)))?;
    let colours = std::io::stderr().is_terminal();
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colours);
    match settings.log_format {
        LogFormat::Human => builder.with_target(false).init(),
        LogFormat::Json => builder.json().flatten_event(true).init(),
    }
    Ok(())
}

async fn serve(settings: &Settings) -> Result<(), Failure> {
    let stop = asked_to_stop()?;
    let metrics = Metrics::new(http::routes().iter().map(Route::label));
    let listener = TcpListener::bind(&settings.listen)
        .await
        .map_err(|error| (Exit::Listen, format!("can't listen on {}: {error}", settings.listen)))?;
    let store = open(settings, &metrics).await?;
    let defaults = Defaults { resolve: resolve(settings, listener.local_addr().ok())?, ..defaults(settings) };
    let registry = Arc::new(Registry::new(Arc::clone(&store), clock(), limits(settings), defaults));
    backfill_names(Arc::clone(&registry));
    prune_changes(Arc::clone(&registry), settings);
    let state = AppState::new(registry, metrics.clone(), http_settings(settings));
    let address = listener.local_addr().map_or_else(|_| settings.listen.clone(), |address| address.to_string());
    tracing::info!("listening on http://{address}, storing in {}", store.location());
    let server = ServerSettings {
        header_timeout: settings.header_timeout,
        max_connections: settings.max_connections,
        shutdown_timeout: settings.shutdown_timeout,
    };
    server::serve(listener, http::app(&state), metrics, server, stop).await;
    store.close().await;
    tracing::info!("stopped");
    Ok(())
}

/// The one place that asks the system for the time.
#[expect(clippy::disallowed_methods, reason = "everything else gets this clock")]
fn clock() -> Clock {
    Arc::new(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    })
}

async fn open(settings: &Settings, metrics: &Metrics) -> Result<Arc<dyn Store>, Failure> {
    let url = &settings.database;
    let failed = |error: StoreError| {
        let exit = match &error {
            StoreError::Newer { .. } => Exit::NewerDatabase,
            StoreError::InUse { .. } => Exit::DatabaseInUse,
            _ => Exit::Database,
        };
        (exit, format!("can't use the database: {error}"))
    };
    if let Some(path) = database::sqlite_path(url)? {
        let mut options = SqliteOptions::new(path);
        options.readers = settings.sqlite_readers.max(1);
        options.max_batch = settings.sqlite_max_batch.max(1);
        let metrics = metrics.clone();
        options.observer = Some(Arc::new(move |writes| metrics.commit(writes)));
        return Ok(Arc::new(SqliteStore::open(options, clock()).await.map_err(failed)?));
    }
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        let mut options = PostgresOptions::new(url.clone());
        options.max_connections = settings.database_connections.max(4);
        options.answer_timeout = settings.database_answer_timeout;
        options.statement_timeout = settings.database_statement_timeout;
        options.lock_timeout = settings.database_lock_timeout;
        options.acquire_timeout = settings.database_acquire_timeout;
        options.poll_interval = settings.database_poll_interval;
        options.statement_cache = settings.database_statement_cache;
        let store = Arc::new(PostgresStore::open(options, clock()).await.map_err(failed)?);
        if settings.outage_reads == OutageReads::Off {
            return Ok(store);
        }
        let metrics = metrics.clone();
        let observer = Arc::new(move || metrics.outage_read());
        return Ok(Arc::new(store::OutageReads::new(store, settings.outage_cache_bytes.0, observer)));
    }
    let scheme = url.split(':').next().unwrap_or("");
    Err((Exit::Usage, format!("database: '{scheme}:...' is neither sqlite://PATH nor postgres://...")))
}

fn limits(settings: &Settings) -> Limits {
    Limits {
        avro_depth: settings.max_avro_depth,
        json_depth: settings.max_json_depth,
        protobuf_depth: settings.max_protobuf_depth,
        reference_depth: settings.max_reference_depth,
        reference_count: settings.max_references,
        associations: settings.max_associations,
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
    }
}

/// How schemas of events are found.
fn resolve(settings: &Settings, listen: Option<SocketAddr>) -> Result<ResolveSettings, Failure> {
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
    });
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

fn http_settings(settings: &Settings) -> HttpSettings {
    HttpSettings {
        max_body_bytes: usize::try_from(settings.max_body_bytes.0).unwrap_or(usize::MAX),
        max_config_bytes: usize::try_from(settings.max_config_bytes.0).unwrap_or(usize::MAX),
        body_timeout: settings.body_timeout,
        request_timeout: settings.request_timeout,
        access_log: settings.access_log,
        answer_cache_bytes: settings.ready_cache_bytes.0,
        gzip_from: settings.gzip_from.0,
        legacy_shapes: settings.response_shapes == Shapes::V7,
        events: events(settings),
        event_time_limit: settings.event_time_limit,
        links: Links::new(settings.public_url.as_deref()),
        ages: DocumentAges { guid: settings.immutable_max_age.0, id: settings.id_max_age.0, version: settings.version_max_age.0 },
        ..HttpSettings::default()
    }
}

/// How events are read.
fn events(settings: &Settings) -> EventSettings {
    let bytes = |size: Bytes| usize::try_from(size.0).unwrap_or(usize::MAX);
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

/// Resolves at SIGTERM or SIGINT; they are caught from the call on, not only once it is awaited.
fn asked_to_stop() -> Result<impl Future<Output = ()>, Failure> {
    let caught = |kind| signal(kind).map_err(|error| (Exit::Usage, format!("signals can't be caught: {error}")));
    let (mut terminate, mut interrupt) = (caught(SignalKind::terminate())?, caught(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping: open requests may finish");
    })
}
