//! The framing of requests and answers, held against a bare socket.

use std::io::Write as _;
use std::time::Duration;

use accordant::http::{Hosts, HttpSettings, routes};
use accordant::server::ServerSettings;
use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::app::{Database, Setup, TestApp};

const PATIENCE: Duration = Duration::from_secs(20);

async fn app() -> TestApp {
    TestApp::new(Database::Sqlite).await
}

async fn with(http: HttpSettings) -> TestApp {
    TestApp::with(Database::Sqlite, Setup { http, ..Setup::default() }).await
}

async fn connect(app: &TestApp) -> TcpStream {
    TcpStream::connect(app.address).await.unwrap()
}

/// Everything until the server hangs up.
async fn rest(stream: &mut TcpStream) -> String {
    let mut out = Vec::new();
    let _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut out)).await.expect("the server hangs up");
    String::from_utf8_lossy(&out).into_owned()
}

/// Reads until the text has been answered so often.
async fn answers(stream: &mut TcpStream, wanted: &str, count: usize) -> String {
    let (mut out, mut buffer) = (String::new(), vec![0; 64 << 10]);
    while out.matches(wanted).count() < count {
        let read = tokio::time::timeout(PATIENCE, stream.read(&mut buffer)).await.unwrap_or_else(|_| panic!("no answer: {out}"));
        let read = read.unwrap();
        assert!(read > 0, "hung up: {out}");
        out.push_str(&String::from_utf8_lossy(&buffer[..read]));
    }
    out
}

/// Sends bytes, the last that the client has to say, and reads all that comes.
async fn exchange(app: &TestApp, request: &[u8]) -> String {
    let mut stream = connect(app).await;
    stream.write_all(request).await.unwrap();
    stream.shutdown().await.unwrap();
    rest(&mut stream).await
}

