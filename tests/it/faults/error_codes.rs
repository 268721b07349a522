//! Every error code is sent by a case of `tests/vectors/rest/errors.yaml`, or by a test here when it needs a server or a database in a
//! special state.

use std::collections::BTreeSet;
use std::time::Duration;

use accordant::http::{ERROR_CODES, HttpSettings};
use accordant::registry::{Defaults, JudgingLimits, Limits};
use accordant::types::Clock;
use hyper::Method;
use serde_json::json;
use sqlx::{Connection, Executor};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::contract::vectors::rest::error_cases;
use crate::on_both;
use crate::support::app::{Database, Fresh, Setup, TestApp, record};

/// Codes that the tests below provoke.
const SPECIAL: &[(u16, u32)] = &[
    // api/access
    (401, 401),
    (403, 40301),
    (429, 42980),
    (503, 50381),
    (406, 406),
    (408, 408),
    // api/keys: a KMS that refuses, and limits
    (403, 40370),
    (409, 40972),
    // api/exporters.rs and api/records.rs
    (404, 40450),
    (409, 40950),
    (409, 40951),
    (409, 40952),
    (409, 40960),
    (409, 40961),
    (409, 40963),
    (409, 40964),
    (422, 42284),
    // below /cloudevents: api/cloudevents
    (404, 40480),
    (409, 40981),
    (410, 41080),
    (422, 42282),
    (409, 40902),
    (409, 40980),
    (413, 413),
    // faults/framing.rs and faults/full_house.rs
    (403, 403),
    (421, 421),
    (501, 501),
    (503, 503),
    (415, 415),
    (422, 42280),
    (422, 42281),
    (500, 500),
    (500, 50001),
    (500, 50002),
    (503, 50302),
    (503, 50303),
    // faults/outage.rs
    (503, 50304),
];

#[test]
fn every_error_code_has_a_case_or_a_test() {
    let status = |code: u32| code.to_string()[..3].parse().unwrap();
    let sent: BTreeSet<(u16, u32)> = ERROR_CODES.iter().map(|code| (status(*code), *code)).collect();
    let cases = error_cases();
    let provoked = cases.iter().map(|case| (case.status, case.error_code)).chain(SPECIAL.iter().copied());
    assert_eq!(sent, provoked.collect::<BTreeSet<_>>());
}

/// Runs statements on the database behind the server's back.
async fn meddle(fresh: &Fresh, sqlite: &str, postgres: &str) {
    if let Some(path) = fresh.url.strip_prefix("sqlite://") {
        let mut connection = sqlx::SqliteConnection::connect(path).await.unwrap();
        connection.execute(sqlx::AssertSqlSafe(sqlite.to_owned())).await.unwrap();
        connection.close().await.unwrap();
    } else {
        let mut connection = sqlx::PgConnection::connect(&fresh.url).await.unwrap();
        connection.execute(sqlx::AssertSqlSafe(postgres.to_owned())).await.unwrap();
        connection.close().await.unwrap();
    }
}

async fn limited(db: Database, limits: Limits) -> TestApp {
    TestApp::with(db, Setup { limits, ..Setup::default() }).await
}

async fn timed(db: Database, http: HttpSettings) -> TestApp {
    TestApp::with(db, Setup { http, ..Setup::default() }).await
}

/// The answer to a request whose body never comes.
async fn half_sent(app: &TestApp) -> String {
    let mut stream = tokio::net::TcpStream::connect(app.address).await.unwrap();
    let head = b"POST /subjects/s/versions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\nconnection: close\r\n\r\n{";
    stream.write_all(head).await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    text
}

const JSON: (&str, &str) = ("content-type", "application/json");

