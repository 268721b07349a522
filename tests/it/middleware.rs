//! What happens around requests: ids, HEAD, gzip, slow clients, the cap on connections, health and metrics.

use std::io::Read as _;
use std::time::Duration;

use accordant::http::HttpSettings;
use hyper::Method;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::app::{Database, Setup, TestApp, record};
use crate::cli::Process;

async fn sqlite() -> TestApp {
    TestApp::new(Database::Sqlite).await
}

#[tokio::test]
async fn a_request_id_is_echoed_or_made() {
    let app = sqlite().await;
    let answer = app.send(Method::GET, "/subjects", &[("x-request-id", "mine")], "").await;
    assert_eq!(answer.headers["x-request-id"], "mine");
    for headers in [&[][..], &[("x-request-id", " ")], &[("x-request-id", "a"), ("x-request-id", "b")]] {
        let answer = app.send(Method::GET, "/nope", headers, "").await;
        assert_eq!(answer.headers["x-request-id"].len(), 36);
    }
}

#[tokio::test]
async fn head_goes_with_every_get() {
    let app = sqlite().await;
    app.register("s", "\"string\"").await;
    for target in ["/", "/subjects", "/schemas/ids/1", "/schemas/ids/1", "/subjects/s/versions/1", "/config", "/mode", "/healthz"]
    {
        let got = app.get(target).await;
        let head = app.send(Method::HEAD, target, &[], "").await;
        assert_eq!((head.status, head.text.as_str()), (got.status, ""), "{target}");
        assert_eq!(head.headers.get("content-type"), got.headers.get("content-type"));
    }
}

#[tokio::test]
async fn large_answers_are_compressed_for_those_who_ask() {
    let app = sqlite().await;
    let fields: Vec<String> = (0..200).map(|i| format!("field_{i}")).collect();
    app.register("s", &record("R", &fields.iter().map(String::as_str).collect::<Vec<_>>())).await;
    for target in ["/subjects/s/versions/1", "/schemas/ids/1", "/schemas/ids/1"] {
        let answer = app.send(Method::GET, target, &[("accept-encoding", "gzip")], "").await;
        assert_eq!(answer.headers["content-encoding"], "gzip", "{target}");
        assert!(app.get(target).await.headers.get("content-encoding").is_none());
    }
    let small = app.send(Method::GET, "/subjects", &[("accept-encoding", "gzip")], "").await;
    assert!(small.headers.get("content-encoding").is_none() || small.status == 200);
}

