//! Shared KEKs: the registry makes and unwraps keys.

use accordant::kms::{KeyMaterial, Kms, KmsDriver, KmsError, KmsKey, LocalKms, Secret, base64};
use accordant::registry::{Defaults, Limits};
use async_trait::async_trait;
use serde_json::{Value, json};

use super::{KEKS, MATERIAL, dek, kek};
use crate::on_both;
use crate::support::app::{Database, Setup, TestApp};

pub(super) async fn with(database: Database, kms: Kms) -> TestApp {
    TestApp::with(database, Setup { defaults: Defaults { kms, ..Defaults::default() }, ..Setup::default() }).await
}

fn local(secret: &str) -> LocalKms {
    LocalKms::new(&Secret::new(secret.to_owned())).unwrap()
}

async fn shared(database: Database) -> TestApp {
    with(database, Kms::default().with(local("secret"))).await
}

fn bytes(value: &Value) -> Vec<u8> {
    base64::decode(value.as_str().unwrap()).unwrap()
}

/// Lets nobody use the key `denied`, and is broken for all others.
struct Failing;

#[async_trait]
impl KmsDriver for Failing {
    fn supports(&self, key: &KmsKey<'_>) -> bool {
        key.kms_type == "failing"
    }

    async fn wrap(&self, key: &KmsKey<'_>, _: &KeyMaterial) -> Result<Vec<u8>, KmsError> {
        Err(if key.id == "denied" { KmsError::Denied("no".to_owned()) } else { KmsError::Failed("broken".to_owned()) })
    }

    async fn unwrap(&self, key: &KmsKey<'_>, _: &[u8]) -> Result<KeyMaterial, KmsError> {
        self.wrap(key, &KeyMaterial::new(Vec::new())).await.map(KeyMaterial::new)
    }
}

