//! `compatibilityPolicy` = `LOGICAL`, and what is shown of logical types. The rules themselves are cases in tests/vectors/logical.

use serde_json::{Value, json};

use crate::on_both;
use crate::support::app::{TestApp, record};

const ALL: &str = "/compatibility/subjects/s/versions?verbose=true";

fn nullable(fields: &[&str]) -> String {
    let fields: Vec<String> =
        fields.iter().map(|name| format!(r#"{{"name":"{name}","type":["null","long"],"default":null}}"#)).collect();
    format!(r#"{{"type":"record","name":"R","fields":[{}]}}"#, fields.join(","))
}

async fn logical(app: &TestApp, level: &str) {
    app.put("/config/s", &json!({ "compatibility": level, "compatibilityPolicy": "LOGICAL" })).await.ok();
}

fn messages(answer: &Value) -> Vec<&str> {
    answer["messages"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

on_both! {
    async fn explain_names_the_column_the_place_and_the_engine(db) {
        let app = TestApp::new(db).await;
        app.post("/subjects/s/versions", &json!({ "schema": nullable(&["a", "b"]) })).await.ok();
        logical(&app, "BACKWARD").await;
        let new = "{\"type\":\"record\",\"name\":\"R\",\"fields\":[\n{\"name\":\"a\",\"type\":\"long\",\"default\":1}]}";
        let target = "/compatibility/subjects/s/versions/latest?explain=true";
        let answer = app.post(target, &json!({ "schema": new })).await.ok();
        let findings = answer["findings"].as_array().unwrap();
        let of = |rule: &str, engine: &str| findings.iter().find(|found| found["rule"] == rule && found["engine"] == engine).unwrap();
        let flink = of("NULLABLE_TO_NON_NULLABLE", "FLINK");
        assert_eq!((&flink["path"], &flink["oldVersion"]), (&json!("a"), &json!(1)));
        assert_eq!(flink["new"], json!({ "pointer": "/fields/0", "line": 2, "column": 1 }));
        assert_eq!(flink["old"]["pointer"], "/fields/0");
        let iceberg = of("FIELD_DELETED", "ICEBERG_V2");
        assert_eq!((&iceberg["path"], &iceberg["old"]["pointer"]), (&json!("b"), &json!("/fields/1")));
        assert!(iceberg["explanation"].as_str().unwrap().starts_with("Iceberg "), "{iceberg}");
    }

    async fn places_are_found_in_every_format(db) {
        let app = TestApp::new(db).await;
        let proto = |kind: &str| format!("syntax = \"proto3\";\npackage p;\nmessage M {{\n  N n = 1;\n  message N {{\n    {kind} x = 1;\n  }}\n}}\n");
        let object = |kind: &str| format!("{{\"properties\":{{\n\"x\":{{\"type\":\"{kind}\"}}}},\"type\":\"object\"}}");
        for (kind, old, new, pointer, line) in [
            ("PROTOBUF", proto("int32"), proto("string"), "p.M.N.x", 6),
            ("JSON", object("integer"), object("string"), "/properties/x", 2),
        ] {
            let body = |text: &str| json!({ "schemaType": kind, "schema": text });
            app.post(&format!("/subjects/{kind}/versions"), &body(&old)).await.ok();
            app.put(&format!("/config/{kind}"), &json!({ "compatibilityPolicy": "LOGICAL" })).await.ok();
            let target = format!("/compatibility/subjects/{kind}/versions/latest?explain=true");
            let answer = app.post(&target, &body(&new)).await.ok();
            let found = answer["findings"].as_array().unwrap().iter().find(|found| found["engine"] == "FLINK").unwrap();
            assert_eq!((&found["new"]["pointer"], &found["new"]["line"]), (&json!(pointer), &json!(line)), "{found}");
        }
    }

    async fn the_first_version_must_be_one_that_the_engines_can_hold(db) {
        let app = TestApp::new(db).await;
        let empty = json!({ "schema": r#"{"type":"record","name":"R","fields":[]}"# });
        for level in ["NONE", "BACKWARD"] {
            logical(&app, level).await;
            let (status, code, message) = app.post("/subjects/s/versions", &empty).await.error();
            assert_eq!((status, code), (409, 40901));
            assert!(message.contains("Logical validity (ICEBERG_V2): EMPTY_STRUCT: a struct must have"), "{message}");
        }
        app.post("/subjects/s/versions?force=true", &empty).await.ok();
    }

    async fn a_transitive_level_compares_all_versions_oldest_first_and_skips_those_without_a_type(db) {
        let app = TestApp::new(db).await;
        app.put("/config/s", &json!({ "compatibility": "NONE" })).await.ok();
        app.post("/subjects/s/versions", &json!({ "schema": nullable(&["one"]) })).await.ok();
        app.post("/subjects/s/versions", &json!({ "schema": r#"{"type":"record","name":"R","fields":[{"name":"n","type":"null"}]}"# })).await.ok();
        app.post("/subjects/s/versions", &json!({ "schema": nullable(&["two"]) })).await.ok();
        let candidate = json!({ "schema": nullable(&["a"]) });
        let head = "Logical compatibility (ICEBERG_V2, backward): FIELD_DELETED at '";
        let tail = "': field present in the original schema is missing from the update";
        logical(&app, "BACKWARD_TRANSITIVE").await;
        let answer = app.post(ALL, &candidate).await.ok();
        let rest = "{validateFields: 'false', compatibility: 'BACKWARD_TRANSITIVE'}";
        assert_eq!(messages(&answer), [&format!("{head}one{tail}"), &format!("{head}two{tail}"), rest]);
        logical(&app, "BACKWARD").await;
        let answer = app.post(ALL, &candidate).await.ok();
        assert_eq!(messages(&answer).first(), Some(&format!("{head}two{tail}").as_str()));
    }

    async fn versions_of_other_formats_are_compared_by_their_columns(db) {
        let app = TestApp::new(db).await;
        app.register("s", &record("R", &["a"])).await;
        logical(&app, "BACKWARD").await;
        let proto = json!({ "schemaType": "PROTOBUF", "schema": "syntax = \"proto3\";\nmessage M {\n  string a = 1;\n}\n" });
        let answer = app.post(ALL, &proto).await.ok();
        let messages = messages(&answer);
        assert_eq!(messages.first(), Some(&"Incompatible because of different schema type"));
        assert!(messages.iter().any(|message| message.contains("type changed from BIGINT to VARCHAR(2147483647)")), "{answer}");
    }

    async fn logical_text_is_shown_for_versions_alone(db) {
        let app = TestApp::new(db).await;
        let id = app.register("s", &record("R", &["a"])).await;
        let ddl = "STRUCT R (a BIGINT NOT NULL);\n";
        for word in ["logical", "LOGICAL"] {
            let answer = app.get(&format!("/subjects/s/versions/1?format={word}")).await.ok();
            assert_eq!((&answer["schema"], &answer["schemaType"]), (&json!(ddl), &json!("AVRO")));
            assert_eq!(app.get(&format!("/subjects/s/versions/latest/schema?format={word}")).await.text, ddl);
        }
        assert_eq!(app.get(&format!("/schemas/ids/{id}?format=logical")).await.ok()["schema"], record("R", &["a"]));
    }

    async fn the_namespace_of_an_avro_schema_stands_in_its_metadata(db) {
        let app = TestApp::new(db).await;
        let metadata = json!({ "properties": { "confluent:namespace": "n.s", "confluent:union": "[{\"name\":\"number\"}]" } });
        app.post("/subjects/s/versions", &json!({ "schema": r#"["int","string"]"#, "metadata": metadata })).await.ok();
        let answer = app.get("/subjects/s/versions/1?format=logical").await.ok();
        assert_eq!(answer["schema"], "NAMESPACE n.s;\nTYPE UNION(number INT NOT NULL, `string` STRING NOT NULL) NOT NULL;\n");
    }

    async fn types_of_referenced_schemas_are_not_declared_again(db) {
        let app = TestApp::new(db).await;
        let inner = r#"{"type":"record","name":"n.I","fields":[{"name":"x","type":"int"}]}"#;
        app.post("/subjects/i/versions", &json!({ "schema": inner })).await.ok();
        let outer = r#"{"type":"record","name":"n.O","fields":[{"name":"i","type":"n.I"}]}"#;
        let references = json!([{ "name": "n.I", "subject": "i", "version": 1 }]);
        app.post("/subjects/s/versions", &json!({ "schema": outer, "references": references })).await.ok();
        let answer = app.get("/subjects/s/versions/1?format=logical").await.ok();
        assert_eq!(answer["schema"], "STRUCT n.O (i n.I NOT NULL);\n");
    }
}