#[tokio::test]
async fn a_stray_line_end_behind_a_request_holds_up_no_answer() {
    let app = app().await;
    let mut stream = connect(&app).await;
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n\r\n").await.unwrap();
    answers(&mut stream, "HTTP/1.1 200", 1).await;
    // and half of the next request neither
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\nGET / HTT").await.unwrap();
    answers(&mut stream, "HTTP/1.1 200", 1).await;
    stream.write_all(b"P/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    answers(&mut stream, "HTTP/1.1 200", 1).await;
}

#[tokio::test]
async fn requests_sent_one_behind_the_other_are_all_answered() {
    let app = app().await;
    let mut stream = connect(&app).await;
    stream.write_all("GET / HTTP/1.1\r\nhost: x\r\n\r\n".repeat(50).as_bytes()).await.unwrap();
    answers(&mut stream, "HTTP/1.1 200", 50).await;
}

/// Registers what makes `/schemas` too long to be sent in one piece.
async fn long_list(app: &TestApp) {
    for at in 0..3 {
        app.register(
            &format!("s{at}"),
            &format!(r#"{{"type":"fixed","name":"F{at}","size":1,"doc":"{}"}}"#, "x".repeat(200_000)),
        )
        .await;
    }
}

#[tokio::test]
async fn a_client_that_has_said_all_it_has_to_say_gets_its_answer() {
    let app = app().await;
    let text = exchange(&app, b"GET /subjects HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(text.starts_with("HTTP/1.1 200") && text.ends_with("\r\n\r\n[]"), "{text}");
    long_list(&app).await;
    let text = exchange(&app, b"GET /schemas HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(text.starts_with("HTTP/1.1 200") && text.ends_with("]\r\n0\r\n\r\n"), "{}", text.len());
    let body = r#"{"schema":"\"string\""}"#;
    let head = "POST /subjects/s/versions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json";
    let text = exchange(&app, format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).as_bytes()).await;
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
}

#[tokio::test]
async fn what_is_no_request_is_told_so() {
    let app = app().await;
    let long = format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "a".repeat(70_000));
    let large = format!("GET / HTTP/1.1\r\nhost: x\r\nx-large: {}\r\n\r\n", "a".repeat(600_000));
    let hello = [&[0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3][..], &[7; 506]].concat();
    for (request, status) in [
        (b"no request at all\r\n\r\n".as_slice(), "400"),
        (b"GET / HTTP/1.1\r\nhost\r\n\r\n", "400"),
        (long.as_bytes(), "414"),
        (large.as_bytes(), "431"),
        (&hello, "400"),
    ] {
        let mut stream = connect(&app).await;
        stream.write_all(request).await.unwrap();
        let text = rest(&mut stream).await;
        assert!(text.starts_with(&format!("HTTP/1.1 {status}")), "{status}: {text}");
    }
}

#[tokio::test]
async fn a_client_that_sends_far_too_much_sees_why_it_is_refused() {
    let app = with(HttpSettings { max_body_bytes: 1000, ..HttpSettings::default() }).await;
    let head = "POST /subjects/s/versions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json";
    let megabyte = vec![b' '; 1 << 20];
    let mut stream = connect(&app).await;
    stream.write_all(format!("{head}\r\ncontent-length: {}\r\n\r\n", 30 << 20).as_bytes()).await.unwrap();
    for _ in 0..30 {
        stream.write_all(&megabyte).await.unwrap();
    }
    let text = rest(&mut stream).await;
    assert!(text.starts_with("HTTP/1.1 413") && text.to_lowercase().contains("connection: close"), "{text}");

    let mut stream = connect(&app).await;
    stream.write_all(format!("{head}\r\ntransfer-encoding: chunked\r\n\r\n").as_bytes()).await.unwrap();
    for _ in 0..30 {
        stream.write_all(b"100000\r\n").await.unwrap();
        stream.write_all(&megabyte).await.unwrap();
        stream.write_all(b"\r\n").await.unwrap();
    }
    assert!(rest(&mut stream).await.starts_with("HTTP/1.1 413"));

    // nobody is asked to send what will not be read
    let mut stream = connect(&app).await;
    stream.write_all(format!("{head}\r\nexpect: 100-continue\r\ncontent-length: 5000\r\n\r\n").as_bytes()).await.unwrap();
    let text = rest(&mut stream).await;
    assert!(text.starts_with("HTTP/1.1 413"), "{text}");
}

#[tokio::test]
async fn http_1_0_keeps_what_it_promises() {
    let app = app().await;
    long_list(&app).await;
    let request = |path: &str| format!("GET {path} HTTP/1.0\r\nconnection: keep-alive\r\n\r\n");
    // the length of a long list is not known beforehand: its end is that of the connection
    let mut stream = connect(&app).await;
    stream.write_all(request("/schemas").as_bytes()).await.unwrap();
    let text = rest(&mut stream).await.to_lowercase();
    assert!(text.starts_with("http/1.0 200") && text.ends_with("}]") && !text.contains("keep-alive"), "{}", text.len());
    let mut stream = connect(&app).await;
    for _ in 0..3 {
        stream.write_all(request("/healthz").as_bytes()).await.unwrap();
        let text = answers(&mut stream, r#"{"status":"ok"}"#, 1).await.to_lowercase();
        assert!(text.contains("connection: keep-alive") && text.contains("content-length: 15"), "{text}");
    }
}

#[tokio::test]
async fn a_request_that_has_begun_is_not_cut_off_by_the_deadline_of_idle_connections() {
    let server = ServerSettings { idle_timeout: Duration::from_millis(1500), ..ServerSettings::default() };
    let app = TestApp::with(Database::Sqlite, Setup { server, ..Setup::default() }).await;
    let mut stream = connect(&app).await;
    for _ in 0..2 {
        tokio::time::sleep(Duration::from_millis(700)).await;
        stream.write_all(b"GET / HTTP/1.1\r\nho").await.unwrap();
        tokio::time::sleep(Duration::from_millis(2500)).await;
        stream.write_all(b"st: x\r\n\r\n").await.unwrap();
        answers(&mut stream, "HTTP/1.1 200", 1).await;
    }
    assert_eq!(rest(&mut stream).await, "", "and then it is idle");
}

#[tokio::test]
async fn options_says_which_methods_a_path_has() {
    let app = app().await;
    for route in routes() {
        let target = route.template.replace(['{', '}'], "");
        let answer = app.send(Method::OPTIONS, &target, &[], "").await;
        assert!(answer.status.is_success(), "{target}: {}", answer.status);
        if !target.starts_with("/cloudevents") {
            assert_eq!(answer.text.replace(", ", ","), answer.header("allow"), "{target}");
        }
        let allowed: Vec<&str> = answer.header("allow").split(',').map(str::trim).collect();
        let is_get = route.method == Method::GET;
        assert!(allowed.contains(&route.method.as_str()) && allowed.contains(&"OPTIONS"), "{target}: {allowed:?}");
        assert!(!is_get || allowed.contains(&"HEAD"), "{target}: {allowed:?}");
    }
    assert_eq!(app.send(Method::OPTIONS, "/config/s", &[], "").await.header("allow"), "HEAD,DELETE,GET,OPTIONS,PUT");
    assert_eq!(app.send(Method::OPTIONS, "/contexts/.a/subjects", &[], "").await.header("allow"), "HEAD,GET,OPTIONS");
    assert_eq!(app.send(Method::OPTIONS, "/nope", &[], "").await.status, 404);
    assert!(app.send(Method::PUT, "/subjects", &[], "").await.header("allow").contains("GET"), "a 405 says it too");
    let text = exchange(&app, b"OPTIONS * HTTP/1.1\r\nhost: x\r\n\r\n").await.to_lowercase();
    assert!(text.starts_with("http/1.1 200") && text.contains("allow: head,delete,post,get,options,put"), "{text}");
    // what HAProxy asks unless it is told otherwise
    let text = exchange(&app, b"OPTIONS / HTTP/1.0\r\n\r\n").await.to_lowercase();
    assert!(text.starts_with("http/1.0 200") && text.contains("allow: head,post,get,options"), "{text}");
}

#[tokio::test]
async fn health_is_told_to_whoever_asks_in_whatever_type() {
    let app = app().await;
    for target in ["/healthz", "/readyz"] {
        let answer = app.send(Method::GET, target, &[("accept", "text/html")], "").await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
}

#[tokio::test]
async fn a_request_says_once_whom_it_is_meant_for() {
    let app = app().await;
    app.register("s", "\"string\"").await;
    app.get("/schemas/ids/1").await;
    for (request, status) in [
        ("GET /schemas/ids/1 HTTP/1.1\r\n\r\n", 400),
        ("GET /schemas/ids/1 HTTP/1.1\r\nhost: a\r\nhost: a\r\n\r\n", 400),
        ("GET /schemas/ids/1 HTTP/1.0\r\n\r\n", 200),
        ("GET /schemas/ids/1 HTTP/1.1\r\nhost:\r\n\r\n", 200),
    ] {
        let text = exchange(&app, request.as_bytes()).await;
        assert_eq!(text[9..12], status.to_string(), "{request}: {text}");
    }
}

#[tokio::test]
async fn transfer_encodings_other_than_chunked_are_refused() {
    let app = app().await;
    let head = "POST /subjects/s/versions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding:";
    for (coding, status) in [("gzip, chunked", "501"), ("identity, chunked", "501"), ("gzip", "400"), ("chunked", "422")] {
        let text = exchange(&app, format!("{head} {coding}\r\n\r\n0\r\n\r\n").as_bytes()).await;
        assert!(text.starts_with(&format!("HTTP/1.1 {status}")), "{coding}: {text}");
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn compressed_bodies_are_read_within_the_limit_of_bodies() {
    let app = with(HttpSettings { max_body_bytes: 100_000, ..HttpSettings::default() }).await;
    let send = async |coding: &str, body: Vec<u8>| {
        let headers = [("content-type", "application/json"), ("content-encoding", coding)];
        app.send(Method::POST, "/subjects/s/versions", &headers, body).await
    };
    let body = json!({ "schema": "\"string\"" }).to_string().into_bytes();
    for coding in ["gzip", "x-gzip", "GZIP", "identity, gzip"] {
        assert_eq!(send(coding, gzip(&body)).await.ok()["id"], 1, "{coding}");
    }
    assert_eq!(send("identity", body.clone()).await.ok()["id"], 1);
    assert_eq!(send("gzip", gzip(&vec![b' '; 50_000_000])).await.status, 413);
    for coding in ["br", "gzip, gzip", "deflate"] {
        assert_eq!(send(coding, body.clone()).await.error().0, 415, "{coding}");
    }
    let (status, _, message) = send("gzip", body).await.error();
    assert!(status == 400 && message.contains("not gzip"), "{message}");
}

/// The encodings that Jackson finds out by itself, with and without a byte order mark.
fn encodings(text: &str) -> Vec<Vec<u8>> {
    let utf16 = |mark: &str, bytes: fn(u16) -> [u8; 2]| format!("{mark}{text}").encode_utf16().flat_map(bytes).collect();
    let utf32 = |mark: &str, bytes: fn(u32) -> [u8; 4]| format!("{mark}{text}").chars().map(u32::from).flat_map(bytes).collect();
    let mut out = vec![text.as_bytes().to_vec(), format!("\u{feff}{text}").into_bytes()];
    for mark in ["", "\u{feff}"] {
        out.extend([utf16(mark, u16::to_be_bytes), utf16(mark, u16::to_le_bytes)]);
        out.extend([utf32(mark, u32::to_be_bytes), utf32(mark, u32::to_le_bytes)]);
    }
    out
}

#[tokio::test]
async fn bodies_may_be_in_any_encoding_of_unicode() {
    let app = app().await;
    let json = [("content-type", "application/json")];
    let text = r#"{"type":"enum","name":"E","doc":"ä𝄞","symbols":["A"]}"#;
    for body in encodings(&json!({ "schema": text }).to_string()) {
        let answer = app.send(Method::POST, "/subjects/s/versions", &json, body).await.ok();
        assert_eq!((&answer["id"], &answer["schema"]), (&json!(1), &json!(text)));
    }
    for (body, what) in [(&b"\xfe\xff\0{\0"[..], "UTF-16"), (b"\xff\xfe\0\0{\0\0\0\0\0\x11\0", "UTF-32")] {
        let (status, _, message) = app.send(Method::POST, "/subjects/s/versions", &json, body).await.error();
        assert_eq!((status, message), (400, format!("Malformed JSON: the text is not {what}")));
    }
}

#[tokio::test]
async fn what_nobody_reads_may_be_nested_to_a_thousand_levels() {
    let app = app().await;
    let send = async |levels: usize, inside: &str| {
        let deep = format!("{}{inside}{}", "[".repeat(levels - 1), "]".repeat(levels - 1));
        let body = format!(r#"{{"x":{deep},"schema":"\"string\"","y":"[\"{{"}}"#);
        app.send(Method::POST, "/subjects/s/versions", &[("content-type", "application/json")], body).await
    };
    for levels in [10, 101, 127, 128, 999, 1000] {
        assert_eq!(send(levels, r#""]\\""#).await.ok()["id"], 1, "{levels}");
    }
    let (status, _, message) = send(1001, "1").await.error();
    assert_eq!((status, message.as_str()), (400, "Malformed JSON: nested more than 1000 levels deep"));
    assert_eq!(send(500_000, "1").await.status, 400);
    assert_eq!(send(500, "tru").await.status, 400, "what is skipped must be JSON");
}

#[tokio::test]
async fn statuses_are_counted_as_they_are() {
    let app = app().await;
    for coding in ["gzip, chunked", "identity, chunked"] {
        let request = format!("POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: {coding}\r\n\r\n0\r\n\r\n");
        assert_eq!(exchange(&app, request.as_bytes()).await[9..12], *"501");
    }
    app.store.close().await;
    assert_eq!(app.get("/subjects").await.status, 500);
    let metrics = app.get("/metrics").await.text;
    assert!(metrics.contains(r#"accordant_requests_total{method="any",route="unmatched",status="501"} 2"#), "{metrics}");
    assert!(metrics.contains(r#"accordant_requests_total{method="GET",route="/subjects",status="500"} 1"#), "{metrics}");
}

#[tokio::test]
async fn pages_of_other_sites_can_neither_read_nor_write_on_this_machine() {
    let hosts = Hosts::Local(vec!["registry.example".to_owned()]);
    let app = with(HttpSettings { hosts, ..HttpSettings::default() }).await;
    let ask = async |method: &str, host: &str, more: &str| {
        let request = format!("{method} / HTTP/1.1\r\nhost: {host}\r\ncontent-length: 0\r\n{more}\r\n");
        exchange(&app, request.as_bytes()).await[9..12].to_owned()
    };
    for host in ["localhost:8081", "127.0.0.1", "[::1]:8081", "registry.example", "Registry.Example:80"] {
        assert_eq!(ask("GET", host, "").await, "200", "{host}");
    }
    for host in ["evil.example:8081", "localhost.evil.example", "\u{e9}vil.example"] {
        for browser in ["user-agent: Mozilla/5.0\r\n", "origin: http://evil.example\r\n", "sec-fetch-site: none\r\n"] {
            assert_eq!(ask("GET", host, browser).await, "421", "{host}");
        }
        // a proxy calls the registry by the name it has for it
        assert_eq!(ask("GET", host, "").await, "200", "{host}");
    }
    assert_eq!(ask("POST", "localhost", "sec-fetch-site: cross-site\r\n").await, "403");
    assert_eq!(ask("POST", "localhost", "sec-fetch-site: same-site\r\n").await, "403");
    assert_eq!(ask("POST", "localhost", "sec-fetch-site: same-origin\r\n").await, "200");
    assert_eq!(ask("POST", "localhost", "sec-fetch-site: none\r\n").await, "200");
    assert_eq!(ask("GET", "localhost", "sec-fetch-site: cross-site\r\n").await, "200");
}
