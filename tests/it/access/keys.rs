//! Keys are given to those who may read their subject, however a request names it.

use accordant::http::Logins;
use accordant::kms::{Kms, LocalKms, Secret};
use accordant::registry::Defaults;
use serde_json::{Value, json};

use super::{gate, get, rules, send, users};
use crate::on_both;
use crate::support::app::{Answer, Database, Setup, TestApp};

const KEKS: &str = "/dek-registry/v1/keks";

/// What the users may do.
const RULES: &str = r#"
[[allow]]
principals = ["user:admin"]
roles = ["admin"]

[[allow]]
principals = ["user:reader"]
operations = ["SUBJECT_READ", "SUBJECT_COMPATIBILITY_WRITE"]
subjects = ["mine", "link"]

[[allow]]
principals = ["user:reader"]
operations = ["GLOBAL_READ"]

[[allow]]
principals = ["user:writer"]
operations = ["SUBJECT_WRITE"]
subjects = ["mine", "theirs"]
"#;

/// A shared KEK with keys for two subjects.
async fn server(database: Database) -> TestApp {
    let kms = Kms::default().with(LocalKms::new(&Secret::new("secret".to_owned())).unwrap());
    let gate = gate(Logins::new(Some(users(&["admin", "reader", "writer"])), None, Some(rules(RULES)), false));
    let setup = Setup { gate: Some(gate), defaults: Defaults { kms, ..Defaults::default() }, ..Setup::default() };
    let app = TestApp::with(database, setup).await;
    create(&app, "admin", true).await.ok();
    for subject in ["mine", "theirs", ":.c:mine"] {
        send(&app, "admin", "POST", &format!("{KEKS}/k/deks/{subject}"), Some(&json!({}))).await.ok();
    }
    app
}

async fn create(app: &TestApp, user: &str, shared: bool) -> Answer {
    let name = if user == "admin" { "k" } else { user };
    let body = json!({ "name": name, "kmsType": "local-kms", "kmsKeyId": "x", "shared": shared });
    send(app, user, "POST", KEKS, Some(&body)).await
}

fn denied(operation: &str, subject: &str) -> (u16, i64, String) {
    (403, 40301, format!("User is denied operation {operation} on Subject: {subject}"))
}

on_both! {
    async fn a_key_is_read_by_who_may_read_its_subject(db) {
        let app = server(db).await;
        assert!(get(&app, "reader", &format!("{KEKS}/k/deks/mine")).await.ok()["keyMaterial"].is_string());
        for target in ["deks/theirs", "deks/theirs/versions", "deks/theirs/versions/latest", "deks/:.:theirs", "deks/%74heirs?deleted=true"] {
            let answer = get(&app, "reader", &format!("{KEKS}/k/{target}")).await;
            assert_eq!(answer.error(), denied("Read", "theirs"), "{target}");
        }
        let other = get(&app, "reader", "/contexts/.c/dek-registry/v1/keks/k/deks/mine").await;
        assert_eq!(other.error(), denied("Read", ":.c:mine"));
        assert_eq!(get(&app, "reader", &format!("{KEKS}/k/deks")).await.text, r#"["mine"]"#);
        assert_eq!(get(&app, "reader", &format!("{KEKS}?subjectPrefix=theirs")).await.text, "[]");
        assert_eq!(get(&app, "reader", &format!("{KEKS}?subjectPrefix=mine")).await.text, r#"["k"]"#);
    }

    // whoever may change the config of a subject must not get at keys of another one by it
    async fn an_alias_leads_to_no_key_of_a_subject_that_may_not_be_read(db) {
        let app = server(db).await;
        // an alias for schemas is guarded itself
        for (user, alias) in [("reader", "aliasForDeks"), ("admin", "alias")] {
            send(&app, user, "PUT", "/config/link", Some(&json!({ alias: "theirs" }))).await.ok();
            assert_eq!(get(&app, "reader", &format!("{KEKS}/k/deks/link")).await.error(), denied("Read", "theirs"), "{alias}");
            send(&app, "admin", "PUT", "/config/link", Some(&json!({ alias: Value::Null }))).await.ok();
        }
        send(&app, "admin", "PUT", "/config/link", Some(&json!({ "aliasForDeks": "mine", "alias": "theirs" }))).await.ok();
        assert_eq!(get(&app, "reader", &format!("{KEKS}/k/deks/link")).await.ok()["subject"], "mine");
    }

    async fn who_may_only_write_makes_keys_and_reads_none(db) {
        let app = server(db).await;
        let post = async |target: &str, body: Value| send(&app, "writer", "POST", &format!("{KEKS}/{target}"), Some(&body)).await;
        assert!(post("k/deks/mine", json!({ "version": 2 })).await.ok()["keyMaterial"].is_string());
        assert_eq!(post("k/deks/other", json!({})).await.error(), denied("Write", "other"));
        assert_eq!(post("k/deks", json!({ "subject": "other" })).await.error(), denied("Write", "other"));
        assert_eq!(post("k/deks", json!({ "subject": ":.:other" })).await.error(), denied("Write", "other"));
        // what was there before is read by wrapping it anew
        assert_eq!(post("k/deks/theirs?rewrap=true", json!({})).await.error(), denied("Read", "theirs"));
        assert_eq!(send(&app, "writer", "DELETE", &format!("{KEKS}/k/deks/mine"), None).await.error(), denied("Delete", "mine"));
    }

    async fn sharing_a_key_is_for_those_who_run_the_server(db) {
        let app = server(db).await;
        create(&app, "writer", false).await.ok();
        let refused = (403, 40301, "User is denied operation Admin on Global".to_owned());
        assert_eq!(create(&app, "writer", true).await.error(), refused);
        for (method, target) in [("PUT", "k"), ("DELETE", "k"), ("POST", "k/undelete"), ("POST", "k/test")] {
            let answer = send(&app, "writer", method, &format!("{KEKS}/{target}"), Some(&json!({ "shared": true }))).await;
            assert_eq!(answer.error(), refused, "{method} {target}");
        }
    }
}
