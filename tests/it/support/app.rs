//! A real server on a free port, over SQLite or Postgres.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use accordant::cloudevents::resolve::OwnBases;
use accordant::http::{App, AppState, Gate, HttpSettings, Links, Metrics, Route, app, routes};
use accordant::registry::{Defaults, Limits, Registry};
use accordant::server::{ServerSettings, serve};
use accordant::store::postgres::{LockKind, PostgresOptions, PostgresStore};
use accordant::store::sqlite::{SqliteOptions, SqliteStore};
use accordant::store::{Store, StoreError};
use accordant::types::Clock;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{HeaderMap, Method, Request, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use sqlx::{Connection, Executor, PgConnection};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::contract;

/// The databases that every test runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Database {
    Sqlite,
    Postgres,
}

/// The cluster for tests; each of them makes a database of its own in it. Without one that is said once, past the capture of
/// test output.
pub fn postgres_url() -> Option<String> {
    static SAID: std::sync::Once = std::sync::Once::new();
    let url = std::env::var("TEST_POSTGRES_URL").ok().filter(|url| !url.is_empty());
    if url.is_none() {
        SAID.call_once(|| {
            let line = "left out: all tests on Postgres, for TEST_POSTGRES_URL is not set (scripts/test sets it)\n";
            let _ = std::io::stderr().write_all(line.as_bytes());
        });
    }
    url
}

pub fn clock() -> Clock {
    #[expect(clippy::disallowed_methods, reason = "the clock of the tests")]
    Arc::new(|| i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap())
}

/// A fresh database of the kind, and what must stay alive for it.
pub struct Fresh {
    pub url: String,
    /// Removed with the last use of the database.
    _directory: Option<TempDir>,
}

impl Fresh {
    pub async fn new(database: Database) -> Self {
        match database {
            Database::Sqlite => {
                let directory = tempfile::tempdir().unwrap();
                let url = format!("sqlite://{}", directory.path().join("registry.db").display());
                Self { url, _directory: Some(directory) }
            }
            Database::Postgres => {
                let admin = postgres_url().expect("TEST_POSTGRES_URL");
                let name = format!("accordant_{}", uuid::Uuid::new_v4().simple());
                let mut connection = PgConnection::connect(&admin).await.unwrap();
                connection.execute(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
                let (server, _) = admin.rsplit_once('/').unwrap();
                Self { url: format!("{server}/{name}"), _directory: None }
            }
        }
    }

    pub async fn open(&self) -> Arc<dyn Store> {
        if let Some(path) = self.url.strip_prefix("sqlite://") {
            return Arc::new(SqliteStore::open(SqliteOptions::new(path), clock()).await.unwrap());
        }
        let mut options = PostgresOptions::new(self.url.clone());
        options.max_connections = 8;
        if std::env::var("TEST_POSTGRES_LOCKS").is_ok_and(|kind| kind == "rows") {
            options.locks = LockKind::Rows;
        }
        // a busy machine is no outage
        options.answer_timeout = Duration::from_secs(20);
        Arc::new(PostgresStore::open(options, clock()).await.unwrap())
    }

    /// Opens the database again, once the server that had it has let go of it.
    pub async fn open_again(&self) -> Arc<dyn Store> {
        let Some(path) = self.url.strip_prefix("sqlite://") else { return self.open().await };
        // up to a minute, for the machine may be busy with other things
        for _ in 0..1_200 {
            match SqliteStore::open(SqliteOptions::new(path), clock()).await {
                Err(StoreError::InUse { .. }) => tokio::time::sleep(Duration::from_millis(50)).await,
                opened => return Arc::new(opened.unwrap()),
            }
        }
        panic!("the database stays in use");
    }
}

/// A suite would leave gigabytes of databases behind.
impl Drop for Fresh {
    fn drop(&mut self) {
        if !self.url.starts_with("postgres") {
            return;
        }
        let url = self.url.clone();
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let (server, name) = url.rsplit_once('/').unwrap_or_default();
                let mut connection = PgConnection::connect(&format!("{server}/postgres")).await?;
                connection.execute(sqlx::AssertSqlSafe(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))).await?;
                Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
            })
        });
        // a test that has failed has said why
        let _ = dropping.join();
    }
}

/// A running server.
pub struct TestApp {
    pub address: SocketAddr,
    client: Client<HttpConnector, Full<Bytes>>,
    stop: Option<oneshot::Sender<()>>,
    pub store: Arc<dyn Store>,
    pub registry: Arc<Registry>,
    application: App,
    /// The database, for as long as the server runs.
    fresh: Option<Fresh>,
}

/// What the server answered.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
    pub bytes: Bytes,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }

    /// The body as a snapshot holds it: members in the order of the wire, a line each.
    pub fn pretty(&self) -> String {
        serde_json::to_string_pretty(&self.json()).unwrap()
    }

    /// Status, code and message of an error.
    pub fn error(&self) -> (u16, i64, String) {
        let body = self.json();
        let message = body["message"].as_str().unwrap_or_else(|| panic!("no message: {}", self.text)).to_owned();
        (self.status.as_u16(), body["error_code"].as_i64().unwrap(), message)
    }

    /// A header as text; empty when it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    #[track_caller]
    pub fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text);
        self.json()
    }
}

