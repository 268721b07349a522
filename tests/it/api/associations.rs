//! Associations of topics with subjects: what may be written, what stands in the way, what is answered.

use serde_json::{Value, json};

use crate::on_both;
use crate::support::app::{Setup, TestApp, record};
use accordant::registry::Limits;

/// A request for one topic of the cluster `lkc-1`, whose id is its name.
fn topic(name: &str, associations: &Value) -> Value {
    json!({ "resourceName": name, "resourceNamespace": "lkc-1", "resourceId": format!("id-{name}"), "associations": associations })
}

fn strong(kind: &str, fields: &[&str]) -> Value {
    json!({ "associationType": kind, "schema": { "schema": record("R", fields) } })
}

fn weak(subject: &str) -> Value {
    json!({ "subject": subject, "lifecycle": "WEAK" })
}

async fn put(app: &TestApp, name: &str, association: &Value) -> crate::support::app::Answer {
    app.put(&format!("/associations/resources/id-{name}"), &topic(name, &json!([association]))).await
}

async fn post(app: &TestApp, name: &str, association: &Value) -> crate::support::app::Answer {
    app.post("/associations", &topic(name, &json!([association]))).await
}

async fn subjects_of(app: &TestApp, target: &str) -> Vec<String> {
    let list = app.get(target).await.ok();
    list.as_array().unwrap().iter().map(|a| a["subject"].as_str().unwrap().to_owned()).collect()
}

fn invalid(property: &str, detail: &str) -> (u16, i64, String) {
    (422, 42212, format!("The association specified an invalid value for property: '{property}', detail: {detail}"))
}

