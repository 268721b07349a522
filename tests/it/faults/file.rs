//! The SQLite file is removed, replaced, or can't be written.

use std::path::Path;
use std::sync::Arc;

use accordant::store::sqlite::{SqliteOptions, SqliteStore};
use serde_json::json;

use crate::support::app::{Setup, TestApp, clock};
use crate::support::process::{Process, exchange};

async fn over(path: &Path) -> TestApp {
    TestApp::over(Arc::new(SqliteStore::open(SqliteOptions::new(path), clock()).await.unwrap()), Setup::default()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_removed_is_noticed_at_the_next_commit_and_in_readiness() {
    for removed in ["registry.db", "registry.db-wal"] {
        let folder = tempfile::tempdir().unwrap();
        let app = over(&folder.path().join("registry.db")).await;
        app.register("s", "\"string\"").await;
        app.get("/readyz").await.ok();
        std::fs::remove_file(folder.path().join(removed)).unwrap();
        let error = app.post("/subjects/t/versions", &json!({ "schema": "\"int\"" })).await.error();
        assert_eq!((error.0, error.1), (503, 50304), "{removed}");
        let ready = app.get("/readyz").await;
        assert_eq!(ready.status, 503, "{removed}");
        assert!(ready.text.contains("was removed or replaced"), "{}", ready.text);
        assert!(app.get("/metrics").await.text.contains("accordant_database_available 0"));
        app.get("/subjects/s/versions/1").await.ok();
        assert_eq!(app.get("/subjects/t/versions/1").await.status, 404, "nothing was written");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_replaced_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("registry.db");
    let app = over(&path).await;
    app.register("s", "\"string\"").await;
    std::fs::copy(&path, folder.path().join("copy.db")).unwrap();
    std::fs::rename(folder.path().join("copy.db"), &path).unwrap();
    assert_eq!(app.post("/subjects/t/versions", &json!({ "schema": "\"int\"" })).await.error().0, 503);
    assert_eq!(app.get("/readyz").await.status, 503);
}

/// The process may write no file beyond a size: for SQLite the same as a disk that is full.
#[test]
fn a_full_disk_is_told_and_over_when_it_is_over() {
    let folder = tempfile::tempdir().unwrap();
    let process = Process::start_unlimited(folder.path());
    let limit = |bytes: &str| {
        let pid = process.child.id().to_string();
        let set = std::process::Command::new("prlimit").args(["--pid", &pid, &format!("--fsize={bytes}:unlimited")]).status();
        assert!(set.unwrap().success());
    };
    let post_sized = |i: usize, size: usize| {
        let body =
            json!({ "schema": format!(r#"{{"type":"enum","name":"E{i}","symbols":["{}"]}}"#, "a".repeat(size)) }).to_string();
        exchange(&process.address, "POST", &format!("/subjects/s{i}/versions"), &body).unwrap()
    };
    let post = |i| post_sized(i, 20_000);
    assert_eq!(post(0).0, 200);
    limit("8192");
    let (status, text) = post(1);
    assert_eq!(status, 503, "{text}");
    assert!(text.contains("The database can't be written"), "{text}");
    let (status, text) = exchange(&process.address, "GET", "/readyz", "").unwrap();
    assert_eq!(status, 503);
    assert!(text.contains("can't be written"), "{text}");
    let metrics = exchange(&process.address, "GET", "/metrics", "").unwrap().1;
    assert!(metrics.contains("accordant_database_available 0"));
    assert_eq!(exchange(&process.address, "GET", "/subjects/s0/versions/1", "").unwrap().0, 200, "reads go on");
    limit("unlimited");
    assert_eq!(exchange(&process.address, "GET", "/readyz", "").unwrap().0, 200, "readiness has found out itself");
    assert_eq!(post(1).0, 200);

    // there is room for small writes, and none for large ones
    limit("1500000");
    assert_eq!(post_sized(2, 2_000_000).0, 503);
    assert_eq!(post(3).0, 200);
    let (status, text) = exchange(&process.address, "GET", "/readyz", "").unwrap();
    assert_eq!(status, 503, "a small write that succeeds is not enough");
    assert!(text.contains("a large write takes up to"), "{text}");
    let metrics = exchange(&process.address, "GET", "/metrics", "").unwrap().1;
    assert!(metrics.contains("accordant_database_available 0"));
    limit("unlimited");
    assert_eq!(exchange(&process.address, "GET", "/readyz", "").unwrap().0, 200);
    assert_eq!(post_sized(2, 2_000_000).0, 200);
    assert_eq!(process.stop().0, 0);
}