/// The body of a GET whose answer comes compressed, with the compression undone once.
async fn unpacked(app: &TestApp, target: &str, accept: &str) -> String {
    let mut stream = raw(app).await;
    let request =
        format!("GET {target} HTTP/1.1\r\nhost: x\r\naccept: {accept}\r\naccept-encoding: gzip\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let (head, body) = answer.split_at(end + 4);
    let head = String::from_utf8_lossy(head).to_lowercase();
    assert_eq!(head.matches("content-encoding: gzip").count(), 1, "{head}");
    assert!(head.contains(&format!("content-length: {}", body.len())), "{head}");
    let mut text = String::new();
    flate2::read::GzDecoder::new(body).read_to_string(&mut text).unwrap();
    text
}

/// Documents bring their compressed form along, whichever way they were asked for.
#[tokio::test]
async fn what_is_compressed_is_compressed_once() {
    let app = sqlite().await;
    // what hardly repeats stays large
    let fields: Vec<String> = (1..400_u64).map(|i| format!("f{:x}", i.wrapping_mul(0x9E37_79B9_7F4A_7C15))).collect();
    let schema = record("R", &fields.iter().map(String::as_str).collect::<Vec<_>>());
    app.register("s", &schema).await;
    let (json, document) = ("application/json", "application/vnd.apache.avro+json");
    for target in ["/subjects/s/versions/1", "/schemas/ids/1", "/cloudevents/subjects/s/versions/1"] {
        // what was answered before is kept whole
        app.get(target).await;
        for accept in [json, document, json, document] {
            let text = unpacked(&app, target, accept).await;
            assert!(text.contains(fields.last().unwrap()), "{target} {accept}");
        }
    }
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
    let setup = Setup { header_timeout: Some(Duration::from_millis(300)), ..Setup::default() };
    let app = TestApp::with(Database::Sqlite, setup).await;
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
async fn connections_beyond_the_cap_wait_for_their_turn() {
    let app = TestApp::with(Database::Sqlite, Setup { max_connections: Some(1), ..Setup::default() }).await;
    let mut first = raw(&app).await;
    first.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut buffer = [0; 1024];
    assert!(first.read(&mut buffer).await.unwrap() > 0);
    let mut second = raw(&app).await;
    second.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    let waiting = tokio::time::timeout(Duration::from_millis(300), second.read(&mut buffer)).await;
    assert!(waiting.is_err(), "served beside the first one");
    drop(first);
    assert!(rest(&mut second).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn health_metrics_and_contract_are_served() {
    let app = sqlite().await;
    assert_eq!(app.get("/healthz").await.text, r#"{"status":"ok"}"#);
    assert_eq!(app.get("/readyz").await.text, r#"{"status":"ready"}"#);
    assert_eq!(app.get("/openapi.yaml").await.text, include_str!("../../openapi.yaml"));
    app.register("s", "\"string\"").await;
    app.register("s", "\"string\"").await;
    app.get("/schemas/ids/1").await;
    app.get("/schemas/ids/1").await;
    app.get("/subjects/nope/versions").await;
    let metrics = app.get("/metrics").await.text;
    for line in [
        r#"accordant_requests_total{method="POST",route="/subjects/{subject}/versions",status="200"} 2"#,
        r#"accordant_requests_total{method="GET",route="/subjects/{subject}/versions",status="404"} 1"#,
        r#"accordant_registrations_total{outcome="new"} 1"#,
        r#"accordant_registrations_total{outcome="known"} 1"#,
        "accordant_ready_answers_total 1",
        r#"accordant_request_seconds_count{method="GET",route="/schemas/ids/{id}"} 2"#,
        "accordant_cached_schemas 1",
    ] {
        assert!(metrics.lines().any(|l| l == line), "{line} is not in\n{metrics}");
    }
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

#[test]
fn the_log_line_of_a_failure_names_its_request() {
    let directory = tempfile::tempdir().unwrap();
    let process = Process::start(directory.path(), &["--database", "sqlite:r.db", "--log-level", "debug"]);
    for file in ["r.db", "r.db-wal"] {
        std::fs::write(directory.path().join(file), vec![0xFF; 100_000]).unwrap();
    }
    let mut stream = std::net::TcpStream::connect(&process.address).unwrap();
    let request = "GET /subjects/s/versions/1 HTTP/1.1\r\nhost: x\r\nx-request-id: find-me\r\nconnection: close\r\n\r\n";
    std::io::Write::write_all(&mut stream, request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 500") && answer.contains("x-request-id: find-me"), "{answer}");
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

#[tokio::test]
async fn shapes_of_the_7_line_have_fewer_keys() {
    let http = HttpSettings { legacy_shapes: true, ..HttpSettings::default() };
    let app = TestApp::with(Database::Sqlite, Setup { http, ..Setup::default() }).await;
    let body = serde_json::json!({ "schema": "\"string\"" });
    assert_eq!(app.post("/subjects/s/versions", &body).await.text, r#"{"id":1}"#);
    assert_eq!(app.get("/schemas/ids/1").await.text, r#"{"schema":"\"string\""}"#);
    let version = r#"{"subject":"s","version":1,"id":1,"schema":"\"string\""}"#;
    assert_eq!(app.get("/subjects/s/versions/1").await.text, version);
    assert_eq!(app.get("/subjects/s/versions/latest").await.text, version);
    assert_eq!(app.post("/subjects/s", &body).await.text, version);
    assert_eq!(app.get("/schemas").await.text, format!("[{version}]"));
    let json = serde_json::json!({ "schema": "{}", "schemaType": "JSON" });
    assert_eq!(app.post("/subjects/j/versions", &json).await.text, r#"{"id":2}"#);
    assert_eq!(app.get("/schemas/ids/2").await.text, r#"{"schemaType":"JSON","schema":"{}"}"#);
}
