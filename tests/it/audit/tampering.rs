//! What somebody does to the database behind the server's back, and that it is found.

use std::path::Path;

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, SqliteConnection};

use super::cli::audit;
use super::{column, entries};
use crate::on_both;
use crate::support::app::{Database, Fresh, Setup, TestApp, lenient};

async fn execute(url: &str, statement: &str) {
    let statement = AssertSqlSafe(statement.to_owned());
    if url.starts_with("sqlite") {
        let mut connection = SqliteConnection::connect(url).await.unwrap();
        connection.execute(statement).await.unwrap();
        connection.close().await.unwrap();
    } else {
        let mut connection = PgConnection::connect(url).await.unwrap();
        connection.execute(statement).await.unwrap();
        connection.close().await.unwrap();
    }
}

/// A database with ten entries, whose server has ended.
async fn ten(db: Database) -> Fresh {
    let fresh = Fresh::new(db).await;
    let app = TestApp::over(fresh.open().await, Setup::default()).await;
    for i in 0..10 {
        app.register("s", &lenient("R", &[&format!("f{i}")])).await;
    }
    app.get("/accordant/v1/audit").await.ok();
    let store = std::sync::Arc::clone(&app.store);
    drop(app);
    store.close().await;
    fresh
}

fn verify(folder: &Path, url: &str) -> (i32, String) {
    audit(folder, &["verify", "--database", url])
}

/// Each statement, the one that makes it undone, and what is said of it.
const DEEDS: [(&str, &str, &str); 10] = [
    (
        "UPDATE audit SET actor = 'anonymouz' WHERE position = 4",
        "UPDATE audit SET actor = 'anonymous' WHERE position = 4",
        "entry 4 was changed",
    ),
    (
        "UPDATE audit SET at = at + 1 WHERE position = 10",
        "UPDATE audit SET at = at - 1 WHERE position = 10",
        "entry 10 was changed",
    ),
    (
        "UPDATE audit SET reason = '' WHERE position = 1",
        "UPDATE audit SET reason = NULL WHERE position = 1",
        "entry 1 was changed",
    ),
    ("UPDATE audit SET version = 7 WHERE position = 6", "UPDATE audit SET version = 6 WHERE position = 6", "entry 6 was changed"),
    (
        "UPDATE audit SET hash = 'a' || substr(hash, 1, 63) WHERE position = 5",
        "UPDATE audit SET hash = substr(hash, 2) || hash WHERE position = -1",
        "entry 5 was changed",
    ),
    ("UPDATE audit SET guid_after = substr(guid_after, 1, 3) WHERE position = 2", "", "entry 2 was changed: it can't be read"),
    ("UPDATE audit_chain SET hash = 'x'", "", "the end of the chain was changed"),
    ("UPDATE audit SET position = NULL WHERE position = 7", "", "entry 7 was removed"),
    ("DELETE FROM audit WHERE position = 3", "", "entry 3 was removed"),
    (
        "INSERT INTO audit (at, operation, actor, login, request_id, context, subject, position, hash) \
         SELECT at, operation, actor, login, request_id, context, subject, 11, hash FROM audit WHERE position = 10",
        "",
        "entry 11 was inserted",
    ),
];

