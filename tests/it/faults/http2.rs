//! HTTP/2 by prior knowledge, beside HTTP/1.1 on one port.

use std::time::Duration;

use accordant::server::ServerSettings;
use bytes::Bytes;
use h2::client::SendRequest;
use h2::{Reason, client};
use http_body_util::{BodyExt, Full};
use hyper::{Method, Request, StatusCode, Version};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::json;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use crate::support::app::{Database, Setup, TestApp};

async fn app() -> TestApp {
    TestApp::new(Database::Sqlite).await
}

fn client() -> Client<HttpConnector, Full<Bytes>> {
    Client::builder(TokioExecutor::new()).http2_only(true).build_http()
}

async fn ask(
    client: &Client<HttpConnector, Full<Bytes>>,
    app: &TestApp,
    method: Method,
    path: &str,
    body: String,
) -> (StatusCode, String) {
    let request = Request::builder().method(method).uri(format!("http://{}{path}", app.address)).version(Version::HTTP_2);
    let request = request.header("content-type", "application/json").body(Full::new(Bytes::from(body))).unwrap();
    let response = client.request(request).await.unwrap();
    assert_eq!(response.version(), Version::HTTP_2);
    assert!(response.headers().contains_key("x-request-id"));
    let status = response.status();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(bytes.to_vec()).unwrap())
}

