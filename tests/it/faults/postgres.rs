//! Postgres is there and something about it goes wrong: lost connections, locks that others hold, too few connections.

use std::sync::Arc;
use std::time::Duration;

use accordant::store::postgres::{PostgresOptions, PostgresStore};
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use crate::support::app::{Database, Fresh, Setup, TestApp, clock, postgres_url};
use crate::support::process::{Process, exchange};

/// Takes the row that hands out ids, as a forgotten transaction in psql would.
async fn forgotten_transaction(url: &str) -> PgConnection {
    let mut forgotten = PgConnection::connect(url).await.unwrap();
    forgotten.execute("BEGIN").await.unwrap();
    forgotten.execute("UPDATE contexts SET epoch = epoch").await.unwrap();
    forgotten
}

async fn over(url: &str, change: impl FnOnce(&mut PostgresOptions)) -> TestApp {
    let mut options = PostgresOptions::new(url);
    options.answer_timeout = Duration::from_secs(20);
    change(&mut options);
    TestApp::over(Arc::new(PostgresStore::open(options, clock()).await.unwrap()), Setup::default()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_was_lost_is_noticed_by_nobody() {
    let Some(admin) = postgres_url() else { return };
    let fresh = Fresh::new(Database::Postgres).await;
    let app = over(&fresh.url, |_| {}).await;
    app.register("s", "\"string\"").await;
    let mut admin = PgConnection::connect(&admin).await.unwrap();
    let name = fresh.url.rsplit_once('/').unwrap().1;
    let terminate = format!("SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE datname = '{name}'");
    for round in 0..5 {
        // several connections, each of which is lost
        futures_util::future::join_all((0..6).map(|_| app.get("/subjects/s/versions/latest"))).await;
        admin.execute(AssertSqlSafe(terminate.clone())).await.unwrap();
        assert_eq!(app.get("/subjects/s/versions/latest").await.status, 200);
        admin.execute(AssertSqlSafe(terminate.clone())).await.unwrap();
        app.register(&format!("s{round}"), "\"string\"").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_transaction_stops_neither_reads_nor_readiness() {
    if postgres_url().is_none() {
        return;
    }
    let fresh = Fresh::new(Database::Postgres).await;
    let app = Arc::new(over(&fresh.url, |options| options.lock_timeout = Duration::from_secs(2)).await);
    app.register("s", "\"string\"").await;
    let mut forgotten = forgotten_transaction(&fresh.url).await;
    let writes: Vec<_> = (0..20)
        .map(|i| {
            let app = Arc::clone(&app);
            tokio::spawn(async move {
                app.post(
                    &format!("/subjects/w{i}/versions"),
                    &json!({ "schema": format!(r#"{{"type":"fixed","name":"F{i}","size":1}}"#) }),
                )
                .await
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(300)).await;
    for _ in 0..20 {
        app.get("/subjects/s/versions/latest").await.ok();
        app.get("/readyz").await.ok();
    }
    for write in writes {
        let answer = write.await.unwrap();
        assert_eq!((answer.error().0, answer.error().1, answer.header("retry-after")), (503, 50304, "1"), "{}", answer.text);
        assert!(answer.text.contains("lock timeout"), "{}", answer.text);
    }
    forgotten.execute("ROLLBACK").await.unwrap();
    app.register("after", "\"int\"").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_freezes_within_a_registration_stops_no_other() {
    if postgres_url().is_none() {
        return;
    }
    let fresh = Fresh::new(Database::Postgres).await;
    let folder = tempfile::tempdir().unwrap();
    let app = over(&fresh.url, |_| {}).await;
    app.register("s", "\"string\"").await;
    let (frozen, url) = (Process::start(folder.path(), &["--database", &fresh.url]), fresh.url.clone());
    // it waits for the row that hands out ids, is frozen, and then gets the row
    let mut gate = forgotten_transaction(&url).await;
    let address = frozen.address.clone();
    std::thread::spawn(move || exchange(&address, "POST", "/subjects/frozen/versions", r#"{"schema":"\"long\""}"#));
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let mut observer = PgConnection::connect(&url).await.unwrap();
    while sqlx::query_scalar::<_, i64>(waiting).fetch_one(&mut observer).await.unwrap() == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    frozen.signal("-STOP");
    gate.execute("ROLLBACK").await.unwrap();
    let started = std::time::Instant::now();
    let others = (0..12).map(async |i| {
        app.register(&format!("o{i}"), &format!(r#"{{"type":"fixed","name":"F{i}","size":1}}"#)).await;
        app.get("/subjects/s/versions/latest").await.ok();
    });
    futures_util::future::join_all(others).await;
    assert!(started.elapsed() < Duration::from_secs(30), "the frozen replica keeps what it has locked");
    frozen.signal("-CONT");
    drop(frozen);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_writers_share_the_few_connections_that_postgres_allows() {
    let Some(admin) = postgres_url() else { return };
    let fresh = Fresh::new(Database::Postgres).await;
    let name = fresh.url.rsplit_once('/').unwrap().1.to_owned();
    let mut admin_connection = PgConnection::connect(&admin).await.unwrap();
    for statement in [format!("CREATE ROLE {name} LOGIN CONNECTION LIMIT 4"), format!("ALTER DATABASE {name} OWNER TO {name}")] {
        admin_connection.execute(AssertSqlSafe(statement)).await.unwrap();
    }
    let (_, rest) = fresh.url.split_once('@').unwrap();
    let app = Arc::new(over(&format!("postgres://{name}@{rest}"), |options| options.max_connections = 16).await);
    let writers = (0..16).map(|writer| {
        let app = Arc::clone(&app);
        tokio::spawn(async move {
            for i in 0..5 {
                app.register(
                    &format!("w{writer}"),
                    &format!(r#"{{"type":"enum","name":"E","symbols":["A{i}"],"default":"A{i}"}}"#),
                )
                .await;
            }
        })
    });
    for writer in futures_util::future::join_all(writers.collect::<Vec<_>>()).await {
        writer.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_on_another_replica_is_seen_however_busy_the_connections_are() {
    if postgres_url().is_none() {
        return;
    }
    let fresh = Fresh::new(Database::Postgres).await;
    let (first, second) = (over(&fresh.url, |_| {}).await, over(&fresh.url, |options| options.max_connections = 5).await);
    first.register("s", "\"string\"").await;
    second.get("/schemas/ids/1").await.ok();
    let second = Arc::new(second);
    let mut other = PgConnection::connect(&fresh.url).await.unwrap();
    other.execute("BEGIN").await.unwrap();
    other.execute("LOCK TABLE aliases IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let waiting: Vec<_> = (0..20)
        .map(|_| {
            let second = Arc::clone(&second);
            tokio::spawn(async move { second.get("/cloudevents/aliases").await })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let before = second.store.known_generation();
    first.delete("/subjects/s").await.ok();
    first.delete("/subjects/s?permanent=true").await.ok();
    for attempt in 0.. {
        if second.store.known_generation().id_bindings > before.id_bindings {
            break;
        }
        assert!(attempt < 100, "the change never arrived");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(waiting.iter().any(|request| !request.is_finished()), "nothing was busy");
    other.execute("ROLLBACK").await.unwrap();
    assert_eq!(second.get("/schemas/ids/1").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_refuses_at_the_start_is_told_at_once() {
    let started = std::time::Instant::now();
    let mut options = PostgresOptions::new("postgres://nobody@127.0.0.1:1/nothing");
    options.acquire_timeout = Duration::from_mins(5);
    let error = PostgresStore::open(options, clock()).await.err().unwrap().to_string();
    assert_eq!(error, "the database at 127.0.0.1:1 can't be reached: Connection refused (os error 111)");
    assert!(started.elapsed() < Duration::from_mins(1));
}
