//! Kafka records.

use serde_json::{Value, json};

use super::{codes, event, kafka, verdict};
use crate::on_both;
use crate::support::app::TestApp;

/// A record with the minimal headers, further ones, and a value.
fn record(more: &[(&str, &str)], value: &Value) -> Value {
    let minimal = [("ce_specversion", "1.0"), ("ce_id", "7"), ("ce_source", "/shop"), ("ce_type", "t")];
    let headers: Vec<Value> = minimal.iter().chain(more).map(|(key, value)| json!({ "key": key, "value": value })).collect();
    json!({ "headers": headers, "value": value })
}

on_both! {
    async fn records_are_events_in_either_mode(db) {
        let app = TestApp::new(db).await;
        let report = kafka(&app, "", &record(&[("content-type", "application/json"), ("ce_subject", "50%25 \u{20ac}")], &json!("{}"))).await.ok();
        assert_eq!(report["mode"], "binary");
        assert_eq!(report["event"]["subject"], "50%25 \u{20ac}", "no percent-decoding in Kafka");
        assert_eq!(report["data"]["kind"], "json");
        let structured = json!({
            "headers": [{ "key": "content-type", "value": "application/cloudevents+json" }],
            "value": event(&json!({ "data": [1] })).to_string(),
        });
        let report = kafka(&app, "", &structured).await.ok();
        assert_eq!((&report["mode"], &report["data"]["bytes"]), (&json!("structured"), &json!(3)));
        // places count in the value
        let broken = json!({
            "headers": [{ "key": "content-type", "value": "application/cloudevents+json" }],
            "value": "{\"specversion\":\"1.0\",\n\"id\":1}",
        });
        let report = kafka(&app, "", &broken).await.json();
        assert_eq!((&report["errors"][0]["line"], &report["errors"][0]["column"]), (&json!(2), &json!(6)));
        let tombstone = record(&[], &Value::Null);
        assert_eq!(kafka(&app, "?schema=ignore", &tombstone).await.ok()["data"]["present"], false);
    }

    async fn a_list_of_records_is_answered_like_a_batch(db) {
        let app = TestApp::new(db).await;
        let bad = record(&[("ce_Upper", "x"), ("ce_id", "8")], &Value::Null);
        let report = kafka(&app, "", &json!([record(&[], &Value::Null), bad])).await.json();
        assert_eq!(report["mode"], "batched");
        let events = report["events"].as_array().unwrap();
        assert_eq!((&events[0]["valid"], &events[1]["valid"]), (&json!(true), &json!(false)));
        assert_eq!(events[0].get("mode"), None);
        assert_eq!(codes(&events[1], "errors"), ["attribute.name Upper", "attribute.duplicate id"]);
        assert_eq!(kafka(&app, "", &json!([])).await.ok()["events"], json!([]));
    }

    async fn a_record_has_one_content_type_and_a_known_format(db) {
        let app = TestApp::new(db).await;
        let judged = |headers: Vec<(&'static str, &'static str)>| {
            let record = record(&headers, &json!("{}"));
            let app = &app;
            async move { verdict(&kafka(app, "", &record).await) }
        };
        let about = |code: &str| vec![format!("{code} datacontenttype")];
        let own = judged(vec![("ce_datacontenttype", "text/plain")]).await;
        assert_eq!((own.0, own.2.first()), (200, Some(&"attribute.forbidden datacontenttype".to_owned())));
        assert_eq!(judged(vec![("ce_datacontenttype", "a/b"), ("content-type", "a/c")]).await.1, about("attribute.duplicate"));
        assert_eq!(judged(vec![("content-type", "a/b"), ("content-type", "a/b")]).await.1, about("attribute.duplicate"));
        // there are no batches in Kafka, and formats that are not read
        let with_type = |text: &str| json!({ "headers": [{ "key": "content-type", "value": text }], "value": "[]" });
        assert_eq!(verdict(&kafka(&app, "", &with_type("application/cloudevents-batch+json")).await).1, ["batch.shape"]);
        assert_eq!(kafka(&app, "", &with_type("application/cloudevents+avro")).await.error().0, 415);
        let list = kafka(&app, "", &json!([with_type("application/cloudevents+avro")])).await.json();
        assert_eq!(codes(&list["events"][0], "errors"), ["envelope.format"]);
        let hyphens = json!({ "headers": [{ "key": "ce-id", "value": "1" }] });
        let report = kafka(&app, "", &hyphens).await.json();
        assert!(report["errors"][0]["hint"].as_str().unwrap().contains("ce_"));
    }

    async fn what_is_no_record_is_refused(db) {
        let app = TestApp::new(db).await;
        for body in [
            json!(7),
            json!([7]),
            json!({ "headers": {} }),
            json!({ "headers": [{ "value": "x" }] }),
            json!({ "value": "a", "value_base64": "AA==" }),
            json!({ "value_base64": "A" }),
            json!({ "value": 7 }),
        ] {
            let answer = kafka(&app, "", &body).await;
            assert_eq!(answer.error().0, 400, "{body}: {}", answer.text);
            assert_eq!(answer.headers["content-type"], "application/problem+json");
        }
    }
}
