//! Parameters, bounds and errors of the routes.

use std::time::Duration;

use hyper::Method;
use serde_json::json;

use super::{MINIMAL, binary, event, register, structured, verdict};
use crate::on_both;
use crate::support::app::{Setup, TestApp};

on_both! {
    async fn strictness_moves_the_line_between_errors_and_warnings(db) {
        let app = TestApp::new(db).await;
        let breach = event(&json!({ "partitionkey": "" })).to_string();
        assert_eq!(verdict(&structured(&app, "", &breach).await), (200, vec![], vec!["attribute.empty partitionkey".to_owned()]));
        assert_eq!(verdict(&structured(&app, "?mode=strict", &breach).await).1, ["attribute.empty partitionkey"]);
        let wrong = event(&json!({ "time": "now", "source": "a b", "Upper": 1, "dataschema": "#" })).to_string();
        assert_eq!(verdict(&structured(&app, "", &wrong).await).1.len(), 4);
        let (status, errors, warnings) = verdict(&structured(&app, "?mode=lenient", &wrong).await);
        assert_eq!((status, errors.len(), warnings.len()), (200, 0, 4));
        for body in [r#"{"specversion":"1.0"}"#, "{", r#"{"specversion":"1.0","id":"1","source":"/","type":"t","data":{"a":1,"a":2}}"#] {
            assert_eq!(structured(&app, "?mode=lenient", body).await.status, 422, "{body}");
        }
        let answer = structured(&app, "?status=always-200", "{").await;
        assert_eq!((answer.status.as_u16(), &answer.json()["valid"]), (200, &json!(false)));
    }

    async fn requests_that_mean_nothing_are_problems(db) {
        let app = TestApp::new(db).await;
        for query in ["?mode=loose", "?schema=no", "?formats=1", "?status=200", "?version=1", "?subject=s&version=x", "?subject=s&version=0"] {
            let answer = structured(&app, query, "{}").await;
            assert_eq!(answer.status, 400, "{query}");
            assert_eq!(answer.headers["content-type"], "application/problem+json");
            assert_eq!(answer.headers["cache-control"], "no-store");
            let problem = answer.json();
            assert_eq!(problem["status"], 400);
            assert_eq!(problem["instance"], "/cloudevents/validate");
            assert_eq!(problem["detail"], problem["message"]);
            assert!(problem["type"].as_str().unwrap().ends_with("/cloudevents/problems/invalid"));
        }
        for kind in ["application/cloudevents", "application/cloudevents+avro", "application/cloudevents-batch+protobuf", "application/cloudevents+json; charset=utf-16"] {
            let answer = app.send(Method::POST, "/cloudevents/validate", &[("content-type", kind)], "{}").await;
            assert_eq!(answer.error().0, 415, "{kind}");
        }
        let twice = [("content-type", "application/json"), ("content-type", "application/cloudevents+json"), ("ce-id", "1")];
        assert_eq!(app.send(Method::POST, "/cloudevents/validate", &twice, "{}").await.error().0, 400);
        assert_eq!(app.get("/cloudevents/validate").await.status, 405);
    }

    async fn bodies_may_be_of_any_type_up_to_a_size(db) {
        let mut setup = Setup::default();
        setup.http.events.limits.event_bytes = 100_000;
        let app = TestApp::with(db, setup).await;
        for kind in ["image/png", "text/plain", "application/json", "application/xml", "x/y"] {
            let body = if kind == "application/json" { "{}" } else { "<a/>" };
            let report = binary(&app, "", &[("content-type", kind)], body.into()).await.ok();
            assert_eq!(report["event"]["datacontenttype"], kind);
            assert_eq!(report["data"]["bytes"], body.len());
        }
        assert_eq!(binary(&app, "", &[("content-type", "text/plain")], vec![b'a'; 65_536]).await.status, 200);
        let answer = binary(&app, "", &[("content-type", "text/plain")], vec![b'a'; 100_001]).await;
        assert_eq!(answer.error().0, 413);
        assert!(answer.error().2.contains("event-max-bytes"));
        // the other paths keep their rule
        assert_eq!(app.send(Method::POST, "/subjects/s/versions", &[("content-type", "image/png")], "{}").await.status, 415);
    }

    async fn what_takes_too_long_is_said_and_nobody_waits_for_it(db) {
        let mut setup = Setup::default();
        setup.http.event_time_limit = Duration::from_millis(1);
        let app = TestApp::with(db, setup).await;
        // combinations of themselves: more work than any time
        let schema = r##"{"$defs":{"a":{"anyOf":[{"type":"array","items":{"$ref":"#/$defs/a"}},{"type":"array","items":{"$ref":"#/$defs/a"},"minItems":1}]}},"$schema":"https://json-schema.org/draft/2020-12/schema","$ref":"#/$defs/a"}"##;
        register(&app, "slow", "JSON", schema).await;
        let deep = format!("{}1{}", "[".repeat(60), "]".repeat(60));
        let answer = binary(&app, "?subject=slow", &[("content-type", "application/json")], deep.into_bytes()).await;
        let (status, errors, _) = verdict(&answer);
        assert_eq!(status, 422);
        assert!(errors == ["limit.time"] || errors == ["limit.work"], "{errors:?}");
        assert_eq!(app.send(Method::POST, "/cloudevents/validate", &MINIMAL, "").await.status, 200);
    }

    async fn a_context_prefix_is_where_names_belong(db) {
        let app = TestApp::new(db).await;
        let text = json!({ "schema": r#"{"type":"string"}"#, "schemaType": "JSON" });
        app.post("/contexts/.other/subjects/s/versions", &text).await.ok();
        let headers: Vec<(&str, &str)> = MINIMAL.into_iter().chain([("content-type", "application/json")]).collect();
        let target = "/contexts/.other/cloudevents/validate?subject=s";
        let report = app.send(Method::POST, target, &headers, "\"x\"").await.ok();
        assert_eq!(report["schema"]["subject"], ":.other:s");
        assert_eq!(report["data"]["checked"], true);
    }
}
