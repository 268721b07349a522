//! What the caches hold, and that their settings bound it.

use accordant::registry::Defaults;
use serde_json::json;

use crate::support::app::{Database, Setup, TestApp};

/// Schemas that refer to one large file, each checked against its last version, which keeps it parsed.
async fn small_schemas_over(app: &TestApp, kind: &str, definitions: &str, small: impl Fn(usize) -> String, count: usize) {
    let body = json!({ "schemaType": kind, "schema": definitions });
    app.post("/subjects/definitions/versions", &body).await.ok();
    for i in 0..count {
        let references = [json!({ "name": "definitions", "subject": "definitions", "version": 1 })];
        let body = json!({ "schemaType": kind, "schema": small(i), "references": references });
        app.post(&format!("/subjects/small{i}/versions"), &body).await.ok();
        let verdict = app.post(&format!("/compatibility/subjects/small{i}/versions/latest"), &body).await.ok();
        assert_eq!(verdict["is_compatible"], true);
    }
}

async fn cached(app: &TestApp, what: &str) -> u64 {
    let metrics = app.get("/metrics").await.text;
    let line = metrics.lines().find_map(|line| line.strip_prefix(what)).unwrap_or_else(|| panic!("no {what} in\n{metrics}"));
    line.trim().parse().unwrap()
}

fn with_cache(bytes: u64) -> Setup {
    Setup { defaults: Defaults { cache_bytes: bytes, ..Defaults::default() }, ..Setup::default() }
}

/// Held once for each of them, the file would take ten times the cache.
#[tokio::test]
async fn what_schemas_refer_to_is_held_once_for_all_of_them() {
    let types = 2_000;
    let definitions =
        (0..types).map(|i| (format!("T{i}"), json!({ "type": "object", "properties": { "a": { "type": "string" } } })));
    let json = json!({ "definitions": definitions.collect::<serde_json::Map<_, _>>() }).to_string();
    let messages = (0..types).map(|i| format!("message T{i} {{ string a = 1; int64 b = 2; }}\n"));
    let protobuf = format!("syntax = \"proto3\";\npackage defs;\n{}", messages.collect::<String>());
    let reference = |i| json!({ "properties": { "x": { "$ref": format!("definitions#/definitions/T{i}") } } }).to_string();
    let import = |i| format!("syntax = \"proto3\";\nimport \"definitions\";\nmessage M {{ defs.T{i} x = 1; }}\n");
    let count: usize = 40;
    let app = TestApp::with(Database::Sqlite, with_cache(8 << 20)).await;
    small_schemas_over(&app, "JSON", &json, reference, count).await;
    let (schemas, bytes) = (cached(&app, "accordant_cached_schemas").await, cached(&app, "accordant_cached_bytes").await);
    assert!(schemas >= 40, "{schemas} schemas in {bytes} bytes");
    assert!(bytes > 200_000 && bytes <= 8 << 20, "{bytes}");

    let app = TestApp::with(Database::Sqlite, with_cache(8 << 20)).await;
    small_schemas_over(&app, "PROTOBUF", &protobuf, import, count).await;
    let (schemas, bytes) = (cached(&app, "accordant_cached_schemas").await, cached(&app, "accordant_cached_bytes").await);
    assert!(schemas >= 40, "{schemas} schemas in {bytes} bytes");
    assert!(bytes > 200_000 && bytes <= 8 << 20, "{bytes}");
}

/// A schema of many small values weighs far more in memory than its text does.
#[tokio::test]
async fn parsed_schemas_are_weighed_as_they_are() {
    let app = TestApp::with(Database::Sqlite, with_cache(4 << 20)).await;
    let dense = |i: usize| format!(r#"{{"title":"{i}","examples":[{}]}}"#, vec!["[]"; 20_000].join(","));
    for i in 0..20 {
        let body = json!({ "schemaType": "JSON", "schema": dense(i) });
        app.post(&format!("/subjects/s{i}/versions"), &body).await.ok();
        app.post(&format!("/compatibility/subjects/s{i}/versions/latest"), &body).await.ok();
    }
    let (schemas, bytes) = (cached(&app, "accordant_cached_schemas").await, cached(&app, "accordant_cached_bytes").await);
    assert!(bytes <= 4 << 20, "{bytes}");
    assert!(schemas <= 4, "{schemas} schemas, each of more than a megabyte, in {bytes} bytes");
}
