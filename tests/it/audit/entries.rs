//! What an entry says, and who may read it.

use accordant::http::{HttpSettings, TrustedProxies};
use hyper::Method;
use serde_json::{Value, json};

use super::{column, entries};
use crate::access::{basic, send, server};
use crate::on_both;
use crate::support::app::{Setup, TestApp, lenient, record};

const ALICE: &str = "[[allow]]\nprincipals = [\"user:alice\"]\nroles = [\"owner\"]\nsubjects = [\"*\"]\n";

on_both! {
    async fn an_entry_says_who_registered_what_from_where_and_why(db) {
        let app = server(db, &["alice"], ALICE).await;
        let login = basic("alice", "secret");
        let headers = [
            ("authorization", login.as_str()),
            ("content-type", "application/json"),
            ("user-agent", "curl/8"),
            ("x-request-id", "req-1"),
            ("x-change-reason", "CHG-1: orders get a b"),
            // nobody here is a proxy
            ("x-forwarded-for", "1.2.3.4"),
        ];
        let mut guids = Vec::new();
        for fields in [&["a"][..], &["a", "b"]] {
            let body = json!({ "schema": lenient("R", fields) }).to_string();
            guids.push(app.send(Method::POST, "/subjects/orders/versions", &headers, body).await.ok()["guid"].clone());
        }
        let admin = basic("admin", "secret");
        let found = entries(&app, &admin, "subject=orders&version=2").await;
        assert_eq!(found.len(), 1);
        let entry = &found[0];
        for (name, value) in [
            ("position", json!(2)),
            ("operation", json!("schema.registered")),
            ("actor", json!("user:alice")),
            ("login", json!("basic")),
            ("address", json!("127.0.0.1")),
            ("userAgent", json!("curl/8")),
            ("requestId", json!("req-1")),
            ("reason", json!("CHG-1: orders get a b")),
            ("subject", json!("orders")),
            ("version", json!(2)),
            ("id", json!(2)),
            ("guidBefore", guids[0].clone()),
            ("guidAfter", guids[1].clone()),
        ] {
            assert_eq!(entry[name], value, "{name}");
        }
        // what is known already is no change
        let body = json!({ "schema": lenient("R", &["a", "b"]) }).to_string();
        app.send(Method::POST, "/subjects/orders/versions", &headers, body).await.ok();
        assert_eq!(entries(&app, &admin, "").await.len(), 2);
    }

    async fn every_kind_of_change_has_its_entry(db) {
        let app = TestApp::new(db).await;
        app.register("s", &lenient("R", &["a"])).await;
        app.register("s", &lenient("R", &["a", "b"])).await;
        app.put("/config/s", &json!({ "compatibility": "FULL" })).await.ok();
        app.put("/config/s", &json!({ "compatibility": "NONE" })).await.ok();
        app.put("/mode/s", &json!({ "mode": "READONLY" })).await.ok();
        app.delete("/mode/s").await.ok();
        app.delete("/config/s").await.ok();
        let alias = json!({ "uri": "https://example.com/a", "subject": "s", "version": 1 });
        assert!(app.put("/cloudevents/aliases", &alias).await.status.is_success());
        app.delete("/cloudevents/aliases?uri=https://example.com/a").await;
        app.put("/cloudevents/types/t", &json!({ "subject": "s", "version": "latest" })).await;
        app.delete("/cloudevents/types/t").await;
        app.post("/dek-registry/v1/keks", &json!({ "name": "k", "kmsType": "x", "kmsKeyId": "y" })).await.ok();
        app.post("/dek-registry/v1/keks/k/deks/s", &json!({ "encryptedKeyMaterial": "AAEC" })).await.ok();
        app.delete("/dek-registry/v1/keks/k/deks/s").await;
        app.post("/dek-registry/v1/keks/k/deks/s/undelete", &Value::Null).await;
        app.delete("/dek-registry/v1/keks/k/deks/s").await;
        app.delete("/dek-registry/v1/keks/k/deks/s?permanent=true").await;
        app.delete("/dek-registry/v1/keks/k").await;
        let tree = json!({ "schemas": [{ "subject": "t1", "schema": "\"int\"" }, { "subject": "t2", "schema": "\"long\"" }] });
        app.post("/accordant/v1/register", &tree).await.ok();
        let association = json!({
            "resourceName": "t", "resourceNamespace": "n", "resourceId": "r", "resourceType": "topic",
            "associations": [{ "subject": "t1", "associationType": "value", "lifecycle": "WEAK" }],
        });
        app.post("/associations", &association).await.ok();
        app.delete("/associations/resources/r?resourceType=topic").await;
        app.delete("/subjects/s").await.ok();
        app.delete("/subjects/s?permanent=true").await.ok();
        app.put("/mode/i?force=true", &json!({ "mode": "IMPORT" })).await.ok();
        app.post("/subjects/i/versions", &json!({ "schema": "\"string\"", "id": 77, "version": 3 })).await.ok();
        app.delete("/contexts/.gone").await;
        let found = entries(&app, "", "limit=7").await;
        assert_eq!(
            column(&found, "operation"),
            [
                "schema.registered", "schema.registered", "config.set", "config.set", "mode.set", "mode.deleted", "config.deleted",
                "alias.set", "alias.deleted", "type.set", "type.deleted", "kek.set", "dek.set", "dek.deleted", "dek.undeleted",
                "dek.deleted", "dek.purged", "kek.deleted", "schema.registered", "schema.registered", "association.set",
                "association.deleted", "schema.deleted", "schema.deleted", "schema.purged", "schema.purged", "mode.set",
                "schema.imported",
            ]
        );
        let positions: Vec<i64> = found.iter().map(|entry| entry["position"].as_i64().unwrap()).collect();
        assert_eq!(positions, (1..=28).collect::<Vec<i64>>());
        assert_eq!(found[3]["details"], json!({ "before": { "compatibility": "FULL" }, "after": { "compatibility": "NONE" } }));
        assert_eq!(found[5]["details"], json!({ "before": "READONLY", "after": null }));
        assert_eq!(found[8]["details"]["before"], json!({ "subject": "s", "version": 1 }));
        // what is gone is in the entry
        assert_eq!((&found[22]["version"], &found[22]["id"]), (&json!(1), &json!(1)));
        assert_eq!(found[22]["guidBefore"], found[0]["guidAfter"]);
        assert_eq!((&found[27]["version"], &found[27]["id"]), (&json!(3), &json!(77)));
        assert!(!found.iter().any(|entry| entry.to_string().contains("AAEC")), "keys have no place in it");
    }

    async fn entries_are_found_by_what_they_say(db) {
        let app = server(db, &["alice", "bob"], &format!("{ALICE}{}", ALICE.replace("alice", "bob"))).await;
        for (user, subject) in [("alice", "a"), ("bob", "b"), ("alice", ":.c:a"), ("bob", "a")] {
            let body = json!({ "schema": lenient("R", &[user]) });
            send(&app, user, "POST", &format!("/subjects/{subject}/versions"), Some(&body)).await.ok();
        }
        let admin = basic("admin", "secret");
        for (query, positions) in [
            ("", vec![1, 2, 3, 4]),
            ("order=desc", vec![4, 3, 2, 1]),
            ("order=desc&limit=3", vec![4, 3, 2, 1]),
            ("limit=1", vec![1, 2, 3, 4]),
            ("subject=a", vec![1, 4]),
            ("subject=a&order=desc&limit=1", vec![4, 1]),
            ("subject=:.c:a", vec![3]),
            ("subject=a&context=.c", vec![3]),
            ("context=c", vec![3]),
            ("actor=user:bob", vec![2, 4]),
            ("actor=user:bob&subject=a&version=2", vec![4]),
            ("operation=schema.deleted", vec![]),
            ("since=2020-01-01&until=2100-01-01T00:00:00%2B01:00", vec![1, 2, 3, 4]),
            ("since=2100-01-01", vec![]),
            ("until=2020-01-01", vec![]),
            ("after=2", vec![3, 4]),
            ("after=3&order=desc", vec![2, 1]),
        ] {
            let found: Vec<i64> = entries(&app, &admin, query).await.iter().map(|e| e["position"].as_i64().unwrap()).collect();
            assert_eq!(found, positions, "{query}");
        }
        for query in ["since=yesterday", "limit=many", "after=x", "version=latest", "order=up", "context=a:b"] {
            assert_eq!(send(&app, "admin", "GET", &format!("/accordant/v1/audit?{query}"), None).await.status, 400, "{query}");
        }
        // to own all subjects is not to see who works on them
        assert_eq!(send(&app, "alice", "GET", "/accordant/v1/audit", None).await.error().0, 403);
        assert_eq!(send(&app, "", "GET", "/accordant/v1/audit", None).await.error().0, 401);
    }

    async fn a_proxy_of_our_own_says_where_a_request_came_from(db) {
        let http = HttpSettings { trusted_proxies: TrustedProxies::parse("127.0.0.0/8").unwrap(), ..HttpSettings::default() };
        let app = TestApp::with(db, Setup { http, ..Setup::default() }).await;
        let long = "x".repeat(5000);
        let headers = [
            ("content-type", "application/json"),
            ("x-forwarded-for", "6.6.6.6, 203.0.113.9, 127.0.0.2"),
            ("x-change-reason", long.as_str()),
            ("user-agent", long.as_str()),
        ];
        app.send(Method::POST, "/subjects/s/versions", &headers, json!({ "schema": record("R", &["a"]) }).to_string()).await.ok();
        let found = entries(&app, "", "").await;
        assert_eq!(found[0]["address"], "203.0.113.9");
        assert_eq!((&found[0]["actor"], &found[0]["login"]), (&json!("anonymous"), &json!("none")));
        let reason = found[0]["reason"].as_str().unwrap();
        assert!(reason.len() <= 1024 && reason.ends_with('…'), "{} bytes", reason.len());
        assert!(found[0]["userAgent"].as_str().unwrap().len() <= 256);
    }
}
