//! What registration adds to rules of encryption.

use serde_json::{Value, json};

use crate::on_both;
use crate::support::app::TestApp;

/// The parameters that a rule has once a schema is registered with it.
async fn registered(app: &TestApp, subject: &str, kind: &str, params: Value) -> Value {
    let rule =
        json!({ "name": "r", "kind": "TRANSFORM", "mode": "WRITEREAD", "type": "ENCRYPT", "tags": ["PII"], "params": params });
    let body = json!({ "schema": "\"int\"", "ruleSet": { kind: [rule] } });
    let answer = app.post(&format!("/subjects/{subject}/versions"), &body).await.ok();
    answer["ruleSet"][kind][0]["params"].clone()
}

on_both! {
    async fn domain_rules_get_the_name_of_the_kek_and_the_type_of_the_kms(db) {
        let app = TestApp::new(db).await;
        let arn = "arn:aws:kms:us-west-2:1:key/a_b-c";
        for (subject, given, filled) in [
            ("arn", json!({ "encrypt.kms.key.id": arn }),
                json!({ "encrypt.kek.name": "aws-kms-us-west-2-1-key-a_b-c", "encrypt.kms.key.id": arn, "encrypt.kms.type": "aws-kms" })),
            ("url", json!({ "encrypt.kms.key.id": "https://v/é𝒜" }),
                json!({ "encrypt.kek.name": "https---v-é--", "encrypt.kms.key.id": "https://v/é𝒜" })),
            ("named", json!({ "encrypt.kms.key.id": arn, "encrypt.kek.name": "k" }),
                json!({ "encrypt.kek.name": "k", "encrypt.kms.key.id": arn, "encrypt.kms.type": "aws-kms" })),
            ("typed", json!({ "encrypt.kms.key.id": arn, "encrypt.kms.type": "t" }),
                json!({ "encrypt.kek.name": "aws-kms-us-west-2-1-key-a_b-c", "encrypt.kms.key.id": arn, "encrypt.kms.type": "t" })),
            ("none", json!({ "encrypt.kek.name": "k" }), json!({ "encrypt.kek.name": "k" })),
        ] {
            assert_eq!(registered(&app, subject, "domainRules", given).await, filled, "{subject}");
        }
        let kept = json!({ "encrypt.kms.key.id": arn });
        assert_eq!(registered(&app, "encoding", "encodingRules", kept.clone()).await, kept, "only domain rules");
    }

    async fn a_schema_is_the_same_whether_its_rules_were_complete_or_not(db) {
        let app = TestApp::new(db).await;
        let given = json!({ "encrypt.kms.key.id": "arn:x" });
        let filled = registered(&app, "s", "domainRules", given.clone()).await;
        assert_eq!(registered(&app, "s", "domainRules", filled.clone()).await, filled);
        assert_eq!(registered(&app, "s", "domainRules", given).await, filled);
        assert_eq!(app.get("/subjects/s/versions").await.text, "[1]");
    }
}