#[tokio::test]
async fn schemas_are_registered_and_read_by_http_2() {
    let (app, client) = (app().await, client());
    let body = json!({ "schema": "\"string\"" }).to_string();
    let (status, text) = ask(&client, &app, Method::POST, "/subjects/s/versions", body).await;
    assert!(status == 200 && text.starts_with(r#"{"id":1,"#), "{text}");
    let by_http_1 = app.get("/schemas/ids/1").await.text;
    for _ in 0..3 {
        assert_eq!(ask(&client, &app, Method::GET, "/schemas/ids/1", String::new()).await, (StatusCode::OK, by_http_1.clone()));
    }
    assert_eq!(ask(&client, &app, Method::GET, "/contexts/.x/subjects", String::new()).await.1, "[]");
    assert_eq!(ask(&client, &app, Method::GET, "/nope", String::new()).await.0, 404);
    let requests = (0..200).map(|_| ask(&client, &app, Method::GET, "/subjects", String::new()));
    for (status, text) in futures_util::future::join_all(requests).await {
        assert_eq!((status, text.as_str()), (StatusCode::OK, r#"["s"]"#));
    }
}

/// Bytes of a body would be an error of the protocol: the client would give up the stream.
#[tokio::test]
async fn head_goes_with_every_get_and_brings_no_bytes() {
    let (app, client) = (app().await, client());
    let text = json!({ "type": "string", "doc": "d".repeat(50 << 10) }).to_string();
    app.post("/subjects/s/versions", &json!({ "schema": text })).await.ok();
    let targets =
        ["/", "/subjects", "/schemas/ids/1", "/subjects/s/versions/1", "/subjects/s/versions", "/config", "/healthz", "/metrics"];
    for target in targets.into_iter().chain(["/nope", "/schemas/ids/9", "/ui/", "/cloudevents/schemas/s"]) {
        // twice: the second answer may be in memory
        for _ in 0..2 {
            let (status, text) = ask(&client, &app, Method::HEAD, target, String::new()).await;
            assert_eq!((status, text.as_str()), (app.get(target).await.status, ""), "{target}");
        }
    }
}

#[tokio::test]
async fn an_answer_of_megabytes_comes_whole() {
    let (app, client) = (app().await, client());
    let body = json!({ "schemaType": "JSON", "schema": json!({ "title": "a".repeat(3 << 20) }).to_string() });
    app.post("/subjects/s/versions", &body).await.ok();
    let whole = app.get("/schemas/ids/1").await.text;
    for _ in 0..3 {
        assert!(ask(&client, &app, Method::GET, "/schemas/ids/1", String::new()).await.1 == whole);
    }
}

/// A connection without the client's own limits.
async fn connect(app: &TestApp) -> (SendRequest<Bytes>, JoinHandle<Result<(), h2::Error>>) {
    let stream = TcpStream::connect(app.address).await.unwrap();
    let (send, connection) = client::handshake(stream).await.unwrap();
    (send, tokio::spawn(connection))
}

fn get(app: &TestApp, path: &str) -> Request<()> {
    Request::builder().uri(format!("http://{}{path}", app.address)).body(()).unwrap()
}

#[tokio::test]
async fn a_client_that_resets_what_it_asks_for_is_sent_away() {
    let app = app().await;
    let (mut send, connection) = connect(&app).await;
    let mut refused = None;
    for _ in 0..100_000 {
        match send.ready().await {
            Ok(ready) => send = ready,
            Err(error) => {
                refused = Some(error);
                break;
            }
        }
        match send.send_request(get(&app, "/subjects"), true) {
            Ok((_, mut stream)) => stream.send_reset(Reason::CANCEL),
            Err(error) => {
                refused = Some(error);
                break;
            }
        }
    }
    let ended = tokio::time::timeout(Duration::from_secs(20), connection).await;
    assert!(refused.is_some() || matches!(ended, Ok(Ok(Err(_)))), "the flood went on");
    assert_eq!(app.get("/subjects").await.text, "[]", "others are served");
}

#[tokio::test]
async fn a_client_that_takes_none_of_many_answers_is_cut_off() {
    let server = ServerSettings { max_unsent_bytes: 1 << 20, ..ServerSettings::default() };
    let app = TestApp::with(Database::Sqlite, Setup { server, ..Setup::default() }).await;
    let body = json!({ "schemaType": "JSON", "schema": json!({ "title": "a".repeat(400_000) }).to_string() });
    app.post("/subjects/s/versions", &body).await.ok();
    let stream = TcpStream::connect(app.address).await.unwrap();
    let (mut send, connection) = client::Builder::new().initial_window_size(0).handshake::<_, Bytes>(stream).await.unwrap();
    let connection = tokio::spawn(connection);
    let mut answers = Vec::new();
    for _ in 0..20 {
        let Ok(ready) = send.ready().await else { break };
        send = ready;
        let Ok((answer, _)) = send.send_request(get(&app, "/schemas/ids/1"), true) else { break };
        answers.push(answer);
    }
    let ended = tokio::time::timeout(Duration::from_secs(20), connection).await;
    assert!(ended.is_ok(), "the answers wait for ever");
    app.get("/schemas/ids/1").await.ok();
}

#[tokio::test]
async fn streams_beyond_the_limit_and_heads_beyond_it_are_refused() {
    let server = ServerSettings { max_streams: 7, ..ServerSettings::default() };
    let app = TestApp::with(Database::Sqlite, Setup { server, ..Setup::default() }).await;
    let (send, connection) = connect(&app).await;
    let mut send = send.ready().await.unwrap();
    let (response, _) = send.send_request(get(&app, "/subjects"), true).unwrap();
    assert_eq!(response.await.unwrap().status(), 200);
    assert_eq!(send.current_max_send_streams(), 7);
    let mut request = get(&app, "/subjects");
    for i in 0..20 {
        let name = hyper::header::HeaderName::try_from(format!("x-large-{i}")).unwrap();
        request.headers_mut().insert(name, "a".repeat(10_000).parse().unwrap());
    }
    let mut send = send.ready().await.unwrap();
    let answer = match send.send_request(request, true) {
        Ok((response, _)) => response.await.map(|response| response.status()),
        Err(error) => Err(error),
    };
    assert!(!matches!(answer, Ok(status) if status != 431), "{answer:?}");
    connection.abort();
}

#[tokio::test]
async fn a_stream_whose_answer_nobody_takes_ends_its_connection() {
    let server = ServerSettings { send_timeout: Duration::from_secs(1), ..ServerSettings::default() };
    let app = TestApp::with(Database::Sqlite, Setup { server, ..Setup::default() }).await;
    let body = json!({ "schemaType": "JSON", "schema": json!({ "title": "a".repeat(3 << 20) }).to_string() });
    app.post("/subjects/s/versions", &body).await.ok();
    let (send, connection) = connect(&app).await;
    let mut send = send.ready().await.unwrap();
    // the answer is there, and its window is never opened
    let (response, _) = send.send_request(get(&app, "/schemas/ids/1"), true).unwrap();
    let response = response.await.unwrap();
    let ended = tokio::time::timeout(Duration::from_secs(20), connection).await;
    assert!(ended.is_ok(), "the connection stays");
    drop(response);
}
