//! Plays the cases of `tests/vectors/` over HTTP. With `ACCORDANT_VECTORS_URL` they go to the registry at that URL instead of one
//! that is started here.

use std::collections::BTreeSet;
use std::path::Path;

use hyper::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::on_both;
use crate::support::app::{Answer, Database, TestApp};

pub mod logical;
pub mod rest;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acceptance {
    pub name: String,
    pub schema: String,
    #[serde(default)]
    pub accepted: bool,
    /// A part of the message.
    pub refused: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Canonical {
    pub name: String,
    pub schema: String,
    pub stored: String,
    /// The stored text under `normalize=true`, where it is another.
    pub normalized: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Compatibility {
    pub name: String,
    pub old: String,
    pub new: String,
    #[serde(rename = "compatibilityPolicy")]
    pub policy: Option<String>,
    #[serde(rename = "protobufPolicy")]
    pub protobuf_policy: Option<String>,
    /// The error types of all messages.
    pub breaks: Vec<String>,
    /// Compatible rules that the case is about.
    #[serde(default)]
    pub rules: Vec<String>,
}

/// Folders and the schema types of their cases.
pub const FORMATS: [(&str, &str); 3] = [("avro", "AVRO"), ("protobuf", "PROTOBUF"), ("json-schema", "JSON")];

/// The cases of a file. A file that is not there or can't be read fails whoever asks for it.
pub fn cases<T: serde::de::DeserializeOwned>(file: &str) -> Vec<T> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let cases: Vec<T> = serde_yaml_ng::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert!(!cases.is_empty(), "{} has no cases", path.display());
    cases
}

/// A registry to play cases against.
enum Registry {
    Own(Box<TestApp>),
    At { url: reqwest::Url, http: reqwest::Client },
}

impl Registry {
    async fn new(db: Database) -> Self {
        match std::env::var("ACCORDANT_VECTORS_URL") {
            Ok(url) if !url.is_empty() => {
                Self::At { url: url.parse().expect("ACCORDANT_VECTORS_URL is a URL"), http: reqwest::Client::new() }
            }
            _ => Self::Own(Box::new(TestApp::new(db).await)),
        }
    }

    /// Status and body of the answer.
    async fn send(&self, method: Method, target: &str, body: &Value) -> (u16, Value) {
        match self {
            Self::Own(app) => {
                let headers = [("content-type", "application/vnd.schemaregistry.v1+json")];
                let Answer { status, text, .. } = app.send(method, target, &headers, body.to_string()).await;
                (status.as_u16(), serde_json::from_str(&text).unwrap_or_default())
            }
            Self::At { url, http } => {
                let request = http.request(method, url.join(target).unwrap());
                let request = request.header("content-type", "application/vnd.schemaregistry.v1+json").body(body.to_string());
                let answer = request.send().await.unwrap();
                (answer.status().as_u16(), serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default())
            }
        }
    }
}

/// A subject that no other case uses, also when the cases are played twice against one registry.
fn subject(folder: &str, at: usize) -> String {
    format!("vectors-{folder}-{at}-{}", uuid::Uuid::new_v4().simple())
}

async fn acceptance(registry: &Registry, folder: &str, schema_type: &str) -> Vec<String> {
    let mut failed = Vec::new();
    for (at, case) in cases::<Acceptance>(&format!("{folder}/acceptance.yaml")).into_iter().enumerate() {
        let body = json!({ "schema": case.schema, "schemaType": schema_type });
        // asked to explain, Accordant gives the reason where Confluent has one wording for all of them
        let target = format!("/subjects/{}/versions?explain=true", subject(folder, at));
        let (status, answer) = registry.send(Method::POST, &target, &body).await;
        let message = answer["message"].as_str().unwrap_or_default();
        let holds = match &case.refused {
            Some(part) => status == 422 && answer["error_code"] == 42201 && message.contains(part.as_str()),
            None => case.accepted && status == 200,
        };
        if !holds {
            failed.push(format!("{folder}/acceptance: {}: {status} {answer}", case.name));
        }
    }
    failed
}

async fn canonical(registry: &Registry, folder: &str, schema_type: &str) -> Vec<String> {
    let mut failed = Vec::new();
    for (at, case) in cases::<Canonical>(&format!("{folder}/canonical.yaml")).into_iter().enumerate() {
        let normalized = case.normalized.as_ref().unwrap_or(&case.stored);
        for (query, expected) in [("", &case.stored), ("?normalize=true", normalized)] {
            let target = format!("/subjects/{}/versions", subject(folder, at));
            let body = json!({ "schema": case.schema, "schemaType": schema_type });
            registry.send(Method::POST, &format!("{target}{query}"), &body).await;
            let (_, answer) = registry.send(Method::GET, &format!("{target}/1"), &Value::Null).await;
            if answer["schema"].as_str() != Some(expected) {
                failed.push(format!("{folder}/canonical{query}: {}:\n  {expected:?}\n  {}", case.name, answer["schema"]));
            }
        }
    }
    failed
}

/// The error type that a message begins with. Avro's Java library has none for a field that matches several.
fn error_type(message: &str) -> Option<String> {
    if message.starts_with("Unexpected exception during compatibility check") {
        return Some("AMBIGUOUS_FIELD_ALIAS".to_owned());
    }
    let rest = message.strip_prefix("{errorType:")?;
    Some(rest.trim_start_matches(['\'', '"']).split(['\'', '"']).next()?.to_owned())
}

async fn compatibility(registry: &Registry, folder: &str, schema_type: &str) -> Vec<String> {
    let mut failed = Vec::new();
    for (at, case) in cases::<Compatibility>(&format!("{folder}/compatibility.yaml")).into_iter().enumerate() {
        let subject = subject(folder, at);
        let mut config = json!({ "compatibility": "BACKWARD" });
        for (key, value) in [("compatibilityPolicy", &case.policy), ("protobufPolicy", &case.protobuf_policy)] {
            if let Some(value) = value {
                config[key] = value.as_str().into();
            }
        }
        registry.send(Method::PUT, &format!("/config/{subject}"), &config).await;
        let schema = |text: &str| json!({ "schema": text, "schemaType": schema_type });
        let (status, answer) = registry.send(Method::POST, &format!("/subjects/{subject}/versions"), &schema(&case.old)).await;
        assert_eq!(status, 200, "{folder}: {}: {answer}", case.name);
        let target = format!("/compatibility/subjects/{subject}/versions/latest?verbose=true");
        let (_, answer) = registry.send(Method::POST, &target, &schema(&case.new)).await;
        let messages = answer["messages"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let found: BTreeSet<String> = messages.filter_map(error_type).collect();
        let expected: BTreeSet<String> = case.breaks.iter().cloned().collect();
        if found != expected || answer["is_compatible"] != expected.is_empty() {
            failed.push(format!("{folder}/compatibility: {}: expected {expected:?}: {answer}", case.name));
        }
    }
    failed
}

on_both! {
    async fn every_case_of_the_engines_holds(db) {
        let registry = Registry::new(db).await;
        let mut failed = Vec::new();
        for (folder, schema_type) in FORMATS {
            failed.extend(acceptance(&registry, folder, schema_type).await);
            failed.extend(canonical(&registry, folder, schema_type).await);
            failed.extend(compatibility(&registry, folder, schema_type).await);
        }
        assert!(failed.is_empty(), "{} cases don't hold:\n{}", failed.len(), failed.join("\n"));
    }
}
