//! Bad input of every kind: status, code and message, and nothing half-written.

use serde_json::json;

use crate::on_both;
use crate::support::app::{Setup, TestApp};
use accordant::http::HttpSettings;
use hyper::Method;

const JSON: (&str, &str) = ("content-type", "application/json");

on_both! {
    async fn bodies_that_are_not_what_they_should_be_are_refused_and_leave_nothing(db) {
        let app = TestApp::new(db).await;
        let target = "/subjects/s/versions";
        for (body, status, code) in [
            ("", 422, 422),
            ("  ", 422, 422),
            ("null", 422, 422),
            ("{", 400, 400),
            ("[]", 400, 400),
            ("\"text\"", 400, 400),
            ("17", 400, 400),
            (r#"{"schema":{"type":"string"}}"#, 400, 400),
            (r#"{"schema":["string"]}"#, 400, 400),
            (r#"{"schema":"\"string\"","version":true}"#, 400, 400),
            (r#"{"schema":"\"string\"","version":"x"}"#, 400, 400),
            (r#"{"schema":"\"string\"","version":99999999999}"#, 400, 400),
            (r#"{"schema":"\"string\"","references":"x"}"#, 400, 400),
            (r#"{"schema":"\"string\"","metadata":"x"}"#, 400, 400),
            (r#"{"schema":"\"string\"","ruleSet":{"domainRules":[{"kind":"NO"}]}}"#, 400, 400),
            (r#"{"schema":"\"string\"","references":[null]}"#, 422, 42201),
            (r#"{"schema":"\"string\"","references":[{"name":"a"}]}"#, 422, 42201),
            (r#"{"schema":"\"string\"","schemaType":"XML"}"#, 422, 42201),
            (r#"{"schema":"\"string\"","schemaType":""}"#, 422, 42201),
            (r#"{"schema":"\"strin\""}"#, 422, 42201),
            ("{}", 422, 42201),
        ] {
            let answer = app.send(Method::POST, target, &[JSON], body.to_owned()).await;
            let error = answer.error();
            assert_eq!((error.0, error.1), (status, code), "{body}: {}", answer.text);
        }
        assert_eq!(app.get("/subjects").await.text, "[]");
        assert_eq!(app.get("/subjects?deleted=true").await.text, "[]");
    }

    async fn scalars_are_coerced(db) {
        let app = TestApp::new(db).await;
        let body = r#"{"schema":"\"string\"","version":"","unknown":{},"id":null}"#;
        let answer = app.send(Method::POST, "/subjects/s/versions", &[JSON], body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(app.put("/config/s", &json!({ "normalize": "true" })).await.ok()["normalize"], true);
    }

    async fn a_refused_schema_is_named_with_its_type(db) {
        let app = TestApp::new(db).await;
        let message = |schema: &str, kind: &str| json!({ "schema": schema, "schemaType": kind });
        let error = app.post("/subjects/s/versions", &message("x", "XML")).await.error();
        assert_eq!(error.2, "Invalid schema type XML");
        let error = app.post("/subjects/s/versions", &message("{\"type\":\"record\"}", "AVRO")).await.error();
        assert!(error.2.starts_with("Invalid schema of type AVRO, details: "), "{}", error.2);
    }

    async fn what_is_no_version_is_a_42202_with_the_allowed_values(db) {
        let app = TestApp::new(db).await;
        app.register("s", "\"string\"").await;
        for version in ["0", "-2", "2147483648", "first", "1.0"] {
            let message = format!("The specified version '{version}' is not a valid version id. Allowed values are between [1, 2^31-1] and the string \"latest\"");
            assert_eq!(app.get(&format!("/subjects/s/versions/{version}")).await.error(), (422, 42202, message));
        }
    }

    async fn reserved_and_unprintable_subjects_are_refused(db) {
        let app = TestApp::new(db).await;
        for (segment, name) in [("__GLOBAL", "__GLOBAL"), ("__EMPTY", "__EMPTY"), ("a%01b", "a\u{1}b")] {
            let error = app.post(&format!("/subjects/{segment}/versions"), &json!({ "schema": "\"string\"" })).await.error();
            assert_eq!(error, (422, 42208, format!("The specified subject '{name}' is not a valid.")));
        }
    }

    async fn unknown_paths_and_wrong_methods_answer_json(db) {
        let app = TestApp::new(db).await;
        for target in ["/nope", "/subjects/s/versions/1/nope", "/schemas/ids"] {
            assert_eq!(app.get(target).await.error(), (404, 404, "HTTP 404 Not Found".to_owned()), "{target}");
        }
        for (method, target) in [(Method::PUT, "/subjects"), (Method::DELETE, "/schemas/types"), (Method::PATCH, "/config"), (Method::GET, "/compatibility/subjects/s/versions")] {
            let answer = app.send(method, target, &[], "").await;
            assert_eq!(answer.error(), (405, 405, "HTTP 405 Method Not Allowed".to_owned()), "{target}");
            assert!(answer.headers.contains_key("allow"));
        }
    }

    async fn media_types_are_negotiated(db) {
        let app = TestApp::new(db).await;
        let v1 = "application/vnd.schemaregistry.v1+json";
        for (accept, expected) in [
            ("*/*", v1),
            ("application/json, text/plain, */*", v1),
            ("text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", v1),
            ("application/*", v1),
            ("application/json", "application/json"),
            ("application/json, */*;q=0.1", "application/json"),
            ("application/vnd.schemaregistry+json", "application/vnd.schemaregistry+json"),
        ] {
            let answer = app.send(Method::GET, "/subjects", &[("accept", accept)], "").await;
            assert_eq!(answer.headers["content-type"], expected, "{accept}");
            let error = app.send(Method::GET, "/schemas/ids/1", &[("accept", accept)], "").await;
            assert_eq!((error.status.as_u16(), &error.headers["content-type"]), (404, &expected.parse().unwrap()));
        }
        let answer = app.send(Method::GET, "/subjects", &[("accept", "text/html")], "").await;
        assert_eq!(answer.error(), (406, 406, "HTTP 406 Not Acceptable".to_owned()));
        for content_type in ["text/plain", "application/x-www-form-urlencoded"] {
            let answer = app.send(Method::POST, "/subjects/s/versions", &[("content-type", content_type)], "{}").await;
            let (status, code, message) = answer.error();
            assert_eq!((status, code), (415, 415));
            assert!(message.starts_with("HTTP 415 Unsupported Media Type"), "{message}");
        }
        let body = r#"{"schema":"\"string\""}"#;
        for content_type in [v1, "application/json; charset=utf-8", "application/octet-stream", "application/vnd.schemaregistry+json"] {
            let answer = app.send(Method::POST, "/subjects/s/versions", &[("content-type", content_type)], body).await;
            assert_eq!(answer.status, 200, "{content_type}");
        }
        assert_eq!(app.send(Method::POST, "/subjects/s/versions", &[], body).await.status, 200, "no type at all");
    }

    async fn a_body_that_is_too_large_is_a_413_with_the_limit(db) {
        let http = HttpSettings { max_body_bytes: 1000, ..HttpSettings::default() };
        let app = TestApp::with(db, Setup { http, ..Setup::default() }).await;
        let body = format!(r#"{{"schema":"{}"}}"#, "x".repeat(2000));
        let (status, code, message) = app.send(Method::POST, "/subjects/s/versions", &[JSON], body).await.error();
        assert_eq!((status, code), (413, 413));
        assert!(message.contains("1000 bytes") && message.contains("max-body-bytes"), "{message}");
    }

    async fn a_config_has_a_smaller_limit_for_it_becomes_part_of_every_schema(db) {
        let app = TestApp::new(db).await;
        let config = |bytes: usize| json!({ "defaultMetadata": { "properties": { "k": "x".repeat(bytes) } } });
        app.put("/config/s", &config(200 << 10)).await.ok();
        for target in ["/config", "/config/s"] {
            let (status, code, message) = app.put(target, &config(300 << 10)).await.error();
            assert_eq!((status, code), (413, 413));
            assert!(message.contains("max-config-bytes"), "{message}");
        }
    }

    async fn nesting_beyond_the_limit_is_refused(db) {
        let app = TestApp::new(db).await;
        let deep = format!("{}\"string\"{}", "{\"type\":\"array\",\"items\":".repeat(5000), "}".repeat(5000));
        let error = app.post("/subjects/s/versions", &json!({ "schema": deep })).await.error();
        assert_eq!((error.0, error.1), (422, 42201));
        assert!(error.2.contains("1000"), "the limit is named: {}", error.2);
    }

    async fn nul_is_taken_for_what_it_is_not(db) {
        let app = TestApp::new(db).await;
        let references = r#"{"schema":"\"int\"","references":[{"name":"a\u0000","subject":"b\u0000","version":1}]}"#;
        assert_eq!(app.send(Method::POST, "/subjects/s/versions", &[JSON], references).await.error().1, 42201);
        app.send(Method::POST, "/subjects/s/versions", &[JSON], r#"{"schema":"\"int\"","metadata":{"properties":{"k\u0000":"v\u0000"}}}"#).await.ok();
        assert_eq!(app.get("/subjects/s/versions/1").await.ok()["metadata"]["properties"]["k\u{FFFD}"], "v\u{FFFD}");
        app.send(Method::PUT, "/config/t", &[JSON], r#"{"alias":"s\u0000"}"#).await.ok();
        assert_eq!(app.get("/subjects/t/versions").await.error().1, 40401);
        let association = r#"{"resourceName":"t","resourceNamespace":"n","resourceId":"i\u0000","associations":[{"subject":"s"}]}"#;
        app.send(Method::POST, "/associations", &[JSON], association).await.ok();
        assert_eq!(app.send(Method::POST, "/subjects/s/versions", &[JSON], r#"{"schema":"\"in\u0000t\""}"#).await.error().1, 42201);
    }
}