on_both! {
    async fn a_topic_brings_its_schemas(db) {
        let app = TestApp::new(db).await;
        let request = topic("orders", &json!([strong("key", &["k"]), strong("value", &["v"])]));
        let answer = app.post("/associations", &request).await.ok();
        assert_eq!(answer["resourceName"], "orders");
        assert_eq!(answer["resourceType"], "topic");
        let first = &answer["associations"][0];
        assert_eq!((&first["subject"], &first["lifecycle"]), (&json!(":.lkc-1:orders-key"), &json!("STRONG")));
        assert_eq!(first.get("frozen"), None, "it follows from the lifecycle");
        let schema = &first["schema"];
        assert_eq!((&schema["subject"], &schema["version"], &schema["id"]), (&json!(":.lkc-1:orders-key"), &json!(1), &json!(1)));
        assert_eq!(schema.get("ts"), None);
        assert_eq!(app.get("/subjects/:.lkc-1:orders-value/versions").await.text, "[1]");
        let listed = app.get("/associations/resources/lkc-1/orders").await.ok();
        let keys: Vec<&String> = listed[0].as_object().unwrap().keys().collect();
        assert_eq!(
            keys,
            ["subject", "guid", "resourceName", "resourceNamespace", "resourceId", "resourceType", "associationType", "lifecycle", "createTs", "updateTs"]
        );
        for target in ["/associations/resources/-/orders", "/associations/resources/lkc-1/-", "/associations/resources/-/-", "/associations/resources/id-orders"] {
            assert_eq!(subjects_of(&app, target).await, [":.lkc-1:orders-key", ":.lkc-1:orders-value"], "{target}");
        }
        assert_eq!(subjects_of(&app, "/associations/subjects/:.lkc-1:orders-key").await, [":.lkc-1:orders-key"]);
        assert_eq!(subjects_of(&app, "/contexts/.lkc-1/associations/subjects/orders-key").await, [":.lkc-1:orders-key"]);
        for target in ["/associations/resources/lkc-2/orders", "/associations/resources/lkc-1/other", "/associations/resources/x", "/associations/subjects/orders-key"] {
            assert!(subjects_of(&app, target).await.is_empty(), "{target}");
        }
    }

    async fn lists_are_filtered_and_paged(db) {
        let app = TestApp::new(db).await;
        post(&app, "b", &strong("value", &["v"])).await.ok();
        app.register("shared", &record("R", &["v"])).await;
        app.post("/associations", &topic("a", &json!([weak("shared"), { "subject": "shared", "associationType": "key" }]))).await.ok();
        for (query, expected) in [
            ("", vec!["shared", "shared", ":.lkc-1:b-value"]),
            ("?associationType=value", vec!["shared", ":.lkc-1:b-value"]),
            ("?associationType=key&associationType=value", vec!["shared", "shared", ":.lkc-1:b-value"]),
            ("?associationType=other", vec![]),
            ("?lifecycle=STRONG", vec![":.lkc-1:b-value"]),
            ("?lifecycle=WEAK&associationType=key", vec!["shared"]),
            ("?resourceType=topic&limit=1", vec!["shared"]),
            ("?resourceType=", vec!["shared", "shared", ":.lkc-1:b-value"]),
            ("?resourceType=queue", vec![]),
            ("?offset=2&limit=5", vec![":.lkc-1:b-value"]),
            ("?offset=-1&limit=0", vec!["shared", "shared", ":.lkc-1:b-value"]),
        ] {
            assert_eq!(subjects_of(&app, &format!("/associations/resources/lkc-1/-{query}")).await, expected, "{query}");
        }
        for query in ["lifecycle=strong", "lifecycle=", "limit=x"] {
            assert_eq!(app.get(&format!("/associations/resources/lkc-1/-?{query}")).await.error().0, 404, "{query}");
        }
    }

    async fn what_is_there_is_confirmed_and_nothing_else_may_replace_it(db) {
        let app = TestApp::new(db).await;
        app.register("shared", &record("R", &["v"])).await;
        app.register("other", &record("R", &["v"])).await;
        post(&app, "weak", &weak("shared")).await.ok();
        let before = app.get("/associations/resources/id-weak").await.text;
        let again = post(&app, "weak", &weak("shared")).await.ok();
        assert_eq!(again.get("associations"), None, "what was there is left out: {again}");
        put(&app, "weak", &json!({ "subject": "shared" })).await.ok();
        put(&app, "weak", &json!({})).await.ok();
        assert_eq!(app.get("/associations/resources/id-weak").await.text, before);
        let taken = (409, 40903, "An association of type 'value' already exists for resource 'weak'".to_owned());
        assert_eq!(post(&app, "weak", &weak("other")).await.error(), taken);
        let detail = "subject of association cannot be changed from 'shared' to 'other'";
        assert_eq!(put(&app, "weak", &weak("other")).await.error(), invalid("subject", detail));

        post(&app, "strong", &strong("value", &["v"])).await.ok();
        assert!(post(&app, "strong", &strong("value", &["v"])).await.ok().get("associations").is_none());
        let taken = (409, 40903, "An association of type 'value' already exists for resource 'strong'".to_owned());
        assert_eq!(post(&app, "strong", &strong("value", &["w"])).await.error(), taken);
        let frozen = (409, 40908, "The association of type  'value' is frozen for subject ':.lkc-1:strong-value'".to_owned());
        let answer = put(&app, "strong", &json!({ "lifecycle": "STRONG", "schema": { "schema": record("R", &["w"]) }, "normalize": true })).await;
        assert_eq!(answer.ok().get("associations"), None, "an equivalent association stays as it is");
        assert_eq!(app.delete("/associations/resources/id-strong").await.error(), frozen);
    }

    async fn requests_that_are_wrong_by_themselves_are_refused(db) {
        let app = TestApp::new(db).await;
        app.register("s", &record("R", &["v"])).await;
        let long = "n".repeat(257);
        let ok = weak("s");
        let base = |key: &str, value: Value| {
            let mut request = topic("t", &json!([ok]));
            request[key] = value;
            request
        };
        let one = |association: Value| topic("t", &json!([association]));
        let default = ":.lkc-1:t-value";
        for (request, property, detail) in [
            (base("resourceName", Value::Null), "resourceName", "cannot be null or empty"),
            (base("resourceName", json!("")), "resourceName", "cannot be null or empty"),
            (base("resourceName", json!("a.b")), "resourceName", "illegal character '.'"),
            (base("resourceName", json!(long)), "resourceName", "exceeds max length of 256"),
            (base("resourceNamespace", json!("a b")), "resourceNamespace", "illegal character ' '"),
            (base("resourceNamespace", Value::Null), "resourceNamespace", "cannot be null or empty"),
            (base("resourceId", json!("")), "resourceId", "cannot be null or empty"),
            (base("resourceType", json!("queue")), "resourceType", "must be 'topic'"),
            (base("associations", json!([])), "associations", "cannot be null or empty"),
            (base("associations", Value::Null), "associations", "cannot be null or empty"),
            (base("associations", json!([null])), "associations", "cannot contain null"),
            (base("associations", json!([ok, ok])), "associationType", "may only appear once per request, but 'value' appears more than once"),
            (one(json!({ "subject": "" })), "subject", "must not be empty"),
            (one(json!({ "subject": "s", "associationType": "header" })), "associationType", "must be either 'key' or 'value'"),
            (one(json!({})), "subject", "must be provided for WEAK associations"),
            (one(json!({ "subject": "s", "frozen": true })), "frozen", "association with lifecycle of WEAK cannot be frozen=true"),
            (one(json!({ "lifecycle": "STRONG", "frozen": false })), "frozen", "association with lifecycle of STRONG cannot be frozen=false"),
            (one(json!({ "lifecycle": "WEAK", "schema": { "schema": "\"int\"" } })), "lifecycle", "cannot be WEAK when schema is provided"),
            (one(json!({ "frozen": false, "schema": { "schema": "\"int\"" } })), "frozen", "cannot be false when a schema is provided"),
            (one(json!({ "subject": "s", "schema": { "schema": "\"int\"" } })), "subject", &format!("frozen associations must use subject '{default}'")),
            (one(json!({ "subject": default })), "subject", &format!("WEAK associations cannot use subject '{default}'")),
            (one(json!({ "lifecycle": "STRONG" })), "schema", "schema must be provided when creating a frozen association"),
            (
                topic("t", &json!([strong("key", &["a"]), ok])),
                "lifecycle",
                "all associations for a resource must have the same lifecycle, but got key=STRONG, value=WEAK",
            ),
        ] {
            assert_eq!(app.post("/associations", &request).await.error(), invalid(property, detail), "{request}");
        }
        let detail = "cannot be provided when adding an association to an existing topic; an association with a schema must be created with the topic";
        assert_eq!(put(&app, "t", &strong("value", &["a"])).await.error(), invalid("schema", detail));
        let detail = "cannot be STRONG when creating an association; STRONG associations must be created with the topic";
        assert_eq!(put(&app, "t", &json!({ "lifecycle": "STRONG" })).await.error(), invalid("lifecycle", detail));
        let other = app.put("/associations/resources/other", &topic("t", &json!([ok]))).await;
        let detail = "Resource ID in the path parameter does not match the resource ID in the request body";
        assert_eq!(other.error(), invalid("resourceId", detail));
        for (body, status) in [(json!({ "associations": {} }), 400), (json!({ "associations": [{ "lifecycle": "weak" }] }), 400), (json!(null), 422), (json!([]), 400)] {
            assert_eq!(app.post("/associations", &body).await.error().0, status, "{body}");
        }
        assert_eq!(app.get("/associations/resources/-/-").await.text, "[]", "nothing was written");
        assert_eq!(app.get("/subjects").await.text, r#"["s"]"#);
    }

    async fn a_stored_association_keeps_its_lifecycle(db) {
        let app = TestApp::new(db).await;
        app.register("s", &record("R", &["v"])).await;
        post(&app, "weak", &weak("s")).await.ok();
        post(&app, "strong", &strong("value", &["v"])).await.ok();
        for (topic, change, property, detail) in [
            ("weak", json!({ "lifecycle": "STRONG" }), "frozen", "association with lifecycle of STRONG cannot be frozen=false"),
            ("weak", json!({ "lifecycle": "STRONG", "frozen": true }), "frozen", "frozen attribute of association cannot be changed"),
            ("weak", json!({ "schema": { "schema": "\"int\"" } }), "lifecycle", "cannot be WEAK when schema is provided"),
            ("strong", json!({ "lifecycle": "WEAK" }), "subject", "WEAK associations cannot use subject ':.lkc-1:strong-value'"),
            ("strong", json!({ "frozen": false }), "frozen", "association with lifecycle of STRONG cannot be frozen=false"),
            ("strong", json!({ "subject": "s" }), "subject", "frozen associations must use subject ':.lkc-1:strong-value'"),
        ] {
            assert_eq!(put(&app, topic, &change).await.error(), invalid(property, detail), "{topic} {change}");
        }
        let mixed = put(&app, "strong", &json!({ "subject": "s", "associationType": "key" })).await.error();
        assert_eq!(mixed, invalid("lifecycle", "all associations for a resource must have the same lifecycle, but got value=STRONG, key=WEAK"));
    }

    async fn subjects_without_a_version_or_with_an_owner_are_not_associated(db) {
        let app = TestApp::new(db).await;
        let none = |subject: &str| (409, 40907, format!("No active (non-deleted) version exists for subject '{subject}'"));
        assert_eq!(post(&app, "t", &weak("nothing")).await.error(), none("nothing"));
        app.register("gone", "\"int\"").await;
        app.delete("/subjects/gone").await.ok();
        assert_eq!(post(&app, "t", &weak("gone")).await.error(), none("gone"));

        post(&app, "owner", &strong("value", &["v"])).await.ok();
        let owned = (409, 40905, "A strong association already exists for subject ':.lkc-1:owner-value'".to_owned());
        assert_eq!(post(&app, "t", &weak(":.lkc-1:owner-value")).await.error(), owned);

        app.register(":.lkc-1:shared-value", &record("R", &["v"])).await;
        post(&app, "t", &weak(":.lkc-1:shared-value")).await.ok();
        let taken = (409, 40904, "An association already exists for subject ':.lkc-1:shared-value'".to_owned());
        assert_eq!(post(&app, "shared", &strong("value", &["v"])).await.error(), taken);

        app.register(":.lkc-1:used-value", &record("R", &["v"])).await;
        let detail = "cannot create a frozen association when schemas already exist in the subject";
        assert_eq!(post(&app, "used", &strong("value", &["w"])).await.error(), invalid("frozen", detail));
        post(&app, "used", &strong("value", &["v"])).await.ok();

        let text = |name: &str| format!(r#"{{"type":"record","name":"{name}","fields":[]}}"#);
        app.register(":.lkc-1:ref-value", &text("Inner")).await;
        let outer = json!({
            "schema": r#"{"type":"record","name":"Outer","fields":[{"name":"i","type":"Inner"}]}"#,
            "references": [{ "name": "Inner", "subject": ":.lkc-1:ref-value", "version": 1 }],
        });
        app.post("/subjects/outer/versions", &outer).await.ok();
        let referenced = (422, 42206, "One or more references exist to the schema :.lkc-1:ref-value.".to_owned());
        let request = json!({ "schema": { "schema": text("Inner") } });
        assert_eq!(post(&app, "ref", &request).await.error(), referenced);
    }

    async fn a_subject_that_belongs_to_a_topic_is_not_referred_to(db) {
        let app = TestApp::new(db).await;
        let inner = r#"{"type":"record","name":"Inner","fields":[]}"#;
        post(&app, "owner", &json!({ "schema": { "schema": inner } })).await.ok();
        let outer = json!({
            "schema": r#"{"type":"record","name":"Outer","fields":[{"name":"i","type":"Inner"}]}"#,
            "references": [{ "name": "Inner", "subject": "owner-value", "version": 1 }],
        });
        let refused = (422, 42205, "Subject 'owner-value' has a strong association and cannot be referenced".to_owned());
        assert_eq!(app.post("/subjects/:.lkc-1:outer/versions", &outer).await.error(), refused);
        let both = topic("pair", &json!([
            { "associationType": "key", "schema": { "schema": inner } },
            { "associationType": "value", "schema": {
                "schema": r#"{"type":"record","name":"Outer","fields":[{"name":"i","type":"Inner"}]}"#,
                "references": [{ "name": "Inner", "subject": "pair-key", "version": 1 }],
            } },
        ]));
        let referenced = (422, 42206, "One or more references exist to the schema :.lkc-1:pair-key.".to_owned());
        assert_eq!(app.post("/associations", &both).await.error(), referenced);
    }

    async fn schemas_that_are_refused_leave_nothing(db) {
        let app = TestApp::new(db).await;
        let request = topic("t", &json!([strong("key", &["k"]), { "schema": { "schema": "\"strin\"" } }]));
        let error = app.post("/associations", &request).await.error();
        assert_eq!((error.0, error.1), (422, 42201), "{}", error.2);
        let request = topic("t", &json!([strong("key", &["k"]), { "schema": { "schema": "\"int\"", "ruleSet": { "domainRules": [{ "type": "CEL" }] } } }]));
        assert_eq!(app.post("/associations", &request).await.error(), (422, 42210, "Missing rule name".to_owned()));
        assert_eq!(app.get("/subjects?deleted=true").await.text, "[]");
        assert_eq!(app.get("/associations/resources/-/-").await.text, "[]");
        assert_eq!(app.register("s", "\"int\"").await, 1, "no id was used up");
    }

    async fn a_dry_run_writes_nothing(db) {
        let app = TestApp::new(db).await;
        app.register("s", "\"int\"").await;
        let mut request = topic("t", &json!([strong("value", &["v"])]));
        let answer = app.post("/associations?dryRun=true", &request).await.ok();
        assert_eq!(answer, json!({ "resourceName": "t", "resourceNamespace": "lkc-1", "resourceId": "id-t", "resourceType": "topic" }));
        request.as_object_mut().unwrap().remove("resourceId");
        app.post("/associations?dryRun=True", &request).await.ok();
        app.put("/associations/resources/id-w?dryRun=true", &topic("w", &json!([weak("s")]))).await.ok();
        assert_eq!(app.get("/associations/resources/-/-").await.text, "[]");
        assert_eq!(app.get("/subjects").await.text, r#"["s"]"#);
        post(&app, "t", &strong("value", &["v"])).await.ok();
        app.post("/associations?dryRun=true", &request).await.ok();
        request["associations"] = json!([strong("value", &["w"])]);
        assert_eq!(app.post("/associations?dryRun=true", &request).await.error().1, 40903, "found by name without an id");
        assert_eq!(app.delete("/associations/resources/id-t?cascadeLifecycle=true&dryRun=true").await.status, 204);
        assert_eq!(subjects_of(&app, "/associations/resources/id-t").await.len(), 1);
    }

    async fn unqualified_subjects_belong_to_the_context_of_the_request(db) {
        let app = TestApp::new(db).await;
        app.register(":.ctx:s", "\"int\"").await;
        for (topic_name, target) in [("a", "/associations?context=:.ctx:"), ("b", "/associations?context=.ctx"), ("c", "/contexts/ctx/associations"), ("d", "/contexts/ctx/associations?context=:.other:")] {
            let answer = app.post(target, &topic(topic_name, &json!([weak("s")]))).await.ok();
            assert_eq!(answer["associations"][0]["subject"], ":.ctx:s", "{target}");
        }
        let answer = app.put("/contexts/ctx/associations/resources/id-e", &topic("e", &json!([weak("s")]))).await.ok();
        assert_eq!(answer["associations"][0]["subject"], ":.ctx:s");
        let answer = app.put("/associations/resources/id-f?context=ctx", &topic("f", &json!([weak("s")]))).await.ok();
        assert_eq!(answer["associations"][0]["subject"], ":.ctx:s");
        assert_eq!(post(&app, "g", &weak("s")).await.error().1, 40907, "the default context has no such subject");
        assert_eq!(app.post("/associations?context=a:b", &topic("h", &json!([weak("s")]))).await.error().0, 400);
    }

    async fn aliases_are_followed(db) {
        let app = TestApp::new(db).await;
        app.register("real", "\"int\"").await;
        app.put("/config/nick", &json!({ "alias": "real" })).await.ok();
        let answer = post(&app, "t", &weak("nick")).await.ok();
        assert_eq!(answer["associations"][0]["subject"], "real");
        assert_eq!(subjects_of(&app, "/associations/subjects/nick").await, ["real"]);
    }

    async fn the_mode_of_a_subject_holds_for_its_associations(db) {
        let app = TestApp::new(db).await;
        app.register("s", "\"int\"").await;
        post(&app, "old", &weak("s")).await.ok();
        post(&app, "owner", &strong("value", &["v"])).await.ok();
        app.put("/mode/s", &json!({ "mode": "READONLY" })).await.ok();
        app.put("/mode/:.lkc-1:", &json!({ "mode": "READONLY" })).await.ok();
        let refused = |subject: &str, context: &str| (422, 42205, format!("Subject {subject} in context {context} is in read-only mode"));
        assert_eq!(post(&app, "t", &weak("s")).await.error(), refused("s", "."));
        assert_eq!(put(&app, "t", &weak("s")).await.error(), refused("s", "."));
        assert_eq!(put(&app, "old", &json!({})).await.error(), refused("s", "."));
        assert_eq!(post(&app, "t", &strong("value", &["v"])).await.error(), refused("t-value", ".lkc-1"));
        assert_eq!(app.delete("/associations/resources/id-old").await.error(), refused("s", "."));
        assert_eq!(app.delete("/associations/resources/id-owner?cascadeLifecycle=true").await.error(), refused("owner-value", ".lkc-1"));
        // in IMPORT associations are replicated as they were
        app.put("/mode/:.lkc-1:?force=true", &json!({ "mode": "IMPORT" })).await.ok();
        app.put("/mode/:.lkc-1:new-value", &json!({ "mode": "READWRITE" })).await.ok();
        app.register(":.lkc-1:new-value", &record("R", &["a"])).await;
        app.put("/mode/:.lkc-1:new-value?force=true", &json!({ "mode": "IMPORT" })).await.ok();
        let detail = "cannot be provided while subject ':.lkc-1:new-value' is in IMPORT mode";
        assert_eq!(post(&app, "new", &strong("value", &["a"])).await.error(), invalid("schema", detail));
        let answer = put(&app, "new", &json!({ "lifecycle": "STRONG" })).await.ok();
        assert_eq!(answer["associations"][0]["lifecycle"], "STRONG");
        assert_eq!(app.delete("/associations/resources/id-new?cascadeLifecycle=true").await.status, 204);
        assert_eq!(app.get("/subjects/:.lkc-1:new-value/versions").await.text, "[1]", "in IMPORT the subject stays");
    }

    async fn a_deleted_association_leaves_a_shared_subject_and_takes_its_own(db) {
        let app = TestApp::new(db).await;
        let missing = |id: &str| (404, 40410, format!("Association for '{id}' not found."));
        assert_eq!(app.delete("/associations/resources/nope").await.error(), missing("nope"));
        app.register("s", "\"int\"").await;
        app.post("/associations", &topic("w", &json!([weak("s"), { "subject": "s", "associationType": "key" }]))).await.ok();
        assert_eq!(app.delete("/associations/resources/id-w?resourceType=queue").await.error(), missing("id-w"));
        assert_eq!(app.delete("/associations/resources/id-w?associationType=key").await.status, 204);
        assert_eq!(app.delete("/associations/resources/id-w?associationType=key").await.error(), missing("id-w"));
        assert_eq!(subjects_of(&app, "/associations/resources/id-w").await, ["s"]);
        // while it is there, the subject has to stay
        let held = (409, 40904, "An association already exists for subject 's'".to_owned());
        assert_eq!(app.delete("/subjects/s").await.error(), held);
        let last = (409, 40907, "No active (non-deleted) version exists for subject 's'".to_owned());
        assert_eq!(app.delete("/subjects/s/versions/1").await.error(), last);
        assert_eq!(app.delete("/associations/resources/id-w?cascadeLifecycle=true").await.status, 204);
        assert_eq!(app.get("/subjects/s/versions").await.text, "[1]", "a shared subject stays");
        assert_eq!(app.delete("/subjects/s").await.text, "[1]");

        app.post("/associations", &topic("o", &json!([strong("key", &["k"]), strong("value", &["v"])]))).await.ok();
        assert_eq!(app.delete("/associations/resources/id-o?associationType=key").await.error().1, 40908);
        assert_eq!(app.delete("/associations/resources/id-o?associationType=key&cascadeLifecycle=true").await.status, 204);
        assert_eq!(app.get("/subjects?subjectPrefix=:.lkc-1:&deleted=true").await.text, r#"[":.lkc-1:o-value"]"#);
        assert_eq!(subjects_of(&app, "/associations/resources/id-o").await, [":.lkc-1:o-value"]);
    }

    async fn each_request_of_a_batch_succeeds_or_fails_by_itself(db) {
        let app = TestApp::new(db).await;
        app.register("s", "\"int\"").await;
        post(&app, "old", &weak("s")).await.ok();
        let op = |kind: &str, mut association: Value| {
            association["opType"] = json!(kind);
            association
        };
        let answer = app.post("/associations:batchMutate", &json!({ "requests": [
            topic("a", &json!([op("CREATE", strong("key", &["k"])), op("CREATE", strong("value", &["v"]))])),
            topic("old", &json!([op("DELETE", json!({})), op("UPSERT", json!({ "associationType": "key", "subject": "s" }))])),
            topic("b", &json!([op("CREATE", weak("missing"))])),
            topic("c", &json!([op("DELETE", json!({}))])),
            topic("bad.name", &json!([op("CREATE", weak("s"))])),
            topic("d", &json!([op("UPSERT", strong("value", &["v"]))])),
            topic("e", &json!([op("CREATE", weak("s")), op("DELETE", json!({}))])),
        ] })).await;
        assert_eq!(answer.status, 207);
        let results = answer.json()["results"].as_array().unwrap().clone();
        assert_eq!(results.len(), 7);
        let a = &results[0]["result"];
        assert_eq!((&a["resourceId"], &a["associations"][1]["schema"]["version"]), (&json!("id-a"), &json!(1)), "{a}");
        assert_eq!(results[1]["result"]["associations"], json!([{ "subject": "s", "associationType": "key", "lifecycle": "WEAK" }]));
        assert_eq!(results[2]["error"], json!({ "error_code": 40907, "message": "No active (non-deleted) version exists for subject 'missing'" }));
        assert_eq!(results[3]["result"].get("associations"), None, "nothing to delete is no error in a batch");
        assert_eq!(results[4]["error"]["error_code"], 42212);
        assert_eq!(results[5]["error"]["error_code"], 42212);
        assert_eq!(results[6]["error"]["message"], "The association specified an invalid value for property: 'associationType', detail: may only appear once per request, but 'value' appears more than once");
        // a repeated batch changes nothing and answers the same associations
        let again = app.post("/associations:batchMutate", &json!({ "requests": [topic("old", &json!([op("CREATE", json!({ "associationType": "key", "subject": "s" }))]))] })).await;
        assert_eq!(again.json()["results"][0]["result"], results[1]["result"]);
        let dry = app.post("/associations:batchMutate?dryRun=true", &json!({ "requests": [topic("old", &json!([op("DELETE", json!({ "associationType": "key" }))]))] })).await;
        assert_eq!(dry.json()["results"][0]["result"].get("associations"), None);
        assert_eq!(subjects_of(&app, "/associations/resources/id-old").await, ["s"]);
        let cascade = app.post("/associations:batchMutate", &json!({ "requests": [topic("a", &json!([op("DELETE", json!({ "associationType": "key", "cascadeLifecycle": true }))]))] })).await;
        assert_eq!(cascade.json()["results"][0]["result"]["associations"][0]["subject"], ":.lkc-1:a-value");
        let in_context = app.post("/contexts/.ctx/associations:batchMutate", &json!({ "requests": [topic("x", &json!([op("CREATE", weak("s"))]))] })).await;
        assert_eq!(in_context.json()["results"][0]["error"]["message"], "No active (non-deleted) version exists for subject ':.ctx:s'");
        for (target, body, status, code) in [
            ("/associations:batchMutate", json!({}), 422, 42212),
            ("/associations:batchMutate", json!({ "requests": [] }), 422, 42212),
            ("/associations:batchGet", json!({ "requests": null }), 422, 42212),
            ("/associations:batchMutate", json!({ "requests": [topic("a", &json!([{ "subject": "s" }]))] }), 400, 400),
            ("/associations:batchMutate", json!({ "requests": [topic("a", &json!([{ "opType": "MOVE" }]))] }), 400, 400),
            ("/associations:batchGet", json!(null), 422, 422),
        ] {
            let error = app.post(target, &body).await.error();
            assert_eq!((error.0, error.1), (status, code), "{target} {body}: {}", error.2);
        }
    }

    async fn many_topics_are_asked_for_in_one_request(db) {
        let app = TestApp::new(db).await;
        app.register("s", "\"int\"").await;
        app.post("/associations", &topic("w", &json!([weak("s"), { "subject": "s", "associationType": "key" }]))).await.ok();
        post(&app, "o", &strong("value", &["v"])).await.ok();
        let requests = json!({ "requests": [
            { "resourceName": "w", "resourceNamespace": "lkc-1" },
            { "resourceName": "w", "resourceNamespace": "-", "associationTypes": ["key"] },
            { "resourceId": "id-o", "lifecycle": "STRONG" },
            { "resourceId": "id-o", "lifecycle": "WEAK" },
            { "resourceName": "none", "resourceNamespace": "lkc-1" },
            {},
            { "resourceName": "w" },
            { "resourceName": "-", "resourceNamespace": "lkc-1" },
        ] });
        let answer = app.post("/associations:batchGet", &requests).await;
        assert_eq!(answer.status, 207);
        let results = answer.json()["results"].as_array().unwrap().clone();
        assert_eq!(results[0]["result"]["associations"].as_array().unwrap().len(), 2);
        assert_eq!(results[0]["result"]["resourceId"], "id-w");
        let key = json!({ "resourceName": "w", "resourceNamespace": "lkc-1", "resourceId": "id-w", "resourceType": "topic", "associations": [{ "subject": "s", "associationType": "key", "lifecycle": "WEAK" }] });
        assert_eq!(results[1]["result"], key);
        assert_eq!(results[2]["result"]["associations"][0]["subject"], ":.lkc-1:o-value");
        assert_eq!(results[3]["result"], json!({ "resourceId": "id-o", "resourceType": "topic" }));
        assert_eq!(results[4]["result"], json!({ "resourceName": "none", "resourceNamespace": "lkc-1", "resourceType": "topic" }));
        for (at, property) in [(5, "resourceId"), (6, "resourceNamespace"), (7, "resourceName")] {
            let error = &results[at]["error"];
            assert!(error["error_code"] == 42212 && error["message"].as_str().unwrap().contains(&format!("'{property}'")), "{error}");
        }
        let with = app.post("/associations:batchGet?includeSchemas=true", &json!({ "requests": [{ "resourceId": "id-o" }] })).await.json();
        let schema = &with["results"][0]["result"]["associations"][0]["schema"];
        assert_eq!((&schema["subject"], &schema["version"], &schema["deleted"]), (&json!(":.lkc-1:o-value"), &json!(1), &json!(false)));
    }

    async fn there_may_be_only_so_many(db) {
        let app = TestApp::with(db, Setup { limits: Limits { associations: 1, ..Limits::default() }, ..Setup::default() }).await;
        post(&app, "a", &strong("value", &["v"])).await.ok();
        assert_eq!(post(&app, "b", &strong("value", &["v"])).await.error(), (409, 40902, "A maximum of 1 associations already exist".to_owned()));
        assert_eq!(app.get("/subjects").await.text, r#"[":.lkc-1:a-value"]"#, "the schema went with it");
    }

    async fn many_at_once_leave_one(db) {
        let app = TestApp::new(db).await;
        app.register("s", "\"int\"").await;
        let requests = (0..8).map(|i| {
            let app = &app;
            async move { post(app, "t", &strong("value", &[&format!("f{i}")])).await }
        });
        let answers = futures_util::future::join_all(requests).await;
        let won = answers.iter().filter(|answer| answer.status == 200).count();
        assert_eq!(won, 1, "{:?}", answers.iter().map(|a| &a.text).collect::<Vec<_>>());
        assert!(answers.iter().filter(|answer| answer.status != 200).all(|answer| answer.error().1 == 40903));
        assert_eq!(app.get("/subjects/:.lkc-1:t-value/versions").await.text, "[1]");
        assert_eq!(subjects_of(&app, "/associations/resources/id-t").await.len(), 1);
    }

    async fn schemas_are_listed_by_association(db) {
        let app = TestApp::new(db).await;
        app.register("alone", "\"int\"").await;
        app.register("shared", "\"long\"").await;
        post(&app, "w", &weak("shared")).await.ok();
        post(&app, "o", &strong("key", &["v"])).await.ok();
        for (query, expected) in [
            ("", vec![":.lkc-1:o-key", "alone", "shared"]),
            ("&resourceType=topic", vec![":.lkc-1:o-key", "shared"]),
            ("&resourceType=queue", vec![]),
            ("&associationType=key", vec![":.lkc-1:o-key"]),
            ("&associationType=key&associationType=value", vec![":.lkc-1:o-key", "shared"]),
            ("&lifecycle=WEAK", vec!["shared"]),
            ("&lifecycle=WEAK&lifecycle=STRONG", vec![":.lkc-1:o-key", "shared"]),
            ("&lifecycle=NONE", vec!["alone"]),
            ("&lifecycle=NONE&lifecycle=WEAK", vec!["alone", "shared"]),
            ("&lifecycle=NONE&associationType=key", vec!["alone", "shared"]),
            ("&resourceType=topic&limit=1&offset=1", vec!["shared"]),
        ] {
            let listed = app.get(&format!("/schemas?subjectPrefix=:*:{query}")).await.ok();
            let subjects: Vec<&str> = listed.as_array().unwrap().iter().map(|s| s["subject"].as_str().unwrap()).collect();
            assert_eq!(subjects, expected, "{query}");
        }
        let listed = app.get("/schemas?lifecycle=WEAK").await.ok();
        assert_eq!(listed[0]["associations"][0]["resourceName"], "w");
        assert_eq!(app.get("/schemas").await.ok()[0].get("associations"), None, "only with a filter");
        assert_eq!(app.get("/schemas?lifecycle=weak").await.error().0, 404);
    }

    async fn schemas_are_listed_with_what_aliases_stand_for(db) {
        let app = TestApp::new(db).await;
        app.register("team-a", "\"int\"").await;
        app.register("zone-real", "\"long\"").await;
        app.register(":.ctx:real", "\"long\"").await;
        for (alias, target) in [("team-nick", "zone-real"), ("team-other", "zone-real"), ("team-far", ":.ctx:real"), ("x-nick", "team-a"), ("team-void", "nothing")] {
            app.put(&format!("/config/{alias}"), &json!({ "alias": target })).await.ok();
        }
        let listed = app.get("/schemas?subjectPrefix=team&aliases=true").await.ok();
        let shown: Vec<(&str, Option<&Value>)> = listed.as_array().unwrap().iter().map(|s| (s["subject"].as_str().unwrap(), s.get("aliases"))).collect();
        assert_eq!(shown, [(":.ctx:real", Some(&json!(["team-far"]))), ("team-a", None), ("zone-real", Some(&json!(["team-nick", "team-other"])))]);
        let listed = app.get("/schemas?aliases=true&subjectPrefix=:.ctx:").await.ok();
        assert_eq!(listed.as_array().unwrap().len(), 1);
        assert_eq!(app.get("/schemas?subjectPrefix=team").await.ok().as_array().unwrap().len(), 1);
    }
}
