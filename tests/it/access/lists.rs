//! Lists hold what may be read, and pages stay full.

use serde_json::json;

use super::{get, register, send, server};
use crate::on_both;
use crate::support::app::{TestApp, record};

const RULES: &str = "[[allow]]\nprincipals = [\"user:alice\"]\nroles = [\"reader\"]\nsubjects = [\"a-*\", \":.team:*\"]\n";

async fn filled(db: crate::support::app::Database) -> TestApp {
    let app = server(db, &["alice"], RULES).await;
    for n in 0..6 {
        register(&app, &format!("a-{n}"), &record("Mine", &["x"])).await;
        register(&app, &format!("b-{n}"), &record("Theirs", &["y"])).await;
    }
    register(&app, ":.team:s", &record("Team", &["z"])).await;
    register(&app, ":.rest:s", &record("Rest", &["z"])).await;
    app
}

on_both! {
    async fn subjects_schemas_and_contexts_are_those_that_may_be_read(db) {
        let app = filled(db).await;
        let list = get(&app, "alice", "/subjects").await.ok();
        assert_eq!(list, json!([":.team:s", "a-0", "a-1", "a-2", "a-3", "a-4", "a-5"]));
        assert_eq!(get(&app, "alice", "/subjects?offset=2&limit=3").await.ok(), json!(["a-1", "a-2", "a-3"]));
        assert_eq!(get(&app, "alice", "/subjects?subjectPrefix=b-").await.ok(), json!([]));
        let schemas = get(&app, "alice", "/schemas?subjectPrefix=:*:&offset=1&limit=4").await.ok();
        let subjects: Vec<&str> = schemas.as_array().unwrap().iter().map(|s| s["subject"].as_str().unwrap()).collect();
        assert_eq!(subjects, ["a-0", "a-1", "a-2", "a-3"]);
        assert_eq!(get(&app, "alice", "/contexts").await.ok(), json!([".", ".team"]));
        assert_eq!(get(&app, "admin", "/contexts").await.ok(), json!([".", ".rest", ".team"]));
    }

    async fn an_id_is_read_through_any_holder_that_may_be_read(db) {
        let app = server(db, &["alice"], RULES).await;
        let shared = register(&app, "b-first", &record("Shared", &["x"])).await;
        let path = format!("/schemas/ids/{shared}");
        let denied = get(&app, "alice", &path).await;
        assert_eq!(denied.error(), (403, 40301, format!("User is denied operation Read on Schema: {shared}")));
        assert_eq!(get(&app, "alice", "/schemas/ids/999").await.status, 404);
        assert_eq!(register(&app, "a-second", &record("Shared", &["x"])).await, shared);
        // asked for by both in turn: an answer that is kept shows each of them its own holder
        for _ in 0..3 {
            assert_eq!(get(&app, "alice", &path).await.ok()["subject"], "a-second");
            assert_eq!(get(&app, "admin", &path).await.ok()["subject"], "b-first");
            assert_eq!(send(&app, "", "GET", &path, None).await.status, 401);
        }
        assert_eq!(get(&app, "alice", &format!("{path}/subjects")).await.ok(), json!(["a-second"]));
        assert_eq!(get(&app, "alice", &format!("{path}/versions")).await.ok(), json!([{ "subject": "a-second", "version": 1 }]));
        let guid = get(&app, "alice", &path).await.ok()["guid"].as_str().unwrap().to_owned();
        for target in [format!("/schemas/guids/{guid}"), format!("/schemas/guids/{guid}/ids"), format!("/cloudevents/schemas/guids/{guid}")] {
            assert_eq!(get(&app, "alice", &target).await.status, 200, "{target}");
        }
        let hidden = register(&app, "b-hidden", &record("Hidden", &["x"])).await;
        let guid = get(&app, "admin", &format!("/schemas/ids/{hidden}")).await.ok()["guid"].as_str().unwrap().to_owned();
        for target in [
            format!("/schemas/ids/{hidden}/schema"),
            format!("/schemas/ids/{hidden}/subjects"),
            format!("/schemas/ids/{hidden}?subject=b-hidden"),
            format!("/schemas/guids/{guid}"),
            format!("/schemas/guids/{guid}/ids"),
            format!("/cloudevents/schemas/guids/{guid}"),
            format!("/cloudevents/schemas/ids/{hidden}"),
            format!("/cloudevents/schemas/guids/{guid}?details"),
        ] {
            assert_eq!(get(&app, "alice", &target).await.status, 403, "{target}");
        }
        // what is kept is kept no longer than the right to it
        send(&app, "admin", "DELETE", "/subjects/a-second", None).await.ok();
        send(&app, "admin", "DELETE", "/subjects/a-second?permanent=true", None).await.ok();
        assert_eq!(get(&app, "alice", &path).await.status, 403);
    }

    async fn a_subject_of_another_context_is_not_found_through_its_plain_name(db) {
        let rules = "[[allow]]\nprincipals = [\"user:alice\"]\nroles = [\"owner\"]\nsubjects = [\"s\"]\n";
        let app = server(db, &["alice"], rules).await;
        register(&app, ":.rest:s", &record("Rest", &["z"])).await;
        assert_eq!(get(&app, "admin", "/subjects/s/versions/1").await.ok()["subject"], ":.rest:s");
        let body = json!({ "schema": record("Rest", &["z"]) });
        for (method, target, body) in [
            ("GET", "/subjects/s/versions/1", None),
            ("GET", "/subjects/s/versions/latest/schema", None),
            ("GET", "/subjects/s/versions/1/referencedby", None),
            ("GET", "/cloudevents/subjects/s/versions/1", None),
            ("POST", "/subjects/s", Some(&body)),
            ("POST", "/subjects/s/versions/1/tags", Some(&json!({ "tagsToAdd": [] }))),
        ] {
            let answer = send(&app, "alice", method, target, body).await;
            assert_eq!(answer.status, 404, "{method} {target}: {}", answer.text);
        }
        let verdict = send(&app, "alice", "POST", "/compatibility/subjects/s/versions/latest", Some(&json!({ "schema": "\"int\"" }))).await.ok();
        assert_eq!(verdict["is_compatible"], true, "nothing that may be read stands against it");
    }

    async fn references_need_to_be_readable(db) {
        let rules = "[[allow]]\nprincipals = [\"user:alice\"]\nroles = [\"owner\"]\nsubjects = [\"a-*\", \":.team:*\"]\n";
        let app = server(db, &["alice"], rules).await;
        register(&app, "b-secret", &record("Secret", &["x"])).await;
        register(&app, "a-open", &record("Open", &["x"])).await;
        let using = |subject: &str, name: &str| {
            let text = format!(r#"{{"type":"record","name":"U","fields":[{{"name":"f","type":"{name}"}}]}}"#);
            json!({ "schema": text, "references": [{ "name": name, "subject": subject, "version": 1 }] })
        };
        for target in ["/subjects/a-user/versions", "/subjects/a-user", "/compatibility/subjects/a-user/versions", "/compatibility/subjects/a-user/versions/latest"] {
            let answer = send(&app, "alice", "POST", target, Some(&using("b-secret", "Secret"))).await;
            assert_eq!(answer.error(), (403, 40301, "User is denied operation Read on Subject: b-secret".to_owned()), "{target}");
        }
        assert_eq!(send(&app, "alice", "POST", "/subjects/a-user/versions", Some(&using("a-open", "Open"))).await.status, 200);
        // relative to the context of the subject
        let answer = send(&app, "alice", "POST", "/contexts/.team/subjects/u/versions", Some(&using(":.:b-secret", "Secret"))).await;
        assert_eq!(answer.error().1, 40301);
        // what others have put together is not shown in one piece
        send(&app, "admin", "POST", "/subjects/a-theirs/versions", Some(&using("b-secret", "Secret"))).await.ok();
        assert_eq!(get(&app, "alice", "/subjects/a-theirs/versions/1").await.status, 200);
        for target in ["/subjects/a-theirs/versions/1?format=resolved", "/cloudevents/subjects/a-theirs/versions/1?references=bundled"] {
            assert_eq!(get(&app, "alice", target).await.status, 403, "{target}");
            assert_eq!(get(&app, "admin", target).await.status, 200, "{target}");
        }
    }

    async fn an_alias_is_no_way_around(db) {
        let rules = "[[allow]]\nprincipals = [\"user:alice\"]\nroles = [\"owner\"]\nsubjects = [\"a-*\"]\n";
        let app = server(db, &["alice"], rules).await;
        register(&app, "b-secret", &record("Secret", &["x"])).await;
        register(&app, "a-open", &record("Open", &["x"])).await;
        for alias in ["b-secret", ":.:b-secret", ":.team:x"] {
            let answer = send(&app, "alice", "PUT", "/config/a-alias", Some(&json!({ "alias": alias }))).await;
            assert_eq!((answer.status.as_u16(), answer.error().1), (403, 40301), "{alias}");
        }
        assert_eq!(send(&app, "alice", "PUT", "/config/a-alias", Some(&json!({ "alias": "a-open" }))).await.status, 200);
        assert_eq!(get(&app, "alice", "/subjects/a-alias/versions/1").await.ok()["subject"], "a-open");
        // one that somebody else has made
        send(&app, "admin", "PUT", "/config/a-alias", Some(&json!({ "alias": "b-secret" }))).await.ok();
        let body = json!({ "schema": "\"int\"" });
        for (method, target, body) in [
            ("GET", "/subjects/a-alias/versions", None),
            ("GET", "/subjects/a-alias/versions/1", None),
            ("DELETE", "/subjects/a-alias", None),
            ("POST", "/subjects/a-alias/versions", Some(&body)),
            ("POST", "/subjects/a-alias", Some(&body)),
            ("GET", "/cloudevents/subjects/a-alias/versions/1", None),
            ("GET", "/associations/subjects/a-alias", None),
        ] {
            let answer = send(&app, "alice", method, target, body).await;
            assert_eq!((answer.status.as_u16(), answer.error().1), (403, 40301), "{method} {target}");
            assert!(answer.text.contains("Subject: b-secret"), "{}", answer.text);
        }
        // a name that leads to what may be read needs no right of its own
        send(&app, "admin", "PUT", "/config/b-name", Some(&json!({ "alias": "a-open" }))).await.ok();
        assert_eq!(get(&app, "alice", "/subjects/b-name/versions/1").await.ok()["subject"], "a-open");
    }

    async fn associations_and_bindings_are_filtered_and_guarded(db) {
        let rules = "[[allow]]\nprincipals = [\"user:alice\"]\nroles = [\"owner\"]\nsubjects = [\"a-*\"]\n";
        let app = server(db, &["alice"], rules).await;
        register(&app, "b-secret", &record("Secret", &["x"])).await;
        register(&app, "a-open", &record("Open", &["x"])).await;
        let topic = |name: &str, subject: &str| json!({
            "resourceName": name, "resourceNamespace": "n", "resourceId": format!("id-{name}"),
            "associations": [{ "subject": subject, "lifecycle": "WEAK" }],
        });
        assert_eq!(send(&app, "alice", "POST", "/associations", Some(&topic("t", "b-secret"))).await.error().1, 40301);
        for (name, subject) in [("t1", "b-secret"), ("t2", "a-open"), ("t3", "b-secret"), ("t4", "a-open")] {
            send(&app, "admin", "POST", "/associations", Some(&topic(name, subject))).await.ok();
        }
        let list = get(&app, "alice", "/associations/resources/n/-?offset=1&limit=1").await.ok();
        assert_eq!((list.as_array().unwrap().len(), &list[0]["resourceName"]), (1, &json!("t4")));
        assert_eq!(get(&app, "alice", "/associations/resources/id-t1").await.ok(), json!([]));
        assert_eq!(send(&app, "alice", "DELETE", "/associations/resources/id-t1", None).await.error().1, 40301);
        assert_eq!(send(&app, "alice", "DELETE", "/associations/resources/id-t2", None).await.status, 204);
        let to = |subject: &str| json!({ "subject": subject, "version": "latest" });
        assert_eq!(send(&app, "alice", "PUT", "/cloudevents/types/x", Some(&to("b-secret"))).await.status, 403);
        send(&app, "admin", "PUT", "/cloudevents/types/x", Some(&to("b-secret"))).await;
        assert_eq!(send(&app, "alice", "PUT", "/cloudevents/types/x", Some(&to("a-open"))).await.status, 403, "it is somebody else's");
        assert_eq!(send(&app, "alice", "DELETE", "/cloudevents/types/x", None).await.status, 403);
        assert_eq!(get(&app, "alice", "/cloudevents/types").await.ok(), json!([]));
        let uri = |subject: &str| json!({ "uri": "urn:x", "subject": subject, "version": 1 });
        assert_eq!(send(&app, "alice", "PUT", "/cloudevents/aliases", Some(&uri("b-secret"))).await.status, 403);
        send(&app, "admin", "PUT", "/cloudevents/aliases", Some(&uri("b-secret"))).await;
        assert_eq!(send(&app, "alice", "PUT", "/cloudevents/aliases", Some(&uri("a-open"))).await.status, 403);
        assert_eq!(send(&app, "alice", "DELETE", "/cloudevents/aliases?uri=urn:x", None).await.status, 403);
        assert_eq!(get(&app, "alice", "/cloudevents/aliases").await.ok(), json!([]));
        let unresolved = get(&app, "alice", "/cloudevents/resolve?dataschema=urn:x").await;
        assert_eq!(unresolved.status, 404);
        assert!(!unresolved.text.contains("secret"), "{}", unresolved.text);
        let unresolved = get(&app, "alice", "/cloudevents/resolve?type=x").await;
        assert!(unresolved.status == 404 && !unresolved.text.contains("secret"), "{}", unresolved.text);
    }
}