/// How a server is set up for a test.
#[derive(Default, Clone)]
pub struct Setup {
    pub limits: Limits,
    pub defaults: Defaults,
    pub http: HttpSettings,
    pub server: ServerSettings,
    pub clock: Option<Clock>,
    pub public_url: Option<&'static str>,
    /// Logins and rules.
    pub gate: Option<Arc<Gate>>,
}

impl TestApp {
    /// The URL of its database, where it has one of its own.
    pub fn database_url(&self) -> &str {
        &self.fresh.as_ref().expect("a database of its own").url
    }

    pub async fn new(database: Database) -> Self {
        Self::with(database, Setup::default()).await
    }

    pub async fn with(database: Database, setup: Setup) -> Self {
        let fresh = Fresh::new(database).await;
        let store = fresh.open().await;
        let mut app = Self::over(store, setup).await;
        app.fresh = Some(fresh);
        app
    }

    /// A server over a store that the test opened.
    pub async fn over(store: Arc<dyn Store>, setup: Setup) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut defaults = setup.defaults;
        defaults.resolve.own = OwnBases::new(setup.public_url, Some(address)).unwrap();
        let registry = Registry::new(Arc::clone(&store), setup.clock.unwrap_or_else(clock), setup.limits, defaults);
        let registry = Arc::new(registry);
        let metrics = Metrics::new(routes().iter().map(Route::label));
        let http = HttpSettings { links: Links::new(setup.public_url), ..setup.http };
        let state = AppState::new(Arc::clone(&registry), metrics.clone(), http, setup.gate);
        let settings = ServerSettings { shutdown_timeout: Duration::from_secs(5), ..setup.server };
        let (stop, stopped) = oneshot::channel::<()>();
        let application = app(&state);
        let served = application.clone();
        tokio::spawn(async move {
            serve(vec![listener.into()], served, metrics, settings, async move {
                let _ = stopped.await;
            })
            .await;
        });
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self { address, client, stop: Some(stop), store, registry, application, fresh: None }
    }

    /// Writes what the record of refusals has held back.
    pub async fn flush(&self) {
        self.application.flush().await;
    }

    pub async fn send(&self, method: Method, target: &str, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Answer {
        let mut request = Request::builder().method(method.clone()).uri(format!("http://{}{target}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.client.request(request.body(Full::new(body.into())).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let answer = Answer { status: parts.status, headers: parts.headers, text, bytes };
        contract::check(&method, target, &answer);
        answer
    }

    pub async fn get(&self, target: &str) -> Answer {
        self.send(Method::GET, target, &[], "").await
    }

    pub async fn delete(&self, target: &str) -> Answer {
        self.send(Method::DELETE, target, &[], "").await
    }

    pub async fn post(&self, target: &str, body: &Value) -> Answer {
        self.send(Method::POST, target, &[("content-type", "application/json")], body.to_string()).await
    }

    pub async fn put(&self, target: &str, body: &Value) -> Answer {
        self.send(Method::PUT, target, &[("content-type", "application/json")], body.to_string()).await
    }

    /// Registers a text of a type with references and answers its guid.
    pub async fn register_as(&self, subject: &str, kind: &str, text: &str, references: &[(&str, &str, i32)]) -> String {
        let one = |(name, subject, version): &(&str, &str, i32)| serde_json::json!({ "name": name, "subject": subject, "version": version });
        let references: Vec<Value> = references.iter().map(one).collect();
        let body = serde_json::json!({ "schema": text, "schemaType": kind, "references": references });
        self.post(&format!("/subjects/{subject}/versions"), &body).await.ok()["guid"].as_str().unwrap().to_owned()
    }

    /// Registers an Avro text and answers its id.
    pub async fn register(&self, subject: &str, text: &str) -> i64 {
        let body = serde_json::json!({ "schema": text });
        self.post(&format!("/subjects/{subject}/versions"), &body).await.ok()["id"].as_i64().unwrap()
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
    }
}

/// A record of long fields, for tests whose point is not the schema.
pub fn record(name: &str, fields: &[&str]) -> String {
    let fields: Vec<String> = fields.iter().map(|f| format!(r#"{{"name":"{f}","type":"long"}}"#)).collect();
    format!(r#"{{"type":"record","name":"{name}","fields":[{}]}}"#, fields.join(","))
}

/// The same with defaults, so that fields may come and go.
pub fn lenient(name: &str, fields: &[&str]) -> String {
    let fields: Vec<String> = fields.iter().map(|f| format!(r#"{{"name":"{f}","type":"long","default":0}}"#)).collect();
    format!(r#"{{"type":"record","name":"{name}","fields":[{}]}}"#, fields.join(","))
}

/// One test for each database. Without `TEST_POSTGRES_URL` the Postgres half says that it was left out.
#[macro_export]
macro_rules! on_both {
    ($(async fn $name:ident($database:ident) $body:block)*) => { $(
        mod $name {
            #[allow(unused_imports, clippy::allow_attributes, reason = "not every test uses everything")]
            use super::*;

            async fn run($database: $crate::support::app::Database) $body

            #[tokio::test(flavor = "multi_thread")]
            async fn sqlite() {
                run($crate::support::app::Database::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn postgres() {
                if $crate::support::app::postgres_url().is_none() {
                    return;
                }
                run($crate::support::app::Database::Postgres).await;
            }
        }
    )* };
}
