//! Which schema a `dataschema` names: every rule, their order, and that nothing is ever fetched.

use std::sync::Arc;

use accordant::cloudevents::resolve::{Base, ResolveSettings};
use accordant::registry::Defaults;
use accordant::store::{HashedContent, RegisterOutcome, RegisterRequest};
use accordant::types::{Actor, Alias, AliasTarget, Content, SchemaType, Subject, TypeBinding, VersionSelector};
use hyper::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::on_both;
use crate::support::app::{Answer, Database, Fresh, Setup, TestApp, postgres_url};

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

async fn resolve(app: &TestApp, uri: &str) -> Answer {
    app.get(&format!("/cloudevents/resolve?dataschema={}", encoded(uri))).await
}

async fn resolve_type(app: &TestApp, event_type: &str) -> Answer {
    app.get(&format!("/cloudevents/resolve?type={}", encoded(event_type))).await
}

/// Rule, subject and version of a resolution.
#[track_caller]
fn found(answer: Answer) -> (String, String, i64) {
    let body = answer.ok();
    let text = |key: &str| body[key].as_str().unwrap().to_owned();
    (text("resolved_by"), text("subject"), body["version"].as_i64().unwrap())
}

fn by(rule: &str, subject: &str, version: i64) -> (String, String, i64) {
    (rule.to_owned(), subject.to_owned(), version)
}

async fn register(app: &TestApp, subject: &str, title: &str) -> String {
    app.register_as(&encoded(subject), "JSON", &json!({ "title": title }).to_string(), &[]).await
}

fn configured(resolve: ResolveSettings) -> Setup {
    Setup { defaults: Defaults { resolve, ..Defaults::default() }, ..Setup::default() }
}

fn bases(list: &[(&str, bool, &[&str])]) -> ResolveSettings {
    let bases = list.iter().map(|(url, style, templates)| Base::with_templates(url, *style, templates).unwrap()).collect();
    ResolveSettings { bases, ..ResolveSettings::default() }
}

