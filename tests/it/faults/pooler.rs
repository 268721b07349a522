//! A pooler that gives each transaction to another connection of Postgres: pgbouncer, in transaction mode.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use accordant::store::Store;
use accordant::store::postgres::{PostgresOptions, PostgresStore};
use serde_json::json;
use sqlx::{Executor, PgConnection, Row};

use crate::support::app::{Database, Fresh, Setup, TestApp, clock, lenient, postgres_url};

/// The pooler in front of the cluster for tests; `scripts/test` starts one.
fn pooler_url() -> Option<String> {
    postgres_url()?;
    let url = std::env::var("TEST_PGBOUNCER_URL").ok().filter(|url| !url.is_empty());
    if url.is_none() {
        let line = "left out: the test behind pgbouncer, for TEST_PGBOUNCER_URL is not set (scripts/test sets it)\n";
        let _ = std::io::stderr().write_all(line.as_bytes());
    }
    url
}

async fn open(url: &str) -> Arc<dyn Store> {
    let mut options = PostgresOptions::new(url);
    options.statement_cache = 0;
    options.answer_timeout = Duration::from_secs(20);
    Arc::new(PostgresStore::open(options, clock()).await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_behind_a_pooler_migrate_serve_and_leave_nothing_behind() {
    let Some(pooler) = pooler_url() else { return };
    let fresh = Fresh::new(Database::Postgres).await;
    let (_, name) = fresh.url.rsplit_once('/').unwrap();
    let url = format!("{}/{name}", pooler.rsplit_once('/').unwrap().0);
    let stores = futures_util::future::join_all((0..3).map(|_| open(&url))).await;
    let mut replicas = Vec::new();
    for store in stores {
        replicas.push(Arc::new(TestApp::over(store, Setup::default()).await));
    }
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..12_usize {
        let app = Arc::clone(&replicas[writer % 3]);
        writers.spawn(async move {
            for i in 0..5 {
                app.register(&format!("s{}", writer % 4), &lenient("R", &[&format!("w{writer}_{i}")])).await;
                app.get(&format!("/subjects/s{}/versions/latest", writer % 4)).await.ok();
            }
        });
    }
    writers.join_all().await;
    assert_eq!(replicas[0].get("/subjects").await.ok(), json!(["s0", "s1", "s2", "s3"]));
    for app in &replicas {
        app.get("/schemas/ids/1").await.ok();
        let versions: Vec<i64> = serde_json::from_str(&app.get("/subjects/s1/versions").await.text).unwrap();
        assert_eq!(versions, (1..=15).collect::<Vec<_>>());
    }
    replicas[0].put("/config", &json!({ "compatibility": "FULL" })).await.ok();
    assert_eq!(replicas[1].get("/config").await.ok()["compatibilityLevel"], "FULL");
    replicas[0].delete("/subjects/s0").await.ok();
    replicas[0].delete("/subjects/s0?permanent=true").await.ok();
    for attempt in 0.. {
        if replicas[1].store.known_generation() == replicas[0].store.known_generation() {
            break;
        }
        assert!(attempt < 100, "the poll does not bring it");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    // each connection of Postgres that the pooler has
    let options: sqlx::postgres::PgConnectOptions = url.parse().unwrap();
    for _ in 0..6 {
        let mut connection: PgConnection =
            sqlx::ConnectOptions::connect(&options.clone().statement_cache_capacity(0)).await.unwrap();
        let left = "SELECT (SELECT count(*) FROM pg_prepared_statements), (SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database \
                    WHERE locktype = 'advisory' AND datname = current_database())";
        let rows = connection.fetch_all(left).await.unwrap();
        assert_eq!(rows[0].get::<i64, _>(0), 0, "named statements");
        assert_eq!(rows[0].get::<i64, _>(1), 0, "locks");
    }
}
