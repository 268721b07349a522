//! Config and mode: what may be set, what is inherited, what it decides.

use accordant::registry::Defaults;
use serde_json::json;

use crate::on_both;
use crate::support::app::{Setup, TestApp, record};

on_both! {
    async fn config_is_merged_inherited_and_deleted(db) {
        let app = TestApp::new(db).await;
        assert_eq!(app.get("/config").await.text, r#"{"compatibilityLevel":"BACKWARD"}"#);
        assert_eq!(
            app.get("/config/s").await.error(),
            (404, 40408, "Subject 's' does not have subject-level compatibility configured".to_owned())
        );
        assert_eq!(app.get("/config/s?defaultToGlobal=true").await.ok()["compatibilityLevel"], "BACKWARD");
        assert_eq!(app.put("/config", &json!({ "compatibility": "full" })).await.text, r#"{"compatibility":"FULL"}"#);
        assert_eq!(app.get("/config/s?defaultToGlobal=true").await.ok()["compatibilityLevel"], "FULL");
        app.put("/config/s", &json!({ "normalize": true })).await.ok();
        let merged = app.put("/config/s", &json!({ "compatibility": "NONE" })).await.ok();
        assert_eq!(merged, json!({ "normalize": true, "compatibility": "NONE" }));
        let cleared = app.put("/config/s", &json!({ "normalize": null })).await.ok();
        assert_eq!(cleared, json!({ "compatibility": "NONE" }));
        assert_eq!(app.delete("/config/s").await.ok(), json!({ "compatibilityLevel": "NONE" }));
        assert_eq!(app.delete("/config/s").await.error(), (404, 40401, "Subject 's' not found.".to_owned()));
        app.delete("/config").await.ok();
        assert_eq!(app.get("/config").await.ok(), json!({ "compatibilityLevel": "BACKWARD" }));
    }

    async fn levels_that_are_none_are_refused(db) {
        let app = TestApp::new(db).await;
        let message = "Invalid compatibility level. Valid values are none, backward, forward, full, backward_transitive, forward_transitive, and full_transitive";
        for target in ["/config", "/config/s"] {
            assert_eq!(app.put(target, &json!({ "compatibility": "SIDEWAYS" })).await.error(), (422, 42203, message.to_owned()));
        }
        assert_eq!(app.put("/config", &json!({ "compatibilityPolicy": "LAX" })).await.error().1, 42203);
        assert_eq!(app.put("/config", &json!({ "normalize": "yes" })).await.error().1, 400);
    }

    async fn a_level_decides_registrations(db) {
        let app = TestApp::new(db).await;
        app.register("s", &record("R", &["a"])).await;
        let wider = json!({ "schema": record("R", &["a", "b"]) });
        assert_eq!(app.post("/subjects/s/versions", &wider).await.status, 409);
        app.put("/config/s", &json!({ "compatibility": "FORWARD" })).await.ok();
        app.post("/subjects/s/versions", &wider).await.ok();
        app.put("/config/s", &json!({ "compatibility": "NONE" })).await.ok();
        app.register("s", "\"string\"").await;
    }

    async fn an_alias_stands_for_its_target(db) {
        let app = TestApp::new(db).await;
        app.register("target", "\"string\"").await;
        app.put("/config/other", &json!({ "alias": "target" })).await.ok();
        assert_eq!(app.get("/subjects/other/versions/1").await.ok()["subject"], "target");
        assert_eq!(app.get("/schemas/ids/1?subject=other").await.ok()["subject"], "target");
        assert_eq!(app.register("other", "\"string\"").await, 1);
        assert_eq!(app.get("/subjects").await.text, r#"["target"]"#);
    }

    async fn modes_are_set_inherited_and_removed(db) {
        let app = TestApp::new(db).await;
        assert_eq!(app.get("/mode").await.text, r#"{"mode":"READWRITE"}"#);
        assert_eq!(
            app.get("/mode/s").await.error(),
            (404, 40409, "Subject 's' does not have subject-level mode configured".to_owned())
        );
        assert_eq!(app.put("/mode", &json!({ "mode": "readonly" })).await.text, r#"{"mode":"readonly"}"#);
        assert_eq!(app.get("/mode").await.ok()["mode"], "READONLY");
        assert_eq!(app.get("/mode/s?defaultToGlobal=true").await.ok()["mode"], "READONLY");
        let refused = app.post("/subjects/s/versions", &json!({ "schema": "\"string\"" })).await.error();
        assert_eq!(refused, (422, 42205, "Subject s in context  is in read-only mode".to_owned()));
        assert_eq!(app.put("/config/s", &json!({ "compatibility": "FULL" })).await.error().1, 42205);
        app.put("/mode/s", &json!({ "mode": "READWRITE" })).await.ok();
        app.register("s", "\"string\"").await;
        assert_eq!(app.delete("/mode/s").await.ok()["mode"], "READWRITE");
        assert_eq!(app.delete("/mode/s").await.error().1, 40401);
        let known = app.post("/subjects/s/versions", &json!({ "schema": "\"string\"" })).await.ok();
        assert_eq!(known["id"], 1, "what is there already is answered in every mode");
        assert_eq!(app.delete("/mode").await.ok()["mode"], "READONLY");
        assert_eq!(app.put("/mode", &json!({ "mode": null })).await.text, r#"{"mode":null}"#);
    }

    async fn modes_that_are_none_are_refused(db) {
        let app = TestApp::new(db).await;
        let invalid = (422, 42204, "Invalid mode. Valid values are READWRITE, READONLY, IMPORT and FORWARD.".to_owned());
        assert_eq!(app.put("/mode", &json!({ "mode": "ASKEW" })).await.error(), invalid);
        assert_eq!(app.put("/mode", &json!({})).await.error(), invalid);
        assert_eq!(
            app.put("/mode", &json!({ "mode": "FORWARD" })).await.error(),
            (422, 42204, "Forward mode only supported on global level".to_owned())
        );
        app.register("s", "\"string\"").await;
        assert_eq!(
            app.put("/mode", &json!({ "mode": "IMPORT" })).await.error(),
            (422, 42205, "Cannot import since found existing subjects".to_owned())
        );
        app.put("/mode?force=true", &json!({ "mode": "IMPORT" })).await.ok();
    }

    async fn modes_may_be_fixed_by_configuration(db) {
        let defaults = Defaults { mode_mutability: false, ..Defaults::default() };
        let app = TestApp::with(db, Setup { defaults, ..Setup::default() }).await;
        let refused = (422, 42205, "Mode changes are not allowed".to_owned());
        assert_eq!(app.put("/mode", &json!({ "mode": "READONLY" })).await.error(), refused);
        assert_eq!(app.delete("/mode").await.error(), refused);
    }
}