on_both! {
    async fn every_own_shape_names_its_schema(db) {
        let app = TestApp::new(db).await;
        let guid = register(&app, "a/b c", "one").await;
        register(&app, ":.ctx:orders", "two").await;
        let own = format!("http://{}", app.address);
        for path in [
            "/subjects/a%2Fb%20c/versions/1",
            "/subjects/a%2Fb%20c/versions/1/schema",
            "/subjects/a%2fb%20c/versions/latest",
            "/schemas/ids/1",
            "/schemas/ids/1/schema",
            "/schemas/ids/1?subject=a%2Fb+c",
            &format!("/schemas/guids/{guid}"),
            "/cloudevents/subjects/a%2Fb%20c/versions/1",
            "/cloudevents/schemas/ids/1",
            &format!("/cloudevents/schemas/guids/{guid}"),
            "/contexts/:.:/subjects/a%2Fb%20c/versions/1",
            "/xregistry/schemagroups/default/schemas/a~2Fb~20c/versions/1",
            "/xregistry/schemagroups/default/schemas/a~2Fb~20c/versions/1$details",
            "/xregistry/schemagroups/default/schemas/a~2Fb~20c",
        ] {
            for uri in [format!("{own}{path}"), path.to_owned()] {
                assert_eq!(found(resolve(&app, &uri).await), by("own-base", "a/b c", 1), "{uri}");
            }
        }
        for path in [
            "/contexts/.ctx/subjects/orders/versions/1",
            "/contexts/ctx/schemas/ids/1",
            "/contexts/ctx/cloudevents/subjects/orders/versions/1",
            "/cloudevents/contexts/.ctx/subjects/orders/versions/1",
            "/cloudevents/contexts/.ctx/schemas/ids/1",
            "/subjects/%3A.ctx%3Aorders/versions/1",
            "/xregistry/schemagroups/ctx/schemas/orders/versions/1",
        ] {
            assert_eq!(found(resolve(&app, &format!("{own}{path}")).await), by("own-base", ":.ctx:orders", 1), "{path}");
        }
        for path in ["/subjects/x", "/subjects/a%2Fb%20c/versions/0", "/schemas/ids/one", "/config", "/xregistry/schemagroups/default/schemas/A~2Fb~20c", ""] {
            assert_eq!(resolve(&app, &format!("{own}{path}")).await.status, 404, "{path}");
        }
    }

    async fn a_resolution_says_all_that_there_is(db) {
        let setup = Setup { public_url: Some("https://reg.example.com/base/"), ..Setup::default() };
        let app = TestApp::with(db, setup).await;
        let guid = register(&app, "orders", "one").await;
        let body = resolve(&app, "https://reg.example.com/base/subjects/orders/versions/1#/properties/id").await.ok();
        let wanted = json!({
            "resolved_by": "own-base", "subject": "orders", "version": 1, "id": 1, "guid": guid, "schemaType": "JSON",
            "fragment": "/properties/id", "immutable": true,
            "url": format!("https://reg.example.com/base/cloudevents/schemas/guids/{guid}"),
            "tried": ["alias", "own-base"],
        });
        assert_eq!(body, wanted);
        assert_eq!(resolve(&app, "https://reg.example.com/base/subjects/orders/versions/latest").await.ok()["immutable"], false);
    }

    async fn addresses_are_compared_in_one_form(db) {
        let app = TestApp::with(db, Setup { public_url: Some("https://Reg.Example.com:443/base"), ..Setup::default() }).await;
        register(&app, "orders", "one").await;
        for base in ["https://reg.example.com/base", "HTTPS://REG.example.COM:443//base/"] {
            assert_eq!(found(resolve(&app, &format!("{base}/subjects/orders/versions/1")).await), by("own-base", "orders", 1));
        }
        for base in [
            "http://reg.example.com/base", "https://reg.example.com:444/base", "https://reg.example.com", "https://x.example.com/base",
            "https://user@reg.example.com/base", "", "https://reg.example.com/Base",
            "https://reg.example.com:+443/base", "https://reg.example.com::443/base", "https://[reg.example.com/base",
        ] {
            assert_eq!(resolve(&app, &format!("{base}/subjects/orders/versions/1")).await.status, 404, "{base}");
        }
    }

    async fn percent_encoding_is_undone_once_and_dots_are_refused(db) {
        let app = TestApp::new(db).await;
        register(&app, "p%41", "one").await;
        register(&app, "pA", "two").await;
        assert_eq!(found(resolve(&app, "/subjects/p%2541/versions/1").await).1, "p%41");
        assert_eq!(found(resolve(&app, "/subjects/p%41/versions/1").await).1, "pA");
        for path in ["/x/../subjects/pA/versions/1", "/./subjects/pA/versions/1", "/x/%2e%2E/subjects/pA/versions/1", "/subjects/p%zz/versions/1", "/subjects/%ff/versions/1"] {
            let answer = resolve(&app, path).await;
            assert_eq!(answer.error().1, 40403, "{path}");
            assert!(answer.text.contains("nothing is read out of the URI"), "{}", answer.text);
        }
    }

    async fn an_alias_stands_before_everything_else(db) {
        let app = TestApp::new(db).await;
        let guid = register(&app, "orders", "one").await;
        register(&app, "orders", "two").await;
        register(&app, "other", "three").await;
        let put = async |body: Value| app.put("/cloudevents/aliases", &body).await;
        assert_eq!(put(json!({ "uri": "urn:example:order", "subject": "orders", "version": 1 })).await.status, 201);
        assert_eq!(found(resolve(&app, "urn:example:order").await), by("alias", "orders", 1));
        let again = put(json!({ "uri": "urn:example:order", "subject": "orders" })).await;
        assert_eq!((again.status.as_u16(), again.json()["version"].clone()), (200, json!("latest")));
        assert_eq!(found(resolve(&app, "urn:example:order").await), by("alias", "orders", 2), "the change holds at once");
        put(json!({ "uri": "urn:example:guid", "guid": guid })).await.json();
        assert_eq!(found(resolve(&app, "urn:example:guid").await), by("alias", "orders", 1));
        let own = format!("http://{}/subjects/orders/versions/1", app.address);
        assert_eq!(found(resolve(&app, &own).await).0, "own-base");
        put(json!({ "uri": own, "subject": "other", "version": 1 })).await.json();
        assert_eq!(found(resolve(&app, &own).await), by("alias", "other", 1));
        // a fragment selects, unless it is part of the alias
        let plain = resolve(&app, "urn:example:order#Line").await.ok();
        assert_eq!((plain["fragment"].as_str(), plain["subject"].as_str()), (Some("Line"), Some("orders")));
        put(json!({ "uri": "urn:example:order#Line", "subject": "other", "version": "latest" })).await.json();
        let whole = resolve(&app, "urn:example:order#Line").await.ok();
        assert_eq!((whole["fragment"].as_str(), whole["subject"].as_str()), (None, Some("other")));
        let listed = app.get("/cloudevents/aliases?limit=2&offset=1").await.ok();
        let uris: Vec<&str> = listed.as_array().unwrap().iter().map(|alias| alias["uri"].as_str().unwrap()).collect();
        assert_eq!(uris, ["urn:example:guid", "urn:example:order"]);
        assert_eq!(app.delete("/cloudevents/aliases?uri=urn%3Aexample%3Aorder").await.ok()["subject"], "orders");
        assert_eq!(resolve(&app, "urn:example:order").await.status, 404);
        assert_eq!(app.delete("/cloudevents/aliases?uri=urn%3Aexample%3Aorder").await.error().1, 40480);
        assert_eq!(app.delete("/cloudevents/aliases").await.error().1, 40080);
    }

    async fn what_can_not_be_an_alias_is_refused(db) {
        let app = TestApp::new(db).await;
        register(&app, "orders", "one").await;
        let long = format!("urn:{}", "x".repeat(2048));
        for (body, status, code) in [
            (json!({ "uri": "urn:a", "subject": "nope", "version": 1 }), 404, 40401),
            (json!({ "uri": "urn:a", "subject": "orders", "version": 2 }), 404, 40402),
            (json!({ "uri": "urn:a", "guid": "00000000000000000000000000000000" }), 404, 40403),
            (json!({ "uri": "urn:a", "guid": "zero" }), 422, 42282),
            (json!({ "uri": "urn:a", "subject": "orders", "version": "newest" }), 422, 42202),
            (json!({ "uri": "urn:a", "subject": "orders", "version": 0 }), 422, 42202),
            (json!({ "uri": "urn:a" }), 422, 42282),
            (json!({ "subject": "orders" }), 422, 42282),
            (json!({ "uri": "urn:a b", "subject": "orders" }), 422, 42282),
            (json!({ "uri": long, "subject": "orders" }), 422, 42282),
            (json!([]), 400, 40080),
        ] {
            let error = app.put("/cloudevents/aliases", &body).await.error();
            assert_eq!((error.0, error.1), (status, code), "{body}");
        }
        assert_eq!(app.get("/cloudevents/aliases").await.text, "[]");
    }

    async fn an_alias_of_something_gone_is_no_way_to_something_else(db) {
        let app = TestApp::new(db).await;
        register(&app, "orders", "one").await;
        let uri = "/subjects/orders/versions/1";
        register(&app, "gone", "two").await;
        app.put("/cloudevents/aliases", &json!({ "uri": uri, "subject": "gone", "version": 1 })).await.json();
        app.delete("/subjects/gone").await.ok();
        let deleted = resolve(&app, uri).await.ok();
        assert_eq!((deleted["subject"].as_str(), deleted["deleted"].as_bool()), (Some("gone"), Some(true)));
        app.delete("/subjects/gone?permanent=true").await.ok();
        let answer = resolve(&app, uri).await;
        assert_eq!(answer.error().1, 40403);
        assert_eq!(answer.json()["tried"], json!(["alias"]));
    }

    async fn templates_read_the_urls_of_others(db) {
        let settings = bases(&[
            ("http://my-registry", true, &[]),
            ("http://registry/schemas", false, &["{subject}/{version}"]),
            ("https://schemas.example.ai", false, &["{subject}-v{version}.json", "{subject}.json", "{context}/{subject}?v={version}"]),
        ]);
        let app = TestApp::with(db, configured(settings)).await;
        register(&app, "task-result", "one").await;
        register(&app, "call-completed", "two").await;
        register(&app, "call-completed", "three").await;
        register(&app, "api-v2", "four").await;
        register(&app, ":.ctx:api-v2", "five").await;
        for (uri, subject, version) in [
            ("http://my-registry/schemas/ids/1", "task-result", 1),
            ("http://my-registry:80/subjects/call-completed/versions/2", "call-completed", 2),
            ("http://registry/schemas/task-result/1", "task-result", 1),
            ("https://schemas.example.ai/call-completed-v1.json", "call-completed", 1),
            ("https://schemas.example.ai/call-completed.json", "call-completed", 2),
            // the first template takes this for version 2 of "api", which is not there
            ("https://schemas.example.ai/api-v2.json", "api-v2", 1),
            ("https://schemas.example.ai/ctx/api-v2?v=1", ":.ctx:api-v2", 1),
        ] {
            for _ in 0..2 {
                assert_eq!(found(resolve(&app, uri).await), by("base-template", subject, version), "{uri}");
            }
        }
        assert_eq!(resolve(&app, "https://schemas.example.ai/call-completed.json").await.ok()["immutable"], false);
        // what the first template names comes to be: it is found from then on
        register(&app, "api", "six").await;
        register(&app, "api", "seven").await;
        assert_eq!(found(resolve(&app, "https://schemas.example.ai/api-v2.json").await), by("base-template", "api", 2));
        for uri in ["https://schemas.example.ai/call-completed-v01.json", "https://schemas.example.ai/x/call-completed.json", "https://schemas.example.ai/call-completed.json?x", "http://schemas.example.ai/call-completed.json"] {
            assert_eq!(resolve(&app, uri).await.status, 404, "{uri}");
        }
    }

    async fn an_identifier_names_its_json_schema(db) {
        let app = TestApp::new(db).await;
        let schema = |id: &str, title: &str| json!({ "$id": id, "title": title }).to_string();
        app.register_as("orders", "JSON", &schema("https://Example.com:443/order.json#", "one"), &[]).await;
        app.register_as("copies", "JSON", &schema("https://Example.com:443/order.json#", "one"), &[]).await;
        app.register_as("old", "JSON", &json!({ "$schema": "http://json-schema.org/draft-04/schema#", "id": "urn:old" }).to_string(), &[]).await;
        assert_eq!(found(resolve(&app, "https://example.com/order.json").await), by("schema-id", "orders", 1), "one schema under two subjects");
        assert_eq!(found(resolve(&app, "urn:old#/definitions/x").await), by("schema-id", "old", 1));
        app.register_as("rival", "JSON", &schema("https://example.com/order.json", "two"), &[]).await;
        let answer = resolve(&app, "https://example.com/order.json").await;
        assert_eq!((answer.status.as_u16(), answer.error().1), (409, 40981));
        let body = answer.json();
        assert_eq!(body["tried"], json!(["alias", "own-base", "base-template", "schema-id"]));
        let subjects: Vec<&str> = body["candidates"].as_array().unwrap().iter().map(|c| c["subject"].as_str().unwrap()).collect();
        assert_eq!(subjects, ["orders", "rival"]);
        assert!(body["type"].as_str().unwrap().ends_with("/cloudevents/problems/ambiguous"));
        // ambiguity is not passed over in silence
        app.put("/cloudevents/types/t", &json!({ "subject": "old" })).await.json();
        let both = format!("/cloudevents/resolve?dataschema={}&type=t", encoded("https://example.com/order.json"));
        assert_eq!(app.get(&both).await.status, 409);
        // live schemas count before soft-deleted ones, and what was purged has no name any more
        app.delete("/subjects/rival").await.ok();
        assert_eq!(found(resolve(&app, "https://example.com/order.json").await).1, "orders");
        for subject in ["orders", "copies"] {
            app.delete(&format!("/subjects/{subject}")).await.ok();
            app.delete(&format!("/subjects/{subject}?permanent=true")).await.ok();
        }
        assert_eq!(found(resolve(&app, "https://example.com/order.json").await).1, "rival");
        app.delete("/subjects/rival?permanent=true").await.ok();
        assert_eq!(resolve(&app, "https://example.com/order.json").await.status, 404);
    }

    async fn a_type_url_names_a_message(db) {
        let app = TestApp::new(db).await;
        let proto = "syntax = \"proto3\"; package shop.v1; message Order { message Line {} }";
        app.register_as("orders", "PROTOBUF", proto, &[]).await;
        for (uri, fragment) in [
            ("type.googleapis.com/shop.v1.Order", "shop.v1.Order"),
            ("https://type.googleapis.com/shop.v1.Order.Line", "shop.v1.Order.Line"),
            ("types.example.com/some/where/shop.v1.Order", "shop.v1.Order"),
        ] {
            let body = resolve(&app, uri).await.ok();
            assert_eq!((body["resolved_by"].as_str(), body["subject"].as_str()), (Some("type-url"), Some("orders")), "{uri}");
            assert_eq!(body["fragment"], fragment);
        }
        for uri in ["type.googleapis.com/shop.v1.Nope", "shop.v1.Order", "https://example.com/shop.v1.Order", "#", "type.googleapis.com/"] {
            assert_eq!(resolve(&app, uri).await.error().1, 40403, "{uri}");
        }
        app.register_as("rivals", "PROTOBUF", "syntax = \"proto3\"; package shop.v1; message Order { int32 a = 1; }", &[]).await;
        assert_eq!(resolve(&app, "type.googleapis.com/shop.v1.Order").await.error().1, 40981);
        app.put("/cloudevents/aliases", &json!({ "uri": "type.googleapis.com/shop.v1.Order", "subject": "rivals" })).await.json();
        assert_eq!(found(resolve(&app, "type.googleapis.com/shop.v1.Order").await), by("alias", "rivals", 1));
    }

    async fn types_are_bound_by_patterns(db) {
        let app = TestApp::new(db).await;
        for subject in ["any", "orders", "created", "exact"] {
            register(&app, subject, subject).await;
        }
        register(&app, "orders", "orders 2").await;
        let put = async |pattern: &str, body: Value| app.put(&format!("/cloudevents/types/{}", encoded(pattern)), &body).await;
        assert_eq!(put("*", json!({ "subject": "any" })).await.status, 201);
        assert_eq!(put("com.example.order.*", json!({ "subject": "orders", "version": 1 })).await.status, 201);
        put("*.created.*", json!({ "subject": "created" })).await.json();
        put("com.example.order.created.v1", json!({ "subject": "exact", "require_dataschema": true })).await.json();
        for (event_type, subject, version) in [
            ("x", "any", 1),
            ("com.example.order.paid.v1", "orders", 1),
            ("com.created.v1", "created", 1),
            ("com.example.order.created.v2", "orders", 1),
            ("com.example.order.created.v1", "exact", 1),
        ] {
            assert_eq!(found(resolve_type(&app, event_type).await), by("type-binding", subject, version), "{event_type}");
        }
        assert_eq!(put("com.example.order.*", json!({ "subject": "orders" })).await.status, 200);
        assert_eq!(found(resolve_type(&app, "com.example.order.paid.v1").await), by("type-binding", "orders", 2));
        let one = app.get("/cloudevents/types/com.example.order.created.v1").await.ok();
        assert_eq!(one, json!({ "type": "com.example.order.created.v1", "subject": "exact", "version": "latest", "require_dataschema": true, "configured": false }));
        let all = app.get("/cloudevents/types").await.ok();
        let patterns: Vec<&str> = all.as_array().unwrap().iter().map(|b| b["type"].as_str().unwrap()).collect();
        assert_eq!(patterns, ["*", "*.created.*", "com.example.order.*", "com.example.order.created.v1"]);
        assert_eq!(app.delete("/cloudevents/types/*").await.status, 204);
        assert_eq!(resolve_type(&app, "x").await.status, 404);
        assert_eq!(app.delete("/cloudevents/types/*").await.error().1, 40480);
        assert_eq!(app.get("/cloudevents/types/*").await.error().1, 40480);
        for (body, code) in [
            (json!({ "subject": "nope" }), 40401),
            (json!({ "subject": "orders", "version": 9 }), 40402),
            (json!({ "version": 1 }), 42282),
            (json!({ "subject": "orders", "require_dataschema": "yes" }), 40080),
        ] {
            assert_eq!(put("t", body.clone()).await.error().1, code, "{body}");
        }
    }

    async fn a_dataschema_that_leads_nowhere_leaves_the_word_to_the_type(db) {
        let settings = ResolveSettings { convention: true, ..ResolveSettings::default() };
        let app = TestApp::with(db, configured(settings)).await;
        register(&app, "com.example.paid-value", "one").await;
        let ask = async |uri: &str| {
            app.get(&format!("/cloudevents/resolve?dataschema={}&type=com.example.paid", encoded(uri))).await
        };
        assert_eq!(found(ask("https://nowhere.example.com/x").await), by("convention", "com.example.paid-value", 1));
        register(&app, "com.example.paid", "two").await;
        assert_eq!(found(ask("#").await), by("convention", "com.example.paid", 1));
        register(&app, "bound", "three").await;
        app.put("/cloudevents/types/com.example.paid", &json!({ "subject": "bound" })).await.json();
        assert_eq!(found(ask("#").await), by("type-binding", "bound", 1));
        assert_eq!(found(ask("").await), by("type-binding", "bound", 1), "an empty one is no URI, but the type is known");
        let plain = TestApp::new(db).await;
        register(&plain, "com.example.paid", "one").await;
        assert_eq!(resolve_type(&plain, "com.example.paid").await.status, 404, "off unless asked for");
    }

    async fn what_the_writer_says_counts_behind_dataschema(db) {
        let app = TestApp::new(db).await;
        register(&app, "orders", "one").await;
        let guid = register(&app, "others", "two").await;
        let post = async |body: Value| app.post("/cloudevents/resolve", &body).await;
        assert_eq!(found(post(json!({ "framing": { "id": 1 } })).await), by("framing", "orders", 1));
        assert_eq!(found(post(json!({ "framing": { "guid": guid } })).await), by("framing", "others", 1));
        let header_first = post(json!({ "record_header": { "guid": guid }, "framing": { "id": 1 } })).await.ok();
        assert_eq!(header_first["resolved_by"], "record-header");
        let both = post(json!({ "dataschema": "/subjects/orders/versions/1", "framing": { "id": 2 } })).await.ok();
        assert_eq!((both["resolved_by"].as_str(), both["writer"]["resolved_by"].as_str()), (Some("own-base"), Some("framing")));
        let agreed = post(json!({ "dataschema": "/subjects/orders/versions/1", "framing": { "id": 1 } })).await.ok();
        assert_eq!(agreed.get("writer"), None, "{agreed}");
        for body in [json!({}), json!({ "framing": {} }), json!({ "framing": 42 }), json!({ "dataschema": 1, "framing": [] }), json!([1])] {
            assert_eq!(post(body.clone()).await.error().1, 40080, "{body}");
        }
        assert_eq!(post(json!({ "framing": { "id": 99 } })).await.error().1, 40403);
    }

    async fn a_miss_says_what_was_tried_and_what_is_close(db) {
        let settings = bases(&[("https://schemas.example.ai", false, &["{subject}-v{version}.json"])]);
        let app = TestApp::with(db, Setup { public_url: Some("https://reg.example.com"), ..configured(settings) }).await;
        register(&app, "call-completed", "one").await;
        app.put("/cloudevents/aliases", &json!({ "uri": "urn:example:orders:1", "subject": "call-completed", "version": 1 })).await.json();
        let answer = resolve(&app, "https://schemas.example.ai/call-complete-v1.json").await;
        assert_eq!(answer.header("content-type"), "application/problem+json");
        insta::assert_snapshot!("no_such_subject", answer.pretty());
        for (name, uri) in [
            ("no_such_version", "https://schemas.example.ai/call-completed-v9.json"),
            ("no_such_alias", "urn:example:order:1"),
            ("nothing_close", "https://elsewhere.example.com/x"),
        ] {
            insta::assert_snapshot!(name, resolve(&app, uri).await.pretty());
        }
    }

    async fn what_is_no_uri_is_refused(db) {
        let app = TestApp::new(db).await;
        for uri in ["", "https://example.com/a b", "urn:x\u{7}", &format!("urn:{}", "x".repeat(2048))] {
            let answer = resolve(&app, uri).await;
            assert_eq!(answer.error().1, 40080, "{uri}");
            assert!(answer.json()["type"].as_str().unwrap().ends_with("/not-a-uri"));
        }
        assert_eq!(app.get("/cloudevents/resolve").await.error().1, 40080);
        assert_eq!(app.send(Method::POST, "/cloudevents/resolve", &[("content-type", "text/html")], "{}").await.error().1, 41580);
        assert_eq!(app.send(Method::POST, "/cloudevents/resolve", &[], "{").await.error().1, 40080);
    }

    async fn deleting_for_good_is_seen_at_once(db) {
        let app = TestApp::new(db).await;
        register(&app, "orders", "one").await;
        let uri = "/subjects/orders/versions/1";
        for _ in 0..2 {
            assert!(resolve(&app, uri).await.ok().get("deleted").is_none());
        }
        app.delete("/subjects/orders").await.ok();
        assert_eq!(resolve(&app, uri).await.ok()["deleted"], true);
        assert!(resolve(&app, "/schemas/ids/1").await.ok().get("deleted").is_none(), "an id stands for the schema");
        app.delete("/subjects/orders?permanent=true").await.ok();
        assert_eq!(resolve(&app, uri).await.status, 404);
        assert_eq!(resolve(&app, "/schemas/ids/1").await.status, 404);
    }

    async fn the_resolved_document_comes_in_one_hop(db) {
        let app = TestApp::new(db).await;
        register(&app, "orders", "one").await;
        let answer = app.get("/cloudevents/resolve/document?dataschema=/subjects/orders/versions/1").await;
        assert_eq!((answer.text.as_str(), answer.header("content-type")), (r#"{"title":"one"}"#, "application/schema+json"));
        assert_eq!(answer.header("cache-control"), "no-store");
        let posted = app.post("/cloudevents/resolve/document?references=bundled", &json!({ "framing": { "id": 1 } })).await;
        assert_eq!(posted.text, answer.text);
        assert_eq!(app.get("/cloudevents/resolve/document?dataschema=/subjects/nope/versions/1").await.error().1, 40403);
        app.delete("/subjects/orders").await.ok();
        assert_eq!(app.get("/cloudevents/resolve/document?dataschema=/subjects/orders/versions/1").await.error().1, 41080);
        assert_eq!(app.get("/cloudevents/resolve/document?dataschema=/schemas/ids/1").await.status, 200);
    }

    async fn what_the_configuration_says_counts_until_something_is_stored(db) {
        let orders = || Subject::plain("orders");
        let alias = Alias { uri: "urn:a".into(), target: AliasTarget::Version(orders(), VersionSelector::Number(1)) };
        let binding = TypeBinding { pattern: "t.*".into(), subject: orders(), version: VersionSelector::Latest, require_dataschema: false };
        let settings = ResolveSettings { aliases: vec![alias], types: vec![binding], ..ResolveSettings::default() };
        let app = TestApp::with(db, configured(settings)).await;
        assert_eq!(resolve(&app, "urn:a").await.status, 404, "the subject is not there yet");
        register(&app, "orders", "one").await;
        register(&app, "others", "two").await;
        assert_eq!(found(resolve(&app, "urn:a").await), by("alias", "orders", 1));
        assert_eq!(found(resolve_type(&app, "t.x").await), by("type-binding", "orders", 1));
        assert_eq!(app.get("/cloudevents/aliases").await.ok(), json!([{ "uri": "urn:a", "subject": "orders", "version": 1, "configured": true }]));
        assert_eq!(app.get("/cloudevents/types").await.ok()[0]["configured"], true);
        assert_eq!(app.delete("/cloudevents/aliases?uri=urn:a").await.error().1, 40981);
        assert_eq!(app.delete("/cloudevents/types/t.*").await.error().1, 40981);
        app.put("/cloudevents/aliases", &json!({ "uri": "urn:a", "subject": "others" })).await.json();
        app.put("/cloudevents/types/t.*", &json!({ "subject": "others" })).await.json();
        assert_eq!(found(resolve(&app, "urn:a").await), by("alias", "others", 1));
        assert_eq!(found(resolve_type(&app, "t.x").await), by("type-binding", "others", 1));
        assert_eq!(app.get("/cloudevents/aliases").await.ok().as_array().unwrap().len(), 1);
    }

    async fn schemas_of_an_older_release_are_filed_after_a_start(db) {
        let app = TestApp::new(db).await;
        for (at, (schema_type, text)) in [
            (SchemaType::Json, r#"{"$id":"https://example.com/old.json"}"#),
            (SchemaType::Protobuf, "syntax = \"proto3\";\npackage old;\n\nmessage Old {}\n"),
            (SchemaType::Json, "{not even json"),
            (SchemaType::Avro, "\"string\""),
        ].into_iter().enumerate() {
            let content = Content { schema_type, text: text.into(), references: Vec::new(), metadata: None, rule_set: None };
            let request = RegisterRequest {
                subject: Subject::plain(&format!("old-{at}")), schema: HashedContent::from(content), targets: Vec::new(), active_references: true,
                expected_epoch: 0, expected_settings: 0, version: 1, previous: None, id: None, digest: None, names: Vec::new(), words: None, disruptive: false, turn: None, now: 1,
            };
            assert!(matches!(app.store.register(Arc::new(request), &Arc::new(Actor::server())).await.unwrap(), RegisterOutcome::Registered { .. }));
        }
        assert_eq!(resolve(&app, "https://example.com/old.json").await.status, 404);
        assert_eq!(app.registry.backfill_names().await.unwrap(), 4);
        assert_eq!(app.registry.backfill_names().await.unwrap(), 0, "each is filed once");
        assert_eq!(found(resolve(&app, "https://example.com/old.json").await), by("schema-id", "old-0", 1));
        assert_eq!(found(resolve(&app, "type.googleapis.com/old.Old").await), by("type-url", "old-1", 1));
        assert!(app.store.document_tag(".", 3).await.unwrap().unwrap().digest.is_some());
    }

    async fn every_change_is_in_the_outbox(db) {
        let app = TestApp::new(db).await;
        register(&app, "orders", "one").await;
        let before = app.store.generation().await.unwrap().content;
        app.put("/cloudevents/aliases", &json!({ "uri": "urn:a", "subject": "orders" })).await.json();
        app.put("/cloudevents/types/t", &json!({ "subject": "orders" })).await.json();
        app.delete("/cloudevents/types/t").await;
        app.delete("/cloudevents/aliases?uri=urn:a").await.ok();
        let kinds: Vec<String> = app.store.changes(1, 100).await.unwrap().into_iter().map(|change| change.kind).collect();
        assert_eq!(kinds, ["alias.set", "type.set", "type.deleted", "alias.deleted"]);
        assert_eq!(app.store.generation().await.unwrap().content, before + 4);
    }

    async fn nothing_is_ever_fetched(db) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let there = format!("http://{}", listener.local_addr().unwrap());
        let settings = bases(&[(&there, true, &["{subject}.json"])]);
        let app = TestApp::with(db, configured(settings)).await;
        let text = json!({ "$id": format!("{there}/own.json"), "title": "one" }).to_string();
        app.register_as("own", "JSON", &text, &[]).await;
        for path in ["/own.json", "/nope.json", "/schemas/ids/1", "/schemas/ids/99", "/subjects/x/versions/1", "/elsewhere/a/b"] {
            let uri = format!("{there}{path}");
            resolve(&app, &uri).await;
            app.get(&format!("/cloudevents/resolve/document?references=bundled&dataschema={}", encoded(&uri))).await;
            app.put("/cloudevents/aliases", &json!({ "uri": uri, "subject": "own" })).await.json();
            assert_eq!(found(resolve(&app, &uri).await).0, "alias");
        }
        let refers = json!({ "$ref": format!("{there}/remote.json") }).to_string();
        let body = json!({ "schema": refers, "schemaType": "JSON" });
        assert_eq!(app.post("/subjects/refers/versions", &body).await.status, 422);
        let knock = tokio::time::timeout(std::time::Duration::from_millis(200), listener.accept()).await;
        assert!(knock.is_err(), "somebody connected");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_agree_on_aliases_and_bindings_at_every_moment() {
    if postgres_url().is_none() {
        return;
    }
    let fresh = Fresh::new(Database::Postgres).await;
    let (one, two) =
        (TestApp::over(fresh.open().await, Setup::default()).await, TestApp::over(fresh.open().await, Setup::default()).await);
    register(&one, "orders", "one").await;
    register(&one, "others", "two").await;
    for subject in ["orders", "others", "orders"] {
        one.put("/cloudevents/aliases", &json!({ "uri": "urn:a", "subject": subject, "version": 1 })).await.json();
        one.put("/cloudevents/types/t", &json!({ "subject": subject })).await.json();
        assert_eq!(found(resolve(&two, "urn:a").await).1, subject);
        assert_eq!(found(resolve_type(&two, "t").await).1, subject);
    }
    one.delete("/cloudevents/aliases?uri=urn:a").await.ok();
    assert_eq!(resolve(&two, "urn:a").await.status, 404);
}
