//! Deleting, softly and for good, with every refusal.

use serde_json::json;

use crate::on_both;
use crate::support::app::{TestApp, lenient};

async fn three(app: &TestApp) {
    for fields in [&["a"][..], &["a", "b"], &["a", "b", "c"]] {
        app.register("s", &lenient("R", fields)).await;
    }
}

on_both! {
    async fn a_version_is_deleted_softly_and_then_for_good(db) {
        let app = TestApp::new(db).await;
        three(&app).await;
        assert_eq!(
            app.delete("/subjects/s/versions/2?permanent=true").await.error(),
            (404, 40407, "Subject 's' Version 2 was not deleted first before being permanently deleted".to_owned())
        );
        assert_eq!(app.delete("/subjects/s/versions/2").await.text, "2");
        assert_eq!(
            app.delete("/subjects/s/versions/2").await.error(),
            (404, 40406, "Subject 's' Version 2 was soft deleted.Set permanent=true to delete permanently".to_owned())
        );
        assert_eq!(app.get("/subjects/s/versions").await.text, "[1,3]");
        assert_eq!(app.get("/subjects/s/versions?deleted=true").await.text, "[1,2,3]");
        assert_eq!(app.get("/subjects/s/versions?deletedOnly=true").await.text, "[2]");
        assert_eq!(app.get("/subjects/s/versions?deletedAsNegative=true").await.text, "[1,-2,3]");
        assert_eq!(app.get("/subjects/s/versions/2").await.error(), (404, 40402, "Version 2 not found.".to_owned()));
        assert_eq!(app.get("/subjects/s/versions/2?deleted=true").await.ok()["deleted"], true);
        assert_eq!(app.get("/schemas/ids/2").await.ok()["version"], 2, "old data stays readable");
        assert_eq!(app.get("/schemas/ids/2/subjects").await.text, "[]");
        assert_eq!(app.get("/schemas/ids/2/subjects?deleted=true").await.text, r#"["s"]"#);
        assert_eq!(app.delete("/subjects/s/versions/2?permanent=true").await.text, "2");
        assert_eq!(app.get("/schemas/ids/2").await.error().1, 40403);
        assert_eq!(app.get("/schemas/ids/2/versions").await.error(), (404, 40403, "Schema not found".to_owned()));
    }

    async fn a_subject_is_deleted_softly_and_then_for_good(db) {
        let app = TestApp::new(db).await;
        three(&app).await;
        app.put("/config/s", &json!({ "compatibility": "FULL" })).await.ok();
        assert_eq!(
            app.delete("/subjects/s?permanent=true").await.error(),
            (404, 40405, "Subject 's' was not deleted first before being permanently deleted".to_owned())
        );
        app.delete("/subjects/s/versions/1").await.ok();
        assert_eq!(app.delete("/subjects/s").await.text, "[2,3]");
        assert_eq!(
            app.delete("/subjects/s").await.error(),
            (404, 40404, "Subject 's' was soft deleted.Set permanent=true to delete permanently".to_owned())
        );
        assert_eq!(app.get("/subjects").await.text, "[]");
        assert_eq!(app.get("/subjects/s/versions").await.error().1, 40401);
        assert_eq!(app.get("/config/s").await.ok()["compatibilityLevel"], "FULL");
        assert_eq!(app.delete("/subjects/s?permanent=true").await.text, "[1,2,3]");
        assert_eq!(app.get("/config/s").await.error().1, 40408);
        assert_eq!(app.delete("/subjects/s").await.error(), (404, 40401, "Subject 's' not found.".to_owned()));
    }

    async fn numbers_are_freed_by_permanent_deletion_of_the_highest_only(db) {
        let app = TestApp::new(db).await;
        three(&app).await;
        app.delete("/subjects/s").await.ok();
        app.register("s", &lenient("R", &["z"])).await;
        assert_eq!(app.get("/subjects/s/versions").await.text, "[4]");
        app.delete("/subjects/s/versions/4").await.ok();
        app.delete("/subjects/s/versions/4?permanent=true").await.ok();
        let answer = app.post("/subjects/s/versions", &json!({ "schema": lenient("R", &["y"]) })).await.ok();
        assert_eq!(answer["version"], 4);
    }

    async fn what_is_registered_again_after_a_soft_delete_keeps_its_id(db) {
        let app = TestApp::new(db).await;
        assert_eq!(app.register("s", "\"string\"").await, 1);
        app.delete("/subjects/s").await.ok();
        let again = app.post("/subjects/s/versions", &json!({ "schema": "\"string\"" })).await.ok();
        assert_eq!((again["id"].as_i64(), again["version"].as_i64()), (Some(1), Some(2)));
        assert_eq!(app.get("/subjects/s/versions?deleted=true").await.text, "[2]", "the older one is superseded");
    }

    async fn what_is_registered_again_after_a_permanent_delete_gets_a_new_id(db) {
        let app = TestApp::new(db).await;
        app.register("s", "\"string\"").await;
        app.delete("/subjects/s").await.ok();
        app.delete("/subjects/s?permanent=true").await.ok();
        assert_eq!(app.register("s", "\"string\"").await, 2);
    }

    async fn latest_is_the_highest_active_version(db) {
        let app = TestApp::new(db).await;
        three(&app).await;
        assert_eq!(app.delete("/subjects/s/versions/latest").await.text, "3");
        assert_eq!(app.get("/subjects/s/versions/latest?deleted=true").await.ok()["version"], 2);
        app.delete("/subjects/s").await.ok();
        assert_eq!(app.delete("/subjects/s/versions/latest").await.error(), (404, 40402, "Version -1 not found.".to_owned()));
    }

    async fn read_only_subjects_are_not_deleted(db) {
        let app = TestApp::new(db).await;
        three(&app).await;
        app.put("/mode/s", &json!({ "mode": "READONLY" })).await.ok();
        let refused = (422, 42205, "Subject s in context  is in read-only mode".to_owned());
        assert_eq!(app.delete("/subjects/s").await.error(), refused);
        assert_eq!(app.delete("/subjects/s/versions/1").await.error(), refused);
        assert_eq!(app.delete("/subjects/s/versions/9").await.error().1, 40402, "existence comes first");
    }
}