on_both! {
    async fn the_registry_makes_keys_of_each_algorithm_and_gives_them_out(db) {
        let app = shared(db).await;
        kek(&app, "k", true).await;
        for (algorithm, head, length) in [("AES128_GCM", [0x1a, 16], 18), ("AES256_GCM", [0x1a, 32], 34), ("AES256_SIV", [0x12, 64], 66)] {
            let created = app.post(&format!("{KEKS}/k/deks/s"), &json!({ "algorithm": algorithm })).await.ok();
            let key = bytes(&created["keyMaterial"]);
            assert_eq!((&key[..2], key.len()), (&head[..], length), "{algorithm}");
            assert_eq!(bytes(&created["encryptedKeyMaterial"]).len(), length + 28);
            let read = app.get(&format!("{KEKS}/k/deks/s/versions/latest?algorithm={algorithm}")).await;
            assert_eq!((read.json(), read.header("cache-control")), (created, "no-store"));
            let keys: Vec<String> = read.json().as_object().unwrap().keys().cloned().collect();
            assert_eq!(keys, ["kekName", "subject", "version", "algorithm", "encryptedKeyMaterial", "keyMaterial", "ts"]);
        }
    }

    async fn keys_that_a_client_wrapped_by_the_same_secret_are_unwrapped(db) {
        let app = shared(db).await;
        kek(&app, "k", true).await;
        let wrapped = local("secret").wrap(&KmsKey { kms_type: "local-kms", id: "key" }, &KeyMaterial::new(b"a key".to_vec())).await;
        let wrapped = base64::encode(&wrapped.unwrap());
        let created = app.post(&format!("{KEKS}/k/deks/s"), &json!({ "encryptedKeyMaterial": wrapped })).await.ok();
        assert_eq!((bytes(&created["keyMaterial"]), created["encryptedKeyMaterial"].as_str()), (b"a key".to_vec(), Some(wrapped.as_str())));
        // what can't be unwrapped does not get in
        let refused = app.post(&format!("{KEKS}/k/deks/t"), &json!({ "encryptedKeyMaterial": MATERIAL })).await;
        assert_eq!(refused.error(), (500, 50070, "Could not generate raw dek for t: decryption failed".to_owned()));
        assert_eq!(app.get(&format!("{KEKS}/k/deks?deleted=true")).await.text, r#"["s"]"#);
    }

    async fn wrapping_anew_keeps_the_key(db) {
        let app = shared(db).await;
        kek(&app, "k", true).await;
        let deks = format!("{KEKS}/k/deks/s");
        let first = app.post(&deks, &json!({})).await.ok();
        assert_eq!(app.post(&deks, &json!({})).await.error().1, 40971);
        let second = app.post(&format!("{deks}?rewrap=true"), &json!({ "encryptedKeyMaterial": "" })).await.ok();
        assert_eq!(first["keyMaterial"], second["keyMaterial"]);
        assert_ne!(first["encryptedKeyMaterial"], second["encryptedKeyMaterial"]);
        assert_eq!(app.get(&deks).await.ok(), second);
        // a deleted one does not come back as a fresh key
        app.delete(&deks).await;
        assert_eq!(app.post(&deks, &json!({})).await.error().1, 40971);
        assert_eq!(app.post(&format!("{deks}?rewrap=true"), &json!({})).await.ok()["keyMaterial"], first["keyMaterial"]);
    }

    async fn only_shared_keys_are_given_out(db) {
        let app = shared(db).await;
        kek(&app, "k", true).await;
        let created = app.post(&format!("{KEKS}/k/deks/s"), &json!({})).await.ok();
        app.put(&format!("{KEKS}/k"), &json!({ "shared": false })).await.ok();
        let read = app.get(&format!("{KEKS}/k/deks/s")).await.ok();
        assert_eq!((read.get("keyMaterial"), &read["encryptedKeyMaterial"]), (None, &created["encryptedKeyMaterial"]));
        app.put(&format!("{KEKS}/k?testSharing=true"), &json!({ "shared": true })).await.ok();
        app.delete(&format!("{KEKS}/k/deks/s")).await;
        assert_eq!(app.get(&format!("{KEKS}/k/deks/s?deleted=true")).await.ok()["keyMaterial"], created["keyMaterial"]);
    }

    async fn a_test_answers_what_is_stored(db) {
        let app = shared(db).await;
        app.post(&format!("{KEKS}?testSharing=true"), &json!({ "name": "k", "kmsType": "Local-KMS", "kmsKeyId": "key", "shared": true })).await.ok();
        let tested = app.post(&format!("{KEKS}/k/test"), &json!(null)).await.ok();
        let keys: Vec<&String> = tested.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["name", "kmsType", "kmsKeyId", "kmsProps", "shared", "deleted", "type", "offset", "ts"]);
        assert_eq!((&tested["type"], &tested["deleted"]), (&json!("KEK"), &json!(false)));
    }

    async fn what_the_kms_refuses_is_a_403_and_writes_nothing(db) {
        let app = with(db, Kms::default().with(Failing)).await;
        let body = |name: &str, id: &str, props: Value| json!({ "name": name, "kmsType": "failing", "kmsKeyId": id, "shared": true, "kmsProps": props });
        app.post(KEKS, &body("d", "denied", json!({}))).await.ok();
        app.post(KEKS, &body("b", "broken", json!({}))).await.ok();
        // a refusal by any key is what is said
        app.post(KEKS, &body("o", "broken", json!({ "encrypt.alternate.kms.key.ids": "denied , broken" }))).await.ok();
        let wrapped = |name: &str| format!("{KEKS}/{name}/deks/s");
        for (name, status, code, why) in [("d", 403, 40370, "no"), ("b", 500, 50070, "broken"), ("o", 403, 40370, "no")] {
            let encrypted = |subject: &str| (status, code, format!("Could not generate encrypted dek for {subject}: {why}"));
            assert_eq!(app.post(&wrapped(name), &json!({})).await.error(), encrypted("s"));
            assert_eq!(app.post(&format!("{KEKS}/{name}/deks"), &json!({ "subject": "s" })).await.error(), encrypted("s"));
            assert_eq!(app.post(&format!("{KEKS}/{name}/test"), &json!(null)).await.error(), encrypted("__TEST"));
            let raw = (status, code, format!("Could not generate raw dek for s: {why}"));
            assert_eq!(app.post(&wrapped(name), &json!({ "encryptedKeyMaterial": MATERIAL })).await.error(), raw);
            // one that was there before the KEK was shared
            app.put(&format!("{KEKS}/{name}"), &json!({ "shared": false })).await.ok();
            dek(&app, &format!("{name}/deks/s"), 1).await;
            app.put(&format!("{KEKS}/{name}"), &json!({ "shared": true })).await.ok();
            for target in ["", "/versions/1", "/versions/latest"] {
                assert_eq!(app.get(&format!("{}{target}", wrapped(name))).await.error(), raw);
            }
            assert_eq!(app.post(&format!("{}?rewrap=true", wrapped(name)), &json!({})).await.error(), raw);
            // lists and deletions need no KMS
            assert_eq!(app.get(&format!("{}/versions", wrapped(name))).await.text, "[1]");
            assert_eq!(app.delete(&format!("{}/versions/1", wrapped(name))).await.status, 204);
        }
        let refused = app.put(&format!("{KEKS}/d?testSharing=true"), &json!({ "doc": "d" })).await;
        assert_eq!(refused.error(), (500, 500, "Error while updating key: Could not generate encrypted dek for __TEST: no".to_owned()));
        assert_eq!(app.get(&format!("{KEKS}/d")).await.ok().get("doc"), None);
        let refused = app.post(&format!("{KEKS}?testSharing=true"), &body("n", "broken", json!({}))).await;
        assert_eq!(refused.error().0, 500);
        assert_eq!(app.get(&format!("{KEKS}/n?deleted=true")).await.error().1, 40470);
    }

    async fn the_next_key_is_asked_when_one_fails(db) {
        let app = with(db, Kms::default().with(local("secret"))).await;
        let body = json!({ "name": "k", "kmsType": "local-kms", "kmsKeyId": "a", "shared": true, "kmsProps": { "encrypt.alternate.kms.key.ids": "b" } });
        app.post(KEKS, &body).await.ok();
        assert!(app.post(&format!("{KEKS}/k/deks/s"), &json!({})).await.ok()["keyMaterial"].is_string());
    }

    async fn imports_are_not_unwrapped(db) {
        let app = TestApp::new(db).await;
        kek(&app, "k", true).await;
        app.put("/mode/s", &json!({ "mode": "IMPORT" })).await.ok();
        let created = app.post(&format!("{KEKS}/k/deks/s"), &json!({ "encryptedKeyMaterial": MATERIAL })).await.ok();
        assert_eq!(created.get("keyMaterial"), None);
        assert_eq!(app.get(&format!("{KEKS}/k/deks/s")).await.error().1, 50070);
        // no other mode matters
        kek(&app, "own", false).await;
        app.put("/mode/t", &json!({ "mode": "READONLY" })).await.ok();
        dek(&app, "own/deks/t", 1).await;
    }

    async fn keys_beyond_the_limit_are_refused(db) {
        let limits = Limits { keys: 1, ..Limits::default() };
        let app = TestApp::with(db, Setup { limits, ..Setup::default() }).await;
        kek(&app, "a", false).await;
        kek(&app, "b", false).await;
        dek(&app, "a/deks/s", 1).await;
        dek(&app, "a/deks/s", 2).await;
        let full = (409, 40972, "A maximum of 1 keys already exist".to_owned());
        assert_eq!(app.post(KEKS, &json!({ "name": "a", "kmsType": "x", "kmsKeyId": "y" })).await.error(), full);
        let body = json!({ "subject": "t", "encryptedKeyMaterial": MATERIAL });
        assert_eq!(app.post(&format!("{KEKS}/a/deks"), &body).await.error(), full);
        assert_eq!(app.post(&format!("{KEKS}/a/deks/t"), &body).await.error(), full);
        // deleted ones count, until they are removed for good
        app.delete(&format!("{KEKS}/a/deks/s")).await;
        assert_eq!(app.post(&format!("{KEKS}/a/deks/t"), &body).await.error(), full);
        app.delete(&format!("{KEKS}/a/deks/s?permanent=true")).await;
        app.post(&format!("{KEKS}/a/deks/t"), &body).await.ok();
    }
}
