//! Several replicas on one database, and databases of older releases.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use accordant::store::Store;
use sqlx::migrate::Migrator;
use sqlx::{Connection, Executor, PgConnection, SqliteConnection};

use super::cli::audit;
use super::{column, entries};
use crate::on_both;
use crate::support::app::{Database, Fresh, Setup, TestApp, lenient, postgres_url};

async fn sealed(store: &Arc<dyn Store>, position: i64) -> bool {
    for _ in 0..600 {
        if store.audit_chain().await.unwrap().position == position {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    false
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_write_into_one_chain() {
    if postgres_url().is_none() {
        return;
    }
    let fresh = Fresh::new(Database::Postgres).await;
    let mut apps = Vec::new();
    for _ in 0..3 {
        apps.push(Arc::new(TestApp::over(fresh.open().await, Setup::default()).await));
    }
    let writers: Vec<_> = (0..6)
        .map(|writer| {
            let app = Arc::clone(&apps[writer % 3]);
            tokio::spawn(async move {
                for i in 0..10 {
                    app.register(&format!("s{writer}"), &lenient("R", &[&format!("f{i}")])).await;
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    // without anybody asking for it
    assert!(sealed(&apps[0].store, 60).await);
    let found = entries(&apps[1], "", "limit=7").await;
    let positions: Vec<i64> = found.iter().map(|entry| entry["position"].as_i64().unwrap()).collect();
    assert_eq!(positions, (1..=60).collect::<Vec<i64>>());
    for writer in 0..6 {
        // one client's changes are in its order
        let versions = column(&entries(&apps[2], "", &format!("subject=s{writer}")).await, "version");
        assert_eq!(versions, (1..=10).map(|version| version.to_string()).collect::<Vec<_>>());
    }
    let directory = tempfile::tempdir().unwrap();
    let (code, text) = audit(directory.path(), &["verify", "--database", &fresh.url]);
    assert_eq!(code, 0, "{text}");
}

/// A database as the release before wrote it: with all migrations but those from the fifth on.
async fn older(database: Database, url: &str) {
    let folder = tempfile::tempdir().unwrap();
    let dialect = if database == Database::Sqlite { "sqlite" } else { "postgres" };
    let all = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(dialect);
    for file in std::fs::read_dir(all).unwrap() {
        let file = file.unwrap();
        if file.file_name().to_string_lossy().as_ref() < "0005" {
            std::fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
        }
    }
    let migrator = Migrator::new(folder.path()).await.unwrap();
    let fill = "INSERT INTO registry (one, cluster_id, created_at, generation, meanings) VALUES (1, 'c-old', 0, 0, 0)";
    if database == Database::Sqlite {
        let mut connection = SqliteConnection::connect(&format!("{url}?mode=rwc")).await.unwrap();
        migrator.run(&mut connection).await.unwrap();
        connection.execute(fill).await.unwrap();
        connection.close().await.unwrap();
    } else {
        let mut connection = PgConnection::connect(url).await.unwrap();
        migrator.run(&mut connection).await.unwrap();
        connection.execute(fill).await.unwrap();
        connection.close().await.unwrap();
    }
}

on_both! {
    async fn a_database_of_the_release_before_begins_its_record(db) {
        let fresh = Fresh::new(db).await;
        older(db, &fresh.url).await;
        let store = fresh.open().await;
        let app = TestApp::over(Arc::clone(&store), Setup::default()).await;
        assert_eq!(app.get("/accordant/v1/audit").await.ok(), serde_json::json!({ "entries": [] }));
        app.register("s", "\"int\"").await;
        assert_eq!(column(&entries(&app, "", "").await, "position"), ["1"]);
        drop(app);
        store.close().await;
        let directory = tempfile::tempdir().unwrap();
        let (code, text) = audit(directory.path(), &["verify", "--database", &fresh.url]);
        assert_eq!(code, 0, "{text}");
        assert!(text.contains("the record of c-old is whole: entries 1 to 1"), "{text}");
    }
}
