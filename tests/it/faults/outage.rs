//! Postgres goes away: it is told at once, and what is known goes on being answered.

use std::sync::Arc;
use std::time::Duration;

use accordant::store::postgres::{PostgresOptions, PostgresStore};
use accordant::store::{OutageReads, Store};
use hyper::Method;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::support::app::{Answer, Database, Fresh, Setup, TestApp, clock, postgres_url, record};
use crate::support::proxy::Proxy;

/// Far above what it takes, far below the time that a request would wait for a connection.
const SOON: Duration = Duration::from_secs(20);

struct Outage {
    app: TestApp,
    proxy: Proxy,
    _fresh: Fresh,
}

impl Outage {
    async fn new(reads: bool) -> Option<Self> {
        postgres_url()?;
        let fresh = Fresh::new(Database::Postgres).await;
        let (proxy, url) = Proxy::to(&fresh.url).await;
        let mut options = PostgresOptions::new(url);
        options.max_connections = 6;
        options.acquire_timeout = Duration::from_mins(5);
        let mut store: Arc<dyn Store> = Arc::new(PostgresStore::open(options, clock()).await.unwrap());
        if reads {
            store = Arc::new(OutageReads::new(store, 1 << 20, Arc::new(accordant::store::Unobserved)));
        }
        let app = TestApp::over(store, Setup::default()).await;
        Some(Self { app, proxy, _fresh: fresh })
    }

    async fn soon(&self, method: Method, target: &str, body: &Value) -> Answer {
        let headers = [("content-type", "application/json")];
        let body = if body.is_null() { String::new() } else { body.to_string() };
        timeout(SOON, self.app.send(method, target, &headers, body)).await.unwrap_or_else(|_| panic!("{target} takes too long"))
    }

    async fn is_told(&self, cause: &str) {
        let schema = json!({ "schema": "\"int\"" });
        for (method, target, body) in [
            (Method::GET, "/subjects/s/versions/latest", Value::Null),
            (Method::GET, "/subjects", Value::Null),
            (Method::GET, "/cloudevents/aliases", Value::Null),
            (Method::POST, "/subjects/s/versions", schema.clone()),
            (Method::POST, "/subjects/s", schema),
            (Method::PUT, "/config", json!({ "compatibility": "FULL" })),
        ] {
            let answer = self.soon(method, target, &body).await;
            let (status, code, message) = answer.error();
            assert_eq!((status, code, answer.header("retry-after")), (503, 50304, "1"), "{target}: {message}");
            assert!(message.starts_with("The database can't be reached: ") && message.contains(cause), "{target}: {message}");
        }
        let ready = self.soon(Method::GET, "/readyz", &Value::Null).await;
        assert_eq!(ready.status, 503);
        assert!(ready.text.contains(&self.proxy.address.to_string()) && ready.text.contains(cause), "{}", ready.text);
        assert_eq!(self.soon(Method::GET, "/healthz", &Value::Null).await.status, 200);
    }

