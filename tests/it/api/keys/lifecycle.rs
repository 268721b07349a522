//! Creating, changing, deleting and bringing back.

use serde_json::json;

use super::{KEKS, MATERIAL, dek, kek};
use crate::on_both;
use crate::support::app::TestApp;

on_both! {
    async fn a_kek_is_answered_with_its_keys_in_order(db) {
        let app = TestApp::new(db).await;
        let body = json!({
            "zzz": 1, "shared": null, "doc": "d", "kmsProps": { "b": "1", "a": null, "A": "2" }, "kmsKeyId": "arn:aws:kms:x",
            "kmsType": "aws-kms", "name": "é_1-",
        });
        let created = app.post(KEKS, &body).await;
        let ts = created.json()["ts"].as_i64().unwrap();
        let whole = format!(
            r#"{{"name":"é_1-","kmsType":"aws-kms","kmsKeyId":"arn:aws:kms:x","kmsProps":{{"A":"2","a":null,"b":"1"}},"doc":"d","shared":false,"ts":{ts}}}"#
        );
        assert_eq!(created.text, whole);
        assert_eq!(app.get(&format!("{KEKS}/%C3%A9_1-")).await.text, whole);
    }

    async fn types_of_well_known_kms_are_normalized_and_their_ids_are_checked_as_written(db) {
        let app = TestApp::new(db).await;
        for (number, (given, stored)) in
            [("AWS-kms", "aws-kms"), ("awsX", "aws-kms"), ("Azure", "azure-kms"), ("gcp", "gcp-kms"), ("HCVault", "HCVault"), ("", "")].into_iter().enumerate()
        {
            let created = app.post(KEKS, &json!({ "name": format!("k{number}"), "kmsType": given, "kmsKeyId": "x" })).await.ok();
            assert_eq!(created["kmsType"], stored, "{given}");
        }
    }

    async fn what_is_absent_stays_and_null_clears(db) {
        let app = TestApp::new(db).await;
        let body = json!({ "name": "k", "kmsType": "x", "kmsKeyId": "y", "kmsProps": { "a": "b" }, "doc": "d" });
        let created = app.post(KEKS, &body).await.ok();
        let target = format!("{KEKS}/k");
        let same = app.put(&target, &json!({ "doc": "d", "name": "other" })).await.ok();
        assert_eq!(same, created, "nothing changed, not even the time");
        let changed = app.put(&target, &json!({ "doc": null, "shared": true })).await.ok();
        assert_eq!((changed.get("doc"), &changed["shared"], &changed["kmsProps"]), (None, &json!(true), &json!({ "a": "b" })));
        assert!(changed["ts"].as_i64() >= created["ts"].as_i64());
        assert_eq!(app.put(&target, &json!({ "kmsProps": null })).await.ok()["kmsProps"], json!({}));
        assert_eq!(app.put(&target, &json!({ "doc": "" })).await.ok()["doc"], "");
    }

    async fn creating_what_is_deleted_brings_it_back(db) {
        let app = TestApp::new(db).await;
        kek(&app, "k", false).await;
        dek(&app, "k/deks/s", 1).await;
        for target in ["k/deks/s", "k"] {
            assert_eq!(app.delete(&format!("{KEKS}/{target}")).await.status, 204);
        }
        kek(&app, "k", false).await;
        dek(&app, "k/deks/s", 1).await;
        assert_eq!(app.get(&format!("{KEKS}/k/deks")).await.text, r#"["s"]"#);
        // and the other way: what is there is marked by creating it as deleted
        let body = json!({ "encryptedKeyMaterial": MATERIAL, "deleted": true });
        assert_eq!(app.post(&format!("{KEKS}/k/deks/s"), &body).await.ok()["deleted"], true);
        assert_eq!(app.get(&format!("{KEKS}/k/deks")).await.text, "[]");
    }

    async fn versions_are_what_clients_say(db) {
        let app = TestApp::new(db).await;
        kek(&app, "k", false).await;
        for version in [3, 1, 10, 0, -1, i32::MAX] {
            assert_eq!(dek(&app, "k/deks/s", version).await["version"], version);
        }
        let deks = format!("{KEKS}/k/deks/s");
        let get = async |target: &str| app.get(&format!("{deks}{target}")).await;
        assert_eq!(get("/versions").await.text, "[1,3,10]", "lists know of numbers from 1 on");
        assert_eq!(get("/versions/latest").await.ok()["version"], 10);
        assert_eq!(get("").await.ok()["version"], 1, "without a number it is the first, not the latest");
        assert_eq!(get(&format!("/versions/{}", i32::MAX)).await.ok()["version"], i32::MAX);
        // of the latest, nothing is deleted, as with Confluent: the word stands for the number -1, under which one is stored here
        assert_eq!(app.delete(&format!("{deks}/versions/latest")).await.status, 204);
        assert_eq!(app.delete(&format!("{deks}/versions/latest?permanent=true")).await.status, 204);
        assert_eq!(app.delete(&format!("{deks}/versions/-1")).await.status, 204);
        assert_eq!(get("/versions").await.text, "[1,3,10]");
        assert_eq!(app.delete(&format!("{deks}/versions/10")).await.status, 204);
        assert_eq!(get("/versions/latest").await.ok()["version"], 3);
        assert_eq!(app.delete(&deks).await.status, 204);
        assert_eq!(get("/versions").await.text, "[]");
        assert_eq!(app.delete(&deks).await.status, 204, "twice is no error");
        assert_eq!(app.post(&format!("{deks}/versions/3/undelete"), &json!(null)).await.status, 204);
        assert_eq!(app.post(&format!("{deks}/versions/latest/undelete"), &json!(null)).await.status, 204);
        assert_eq!(get("/versions").await.text, "[3]");
        assert_eq!(app.post(&format!("{deks}/undelete"), &json!(null)).await.status, 204);
        assert_eq!(get("/versions").await.text, "[1,3,10]");
    }

    async fn each_algorithm_has_keys_of_its_own(db) {
        let app = TestApp::new(db).await;
        kek(&app, "k", false).await;
        for algorithm in ["AES128_GCM", "AES256_GCM", "AES256_SIV"] {
            let body = json!({ "subject": "s", "algorithm": algorithm, "encryptedKeyMaterial": MATERIAL });
            let created = app.post(&format!("{KEKS}/k/deks"), &body).await.ok();
            let read = app.get(&format!("{KEKS}/k/deks/s?algorithm={algorithm}")).await.ok();
            assert_eq!((&created["algorithm"], &read), (&json!(algorithm), &created));
        }
        assert_eq!(app.delete(&format!("{KEKS}/k/deks/s?algorithm=AES256_SIV")).await.status, 204);
        assert_eq!(app.get(&format!("{KEKS}/k/deks/s?algorithm=AES256_SIV")).await.error().1, 40470);
        assert_eq!(app.get(&format!("{KEKS}/k/deks")).await.text, r#"["s"]"#);
    }

    async fn what_was_removed_for_good_can_be_created_anew(db) {
        let app = TestApp::new(db).await;
        kek(&app, "k", false).await;
        let first = dek(&app, "k/deks/s", 1).await;
        for target in ["k/deks/s", "k/deks/s?permanent=true", "k", "k?permanent=true"] {
            assert_eq!(app.delete(&format!("{KEKS}/{target}")).await.status, 204, "{target}");
        }
        assert_eq!(app.get(&format!("{KEKS}?deleted=true")).await.text, "[]");
        kek(&app, "k", true).await;
        app.put(&format!("{KEKS}/k"), &json!({ "shared": false })).await.ok();
        let body = json!({ "encryptedKeyMaterial": "AAEC" });
        let second = app.post(&format!("{KEKS}/k/deks/s"), &body).await.ok();
        assert_ne!(first["encryptedKeyMaterial"], second["encryptedKeyMaterial"]);
    }

    async fn a_dek_created_as_deleted_belongs_to_a_kek_of_any_state(db) {
        let app = TestApp::new(db).await;
        kek(&app, "k", false).await;
        assert_eq!(app.delete(&format!("{KEKS}/k")).await.status, 204);
        let body = json!({ "encryptedKeyMaterial": MATERIAL, "deleted": true });
        let created = app.post(&format!("{KEKS}/k/deks/s"), &body).await.ok();
        assert_eq!(created["deleted"], true);
        assert_eq!(app.get(&format!("{KEKS}/k/deks?deleted=true")).await.text, r#"["s"]"#);
    }

    async fn every_change_is_in_the_record_without_keys(db) {
        let app = TestApp::new(db).await;
        kek(&app, "k", false).await;
        dek(&app, "k/deks/:.c:s", 1).await;
        app.delete(&format!("{KEKS}/k/deks/:.c:s")).await;
        app.delete(&format!("{KEKS}/k/deks/:.c:s?permanent=true")).await;
        app.delete(&format!("{KEKS}/k")).await;
        app.post(&format!("{KEKS}/k/undelete"), &json!(null)).await;
        let changes = app.store.changes(0, 100).await.unwrap();
        let kinds: Vec<&str> = changes.iter().map(|change| change.kind.as_str()).collect();
        assert_eq!(kinds, ["kek.set", "dek.set", "dek.deleted", "dek.purged", "kek.deleted", "kek.set"]);
        assert_eq!(changes[1].subject.qualified(), ":.c:s");
        assert_eq!(changes[1].payload.as_deref(), Some(r#"{"kekName":"k","algorithm":"AES256_GCM"}"#));
    }
}
