//! Registering: ids, versions, guids, idempotence, metadata and rules.

use hyper::Method;
use serde_json::json;

use crate::on_both;
use crate::support::app::{TestApp, lenient, record};

on_both! {
    async fn a_new_schema_gets_id_and_version_one(db) {
        let app = TestApp::new(db).await;
        let answer = app.post("/subjects/t-value/versions", &json!({ "schema": "\"string\"" })).await;
        assert_eq!(
            answer.text,
            r#"{"id":1,"version":1,"guid":"095d71cf-1255-6b9d-5e33-0ad575b3df5d","schemaType":"AVRO","schema":"\"string\""}"#
        );
        assert_eq!(answer.headers["content-type"], "application/vnd.schemaregistry.v1+json");
    }

    async fn registering_again_answers_the_same(db) {
        let app = TestApp::new(db).await;
        let body = json!({ "schema": record("R", &["a"]) });
        let first = app.post("/subjects/s/versions", &body).await;
        for _ in 0..3 {
            let again = app.post("/subjects/s/versions", &body).await;
            assert_eq!(again.text, first.text);
        }
        assert_eq!(app.get("/subjects/s/versions").await.text, "[1]");
    }

    async fn the_same_content_under_two_subjects_has_one_id(db) {
        let app = TestApp::new(db).await;
        let text = record("R", &["a"]);
        assert_eq!(app.register("one", &text).await, app.register("two", &text).await);
        let versions = app.get("/schemas/ids/1/versions").await.ok();
        assert_eq!(versions, json!([{ "subject": "one", "version": 1 }, { "subject": "two", "version": 1 }]));
    }

    async fn blanks_and_key_order_of_the_text_do_not_matter(db) {
        let app = TestApp::new(db).await;
        let one = r#"{"type":"record","name":"R","fields":[{"name":"a","type":"long"}]}"#;
        let two = "{ \"name\" : \"R\",\n \"fields\":[ {\"type\":{\"type\":\"long\"}, \"name\":\"a\"} ], \"type\":\"record\" }";
        assert_eq!(app.register("s", one).await, app.register("s", two).await);
    }

    async fn versions_count_up_and_ids_are_shared_by_the_context(db) {
        let app = TestApp::new(db).await;
        assert_eq!(app.register("a", &lenient("R", &["x"])).await, 1);
        assert_eq!(app.register("a", &lenient("R", &["x", "y"])).await, 2);
        assert_eq!(app.register("b", &lenient("Q", &["x"])).await, 3);
        assert_eq!(app.get("/subjects/a/versions").await.text, "[1,2]");
        assert_eq!(app.get("/subjects/b/versions").await.text, "[1]");
    }

    async fn an_incompatible_schema_is_refused_and_leaves_nothing(db) {
        let app = TestApp::new(db).await;
        app.register("s", &record("R", &["a"])).await;
        let refused = app.post("/subjects/s/versions", &json!({ "schema": record("R", &["a", "b"]) })).await;
        let (status, code, message) = refused.error();
        assert_eq!((status, code), (409, 40901));
        insta::assert_snapshot!("incompatible", message);
        assert_eq!(refused.json().get("findings"), None);
        assert_eq!(app.get("/subjects/s/versions").await.text, "[1]");
        assert_eq!(app.register("s", &lenient("R", &["a", "b"])).await, 2);
    }

    async fn force_skips_the_check_and_explain_shows_findings(db) {
        let app = TestApp::new(db).await;
        app.register("s", &record("R", &["a"])).await;
        let body = json!({ "schema": record("R", &["a", "b"]) });
        let refused = app.post("/subjects/s/versions?explain=true", &body).await;
        assert_eq!(refused.status, 409);
        let finding = &refused.json()["findings"][0];
        assert_eq!(finding["rule"], "READER_FIELD_MISSING_DEFAULT_VALUE");
        assert_eq!(finding["path"], "/fields/1");
        assert_eq!(finding["oldVersion"], 1);
        assert!(finding["new"]["line"].as_i64() == Some(1) && finding["new"]["column"].as_i64() > Some(1));
        app.post("/subjects/s/versions?force=true", &body).await.ok();
        assert_eq!(app.get("/subjects/s/versions").await.text, "[1,2]");
    }

    async fn metadata_is_part_of_the_identity_and_is_inherited(db) {
        let app = TestApp::new(db).await;
        let bare = json!({ "schema": "\"string\"" });
        let owned = json!({ "schema": "\"string\"", "metadata": { "properties": { "owner": "me" } } });
        assert_eq!(app.post("/subjects/s/versions", &bare).await.ok()["id"], 1);
        assert_eq!(app.post("/subjects/s/versions", &owned).await.ok()["id"], 2);
        // a request without metadata inherits that of the latest version
        let inherited = app.post("/subjects/s/versions", &json!({ "schema": "\"string\"" })).await.ok();
        assert_eq!(inherited["id"], 1, "the exact content is found first");
        let next = app.post("/subjects/s/versions", &json!({ "schema": "[\"string\",\"null\"]" })).await.ok();
        assert_eq!(next["metadata"], json!({ "properties": { "owner": "me" } }));
        let found = app.get("/subjects/s/metadata?key=owner&value=me").await.ok();
        assert_eq!(found["version"], 3);
    }

    async fn an_empty_schema_takes_the_latest_text(db) {
        let app = TestApp::new(db).await;
        let refused = app.post("/subjects/s/versions", &json!({ "metadata": { "properties": { "a": "b" } } })).await;
        assert_eq!(refused.error(), (422, 42201, "Empty schema".to_owned()));
        app.register("s", "\"string\"").await;
        let answer = app.post("/subjects/s/versions", &json!({ "metadata": { "properties": { "a": "b" } } })).await.ok();
        assert_eq!((answer["version"].as_i64(), answer["schema"].as_str()), (Some(2), Some("\"string\"")));
    }

    async fn rule_sets_are_validated_stored_and_returned(db) {
        let app = TestApp::new(db).await;
        let rules = |name: &str| json!({ "schema": "\"string\"", "ruleSet": { "domainRules": [
            { "name": name, "kind": "CONDITION", "mode": "WRITE", "type": "CEL", "expr": "true" }
        ] } });
        assert_eq!(
            app.post("/subjects/s/versions", &rules("1x")).await.error(),
            (422, 42210, "Illegal initial character in rule name: 1x".to_owned())
        );
        app.post("/subjects/s/versions", &rules("check")).await.ok();
        let stored = app.get("/subjects/s/versions/1").await.ok();
        assert_eq!(
            stored["ruleSet"]["domainRules"][0],
            json!({ "name": "check", "kind": "CONDITION", "mode": "WRITE", "type": "CEL", "expr": "true", "disabled": false })
        );
    }

    async fn an_explicit_version_must_be_the_next_and_is_stamped(db) {
        let app = TestApp::new(db).await;
        let with = |version: i64| json!({ "schema": "\"string\"", "version": version });
        assert_eq!(
            app.post("/subjects/s/versions", &with(2)).await.error(),
            (422, 42201, "Version is not one more than previous version".to_owned())
        );
        let first = app.post("/subjects/s/versions", &with(1)).await.ok();
        assert_eq!(first["metadata"]["properties"]["confluent:version"], "1");
        let second = app.post("/subjects/s/versions", &with(2)).await.ok();
        assert_eq!((second["version"].as_i64(), second["id"].as_i64()), (Some(2), Some(2)));
    }

    async fn a_schema_may_refer_to_another_subject(db) {
        let app = TestApp::new(db).await;
        app.register("inner", r#"{"type":"record","name":"Inner","namespace":"n","fields":[]}"#).await;
        let outer = r#"{"type":"record","name":"Outer","namespace":"n","fields":[{"name":"i","type":"Inner"}]}"#;
        let body = |version: i64| json!({ "schema": outer, "references": [{ "name": "n.Inner", "subject": "inner", "version": version }] });
        let (status, code, message) = app.post("/subjects/outer/versions", &body(7)).await.error();
        assert_eq!((status, code), (422, 42201));
        assert!(message.contains("No schema reference found for subject \"inner\" and version 7"), "{message}");
        let answer = app.post("/subjects/outer/versions", &body(-1)).await.ok();
        assert_eq!(answer["references"], json!([{ "name": "n.Inner", "subject": "inner", "version": 1 }]));
        assert_eq!(app.get("/subjects/inner/versions/1/referencedby").await.text, "[2]");
        let refused = app.delete("/subjects/inner/versions/1").await.error();
        assert_eq!(refused, (422, 42206, "One or more references exist to the schema {magic=1,keytype=SCHEMA,subject=inner,version=1}.".to_owned()));
        let resolved = app.get("/schemas/ids/2?format=resolved").await.ok();
        assert!(resolved["schema"].as_str().unwrap().contains(r#""type":{"type":"record","name":"Inner""#), "{resolved}");
    }

    async fn import_mode_takes_ids_and_versions(db) {
        let app = TestApp::new(db).await;
        app.put("/mode/s", &json!({ "mode": "IMPORT" })).await.ok();
        let body = json!({ "schema": "\"string\"", "id": 40, "version": 5 });
        let answer = app.post("/subjects/s/versions", &body).await.ok();
        assert_eq!((answer["id"].as_i64(), answer["version"].as_i64()), (Some(40), Some(5)));
        let taken = app.post("/subjects/s/versions", &json!({ "schema": "\"long\"", "id": 40, "version": 6 })).await.error();
        assert_eq!(taken, (422, 42205, "Overwrite new schema with id 40 in context  is not permitted.".to_owned()));
        app.put("/mode/s", &json!({ "mode": "READWRITE" })).await.ok();
        assert_eq!(app.register("other", "\"int\"").await, 41);
    }

    async fn tags_are_edited_into_a_new_version(db) {
        let app = TestApp::new(db).await;
        app.register("s", &record("R", &["a"])).await;
        let edit = json!({ "tagsToAdd": [{ "schemaEntity": { "entityPath": "R.a", "entityType": "sr_field" }, "tags": ["PII"] }] });
        let answer = app.post("/subjects/s/versions/1/tags", &edit).await.ok();
        assert_eq!(answer["version"], 2);
        assert!(answer["schema"].as_str().unwrap().contains("\"confluent:tags\":[\"PII\"]"), "{answer}");
        let tags = app.get("/schemas/ids/2?findTags=PII").await.ok()["schemaTags"].clone();
        assert_eq!(tags, json!([{ "schemaEntity": { "entityPath": "R.a", "entityType": "sr_field" }, "tags": ["PII"] }]));
    }

    async fn empty_members_of_contracts_are_no_members(db) {
        let app = TestApp::new(db).await;
        let rule = |extra: &str| format!(r#"{{"name":"r","type":"CEL"{extra}}}"#);
        let empties = r#","doc":"","tags":[],"params":{},"expr":"","onSuccess":"","onFailure":"""#;
        let full = format!(
            r#"{{"schema":"\"int\"","metadata":{{"tags":{{}},"properties":{{}},"sensitive":[]}},"ruleSet":{{"migrationRules":[],"domainRules":[{}],"encodingRules":[]}}}}"#,
            rule(empties)
        );
        let bare = format!(r#"{{"schema":"\"int\"","metadata":{{}},"ruleSet":{{"domainRules":[{}]}}}}"#, rule(""));
        let json = [("content-type", "application/json")];
        let first = app.send(Method::POST, "/subjects/a/versions", &json, full.clone()).await.ok();
        for (subject, body) in [("b", &full), ("c", &bare), ("a", &full), ("a", &bare)] {
            let again = app.send(Method::POST, &format!("/subjects/{subject}/versions"), &json, body.clone()).await.ok();
            assert_eq!((&again["id"], &again["guid"], &again["version"]), (&first["id"], &first["guid"], &json!(1)), "{subject}");
            app.send(Method::POST, &format!("/subjects/{subject}"), &json, body.clone()).await.ok();
        }
        assert_eq!(first["metadata"], json!({}));
    }
}