on_both! {
    async fn what_was_done_to_one_entry_is_found_and_named(db) {
        let directory = tempfile::tempdir().unwrap();
        for (deed, undone, said) in DEEDS {
            let fresh = ten(db).await;
            let (code, text) = verify(directory.path(), &fresh.url);
            assert_eq!((code, text.lines().count()), (0, 1), "{text}");
            execute(&fresh.url, deed).await;
            let (code, text) = verify(directory.path(), &fresh.url);
            assert_eq!(code, 1, "{deed}: {text}");
            assert!(text.contains(said), "{deed}: {text}");
            assert_eq!(text.lines().filter(|line| line.starts_with("entry ")).count(), usize::from(said.starts_with("entry")), "{deed}: {text}");
            if undone.contains("audit SET") && !undone.ends_with("-1") {
                execute(&fresh.url, undone).await;
                assert_eq!(verify(directory.path(), &fresh.url).0, 0, "{undone}");
            }
        }
    }

    async fn what_was_added_while_no_server_ran_is_not_sealed_on_sqlite(db) {
        if db == Database::Postgres {
            return;
        }
        let directory = tempfile::tempdir().unwrap();
        let fresh = ten(db).await;
        let forged = "INSERT INTO audit (at, operation, actor, login, request_id, context, subject) \
                      SELECT at, operation, 'user:bob', login, request_id, context, subject FROM audit WHERE position = 10";
        execute(&fresh.url, forged).await;
        let store = fresh.open_again().await;
        let app = TestApp::over(std::sync::Arc::clone(&store), Setup::default()).await;
        app.register("later", "\"int\"").await;
        assert_eq!(store.prune_audit(i64::MAX, 2).await.unwrap(), 2);
        let actors: Vec<String> = column(&entries(&app, "", "").await, "actor");
        assert!(!actors.contains(&"user:bob".to_owned()), "{actors:?}");
        drop(app);
        store.close().await;
        let (code, text) = verify(directory.path(), &fresh.url);
        assert_eq!(code, 1, "{text}");
        assert!(text.contains("entries were inserted that have no place in the chain: 1"), "{text}");
    }

    async fn a_server_goes_on_recording_whatever_was_done_to_the_chain(db) {
        let directory = tempfile::tempdir().unwrap();
        let ahead = "INSERT INTO audit (at, operation, actor, login, request_id, context, subject, position, hash) \
                     SELECT at, operation, actor, login, request_id, context, subject, 11, hash FROM audit WHERE position = 10";
        for (deed, position, said) in [
            (ahead, "12", vec!["entry 11 was changed"]),
            ("DELETE FROM audit_chain", "11", vec![]),
            ("DELETE FROM audit WHERE position > 8", "11", vec!["entries 9 to 10 were removed"]),
        ] {
            let fresh = ten(db).await;
            execute(&fresh.url, deed).await;
            let store = fresh.open_again().await;
            let app = TestApp::over(std::sync::Arc::clone(&store), Setup::default()).await;
            app.register("later", "\"int\"").await;
            assert_eq!(column(&entries(&app, "", "subject=later").await, "position"), [position], "{deed}");
            drop(app);
            store.close().await;
            let (code, text) = verify(directory.path(), &fresh.url);
            let found: Vec<&str> = text.lines().filter(|line| line.starts_with("entr")).collect();
            assert_eq!(found.len(), said.len(), "{deed}: {text}");
            assert_eq!(code, i32::from(!said.is_empty()), "{deed}: {text}");
            assert!(said.iter().all(|said| text.contains(said)), "{deed}: {text}");
        }
    }

    async fn a_chain_that_was_cut_off_or_written_anew_is_not_that_of_the_checkpoint(db) {
        let directory = tempfile::tempdir().unwrap();
        let folder = directory.path();
        std::fs::write(folder.join("key"), "a key of some length").unwrap();
        let fresh = ten(db).await;
        let url = fresh.url.as_str();
        let (code, checkpoint) = audit(folder, &["checkpoint", "--database", url, "--audit-key-file", "key"]);
        assert_eq!((code, checkpoint.lines().count()), (0, 1), "{checkpoint}");
        std::fs::write(folder.join("kept"), &checkpoint).unwrap();
        execute(url, "DELETE FROM audit WHERE position > 8").await;
        execute(url, "UPDATE audit_chain SET position = 8, hash = (SELECT hash FROM audit WHERE position = 8)").await;
        assert_eq!(verify(folder, url).0, 0, "the chain alone does not tell");
        let kept = ["verify", "--database", url, "--checkpoint", "kept", "--audit-key-file", "key"];
        let (code, text) = audit(folder, &kept);
        assert_eq!(code, 1, "{text}");
        assert!(text.contains("the chain ends at 8, and the checkpoint says that it went to 10"), "{text}");
        std::fs::write(folder.join("kept"), checkpoint.replace("position=10", "position=8")).unwrap();
        let (code, text) = audit(folder, &kept);
        assert_eq!(code, 2, "{text}");
        assert!(text.contains("not signed with this key"), "{text}");
    }

    async fn what_is_old_goes_and_the_rest_can_be_checked(db) {
        let directory = tempfile::tempdir().unwrap();
        let folder = directory.path();
        let fresh = ten(db).await;
        let url = fresh.url.as_str();
        let checkpoint = audit(folder, &["checkpoint", "--database", url]).1;
        std::fs::write(folder.join("kept"), checkpoint).unwrap();
        let store = fresh.open_again().await;
        assert_eq!(store.prune_audit(0, 1000).await.unwrap(), 0);
        assert_eq!(store.prune_audit(i64::MAX, 4).await.unwrap(), 4);
        assert_eq!(store.prune_audit(i64::MAX, 3).await.unwrap(), 3);
        let app = TestApp::over(std::sync::Arc::clone(&store), Setup::default()).await;
        app.register("later", "\"int\"").await;
        let found = entries(&app, "", "").await;
        let positions: Vec<i64> = found.iter().map(|entry| entry["position"].as_i64().unwrap()).collect();
        assert_eq!(positions, [8, 9, 10, 11, 12, 13]);
        assert_eq!(found[3]["operation"], "audit.pruned");
        assert_eq!((&found[3]["actor"], &found[3]["details"]["position"], &found[3]["details"]["entries"]), (&"server".into(), &4.into(), &4.into()));
        drop(app);
        store.close().await;
        let (code, text) = audit(folder, &["verify", "--database", url, "--checkpoint", "kept"]);
        assert_eq!(code, 0, "{text}");
        assert!(text.contains("is whole: entries 8 to 13"), "{text}");
        // who removes more than is said leaves a trace
        execute(url, "UPDATE audit_chain SET removed_position = 9, removed_hash = (SELECT hash FROM audit WHERE position = 9)").await;
        execute(url, "DELETE FROM audit WHERE position <= 9").await;
        let (code, text) = verify(folder, url);
        assert_eq!(code, 1, "{text}");
        assert!(text.contains("no entry says that those up to 9 were removed"), "{text}");
    }

    async fn the_hash_is_what_the_docs_say_it_is(db) {
        use sha2::{Digest, Sha256};
        let fresh = Fresh::new(db).await;
        let app = TestApp::over(fresh.open().await, Setup::default()).await;
        app.register("s", "\"int\"").await;
        app.put("/config/s", &serde_json::json!({ "compatibility": "NONE" })).await.ok();
        let mut previous = app.store.audit_chain().await.unwrap().removed_hash;
        let text = app.get("/accordant/v1/audit").await.text;
        let parsed: serde_json::Value = serde_json::from_str(&text).unwrap();
        for entry in parsed["entries"].as_array().unwrap() {
            let mut sealed = entry.as_object().unwrap().clone();
            let hash = sealed.remove("hash").unwrap();
            let sealed = serde_json::to_string(&sealed).unwrap();
            assert!(text.contains(sealed.trim_end_matches('}')), "to the letter: {sealed}");
            let digest = accordant::types::hex(&Sha256::digest(format!("{previous}\n{sealed}")));
            assert_eq!(hash, digest.as_str());
            previous = digest;
        }
    }
}
