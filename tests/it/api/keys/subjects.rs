//! Subjects of DEKs: contexts, aliases, order.

use serde_json::json;

use super::{KEKS, MATERIAL, dek, kek};
use crate::on_both;
use crate::support::app::TestApp;

on_both! {
    async fn behind_a_context_prefix_the_subject_of_the_path_is_in_that_context(db) {
        let app = TestApp::new(db).await;
        let prefixed = |target: &str| format!("/contexts/.x/dek-registry/v1/keks{target}");
        let body = json!({ "name": "k", "kmsType": "x", "kmsKeyId": "y" });
        app.post(&prefixed(""), &body).await.ok();
        assert_eq!(app.get(&format!("{KEKS}?context=.y")).await.text, r#"["k"]"#, "KEKs belong to no context");
        let given = json!({ "encryptedKeyMaterial": MATERIAL });
        assert_eq!(app.post(&prefixed("/k/deks/s"), &given).await.ok()["subject"], ":.x:s");
        assert_eq!(app.post(&prefixed("/k/deks/:.y:s"), &given).await.ok()["subject"], ":.y:s");
        assert_eq!(app.post("/contexts/./dek-registry/v1/keks/k/deks/s", &given).await.ok()["subject"], "s");
        // the subject of a body is taken as it is
        let body = json!({ "subject": "t", "encryptedKeyMaterial": MATERIAL });
        assert_eq!(app.post(&prefixed("/k/deks"), &body).await.ok()["subject"], "t");
        assert_eq!(app.get(&prefixed("/k/deks/s/versions/latest")).await.ok()["subject"], ":.x:s");
        assert_eq!(app.get(&prefixed("/k/deks")).await.text, r#"[":.x:s",":.y:s","s","t"]"#);
        assert_eq!(app.delete(&prefixed("/k/deks/s")).await.status, 204);
        assert_eq!(app.get(&format!("{KEKS}/k/deks")).await.text, r#"[":.y:s","s","t"]"#);
        assert_eq!(app.get(&prefixed("?subjectPrefix=:.y:&subjectPrefix=none")).await.text, r#"["k"]"#);
        assert_eq!(app.get(&prefixed("/k/deks/none")).await.error().2, "Key ':.x:none' not found");
    }

    async fn subjects_are_sorted_by_utf_16_units_and_may_be_written_in_two_ways(db) {
        let app = TestApp::new(db).await;
        kek(&app, "k", false).await;
        // U+FF21 is above the surrogates of U+1F511
        for subject in ["b", "%F0%9F%94%91", "%EF%BC%A1", "a%2Fb", "%20", ":.c:a", ":.:d"] {
            dek(&app, &format!("k/deks/{subject}"), 1).await;
        }
        assert_eq!(app.get(&format!("{KEKS}/k/deks")).await.ok(), json!([" ", ":.:d", ":.c:a", "a/b", "b", "\u{1F511}", "\u{FF21}"]));
        assert_eq!(app.get(&format!("{KEKS}/k/deks/d")).await.ok()["subject"], ":.:d");
    }

    async fn aliases_are_followed_and_those_for_deks_come_first(db) {
        let app = TestApp::new(db).await;
        kek(&app, "k", false).await;
        dek(&app, "k/deks/a", 1).await;
        dek(&app, "k/deks/b", 1).await;
        app.put("/config/s", &json!({ "alias": "a" })).await.ok();
        let subject = async |target: &str| app.get(&format!("{KEKS}/k/deks/{target}")).await.ok()["subject"].clone();
        assert_eq!(subject("s").await, "a");
        app.put("/config/s", &json!({ "aliasForDeks": "b" })).await.ok();
        assert_eq!(subject("s").await, "b");
        assert_eq!(subject("s/versions/1").await, "b");
        // for schemas it is the alias alone
        app.register("a", "\"int\"").await;
        assert_eq!(app.get("/subjects/s/versions/1").await.ok()["subject"], "a");
        app.put("/config/:.c:s", &json!({ "aliasForDeks": "t" })).await.ok();
        let created = app.post(&format!("{KEKS}/k/deks/:.c:s"), &json!({ "encryptedKeyMaterial": MATERIAL })).await.ok();
        assert_eq!(created["subject"], ":.c:t");
        // the subject of a body has no alias
        let body = json!({ "subject": "s", "encryptedKeyMaterial": MATERIAL });
        assert_eq!(app.post(&format!("{KEKS}/k/deks"), &body).await.ok()["subject"], "s");
    }
}
