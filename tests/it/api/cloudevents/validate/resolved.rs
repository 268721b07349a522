//! Schemas that events name themselves.

use serde_json::{Value, json};

use super::{binary, codes, event, framed, kafka, register, structured, verdict};
use crate::on_both;
use crate::support::app::{Answer, TestApp};

const TOTAL: &str =
    r#"{"$id":"https://schemas.example/total","type":"object","required":["total"],"$defs":{"line":{"type":"string"}}}"#;
const PROTO: &str = "syntax = \"proto3\"; package shop; message A { int32 n = 1; } message B { string s = 1; }";

async fn alias(app: &TestApp, uri: &str, subject: &str) {
    let body = json!({ "uri": uri, "subject": subject, "version": 1 });
    assert!(app.put("/cloudevents/aliases", &body).await.status.is_success());
}

async fn with(app: &TestApp, query: &str, dataschema: &str, data: &Value) -> Answer {
    structured(app, query, &event(&json!({ "dataschema": dataschema, "data": data })).to_string()).await
}

on_both! {
    async fn dataschema_is_resolved_and_the_rule_is_told(db) {
        let app = TestApp::new(db).await;
        register(&app, "total", "JSON", TOTAL).await;
        alias(&app, "urn:shop:total:1", "total").await;
        for (uri, rule) in [("urn:shop:total:1", "alias"), ("https://schemas.example/total", "schema-id")] {
            let report = with(&app, "?schema=required", uri, &json!({ "total": 1 })).await.ok();
            assert_eq!((&report["schema"]["resolved_by"], &report["schema"]["subject"]), (&json!(rule), &json!("total")));
            assert_eq!(report["data"]["checked"], true);
            assert_eq!(verdict(&with(&app, "", uri, &json!({})).await).1, ["data.schema"]);
        }
        // what the URL of the report names is the schema
        let url = with(&app, "", "urn:shop:total:1", &json!({})).await.json()["schema"]["url"].as_str().unwrap().to_owned();
        assert_eq!(app.get(&url).await.text, TOTAL);
        let near = with(&app, "", "urn:shop:total:2", &json!({})).await;
        assert_eq!(verdict(&near).1, ["schema.unresolved"]);
        assert!(near.json()["errors"][0]["hint"].as_str().unwrap().contains("urn:shop:total:1"));
    }

    async fn a_fragment_chooses_what_the_data_is(db) {
        let app = TestApp::new(db).await;
        register(&app, "total", "JSON", TOTAL).await;
        register(&app, "shop", "PROTOBUF", PROTO).await;
        alias(&app, "urn:total", "total").await;
        alias(&app, "urn:shop", "shop").await;
        let fragment = "attribute.dataschema.format dataschema";
        assert_eq!(verdict(&with(&app, "", "urn:total#/$defs/line", &json!("x")).await), (200, vec![], vec![fragment.to_owned()]));
        assert_eq!(verdict(&with(&app, "", "urn:total#/$defs/line", &json!({ "total": 1 })).await).1, ["data.schema"]);
        assert_eq!(verdict(&with(&app, "", "urn:total#/$defs/none", &json!("x")).await).1, ["schema.unresolved"]);
        let report = with(&app, "", "urn:shop#B", &json!({ "s": "x" })).await.ok();
        assert_eq!(report["data"]["message"], "shop.B");
        assert_eq!(verdict(&with(&app, "", "urn:shop#C", &json!({})).await).1, ["schema.unresolved"]);
        let typed = binary(&app, "", &[("ce-dataschema", "https://type.googleapis.com/shop.B"), ("content-type", "application/protobuf")], vec![10, 0]).await.ok();
        assert_eq!((&typed["schema"]["resolved_by"], &typed["data"]["message"]), (&json!("type-url"), &json!("shop.B")));
    }

    async fn the_type_of_an_event_may_be_bound_to_a_schema(db) {
        let app = TestApp::new(db).await;
        register(&app, "total", "JSON", TOTAL).await;
        let binding = json!({ "subject": "total", "version": "latest", "require_dataschema": true });
        assert!(app.put("/cloudevents/types/com.example.*", &binding).await.status.is_success());
        let answer = structured(&app, "", &event(&json!({ "data": {} })).to_string()).await;
        let (_, mut errors, _) = verdict(&answer);
        errors.sort();
        assert_eq!(errors, ["data.schema", "schema.required"]);
        assert_eq!(answer.json()["schema"]["resolved_by"], "type-binding");
    }

    async fn what_the_writer_used_decides(db) {
        let app = TestApp::new(db).await;
        register(&app, "named", "AVRO", r#"{"type":"record","name":"R","fields":[{"name":"a","type":"string"}]}"#).await;
        let (id, _) = register(&app, "written", "AVRO", r#"{"type":"record","name":"R","fields":[{"name":"a","type":"int"}]}"#).await;
        alias(&app, "urn:named", "named").await;
        alias(&app, "urn:written", "written").await;
        let send = |uri: &'static str, body: Vec<u8>, query: &'static str| {
            let app = &app;
            async move { binary(app, query, &[("ce-dataschema", uri), ("content-type", "application/avro")], body).await }
        };
        let answer = send("urn:named", framed(id, &[6]), "").await;
        assert_eq!(verdict(&answer), (200, vec![], vec!["schema.conflict".to_owned()]));
        assert_eq!((&answer.json()["schema"]["subject"], &answer.json()["schema"]["resolved_by"]), (&json!("written"), &json!("framing")));
        assert_eq!(verdict(&send("urn:named", framed(id, &[6]), "?mode=strict").await).1, ["schema.conflict"]);
        let same = send("urn:written", framed(id, &[6]), "?mode=strict").await.ok();
        assert_eq!((&same["schema"]["resolved_by"], &same["data"]["framing"]["id"]), (&json!("alias"), &json!(id)));
        assert_eq!(verdict(&send("urn:written", vec![6], "?mode=strict").await), (200, vec![], vec![]));
        // the data decides when dataschema names nothing, and that is worth a word
        let unknown = send("urn:unknown", framed(id, &[6]), "").await;
        assert_eq!(verdict(&unknown), (200, vec![], vec!["schema.unresolved".to_owned()]));
    }

    async fn names_that_several_schemas_have_are_not_guessed(db) {
        let app = TestApp::new(db).await;
        register(&app, "one", "JSON", r#"{"$id":"https://schemas.example/x","type":"string"}"#).await;
        register(&app, "two", "JSON", r#"{"$id":"https://schemas.example/x","type":"integer"}"#).await;
        let answer = with(&app, "", "https://schemas.example/x", &json!(1)).await;
        assert_eq!(verdict(&answer).1, ["schema.ambiguous"]);
        // for a batch, each question is asked once and answered for each event
        let one = event(&json!({ "dataschema": "https://schemas.example/x", "data": 1 }));
        let headers = [("content-type", "application/cloudevents-batch+json")];
        let batch = app.send(hyper::Method::POST, "/cloudevents/validate", &headers, json!([one, one]).to_string()).await.json();
        for event in batch["events"].as_array().unwrap() {
            assert_eq!(codes(event, "errors"), ["schema.ambiguous"]);
        }
    }

    async fn a_tombstone_needs_no_data_and_a_deleted_version_still_checks(db) {
        let app = TestApp::new(db).await;
        register(&app, "total", "JSON", TOTAL).await;
        alias(&app, "urn:total", "total").await;
        let headers = |value: &str| json!([
            { "key": "ce_specversion", "value": "1.0" }, { "key": "ce_id", "value": "1" }, { "key": "ce_source", "value": "/" },
            { "key": "ce_type", "value": "t" }, { "key": "ce_dataschema", "value": "urn:total" }, { "key": "content-type", "value": value },
        ]);
        let tombstone = json!({ "headers": headers("application/json"), "value": null });
        assert_eq!(verdict(&kafka(&app, "?schema=required", &tombstone).await), (200, vec![], vec![]));
        app.delete("/subjects/total/versions/1").await.ok();
        let record = json!({ "headers": headers("application/json"), "value": "{}" });
        let (_, errors, warnings) = verdict(&kafka(&app, "", &record).await);
        assert_eq!((errors, warnings), (vec!["data.schema".to_owned()], vec!["schema.deleted".to_owned()]));
    }
}
