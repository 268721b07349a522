//! Who reads which version, and whom a new schema would hurt.

use accordant::registry::Defaults;
use hyper::Method;
use serde_json::{Value, json};

use crate::access::{basic, server};
use crate::on_both;
use crate::support::app::{Fresh, Setup, TestApp, record};

const CLIENT: &str = "x-registry-client-id";

async fn read(app: &TestApp, target: &str, client: &str) {
    let headers = [(CLIENT, client), ("user-agent", "tests/1")];
    assert_eq!(app.send(Method::GET, target, &headers, "").await.status, 200);
}

async fn usage(app: &TestApp, query: &str) -> Value {
    app.get(&format!("/accordant/v1/usage?{query}")).await.ok()
}

/// Version, client and how often, in the order of the answer.
fn reads(usage: &Value) -> Vec<(i64, String, i64)> {
    let mut found = Vec::new();
    for version in usage["versions"].as_array().unwrap() {
        for client in version["clients"].as_array().unwrap() {
            let name = client["clientId"].as_str().or(client["userAgent"].as_str()).unwrap_or("").to_owned();
            found.push((version["version"].as_i64().unwrap(), name, client["reads"].as_i64().unwrap()));
        }
    }
    found.sort();
    found
}

fn entry(version: i64, client: &str, reads: i64) -> (i64, String, i64) {
    (version, client.to_owned(), reads)
}

/// Two versions of `t`; the ids are 1 and 2.
async fn two_versions(app: &TestApp) {
    app.put("/config", &json!({ "compatibility": "NONE" })).await.ok();
    app.register("t", &record("R", &["a", "b"])).await;
    app.register("t", &record("R", &["a"])).await;
}

