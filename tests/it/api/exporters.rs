//! `/exporters`: definitions as Confluent's tools write them, and what they copy.

use std::sync::Arc;
use std::time::Duration;

use accordant::kms::{Secret, SecretSeal};
use accordant::registry::{Defaults, Limits};
use accordant::types::LinkKind;
use serde_json::{Value, json};

use crate::on_both;
use crate::support::app::{Database, Setup, TestApp, record};
use crate::support::until::until;

/// A destination where nobody is.
const NOWHERE: &str = "http://127.0.0.1:9";

fn exporter(name: &str, url: &str) -> Value {
    json!({ "name": name, "config": { "schema.registry.url": url } })
}

pub fn start(app: &TestApp, replica: &str) -> tokio::task::JoinHandle<()> {
    tokio::spawn(Arc::clone(&app.registry).run_exporters(replica.to_owned(), Arc::new(|_, _| {})))
}

/// An answer but for the time at which something was stored there.
async fn said(app: &TestApp, path: &str) -> (u16, Value) {
    let answer = app.get(path).await;
    let mut body = answer.json();
    if let Some(members) = body.as_object_mut() {
        members.remove("ts");
    }
    (answer.status.as_u16(), body)
}

pub async fn until_same(what: &str, one: (&TestApp, &str), other: (&TestApp, &str)) {
    let expected = said(one.0, one.1).await;
    let mut last = None;
    for _ in 0..600 {
        let found = said(other.0, other.1).await;
        if found == expected {
            return;
        }
        last = Some(found);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{what}: {last:?}, not {expected:?}");
}

on_both! {
    async fn an_exporter_lives_as_tools_expect_it_to(db) {
        let app = TestApp::new(db).await;
        assert_eq!(app.get("/exporters").await.ok(), json!([]));
        let secret = json!({
            "name": "e1", "subjects": [":.ctx:orders*"], "contextType": "CUSTOM", "context": ".dst", "subjectRenameFormat": "dc_${subject}",
            "config": { "schema.registry.url": NOWHERE, "basic.auth.credentials.source": "USER_INFO", "basic.auth.user.info": "k:s" },
        });
        assert_eq!(app.post("/exporters", &secret).await.ok(), json!({ "name": "e1" }));
        assert_eq!(app.get("/exporters").await.ok(), json!(["e1"]));
        let mut shown = secret.clone();
        shown["config"]["basic.auth.user.info"] = json!("[hidden]");
        assert_eq!(app.get("/exporters/e1").await.ok(), shown);
        assert_eq!(app.get("/exporters/e1/config").await.ok(), shown["config"]);
        let status = app.get("/exporters/e1/status").await.ok();
        assert_eq!((&status["name"], &status["state"], &status["offset"], &status["trace"]), (&json!("e1"), &json!("STARTING"), &json!(0), &json!("")));
        assert!(status["ts"].as_i64().unwrap() > 0);
        // what is not paused is neither changed nor removed
        let paused_first = (409, 40963, "Exporter 'e1' must be paused first.".to_owned());
        assert_eq!(app.put("/exporters/e1", &json!({ "subjects": ["a"] })).await.error(), paused_first);
        assert_eq!(app.put("/exporters/e1/config", &json!({})).await.error(), paused_first);
        assert_eq!(app.delete("/exporters/e1").await.error(), paused_first);
        assert_eq!(app.put("/exporters/e1/resume", &json!({})).await.error().1, 40961);
        for _ in 0..2 {
            assert_eq!(app.put("/exporters/e1/pause", &json!({})).await.ok(), json!({ "name": "e1" }));
        }
        assert_eq!(app.get("/exporters/e1/status").await.ok()["state"], "PAUSED");
        // a change leaves what it does not name, and secrets that it hides
        let change = json!({ "subjects": ["a*"], "config": { "schema.registry.url": format!("{NOWHERE}/x"), "basic.auth.user.info": "[hidden]" } });
        assert_eq!(app.put("/exporters/e1", &change).await.ok(), json!({ "name": "e1" }));
        let shown = app.get("/exporters/e1").await.ok();
        assert_eq!((&shown["subjects"], &shown["contextType"], &shown["context"]), (&json!(["a*"]), &json!("CUSTOM"), &json!(".dst")));
        let stored = app.store.exporter(LinkKind::Exporter, "e1").await.unwrap().unwrap().exporter.config;
        assert_eq!(stored["basic.auth.user.info"], "k:s");
        assert_eq!(app.put("/exporters/e1/config", &json!({ "schema.registry.url": NOWHERE })).await.ok(), json!({ "name": "e1" }));
        assert_eq!(app.get("/exporters/e1/config").await.ok(), json!({ "schema.registry.url": NOWHERE }));
        assert_eq!(app.put("/exporters/e1/reset", &json!({})).await.ok(), json!({ "name": "e1" }));
        assert_eq!(app.put("/exporters/e1/resume", &json!({})).await.ok(), json!({ "name": "e1" }));
        assert_eq!(app.get("/exporters/e1/status").await.ok()["state"], "STARTING");
        app.put("/exporters/e1/pause", &json!({})).await.ok();
        let removed = app.delete("/exporters/e1").await;
        assert_eq!((removed.status.as_u16(), removed.text.as_str()), (204, ""));
        for answer in [app.get("/exporters/e1").await, app.put("/exporters/e1/pause", &json!({})).await, app.delete("/exporters/e1").await] {
            assert_eq!(answer.error(), (404, 40450, "Exporter 'e1' not found.".to_owned()));
        }
    }

    async fn what_is_no_exporter_is_refused_with_the_reason(db) {
        let app = TestApp::with(db, Setup { limits: Limits { exporters: 2, ..Limits::default() }, ..Setup::default() }).await;
        let refused = async |body: Value| app.post("/exporters", &body).await.error();
        assert_eq!(refused(json!({ "config": {} })).await.1, 40950);
        assert_eq!(refused(exporter("a b", NOWHERE)).await.1, 40950);
        for (change, code, part) in [
            (json!({ "config": null }), 40951, "schema.registry.url is missing"),
            (json!({ "config": { "schema.registry.url": "nowhere" } }), 40951, "is no URL"),
            (json!({ "config": { "schema.registry.url": "ftp://x" } }), 40951, "no http:// or https:// URL"),
            (json!({ "config": { "schema.registry.url": NOWHERE, "basic.auth.credentials.source": "USER_INFO" } }), 40951, "basic.auth.user.info is missing"),
            (json!({ "config": { "schema.registry.url": NOWHERE, "ssl.truststore.location": "/x.jks" } }), 40951, "files of other machines"),
            (json!({ "config": { "schema.registry.url": [] } }), 400, "values are strings"),
            (json!({ "contextType": "CUSTOM" }), 40951, "needs a context"),
            (json!({ "contextType": "SOME" }), 40951, "'SOME' is no contextType"),
            (json!({ "contextType": "CUSTOM", "context": "x" }), 40951, "'x' is no context"),
            (json!({ "subjectRenameFormat": "x" }), 40951, "${subject}"),
            (json!({ "subjects": [] }), 40952, "subjects"),
            (json!({ "subjects": ["a*b"] }), 40952, "subjects"),
            (json!({ "subjects": [5] }), 40952, "subjects"),
            (json!({ "config": { "schema.registry.url": "http://x?token=hush" } }), 40951, "neither a query"),
            (json!({ "config": { "schema.registry.url": NOWHERE, "bearer.auth.token": "a\r\nb" } }), 40951, "bearer.auth.token: there are line breaks"),
            (json!({ "config": { "schema.registry.url": NOWHERE, "ssl.truststore.certificates": "nothing" } }), 40951, "no certificate in it"),
            (json!({ "config": { "schema.registry.url": NOWHERE, "ssl.keystore.key": "k" } }), 40951, "go together"),
        ] {
            let mut body = exporter("e", NOWHERE);
            for (key, value) in change.as_object().unwrap() {
                body[key] = value.clone();
            }
            let (_, got, message) = refused(body).await;
            assert!(got == code && message.contains(part), "{change}: {got} {message}");
        }
        app.post("/exporters", &exporter("e", NOWHERE)).await.ok();
        assert_eq!(refused(exporter("e", NOWHERE)).await, (409, 40960, "Exporter 'e' already exists.".to_owned()));
        app.post("/exporters", &exporter("f", NOWHERE)).await.ok();
        assert_eq!(refused(exporter("g", NOWHERE)).await.1, 40964);
    }

    async fn secrets_are_sealed_where_there_is_a_key(db) {
        let seal = || Some(Arc::new(SecretSeal::new(&Secret::new("key".to_owned())).unwrap()));
        let app = TestApp::with(db, Setup { defaults: Defaults { exporter_seal: seal(), ..Defaults::default() }, ..Setup::default() }).await;
        let mut body = exporter("e", NOWHERE);
        body["config"]["bearer.auth.token"] = json!("hush");
        app.post("/exporters", &body).await.ok();
        let stored = || async { app.store.exporter(LinkKind::Exporter, "e").await.unwrap().unwrap().exporter.config["bearer.auth.token"].clone() };
        let first = stored().await;
        assert!(first.starts_with("sealed:1:") && seal().unwrap().open(&first).unwrap() == "hush", "{first}");
        app.put("/exporters/e/pause", &json!({})).await.ok();
        app.put("/exporters/e", &json!({ "subjects": ["a"] })).await.ok();
        assert_eq!(seal().unwrap().open(&stored().await).unwrap(), "hush");
    }

    async fn all_that_is_selected_is_copied_and_then_every_change(db) {
        let (from, to) = (TestApp::new(db).await, TestApp::new(db).await);
        // references that come before what they refer to in the alphabet, gaps, deletions, settings, another context
        from.register("z-money", &record("Money", &["units"])).await;
        from.register_as("a-order", "AVRO", r#"{"type":"record","name":"Order","fields":[{"name":"total","type":"Money"}]}"#, &[("Money", "z-money", 1)]).await;
        for fields in [&["a"][..], &["a", "b"], &["a", "b", "c"]] {
            from.put("/config/gaps", &json!({ "compatibility": "NONE", "normalize": true })).await.ok();
            from.register("gaps", &record("Gaps", fields)).await;
        }
        from.delete("/subjects/gaps/versions/1").await.ok();
        from.delete("/subjects/gaps/versions/1?permanent=true").await.ok();
        from.delete("/subjects/gaps/versions/2").await.ok();
        from.register("gone", &record("Gone", &["a"])).await;
        from.delete("/subjects/gone").await.ok();
        from.register(":.x:other", &record("Other", &["a"])).await;
        from.register("left", &record("Left", &["a"])).await;
        let mut body = exporter("all", &format!("http://{}", to.address));
        (body["subjects"], body["contextType"]) = (json!(["a*", "g*", ":.x:*"]), json!("NONE"));
        to.put("/mode", &json!({ "mode": "IMPORT" })).await.ok();
        from.post("/exporters", &body).await.ok();
        let _running = start(&from, "one");
        until_same("a config", (&from, "/config/gaps"), (&to, "/config/gaps")).await;
        for path in [
            "/subjects/a-order/versions/1", "/subjects/z-money/versions/1", "/subjects/gaps/versions", "/subjects/gaps/versions?deleted=true",
            "/subjects/gaps/versions/3", "/subjects/gone/versions?deleted=true", "/subjects/gone/versions", "/subjects/:.x:other/versions/1",
        ] {
            until_same(path, (&from, path), (&to, path)).await;
        }
        assert_eq!(to.get("/subjects/left/versions").await.status, 404);
        // and now change by change
        from.register("gaps", &record("Gaps", &["d"])).await;
        from.delete("/subjects/gaps/versions/3").await.ok();
        from.delete("/subjects/gaps/versions/3?permanent=true").await.ok();
        from.delete("/config/gaps").await.ok();
        from.put("/config/:.x:other", &json!({ "compatibility": "FULL" })).await.ok();
        until_same("the last change", (&from, "/config/:.x:other"), (&to, "/config/:.x:other")).await;
        for path in ["/subjects/gaps/versions?deleted=true", "/subjects/gaps/versions/4", "/config/gaps"] {
            until_same(path, (&from, path), (&to, path)).await;
        }
        let status = from.get("/exporters/all/status").await.ok();
        assert_eq!((&status["state"], &status["trace"]), (&json!("RUNNING"), &json!("")));
        // paused, it copies nothing; resumed, it goes on where it stopped
        from.put("/exporters/all/pause", &json!({})).await.ok();
        tokio::time::sleep(Duration::from_millis(1500)).await;
        from.register("gaps2", &record("Gaps", &["e"])).await;
        tokio::time::sleep(Duration::from_millis(1500)).await;
        assert_eq!(to.get("/subjects/gaps2/versions/1").await.status, 404);
        from.put("/exporters/all/resume", &json!({})).await.ok();
        until_same("what was missed", (&from, "/subjects/gaps2/versions/1"), (&to, "/subjects/gaps2/versions/1")).await;
    }

    async fn what_was_removed_for_good_is_removed_before_all_is_copied_again(db) {
        let (from, to) = (TestApp::new(db).await, TestApp::new(db).await);
        to.put("/mode", &json!({ "mode": "IMPORT" })).await.ok();
        for subject in ["again", "gone"] {
            from.register(subject, &record("Before", &["a"])).await;
        }
        let mut body = exporter("e", &format!("http://{}", to.address));
        body["contextType"] = json!("NONE");
        from.post("/exporters", &body).await.ok();
        let _running = start(&from, "one");
        for path in ["/subjects/again/versions/1", "/subjects/gone/versions/1"] {
            until_same(path, (&from, path), (&to, path)).await;
        }
        from.put("/exporters/e/pause", &json!({})).await.ok();
        for path in ["/subjects/again", "/subjects/gone"] {
            from.delete(path).await.ok();
            from.delete(&format!("{path}?permanent=true")).await.ok();
        }
        // another schema under the number of the one that is gone
        from.register("again", &record("After", &["b"])).await;
        from.put("/exporters/e/reset", &json!({})).await.ok();
        assert!(from.store.exporter(LinkKind::Exporter, "e").await.unwrap().unwrap().position < 0);
        from.put("/exporters/e/resume", &json!({})).await.ok();
        for path in ["/subjects/again/versions/1", "/subjects/gone/versions?deleted=true"] {
            until_same(path, (&from, path), (&to, path)).await;
        }
        until("the end of the copy", async || (from.store.exporter(LinkKind::Exporter, "e").await.unwrap().unwrap().position >= 0).then_some(())).await;
    }

    async fn wrapped_keys_are_copied_once_and_then_change_by_change(db) {
        let (from, to) = (TestApp::new(db).await, TestApp::new(db).await);
        let keks = "/dek-registry/v1/keks";
        let kek = |name: &str| json!({ "name": name, "kmsType": "local", "kmsKeyId": "k", "kmsProps": { "a": "b" } });
        for name in ["one", "other"] {
            from.post(keks, &kek(name)).await.ok();
        }
        let dek = |subject: &str, version: i32, deleted: bool| {
            json!({ "subject": subject, "version": version, "algorithm": "AES256_SIV", "deleted": deleted, "encryptedKeyMaterial": "d3JhcHBlZA==" })
        };
        from.post(&format!("{keks}/one/deks"), &dek("a", 1, false)).await.ok();
        from.post(&format!("{keks}/one/deks"), &dek("a", 4, true)).await.ok();
        from.post(&format!("{keks}/other/deks"), &dek("b", 1, false)).await.ok();
        let mut body = exporter("keys", &format!("http://{}", to.address));
        (body["subjects"], body["contextType"]) = (json!(["a*"]), json!("NONE"));
        body["kekRenameFormat"] = json!("dc_${kek}");
        to.put("/mode", &json!({ "mode": "IMPORT" })).await.ok();
        from.post("/exporters", &body).await.ok();
        let _running = start(&from, "one");
        let versions = |query: &str| format!("{keks}/dc_one/deks/a/versions?algorithm=AES256_SIV{query}");
        let until_answer = async |path: &str, expected: Value| {
            until(path, async || {
                let answer = to.get(path).await;
                (answer.status == 200 && answer.json() == expected).then_some(())
            })
            .await;
        };
        until_answer(&versions("&deleted=true"), json!([1, 4])).await;
        assert_eq!(to.get(&versions("")).await.ok(), json!([1]));
        let there = to.get(&format!("{keks}/dc_one/deks/a/versions/1?algorithm=AES256_SIV")).await.ok();
        assert_eq!((&there["encryptedKeyMaterial"], &there["kekName"]), (&json!("d3JhcHBlZA=="), &json!("dc_one")));
        assert_eq!(to.get(&format!("{keks}?deleted=true")).await.ok(), json!(["dc_one"]), "the other one has no exported subject");
        from.post(&format!("{keks}/one/deks"), &dek("a", 5, false)).await.ok();
        from.put(&format!("{keks}/one"), &json!({ "doc": "changed" })).await.ok();
        until("a new doc", async || (to.get(&format!("{keks}/dc_one")).await.json()["doc"] == "changed").then_some(())).await;
        until_answer(&versions(""), json!([1, 5])).await;
        for version in [1, 5] {
            from.delete(&format!("{keks}/one/deks/a/versions/{version}?algorithm=AES256_SIV")).await;
        }
        from.delete(&format!("{keks}/one/deks/a/versions/1?algorithm=AES256_SIV&permanent=true")).await;
        from.delete(&format!("{keks}/one")).await;
        until("the deletion of the KEK", async || (to.get(&format!("{keks}/dc_one")).await.status == 404).then_some(())).await;
        until_answer(&versions("&deleted=true"), json!([4, 5])).await;
        let status = from.get("/exporters/keys/status").await.ok();
        assert_eq!((&status["state"], &status["trace"]), (&json!("RUNNING"), &json!("")));
    }

    async fn copies_are_not_copied_again(db) {
        let app = TestApp::new(db).await;
        app.register("a", &record("A", &["a"])).await;
        let mut body = exporter("e", &format!("http://me:hush@{}", app.address));
        body["subjects"] = json!([":*:"]);
        app.post("/exporters", &body).await.ok();
        assert_eq!(app.get("/exporters/e").await.ok()["config"]["schema.registry.url"], "[hidden]");
        let _running = start(&app, "one");
        let trace = until("a trace", async || {
            let status = app.get("/exporters/e/status").await.ok();
            status["trace"].as_str().filter(|trace| !trace.is_empty()).map(str::to_owned)
        })
        .await;
        assert_eq!(trace, "the destination has the id of this registry, and the copies would be copied again");
        assert_eq!(app.get("/contexts").await.ok(), json!(["."]));
    }

    async fn a_context_of_its_own_takes_imports_by_itself_and_names_are_mapped(db) {
        let (from, to) = (TestApp::new(db).await, TestApp::new(db).await);
        from.register("money", &record("Money", &["units"])).await;
        from.register_as("order", "AVRO", r#"{"type":"record","name":"Order","fields":[{"name":"total","type":"Money"}]}"#, &[("Money", "money", 1)]).await;
        let mut body = exporter("auto", &format!("http://{}", to.address));
        body["subjectRenameFormat"] = json!("dc_${subject}");
        from.post("/exporters", &body).await.ok();
        let _running = start(&from, "one");
        let cluster = from.get("/v1/metadata/id").await.ok()["scope"]["clusters"]["schema-registry-cluster"].as_str().map(str::to_owned);
        let cluster = match cluster {
            Some(cluster) => cluster,
            None => from.store.cluster_id().await.unwrap(),
        };
        let path = format!("/subjects/:.{cluster}:dc_order/versions/1");
        let order = until("the order", async || {
            let answer = to.get(&path).await;
            (answer.status == 200).then(|| answer.json())
        })
        .await;
        assert_eq!(order["references"], json!([{ "name": "Money", "subject": "dc_money", "version": 1 }]));
        assert_eq!(order["id"], 2);
    }

    async fn a_destination_that_is_away_or_refuses_is_told_of_and_tried_again(db) {
        let from = TestApp::new(db).await;
        from.register("a", &record("A", &["a"])).await;
        let to = TestApp::new(Database::Sqlite).await;
        let mut body = exporter("e", &format!("{NOWHERE},http://{}", to.address));
        body["contextType"] = json!("NONE");
        from.post("/exporters", &body).await.ok();
        let _running = start(&from, "one");
        let trace = until("a trace", async || {
            let status = from.get("/exporters/e/status").await.ok();
            status["trace"].as_str().filter(|trace| !trace.is_empty()).map(str::to_owned)
        })
        .await;
        assert!(trace.contains("is not in import mode; PUT /mode with IMPORT"), "{trace}");
        to.put("/mode", &json!({ "mode": "IMPORT" })).await.ok();
        until_same("the version", (&from, "/subjects/a/versions/1"), (&to, "/subjects/a/versions/1")).await;
        until("an empty trace", async || (from.get("/exporters/e/status").await.ok()["trace"] == "").then_some(())).await;
    }

    async fn of_two_replicas_one_runs_an_exporter_and_the_other_takes_over(db) {
        let from = TestApp::new(db).await;
        from.post("/exporters", &exporter("e", NOWHERE)).await.ok();
        let now = from.registry.now();
        assert!(from.store.hold_exporter(LinkKind::Exporter, "e", "one", now + 400).await.unwrap());
        assert!(!from.store.hold_exporter(LinkKind::Exporter, "e", "two", now + 400).await.unwrap());
        assert!(from.store.hold_exporter(LinkKind::Exporter, "e", "one", now + 400).await.unwrap(), "it is its own");
        until("the end of the lease", async || from.store.hold_exporter(LinkKind::Exporter, "e", "two", now + 60_000).await.unwrap().then_some(())).await;
        assert!(!from.store.hold_exporter(LinkKind::Exporter, "e", "one", now + 400).await.unwrap());
        // after a change by its user nobody holds it
        from.put("/exporters/e/reset", &json!({})).await.ok();
        assert!(from.store.hold_exporter(LinkKind::Exporter, "e", "one", now + 400).await.unwrap());
        from.put("/exporters/e/pause", &json!({})).await.ok();
        assert!(!from.store.hold_exporter(LinkKind::Exporter, "e", "one", now + 400).await.unwrap(), "paused");
    }
}
