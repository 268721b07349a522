//! Answers about subjects are given again from memory, and never when something has made them wrong.

use std::sync::Arc;

use hyper::Method;
use serde_json::{Value, json};

use crate::on_both;
use crate::support::app::{TestApp, lenient, record};

/// Asked twice: the second answer may come from memory.
async fn twice(app: &TestApp, method: Method, target: &str, body: &Value) -> (u16, Value) {
    let mut answers = Vec::new();
    for _ in 0..2 {
        let headers = [("content-type", "application/json")];
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let answer = app.send(method.clone(), target, &headers, text).await;
        answers.push((answer.status.as_u16(), serde_json::from_str(&answer.text).unwrap_or_default()));
    }
    assert_eq!(answers[0], answers[1], "{target}");
    answers.remove(0)
}

async fn get(app: &TestApp, target: &str) -> (u16, Value) {
    twice(app, Method::GET, target, &Value::Null).await
}

async fn ask(app: &TestApp, target: &str, body: &Value) -> (u16, Value) {
    twice(app, Method::POST, target, body).await
}

async fn latest(app: &TestApp, subject: &str) -> Value {
    get(app, &format!("/subjects/{subject}/versions/latest")).await.1["version"].clone()
}

fn schema(fields: &[&str]) -> Value {
    json!({ "schema": record("R", fields) })
}

