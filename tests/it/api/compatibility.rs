//! The two compatibility endpoints.

use serde_json::json;

use crate::on_both;
use crate::support::app::{TestApp, lenient, record};

const ONE: &str = "/compatibility/subjects/s/versions/latest";
const ALL: &str = "/compatibility/subjects/s/versions";

on_both! {
    async fn a_verdict_comes_bare_or_with_messages(db) {
        let app = TestApp::new(db).await;
        app.register("s", &record("R", &["a"])).await;
        let good = json!({ "schema": lenient("R", &["a", "b"]) });
        let bad = json!({ "schema": record("R", &["a", "b"]) });
        for target in [ONE, ALL, "/compatibility/subjects/s/versions/", "/compatibility/subjects/s/versions/1"] {
            assert_eq!(app.post(target, &good).await.text, r#"{"is_compatible":true}"#);
            assert_eq!(app.post(target, &bad).await.text, r#"{"is_compatible":false}"#);
        }
        assert_eq!(app.post(&format!("{ONE}?verbose=True"), &good).await.text, r#"{"is_compatible":true,"messages":[]}"#);
    }

    async fn verbose_answers_messages_and_explain_answers_findings(db) {
        let app = TestApp::new(db).await;
        let closed = |kind: &str| format!(r#"{{"type":"object","additionalProperties":false,"properties":{{"a":{{"type":"{kind}"}}}}}}"#);
        let message = |kind: &str| format!("syntax = \"proto3\";\nmessage M {{\n  {kind} a = 1;\n}}\n");
        for (kind, old, new) in [
            ("AVRO", record("R", &["a"]), record("R", &["a", "b"])),
            ("PROTOBUF", message("int32"), message("string")),
            ("JSON", closed("integer"), closed("string")),
        ] {
            let body = |schema: &str| json!({ "schemaType": kind, "schema": schema });
            app.post(&format!("/subjects/{kind}/versions"), &body(&old)).await.ok();
            let ask = async |query: &str| {
                app.post(&format!("/compatibility/subjects/{kind}/versions/latest?{query}=true"), &body(&new)).await.pretty()
            };
            insta::assert_snapshot!(format!("verbose_{}", kind.to_lowercase()), ask("verbose").await);
            insta::assert_snapshot!(format!("explain_{}", kind.to_lowercase()), ask("explain").await);
        }
    }

    async fn transitive_levels_look_at_every_version(db) {
        let app = TestApp::new(db).await;
        app.put("/config/s", &json!({ "compatibility": "NONE" })).await.ok();
        app.register("s", &record("R", &["old"])).await;
        app.register("s", &lenient("R", &["a"])).await;
        let candidate = json!({ "schema": record("R", &["a"]) });
        app.put("/config/s", &json!({ "compatibility": "BACKWARD" })).await.ok();
        assert_eq!(app.post(ALL, &candidate).await.ok()["is_compatible"], true);
        app.put("/config/s", &json!({ "compatibility": "BACKWARD_TRANSITIVE" })).await.ok();
        assert_eq!(app.post(ALL, &candidate).await.ok()["is_compatible"], false);
        assert_eq!(app.post(ONE, &candidate).await.ok()["is_compatible"], true, "one version stays one version");
    }

    async fn an_unknown_subject_is_compatible_and_an_unknown_version_is_not_found(db) {
        let app = TestApp::new(db).await;
        let body = json!({ "schema": "\"string\"" });
        assert_eq!(app.post(ONE, &body).await.text, r#"{"is_compatible":true}"#);
        assert_eq!(app.post(ALL, &body).await.text, r#"{"is_compatible":true}"#);
        assert_eq!(app.post(&format!("{ALL}/1"), &body).await.error(), (404, 40402, "Version 1 not found.".to_owned()));
        app.register("s", "\"string\"").await;
        assert_eq!(app.post(&format!("{ALL}/2"), &body).await.error().1, 40402);
        assert_eq!(app.post(&format!("{ALL}/0"), &body).await.error().1, 42202);
    }

    async fn an_invalid_schema_is_an_error_or_with_verbose_a_verdict(db) {
        let app = TestApp::new(db).await;
        app.register("s", "\"string\"").await;
        let bad = json!({ "schema": "{\"type\":\"nonsense\"}" });
        assert_eq!(app.post(ONE, &bad).await.error().1, 42201);
        let verdict = app.post(&format!("{ONE}?verbose=true"), &bad).await.ok();
        assert_eq!(verdict["is_compatible"], false);
        assert_eq!(verdict["messages"].as_array().unwrap().len(), 1);
    }

    async fn explain_adds_a_second_opinion_on_json_schemas(db) {
        let app = TestApp::new(db).await;
        let schema = |text: &str| json!({ "schemaType": "JSON", "schema": text });
        let old = schema(r#"{"type":"object","additionalProperties":false,"properties":{"a":{"type":"integer"}}}"#);
        let new = schema(r#"{"type":"object","additionalProperties":false,"properties":{"a":{"type":"integer","maximum":5}}}"#);
        app.post("/subjects/s/versions", &old).await.ok();
        let explained = app.post(&format!("{ALL}?explain=true"), &new).await.ok();
        assert_eq!(explained["is_compatible"], false);
        let findings = explained["findings"].as_array().unwrap();
        assert_eq!(findings[0].get("note"), None);
        let note = findings.iter().find(|finding| finding["note"] == true).unwrap();
        assert_eq!(note["rule"], "SEMANTIC_COUNTER_EXAMPLE");
        let example: serde_json::Value = serde_json::from_str(note["counterExample"].as_str().unwrap()).unwrap();
        assert!(example["a"].as_f64() > Some(5.0), "{example}");
        let refused = app.post("/subjects/s/versions?explain=true", &new).await;
        assert_eq!(refused.json()["findings"], explained["findings"]);
        assert!(app.post("/subjects/s/versions", &new).await.json().get("findings").is_none());
    }

    async fn a_check_leaves_nothing_behind(db) {
        let app = TestApp::new(db).await;
        app.register("s", "\"string\"").await;
        app.post(ONE, &json!({ "schema": "\"bytes\"" })).await.ok();
        assert_eq!(app.get("/subjects/s/versions").await.text, "[1]");
        assert_eq!(app.get("/schemas/ids/2").await.status, 404);
    }
}
