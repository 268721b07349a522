//! Every query parameter of every operation in openapi.yaml has a case that shows what it does: the same request without and
//! with it, with answers that differ. A pair without a case fails the suite.

use std::collections::BTreeSet;

use hyper::Method;
use serde_json::{Value, json};

use crate::app::{Answer, TestApp};
use crate::contract::{OPENAPI, resolve, template};
use crate::on_both;

mod cases;
mod cloudevents;

use cases::CASES;
use cloudevents::EVENT_CASES;

/// One parameter of one operation.
///
/// A request is a method, a target and perhaps a body; `&&` joins requests, of which the last one's answer counts. Two steps have
/// names: `REG subject text` registers an Avro text, `REF subject referenced` one that refers to version 1 of a subject that
/// holds the record `I`. `EVENT` posts a structured event.
pub struct Case {
    /// The operation id.
    operation: &'static str,
    /// The parameter.
    parameter: &'static str,
    /// What has to be there.
    steps: &'static [&'static str],
    /// The request without the parameter, and what its answer (`status body`) contains.
    without: (&'static str, &'static str),
    /// The request with the parameter, what its answer contains; it does not contain what the other one does, unless both are
    /// expected to be the same.
    with: (&'static str, &'static str),
}

fn described() -> BTreeSet<(String, String)> {
    let mut out = BTreeSet::new();
    for item in OPENAPI["paths"].as_object().unwrap().values() {
        for (_, operation) in item.as_object().unwrap().iter().filter(|(key, _)| *key != "parameters") {
            let id = operation["operationId"].as_str().unwrap();
            for parameter in operation.get("parameters").and_then(Value::as_array).into_iter().flatten() {
                let parameter = resolve(parameter);
                if parameter["in"] == "query" {
                    out.insert((id.to_owned(), parameter["name"].as_str().unwrap().to_owned()));
                }
            }
        }
    }
    out
}

#[test]
fn every_parameter_of_every_operation_has_a_case() {
    let cased: BTreeSet<_> =
        EVENT_CASES.iter().chain(CASES).map(|case| (case.operation.to_owned(), case.parameter.to_owned())).collect();
    let described = described();
    let missing: Vec<_> = described.difference(&cased).collect();
    let surplus: Vec<_> = cased.difference(&described).collect();
    assert!(missing.is_empty() && surplus.is_empty(), "without a case: {missing:?}; not in openapi.yaml: {surplus:?}");
}

/// Sends one request, or one of the named steps.
pub async fn send(app: &TestApp, request: &str) -> Answer {
    let mut parts = request.splitn(3, ' ');
    let (verb, target, rest) = (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap_or(""));
    match verb {
        "REG" => app.post(&format!("/subjects/{target}/versions"), &json!({ "schema": rest })).await,
        "REF" => {
            let text = r#"{"type":"record","name":"O","fields":[{"name":"i","type":"I"}]}"#;
            let body = json!({ "schema": text, "references": [{ "name": "I", "subject": rest, "version": 1 }] });
            app.post(&format!("/subjects/{target}/versions"), &body).await
        }
        "EVENT" => app.send(Method::POST, target, &[("content-type", "application/cloudevents+json")], rest.to_owned()).await,
        _ => app.send(verb.parse::<Method>().unwrap(), target, &[("content-type", "application/json")], rest.to_owned()).await,
    }
}

/// The answer to the last of the requests.
async fn play(app: &TestApp, requests: &str) -> String {
    let mut shown = String::new();
    for request in requests.split(" && ") {
        let answer = send(app, request).await;
        shown = format!("{} {}", answer.status.as_u16(), answer.text);
    }
    shown
}

/// Whether one of the requests is the operation, with the parameter or without it.
fn asks(requests: &str, case: &Case, wanted: bool) -> bool {
    requests.split(" && ").any(|request| {
        let mut parts = request.split(' ');
        let (verb, target) = (parts.next().unwrap().to_lowercase().replace("event", "post"), parts.next().unwrap());
        let query = target.split_once('?').map_or("", |(_, query)| query);
        let has = query.split('&').any(|pair| pair.split('=').next() == Some(case.parameter));
        let operation = template(target).map(|template| OPENAPI["paths"][template][&verb]["operationId"].clone());
        has == wanted && operation.is_some_and(|operation| operation == case.operation)
    })
}

on_both! {
    async fn every_parameter_does_what_it_says(db) {
        let app = TestApp::new(db).await;
        for case in EVENT_CASES.iter().chain(CASES) {
            let name = format!("{} {}", case.operation, case.parameter);
            assert!(asks(case.without.0, case, false), "{name}: {} is not the operation without the parameter", case.without.0);
            assert!(asks(case.with.0, case, true), "{name}: {} is not the operation with the parameter", case.with.0);
            // what reaches beyond its own subjects gets a registry of its own
            let whole = |request: &str| request.contains(" /mode ") || request.contains(" /mode?") || request.contains("__GLOBAL");
            let alone = case.steps.iter().any(|step| whole(step)) || whole(case.with.0);
            let own = if alone { Some(TestApp::new(db).await) } else { None };
            let app = own.as_ref().unwrap_or(&app);
            for step in case.steps {
                let answer = send(app, step).await;
                assert!(answer.status.is_success(), "{name}: {step}: {}", answer.text);
            }
            let without = play(app, case.without.0).await;
            assert!(without.contains(case.without.1), "{name}: without it: {without}");
            let with = play(app, case.with.0).await;
            let differs = case.with.1 == case.without.1 || !with.contains(case.without.1);
            assert!(with.contains(case.with.1) && differs, "{name}: with it: {with}");
        }
    }
}
