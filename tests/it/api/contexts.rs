//! Contexts: qualified names, prefixes of paths, their own ids, and what searches across them.

use serde_json::json;

use crate::on_both;
use crate::support::app::TestApp;

on_both! {
    async fn every_context_has_its_own_ids(db) {
        let app = TestApp::new(db).await;
        assert_eq!(app.register("s", "\"string\"").await, 1);
        assert_eq!(app.register("s2", "\"long\"").await, 2);
        assert_eq!(app.register(":.ctx:s", "\"long\"").await, 1);
        assert_eq!(app.get("/contexts").await.text, r#"[".",".ctx"]"#);
        assert_eq!(app.get("/schemas/ids/1?subject=:.ctx:").await.ok()["schema"], "\"long\"");
        assert_eq!(app.get("/schemas/ids/1?subject=:.ctx:s").await.ok()["subject"], ":.ctx:s");
        assert_eq!(app.get("/schemas/ids/2?subject=:.ctx:").await.error().1, 40403);
        assert_eq!(app.get("/schemas/ids/1").await.ok()["schema"], "\"string\"");
    }

    async fn a_path_may_begin_with_a_context(db) {
        let app = TestApp::new(db).await;
        for (i, prefix) in ["/contexts/ctx", "/contexts/.ctx", "/contexts/:.ctx:", "/contexts/%3A.ctx%3A"].iter().enumerate() {
            let answer = app.post(&format!("{prefix}/subjects/s{i}/versions"), &json!({ "schema": "\"string\"" })).await.ok();
            assert_eq!(answer["id"], 1);
            assert_eq!(app.get(&format!("{prefix}/subjects/s{i}/versions/1")).await.ok()["subject"], format!(":.ctx:s{i}"));
            assert_eq!(app.get(&format!("{prefix}/schemas/ids/1")).await.ok()["schema"], "\"string\"");
        }
        assert_eq!(app.get("/contexts/ctx/subjects").await.ok(), json!([":.ctx:s0", ":.ctx:s1", ":.ctx:s2", ":.ctx:s3"]));
        assert_eq!(app.get("/contexts/a:b/subjects").await.error(), (400, 400, "Context name 'a:b' cannot contain a colon".to_owned()));
    }

    async fn config_and_mode_of_a_context_hold_for_its_subjects(db) {
        let app = TestApp::new(db).await;
        app.put("/contexts/ctx/config", &json!({ "compatibility": "NONE" })).await.ok();
        assert_eq!(app.get("/config/:.ctx:").await.ok()["compatibilityLevel"], "NONE");
        assert_eq!(app.get("/config/:.ctx:s?defaultToGlobal=true").await.ok()["compatibilityLevel"], "NONE");
        assert_eq!(app.get("/config").await.ok()["compatibilityLevel"], "BACKWARD");
        app.put("/mode/:.ctx:", &json!({ "mode": "READONLY" })).await.ok();
        let refused = app.post("/subjects/:.ctx:s/versions", &json!({ "schema": "\"string\"" })).await.error();
        assert_eq!(refused, (422, 42205, "Subject :.ctx:s in context :.ctx: is in read-only mode".to_owned()));
    }

    async fn a_plain_subject_is_found_in_named_contexts(db) {
        let app = TestApp::new(db).await;
        app.register(":.ctx:s", "\"string\"").await;
        assert_eq!(app.get("/subjects/s/versions/1").await.ok()["subject"], ":.ctx:s");
        assert_eq!(app.post("/subjects/s", &json!({ "schema": "\"string\"" })).await.ok()["subject"], ":.ctx:s");
        assert_eq!(app.get("/schemas/ids/1?subject=s").await.ok()["subject"], ":.ctx:s");
        assert_eq!(app.get("/subjects/s/versions").await.error().1, 40401);
        assert_eq!(app.get("/subjects/:.ctx:/versions").await.text, "[]");
    }

    async fn a_context_is_deleted_when_it_is_empty(db) {
        let app = TestApp::new(db).await;
        app.register(":.ctx:s", "\"string\"").await;
        assert_eq!(app.delete("/contexts/ctx").await.error(), (422, 42211, "The specified context ':.ctx:' is not empty.".to_owned()));
        app.delete("/subjects/:.ctx:s").await.ok();
        assert_eq!(app.delete("/contexts/.ctx").await.error().1, 42211);
        app.delete("/subjects/:.ctx:s?permanent=true").await.ok();
        assert_eq!(app.delete("/contexts/.ctx").await.status, 204);
        assert_eq!(app.get("/contexts").await.text, r#"["."]"#);
        assert_eq!(app.delete("/contexts/.unknown").await.status, 204);
    }

    async fn a_context_as_a_whole_that_has_subjects_is_known_and_has_no_versions(db) {
        let app = TestApp::new(db).await;
        assert_eq!(app.get("/subjects/:.__GLOBAL:/versions").await.error().1, 40401, "there is nothing at all");
        app.register(":.ctx:s", "\"string\"").await;
        for name in [":.ctx:", ":.__GLOBAL:"] {
            assert_eq!(app.get(&format!("/subjects/{name}/versions")).await.text, "[]");
            assert_eq!(app.get(&format!("/subjects/{name}/versions/1")).await.error().1, 40402);
            assert_eq!(app.get(&format!("/subjects/{name}/metadata")).await.error().1, 40403);
            assert_eq!(app.post(&format!("/subjects/{name}"), &json!({ "schema": "\"int\"" })).await.error().1, 40403);
            assert_eq!(app.delete(&format!("/subjects/{name}")).await.text, "[]");
        }
        assert_eq!(app.get("/subjects/:.other:/versions/1").await.error().1, 40401);
    }

    async fn what_is_said_of_all_contexts_is_not_said_of_names_in_the_global_one(db) {
        let app = TestApp::new(db).await;
        app.register("s", "\"string\"").await;
        app.put("/config/:.__GLOBAL:", &json!({ "compatibility": "NONE" })).await.ok();
        assert_eq!(app.get("/config/:.ctx:s?defaultToGlobal=true").await.ok()["compatibilityLevel"], "NONE");
        assert_eq!(app.get("/config/:.__GLOBAL:s?defaultToGlobal=true").await.ok()["compatibilityLevel"], "BACKWARD");
        let refused = app.delete("/contexts/.__GLOBAL").await.error();
        assert_eq!(refused, (422, 42211, "The specified context ':.__GLOBAL:' is not empty.".to_owned()));
    }

    async fn the_default_context_is_the_registry_itself(db) {
        let app = TestApp::new(db).await;
        app.register("s", "\"int\"").await;
        assert_eq!(app.get("/contexts/.").await.text, "{}");
        assert_eq!(app.get("/contexts/%3A.%3A/").await.text, "{}");
        assert_eq!(app.delete("/contexts/.").await.error().0, 405);
        assert_eq!(app.get("/contexts/./subjects/s/versions").await.text, "[1]");
        assert_eq!(app.register("s2", "\"long\"").await, 2, "ids go on");
    }

    async fn a_prefix_of_contexts_names_all_that_begin_with_it(db) {
        let app = TestApp::new(db).await;
        app.register("s", "\"int\"").await;
        app.register(":.a:s", "\"int\"").await;
        app.register(":.ab:s", "\"int\"").await;
        assert_eq!(app.get("/subjects?subjectPrefix=:.").await.text, r#"[":.a:s",":.ab:s","s"]"#);
        assert_eq!(app.get("/subjects?subjectPrefix=:.a").await.text, r#"[":.a:s",":.ab:s"]"#);
        assert_eq!(app.get("/subjects?subjectPrefix=:.a:").await.text, r#"[":.a:s"]"#);
    }
}
