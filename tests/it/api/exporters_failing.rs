//! Exporters whose destination does what it likes, and the steps of tools with one that runs.

use std::sync::Arc;

use accordant::types::LinkKind;
use http_body_util::Full;
use hyper::{Method, Response};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::exporters::{start, until_same};
use crate::on_both;
use crate::support::app::{TestApp, record};
use crate::support::stand_in::{passed_on, stand_in};
use crate::support::until::until;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    None,
    /// An error instead of an answer.
    Status(u16),
    /// What is written is written, and the connection ends before that is said: as when it is restarted in the middle.
    LostAnswer,
    /// The connection ends at once.
    Gone,
    /// There is never an answer.
    Frozen,
}

/// A destination with faults.
async fn faulty(to: &Arc<TestApp>, faults: watch::Receiver<Fault>) -> String {
    let to = Arc::clone(to);
    stand_in(move |request| {
        let (to, fault) = (Arc::clone(&to), *faults.borrow());
        async move {
            match fault {
                Fault::Status(status) => {
                    let body = json!({ "error_code": status, "message": "not now" }).to_string();
                    Some(Response::builder().status(status).body(Full::from(body)).unwrap())
                }
                Fault::Gone => None,
                Fault::Frozen => std::future::pending().await,
                Fault::LostAnswer if *request.method() != Method::GET => {
                    passed_on(&to, request).await;
                    None
                }
                Fault::LostAnswer | Fault::None => Some(passed_on(&to, request).await),
            }
        }
    })
    .await
}

/// What happened to versions, in order.
async fn happened(app: &TestApp) -> Vec<(String, String, Option<i32>)> {
    let changes = app.store.changes(0, 1000).await.unwrap();
    let schemas = changes.into_iter().filter(|change| change.kind.starts_with("schema."));
    schemas.map(|change| (change.kind.replace("imported", "registered"), change.subject.qualified(), change.version)).collect()
}

/// Every version that there is, whatever its subject is an alias of.
async fn versions(app: &TestApp) -> Vec<Value> {
    let listed = app.get("/schemas?subjectPrefix=:*:&deleted=true&latestOnly=false").await.ok();
    let members = ["subject", "version", "id", "schema", "references"];
    listed.as_array().unwrap().iter().map(|one| members.iter().map(|key| one[*key].clone()).collect()).collect()
}

async fn status(app: &TestApp, name: &str) -> Value {
    app.get(&format!("/exporters/{name}/status")).await.ok()
}

async fn until_well(app: &TestApp, name: &str) {
    until("an empty trace", async || {
        let status = status(app, name).await;
        (status["trace"] == "" && status["state"] == "RUNNING").then_some(())
    })
    .await;
}

