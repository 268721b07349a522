//! The cases of `tests/vectors/rest/`: what each query parameter does, and what each error code is sent for.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt as _;
use futures_util::stream;
use hyper::Method;
use serde::Deserialize;
use serde_json::Value;

use super::cases;
use crate::on_both;
use crate::support::app::{Answer, Database, TestApp};
use crate::support::contract::{OPENAPI, resolve, template};

/// One request: `METHOD TARGET`, or `METHOD TARGET (MEDIA TYPE)`, with its body. A body that is a text is sent as it stands.
type Request = BTreeMap<String, Value>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ParameterCase {
    operation: String,
    parameter: String,
    /// Requests that make what has to be there; all must succeed.
    #[serde(default)]
    given: Vec<Request>,
    without: Expected,
    with: Expected,
}

/// Requests, and what the last answer contains, written as `STATUS BODY`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    requests: Vec<Request>,
    contains: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorCase {
    #[serde(default)]
    given: Vec<Request>,
    request: Request,
    pub status: u16,
    pub error_code: u32,
    message: Option<String>,
    /// How the message ends, where a text of the engines stands before.
    message_ends: Option<String>,
}

pub fn error_cases() -> Vec<ErrorCase> {
    cases("rest/errors.yaml")
}

/// Method, target and media type of a request.
fn head(request: &Request) -> (Method, &str, &str) {
    let (head, _) = request.first_key_value().unwrap();
    let (method, rest) = head.split_once(' ').unwrap();
    let (target, media_type) = rest.split_once(" (").unwrap_or((rest, "application/json)"));
    (method.parse().unwrap(), target, media_type.trim_end_matches(')'))
}

async fn send(app: &TestApp, request: &Request) -> Answer {
    let (method, target, media_type) = head(request);
    let body = match request.first_key_value().unwrap().1 {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        value => value.to_string(),
    };
    app.send(method, target, &[("content-type", media_type)], body).await
}

/// Makes what has to be there; the error is the request that failed.
async fn make(app: &TestApp, given: &[Request]) -> Result<(), String> {
    for request in given {
        let answer = send(app, request).await;
        if !answer.status.is_success() {
            return Err(format!("{request:?}: {} {}", answer.status, answer.text));
        }
    }
    Ok(())
}

async fn last(app: &TestApp, requests: &[Request]) -> String {
    let mut shown = String::new();
    for request in requests {
        let answer = send(app, request).await;
        shown = format!("{} {}", answer.status.as_u16(), answer.text);
    }
    shown
}

/// The query parameters of all operations.
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
    let cases: Vec<ParameterCase> = cases("rest/parameters.yaml");
    let cased: BTreeSet<_> = cases.into_iter().map(|case| (case.operation, case.parameter)).collect();
    let described = described();
    let missing: Vec<_> = described.difference(&cased).collect();
    let surplus: Vec<_> = cased.difference(&described).collect();
    assert!(missing.is_empty() && surplus.is_empty(), "without a case: {missing:?}; not in openapi.yaml: {surplus:?}");
}

/// Whether one of the requests is the operation, with the parameter or without it.
fn asks(requests: &[Request], case: &ParameterCase, wanted: bool) -> bool {
    requests.iter().any(|request| {
        let (method, target, _) = head(request);
        let query = target.split_once('?').map_or("", |(_, query)| query);
        let has = query.split('&').any(|pair| pair.split('=').next() == Some(&case.parameter));
        let verb = method.as_str().to_lowercase();
        let operation = template(target).map(|template| OPENAPI["paths"][template][&verb]["operationId"].clone());
        has == wanted && operation.is_some_and(|operation| operation == case.operation.as_str())
    })
}

async fn parameter(db: Database, case: &ParameterCase) -> Result<(), String> {
    let name = format!("{} {}", case.operation, case.parameter);
    if !asks(&case.without.requests, case, false) || !asks(&case.with.requests, case, true) {
        return Err(format!("{name}: not the operation without and with the parameter"));
    }
    let app = TestApp::new(db).await;
    make(&app, &case.given).await.map_err(|failed| format!("{name}: {failed}"))?;
    let without = last(&app, &case.without.requests).await;
    if !without.contains(&case.without.contains) {
        return Err(format!("{name}: without it: {without}"));
    }
    let with = last(&app, &case.with.requests).await;
    let differs = case.with.contains == case.without.contains || !with.contains(&case.without.contains);
    if !with.contains(&case.with.contains) || !differs {
        return Err(format!("{name}: with it: {with}"));
    }
    Ok(())
}

async fn error(db: Database, case: &ErrorCase) -> Result<(), String> {
    let app = TestApp::new(db).await;
    make(&app, &case.given).await?;
    let (status, code, message) = send(&app, &case.request).await.error();
    let holds = match (&case.message, &case.message_ends) {
        (Some(whole), None) => message == *whole,
        (None, Some(end)) => message.starts_with("Invalid schema") && message.ends_with(end),
        _ => false,
    };
    if (status, code) == (case.status, i64::from(case.error_code)) && holds {
        return Ok(());
    }
    Err(format!("{:?}: {status} {code} {message}", case.request))
}

/// Cases that are played at once, each against a registry of its own.
const AT_ONCE: usize = 4;

on_both! {
    async fn every_parameter_does_what_it_says(db) {
        let cases: Vec<ParameterCase> = cases("rest/parameters.yaml");
        let played = stream::iter(&cases).map(|case| parameter(db, case)).buffer_unordered(AT_ONCE);
        let failed: Vec<String> = played.filter_map(async |outcome| outcome.err()).collect().await;
        assert!(failed.is_empty(), "{} cases don't hold:\n{}", failed.len(), failed.join("\n"));
    }

    async fn every_error_is_as_it_stands(db) {
        let cases = error_cases();
        let played = stream::iter(&cases).map(|case| error(db, case)).buffer_unordered(AT_ONCE);
        let failed: Vec<String> = played.filter_map(async |outcome| outcome.err()).collect().await;
        assert!(failed.is_empty(), "{} cases don't hold:\n{}", failed.len(), failed.join("\n"));
    }
}