on_both! {
    async fn every_way_to_read_a_version_is_counted_for_its_client(db) {
        let app = TestApp::new(db).await;
        two_versions(&app).await;
        let guid = app.get("/schemas/ids/1").await.ok()["guid"].as_str().unwrap().to_owned();
        for target in [
            "/schemas/ids/1".to_owned(), "/schemas/ids/1".to_owned(), "/schemas/ids/1/schema".to_owned(), format!("/schemas/guids/{guid}"),
            "/subjects/t/versions/1".to_owned(), "/subjects/t/versions/1/schema".to_owned(), "/cloudevents/schemas/ids/1".to_owned(),
            format!("/cloudevents/schemas/guids/{guid}"), format!("/cloudevents/schemas/guids/{guid}"), "/cloudevents/subjects/t/versions/1".to_owned(),
        ] {
            read(&app, &target, "billing").await;
        }
        read(&app, "/subjects/t/versions/latest", "shipping").await;
        // no list reads a version
        for target in ["/subjects/t/versions", "/schemas/ids/1/versions", "/schemas"] {
            read(&app, target, "lists").await;
        }
        let found = usage(&app, "subject=t").await;
        assert_eq!(reads(&found), [entry(1, "", 1), entry(1, "billing", 10), entry(2, "shipping", 1)]);
        assert_eq!((&found["isRecorded"], &found["isWhole"]), (&json!(true), &json!(true)));
        assert_eq!(found["versions"][0]["clients"][0]["userAgent"], "tests/1");
        assert_eq!(reads(&usage(&app, "subject=t&version=latest").await), [entry(2, "shipping", 1)]);
        // what was read later adds up
        read(&app, "/schemas/ids/1", "billing").await;
        assert_eq!(reads(&usage(&app, "subject=t&version=1").await), [entry(1, "", 1), entry(1, "billing", 11)]);
        assert!(reads(&usage(&app, "subject=unknown").await).is_empty());
    }

    async fn a_producer_that_looks_its_schema_up_or_registers_it_again_uses_that_version(db) {
        let app = TestApp::new(db).await;
        two_versions(&app).await;
        let send = async |target: &str, fields: &[&str], client: &str| {
            let headers = [(CLIENT, client), ("content-type", "application/json")];
            let body = json!({ "schema": record("R", fields) }).to_string();
            app.send(Method::POST, target, &headers, body).await.status.as_u16()
        };
        // more than once each, for the later ones are answered from memory where that may be
        for _ in 0..3 {
            assert_eq!(send("/subjects/t", &["a", "b"], "looks-up").await, 200);
            assert_eq!(send("/subjects/t/versions", &["a"], "registers").await, 200);
        }
        // neither a check, nor what is not found, nor what is new is use of a version
        assert_eq!(send("/compatibility/subjects/t/versions/latest", &["a"], "checks").await, 200);
        assert_eq!(send("/subjects/t", &["other"], "looks-up").await, 404);
        assert_eq!(send("/subjects/t/versions", &["new"], "registers").await, 200);
        let found = usage(&app, "subject=t").await;
        assert_eq!(reads(&found), [entry(1, "looks-up", 3), entry(2, "registers", 3)]);
    }

    async fn who_only_looks_is_not_counted(db) {
        let app = TestApp::new(db).await;
        two_versions(&app).await;
        for _ in 0..2 {
            let headers = [(CLIENT, "person"), ("accordant-usage", "none")];
            assert_eq!(app.send(Method::GET, "/schemas/ids/1", &headers, "").await.status, 200);
        }
        assert!(reads(&usage(&app, "subject=t").await).is_empty());
    }

    async fn an_answer_that_is_given_very_often_is_sampled_and_the_sum_stays_about_right(db) {
        let app = TestApp::new(db).await;
        two_versions(&app).await;
        for _ in 0..1_000 {
            read(&app, "/schemas/ids/1", "busy").await;
        }
        let counted = reads(&usage(&app, "subject=t").await)[0].2;
        assert!((900..=1_100).contains(&counted), "{counted}");
    }

    async fn clients_beyond_the_limit_are_counted_together(db) {
        let app = TestApp::new(db).await;
        two_versions(&app).await;
        for at in 0..250 {
            read(&app, "/schemas/ids/1/schema", &format!("client-{at}")).await;
        }
        let found = usage(&app, "subject=t").await;
        let clients = reads(&found);
        let others = clients.iter().find(|(_, name, _)| name == "(others)").unwrap();
        assert_eq!(clients.iter().map(|(_, _, reads)| reads).sum::<i64>(), 250);
        assert_eq!((others.2, clients.len()), (50, 201));
        // one that is known goes on being counted
        let known = clients.iter().find(|(_, name, _)| name != "(others)").unwrap().1.clone();
        read(&app, "/schemas/ids/1/schema", &known).await;
        assert!(reads(&usage(&app, "subject=t").await).contains(&entry(1, &known, 2)));
    }

    async fn what_clients_say_of_themselves_is_bounded(db) {
        let app = TestApp::new(db).await;
        two_versions(&app).await;
        read(&app, "/schemas/ids/1", &"x".repeat(4_000)).await;
        let headers = [("user-agent", "caf\u{e9} <script>")];
        app.send(Method::GET, "/schemas/ids/1", &headers, "").await.ok();
        let clients = reads(&usage(&app, "subject=t").await);
        assert_eq!(clients, [entry(1, "", 1), entry(1, &"x".repeat(128), 1)]);
    }

    async fn with_the_setting_off_nothing_is_counted(db) {
        let app = TestApp::with(db, Setup { defaults: Defaults { usage: false, ..Defaults::default() }, ..Setup::default() }).await;
        two_versions(&app).await;
        app.registry.begin_usage().await.unwrap();
        read(&app, "/schemas/ids/1", "billing").await;
        let found = usage(&app, "subject=t").await;
        assert_eq!((&found["isRecorded"], &found["since"], &found["versions"]), (&json!(false), &Value::Null, &json!([])));
        assert_eq!(app.get("/accordant/v1/statistics").await.ok()["neverRead"], Value::Null);
    }

    async fn what_is_old_or_too_much_is_removed_and_with_a_schema_all_that_is_known_of_its_readers(db) {
        let app = TestApp::new(db).await;
        two_versions(&app).await;
        for client in ["a", "b", "c"] {
            read(&app, "/schemas/ids/1", client).await;
            usage(&app, "subject=t").await;
        }
        assert_eq!(app.registry.prune_usage(3_600_000, 10).await.unwrap(), 0);
        assert_eq!(app.registry.prune_usage(3_600_000, 2).await.unwrap(), 1);
        assert_eq!(reads(&usage(&app, "subject=t").await), [entry(1, "b", 1), entry(1, "c", 1)]);
        assert_eq!(app.registry.prune_usage(-1_000, 10).await.unwrap(), 2);
        assert!(reads(&usage(&app, "subject=t").await).is_empty());
        read(&app, "/schemas/ids/1", "d").await;
        usage(&app, "subject=t").await;
        app.delete("/subjects/t").await.ok();
        assert_eq!(usage(&app, "subject=t").await["versions"][0]["deleted"], true, "who still reads what is soft-deleted is told");
        app.delete("/subjects/t?permanent=true").await.ok();
        app.register("t", &record("Other", &["a"])).await;
        assert!(reads(&usage(&app, "subject=t").await).is_empty());
        // what is counted of a schema that is gone when it is written does no harm
        read(&app, "/schemas/ids/3", "late").await;
        app.delete("/subjects/t").await.ok();
        app.delete("/subjects/t?permanent=true").await.ok();
        app.registry.write_usage().await.unwrap();
    }

    async fn subjects_that_nobody_reads_are_in_the_statistics(db) {
        let app = TestApp::new(db).await;
        app.registry.begin_usage().await.unwrap();
        for subject in ["used", "idle", "gone"] {
            app.register(subject, &record(subject, &["a"])).await;
        }
        app.delete("/subjects/gone").await.ok();
        read(&app, "/subjects/used/versions/1", "billing").await;
        usage(&app, "subject=used").await;
        let never = app.get("/accordant/v1/statistics").await.ok()["neverRead"].clone();
        assert_eq!((&never["subjects"], &never["oldest"]), (&json!(1), &json!(["idle"])));
    }

    async fn the_impact_names_the_versions_in_use_that_could_not_read_what_is_written(db) {
        let app = TestApp::new(db).await;
        two_versions(&app).await;
        app.register("t", &record("R", &["unused"])).await;
        read(&app, "/schemas/ids/1", "billing").await;
        read(&app, "/schemas/ids/2", "shipping").await;
        let ask = async |body: Value| app.post("/accordant/v1/impact", &body).await;
        let new = json!({ "schema": record("R", &["a"]) });
        let impact = ask(json!({ "subject": "t", "new": new })).await.ok();
        let said = |impact: &Value| impact["versions"].as_array().unwrap().iter().map(|own| {
            (own["version"].as_i64().unwrap(), own["canRead"].as_bool().unwrap(), own["clients"][0]["clientId"].as_str().unwrap().to_owned())
        }).collect::<Vec<_>>();
        assert_eq!(said(&impact), [(2, true, "shipping".to_owned()), (1, false, "billing".to_owned())]);
        let finding = &impact["versions"][1]["findings"][0];
        assert_eq!((&finding["rule"], &finding["oldVersion"]), (&json!("READER_FIELD_MISSING_DEFAULT_VALUE"), &json!(1)));
        assert!(finding["explanation"].as_str().unwrap().contains('b'), "{finding}");
        // a version as the new schema, and what was read since a time alone
        assert_eq!(said(&ask(json!({ "subject": "t", "new": { "version": 1 } })).await.ok()).iter().filter(|(_, reads, _)| *reads).count(), 2);
        let later = ask(json!({ "subject": "t", "new": new, "since": "2999-01-01" })).await.ok();
        assert_eq!(later["versions"], json!([]));
        for (body, status) in [
            (json!({ "new": new }), 400), (json!({ "subject": "t" }), 400), (json!({ "subject": "t", "new": new, "since": "soon" }), 400),
            (json!({ "subject": "t", "new": { "schema": "{" } }), 422), (json!({ "subject": "none", "new": {} }), 404),
        ] {
            assert_eq!(ask(body.clone()).await.status, status, "{body}");
        }
    }

    async fn who_a_client_has_logged_in_as_is_told_to_those_who_may_read_the_audit(db) {
        let allow = |user: &str, operation: &str| format!("[[allow]]\nprincipals = [\"user:{user}\"]\noperations = [\"{operation}\"]\nsubjects = [\"*\"]\n");
        let text = ["one", "two", "auditor"].map(|user| allow(user, "SUBJECT_READ")).concat() + &allow("auditor", "AUDIT_READ");
        let app = server(db, &["one", "two", "auditor"], &text).await;
        crate::access::register(&app, "t", &record("R", &["a"])).await;
        for user in ["one", "two", "two"] {
            let login = basic(user, "secret");
            let headers = [("authorization", login.as_str()), (CLIENT, "app"), ("user-agent", "tests/1")];
            app.send(Method::GET, "/schemas/ids/1", &headers, "").await.ok();
        }
        let ask = async |user: &str| crate::access::get(&app, user, "/accordant/v1/usage?subject=t").await.ok()["versions"][0]["clients"].clone();
        let told = ask("one").await;
        assert_eq!((told.as_array().unwrap().len(), &told[0]["reads"], &told[0]["principal"]), (1, &json!(3), &Value::Null));
        let told = ask("auditor").await;
        let mut named: Vec<_> = told.as_array().unwrap().iter().map(|own| (own["principal"].as_str().unwrap(), own["reads"].as_i64().unwrap())).collect();
        named.sort_unstable();
        assert_eq!(named, [("user:one", 1), ("user:two", 2)]);
    }

    async fn counts_of_two_servers_over_one_database_add_up(db) {
        let fresh = Fresh::new(db).await;
        let store = fresh.open().await;
        let one = TestApp::over(std::sync::Arc::clone(&store), Setup::default()).await;
        two_versions(&one).await;
        // over SQLite it is one process, over Postgres two
        let store = if db == crate::support::app::Database::Postgres { fresh.open().await } else { store };
        let other = TestApp::over(store, Setup::default()).await;
        for (app, times) in [(&one, 3), (&other, 4)] {
            for _ in 0..times {
                read(app, "/schemas/ids/1", "billing").await;
            }
            app.registry.write_usage().await.unwrap();
        }
        assert_eq!(reads(&usage(&one, "subject=t").await), [entry(1, "billing", 7)]);
    }
}