    async fn comes_back(&self) {
        for attempt in 0.. {
            let answer = self.soon(Method::POST, "/subjects/back/versions", &json!({ "schema": "\"long\"" })).await;
            if answer.status == 200 {
                break;
            }
            assert!(attempt < 100, "{}", answer.text);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        self.soon(Method::GET, "/readyz", &Value::Null).await.ok();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_refuses_connections_is_told_at_once() {
    let Some(mut outage) = Outage::new(false).await else { return };
    outage.app.register("s", "\"string\"").await;
    outage.proxy.refuse().await;
    outage.is_told("Connection refused").await;
    outage.proxy.resume().await;
    outage.comes_back().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_silent_is_told_soon() {
    let Some(mut outage) = Outage::new(false).await else { return };
    outage.app.register("s", "\"string\"").await;
    outage.proxy.freeze();
    outage.is_told("no answer within 1.2 s").await;
    outage.proxy.resume().await;
    outage.comes_back().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_fell_silent_are_replaced_while_the_database_answers_others() {
    let Some(outage) = Outage::new(false).await else { return };
    let latest = "/subjects/s/versions/latest";
    outage.app.register("s", "\"string\"").await;
    // several connections
    futures_util::future::join_all((0..6).map(|_| outage.app.get(latest))).await;
    outage.proxy.freeze_open();
    outage.soon(Method::GET, latest, &Value::Null).await.ok();
    outage.proxy.freeze_open();
    outage.soon(Method::POST, "/subjects/t/versions", &json!({ "schema": "\"int\"" })).await.ok();
    assert_eq!(outage.soon(Method::GET, "/subjects", &Value::Null).await.ok(), json!(["s", "t"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_read_before_is_answered_while_the_database_is_away() {
    let Some(mut outage) = Outage::new(true).await else { return };
    let app = &outage.app;
    app.register("orders-value", &record("R", &["a"])).await;
    app.register(":.team:orders-value", &record("T", &["a"])).await;
    let guid = app.get("/schemas/ids/1").await.ok()["guid"].as_str().unwrap().to_owned();
    app.put("/config/orders-value", &json!({ "compatibility": "FULL" })).await.ok();
    let association = json!({ "resourceName": "orders", "resourceNamespace": "lkc", "resourceId": "id", "resourceType": "topic",
        "associations": [{ "subject": "orders-value", "associationType": "value", "lifecycle": "WEAK" }] });
    app.post("/associations", &association).await.ok();
    let schema = json!({ "schema": record("R", &["a"]) });
    let gets = [
        "/schemas/ids/1".to_owned(),
        "/schemas/ids/1?subject=orders-value".to_owned(),
        "/schemas/ids/1/schema".to_owned(),
        "/schemas/ids/1/versions".to_owned(),
        "/schemas/ids/1?fetchMaxId=true".to_owned(),
        "/contexts/.team/schemas/ids/1".to_owned(),
        format!("/schemas/guids/{guid}"),
        "/subjects/orders-value/versions".to_owned(),
        "/subjects/orders-value/versions/1".to_owned(),
        "/subjects/orders-value/versions/latest".to_owned(),
        "/subjects/:.team:orders-value/versions/latest".to_owned(),
        "/config".to_owned(),
        "/config/orders-value".to_owned(),
        "/config/other?defaultToGlobal=true".to_owned(),
        "/mode".to_owned(),
        "/mode/orders-value?defaultToGlobal=true".to_owned(),
        "/associations/resources/lkc/orders?resourceType=topic&associationType=value".to_owned(),
        "/associations/resources/-/unknown?resourceType=topic&associationType=value".to_owned(),
        "/subjects".to_owned(),
    ];
    let mut before = Vec::new();
    for target in &gets {
        before.push(app.get(target).await);
    }
    let posts = ["/subjects/orders-value/versions", "/subjects/orders-value", "/contexts/.team/subjects/orders-value/versions"];
    let team = json!({ "schema": record("T", &["a"]) });
    let body = |target: &str| if target.contains(".team") { team.clone() } else { schema.clone() };
    let mut posted = Vec::new();
    for target in posts {
        posted.push(app.post(target, &body(target)).await);
    }

    outage.proxy.refuse().await;
    for _ in 0..2 {
        for (target, before) in gets.iter().zip(&before) {
            let now = outage.soon(Method::GET, target, &Value::Null).await;
            assert_eq!((now.status, &now.text), (before.status, &before.text), "{target}");
        }
        for (target, before) in posts.iter().zip(&posted) {
            let now = outage.soon(Method::POST, target, &body(target)).await;
            assert_eq!((now.status, &now.text), (before.status, &before.text), "{target}");
        }
    }
    // of a version that was read as part of its subject
    outage.soon(Method::GET, "/subjects/orders-value/versions/1/schema", &Value::Null).await.ok();
    // what was never asked for is not there, and nothing is written
    for target in ["/subjects/never/versions/latest", "/schemas/ids/9"] {
        assert_eq!(outage.soon(Method::GET, target, &Value::Null).await.error().1, 50304, "{target}");
    }
    let new = json!({ "schema": record("R", &["a", "b"]) });
    assert_eq!(outage.soon(Method::POST, "/subjects/orders-value/versions", &new).await.error().1, 50304);
    assert_eq!(outage.soon(Method::DELETE, "/subjects/orders-value", &Value::Null).await.error().1, 50304);
    assert_eq!(outage.soon(Method::GET, "/readyz", &Value::Null).await.status, 503, "the database is away");

    outage.proxy.resume().await;
    outage.comes_back().await;
    assert_eq!(outage.app.get("/subjects/never/versions/latest").await.error().1, 40401);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_this_process_has_changed_itself_is_known_while_the_database_is_away() {
    let Some(mut outage) = Outage::new(true).await else { return };
    let app = &outage.app;
    for subject in ["kept", "gone", "other"] {
        app.register(subject, &record("R", &["a"])).await;
        app.get(&format!("/subjects/{subject}/versions/latest")).await.ok();
        app.get(&format!("/subjects/{subject}/versions")).await.ok();
    }
    app.delete("/subjects/gone").await.ok();
    for target in ["/subjects/kept/versions/latest", "/subjects/kept/versions", "/config"] {
        app.get(target).await.ok();
    }
    let second = json!({ "schema": record("R", &["a"]).replace("]}", r#",{"name":"b","type":"long","default":0}]}"#) });
    let id = app.post("/subjects/kept/versions", &second).await.ok()["id"].as_i64().unwrap();
    // settings are another matter than subjects
    app.put("/config/other", &json!({ "compatibility": "NONE" })).await.ok();
    app.get("/config/kept?defaultToGlobal=true").await.ok();

    outage.proxy.refuse().await;
    let get = async |target: &str| outage.soon(Method::GET, target, &Value::Null).await;
    assert_eq!(get("/subjects/kept/versions").await.ok(), json!([1, 2]));
    assert_eq!(get("/subjects/kept/versions/latest").await.ok()["version"], 2);
    assert_eq!(get(&format!("/schemas/ids/{id}")).await.ok()["schema"], second["schema"]);
    assert_eq!(outage.soon(Method::POST, "/subjects/kept/versions", &second).await.ok()["version"], 2);
    assert_eq!(get("/subjects/gone/versions/latest").await.error().1, 50304, "it was deleted after it was read");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_purged_is_not_answered_while_the_database_is_away() {
    let Some(mut outage) = Outage::new(true).await else { return };
    outage.app.register("s", "\"string\"").await;
    outage.app.register("kept", "\"int\"").await;
    for target in ["/schemas/ids/1", "/schemas/ids/2"] {
        outage.app.get(target).await.ok();
    }
    outage.app.delete("/subjects/s").await.ok();
    outage.app.delete("/subjects/s?permanent=true").await.ok();
    outage.app.get("/schemas/ids/2").await.ok();
    outage.proxy.refuse().await;
    assert_eq!(outage.soon(Method::GET, "/schemas/ids/1", &Value::Null).await.error().1, 50304);
    outage.soon(Method::GET, "/schemas/ids/2", &Value::Null).await.ok();
}

/// Producers and consumers that start during an outage find their keys; a key that is not known is no key that can be made.
#[tokio::test(flavor = "multi_thread")]
async fn keys_that_were_read_before_are_answered_while_the_database_is_away() {
    let Some(mut outage) = Outage::new(true).await else { return };
    let app = &outage.app;
    let kek = "/dek-registry/v1/keks/k";
    app.post("/dek-registry/v1/keks", &json!({ "name": "k", "kmsType": "local-kms", "kmsKeyId": "x" })).await.ok();
    app.post(&format!("{kek}/deks/s"), &json!({ "encryptedKeyMaterial": "AAEC" })).await.ok();
    let targets = [kek.to_owned(), format!("{kek}/deks"), format!("{kek}/deks/s"), format!("{kek}/deks/s/versions/latest")];
    let mut known = Vec::new();
    for target in &targets {
        known.push(app.get(target).await.ok());
    }
    outage.proxy.refuse().await;
    for (target, known) in targets.iter().zip(known) {
        assert_eq!(outage.soon(Method::GET, target, &Value::Null).await.ok(), known, "{target}");
    }
    let unknown = outage.soon(Method::GET, &format!("{kek}/deks/t"), &Value::Null).await;
    assert_eq!(unknown.error().1, 50304);
    let created = outage.soon(Method::POST, &format!("{kek}/deks/t"), &json!({ "encryptedKeyMaterial": "AAEC" })).await;
    assert_eq!(created.error().1, 50304);
}
