//! What happens around requests: ids, HEAD, gzip, health and metrics, shapes.

use std::io::Read as _;

use accordant::http::{Cors, Hosts, HttpSettings};
use hyper::Method;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::app::{Database, Setup, TestApp, record};

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
        for name in ["content-type", "content-length"] {
            assert_eq!(head.headers.get(name), got.headers.get(name), "{target}: {name}");
        }
        // Jetty, which Confluent's is served by, says it of GET and POST alone
        assert_eq!(head.headers.get("vary"), None, "{target}");
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
        assert_eq!(app.get(target).await.headers.get("content-encoding"), None);
    }
    let small = app.send(Method::GET, "/config", &[("accept-encoding", "gzip")], "").await;
    assert_eq!((small.headers.get("content-encoding"), small.text.as_str()), (None, r#"{"compatibilityLevel":"BACKWARD"}"#));
    for at in 0..200 {
        let text = format!(r#"{{"type":"fixed","name":"F{at}","size":1,"doc":"{}"}}"#, "x".repeat(2_000));
        app.register(&format!("s{at}"), &text).await;
    }
    // a long list is produced as it is sent, so nobody knows beforehand how large it gets
    let streamed = app.send(Method::GET, "/schemas", &[("accept-encoding", "gzip")], "").await;
    assert_eq!(streamed.headers["content-encoding"], "gzip");
    assert_eq!(streamed.headers.get("content-length"), None);
    assert_eq!(app.get("/schemas").await.ok().as_array().map(Vec::len), Some(201));
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

#[tokio::test]
async fn health_metrics_and_contract_are_served() {
    let app = sqlite().await;
    assert_eq!(app.get("/healthz").await.text, r#"{"status":"ok"}"#);
    assert_eq!(app.get("/readyz").await.text, r#"{"status":"ready"}"#);
    assert_eq!(app.get("/openapi.yaml").await.text, include_str!("../../../openapi.yaml"));
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

#[tokio::test]
async fn pages_of_named_origins_may_ask() {
    let list = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect::<Vec<_>>();
    let cors = Cors { origins: list(&["https://*.example"]), methods: list(&["GET", "PUT"]), headers: list(&["Content-Type"]) };
    let hosts = Hosts::Local(Vec::new());
    let http = HttpSettings { cors: Some(cors), hosts, ..HttpSettings::default() };
    let app = TestApp::with(Database::Sqlite, Setup { http, ..Setup::default() }).await;
    let origin = ("origin", "https://console.example");
    let answer = app.send(Method::GET, "/subjects", &[origin], "").await;
    assert_eq!(answer.header("access-control-allow-origin"), "https://console.example");
    assert_eq!(answer.header("access-control-allow-credentials"), "true");
    assert!(answer.headers.get_all("vary").iter().any(|value| value == "Origin"));
    let ask = |method, headers| [origin, ("access-control-request-method", method), ("access-control-request-headers", headers)];
    let granted = app.send(Method::OPTIONS, "/config/s", &ask("PUT", "content-type"), "").await;
    assert_eq!((granted.status.as_u16(), granted.text.as_str()), (200, ""));
    assert_eq!(granted.header("access-control-allow-methods"), "GET,PUT");
    assert_eq!(
        (granted.header("access-control-allow-headers"), granted.header("access-control-max-age")),
        ("Content-Type", "1800")
    );
    for refused in [ask("DELETE", ""), ask("PUT", "x-other")] {
        let answer = app.send(Method::OPTIONS, "/config/s", &refused, "").await;
        assert!(!answer.headers.contains_key("access-control-allow-methods"), "{refused:?}");
    }
    // a write of such a page is let in, one of another page is not
    let site = ("sec-fetch-site", "cross-site");
    let body = r#"{"compatibility":"NONE"}"#;
    let json = ("content-type", "application/json");
    assert_eq!(app.send(Method::PUT, "/config/s", &[origin, site, json], body).await.status, 200);
    let other = app.send(Method::GET, "/subjects", &[("origin", "https://evil.test")], "").await;
    assert!(!other.headers.contains_key("access-control-allow-origin"));
}
