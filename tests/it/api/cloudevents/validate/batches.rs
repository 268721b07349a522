//! Several events at once.

use hyper::Method;
use serde_json::{Value, json};

use super::{codes, event};
use crate::on_both;
use crate::support::app::{Answer, Setup, TestApp};

async fn batch(app: &TestApp, body: String) -> Answer {
    let headers = [("content-type", "Application/CloudEvents-Batch+JSON; charset=UTF-8")];
    app.send(Method::POST, "/cloudevents/validate", &headers, body).await
}

on_both! {
    async fn each_event_of_a_batch_has_a_report(db) {
        let app = TestApp::new(db).await;
        assert_eq!(batch(&app, "[]".to_owned()).await.ok(), json!({ "valid": true, "mode": "batched", "events": [] }));
        let good = event(&json!({ "data": { "a": 1 } }));
        assert_eq!(batch(&app, json!([good, good]).to_string()).await.ok()["valid"], true);
        let answer = batch(&app, format!("[{good},\n7,{{}},{}]", event(&json!({ "specversion": "0.3" })))).await;
        assert_eq!(answer.status, 422);
        let report = answer.json();
        assert_eq!(report.get("errors"), None);
        let events = report["events"].as_array().unwrap();
        let verdicts: Vec<(Value, Value, Vec<String>)> =
            events.iter().map(|e| (e["index"].clone(), e["valid"].clone(), codes(e, "errors"))).collect();
        assert_eq!(verdicts, [
            (json!(0), json!(true), vec![]),
            (json!(1), json!(false), vec!["envelope.shape".to_owned()]),
            (json!(2), json!(false), vec!["not_a_cloudevent".to_owned()]),
            (json!(3), json!(false), vec!["attribute.specversion.format specversion".to_owned()]),
        ]);
        assert_eq!((&events[1]["errors"][0]["line"], &events[1]["errors"][0]["column"]), (&json!(2), &json!(1)));
    }

    async fn what_is_no_batch_is_said_at_the_top(db) {
        let mut setup = Setup::default();
        setup.http.events.limits.batch_events = 2;
        setup.http.events.limits.batch_bytes = 2000;
        setup.http.events.limits.event_bytes = 1000;
        let app = TestApp::with(db, setup).await;
        let report = batch(&app, event(&json!({})).to_string()).await.json();
        assert_eq!((report["valid"].clone(), codes(&report, "errors")), (json!(false), vec!["batch.shape".to_owned()]));
        assert_eq!(codes(&batch(&app, "[".to_owned()).await.json(), "errors"), ["envelope.json"]);
        assert_eq!(codes(&batch(&app, "[1,2,3]".to_owned()).await.json(), "errors"), ["limit.events"]);
        // a batch may be longer than one event, and no longer than a batch
        assert_eq!(batch(&app, format!("[{}]", " ".repeat(1500))).await.status, 200);
        let answer = batch(&app, format!("[{}]", " ".repeat(2000))).await;
        assert_eq!(answer.error().0, 413);
        assert!(answer.error().2.contains("event-max-batch-bytes"));
    }
}
