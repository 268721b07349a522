//! Every route with every operation: allowed, denied, anonymous.

use accordant::access::Operation;
use accordant::http::{Needs, Route, routes};
use serde_json::{Value, json};

use super::{get, register, send, server};
use crate::on_both;
use crate::support::app::{TestApp, record};

/// What no answer to somebody without the right to read may say.
const NAME: &str = "Guarded";

/// The rules: a user for each operation, who may do nothing else, and one who may do everything elsewhere.
fn text() -> String {
    let rule = |user: &str, operation: &str, subjects: &str| {
        format!("[[allow]]\nprincipals = [\"user:{user}\"]\noperations = [\"{operation}\"]\nsubjects = [{subjects}]\n")
    };
    let mut rules = vec![rule("elsewhere", "GLOBAL_READ", "\"*\"")];
    for operation in Operation::ALL {
        let name = operation.name();
        rules.push(rule(name, name, "\"*\""));
        rules.push(rule("both", name, "\"*\""));
        if !operation.is_global() {
            rules.push(rule("elsewhere", name, "\"other-*\", \":.other:*\""));
        }
    }
    rules.concat()
}

/// What there is to be read and changed, made anew before each route.
pub async fn prepare(app: &TestApp) -> (i64, String) {
    let id = register(app, "orders", &record(NAME, &["a"])).await;
    register(app, "other-one", &record("Free", &["b"])).await;
    let guid = get(app, "admin", &format!("/schemas/ids/{id}")).await.ok()["guid"].as_str().unwrap().to_owned();
    let alias = json!({ "uri": "https://example.com/guarded", "subject": "orders", "version": "latest" });
    assert!(send(app, "admin", "PUT", "/cloudevents/aliases", Some(&alias)).await.status.is_success());
    let binding = json!({ "subject": "orders", "version": "latest" });
    assert!(send(app, "admin", "PUT", "/cloudevents/types/guarded", Some(&binding)).await.status.is_success());
    // the same again is refused
    let kek = json!({ "name": "t", "kmsType": "x", "kmsKeyId": "y" });
    send(app, "admin", "POST", "/dek-registry/v1/keks", Some(&kek)).await;
    let dek = json!({ "encryptedKeyMaterial": "AAEC" });
    send(app, "admin", "POST", "/dek-registry/v1/keks/t/deks/orders", Some(&dek)).await;
    for path in ["/exporters", "/importers"] {
        send(app, "admin", "POST", path, Some(&exporter("t"))).await;
    }
    // an association may be there already
    send(app, "admin", "POST", "/associations", Some(&associations())).await;
    for path in ["/config/orders", "/config"] {
        assert_eq!(send(app, "admin", "PUT", path, Some(&json!({ "compatibility": "NONE" }))).await.status, 200);
    }
    for path in ["/mode/orders", "/mode"] {
        assert_eq!(send(app, "admin", "PUT", path, Some(&json!({ "mode": "READWRITE" }))).await.status, 200);
    }
    (id, guid)
}

fn exporter(name: &str) -> Value {
    json!({ "name": name, "config": { "schema.registry.url": "http://127.0.0.1:9" } })
}

pub fn associations() -> Value {
    json!({
        "resourceName": "t", "resourceNamespace": "n", "resourceId": "r", "resourceType": "topic",
        "associations": [{ "subject": "orders", "associationType": "value", "lifecycle": "WEAK" }],
    })
}

pub fn target(route: &Route, id: i64, guid: &str) -> String {
    let path = route
        .template
        .replace("{subject}", "orders")
        .replace("{version}", "latest")
        .replace("{id}", &id.to_string())
        .replace("{guid}", guid)
        .replace("{type}", "guarded")
        .replace("{context}", ".gone")
        .replace("{resourceId}", "r")
        .replace("{namespace}", "n")
        .replace("{name}", "t");
    match route.operation {
        "resolveDataschema" | "getResolvedDocument" => format!("{path}?dataschema=https://example.com/guarded"),
        "deleteAlias" => format!("{path}?uri=https://example.com/guarded"),
        "getLatestWithMetadata" => format!("{path}?deleted=true"),
        "search" => format!("{path}?q=orders"),
        "getOutline" | "diffVersions" | "getReferenceGraph" | "getHistory" | "getUsage" => format!("{path}?subject=orders"),
        "validateEvent" => format!("{path}?subject=orders&status=always-200"),
        _ => path,
    }
}