on_both! {
    async fn whatever_a_destination_does_all_arrives_in_order_and_once(db) {
        let (from, to) = (TestApp::new(db).await, Arc::new(TestApp::new(db).await));
        to.put("/mode", &json!({ "mode": "IMPORT" })).await.ok();
        from.put("/config", &json!({ "compatibility": "NONE" })).await.ok();
        let (fault, faults) = watch::channel(Fault::None);
        let url = faulty(&to, faults).await;
        let body = json!({ "name": "e", "subjects": [":*:"], "contextType": "NONE", "config": { "schema.registry.url": url } });
        from.post("/exporters", &body).await.ok();
        let _running = start(&from, "one");
        from.register("first", &record("First", &["a"])).await;
        until_same("the first version", (&from, "/subjects/first/versions/1"), (&to, "/subjects/first/versions/1")).await;
        let faults = [
            (Fault::Status(503), "503"),
            (Fault::Status(500), "500"),
            (Fault::Status(401), "HTTP 401: not now (error 401)"),
            (Fault::Status(409), "HTTP 409: not now (error 409)"),
            (Fault::LostAnswer, "127.0.0.1"),
            (Fault::Gone, "127.0.0.1"),
        ];
        for (number, (what, part)) in faults.into_iter().enumerate() {
            fault.send(what).unwrap();
            let version = from.register(&format!("z{number}"), &record("Z", &["a"])).await;
            assert!(version > 0);
            let text = r#"{"type":"record","name":"Uses","fields":[{"name":"z","type":"Z"}]}"#;
            from.register_as(&format!("a{number}"), "AVRO", text, &[("Z", &format!("z{number}"), 1)]).await;
            from.register("first", &record("First", &[&format!("f{number}")])).await;
            from.delete(&format!("/subjects/first/versions/{}", number + 1)).await.ok();
            from.delete(&format!("/subjects/first/versions/{}?permanent=true", number + 1)).await.ok();
            let told = until("a trace", async || {
                let status = status(&from, "e").await;
                (status["trace"] != "").then_some(status)
            })
            .await;
            assert!(told["state"] == "RUNNING" && told["trace"].as_str().unwrap().contains(part), "{what:?}: {told}");
            fault.send(Fault::None).unwrap();
            until_well(&from, "e").await;
        }
        until("everything", async || (happened(&to).await.len() >= happened(&from).await.len()).then_some(())).await;
        assert_eq!(happened(&to).await, happened(&from).await);
        assert_eq!(versions(&to).await, versions(&from).await);
    }

    async fn a_destination_that_never_answers_is_told_of_and_the_exporter_stays_where_it_runs(db) {
        let (from, to) = (TestApp::new(db).await, Arc::new(TestApp::new(db).await));
        to.put("/mode", &json!({ "mode": "IMPORT" })).await.ok();
        let (fault, faults) = watch::channel(Fault::Frozen);
        let url = faulty(&to, faults).await;
        let mut body = json!({ "name": "e", "contextType": "NONE", "config": { "schema.registry.url": url } });
        from.post("/exporters", &body).await.ok();
        body["name"] = json!("paused");
        from.post("/exporters", &body).await.ok();
        from.register("a", &record("A", &["a"])).await;
        let _running = start(&from, "one");
        until("both run", async || {
            (status(&from, "e").await["state"] == "RUNNING" && status(&from, "paused").await["state"] == "RUNNING").then_some(())
        })
        .await;
        // whoever pauses one does not wait for an answer
        from.put("/exporters/paused/pause", &json!({})).await.ok();
        assert_eq!(from.delete("/exporters/paused").await.status.as_u16(), 204);
        let trace = until("a trace", async || {
            // nobody else takes it meanwhile
            let until = from.registry.now() + 60_000;
            assert!(!from.store.hold_exporter(LinkKind::Exporter, "e", "two", until).await.unwrap());
            status(&from, "e").await["trace"].as_str().filter(|trace| !trace.is_empty()).map(str::to_owned)
        })
        .await;
        assert!(trace.contains("127.0.0.1") && trace.contains("no answer in time"), "{trace}");
        fault.send(Fault::None).unwrap();
        until_same("the version", (&from, "/subjects/a/versions/1"), (&to, "/subjects/a/versions/1")).await;
        until_well(&from, "e").await;
        assert_eq!(happened(&to).await, happened(&from).await);
    }

    async fn a_subject_with_an_alias_there_gets_its_own_versions(db) {
        let (from, to) = (TestApp::new(db).await, TestApp::new(db).await);
        to.put("/mode", &json!({ "mode": "IMPORT" })).await.ok();
        let url = format!("http://{}", to.address);
        let body = json!({ "name": "e", "subjects": [":*:"], "contextType": "NONE", "config": { "schema.registry.url": url } });
        from.post("/exporters", &body).await.ok();
        let _running = start(&from, "one");
        from.register("target", &record("Target", &["a"])).await;
        let free = json!({ "compatibility": "NONE" });
        let alias = json!({ "compatibility": "NONE", "alias": "target" });
        from.put("/config/own", &free).await.ok();
        for field in ["a", "b"] {
            from.register("own", &record("Own", &[field])).await;
        }
        // one whose name stands for another one there alone
        to.put("/config/mine", &alias).await.ok();
        from.register("mine", &record("Mine", &["a"])).await;
        from.put("/config/own", &alias).await.ok();
        let until_equal = async |what: &str| {
            until(what, async || {
                let is_same = versions(&to).await == versions(&from).await && to.get("/config/own").await.json()["alias"] == "target";
                is_same.then_some(())
            })
            .await;
        };
        until_equal("every version").await;
        // what happened under the name before it became an alias again is copied after the config that says so
        from.put("/exporters/e/pause", &json!({})).await.ok();
        from.delete("/config/own").await.ok();
        from.put("/config/own", &free).await.ok();
        from.register("own", &record("Own", &["c"])).await;
        from.delete("/subjects/own/versions/1").await.ok();
        from.delete("/subjects/own/versions/1?permanent=true").await.ok();
        from.put("/config/own", &alias).await.ok();
        from.put("/exporters/e/resume", &json!({})).await.ok();
        until_equal("what happened meanwhile").await;
        // and everything once more
        from.put("/exporters/e/pause", &json!({})).await.ok();
        from.put("/exporters/e/reset", &json!({})).await.ok();
        from.put("/exporters/e/resume", &json!({})).await.ok();
        from.register("last", &record("Last", &["a"])).await;
        until_equal("everything again").await;
        until_well(&from, "e").await;
        // it is away for as long as a version is written under the name
        until("the alias", async || (to.get("/config/mine").await.json()["alias"] == "target").then_some(())).await;
        assert_eq!(to.get("/subjects/target/versions?deleted=true").await.ok(), json!([1]));
    }

    async fn an_exporter_that_runs_is_changed_as_terraform_and_the_command_line_do(db) {
        let (from, to) = (TestApp::new(db).await, TestApp::new(db).await);
        for app in [&from, &to] {
            app.register(":.seen:x", &record("X", &["a"])).await;
        }
        to.put("/mode", &json!({ "mode": "IMPORT" })).await;
        to.put("/mode?force=true", &json!({ "mode": "IMPORT" })).await.ok();
        from.register("a", &record("A", &["a"])).await;
        from.register("b", &record("B", &["a"])).await;
        let url = format!("http://{}", to.address);
        let config = json!({
            "schema.registry.url": url, "basic.auth.credentials.source": "USER_INFO", "basic.auth.user.info": "key:secret",
        });
        let _running = start(&from, "one");
        let body = json!({ "name": "tf", "subjects": ["a"], "contextType": "NONE", "config": config });
        assert_eq!(from.post("/exporters", &body).await.ok(), json!({ "name": "tf" }));
        until("RUNNING", async || (status(&from, "tf").await["state"] == "RUNNING").then_some(())).await;
        until_same("the version", (&from, "/subjects/a/versions/1"), (&to, "/subjects/a/versions/1")).await;
        assert_eq!(to.get("/subjects/b/versions").await.status.as_u16(), 404);
        // an update: paused, even twice; changed; reset; resumed, where a conflict is tolerated; then the trace is empty
        for _ in 0..2 {
            assert_eq!(from.put("/exporters/tf/pause", &json!({})).await.ok(), json!({ "name": "tf" }));
        }
        let mut changed = config.clone();
        changed["basic.auth.user.info"] = json!("[hidden]");
        let change = json!({ "subjects": ["*"], "contextType": "NONE", "config": changed });
        assert_eq!(from.put("/exporters/tf", &change).await.ok(), json!({ "name": "tf" }));
        assert_eq!(from.put("/exporters/tf/reset", &json!({})).await.ok(), json!({ "name": "tf" }));
        assert_eq!(from.put("/exporters/tf/resume", &json!({})).await.ok(), json!({ "name": "tf" }));
        assert_eq!(from.put("/exporters/tf/resume", &json!({})).await.error().1, 40961);
        until_same("the other one", (&from, "/subjects/b/versions/1"), (&to, "/subjects/b/versions/1")).await;
        until_well(&from, "tf").await;
        // what the command line shows
        assert_eq!(from.get("/exporters").await.ok(), json!(["tf"]));
        assert_eq!(from.get("/exporters/tf").await.ok()["config"], changed);
        assert_eq!(from.get("/exporters/tf/config").await.ok(), changed);
        let status = status(&from, "tf").await;
        assert!(status["offset"].is_i64() && status["ts"].as_i64().unwrap() > 0 && status["name"] == "tf", "{status}");
        // and the end of it
        assert_eq!(from.delete("/exporters/tf").await.error().1, 40963);
        from.put("/exporters/tf/pause", &json!({})).await.ok();
        assert_eq!(from.delete("/exporters/tf").await.status.as_u16(), 204);
        assert_eq!(from.get("/exporters/tf/status").await.error().1, 40450);
    }
}