on_both! {
    async fn a_new_version_is_seen_at_once_wherever_the_old_one_was_asked_for(database) {
        let app = TestApp::new(database).await;
        app.put("/config", &json!({ "compatibility": "NONE" })).await.ok();
        app.register("s", &record("R", &["a"])).await;
        let check = "/compatibility/subjects/s/versions/latest";
        let compatible = json!({ "is_compatible": true });
        app.put("/config/s", &json!({ "compatibility": "FULL" })).await.ok();
        assert_eq!(latest(&app, "s").await, 1);
        assert_eq!(get(&app, "/subjects/s/versions").await.1, json!([1]));
        assert_eq!(ask(&app, "/subjects/s", &schema(&["a"])).await.1["version"], 1);
        assert_eq!(ask(&app, "/subjects/s", &schema(&["b"])).await.1["error_code"], 40403);
        assert_eq!(ask(&app, check, &schema(&["a"])).await.1, compatible);
        assert_eq!(ask(&app, check, &schema(&["b"])).await.1, json!({ "is_compatible": false }));

        app.put("/config/s", &json!({ "compatibility": "NONE" })).await.ok();
        assert_eq!(ask(&app, check, &schema(&["b"])).await.1, compatible, "the level has changed");
        app.put("/config/s", &json!({ "compatibility": "FULL" })).await.ok();
        assert_eq!(ask(&app, check, &schema(&["b"])).await.1, json!({ "is_compatible": false }));
        app.put("/config/s", &json!({ "compatibility": "NONE" })).await.ok();
        app.register("s", &record("R", &["b"])).await;
        app.put("/config/s", &json!({ "compatibility": "FULL" })).await.ok();

        assert_eq!(latest(&app, "s").await, 2);
        assert_eq!(get(&app, "/subjects/s/versions").await.1, json!([1, 2]));
        assert_eq!(ask(&app, "/subjects/s", &schema(&["b"])).await.1["version"], 2);
        assert_eq!(ask(&app, check, &schema(&["a"])).await.1, json!({ "is_compatible": false }));
        assert_eq!(ask(&app, check, &schema(&["b"])).await.1, compatible);

        app.delete("/subjects/s/versions/2").await.ok();
        assert_eq!(latest(&app, "s").await, 1);
        assert_eq!(get(&app, "/subjects/s/versions").await.1, json!([1]));
        assert_eq!(get(&app, "/subjects/s/versions?deleted=true").await.1, json!([1, 2]));
        assert_eq!(ask(&app, check, &schema(&["a"])).await.1, compatible);
        app.delete("/subjects/s").await.ok();
        assert_eq!(get(&app, "/subjects/s/versions/latest").await.1["error_code"], 40401);
        assert_eq!(ask(&app, "/subjects/s", &schema(&["a"])).await.1["error_code"], 40401);
        app.register("s", &record("R", &["c"])).await;
        assert_eq!(latest(&app, "s").await, 3);
    }

    async fn lists_of_subjects_have_what_there_is_now(database) {
        let app = TestApp::new(database).await;
        let lists = async || {
            let mut found = Vec::new();
            for target in ["/subjects", "/subjects?deleted=true", "/subjects?subjectPrefix=:*:b", "/subjects?offset=1&limit=1"] {
                found.push(get(&app, target).await.1);
            }
            Value::from(found)
        };
        assert_eq!(lists().await, json!([[], [], [], []]));
        app.register("b", &record("R", &["a"])).await;
        assert_eq!(lists().await, json!([["b"], ["b"], ["b"], []]));
        app.register(":.x:b", &record("R", &["a"])).await;
        assert_eq!(lists().await, json!([[":.x:b", "b"], [":.x:b", "b"], [":.x:b", "b"], ["b"]]));
        app.register("b", &lenient("R", &["a", "b"])).await;
        app.delete("/subjects/b").await.ok();
        assert_eq!(lists().await, json!([[":.x:b"], [":.x:b", "b"], [":.x:b"], []]));
        app.delete("/subjects/b?permanent=true").await.ok();
        assert_eq!(lists().await, json!([[":.x:b"], [":.x:b"], [":.x:b"], []]));
        app.register("b", &record("R", &["a"])).await;
        assert_eq!(lists().await, json!([[":.x:b", "b"], [":.x:b", "b"], [":.x:b", "b"], ["b"]]));
    }

    async fn another_spelling_of_any_version_is_that_version(database) {
        let app = TestApp::new(database).await;
        app.put("/config", &json!({ "compatibility": "NONE" })).await.ok();
        let spelt = |number: usize, attributes: &str| json!({
            "schema": format!(r#"{{"type":"record",{attributes},"fields":[{{"name":"f{number}","type":"int"}}]}}"#),
        });
        let (plain, other) = (r#""name":"n.R""#, r#""namespace":"n","name":"R","x":{"b":[1],"a":1}"#);
        let turned = r#""x":{"a":1,"b":[1]},"name":"n.R""#;
        for number in 0..12 {
            app.post("/subjects/s/versions", &spelt(number, if number % 2 == 0 { plain } else { other })).await.ok();
            // of all that went before, which have been looked at by now
            for before in (0..=number).rev() {
                let (version, attributes) = (before + 1, if before % 2 == 0 { r#""namespace":"n","name":"R""# } else { turned });
                let found = app.post("/subjects/s", &spelt(before, attributes)).await.ok();
                assert_eq!(found["version"], version, "{found}");
            }
        }
        for number in 0..12 {
            let unlike = if number % 2 == 0 { other } else { plain };
            assert_eq!(app.post("/subjects/s", &spelt(number, unlike)).await.error().1, 40403, "{number}");
        }
        app.delete("/subjects/s/versions/4").await.ok();
        assert_eq!(app.post("/subjects/s", &spelt(3, turned)).await.error().1, 40403);
        assert_eq!(app.post("/subjects/s?deleted=true", &spelt(3, turned)).await.ok()["version"], 4);
        let again = app.post("/subjects/s/versions", &spelt(4, r#""namespace":"n","name":"R""#)).await.ok();
        assert_eq!(again["version"], 5, "{again}");
    }

    async fn a_subject_of_another_context_gives_way_to_the_subject_itself(database) {
        let app = TestApp::new(database).await;
        app.register(":.other:s", &record("Other", &["a"])).await;
        let text = |answer: (u16, Value)| answer.1["subject"].clone();
        assert_eq!(text(get(&app, "/subjects/s/versions/latest").await), ":.other:s");
        let other = json!({ "schema": record("Other", &["a"]) });
        assert_eq!(text(ask(&app, "/subjects/s", &other).await), ":.other:s");
        app.register("s", &record("Own", &["a"])).await;
        assert_eq!(text(get(&app, "/subjects/s/versions/latest").await), "s");
        assert_eq!(text(get(&app, "/contexts/.other/subjects/s/versions/latest").await), ":.other:s");
        app.register(":.other:s", &lenient("Other", &["a", "b"])).await;
        assert_eq!(get(&app, "/contexts/.other/subjects/s/versions").await.1, json!([1, 2]));
    }

    async fn an_alias_leads_to_what_its_subject_has_now(database) {
        let app = TestApp::new(database).await;
        app.register("real", &record("R", &["a"])).await;
        app.put("/config/alias", &json!({ "alias": "real", "compatibility": "NONE" })).await.ok();
        app.put("/config/real", &json!({ "compatibility": "NONE" })).await.ok();
        assert_eq!(latest(&app, "alias").await, 1);
        app.register("real", &record("R", &["b"])).await;
        assert_eq!(latest(&app, "alias").await, 2);
        app.register("alias", &record("R", &["c"])).await;
        assert_eq!((latest(&app, "alias").await, latest(&app, "real").await), (json!(3), json!(3)));
        app.delete("/config/alias").await.ok();
        assert_eq!(get(&app, "/subjects/alias/versions/latest").await.0, 404);
    }

    async fn what_a_candidate_refers_to_may_come_later(database) {
        let app = TestApp::new(database).await;
        app.put("/config", &json!({ "compatibility": "NONE" })).await.ok();
        let referring = |version: i32| json!({
            "schema": r#"{"type":"record","name":"Outer","fields":[{"name":"inner","type":"R"}]}"#,
            "references": [{ "name": "R", "subject": "inner", "version": version }],
        });
        let check = "/compatibility/subjects/outer/versions?verbose=true";
        assert_eq!(ask(&app, check, &referring(1)).await.1["is_compatible"], false);
        app.register("inner", &record("R", &["a"])).await;
        assert_eq!(ask(&app, check, &referring(1)).await.1["is_compatible"], true);
        app.post("/subjects/outer/versions", &referring(-1)).await.ok();
        assert_eq!(ask(&app, "/subjects/outer", &referring(-1)).await.0, 200);
        app.register("inner", &record("R", &["b"])).await;
        assert_eq!(ask(&app, "/subjects/outer", &referring(-1)).await.0, 404, "-1 is another version now");
        assert_eq!(ask(&app, "/subjects/outer", &referring(1)).await.0, 200);
    }

    async fn a_known_registration_is_known_until_it_is_not(database) {
        let app = TestApp::new(database).await;
        let register = async |text: &Value| ask(&app, "/subjects/s/versions", text).await;
        app.put("/config", &json!({ "compatibility": "NONE" })).await.ok();
        app.register("s", &record("R", &["a"])).await;
        app.register("s", &record("R", &["b"])).await;
        assert_eq!(register(&schema(&["a"])).await.1["version"], 1);
        assert_eq!(register(&schema(&["b"])).await.1["version"], 2);
        app.delete("/subjects/s/versions/1").await.ok();
        assert_eq!(register(&schema(&["b"])).await.1["version"], 2);
        app.register("s", &record("R", &["a"])).await;
        assert_eq!(register(&schema(&["a"])).await.1["version"], 3);
        app.put("/mode/s", &json!({ "mode": "READONLY" })).await.ok();
        assert_eq!(register(&schema(&["a"])).await.1["version"], 3);
        app.put("/mode/s", &json!({ "mode": "READWRITE" })).await.ok();
        app.delete("/subjects/s").await.ok();
        app.register("s", &record("R", &["a"])).await;
        assert_eq!(register(&schema(&["a"])).await.1["version"], 4);
        let metrics = app.get("/metrics").await.text;
        let known = metrics.lines().find(|line| line.starts_with("accordant_registrations_total") && line.contains("known"));
        // six pairs of them wrote nothing, whether they were answered from memory or not
        assert!(known.is_some_and(|line| line.ends_with(" 12")), "{known:?}");
    }

    async fn settings_are_seen_as_they_are(database) {
        let app = TestApp::new(database).await;
        for level in ["FULL", "NONE", "BACKWARD"] {
            app.put("/config/s", &json!({ "compatibility": level })).await.ok();
            assert_eq!(get(&app, "/config/s").await.1["compatibilityLevel"], level);
        }
        for mode in ["READONLY", "READONLY_OVERRIDE", "READWRITE"] {
            app.put("/mode/s", &json!({ "mode": mode })).await.ok();
            assert_eq!(get(&app, "/mode/s").await.1["mode"], mode);
        }
        app.delete("/config/s").await.ok();
        assert_eq!(get(&app, "/config/s").await.1["error_code"], 40408);
        app.put("/config", &json!({ "compatibility": "FORWARD" })).await.ok();
        assert_eq!(get(&app, "/config/s?defaultToGlobal=true").await.1["compatibilityLevel"], "FORWARD");
        app.put("/config", &json!({ "compatibility": "FULL" })).await.ok();
        assert_eq!(get(&app, "/config/s?defaultToGlobal=true").await.1["compatibilityLevel"], "FULL");
    }

    async fn whoever_has_registered_a_version_reads_it(database) {
        let app = Arc::new(TestApp::new(database).await);
        app.put("/config", &json!({ "compatibility": "NONE" })).await.ok();
        let writers = (0..8).map(|writer| {
            let app = Arc::clone(&app);
            tokio::spawn(async move {
                // two writers of each subject, and readers of it all the while
                let subject = format!("s{}", writer / 2);
                for round in 0..15 {
                    let field = format!("f{writer}_{round}");
                    let version = app.post(&format!("/subjects/{subject}/versions"), &schema(&[&field])).await.ok()["version"].as_i64();
                    let read = app.get(&format!("/subjects/{subject}/versions/latest")).await.ok()["version"].as_i64();
                    assert!(version.is_some() && read >= version, "{read:?} after {version:?}");
                    let list = app.get(&format!("/subjects/{subject}/versions")).await.ok();
                    assert!(list.as_array().unwrap().contains(&json!(version)), "{list} has no {version:?}");
                    let found = app.post(&format!("/subjects/{subject}"), &schema(&[&field])).await.ok();
                    assert_eq!(found["version"].as_i64(), version);
                }
            })
        });
        for writer in writers {
            writer.await.unwrap();
        }
    }
}
