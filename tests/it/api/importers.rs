//! `/importers`: what is copied out of another registry, and the switch from one to another in Confluent's steps.

use std::time::Duration;

use accordant::types::LinkKind;
use serde_json::{Value, json};

use super::exporters::{start, until_same};
use crate::on_both;
use crate::support::app::{TestApp, record};
use crate::support::until::until;

const ORDER: &str = r#"{"type":"record","name":"Order","fields":[{"name":"total","type":"Money"}]}"#;

fn importer(name: &str, from: &TestApp, subjects: &[&str]) -> Value {
    json!({ "name": name, "subjects": subjects, "config": { "schema.registry.url": format!("http://{}", from.address) } })
}

async fn trace(app: &TestApp, name: &str, part: &str) {
    until(part, async || {
        let status = app.get(&format!("/importers/{name}/status")).await.ok();
        status["trace"].as_str().unwrap().contains(part).then_some(())
    })
    .await;
}

on_both! {
    async fn an_importer_is_defined_as_an_exporter_is(db) {
        let (app, from) = (TestApp::new(db).await, TestApp::new(db).await);
        assert_eq!(app.get("/importers").await.ok(), json!([]));
        let mut body = importer("i", &from, &[":.site1:*"]);
        body["context"] = json!(".");
        body["config"]["basic.auth.user.info"] = json!("k:s");
        body["config"]["basic.auth.credentials.source"] = json!("USER_INFO");
        assert_eq!(app.post("/importers", &body).await.ok(), json!({ "name": "i" }));
        assert_eq!(app.get("/importers").await.ok(), json!(["i"]));
        assert_eq!(app.get("/exporters").await.ok(), json!([]));
        let shown = app.get("/importers/i").await.ok();
        assert_eq!((&shown["contextType"], &shown["context"], &shown["config"]["basic.auth.user.info"]), (&json!("CUSTOM"), &json!("."), &json!("[hidden]")));
        assert_eq!(app.get("/importers/i/status").await.ok()["state"], "STARTING");
        assert_eq!(app.post("/importers", &body).await.error(), (409, 40960, "Importer 'i' already exists.".to_owned()));
        assert_eq!(app.put("/importers/i", &json!({ "subjects": ["a"] })).await.error(), (409, 40963, "Importer 'i' must be paused first.".to_owned()));
        assert_eq!(app.put("/importers/i/pause", &json!({})).await.ok(), json!({ "name": "i" }));
        assert_eq!(app.put("/importers/i", &json!({ "subjects": ["a"], "contextType": "NONE" })).await.ok(), json!({ "name": "i" }));
        assert_eq!(app.put("/importers/i/config", &json!({ "schema.registry.url": "http://127.0.0.1:9" })).await.ok(), json!({ "name": "i" }));
        assert_eq!(app.get("/importers/i/config").await.ok(), json!({ "schema.registry.url": "http://127.0.0.1:9" }));
        assert_eq!(app.put("/importers/i/reset", &json!({})).await.ok(), json!({ "name": "i" }));
        assert_eq!(app.put("/importers/i/resume", &json!({})).await.ok(), json!({ "name": "i" }));
        assert_eq!(app.put("/importers/i/resume", &json!({})).await.error().1, 40961);
        app.put("/importers/i/pause", &json!({})).await.ok();
        assert_eq!(app.delete("/importers/i").await.status, 204);
        assert_eq!(app.get("/importers/i").await.error(), (404, 40450, "Importer 'i' not found.".to_owned()));
        for (change, code) in [(json!({ "name": "a b" }), 40950), (json!({ "config": {} }), 40951), (json!({ "subjects": ["a*b"] }), 40952)] {
            let mut body = importer("x", &from, &["*"]);
            body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            assert_eq!(app.post("/importers", &body).await.error().1, code);
        }
    }

    async fn what_the_source_has_comes_here_and_then_what_changes(db) {
        let (from, to) = (TestApp::new(db).await, TestApp::new(db).await);
        from.register("z-money", &record("Money", &["units"])).await;
        from.register_as("a-order", "AVRO", ORDER, &[("Money", "z-money", 1)]).await;
        from.put("/config/gaps", &json!({ "compatibility": "NONE", "normalize": true })).await.ok();
        for fields in [&["a"][..], &["a", "b"], &["a", "b", "c"]] {
            from.register("gaps", &record("Gaps", fields)).await;
        }
        from.delete("/subjects/gaps/versions/1").await.ok();
        from.delete("/subjects/gaps/versions/1?permanent=true").await.ok();
        from.delete("/subjects/gaps/versions/2").await.ok();
        from.register("left", &record("Left", &["a"])).await;
        from.register(":.x:other", &record("Other", &["a"])).await;
        to.put("/mode", &json!({ "mode": "IMPORT" })).await.ok();
        to.post("/importers", &importer("all", &from, &["a*", "g*", ":.x:*"])).await.ok();
        let _running = start(&to, "one");
        until_same("a config", (&from, "/config/gaps"), (&to, "/config/gaps")).await;
        for path in [
            "/subjects/a-order/versions/1", "/subjects/z-money/versions/1", "/subjects/gaps/versions", "/subjects/gaps/versions?deleted=true",
            "/subjects/gaps/versions/3", "/subjects/:.x:other/versions/1",
        ] {
            until_same(path, (&from, path), (&to, path)).await;
        }
        assert_eq!(to.get("/subjects/left/versions").await.status, 404);
        // a version that is only here stays
        let own = json!({ "schema": record("Own", &["o"]), "id": 900, "version": 1 });
        to.post("/subjects/a-own/versions", &own).await.ok();
        from.register("gaps", &record("Gaps", &["d"])).await;
        from.delete("/subjects/gaps/versions/3").await.ok();
        from.delete("/subjects/gaps/versions/3?permanent=true").await.ok();
        from.put("/config/:.x:other", &json!({ "compatibility": "FULL" })).await.ok();
        from.delete("/config/gaps").await.ok();
        for path in ["/subjects/gaps/versions?deleted=true", "/subjects/gaps/versions/4", "/config/:.x:other", "/config/gaps"] {
            until_same(path, (&from, path), (&to, path)).await;
        }
        assert_eq!(to.get("/subjects/a-own/versions").await.ok(), json!([1]));
        let status = to.get("/importers/all/status").await.ok();
        assert_eq!((&status["state"], &status["trace"]), (&json!("RUNNING"), &json!("")));
        assert!(status["offset"].as_i64().unwrap() > 5, "{status}");
        // paused, it brings nothing
        to.put("/importers/all/pause", &json!({})).await.ok();
        tokio::time::sleep(Duration::from_millis(500)).await;
        from.register("gaps2", &record("Gaps", &["e"])).await;
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert_eq!(to.get("/subjects/gaps2/versions/1").await.status, 404);
        to.put("/importers/all/resume", &json!({})).await.ok();
        until_same("what was missed", (&from, "/subjects/gaps2/versions/1"), (&to, "/subjects/gaps2/versions/1")).await;
    }

    async fn the_importer_of_a_replica_that_is_gone_is_taken_over(db) {
        let (from, to) = (TestApp::new(db).await, TestApp::new(db).await);
        from.register("a", &record("A", &["a"])).await;
        to.put("/mode", &json!({ "mode": "IMPORT" })).await.ok();
        to.post("/importers", &importer("i", &from, &[":*:"])).await.ok();
        let until_then = to.registry.now() + 1_500;
        assert!(to.store.hold_exporter(LinkKind::Importer, "i", "gone", until_then).await.unwrap());
        assert!(!to.store.hold_exporter(LinkKind::Importer, "i", "another", until_then).await.unwrap(), "it has its lease");
        let _running = start(&to, "another");
        until_same("the version", (&from, "/subjects/a/versions/1"), (&to, "/subjects/a/versions/1")).await;
        assert!(to.registry.now() >= until_then, "not before the lease has ended");
        assert!(!to.store.hold_exporter(LinkKind::Importer, "i", "gone", until_then + 60_000).await.unwrap(), "it is another's now");
        assert_eq!(to.get("/importers/i/status").await.ok()["state"], "RUNNING");
    }

    async fn contexts_are_mapped_and_one_of_its_own_is_switched(db) {
        let (from, to) = (TestApp::new(db).await, TestApp::new(db).await);
        from.register(":.site1:money", &record("Money", &["units"])).await;
        from.register_as(":.site1:order", "AVRO", ORDER, &[("Money", "money", 1)]).await;
        let mut body = importer("i", &from, &[":.site1:*"]);
        body["context"] = json!(".one");
        to.post("/importers", &body).await.ok();
        let _running = start(&to, "one");
        let order = until("the order", async || {
            let answer = to.get("/subjects/:.one:order/versions/1").await;
            (answer.status == 200).then(|| answer.json())
        })
        .await;
        assert_eq!(order["references"], json!([{ "name": "Money", "subject": "money", "version": 1 }]));
        assert_eq!(to.get("/mode/:.one:").await.ok()["mode"], "IMPORT");
    }

    async fn wrapped_keys_of_the_subjects_that_are_taken_come_too(db) {
        let (from, to) = (TestApp::new(db).await, TestApp::new(db).await);
        let keks = "/dek-registry/v1/keks";
        for name in ["one", "other"] {
            from.post(keks, &json!({ "name": name, "kmsType": "local", "kmsKeyId": "k", "kmsProps": { "a": "b" } })).await.ok();
        }
        let dek = |subject: &str, version: i32, deleted: bool| {
            json!({ "subject": subject, "version": version, "algorithm": "AES256_SIV", "deleted": deleted, "encryptedKeyMaterial": "d3JhcHBlZA==" })
        };
        for (kek, dek) in [("one", dek("a", 1, false)), ("one", dek("a", 4, true)), ("one", dek("b", 1, false)), ("other", dek("b", 1, false))] {
            from.post(&format!("{keks}/{kek}/deks"), &dek).await.ok();
        }
        let mut body = importer("keys", &from, &["a*"]);
        (body["context"], body["kekRenameFormat"]) = (json!(".site"), json!("site_${kek}"));
        to.post("/importers", &body).await.ok();
        let _running = start(&to, "one");
        let versions = |query: &str| format!("{keks}/site_one/deks/:.site:a/versions?algorithm=AES256_SIV{query}");
        let until_answer = async |path: &str, expected: Value| {
            until(path, async || {
                let answer = to.get(path).await;
                (answer.status == 200 && answer.json() == expected).then_some(())
            })
            .await;
        };
        until_answer(&versions("&deleted=true"), json!([1, 4])).await;
        until_answer(&versions(""), json!([1])).await;
        let there = to.get(&format!("{keks}/site_one/deks/:.site:a/versions/1?algorithm=AES256_SIV")).await.ok();
        assert_eq!((&there["encryptedKeyMaterial"], &there["kekName"]), (&json!("d3JhcHBlZA=="), &json!("site_one")));
        assert_eq!(to.get(&format!("{keks}?deleted=true")).await.ok(), json!(["site_one"]), "the other one has no DEK of a subject that is taken");
        assert_eq!(to.get(&format!("{keks}/site_one/deks?deleted=true")).await.ok(), json!([":.site:a"]));
        from.post(&format!("{keks}/one/deks"), &dek("a", 5, false)).await.ok();
        from.put(&format!("{keks}/one"), &json!({ "doc": "changed" })).await.ok();
        until("a new doc", async || (to.get(&format!("{keks}/site_one")).await.json()["doc"] == "changed").then_some(())).await;
        until_answer(&versions(""), json!([1, 5])).await;
        from.delete(&format!("{keks}/one/deks/a/versions/1?algorithm=AES256_SIV")).await;
        from.post(&format!("{keks}/one/deks/a/versions/4/undelete?algorithm=AES256_SIV"), &json!({})).await;
        until_answer(&versions(""), json!([4, 5])).await;
        // nothing is written again and again
        let offset = async || to.get("/importers/keys/status").await.ok()["offset"].clone();
        until("a quiet importer", async || {
            let before = offset().await;
            tokio::time::sleep(Duration::from_secs(3)).await;
            (offset().await == before).then_some(())
        })
        .await;
        for subject in ["a", "b"] {
            for version in [1, 4, 5] {
                from.delete(&format!("{keks}/one/deks/{subject}/versions/{version}?algorithm=AES256_SIV")).await;
            }
        }
        from.delete(&format!("{keks}/one")).await;
        until("the deletion of the KEK", async || (to.get(&format!("{keks}/site_one")).await.status == 404).then_some(())).await;
        let status = to.get("/importers/keys/status").await.ok();
        assert_eq!((&status["state"], &status["trace"]), (&json!("RUNNING"), &json!("")));
    }

    async fn keys_that_are_wrapped_anew_or_removed_for_good_are_so_here(db) {
        let (from, to) = (TestApp::new(db).await, TestApp::new(db).await);
        let keks = "/dek-registry/v1/keks";
        from.register("a", &record("A", &["a"])).await;
        to.put("/mode", &json!({ "mode": "IMPORT" })).await.ok();
        for name in ["one", "gone"] {
            from.post(keks, &json!({ "name": name, "kmsType": "local", "kmsKeyId": "k" })).await.ok();
        }
        let dek = |version: i32, material: &str| json!({ "subject": "a", "version": version, "encryptedKeyMaterial": material });
        for (kek, version) in [("one", 1), ("one", 2), ("gone", 1)] {
            from.post(&format!("{keks}/{kek}/deks"), &dek(version, "b2xk")).await.ok();
        }
        to.post("/importers", &importer("keys", &from, &[":*:"])).await.ok();
        let _running = start(&to, "one");
        let path = |kek: &str, version: i32| format!("{keks}/{kek}/deks/a/versions/{version}?deleted=true");
        let found = async |kek: &str, version: i32| {
            let answer = to.get(&path(kek, version)).await;
            (answer.status == 200).then(|| answer.json()["encryptedKeyMaterial"].as_str().unwrap().to_owned())
        };
        until("all keys", async || {
            (found("one", 2).await.is_some() && found("one", 1).await.is_some() && found("gone", 1).await.is_some()).then_some(())
        })
        .await;
        from.post(&format!("{keks}/one/deks/a?rewrap=true"), &dek(1, "bmV3")).await.ok();
        until("the one that was wrapped anew", async || (found("one", 1).await.as_deref() == Some("bmV3")).then_some(())).await;
        assert_eq!(found("one", 2).await.as_deref(), Some("b2xk"));
        for gone in [format!("{keks}/one/deks/a/versions/2"), format!("{keks}/gone/deks/a/versions/1"), format!("{keks}/gone")] {
            from.delete(&gone).await;
            from.delete(&format!("{gone}?permanent=true")).await;
        }
        until("what was removed", async || {
            (found("one", 2).await.is_none() && to.get(&format!("{keks}?deleted=true")).await.ok() == json!(["one"])).then_some(())
        })
        .await;
        assert_eq!(found("one", 1).await.as_deref(), Some("bmV3"));
        let status = to.get("/importers/keys/status").await.ok();
        assert_eq!((&status["state"], &status["trace"]), (&json!("RUNNING"), &json!("")));
    }

    async fn what_keeps_an_importer_off_is_told(db) {
        let (from, to) = (TestApp::new(db).await, TestApp::new(db).await);
        from.register("a", &record("A", &["a"])).await;
        to.post("/importers", &importer("i", &from, &["*"])).await.ok();
        to.post("/importers", &importer("self", &to, &["*"])).await.ok();
        let _running = start(&to, "one");
        trace(&to, "i", "takes no ids: PUT /mode with IMPORT").await;
        trace(&to, "self", "the source has the id of this registry").await;
        to.put("/mode", &json!({ "mode": "IMPORT" })).await.ok();
        until_same("the schema", (&from, "/subjects/a/versions/1"), (&to, "/subjects/a/versions/1")).await;
        trace(&to, "i", "").await;
    }

    // the steps of Confluent's own switch-over, with this registry on both sides.
    async fn a_switch_to_another_registry_and_back_goes_as_confluents_does(db) {
        let (old, new) = (TestApp::new(db).await, TestApp::new(db).await);
        old.register("orders", &record("Order", &["a"])).await;
        old.register(":.eu:orders", &record("Order", &["b"])).await;
        // an exporter to the new one, which takes ids
        new.put("/mode", &json!({ "mode": "IMPORT" })).await.ok();
        let body = json!({ "name": "out", "subjects": [":*:"], "contextType": "NONE", "config": { "schema.registry.url": format!("http://{}", new.address) } });
        old.post("/exporters", &body).await.ok();
        let _exporting = start(&old, "old");
        for path in ["/subjects/orders/versions/1", "/subjects/:.eu:orders/versions/1"] {
            until_same(path, (&old, path), (&new, path)).await;
        }
        old.put("/exporters/out/pause", &json!({})).await.ok();
        // the old one takes no more of its own
        assert_eq!(old.put("/mode/orders", &json!({ "mode": "FORWARD" })).await.error(), (422, 42204, "Forward mode only supported on global level".to_owned()));
        old.put("/mode/:.__GLOBAL:", &json!({ "mode": "FORWARD" })).await.ok();
        assert_eq!(old.get("/mode/:.__GLOBAL:").await.ok(), json!({ "mode": "FORWARD" }));
        let refused = old.post("/subjects/orders/versions", &json!({ "schema": record("Order", &["x"]) })).await.error();
        assert_eq!((refused.0, refused.1), (422, 42205), "{refused:?}");
        // known schemas are answered, for producers that have not moved yet
        let known = old.post("/subjects/orders/versions", &json!({ "schema": record("Order", &["a"]) })).await.ok();
        assert_eq!(known["id"], 1);
        // the new one takes writes, in each context
        for context in new.get("/contexts").await.ok().as_array().unwrap() {
            new.delete(&format!("/mode/:{}:?recursive=true", context.as_str().unwrap())).await;
        }
        new.delete("/mode?recursive=true").await.ok();
        new.put("/config/orders", &json!({ "compatibility": "NONE" })).await.ok();
        new.register("orders", &record("Order", &["c"])).await;
        // and the old one hears of them
        old.post("/importers", &importer("back", &new, &[":*:"])).await.ok();
        for path in ["/subjects/orders/versions/2", "/config/orders"] {
            until_same(path, (&new, path), (&old, path)).await;
        }
        // the way back
        old.put("/importers/back/pause", &json!({})).await.ok();
        old.put("/mode/:.__GLOBAL:", &json!({ "mode": "READWRITE" })).await.ok();
        assert_eq!(old.register("orders", &record("Order", &["d"])).await, 3);
    }
}
