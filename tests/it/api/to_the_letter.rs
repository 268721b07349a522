//! Answers that differ from what one would guess, as Confluent Schema Registry 8.5 gave them.

use hyper::Method;
use serde_json::json;

use crate::on_both;
use crate::support::app::{TestApp, record};

const JSON: (&str, &str) = ("content-type", "application/json");

on_both! {
    async fn deleting_the_mode_of_a_subject_leaves_all_others(db) {
        let app = TestApp::new(db).await;
        for scope in ["a", "b", ":.c:", ":.c:a"] {
            app.put(&format!("/mode/{scope}"), &json!({ "mode": "READONLY" })).await.ok();
        }
        assert_eq!(app.delete("/mode/b?recursive=true").await.ok(), json!({ "mode": "READONLY" }));
        assert_eq!(app.get("/mode/b").await.error().1, 40409);
        for scope in ["a", ":.c:", ":.c:a"] {
            assert_eq!(app.get(&format!("/mode/{scope}")).await.ok()["mode"], "READONLY", "{scope}");
        }
        app.delete("/mode/:.c:?recursive=true").await.ok();
        assert_eq!(app.get("/mode/:.c:a").await.error().1, 40409, "what is below a context goes with it");
        assert_eq!(app.get("/mode/a").await.ok()["mode"], "READONLY");
    }

    async fn a_subject_of_another_context_is_found_but_not_known(db) {
        let app = TestApp::new(db).await;
        app.register(":.c:s", &record("R", &["a"])).await;
        let schema = |text: &str| json!({ "schema": text });
        assert_eq!(app.post("/subjects/s", &schema(&record("R", &["a"]))).await.ok()["subject"], ":.c:s");
        assert_eq!(app.post("/subjects/s", &schema("\"int\"")).await.error().1, 40401);
        assert_eq!(app.get("/subjects/s/versions/1").await.ok()["subject"], ":.c:s");
        assert_eq!(app.get("/subjects/s/versions/2").await.error().1, 40401);
        assert_eq!(app.post("/compatibility/subjects/s/versions/1", &schema("\"int\"")).await.error().1, 40402);
        assert_eq!(app.post("/compatibility/subjects/s/versions/latest", &schema("\"int\"")).await.ok()["is_compatible"], true);
    }

    async fn a_rule_set_without_rules_is_none(db) {
        let app = TestApp::new(db).await;
        let with = |key: &str| json!({ "schema": "\"string\"", key: {} });
        let metadata = app.post("/subjects/x/versions", &with("metadata")).await.ok();
        assert_eq!(metadata["metadata"], json!({}), "empty metadata are there, and in the guid");
        let rules = app.post("/subjects/y/versions", &with("ruleSet")).await.ok();
        assert_eq!((&rules["ruleSet"], rules["guid"].as_str()), (&json!(null), Some("095d71cf-1255-6b9d-5e33-0ad575b3df5d")));
        assert_ne!(metadata["guid"], rules["guid"]);
        app.put("/config/z", &json!({ "defaultRuleSet": {} })).await.ok();
        assert_eq!(app.post("/subjects/z/versions", &json!({ "schema": "\"string\"" })).await.ok()["guid"], rules["guid"]);
    }

    async fn versions_are_listed_where_the_subject_is_known(db) {
        let app = TestApp::new(db).await;
        app.register("s", "\"int\"").await;
        assert_eq!(app.get("/subjects/s/versions?deletedOnly=true").await.text, "[]");
        app.delete("/subjects/s").await.ok();
        assert_eq!(app.get("/subjects/s/versions?deletedAsNegative=true").await.error().1, 40401);
        assert_eq!(app.get("/subjects/s/versions?deletedAsNegative=true&deleted=true").await.text, "[-1]");
    }

    async fn only_a_schema_with_metadata_is_found_by_metadata(db) {
        let app = TestApp::new(db).await;
        app.register("s", "\"int\"").await;
        for query in ["", "?key=a", "?value=b"] {
            assert_eq!(app.get(&format!("/subjects/s/metadata{query}")).await.error().1, 40403, "{query}");
        }
    }

    async fn a_subject_in_a_context_in_import_is_in_import_already(db) {
        let app = TestApp::new(db).await;
        app.put("/mode/:.c:", &json!({ "mode": "IMPORT" })).await.ok();
        app.post("/subjects/:.c:s/versions", &json!({ "schema": "\"int\"", "id": 5, "version": 1 })).await.ok();
        app.put("/mode/:.c:s", &json!({ "mode": "IMPORT" })).await.ok();
        app.register("t", "\"int\"").await;
        assert_eq!(app.put("/mode/t", &json!({ "mode": "IMPORT" })).await.error().1, 42205);
    }

    async fn an_alias_above_is_shown_and_an_empty_one_echoed(db) {
        let app = TestApp::new(db).await;
        app.put("/config", &json!({ "alias": "a" })).await.ok();
        assert_eq!(app.get("/config/s?defaultToGlobal=true").await.ok()["alias"], "a");
        assert_eq!(app.put("/config/t", &json!({ "alias": "", "compatibilityGroup": "" })).await.text, r#"{"alias":"","compatibilityGroup":""}"#);
        assert_eq!(app.get("/config/t").await.text, r#"{"compatibilityLevel":"BACKWARD"}"#);
        assert_eq!(app.put("/config/t", &json!({ "compatibility": "NONE" })).await.text, r#"{"compatibility":"NONE"}"#);
    }

    async fn what_is_incompatible_is_said_before_the_version_is_looked_at(db) {
        let app = TestApp::new(db).await;
        app.register("s", &record("R", &["a"])).await;
        let wanted = |text: &str| json!({ "schema": text, "version": 9 });
        assert_eq!(app.post("/subjects/s/versions", &wanted("\"int\"")).await.error().1, 40901);
        assert_eq!(app.post("/subjects/s/versions", &wanted(&record("R", &[]))).await.error().2, "Version is not one more than previous version");
    }

    async fn version_minus_one_asks_for_the_latest_alone(db) {
        let app = TestApp::new(db).await;
        let body = |text: &str, version: i32| json!({ "schema": text, "version": version });
        let (first, second) = (record("R", &["a"]), record("R", &[]));
        app.register("s", &first).await;
        app.register("s", &second).await;
        let latest = app.post("/subjects/s/versions", &body(&second, -1)).await.ok();
        assert_eq!((&latest["version"], &latest["deleted"]), (&json!(2), &json!(false)), "Confluent shows what it found");
        app.put("/config/s", &json!({ "compatibility": "NONE" })).await.ok();
        let again = app.post("/subjects/s/versions", &body(&first, -1)).await.ok();
        assert_eq!(again["version"], 3, "an older version does not answer");
        assert_eq!(again["metadata"], json!({ "properties": { "confluent:version": "3" } }));
    }

    async fn what_was_filled_in_has_no_date(db) {
        let app = TestApp::new(db).await;
        let with = json!({ "schema": "\"int\"", "metadata": { "properties": { "a": "1" } } });
        app.post("/subjects/s/versions", &with).await.ok();
        let plain = json!({ "schema": "\"int\"" });
        for target in ["/subjects/s/versions", "/subjects/s"] {
            let answer = app.post(target, &plain).await.ok();
            assert_eq!((&answer["version"], answer.get("ts")), (&json!(1), None), "{target}");
        }
    }

    async fn the_normalized_candidate_is_compared_with_what_is_stored(db) {
        let app = TestApp::new(db).await;
        let body = json!({ "schemaType": "PROTOBUF", "schema": "syntax = \"proto3\";\nmessage O { int32 b = 2; string a = 1; }" });
        app.post("/subjects/s/versions", &body).await.ok();
        assert_eq!(app.post("/subjects/s?normalize=true", &body).await.error().1, 40403);
        assert_eq!(app.post("/subjects/s/versions?normalize=true", &body).await.ok()["version"], 2);
        assert_eq!(app.post("/subjects/s?normalize=true", &body).await.ok()["version"], 2);
        assert_eq!(app.post("/subjects/s", &body).await.ok()["version"], 1);
        // by default of the subject, too
        app.put("/config/t", &json!({ "normalize": true })).await.ok();
        app.post("/subjects/t/versions", &body).await.ok();
        assert!(app.post("/subjects/t", &body).await.ok()["schema"].as_str().unwrap().contains("string a = 1;\n  int32 b = 2;"));
    }

    async fn what_is_refused_is_repeated_with_its_context_and_references(db) {
        let app = TestApp::new(db).await;
        let body = json!({ "schemaType": "JSON", "schema": "{\"type\":\"any\"}", "metadata": { "properties": { "a": "1" } } });
        let refused = app.post("/subjects/:.c:s/versions", &body).await.error().2;
        assert!(refused.starts_with("Invalid schema {subject=:.c:s,version=0,id=-1,guid="), "{refused}");
        assert!(refused.contains("metadata=Metadata{tags={}, properties={a=1}, sensitive=[]},ruleSet=null,"), "{refused}");
        assert!(refused.ends_with("schemaTags=null,ts=null,deleted=null}, details: Invalid JSON"), "{refused}");
        let explained = app.post("/subjects/s/versions?explain=true", &body).await.error().2;
        assert!(explained.ends_with("details: Invalid JSON: #: unknown type: [any]"), "{explained}");
        let body = json!({ "schema": "\"Q\"", "references": [{ "name": "Q", "subject": "nope", "version": 1 }] });
        let refused = app.post("/subjects/:.c:s/versions", &body).await.error().2;
        assert!(refused.ends_with("No schema reference found for subject \":.c:nope\" and version 1"), "{refused}");
    }

    async fn characters_beyond_the_basic_plane_are_escaped_in_every_answer(db) {
        let app = TestApp::new(db).await;
        app.register("\u{1F600}", "\"int\"").await;
        assert_eq!(app.get("/subjects").await.text, r#"["\uD83D\uDE00"]"#);
        assert!(app.get("/subjects/%F0%9F%98%80/versions/1").await.text.starts_with(r#"{"subject":"\uD83D\uDE00","#));
    }

    async fn bodies_are_read_and_refused_as_jackson_does(db) {
        let app = TestApp::new(db).await;
        let send = async |body: &str| app.send(Method::POST, "/subjects/s/versions", &[JSON], body.to_owned()).await.error();
        for (body, message) in [
            ("1", "Cannot construct instance of `RegisterSchemaRequest` (although at least one Creator exists): no int/Int-argument constructor/factory method to deserialize from Number value (1)"),
            (r#"{"schema":"\"int\""}{}"#, "Trailing token (of type START_OBJECT) found after value (bound as `RegisterSchemaRequest`): not allowed as per `DeserializationFeature.FAIL_ON_TRAILING_TOKENS`"),
            (r#"{"schema":"\"int\"","references":{}}"#, "Cannot deserialize value of type `SchemaReference>` from Object value (token `JsonToken.START_OBJECT`)"),
            (r#"{"schema":"\"int\"","id":"x"}"#, "Cannot deserialize value of type `Integer` from String \"x\": not a valid `java.lang.Integer` value"),
            (r#"{"schema":"\"int\"","ruleSet":{"domainRules":[{"mode":"X"}]}}"#, "Cannot deserialize value of type `RuleMode` from String \"X\": not one of the values accepted for Enum class: [DOWNGRADE, READ, UPGRADE, UPDOWN, WRITE, WRITEREAD]"),
        ] {
            assert_eq!(send(body).await, (400, 400, message.to_owned()), "{body}");
        }
        assert_eq!(app.send(Method::POST, "/subjects/s/versions", &[JSON], "\u{FEFF}{\"schema\":\"\\\"int\\\"\"}").await.status, 200);
        assert_eq!(send("").await, (422, 422, "register.arg6 must not be null (was null)".to_owned()));
        assert_eq!(app.put("/config", &json!(null)).await.error().2, "updateTopLevelConfig.arg1 must not be null (was null)");
        assert_eq!(app.put("/mode/s", &json!(null)).await.error().2, "updateMode.arg2 must not be null (was null)");
        let refused = send(r#"{"schema":"x"}"#).await.2;
        assert!(refused.ends_with("details: com.fasterxml.jackson.core.JsonParseException: Unrecognized token 'x': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')\n at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, column: 1]"), "{refused}");
    }

    async fn headers_and_paths_are_read_as_confluent_does(db) {
        let app = TestApp::new(db).await;
        app.register("s", "\"int\"").await;
        let get = async |target: &str, headers: &[(&str, &str)]| app.send(Method::GET, target, headers, "").await;
        let answer = get("/subjects", &[("accept", "application/json;charset=utf-8")]).await;
        assert_eq!((answer.header("content-type"), answer.header("vary")), ("application/json;charset=utf-8", "Accept-Encoding"));
        assert_eq!(get("/subjects", &[("accept", "application/json; q=0")]).await.header("content-type"), "application/json");
        assert_eq!(get("/subjects/s/versions/1", &[("accept", "text/plain")]).await.status, 406);
        assert_eq!(get("/subjects", &[("content-type", "text/plain")]).await.error().1, 415);
        assert_eq!(get("/subjects", &[("content-type", "*/*")]).await.text, r#"["s"]"#);
        assert_eq!(get("/subjects", &[("content-type", "garbage")]).await.error(), (400, 400, "Bad Request".to_owned()));
        for target in ["/subjects;x=y", "/subjects?offset=&limit=", "/contexts/x/contexts/:.:/subjects"] {
            assert_eq!(app.get(target).await.text, r#"["s"]"#, "{target}");
        }
        assert_eq!(app.get("/subjects/s;v=1/versions/1").await.ok()["subject"], "s");
    }
}
