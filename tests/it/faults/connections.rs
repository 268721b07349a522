//! Slow clients, too many of them, a database that is gone, and a handler that panics.

use std::time::Duration;

use accordant::http::HttpSettings;
use accordant::server::ServerSettings;
use hyper::Method;
use sqlx::{Connection, Executor};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::app::{Database, Setup, TestApp};
use crate::support::process::Process;

async fn sqlite() -> TestApp {
    TestApp::new(Database::Sqlite).await
}

async fn served(server: ServerSettings) -> TestApp {
    TestApp::with(Database::Sqlite, Setup { server, ..Setup::default() }).await
}

async fn raw(app: &TestApp) -> TcpStream {
    TcpStream::connect(app.address).await.unwrap()
}

async fn rest(stream: &mut TcpStream) -> String {
    let mut out = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut out)).await.expect("the server hangs up");
    String::from_utf8_lossy(&out).into_owned()
}

#[tokio::test]
async fn a_client_that_sends_its_head_slowly_is_cut_off() {
    let app = served(ServerSettings { header_timeout: Duration::from_millis(300), ..ServerSettings::default() }).await;
    let mut stream = raw(&app).await;
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nx-").await.unwrap();
    let text = rest(&mut stream).await;
    assert!(text.is_empty() || text.starts_with("HTTP/1.1 408"), "{text}");
    assert_eq!(app.get("/").await.status, 200);
}

#[tokio::test]
async fn a_client_that_sends_its_body_slowly_is_cut_off() {
    let http = HttpSettings { body_timeout: Duration::from_millis(300), ..HttpSettings::default() };
    let app = TestApp::with(Database::Sqlite, Setup { http, ..Setup::default() }).await;
    let mut stream = raw(&app).await;
    let head =
        b"POST /subjects/s/versions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{";
    stream.write_all(head).await.unwrap();
    let text = rest(&mut stream).await;
    assert!(text.starts_with("HTTP/1.1 408"), "{text}");
    assert!(text.contains(r#"{"error_code":408,"message":"HTTP 408 Request Timeout"}"#), "{text}");
}

#[tokio::test]
async fn readiness_says_when_the_database_is_gone() {
    let app = sqlite().await;
    app.store.close().await;
    let answer = app.get("/readyz").await;
    assert_eq!((answer.status.as_u16(), answer.json()["status"].as_str()), (503, Some("unavailable")));
    assert_eq!(app.get("/healthz").await.status, 200);
}

#[tokio::test]
async fn known_ids_are_served_while_the_database_is_gone() {
    let app = sqlite().await;
    app.register("s", "\"string\"").await;
    let before = app.get("/schemas/ids/1").await;
    app.store.close().await;
    assert_eq!(app.get("/schemas/ids/1").await.text, before.text);
    let failed = app.get("/subjects/s/versions/1").await.error();
    assert_eq!(failed, (500, 50001, "Error while accessing the schema store".to_owned()));
}

#[tokio::test]
async fn the_log_line_of_a_failure_names_its_request() {
    let directory = tempfile::tempdir().unwrap();
    let process = Process::start(directory.path(), &["--database", "sqlite:r.db", "--log-level", "debug"]);
    let file = directory.path().join("r.db");
    let mut database = sqlx::SqliteConnection::connect(file.to_str().unwrap()).await.unwrap();
    database.execute("ALTER TABLE versions RENAME TO gone").await.unwrap();
    database.close().await.unwrap();
    let mut stream = TcpStream::connect(&process.address).await.unwrap();
    let request = "GET /subjects/s/versions/1 HTTP/1.1\r\nhost: localhost\r\nx-request-id: find-me\r\nconnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let answer = rest(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 500"), "{answer}");
    assert!(answer.contains("x-request-id: find-me"), "{answer}");
    let (_, log) = process.stop();
    let line = log.lines().find(|line| line.contains("request failed")).unwrap_or_else(|| panic!("{log}"));
    assert!(line.contains("ERROR") && line.contains("request_id=\"find-me\"") && line.contains("code=50001"), "{line}");
    assert!(line.contains(r#"route="/subjects/{subject}/versions/{version}""#), "the span: {line}");
}

#[tokio::test]
async fn a_panic_becomes_an_answer_that_names_the_request() {
    let clock: accordant::types::Clock = std::sync::Arc::new(|| panic!("the clock is broken"));
    let app = TestApp::with(Database::Sqlite, Setup { clock: Some(clock), ..Setup::default() }).await;
    let headers = [("content-type", "application/json"), ("x-request-id", "find-me")];
    let answer = app.send(Method::POST, "/subjects/s/versions", &headers, r#"{"schema":"\"string\""}"#).await;
    assert_eq!(answer.error(), (500, 500, "Internal Server Error (request id find-me)".to_owned()));
    assert_eq!(app.get("/subjects").await.text, "[]", "the server goes on, and nothing was written");
}
