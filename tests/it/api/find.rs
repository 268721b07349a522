//! Reading: by id, guid, subject and version; lists; look-up.

use serde_json::json;

use crate::on_both;
use crate::support::app::{TestApp, lenient, record};

on_both! {
    async fn a_schema_by_id_names_a_holder(db) {
        let app = TestApp::new(db).await;
        app.register("t-value", "\"string\"").await;
        for target in ["/schemas/ids/1", "/schemas/ids/1?subject=t-value", "/schemas/ids/1?subject=unknown"] {
            // twice: the second answer comes ready from memory
            for _ in 0..2 {
                let text = app.get(target).await.text;
                let expected = r#"{"subject":"t-value","version":1,"guid":"095d71cf-1255-6b9d-5e33-0ad575b3df5d","schemaType":"AVRO","schema":"\"string\"","ts":"#;
                assert!(text.starts_with(expected) && text.ends_with(r#","deleted":false}"#), "{text}");
            }
        }
        assert_eq!(app.get("/schemas/ids/1/schema").await.text, "\"string\"");
        assert_eq!(app.get("/schemas/ids/1?fetchMaxId=true").await.ok()["maxId"], 1);
    }

    async fn a_ready_answer_does_not_outlive_what_it_says(db) {
        let app = TestApp::new(db).await;
        app.register("a", "\"string\"").await;
        app.register("b", "\"string\"").await;
        for _ in 0..2 {
            assert_eq!(app.get("/schemas/ids/1").await.ok()["subject"], "a");
        }
        app.delete("/subjects/a").await.ok();
        assert_eq!(app.get("/schemas/ids/1").await.ok()["subject"], "b");
        app.delete("/subjects/a?permanent=true").await.ok();
        app.delete("/subjects/b").await.ok();
        assert_eq!(app.get("/schemas/ids/1").await.ok()["deleted"], true);
        app.delete("/subjects/b?permanent=true").await.ok();
        assert_eq!(app.get("/schemas/ids/1").await.error(), (404, 40403, "Schema 1 not found".to_owned()));
    }

    async fn a_hint_that_comes_true_later_is_named(db) {
        let app = TestApp::new(db).await;
        app.register("a", "\"string\"").await;
        for _ in 0..2 {
            assert_eq!(app.get("/schemas/ids/1?subject=b").await.ok()["subject"], "a");
        }
        app.register("b", "\"string\"").await;
        assert_eq!(app.get("/schemas/ids/1?subject=b").await.ok()["subject"], "b");
    }

    async fn a_guid_is_read_with_and_without_dashes(db) {
        let app = TestApp::new(db).await;
        app.register("t", "\"string\"").await;
        for guid in ["095d71cf-1255-6b9d-5e33-0ad575b3df5d", "095d71cf12556b9d5e330ad575b3df5d"] {
            let answer = app.get(&format!("/schemas/guids/{guid}")).await.ok();
            assert_eq!((answer.get("subject"), answer.get("version")), (None, None));
            assert_eq!(answer["schema"], "\"string\"");
            assert_eq!(app.get(&format!("/schemas/guids/{guid}/ids")).await.ok(), json!([{ "context": ".", "id": 1 }]));
        }
        assert_eq!(app.get("/schemas/guids/nonsense").await.error(), (404, 40403, "Schema nonsense not found".to_owned()));
        assert_eq!(app.get("/schemas/guids/nonsense/ids").await.text, "[]");
    }

    async fn a_version_is_named_by_number_by_latest_and_by_minus_one(db) {
        let app = TestApp::new(db).await;
        app.register("s", &lenient("R", &["a"])).await;
        app.register("s", &lenient("R", &["a", "b"])).await;
        for (version, number) in [("1", 1), ("2", 2), ("latest", 2), ("LATEST", 2), ("-1", 2), ("%20latest%20", 2)] {
            let answer = app.get(&format!("/subjects/s/versions/{version}")).await.ok();
            assert_eq!((answer["version"].as_i64(), answer["id"].as_i64()), (Some(number), Some(number)), "{version}");
        }
        assert_eq!(app.get("/subjects/s/versions/1/schema").await.text, lenient("R", &["a"]));
        assert_eq!(app.get("/subjects/s/versions/3").await.error(), (404, 40402, "Version 3 not found.".to_owned()));
        assert_eq!(app.get("/subjects/x/versions/1").await.error(), (404, 40401, "Subject 'x' not found.".to_owned()));
    }

    async fn names_with_slashes_percents_and_pluses_are_data(db) {
        let app = TestApp::new(db).await;
        for (segment, name) in [("a%2Fb.proto", "a/b.proto"), ("50%25", "50%"), ("x+y", "x+y"), ("%C3%A4%20%22", "ä \"")] {
            app.register(segment, "\"string\"").await;
            let found = app.get(&format!("/subjects/{segment}/versions/latest")).await.ok();
            assert_eq!(found["subject"], name);
        }
        assert_eq!(app.get("/subjects").await.ok(), json!(["50%", "a/b.proto", "x+y", "ä \""]));
    }

    async fn slashes_at_the_end_and_in_runs_are_insignificant(db) {
        let app = TestApp::new(db).await;
        app.register("s", "\"string\"").await;
        for target in ["/subjects/s/versions/", "//subjects//s//versions", "/subjects/s/versions/?deleted=true"] {
            assert_eq!(app.get(target).await.text, "[1]", "{target}");
        }
    }

    async fn subjects_are_listed_in_order_with_prefix_and_pages(db) {
        let app = TestApp::new(db).await;
        for name in ["b", "a2", "a1", ":.c:a3"] {
            app.register(name, "\"string\"").await;
        }
        for (query, names) in [
            ("", json!([":.c:a3", "a1", "a2", "b"])),
            ("?limit=-1", json!([":.c:a3", "a1", "a2", "b"])),
            ("?limit=2&offset=1", json!(["a1", "a2"])),
            ("?offset=-5&limit=1", json!([":.c:a3"])),
            ("?offset=9", json!([])),
            ("?subjectPrefix=a", json!(["a1", "a2"])),
            ("?subjectPrefix=:.c:", json!([":.c:a3"])),
            ("?subjectPrefix=:*:a", json!([":.c:a3", "a1", "a2"])),
            ("?deleted=True", json!([":.c:a3", "a1", "a2", "b"])),
        ] {
            assert_eq!(app.get(&format!("/subjects{query}")).await.ok(), names, "{query}");
        }
        app.delete("/subjects/a1").await.ok();
        assert_eq!(app.get("/subjects?subjectPrefix=a").await.ok(), json!(["a2"]));
        assert_eq!(app.get("/subjects?subjectPrefix=a&deleted=true").await.ok(), json!(["a1", "a2"]));
        assert_eq!(app.get("/subjects?deletedOnly=true").await.ok(), json!(["a1"]));
    }

    async fn more_subjects_than_a_page_are_streamed_whole(db) {
        let app = TestApp::new(db).await;
        let app = std::sync::Arc::new(app);
        let mut tasks = tokio::task::JoinSet::new();
        for worker in 0..10 {
            let app = std::sync::Arc::clone(&app);
            tasks.spawn(async move {
                for i in 0..103 {
                    app.register(&format!("s{worker}-{i:03}"), "\"string\"").await;
                }
            });
        }
        tasks.join_all().await;
        let listed = app.get("/subjects").await.ok();
        let mut names: Vec<String> = (0..10).flat_map(|w| (0..103).map(move |i| format!("s{w}-{i:03}"))).collect();
        names.sort();
        assert_eq!(listed, json!(names));
        assert_eq!(app.get("/subjects?offset=1000&limit=5").await.ok(), json!(names[1000..1005]));
        assert_eq!(app.get("/schemas?limit=5000").await.ok().as_array().unwrap().len(), 1000);
    }

    async fn schemas_are_listed_with_filters(db) {
        let app = TestApp::new(db).await;
        app.register("a", &lenient("R", &["x"])).await;
        app.register("a", &lenient("R", &["x", "y"])).await;
        app.register("b", "\"string\"").await;
        app.register(":.c:z", "\"string\"").await;
        let names = |list: serde_json::Value| -> Vec<String> {
            list.as_array().unwrap().iter().map(|s| format!("{}/{}", s["subject"].as_str().unwrap(), s["version"])).collect()
        };
        assert_eq!(names(app.get("/schemas").await.ok()), ["a/1", "a/2", "b/1"]);
        assert_eq!(names(app.get("/schemas?latestOnly=true").await.ok()), ["a/2", "b/1"]);
        assert_eq!(names(app.get("/schemas?subjectPrefix=:.c:").await.ok()), [":.c:z/1"]);
        assert_eq!(names(app.get("/schemas?offset=1&limit=1").await.ok()), ["a/2"]);
        app.delete("/subjects/a/versions/2").await.ok();
        assert_eq!(names(app.get("/schemas?latestOnly=true").await.ok()), ["a/1", "b/1"]);
        assert_eq!(names(app.get("/schemas?deleted=true").await.ok()), ["a/1", "a/2", "b/1"]);
        assert_eq!(names(app.get("/schemas?ruleType=CEL").await.ok()), Vec::<String>::new());
    }

    async fn a_lookup_finds_the_version_that_holds_the_schema(db) {
        let app = TestApp::new(db).await;
        let text = record("R", &["a"]);
        assert_eq!(app.post("/subjects/s", &json!({ "schema": text })).await.error(), (404, 40401, "Subject 's' not found.".to_owned()));
        app.register("s", &text).await;
        let found = app.post("/subjects/s", &json!({ "schema": text })).await;
        let expected = json!({ "subject": "s", "version": 1, "id": 1, "guid": found.json()["guid"], "schemaType": "AVRO", "schema": text });
        assert_eq!(found.ok(), expected);
        let other = json!({ "schema": record("R", &["b"]) });
        assert_eq!(app.post("/subjects/s", &other).await.error(), (404, 40403, "Schema not found".to_owned()));
        let bad = app.post("/subjects/unknown", &json!({ "schema": "{" })).await.error();
        assert_eq!((bad.0, bad.1), (422, 42201));
        app.delete("/subjects/s").await.ok();
        assert_eq!(app.post("/subjects/s", &json!({ "schema": text })).await.error().1, 40401);
        assert_eq!(app.post("/subjects/s?deleted=true", &json!({ "schema": text })).await.ok()["version"], 1);
    }

    async fn bad_numbers_in_paths_and_queries_are_not_found(db) {
        let app = TestApp::new(db).await;
        for target in ["/schemas/ids/abc", "/schemas/ids/1.0", "/schemas/ids/99999999999", "/subjects?limit=abc", "/subjects?offset=1.5"] {
            assert_eq!(app.get(target).await.error(), (404, 404, "HTTP 404 Not Found".to_owned()), "{target}");
        }
        for id in ["0", "-1", "%2B1"] {
            assert_eq!(app.get(&format!("/schemas/ids/{id}")).await.error().1, 40403, "{id}");
        }
    }

    async fn the_server_says_who_it_is(db) {
        let app = TestApp::new(db).await;
        assert_eq!(app.get("/").await.text, "{}");
        assert_eq!(app.get("/schemas/types").await.ok(), json!(["JSON", "PROTOBUF", "AVRO"]));
        let id = app.get("/v1/metadata/id").await.ok();
        assert_eq!(id["scope"]["path"], json!([]));
        assert_eq!(id["scope"]["clusters"]["schema-registry-cluster"].as_str().unwrap().len(), 36);
        assert_eq!(app.get("/v1/metadata/deployment").await.text, r#"{"attributes":[]}"#);
        assert_eq!(app.get("/v1/metadata/version").await.ok()["version"], env!("CARGO_PKG_VERSION"));
        assert_eq!(app.get("/associations/resources/-/orders?resourceType=topic&associationType=value").await.text, "[]");
    }
}
