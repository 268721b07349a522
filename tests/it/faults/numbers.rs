//! Ids and versions have an end: what an import may bring, and what happens there.

use serde_json::json;
use sqlx::{AssertSqlSafe, Connection, Executor};

use crate::on_both;
use crate::support::app::{Fresh, Setup, TestApp, record};

on_both! {
    async fn an_import_leaves_numbers_for_the_registrations_after_it(db) {
        let app = TestApp::new(db).await;
        app.put("/mode/imported", &json!({ "mode": "IMPORT" })).await.ok();
        for (id, version, what) in [(2_147_483_647, 1, "id"), (2_146_483_648, 1, "id"), (7, 2_147_483_647, "version"), (7, 2_146_483_648, "version")] {
            let body = json!({ "schema": "\"int\"", "id": id, "version": version });
            let (status, code, message) = app.post("/subjects/imported/versions", &body).await.error();
            assert_eq!((status, code), (422, 42205), "{message}");
            let number = if what == "id" { id } else { version };
            let expected = format!("The {what} {number} is above 2146483647; the numbers above are left for registrations to come");
            assert_eq!(message, expected);
        }
        let highest = json!({ "schema": "\"int\"", "id": 2_146_483_647, "version": 2_146_483_647 });
        app.post("/subjects/imported/versions", &highest).await.ok();
        app.put("/mode/imported", &json!({ "mode": "READWRITE" })).await.ok();
        assert_eq!(app.register("other", "\"string\"").await, 2_146_483_648);
        assert_eq!(app.register("imported", "\"long\"").await, 2_146_483_649);
    }

    async fn ids_go_on_where_the_highest_number_was_imported_once(db) {
        let fresh = Fresh::new(db).await;
        let app = TestApp::over(fresh.open().await, Setup::default()).await;
        for (i, field) in ["a", "b"].iter().enumerate() {
            app.register(&format!("s{i}"), &record("R", &[field])).await;
        }
        let statement = "UPDATE contexts SET max_id = 2147483647";
        if let Some(path) = fresh.url.strip_prefix("sqlite://") {
            let mut connection = sqlx::SqliteConnection::connect(path).await.unwrap();
            connection.execute(AssertSqlSafe(statement.to_owned())).await.unwrap();
        } else {
            let mut connection = sqlx::PgConnection::connect(&fresh.url).await.unwrap();
            connection.execute(AssertSqlSafe(statement.to_owned())).await.unwrap();
        }
        assert_eq!(app.register("t", "\"string\"").await, 3);
        assert_eq!(app.register("t2", "\"int\"").await, 4);
        assert_eq!(app.get("/schemas/ids/1").await.ok()["maxId"].as_i64(), None);
    }

    async fn references_are_counted_as_they_are_sent(db) {
        let app = TestApp::new(db).await;
        app.register("target", &record("T", &["a"])).await;
        let references = vec![json!({ "name": "T", "subject": "target", "version": 1 }); 1001];
        let body = json!({ "schema": record("R", &["a"]), "references": references });
        for target in ["/subjects/s/versions", "/subjects/target", "/compatibility/subjects/target/versions/latest"] {
            let (status, code, message) = app.post(target, &body).await.error();
            assert_eq!((status, code), (422, 42281), "{target}: {message}");
            assert!(message.contains("max-references"), "{message}");
        }
    }
}
