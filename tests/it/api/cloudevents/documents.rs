//! Schema documents: exact bytes, media types, caching, deletion, bundles, and what keeps them harmless.

use accordant::http::{DocumentAges, HttpSettings};
use hyper::Method;
use prost_reflect::DescriptorPool;
use serde_json::{Value, json};

use crate::on_both;
use crate::support::app::{Answer, Database, Fresh, Setup, TestApp, postgres_url, record};

const PROTO: &str = "syntax = \"proto3\";\npackage shop;\n\nmessage Order {\n  int64 id = 1;\n}\n";

async fn accepting(app: &TestApp, target: &str, accept: &str) -> Answer {
    app.send(Method::GET, target, &[("accept", accept)], "").await
}

async fn knowing(app: &TestApp, target: &str, tags: &str) -> Answer {
    app.send(Method::GET, target, &[("if-none-match", tags)], "").await
}

/// One subject of each format; their guids.
async fn three(app: &TestApp) -> [String; 3] {
    [
        app.register_as("json", "JSON", r#"{"type":"object","title":"<script>alert(1)</script>"}"#, &[]).await,
        app.register_as("avro", "AVRO", &record("Order", &["id"]), &[]).await,
        app.register_as("proto", "PROTOBUF", PROTO, &[]).await,
    ]
}

on_both! {
    async fn a_document_is_the_stored_text_to_the_byte(db) {
        let app = TestApp::new(db).await;
        let guids = three(&app).await;
        for ((subject, id), (guid, media_type, kind)) in [("json", 1), ("avro", 2), ("proto", 3)].into_iter().zip([
            (&guids[0], "application/schema+json", "JSON"),
            (&guids[1], "application/vnd.apache.avro+json", "AVRO"),
            (&guids[2], "text/plain; charset=utf-8", "PROTOBUF"),
        ]) {
            let text = app.get(&format!("/subjects/{subject}/versions/1")).await.ok()["schema"].as_str().unwrap().to_owned();
            for path in [
                format!("/cloudevents/subjects/{subject}/versions/1"),
                format!("/cloudevents/subjects/{subject}/versions/latest"),
                format!("/cloudevents/schemas/ids/{id}"),
                format!("/cloudevents/schemas/guids/{guid}"),
                format!("/cloudevents/schemas/guids/{}", guid.replace('-', "")),
            ] {
                // the second answer may be a ready one
                for _ in 0..2 {
                    let answer = app.get(&path).await;
                    assert_eq!((answer.status.as_u16(), &answer.text), (200, &text), "{path}");
                    assert_eq!(answer.header("content-type"), media_type);
                    assert_eq!(answer.header("schema-id"), id.to_string());
                    assert_eq!((answer.header("schema-guid"), answer.header("schema-type")), (guid.as_str(), kind));
                    assert_eq!(answer.header("x-content-type-options"), "nosniff");
                    assert_eq!(answer.header("content-security-policy"), "default-src 'none'; sandbox");
                    assert_eq!(answer.header("content-location"), format!("/cloudevents/schemas/guids/{guid}"));
                    assert_eq!(answer.header("link"), format!("</cloudevents/schemas/guids/{guid}>; rel=\"canonical\""));
                    assert_eq!(answer.header("access-control-allow-origin"), "*");
                    assert_eq!(answer.header("vary"), "accept, accept-encoding");
                    assert!(answer.header("last-modified").ends_with(" GMT"));
                    assert!(answer.header("etag").starts_with("\"sha256-"));
                }
            }
        }
    }

    async fn accept_chooses_the_form_and_never_fails(db) {
        let app = TestApp::new(db).await;
        let guids = three(&app).await;
        for (guid, accept, media_type) in [
            (&guids[0], "*/*", "application/schema+json"),
            (&guids[0], "application/json", "application/json"),
            (&guids[0], "application/json;q=0.5, application/*", "application/schema+json"),
            (&guids[0], "application/json, application/schema+json;q=0.9", "application/json"),
            (&guids[0], "text/html, image/*", "application/schema+json"),
            (&guids[0], "application/schema+json;q=0, application/json", "application/json"),
            (&guids[1], "Application/JSON", "application/json"),
            (&guids[1], "application/vnd.apache.avro+json", "application/vnd.apache.avro+json"),
            (&guids[1], "application/schema+json", "application/vnd.apache.avro+json"),
            (&guids[2], "application/json", "text/plain; charset=utf-8"),
            (&guids[2], "text/*", "text/plain; charset=utf-8"),
            (&guids[2], "application/protobuf", "application/protobuf"),
            (&guids[2], "application/x-protobuf, text/plain;q=0.1", "application/protobuf"),
        ] {
            for _ in 0..2 {
                let answer = accepting(&app, &format!("/cloudevents/schemas/guids/{guid}"), accept).await;
                assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, media_type), "{accept}");
                assert_eq!(answer.header("vary"), "accept, accept-encoding");
            }
        }
    }

    async fn a_known_tag_is_answered_without_the_document(db) {
        let app = TestApp::new(db).await;
        let [guid, ..] = three(&app).await;
        let path = format!("/cloudevents/schemas/guids/{guid}");
        let etag = app.get(&path).await.header("etag").to_owned();
        for target in [path.as_str(), "/cloudevents/subjects/json/versions/1", "/cloudevents/subjects/json/versions/latest", "/cloudevents/schemas/ids/1", "/cloudevents/resolve/document?dataschema=/schemas/ids/1"] {
            for tags in [etag.as_str(), "*", &format!("W/{etag}"), &format!("\"a, b\", \"c\",{etag} , \"d\"")] {
                let answer = knowing(&app, target, tags).await;
                assert_eq!((answer.status.as_u16(), answer.text.as_str()), (304, ""), "{target} {tags}");
                assert_eq!(answer.header("etag"), etag);
                assert!(answer.headers.contains_key("cache-control") && answer.headers.contains_key("content-location"));
                assert!(!answer.headers.contains_key("content-type"));
            }
            for tags in ["\"x\"", "", "\"sha256-\"", &etag.replace("sha256", "md5"), etag.trim_matches('"')] {
                assert_eq!(knowing(&app, target, tags).await.status, 200, "{target} {tags}");
            }
            let head = app.send(Method::HEAD, target, &[("if-none-match", &etag)], "").await;
            assert_eq!(head.status, 304);
        }
        // the same bytes in another type are another representation
        let plain = accepting(&app, &path, "application/json").await;
        assert_ne!(plain.header("etag"), etag);
        let known = [("accept", "application/json"), ("if-none-match", etag.as_str())];
        assert_eq!(app.send(Method::GET, &path, &known, "").await.status, 200);
    }

    async fn head_says_what_get_would(db) {
        let app = TestApp::new(db).await;
        let [guid, ..] = three(&app).await;
        for path in [format!("/cloudevents/schemas/guids/{guid}"), "/cloudevents/subjects/json/versions/latest".to_owned()] {
            for _ in 0..2 {
                let got = app.get(&path).await;
                let head = app.send(Method::HEAD, &path, &[], "").await;
                assert_eq!((head.status.as_u16(), head.text.as_str()), (200, ""));
                assert_eq!(head.header("content-length"), got.text.len().to_string());
                for name in ["etag", "content-type", "cache-control", "link", "last-modified"] {
                    assert_eq!(head.header(name), got.header(name), "{name}");
                }
            }
        }
    }

    async fn how_long_caches_keep_depends_on_what_can_change(db) {
        let ages = DocumentAges { guid: 7, id: 8, version: 9 };
        let http = HttpSettings { ages, ..HttpSettings::default() };
        for (setup, guid_age, id_age, version_age) in [(Setup::default(), 31_536_000, 86_400, 300), (Setup { http, ..Setup::default() }, 7, 8, 9)] {
            let app = TestApp::with(db, setup).await;
            let [guid, ..] = three(&app).await;
            app.put("/cloudevents/types/t", &json!({ "subject": "json" })).await.json();
            for (path, wanted) in [
                (format!("/cloudevents/schemas/guids/{guid}"), format!("public, max-age={guid_age}, immutable")),
                ("/cloudevents/schemas/ids/1".to_owned(), format!("public, max-age={id_age}")),
                ("/cloudevents/subjects/json/versions/1".to_owned(), format!("public, max-age={version_age}, must-revalidate")),
                ("/cloudevents/subjects/json/versions/latest".to_owned(), "no-cache".to_owned()),
                ("/cloudevents/types/t/schema".to_owned(), "no-cache".to_owned()),
                ("/cloudevents/schemas/ids/1?details".to_owned(), "no-store".to_owned()),
                ("/cloudevents/schemas/ids/99".to_owned(), "no-store".to_owned()),
                ("/cloudevents/resolve?dataschema=/schemas/ids/1".to_owned(), "no-store".to_owned()),
                ("/cloudevents/aliases".to_owned(), "no-store".to_owned()),
                ("/cloudevents/nowhere".to_owned(), "no-store".to_owned()),
            ] {
                for _ in 0..2 {
                    assert_eq!(app.get(&path).await.header("cache-control"), wanted, "{path}");
                }
            }
        }
    }

    async fn latest_moves_on_at_once(db) {
        let app = TestApp::new(db).await;
        let avro = |fields: &[&str]| crate::support::app::lenient("R", fields);
        app.register("s", &avro(&["a"])).await;
        let first = app.get("/cloudevents/subjects/s/versions/latest").await;
        let etag = first.header("etag").to_owned();
        assert_eq!(knowing(&app, "/cloudevents/subjects/s/versions/latest", &etag).await.status, 304);
        app.register("s", &avro(&["a", "b"])).await;
        let second = knowing(&app, "/cloudevents/subjects/s/versions/latest", &etag).await;
        assert_eq!((second.status.as_u16(), second.header("schema-id")), (200, "2"));
        assert_eq!(app.get("/cloudevents/subjects/s/versions/1").await.header("etag"), etag);
    }

    async fn a_soft_deleted_version_is_gone_and_its_guid_is_not(db) {
        let app = TestApp::with(db, Setup { public_url: Some("https://reg.example.com"), ..Setup::default() }).await;
        let [guid, ..] = three(&app).await;
        let by_guid = format!("/cloudevents/schemas/guids/{guid}");
        let by_version = "/cloudevents/subjects/json/versions/1";
        for path in [by_guid.as_str(), by_version, "/cloudevents/schemas/ids/1"] {
            app.get(path).await;
            assert_eq!(app.get(path).await.status, 200);
        }
        app.delete("/subjects/json/versions/1").await.ok();
        let answer = app.get(by_version).await;
        assert_eq!((answer.status.as_u16(), answer.error().1), (410, 41080));
        let body = answer.json();
        assert_eq!(body["url"], format!("https://reg.example.com{by_guid}"));
        assert_eq!(body["type"], "https://reg.example.com/cloudevents/problems/schema-deleted");
        assert_eq!(app.get(&format!("{by_version}?deleted=true")).await.status, 200);
        assert_eq!(app.get(&by_guid).await.status, 200);
        assert_eq!(app.get("/cloudevents/schemas/ids/1").await.status, 200);
        assert_eq!(app.get("/cloudevents/subjects/json/versions/latest").await.error().1, 40401);
        let negotiated = accepting(&app, "/subjects/json/versions/1", "application/schema+json").await;
        assert_eq!((negotiated.error().1, negotiated.json().as_object().unwrap().len()), (41080, 2), "in the language of the path");
        assert_eq!(accepting(&app, "/subjects/json/versions/1?deleted=true", "application/schema+json").await.status, 200);
        app.delete("/subjects/json/versions/1?permanent=true").await.ok();
        for path in [by_guid.as_str(), by_version, "/cloudevents/schemas/ids/1"] {
            assert_eq!(app.get(path).await.status, 404, "{path}");
        }
    }

    async fn what_is_not_there_says_so_in_both_languages(db) {
        let app = TestApp::with(db, Setup { public_url: Some("https://reg.example.com/r"), ..Setup::default() }).await;
        three(&app).await;
        let answer = app.get("/cloudevents/subjects/json/versions/7").await;
        assert_eq!(answer.header("content-type"), "application/problem+json");
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        insta::assert_snapshot!("problem", answer.pretty());
        insta::assert_snapshot!("problem_page", app.get("/cloudevents/problems/schema-not-found").await.text);
        for (path, status, code) in [
            ("/cloudevents/subjects/nope/versions/1", 404, 40401),
            ("/cloudevents/subjects/nope/versions/latest", 404, 40401),
            ("/cloudevents/subjects/json/versions/zero", 422, 42202),
            ("/cloudevents/schemas/ids/99", 404, 40403),
            ("/cloudevents/schemas/ids/x", 404, 40480),
            ("/cloudevents/schemas/guids/x", 404, 40403),
            ("/cloudevents/types/x/schema", 404, 40480),
            ("/cloudevents/subjects/json/versions/1?references=both", 400, 40080),
            ("/cloudevents/nowhere", 404, 40480),
            ("/cloudevents/contexts/.x/subjects/json/versions/1", 404, 40401),
        ] {
            let answer = app.get(path).await;
            let error = answer.error();
            assert_eq!((error.0, error.1), (status, code), "{path}");
            assert_eq!(answer.json()["instance"], path.split('?').next().unwrap());
            let kind = answer.json()["type"].as_str().unwrap().strip_prefix("https://reg.example.com/r").unwrap().to_owned();
            let page = app.get(&kind).await;
            assert_eq!((page.status.as_u16(), page.header("content-type")), (200, "text/plain; charset=utf-8"));
            assert!(page.text.starts_with(answer.json()["title"].as_str().unwrap()));
        }
        assert_eq!(app.get("/cloudevents/problems/none").await.status, 404);
        assert_eq!(app.delete("/cloudevents/schemas/ids/1").await.error().1, 40580);
        assert_eq!(app.get("/subjects/nope/versions/1").await.text, "{\"error_code\":40401,\"message\":\"Subject 'nope' not found.\"}");
    }

    async fn details_tell_all_urls(db) {
        let app = TestApp::with(db, Setup { public_url: Some("https://reg.example.com"), ..Setup::default() }).await;
        let address = app.register_as("address", "JSON", r#"{"title":"address"}"#, &[]).await;
        let guid = app.register_as(":.ctx:a%2Fb", "JSON", r#"{"title":"plain"}"#, &[]).await;
        let order = app.register_as("order", "JSON", r#"{"$ref":"address.json"}"#, &[("address.json", "address", 1)]).await;
        let body = app.get("/cloudevents/contexts/ctx/subjects/a%2Fb/versions/latest?details").await.ok();
        let base = "https://reg.example.com/cloudevents";
        assert_eq!(body["urls"], json!({
            "guid": format!("{base}/schemas/guids/{guid}"), "id": format!("{base}/contexts/.ctx/schemas/ids/1"),
            "version": format!("{base}/contexts/.ctx/subjects/a%2Fb/versions/1"), "latest": format!("{base}/contexts/.ctx/subjects/a%2Fb/versions/latest"),
            "bundled": format!("{base}/schemas/guids/{guid}?references=bundled"),
        }));
        for (_, url) in body["urls"].as_object().unwrap() {
            let path = url.as_str().unwrap().strip_prefix("https://reg.example.com").unwrap().to_owned();
            assert_eq!(app.get(&path).await.text, r#"{"title":"plain"}"#, "{path}");
        }
        assert_eq!(body["dataschema"], body["urls"]["guid"]);
        let body = app.get(&format!("/cloudevents/schemas/guids/{order}?details=true")).await.ok();
        assert_eq!((body["subject"].as_str(), body["version"].as_i64(), body["schemaType"].as_str()), (Some("order"), Some(1), Some("JSON")));
        let url = format!("{base}/schemas/guids/{address}");
        assert_eq!(body["references"], json!([{ "name": "address.json", "subject": "address", "version": 1, "guid": address, "url": url }]));
        let document = app.get("/cloudevents/subjects/order/versions/1?details=false").await;
        assert_eq!(document.header("link"), format!("<{base}/schemas/guids/{order}>; rel=\"canonical\", <{url}>; rel=\"related\"; title=\"address.json\""));
    }

    async fn urls_never_come_from_the_request(db) {
        let app = TestApp::new(db).await;
        let [guid, ..] = three(&app).await;
        let hostile = [("host", "evil.example"), ("x-forwarded-host", "evil.example"), ("x-forwarded-proto", "https"), ("forwarded", "host=evil.example")];
        for target in [format!("/cloudevents/schemas/guids/{guid}"), format!("/cloudevents/schemas/guids/{guid}?details"), "/cloudevents/resolve?dataschema=/schemas/ids/1".to_owned(), "/cloudevents/nowhere".to_owned()] {
            let answer = app.send(Method::GET, &target, &hostile, "").await;
            assert!(!answer.text.contains("evil") && answer.headers.values().all(|value| !value.to_str().unwrap().contains("evil")), "{target}");
            assert!(!answer.status.is_redirection());
        }
    }

    async fn the_original_paths_answer_documents_to_those_who_want_nothing_else(db) {
        let app = TestApp::new(db).await;
        three(&app).await;
        for (target, accept, media_type) in [
            ("/schemas/ids/1", "application/schema+json", "application/schema+json"),
            ("/subjects/json/versions/1", "application/schema+json, text/plain;q=0.5", "application/schema+json"),
            ("/schemas/ids/2", "application/vnd.apache.avro+json", "application/vnd.apache.avro+json"),
            ("/schemas/ids/3", "application/protobuf", "application/protobuf"),
            ("/cloudevents/subjects/proto/versions/latest", "text/plain", "text/plain; charset=utf-8"),
            ("/contexts/:.:/schemas/ids/1", "application/schema+json", "application/schema+json"),
        ] {
            for _ in 0..2 {
                let answer = accepting(&app, target, accept).await;
                assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, media_type), "{target} {accept}");
                assert!(answer.headers.contains_key("etag"));
                // and the description is as it always was
                let described = app.get(target.trim_start_matches("/cloudevents")).await;
                assert!(described.ok()["schema"].is_string());
            }
        }
        let etag = accepting(&app, "/schemas/ids/1", "application/schema+json").await.header("etag").to_owned();
        let conditional = [("accept", "application/schema+json"), ("if-none-match", etag.as_str())];
        assert_eq!(app.send(Method::GET, "/schemas/ids/1", &conditional, "").await.status, 304);
        assert_eq!(app.send(Method::GET, "/schemas/ids/1", &[("if-none-match", &etag)], "").await.status, 200);
        for accept in ["*/*", "application/json", "application/schema+json, application/json", "application/schema+json, */*;q=0.1"] {
            let answer = accepting(&app, "/schemas/ids/1", accept).await;
            assert!(answer.header("content-type").ends_with("json") && answer.json()["schema"].is_string(), "{accept}");
            assert!(!answer.headers.contains_key("etag"));
        }
        assert_eq!(accepting(&app, "/schemas/ids/1", "text/html").await.status, 406);
        assert_eq!(accepting(&app, "/subjects", "text/plain").await.status, 406);
    }

    async fn browsers_of_other_sites_may_fetch(db) {
        let app = TestApp::new(db).await;
        three(&app).await;
        for target in ["/cloudevents/schemas/ids/1", "/cloudevents/subjects/json/versions/1", "/cloudevents/schemas/guids/x", "/cloudevents/types/t/schema"] {
            let asked = app.send(Method::OPTIONS, target, &[("origin", "https://x.example"), ("access-control-request-method", "GET")], "").await;
            assert_eq!((asked.status.as_u16(), asked.text.as_str()), (204, ""));
            assert_eq!((asked.header("allow"), asked.header("access-control-allow-origin")), ("GET, HEAD, OPTIONS", "*"));
        }
        let other = app.get("/cloudevents/aliases").await;
        assert!(!other.headers.contains_key("access-control-allow-origin"), "documents only");
        let saved = app.get("/cloudevents/schemas/ids/2?download").await;
        assert!(saved.header("content-disposition").starts_with("attachment; filename=\"") && saved.header("content-disposition").ends_with(".avsc\""));
    }

    async fn large_documents_are_compressed_under_a_tag_of_their_own(db) {
        let app = TestApp::new(db).await;
        let fields: Vec<String> = (0..200).map(|i| format!("field_{i}")).collect();
        app.register("s", &record("R", &fields.iter().map(String::as_str).collect::<Vec<_>>())).await;
        for target in ["/cloudevents/schemas/ids/1", "/cloudevents/subjects/s/versions/latest"] {
            for _ in 0..2 {
                let plain = app.get(target).await;
                let packed = app.send(Method::GET, target, &[("accept-encoding", "gzip")], "").await;
                assert_eq!(packed.header("content-encoding"), "gzip");
                assert_eq!(packed.header("etag"), plain.header("etag").replacen('"', "", 1).replace('"', "-gzip\"").replacen("sha256", "\"sha256", 1));
                assert!(packed.bytes.len() < plain.bytes.len());
                assert_eq!(knowing(&app, target, packed.header("etag")).await.status, 304);
            }
        }
    }

    async fn a_bundled_json_schema_stands_alone(db) {
        let app = TestApp::new(db).await;
        app.register_as("street", "JSON", r#"{"type":"string","minLength":2}"#, &[]).await;
        let address = r#"{"$id":"https://other.example/addr","$schema":"http://json-schema.org/draft-07/schema#","type":"object","properties":{"street":{"$ref":"https://x.example/street.json"}},"definitions":{"zip":{"type":"integer"}}}"#;
        app.register_as("address", "JSON", address, &[("https://x.example/street.json", "street", 1)]).await;
        let root = |dialect: &str| format!(
            r##"{{"$schema":"{dialect}","$id":"https://x.example/order.json","type":"object","properties":{{"to":{{"$ref":"address.json"}},"zip":{{"$ref":"address.json#/definitions/zip"}},"self":{{"$ref":"#"}}}}}}"##
        );
        for (subject, dialect, keyword) in [
            ("order-7", "http://json-schema.org/draft-07/schema#", "definitions"),
            ("order-2020", "https://json-schema.org/draft/2020-12/schema", "$defs"),
        ] {
            app.register_as(subject, "JSON", &root(dialect), &[("address.json", "address", 1)]).await;
            let target = format!("/cloudevents/subjects/{subject}/versions/1?references=bundled");
            let answer = app.get(&target).await;
            let (body, etag) = (answer.json(), answer.header("etag").to_owned());
            assert_eq!(answer.header("content-type"), "application/schema+json");
            let ids: Vec<&str> = body[keyword].as_object().unwrap().values().map(|part| part["$id"].as_str().unwrap()).collect();
            assert_eq!(ids, ["https://other.example/addr", "https://x.example/street.json"]);
            let validator = jsonschema::validator_for(&body).unwrap();
            assert!(validator.is_valid(&json!({ "to": { "street": "ab" }, "zip": 1, "self": { "zip": 2 } })));
            for bad in [json!({ "to": { "street": "a" } }), json!({ "zip": "1" }), json!({ "self": { "zip": "x" } })] {
                assert!(!validator.is_valid(&bad), "{dialect} {bad}");
            }
            assert_eq!(app.get(&target).await.text, answer.text, "the same every time");
            assert_eq!(knowing(&app, &target, &etag).await.status, 304);
            let linked = app.get(&format!("/cloudevents/subjects/{subject}/versions/1")).await;
            assert_ne!(linked.header("etag"), etag);
            assert_eq!(linked.text, root(dialect));
        }
        let alone = app.get("/cloudevents/subjects/street/versions/1?references=bundled").await;
        assert_eq!(alone.text, r#"{"type":"string","minLength":2}"#);
    }

    async fn a_bundle_of_relative_names_and_mere_references_stands_alone_too(db) {
        let app = TestApp::new(db).await;
        app.register_as("leaf", "JSON", "false", &[]).await;
        app.register_as("pass", "JSON", r#"{"$ref":"leaf.json","definitions":{"n":{"type":"null"}}}"#, &[("leaf.json", "leaf", 1)]).await;
        app.register_as("root", "JSON", r#"{"$ref":"dir/pass.json"}"#, &[("dir/pass.json", "pass", 1), ("leaf.json", "leaf", 1)]).await;
        app.register_as("root2", "JSON", r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","properties":{"a":{"$ref":"pass.json#/definitions/n"},"b":{"$ref":"leaf.json"}}}"#, &[("pass.json", "pass", 1), ("leaf.json", "leaf", 1)]).await;
        let body = app.get("/cloudevents/subjects/root/versions/1?references=bundled").await.json();
        assert!(!jsonschema::validator_for(&body).unwrap().is_valid(&json!(1)), "{body}");
        let body = app.get("/cloudevents/subjects/root2/versions/1?references=bundled").await.json();
        let validator = jsonschema::validator_for(&body).unwrap();
        assert!(validator.is_valid(&json!({ "a": null })), "{body}");
        assert!(!validator.is_valid(&json!({ "a": 1 })) && !validator.is_valid(&json!({ "b": null })), "{body}");
    }

    async fn a_bundled_avro_schema_stands_alone(db) {
        let app = TestApp::new(db).await;
        app.register_as("address", "AVRO", &record("shop.Address", &["zip"]), &[]).await;
        let order = r#"{"type":"record","name":"Order","namespace":"shop","fields":[{"name":"to","type":"Address"},{"name":"from","type":"Address"}]}"#;
        app.register_as("order", "AVRO", order, &[("shop.Address", "address", 1)]).await;
        assert!(apache_avro::Schema::parse_str(&app.get("/cloudevents/subjects/order/versions/1").await.text).is_err());
        let bundled = app.get("/cloudevents/subjects/order/versions/1?references=bundled").await;
        assert_eq!(bundled.header("content-type"), "application/vnd.apache.avro+json");
        assert!(apache_avro::Schema::parse_str(&bundled.text).is_ok(), "{}", bundled.text);
        assert_eq!(bundled.text.matches("zip").count(), 1, "spelled out at its first use");
    }

    async fn bundled_protobuf_is_a_descriptor_set(db) {
        let app = TestApp::new(db).await;
        app.register_as("money", "PROTOBUF", "syntax = \"proto3\"; package shop; import \"google/type/money.proto\"; message Price { google.type.Money money = 1; }", &[]).await;
        let order = "syntax = \"proto3\"; package shop; import \"price.proto\"; import \"google/protobuf/timestamp.proto\"; message Order { Price price = 1; google.protobuf.Timestamp at = 2; }";
        app.register_as("order", "PROTOBUF", order, &[("price.proto", "money", 1)]).await;
        let bundled = app.get("/cloudevents/subjects/order/versions/1?references=bundled").await;
        assert_eq!(bundled.header("content-type"), "application/protobuf");
        let pool = DescriptorPool::decode(bundled.bytes.as_ref()).unwrap();
        for message in ["shop.Order", "shop.Price", "google.type.Money", "google.protobuf.Timestamp"] {
            assert!(pool.get_message_by_name(message).is_some(), "{message}");
        }
        let asked = accepting(&app, "/cloudevents/subjects/order/versions/1", "application/protobuf").await;
        assert_eq!((asked.bytes, asked.headers["etag"].clone()), (bundled.bytes.clone(), bundled.headers["etag"].clone()));
        assert_eq!(app.get("/cloudevents/subjects/order/versions/1?references=bundled").await.bytes, bundled.bytes);
    }
}

/// A server that has read nothing yet answers by the tag that was stored at registration.
async fn after_a_start(database: Database) {
    let fresh = Fresh::new(database).await;
    let app = TestApp::over(fresh.open().await, Setup::default()).await;
    let [guid, ..] = three(&app).await;
    let path = format!("/cloudevents/schemas/guids/{guid}");
    let etag = app.get(&path).await.header("etag").to_owned();
    app.store.close().await;
    drop(app);
    let app = TestApp::over(fresh.open_again().await, Setup::default()).await;
    for _ in 0..2 {
        let answer = knowing(&app, &path, &etag).await;
        assert_eq!((answer.status.as_u16(), answer.header("etag")), (304, etag.as_str()));
    }
    assert_eq!(
        app.registry.readings().caches.iter().find(|(name, _)| *name == "schemas").map(|(_, cache)| cache.values),
        Some(0),
        "the text was not read"
    );
    let whole: Value = app.get(&path).await.json();
    assert_eq!(whole["type"], "object");
    assert_eq!(knowing(&app, &path, &etag).await.status, 304);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_is_enough_after_a_start_on_sqlite() {
    after_a_start(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_is_enough_after_a_start_on_postgres() {
    if postgres_url().is_some() {
        after_a_start(Database::Postgres).await;
    }
}