pub fn body(route: &Route) -> Option<Value> {
    let schema = json!({ "schema": record(NAME, &["a"]) });
    Some(match route.operation {
        "lookUpSchema" | "registerSchema" | "checkVersion" | "checkHistory" => schema,
        "registerTree" => json!({ "schemas": [{ "subject": "orders", "schema": record(NAME, &["a"]) }] }),
        "editTags" => json!({ "tagsToAdd": [] }),
        "putGlobalConfig" | "putConfig" => json!({ "compatibility": "NONE" }),
        "putGlobalMode" | "putMode" => json!({ "mode": "READWRITE" }),
        "createAssociations" | "putAssociations" => associations(),
        "batchMutateAssociations" => {
            let mut change = associations();
            change["associations"][0]["opType"] = json!("UPSERT");
            json!({ "requests": [change] })
        }
        "batchGetAssociations" => json!({ "requests": [{ "resourceId": "r" }] }),
        "diffSchemas" => json!({ "subject": "orders", "old": {}, "new": {} }),
        "getImpact" => json!({ "subject": "orders", "new": {} }),
        "putAlias" => json!({ "uri": "https://example.com/guarded", "subject": "orders", "version": "latest" }),
        "putEventType" => json!({ "subject": "orders", "version": "latest" }),
        "resolveHints" | "postResolvedDocument" => json!({ "dataschema": "https://example.com/guarded" }),
        "validateEvent" => json!({ "a": 1 }),
        "validateRecord" => json!({ "headers": [], "value": null }),
        "createExporter" | "createImporter" => exporter("u"),
        "putExporter" | "putImporter" => json!({ "subjects": ["a"] }),
        "putExporterConfig" | "putImporterConfig" => json!({ "schema.registry.url": "http://127.0.0.1:9/" }),
        "decodeRecord" | "validateData" => json!({ "subject": "orders", "hex": "02" }),
        "encodeRecord" => json!({ "subject": "orders", "data": {} }),
        "sampleRecords" => json!({ "subject": "orders" }),
        "migrateRecord" => json!({ "subject": "orders", "hex": "02", "reader": { "subject": "orders" } }),
        "postRoot" => json!({}),
        "createKek" => json!({ "name": "u", "kmsType": "x", "kmsKeyId": "y" }),
        "putKek" => json!({ "doc": "d" }),
        "createDek" | "createDekForSubject" => json!({ "subject": "orders", "encryptedKeyMaterial": "AAEC" }),
        _ => return None,
    })
}

/// Routes whose answer is a list of what may be read, or a verdict without what may not: they answer who may read something.
fn is_filtered(route: &Route) -> bool {
    matches!(route.needs, Needs::Global(_) | Needs::Somewhere(Operation::SubjectRead) | Needs::Schema)
}

fn suffices(route: &Route, operation: Operation) -> bool {
    match route.needs {
        Needs::Nothing | Needs::Identity | Needs::Metrics | Needs::AnyRight => true,
        Needs::Trial => matches!(operation, Operation::SubjectRead | Operation::SubjectWrite),
        Needs::Schema => operation == Operation::SubjectRead,
        needs => needs.operations() == [operation.name()],
    }
}

on_both! {
    async fn a_route_takes_the_operation_that_it_names_and_no_other(db) {
        let names: Vec<&str> = Operation::ALL.iter().map(|operation| operation.name()).chain(["both", "elsewhere"]).collect();
        let app = server(db, &names, &text()).await;
        for route in routes() {
            let (id, guid) = prepare(&app).await;
            let (method, target, body) = (route.method.as_str(), target(route, id, &guid), body(route));
            let ask = async |user: &str| send(&app, user, method, &target, body.as_ref()).await;
            let refused = |status: u16| status == 401 || status == 403;
            // those who are to be refused first: they change nothing
            let is_open = matches!(route.needs, Needs::Nothing | Needs::Identity | Needs::Metrics);
            let answer = ask("").await;
            if is_open {
                assert!(!refused(answer.status.as_u16()), "{method} {target}: {}", answer.text);
            } else {
                assert_eq!(answer.error(), (401, if target.starts_with("/cloudevents") { 40180 } else { 401 }, "Unauthorized".to_owned()), "{method} {target}");
                assert!(answer.header("www-authenticate").starts_with("Basic "), "{method} {target}");
            }
            for operation in Operation::ALL.iter().copied().filter(|operation| !suffices(route, *operation)) {
                let answer = ask(operation.name()).await;
                // a denial within a batch is that of one request of it
                let text = if answer.status == 207 { answer.json()["results"][0].clone() } else { answer.json() };
                assert!(answer.status == 403 || text["error"]["error_code"] == 40301 || text["error_code"] == 40301, "{method} {target} by {}: {} {}", operation.name(), answer.status, answer.text);
                assert!(answer.text.contains("User is denied operation "), "{}", answer.text);
            }
            let answer = ask("elsewhere").await;
            let shows_nothing = !answer.text.contains(NAME) && !answer.text.contains("\"orders\"") && !answer.text.contains(&guid);
            assert!(shows_nothing || answer.status == 403 || is_open, "{method} {target}: {} {}", answer.status, answer.text);
            let changes = !is_open && matches!(method, "PUT" | "DELETE") || matches!(route.operation, "registerSchema" | "registerTree") || route.operation == "createAssociations";
            // KEKs belong to no subject: who may write anywhere may make one
            let is_of_no_subject = route.operation == "createKek";
            let is_registry = matches!(route.needs, Needs::Settings { .. });
            if changes || is_registry || !(is_of_no_subject || is_filtered(route) || is_open || route.needs == Needs::AnyRight) {
                let is_denied = answer.status == 403 || (answer.status == 207 && answer.text.contains("\"error_code\":40301"));
                assert!(is_denied, "{method} {target}: {} {}", answer.status, answer.text);
            }
            for operation in Operation::ALL.iter().copied().filter(|operation| suffices(route, *operation)) {
                let answer = ask(operation.name()).await;
                assert!(!refused(answer.status.as_u16()) && (is_open || !answer.text.contains("\"error_code\":40301")), "{method} {target} by {}: {}", operation.name(), answer.text);
                prepare(&app).await;
            }
            let answer = ask("both").await;
            assert!(!refused(answer.status.as_u16()), "{method} {target}: {}", answer.text);
        }
    }
}
