//! Finding things, and how they hang together: search, statistics, outlines, differences, references, history.

use std::sync::Arc;

use accordant::store::{HashedContent, RegisterRequest};
use accordant::types::{Actor, Content, SchemaType, Subject};
use serde_json::{Value, json};

use crate::support::app::{TestApp, record};
use crate::{access, on_both};

async fn found(app: &TestApp, query: &str) -> Vec<String> {
    let answer = app.get(&format!("/accordant/v1/search?{query}")).await.ok();
    answer["results"].as_array().unwrap().iter().map(|result| result["subject"].as_str().unwrap().to_owned()).collect()
}

async fn register_as(app: &TestApp, subject: &str, body: &Value) {
    app.post(&format!("/subjects/{subject}/versions"), body).await.ok();
}

const PROTO: &str = "syntax = \"proto3\";\npackage shop;\n\nmessage Basket {\n  string customer_id = 1;\n}\n";
const JSON: &str =
    r#"{"title":"Parcel","type":"object","properties":{"weightGrams":{"type":"integer","description":"How heavy it is"}}}"#;

on_both! {
    async fn a_schema_is_found_by_every_kind_of_word(db) {
        let app = TestApp::new(db).await;
        app.register("orders-value", &record("com.acme.Order", &["customerId", "total"])).await;
        register_as(&app, "baskets", &json!({ "schema": PROTO, "schemaType": "PROTOBUF" })).await;
        let metadata = json!({ "properties": { "owner": "team-logistics", "password": "hunter2" }, "sensitive": ["password"], "tags": { "Parcel.weightGrams": ["PII"] } });
        register_as(&app, ":.eu:parcels", &json!({ "schema": JSON, "schemaType": "JSON", "metadata": metadata })).await;
        for (query, expected) in [
            ("q=orders", vec!["orders-value"]),
            ("q=value%20ord", vec!["orders-value"]),
            ("q=customer_id", vec!["baskets", "orders-value"]),
            ("q=CustomerID", vec!["baskets", "orders-value"]),
            ("q=acme", vec!["orders-value"]),
            ("q=basket&by=name", vec!["baskets"]),
            ("q=heavy", vec![":.eu:parcels"]),
            ("q=logistics", vec![":.eu:parcels"]),
            ("q=pii&by=label", vec![":.eu:parcels"]),
            ("q=hunter2", vec![]),
            ("q=1&by=id", vec![":.eu:parcels", "orders-value"]),
            ("q=1&by=id&context=eu", vec![":.eu:parcels"]),
            ("q=customer&type=PROTOBUF", vec!["baskets"]),
            ("q=nothing%20like%20that", vec![]),
            ("q=%22%27%29%20NEAR%20*", vec![]),
        ] {
            let mut subjects = found(&app, query).await;
            subjects.sort();
            assert_eq!(subjects, expected, "{query}");
        }
        let guid = app.get("/schemas/ids/1").await.ok()["guid"].as_str().unwrap().to_owned();
        assert_eq!(found(&app, &format!("q={guid}")).await, ["orders-value"]);
        let answer = app.get("/accordant/v1/search?q=customerid&type=AVRO").await.ok();
        assert_eq!(answer["results"][0]["matches"], json!([{
            "kind": "field", "path": "com.acme.Order.customerId", "name": "customerId", "type": "long", "line": 1, "column": 66,
        }]));
    }

    async fn a_subject_is_found_once_by_its_newest_version_and_not_when_it_is_gone(db) {
        let app = TestApp::new(db).await;
        app.put("/config", &json!({ "compatibility": "NONE" })).await.ok();
        for fields in [&["alpha"][..], &["alpha", "beta"], &["gamma"]] {
            app.register("t", &record("R", fields)).await;
        }
        let result = &app.get("/accordant/v1/search?q=alpha").await.ok()["results"][0];
        assert_eq!((&result["version"], &result["matchingVersions"]), (&json!(2), &json!(2)));
        app.delete("/subjects/t").await.ok();
        assert!(found(&app, "q=alpha").await.is_empty());
        assert_eq!(found(&app, "q=alpha&deleted=true").await, ["t"]);
        app.delete("/subjects/t?permanent=true").await.ok();
        for query in ["q=alpha&deleted=true", "q=t&deleted=true"] {
            assert!(found(&app, query).await.is_empty());
        }
        app.register("t", &record("R", &["delta"])).await;
        assert_eq!(found(&app, "q=t").await, ["t"]);
        assert!(found(&app, "q=alpha").await.is_empty(), "an id that is given anew has the words of its schema");
    }

    async fn what_an_older_release_stored_is_filed_after_a_start(db) {
        let app = TestApp::new(db).await;
        for (at, (schema_type, text)) in [
            (SchemaType::Avro, record("Old", &["oldField"])),
            (SchemaType::Json, "{not even json".to_owned()),
        ].into_iter().enumerate() {
            let content = Content { schema_type, text: text.into(), references: Vec::new(), metadata: None, rule_set: None };
            let request = RegisterRequest {
                subject: Subject::plain(&format!("old-{at}")), schema: HashedContent::from(content), targets: Vec::new(), active_references: true,
                expected_epoch: 0, expected_settings: 0, version: 1, previous: None, id: None, digest: None, names: Vec::new(), words: None, disruptive: false, turn: None, now: 1,
            };
            app.store.register(Arc::new(request), &Arc::new(Actor::server())).await.unwrap();
        }
        assert!(found(&app, "q=oldfield").await.is_empty());
        assert_eq!(app.registry.backfill_words().await.unwrap(), 2);
        assert_eq!(app.registry.backfill_words().await.unwrap(), 0, "each is filed once");
        assert_eq!(found(&app, "q=oldfield").await, ["old-0"]);
        assert_eq!(found(&app, "q=old").await, ["old-0", "old-1"]);
    }

    async fn words_of_any_script_are_filed_and_found(db) {
        let app = TestApp::new(db).await;
        let letters: Vec<char> = ('\0'..=char::MAX).filter(|c| c.is_alphanumeric()).collect();
        for (at, chunk) in letters.chunks(1_000).enumerate() {
            let words: Vec<String> = chunk.chunks(10).map(|word| word.iter().collect()).collect();
            let text = json!({ "type": "record", "name": format!("R{at}"), "doc": words.join(" "), "fields": [] }).to_string();
            app.register(&format!("letters-{at}-{}", words[0]), &text).await;
            let word: String = percent_encoding::utf8_percent_encode(&words[words.len() / 2], percent_encoding::NON_ALPHANUMERIC).collect();
            assert_eq!(found(&app, &format!("q={word}&by=text")).await.len(), 1, "{word}");
        }
    }

    async fn versions_are_found_by_their_time_and_by_the_level_of_their_subject(db) {
        let app = TestApp::new(db).await;
        app.register("early", &record("Early", &["a"])).await;
        app.register(":.eu:late", &record("Late", &["a"])).await;
        app.put("/config/early", &json!({ "compatibility": "NONE" })).await.ok();
        app.put("/config/:.eu:", &json!({ "compatibility": "FULL" })).await.ok();
        let at = app.get("/accordant/v1/search?q=early").await.ok()["results"][0]["registeredAt"].as_str().unwrap().to_owned();
        for (query, expected) in [
            ("compatibility=NONE".to_owned(), vec!["early"]),
            ("compatibility=FULL".to_owned(), vec![":.eu:late"]),
            ("compatibility=BACKWARD".to_owned(), vec![]),
            ("q=early&compatibility=NONE".to_owned(), vec!["early"]),
            ("q=early&compatibility=FULL".to_owned(), vec![]),
            ("q=1&by=id&compatibility=FULL".to_owned(), vec![":.eu:late"]),
            (format!("since={at}"), vec![":.eu:late", "early"]),
            (format!("since={at}&context=eu"), vec![":.eu:late"]),
            (format!("q=early&until={at}"), vec![]),
            ("until=2001-01-01".to_owned(), vec![]),
            ("since=2001-01-01&type=JSON".to_owned(), vec![]),
            ("since=2001-01-01&q=early".to_owned(), vec!["early"]),
            ("since=2999-01-01&q=1".to_owned(), vec![]),
        ] {
            let mut subjects = found(&app, &query).await;
            subjects.sort();
            assert_eq!(subjects, expected, "{query}");
        }
        let answer = app.get("/accordant/v1/search?compatibility=NONE").await.ok();
        assert_eq!((&answer["results"][0]["matched"], &answer["results"][0]["version"]), (&json!("filter"), &json!(1)));
        for wrong in ["compatibility=SOME", "since=soon", "until=x", "by=field"] {
            assert_eq!(app.get(&format!("/accordant/v1/search?{wrong}")).await.error().0, 400, "{wrong}");
        }
    }

    async fn versions_are_found_by_who_registered_them(db) {
        let allow = |user: &str, operations: &str| format!("[[allow]]\nprincipals = [\"user:{user}\"]\noperations = [{operations}]\nsubjects = [\"*\"]\n");
        let text = allow("alice", r#""SUBJECT_READ", "SUBJECT_WRITE""#) + &allow("auditor", r#""SUBJECT_READ", "AUDIT_READ""#);
        let app = access::server(db, &["alice", "auditor"], &text).await;
        access::register(&app, "t", &record("R", &[])).await;
        for (subject, user) in [("t", "alice"), ("u", "alice"), ("v", "admin")] {
            let body = json!({ "schema": r#"{"type":"record","name":"R","fields":[{"name":"more","type":"int","default":0}]}"# });
            access::send(&app, user, "POST", &format!("/subjects/{subject}/versions"), Some(&body)).await.ok();
        }
        for (query, expected) in [
            ("author=user:alice", vec![("t", 2), ("u", 1)]),
            ("author=user:admin", vec![("t", 1), ("v", 1)]),
            ("author=user:nobody", vec![]),
            ("q=more&author=user:alice", vec![("t", 2), ("u", 1)]),
            ("q=t&by=subject&author=user:admin", vec![("t", 1)]),
            ("author=user:alice&compatibility=NONE", vec![]),
            ("author=user:alice&since=2999-01-01", vec![]),
        ] {
            let answer = access::get(&app, "auditor", &format!("/accordant/v1/search?{query}")).await.ok();
            let mut versions: Vec<(&str, i64)> = answer["results"].as_array().unwrap().iter()
                .map(|own| (own["subject"].as_str().unwrap(), own["version"].as_i64().unwrap())).collect();
            versions.sort_unstable();
            assert_eq!(versions, expected, "{query}");
        }
        assert_eq!(access::get(&app, "alice", "/accordant/v1/search?author=user:alice").await.error().1, 40301);
    }

    async fn without_words_everything_that_fits_is_found_page_by_page_and_once(db) {
        let allow = "[[allow]]\nprincipals = [\"user:eu\"]\noperations = [\"SUBJECT_READ\"]\nsubjects = [\":.eu:*\"]\n";
        let app = access::server(db, &["eu"], allow).await;
        let put = async |target: &str, body: Value| access::send(&app, "admin", "PUT", target, Some(&body)).await.ok();
        for scope in ["/config", "/config/:.eu:"] {
            put(scope, json!({ "compatibility": "NONE" })).await;
        }
        let mut everything = Vec::new();
        for at in 0..12 {
            let subject = format!("{}s{at:02}", if at % 3 == 0 { ":.eu:" } else { "" });
            // every other one has a second version
            for fields in [&["a"][..], &["b"]].iter().take(1 + at % 2) {
                access::register(&app, &subject, &record("R", fields)).await;
            }
            everything.push(subject);
        }
        let json_schema = json!({ "schema": "{}", "schemaType": "JSON" });
        access::send(&app, "admin", "POST", "/subjects/s05/versions", Some(&json_schema)).await.ok();
        put("/config/s01", json!({ "compatibility": "FULL" })).await;
        put("/config/:.eu:s03", json!({ "compatibility": "FULL" })).await;
        put("/config/:.eu:", json!({ "compatibility": "FORWARD" })).await;
        everything.sort();
        // each page with two, until the end
        let pages = async |user: &str, query: &str| {
            let (mut subjects, mut after) = (Vec::new(), String::new());
            for _ in 0..40 {
                let page = access::get(&app, user, &format!("/accordant/v1/search?{query}&limit=2{after}")).await.ok();
                let found = page["results"].as_array().unwrap();
                assert!(found.len() <= 2 && page["next"].is_null());
                subjects.extend(found.iter().map(|own| own["subject"].as_str().unwrap().to_owned()));
                let Some(token) = page["after"].as_str() else { return subjects };
                after = format!("&after={}", percent_encoding::utf8_percent_encode(token, percent_encoding::NON_ALPHANUMERIC));
            }
            panic!("no end: {subjects:?}");
        };
        let only = |keep: fn(&str) -> bool| everything.iter().filter(|own| keep(own)).cloned().collect::<Vec<_>>();
        for (user, query, expected) in [
            ("admin", "since=2001-01-01", only(|_| true)),
            ("admin", "author=user:admin", only(|_| true)),
            ("admin", "author=user:admin&type=JSON", vec!["s05".to_owned()]),
            ("admin", "author=user:admin&context=eu", only(|own| own.starts_with(':'))),
            ("admin", "author=user:eu", vec![]),
            ("admin", "context=eu", only(|own| own.starts_with(':'))),
            ("admin", "context=none", vec![]),
            ("admin", "type=JSON", vec!["s05".to_owned()]),
            // also a subject whose latest version is of another format
            ("admin", "type=AVRO", only(|_| true)),
            ("admin", "type=PROTOBUF", vec![]),
            ("admin", "compatibility=FULL", vec![":.eu:s03".to_owned(), "s01".to_owned()]),
            ("admin", "compatibility=FORWARD", only(|own| own.starts_with(':') && own != ":.eu:s03")),
            ("admin", "compatibility=NONE", only(|own| !own.starts_with(':') && own != "s01")),
            ("admin", "compatibility=NONE&type=JSON", vec!["s05".to_owned()]),
            ("admin", "compatibility=BACKWARD", vec![]),
            ("eu", "since=2001-01-01", only(|own| own.starts_with(':'))),
        ] {
            let mut subjects = pages(user, query).await;
            if query.starts_with("since") && user == "admin" {
                assert_eq!(subjects.first().unwrap(), "s05", "the newest first");
            }
            subjects.sort();
            assert_eq!(subjects, expected, "{user} {query}");
        }
        // the newest version that fits, and how many do
        let page = access::get(&app, "admin", "/accordant/v1/search?type=AVRO&context=.").await.ok();
        let of = |subject: &str| page["results"].as_array().unwrap().iter().find(|own| own["subject"] == subject).unwrap().clone();
        assert_eq!((&of("s05")["version"], &of("s05")["matchingVersions"]), (&json!(2), &json!(2)));
        for wrong in ["after=x", "after=[1,2]", "after=[true,[1,2]]", "after=[true,%22a%22]", "since=2001-01-01&offset=20"] {
            let answer = access::get(&app, "admin", &format!("/accordant/v1/search?type=AVRO&{wrong}")).await;
            assert_eq!(answer.error().0, 400, "{wrong}");
        }
    }

    async fn pages_of_what_is_found_join_up(db) {
        let app = TestApp::new(db).await;
        for at in 0..25 {
            app.register(&format!("topic-{at}"), &record("Same", &["f"])).await;
        }
        let (mut all, mut offset) = (Vec::new(), 0);
        loop {
            let answer = app.get(&format!("/accordant/v1/search?q=topic&limit=10&offset={offset}")).await.ok();
            all.extend(answer["results"].as_array().unwrap().iter().map(|result| result["subject"].as_str().unwrap().to_owned()));
            let Some(next) = answer["next"].as_i64() else { break };
            offset = next;
        }
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 25);
    }

    async fn the_beginning_of_very_many_words_finds_what_each_of_them_does(db) {
        let app = TestApp::new(db).await;
        let names: Vec<String> = (100..200).map(|at| format!("entity{at}")).collect();
        for chunk in names.chunks(20) {
            let fields: Vec<&str> = chunk.iter().map(String::as_str).collect();
            app.register(&format!("subject{}-value", chunk[0]), &record("Same", &fields)).await;
        }
        app.register(":.eu:late-value", &record("Last", &["entity199x", "zone"])).await;
        assert_eq!(found(&app, "q=ent&by=field").await.len(), 6);
        assert_eq!(found(&app, "q=entity1&limit=100").await.len(), 6);
        assert_eq!(found(&app, "q=entity199&by=field").await, [":.eu:late-value", "subjectentity180-value"]);
        // the last of them all, with another word or in a context of its own
        assert_eq!(found(&app, "q=e%20zone").await, [":.eu:late-value"]);
        assert_eq!(found(&app, "q=entity&context=eu").await, [":.eu:late-value"]);
        assert!(found(&app, "q=entity2").await.is_empty());
    }

    async fn wrong_parameters_are_named(db) {
        let app = TestApp::new(db).await;
        for target in [
            "search", "search?q=", "search?q=a&by=color", "search?q=a&type=XML", "search?q=a&limit=x", "search?q=a&offset=-1", "search?q=a&context=a:b",
            "outline", "diff", "references?subject=a&depth=x", "history", "history?subject=a&after=x",
        ] {
            assert_eq!(app.get(&format!("/accordant/v1/{target}")).await.error().0, 400, "{target}");
        }
        let long = "x".repeat(600);
        assert_eq!(app.get(&format!("/accordant/v1/search?q={long}")).await.error().0, 400);
        for target in ["outline?subject=no", "diff?subject=no", "references?subject=no"] {
            assert_eq!(app.get(&format!("/accordant/v1/{target}")).await.error().1, 40401, "{target}");
        }
        assert_eq!(app.get("/accordant/v1/outline?subject=no&version=x").await.error().1, 42202);
    }

    async fn two_versions_are_compared_by_meaning_and_at_every_level(db) {
        let app = TestApp::new(db).await;
        app.put("/config", &json!({ "compatibility": "NONE" })).await.ok();
        app.register("t", &record("R", &["a"])).await;
        let next = r#"{"type":"record","name":"R","fields":[{"name":"a","type":"long"},{"name":"b","type":"int"}]}"#;
        app.register("t", next).await;
        let answer = app.get("/accordant/v1/diff?subject=t").await.ok();
        assert_eq!(answer["old"]["version"], 1);
        assert_eq!(answer["changes"], json!([{
            "kind": "added", "declaration": "field", "path": "R.b", "to": "int", "message": "field R.b added", "new": { "line": 1, "column": 66 },
        }]));
        let verdicts: Vec<_> = answer["levels"].as_array().unwrap().iter().map(|level| (level["level"].as_str().unwrap(), level["isCompatible"].as_bool().unwrap())).collect();
        assert_eq!(verdicts, [("BACKWARD", false), ("FORWARD", true), ("FULL", false)]);
        assert_eq!(answer["levels"][0]["findings"][0]["rule"], "READER_FIELD_MISSING_DEFAULT_VALUE");
        let first = app.get("/accordant/v1/diff?subject=t&to=1").await.ok();
        assert_eq!(first["changes"], json!([]), "the first version has none before it");
    }

    async fn a_text_is_compared_with_a_version(db) {
        let app = TestApp::new(db).await;
        app.register("t", "\"int\"").await;
        let metadata = json!({ "properties": { "owner": "a" } });
        let body = json!({ "subject": "t", "old": { "version": 1 }, "new": { "schema": "\"long\"", "metadata": metadata } });
        let answer = app.post("/accordant/v1/diff", &body).await.ok();
        assert_eq!(answer["changes"][0]["message"], "schema: type changed from `int` to `long`");
        assert_eq!(answer["beside"], json!([{ "what": "metadata.properties owner", "to": "a" }]));
        assert_eq!(answer["new"], json!({ "schemaType": "AVRO", "schema": "\"long\"" }));
        let other = json!({ "subject": "t", "old": {}, "new": { "schema": "{\"type\":\"string\"}", "schemaType": "JSON" } });
        assert_eq!(app.post("/accordant/v1/diff", &other).await.ok()["changes"][0]["what"], "schemaType");
        for (body, code) in [
            (json!({ "subject": "t", "old": {} }), 400),
            (json!({ "subject": "t", "old": {}, "new": { "schema": "{" } }), 42201),
            (json!({ "subject": "t", "old": {}, "new": { "schema": "" } }), 42201),
            (json!({ "subject": "t", "old": {}, "new": { "version": 7 } }), 40402),
            (json!({ "subject": "u", "old": {}, "new": { "schema": "\"int\"" } }), 40401),
        ] {
            assert_eq!(app.post("/accordant/v1/diff", &body).await.error().1, code, "{body}");
        }
    }

    async fn an_outline_has_what_is_declared(db) {
        let app = TestApp::new(db).await;
        register_as(&app, "baskets", &json!({ "schema": PROTO, "schemaType": "PROTOBUF" })).await;
        let answer = app.get("/accordant/v1/outline?subject=baskets").await.ok();
        assert_eq!(answer["declarations"], json!([
            { "kind": "schema", "path": "", "name": "shop", "facts": [{ "name": "syntax", "value": "proto3" }, { "name": "package", "value": "shop" }] },
            { "kind": "message", "parent": 0, "path": "shop.Basket", "name": "Basket", "line": 4, "column": 1 },
            { "kind": "field", "parent": 1, "path": "shop.Basket.customer_id", "name": "customer_id", "type": "string", "facts": [{ "name": "number", "value": "1" }], "line": 5, "column": 3 },
        ]));
    }

    async fn references_are_followed_both_ways(db) {
        let app = TestApp::new(db).await;
        app.register("a", &record("A", &[])).await;
        let refers = |name: &str, to: &str, subject: &str| json!({
            "schema": format!(r#"{{"type":"record","name":"{name}","fields":[{{"name":"x","type":"{to}"}}]}}"#),
            "references": [{ "name": to, "subject": subject, "version": 1 }],
        });
        register_as(&app, "b", &refers("B", "A", "a")).await;
        register_as(&app, "c", &refers("C", "B", "b")).await;
        let graph = app.get("/accordant/v1/references?subject=b").await.ok();
        let nodes: Vec<_> = graph["nodes"].as_array().unwrap().iter().map(|node| (node["subject"].as_str().unwrap(), node["distance"].as_i64().unwrap())).collect();
        assert_eq!(nodes, [("b", 0), ("a", -1), ("c", 1)]);
        assert_eq!(graph["edges"], json!([{ "from": 0, "to": 1, "name": "A" }, { "from": 2, "to": 0, "name": "B" }]));
        assert_eq!(graph["isWhole"], true);
    }

    async fn statistics_count_what_there_is(db) {
        let app = TestApp::new(db).await;
        app.register("a", &record("A", &[])).await;
        app.register("b", &record("A", &[])).await;
        register_as(&app, ":.eu:p", &json!({ "schema": JSON, "schemaType": "JSON" })).await;
        app.delete("/subjects/b").await.ok();
        let answer = app.get("/accordant/v1/statistics").await.ok();
        let counts = ["subjects", "liveSubjects", "versions", "liveVersions"].map(|key| answer[key].as_i64().unwrap());
        assert_eq!(counts, [3, 2, 3, 2]);
        assert_eq!(answer["schemas"].as_array().unwrap().len(), 2);
        assert_eq!(answer["largest"][0], json!({ "context": ".eu", "id": 1, "schemaType": "JSON", "bytes": JSON.len() }));
        assert_eq!(answer["registeredByDay"][0]["count"], 3);
    }

    async fn a_history_has_the_newest_first(db) {
        let app = TestApp::new(db).await;
        app.register("t", "\"int\"").await;
        app.put("/config/t", &json!({ "compatibility": "FULL" })).await.ok();
        app.delete("/subjects/t").await.ok();
        let answer = app.get("/accordant/v1/history?subject=t").await.ok();
        let operations: Vec<_> = answer["entries"].as_array().unwrap().iter().map(|entry| entry["operation"].as_str().unwrap()).collect();
        assert_eq!(operations, ["schema.deleted", "config.set", "schema.registered"]);
        assert_eq!(answer["entries"][2]["actor"], "anonymous");
    }
}