on_both! {
    async fn media_types_that_are_not_known_are_refused(db) {
        let app = TestApp::new(db).await;
        let answer = app.send(Method::GET, "/subjects", &[("accept", "text/html")], "").await;
        assert_eq!(answer.error(), (406, 406, "HTTP 406 Not Acceptable".to_owned()));
        let answer = app.send(Method::POST, "/subjects/s/versions", &[("content-type", "text/plain")], "{}").await;
        assert_eq!(answer.error(), (415, 415, "HTTP 415 Unsupported Media Type".to_owned()));
        assert!(answer.header("accept").starts_with("application/vnd.schemaregistry.v1+json, "), "it says what it takes");
    }

    async fn a_body_that_does_not_arrive_ends_in_408(db) {
        let app = timed(db, HttpSettings { body_timeout: Duration::from_millis(50), ..HttpSettings::default() }).await;
        let text = half_sent(&app).await;
        assert!(text.starts_with("HTTP/1.1 408") && text.ends_with(r#"{"error_code":408,"message":"HTTP 408 Request Timeout"}"#), "{text}");
    }

    async fn a_body_that_is_too_large_is_refused(db) {
        let app = timed(db, HttpSettings { max_body_bytes: 100, ..HttpSettings::default() }).await;
        let answer = app.send(Method::POST, "/subjects/s/versions", &[JSON], format!(r#"{{"schema":"{}"}}"#, "x".repeat(200))).await;
        let message = "HTTP 413 Request Entity Too Large: the limit is 100 bytes (setting max-body-bytes)";
        assert_eq!(answer.error(), (413, 413, message.to_owned()));
    }

    async fn associations_beyond_the_limit_are_refused(db) {
        let app = limited(db, Limits { associations: 0, ..Limits::default() }).await;
        app.register("s", "\"int\"").await;
        let request = json!({ "resourceName": "t", "resourceNamespace": "n", "resourceId": "i", "associations": [{ "subject": "s" }] });
        let message = "A maximum of 0 associations already exist";
        assert_eq!(app.post("/associations", &request).await.error(), (409, 40902, message.to_owned()));
    }

    async fn work_and_references_beyond_the_limits_are_refused(db) {
        let app = limited(db, Limits { judging: JudgingLimits { work: 200, ..JudgingLimits::default() }, reference_count: 1, reference_depth: 1, ..Limits::default() }).await;
        app.register("s", &record("R", &["a", "b"])).await;
        let message = "Reading or comparing this takes more than 200 units of work; the setting work-budget moves this limit";
        let fields: Vec<String> = (0..100).map(|field| format!("f{field}")).collect();
        let many = record("R", &fields.iter().map(String::as_str).collect::<Vec<_>>());
        let checked = app.post("/compatibility/subjects/s/versions/1", &json!({ "schema": many })).await;
        assert_eq!(checked.error(), (422, 42280, message.to_owned()));
        app.register("inner", r#"{"type":"record","name":"I","fields":[]}"#).await;
        let reference = |name: &str, subject: &str| json!({ "name": name, "subject": subject, "version": 1 });
        let outer = r#"{"type":"record","name":"O","fields":[{"name":"i","type":"I"}]}"#;
        app.post("/subjects/outer/versions", &json!({ "schema": outer, "references": [reference("I", "inner")] })).await.ok();
        let text = r#"{"type":"record","name":"T","fields":[]}"#;
        let two = json!({ "schema": text, "references": [reference("I", "inner"), reference("S", "s")] });
        let message = "The schema has more than 1 references; the setting max-references moves this limit";
        assert_eq!(app.post("/subjects/t/versions", &two).await.error(), (422, 42281, message.to_owned()));
        let nested = json!({ "schema": text, "references": [reference("O", "outer")] });
        let message = "The schema has more than 1 levels of references; the setting max-reference-depth moves this limit";
        assert_eq!(app.post("/subjects/t/versions", &nested).await.error(), (422, 42281, message.to_owned()));
    }

    async fn modes_can_be_made_immutable(db) {
        let defaults = Defaults { mode_mutability: false, ..Defaults::default() };
        let app = TestApp::with(db, Setup { defaults, ..Setup::default() }).await;
        let refused = (422, 42205, "Mode changes are not allowed".to_owned());
        assert_eq!(app.put("/mode/s", &json!({ "mode": "READONLY" })).await.error(), refused);
        assert_eq!(app.delete("/mode").await.error(), refused);
    }

    async fn another_content_with_the_same_guid_is_refused(db) {
        let fresh = Fresh::new(db).await;
        let app = TestApp::over(fresh.open().await, Setup::default()).await;
        app.register("s", "\"int\"").await;
        let change = "UPDATE schemas SET text = '\"long\"'";
        meddle(&fresh, change, change).await;
        let app = TestApp::over(std::sync::Arc::clone(&app.store), Setup::default()).await;
        let error = app.post("/subjects/t/versions", &json!({ "schema": "\"int\"" })).await.error();
        let guid = app.get("/subjects/s/versions/1").await.ok()["guid"].as_str().unwrap().to_owned();
        let message = format!("Another schema has the guid {guid}; it is computed from the content and no setting changes that");
        assert_eq!(error, (409, 40980, message));
    }

    async fn a_panic_is_answered_with_the_request_id(db) {
        let clock: Clock = std::sync::Arc::new(|| panic!("the clock is broken"));
        let app = TestApp::with(db, Setup { clock: Some(clock), ..Setup::default() }).await;
        let headers = [JSON, ("x-request-id", "find-me")];
        let answer = app.send(Method::POST, "/subjects/s/versions", &headers, r#"{"schema":"\"string\""}"#).await;
        assert_eq!(answer.error(), (500, 500, "Internal Server Error (request id find-me)".to_owned()));
    }

    async fn a_database_that_is_gone_is_a_500(db) {
        let app = TestApp::new(db).await;
        app.store.close().await;
        let failed = (500, 50001, "Error while accessing the schema store".to_owned());
        assert_eq!(app.get("/subjects").await.error(), failed);
        assert_eq!(app.post("/subjects/s/versions", &json!({ "schema": "\"int\"" })).await.error(), failed);
    }

    async fn a_request_that_takes_too_long_is_ended(db) {
        let app = timed(db, HttpSettings { request_timeout: Duration::from_millis(500), ..HttpSettings::default() }).await;
        let text = half_sent(&app).await;
        let message = "The request took longer than 0.5 s; the setting request-timeout moves this limit";
        let body = format!(r#"{{"error_code":50002,"message":"{message}"}}"#);
        assert!(text.starts_with("HTTP/1.1 500") && text.ends_with(&body), "{text}");
    }

    async fn a_subject_that_keeps_changing_is_a_503(db) {
        let fresh = Fresh::new(db).await;
        let app = TestApp::over(fresh.open().await, Setup::default()).await;
        app.register("s", "\"int\"").await;
        // every look at the subject finds another epoch
        let columns = "subject_id, context_id, name, qualified, xreg_id, xreg_key, created_at";
        let view = |epoch: &str| {
            format!("ALTER TABLE subjects RENAME TO kept; CREATE VIEW subjects AS SELECT {columns}, {epoch} AS epoch FROM kept")
        };
        meddle(&fresh, &view("abs(random() % 1000000000)"), &view("(random() * 1000000000)::bigint")).await;
        let app = TestApp::over(std::sync::Arc::clone(&app.store), Setup::default()).await;
        let message = "The subject or the settings kept changing while the request was being decided; try again";
        let error = app.post("/subjects/s/versions", &json!({ "schema": "\"long\"" })).await.error();
        assert_eq!(error, (503, 50302, message.to_owned()));
    }
}
