//! What was refused is in the record, and however much it is, it stays bounded and is counted.

use std::time::Duration;

use accordant::http::{HttpSettings, Logins};
use serde_json::{Value, json};

use super::{column, entries};
use crate::access::{basic, gate, rules, send, users};
use crate::on_both;
use crate::support::app::{Database, Setup, TestApp};

async fn server(db: Database, kinds: usize) -> TestApp {
    let text = "[[allow]]\nprincipals = [\"user:admin\"]\nroles = [\"admin\"]\n[[allow]]\nprincipals = [\"user:alice\"]\nroles = [\"reader\"]\nsubjects = [\"*\"]\n[[allow]]\nprincipals = [\"user:bob\"]\nroles = [\"owner\"]\nsubjects = [\"bob-*\"]\n";
    let gate = gate(Logins::new(Some(users(&["alice", "bob", "admin"])), None, Some(rules(text)), false));
    let http = HttpSettings { audit_refusals: kinds, ..HttpSettings::default() };
    TestApp::with(db, Setup { gate: Some(gate), http, ..Setup::default() }).await
}

async fn eventually(app: &TestApp, query: &str, count: usize) -> Vec<Value> {
    let mut found = Vec::new();
    for _ in 0..600 {
        found = entries(app, &basic("admin", "secret"), query).await;
        if found.len() >= count {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(found.len(), count, "{found:#?}");
    found
}

on_both! {
    async fn denied_changes_and_wrong_logins_are_recorded_and_floods_are_counted(db) {
        let app = server(db, 2).await;
        let body = json!({ "schema": "\"int\"" });
        for _ in 0..5 {
            assert_eq!(send(&app, "alice", "POST", "/subjects/orders/versions", Some(&body)).await.status, 403);
        }
        // to read, and to try out, changes nothing
        send(&app, "alice", "GET", "/accordant/v1/audit", None).await;
        send(&app, "", "GET", "/subjects/orders/versions", None).await;
        send(&app, "", "POST", "/compatibility/subjects/orders/versions", Some(&body)).await;
        for name in ["mallory", "mallory", "oscar", "trudy"] {
            assert_eq!(send(&app, name, "GET", "/subjects", None).await.status, 401);
        }
        let first = eventually(&app, "", 2).await;
        assert_eq!(column(&first, "operation"), ["write.denied", "login.failed"]);
        assert_eq!((&first[0]["actor"], &first[0]["subject"]), (&json!("user:alice"), &json!("orders")));
        assert_eq!(first[0]["details"], json!({ "method": "POST", "target": "/subjects/orders/versions", "denied": "SUBJECT_WRITE" }));
        assert_eq!((&first[1]["actor"], &first[1]["details"]["user"]), (&json!("anonymous"), &json!("mallory")));
        // what was counted comes at the end of the minute, or of the server
        app.flush().await;
        let all = eventually(&app, "", 5).await;
        let counted = |operation: &str| -> Vec<(u64, bool)> {
            let of = all.iter().skip(2).filter(|entry| entry["operation"] == operation);
            let mut counts: Vec<_> = of.map(|e| (e["details"]["count"].as_u64().unwrap(), e["details"]["several"] == true)).collect();
            counts.sort_unstable();
            counts
        };
        assert_eq!(counted("write.denied"), [(4, false)]);
        assert_eq!(counted("login.failed"), [(1, false), (2, true)]);
        let metrics = app.get("/metrics").await.text;
        assert!(metrics.contains("accordant_audit_refusals_total{outcome=\"recorded\"} 2"), "{metrics}");
        assert!(metrics.contains("accordant_audit_refusals_total{outcome=\"counted\"} 7"), "{metrics}");
    }

    async fn what_only_the_body_names_is_recorded_as_well(db) {
        let app = server(db, 10).await;
        let binding = json!({ "subject": "or\u{0}ders", "version": "latest" });
        assert_eq!(send(&app, "bob", "PUT", "/cloudevents/types/t", Some(&binding)).await.status, 403);
        let change = json!({ "requests": [{
            "resourceName": "t", "resourceNamespace": "n", "resourceId": "r", "resourceType": "topic",
            "associations": [{ "opType": "CREATE", "subject": "orders", "associationType": "value", "lifecycle": "WEAK" }],
        }] });
        let answer = send(&app, "bob", "POST", "/associations:batchMutate", Some(&change)).await;
        assert!(answer.status == 207 && answer.text.contains("40301"), "{} {}", answer.status, answer.text);
        app.flush().await;
        let found = eventually(&app, "actor=user:bob", 2).await;
        assert_eq!(column(&found, "operation"), ["write.denied", "write.denied"]);
        assert_eq!((&found[0]["subject"], &found[1]["subject"]), (&json!("or\u{FFFD}ders"), &json!("orders")));
    }

    async fn a_flood_of_names_takes_no_more_entries_than_are_allowed(db) {
        let app = server(db, 10).await;
        // fewer than take a minute on a busy machine, after which as many are allowed again
        for n in 0..40 {
            let login = basic(&format!("nobody{n}"), "x");
            app.send(hyper::Method::GET, "/subjects", &[("authorization", login.as_str())], "").await;
        }
        app.flush().await;
        let found = eventually(&app, "operation=login.failed", 11).await;
        assert_eq!(found[10]["details"]["count"], 30);
    }
}
