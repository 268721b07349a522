//! The DEK registry: what happens in sequence. Each error of each operation, and each parameter, is a case of `tests/vectors/rest/`.

use serde_json::{Value, json};

use crate::support::app::TestApp;

mod clouds;
mod lifecycle;
mod rules;
mod sharing;
mod subjects;

const KEKS: &str = "/dek-registry/v1/keks";
/// Some wrapped key.
const MATERIAL: &str = "AAECAwQFBgcICQoLDA0ODw==";

async fn kek(app: &TestApp, name: &str, shared: bool) -> Value {
    let body = json!({ "name": name, "kmsType": "local-kms", "kmsKeyId": "key", "shared": shared });
    app.post(KEKS, &body).await.ok()
}

async fn dek(app: &TestApp, target: &str, version: i32) -> Value {
    app.post(&format!("{KEKS}/{target}"), &json!({ "version": version, "encryptedKeyMaterial": MATERIAL })).await.ok()
}
