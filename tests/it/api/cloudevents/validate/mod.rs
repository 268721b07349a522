//! Events held against the specification and against schemas, through `/cloudevents/validate` and the functions behind it.

mod batches;
mod envelopes;
mod payloads;
mod properties;
mod records;
mod requests;
mod resolved;

use hyper::Method;
use serde_json::{Value, json};

use crate::support::app::{Answer, TestApp};

/// The attributes that every event has.
const MINIMAL: [(&str, &str); 4] =
    [("ce-specversion", "1.0"), ("ce-id", "7"), ("ce-source", "/shop"), ("ce-type", "com.example.sold")];

/// An event of JSON with further members.
fn event(more: &Value) -> Value {
    let mut event = json!({ "specversion": "1.0", "id": "7", "source": "/shop", "type": "com.example.sold" });
    for (key, value) in more.as_object().unwrap() {
        event[key] = value.clone();
    }
    event
}

async fn structured(app: &TestApp, query: &str, body: &str) -> Answer {
    let headers = [("content-type", "application/cloudevents+json")];
    app.send(Method::POST, &format!("/cloudevents/validate{query}"), &headers, body.to_owned()).await
}

/// An event in headers; those given replace the minimal ones of the same name.
async fn binary(app: &TestApp, query: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Answer {
    let mut all: Vec<(&str, &str)> =
        MINIMAL.into_iter().filter(|(name, _)| !headers.iter().any(|(other, _)| other == name)).collect();
    all.extend(headers);
    app.send(Method::POST, &format!("/cloudevents/validate{query}"), &all, body).await
}

async fn kafka(app: &TestApp, query: &str, body: &Value) -> Answer {
    app.post(&format!("/cloudevents/validate/kafka{query}"), body).await
}

/// Codes, with the attribute or pointer that each is about.
pub fn codes(report: &Value, key: &str) -> Vec<String> {
    let about = |issue: &Value| {
        let code = issue["code"].as_str().unwrap().to_owned();
        match issue["attribute"].as_str().or(issue["pointer"].as_str()) {
            Some(about) if !about.is_empty() => format!("{code} {about}"),
            _ => code,
        }
    };
    report[key].as_array().unwrap().iter().map(about).collect()
}

/// Status, errors and warnings of an answer.
fn verdict(answer: &Answer) -> (u16, Vec<String>, Vec<String>) {
    let report = answer.json();
    assert_eq!(report["valid"], answer.status == 200, "{}", answer.text);
    (answer.status.as_u16(), codes(&report, "errors"), codes(&report, "warnings"))
}

/// Registers a schema of some type; gives back id and guid.
pub async fn register(app: &TestApp, subject: &str, kind: &str, text: &str) -> (i64, String) {
    let body = json!({ "schema": text, "schemaType": kind });
    let answer = app.post(&format!("/subjects/{subject}/versions"), &body).await.ok();
    (answer["id"].as_i64().unwrap(), answer["guid"].as_str().unwrap().to_owned())
}

/// `00` and an id.
fn framed(id: i64, rest: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0];
    bytes.extend(i32::try_from(id).unwrap().to_be_bytes());
    bytes.extend(rest);
    bytes
}

/// `01` and a guid.
fn framed_by_guid(guid: &str, rest: &[u8]) -> Vec<u8> {
    let mut bytes = vec![1];
    bytes.extend(accordant::types::Guid::parse(guid).unwrap().0);
    bytes.extend(rest);
    bytes
}
