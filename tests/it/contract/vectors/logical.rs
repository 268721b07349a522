//! `compatibilityPolicy` = `LOGICAL` and `format=logical`.

use hyper::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Registry, cases, subject};
use crate::on_both;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Change {
    pub name: String,
    pub schema_type: Option<String>,
    pub level: Option<String>,
    pub old: String,
    pub new: String,
    /// Why the new schema has no logical type.
    pub refused: Option<String>,
    /// Engine, direction (or `validity`), rule and column of each finding, in their order.
    pub finds: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct TypeText {
    pub name: String,
    pub schema_type: Option<String>,
    pub schema: String,
    pub ddl: Option<String>,
    pub refused: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Registration {
    pub name: String,
    pub schema_type: Option<String>,
    pub ddl: String,
    pub stored: Option<String>,
    pub refused: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    pub name: String,
    pub ddl: String,
    pub expr: Option<String>,
    pub refused: Option<String>,
}

/// `Logical compatibility (FLINK, backward): RULE at 'a.b': …` as `FLINK backward RULE a.b`; a message may have more lines.
fn finds(message: &str) -> Vec<String> {
    let Some((head, lines)) = message.strip_prefix("Logical ").and_then(|rest| rest.split_once("): ")) else {
        return Vec::new();
    };
    let (kind, engine) = head.split_once(" (").unwrap();
    let who = match kind {
        "validity" => format!("{engine} validity"),
        _ => engine.replace(", ", " "),
    };
    let find = |line: &str| {
        let (rule, rest) = line.split_at(line.find([' ', ':']).unwrap());
        let column = rest.strip_prefix(" at '").and_then(|rest| rest.split_once("':")).map_or("", |(column, _)| column);
        format!("{who} {rule} {column}").trim_end().to_owned()
    };
    lines.split('\n').map(find).collect()
}

async fn changes(registry: &Registry) -> Vec<String> {
    let mut failed = Vec::new();
    for (at, case) in cases::<Change>("logical/compatibility.yaml").into_iter().enumerate() {
        let subject = subject("logical", at);
        let schema = |text: &str| json!({ "schema": text, "schemaType": case.schema_type.as_deref().unwrap_or("AVRO") });
        let (status, answer) = registry.send(Method::POST, &format!("/subjects/{subject}/versions"), &schema(&case.old)).await;
        assert_eq!(status, 200, "{}: {answer}", case.name);
        let level = case.level.as_deref().unwrap_or("BACKWARD");
        let config = json!({ "compatibility": level, "compatibilityPolicy": "LOGICAL" });
        registry.send(Method::PUT, &format!("/config/{subject}"), &config).await;
        let target = format!("/compatibility/subjects/{subject}/versions/latest?verbose=true");
        let (_, answer) = registry.send(Method::POST, &target, &schema(&case.new)).await;
        let messages: Vec<&str> = answer["messages"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let found: Vec<String> = messages.iter().flat_map(|message| finds(message)).collect();
        let refused =
            messages.iter().find_map(|message| message.strip_prefix("Schema cannot be represented as a logical type: "));
        if found != case.finds || refused != case.refused.as_deref() {
            failed.push(format!("logical/compatibility: {}: {answer}", case.name));
        }
    }
    failed
}

async fn texts(registry: &Registry) -> Vec<String> {
    let mut failed = Vec::new();
    for (at, case) in cases::<TypeText>("logical/types.yaml").into_iter().enumerate() {
        let target = format!("/subjects/{}/versions", subject("logical-type", at));
        let body = json!({ "schema": case.schema, "schemaType": case.schema_type.as_deref().unwrap_or("AVRO") });
        let (status, answer) = registry.send(Method::POST, &target, &body).await;
        assert_eq!(status, 200, "{}: {answer}", case.name);
        let (status, answer) = registry.send(Method::GET, &format!("{target}/1?format=logical"), &Value::Null).await;
        let refused = case.refused.map(|why| format!("Stored schema cannot be represented as a logical type: {why}"));
        let holds = match &case.ddl {
            Some(ddl) => status == 200 && answer["schema"] == ddl.as_str(),
            None => status == 422 && answer["error_code"] == 42201 && answer["message"].as_str() == refused.as_deref(),
        };
        if !holds {
            failed.push(format!("logical/types: {}: {status} {answer}", case.name));
        }
    }
    failed
}

async fn registrations(registry: &Registry) -> Vec<String> {
    let mut failed = Vec::new();
    for (at, case) in cases::<Registration>("logical/registration.yaml").into_iter().enumerate() {
        let subject = subject("logical-text", at);
        let target = format!("/subjects/{subject}/versions");
        let name = subject.replace(|c: char| !c.is_ascii_alphanumeric(), "_");
        let body = json!({ "schema": case.ddl, "schemaType": case.schema_type.as_deref().unwrap_or("AVRO") });
        let (status, answer) = registry.send(Method::POST, &format!("{target}?format=logical"), &body).await;
        let holds = match &case.stored {
            Some(stored) => {
                let (_, version) = registry.send(Method::GET, &format!("{target}/1"), &Value::Null).await;
                let text = version["schema"].as_str().unwrap_or_default().replace(&name, "logical");
                status == 200 && text.trim_end() == stored.trim_end()
            }
            None => status == 422 && answer["error_code"] == 42201 && answer["message"].as_str() == case.refused.as_deref(),
        };
        if !holds {
            failed.push(format!("logical/registration: {}: {status} {answer}", case.name));
        }
    }
    failed
}

/// A condition as it is written: what stands in the parentheses of the first `CHECK`.
fn condition(ddl: &str) -> &str {
    let start = ddl.find("CHECK (").unwrap() + "CHECK (".len();
    let mut depth = 1;
    let end = ddl[start..].find(|c: char| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        depth == 0
    });
    &ddl[start..start + end.unwrap()]
}

async fn conditions(registry: &Registry) -> Vec<String> {
    let mut failed = Vec::new();
    for (at, case) in cases::<Condition>("logical/conditions.yaml").into_iter().enumerate() {
        for kind in ["AVRO", "PROTOBUF", "JSON"] {
            let target = format!("/subjects/{}-{kind}/versions", subject("condition", at));
            let body = json!({ "schema": case.ddl, "schemaType": kind });
            let (status, answer) = registry.send(Method::POST, &format!("{target}?format=logical"), &body).await;
            let holds = if let Some(expr) = &case.expr {
                let (_, version) = registry.send(Method::GET, &format!("{target}/1"), &Value::Null).await;
                let plain = |text: &str| text.replace('\\', "");
                let stored = plain(version["schema"].as_str().unwrap_or_default());
                let (_, shown) = registry.send(Method::GET, &format!("{target}/1?format=logical"), &Value::Null).await;
                let shown = shown["schema"].as_str().unwrap_or_default();
                // a root message is shown without a name, and types without a name have no conditions
                let is_shown = shown.contains(&format!("CHECK ({})", condition(&case.ddl))) || kind == "PROTOBUF";
                status == 200 && stored.contains(&plain(expr)) && is_shown
            } else {
                let refused = format!("Invalid logical type schema: {}", case.refused.as_deref().unwrap_or_default());
                status == 422 && answer["error_code"] == 42201 && answer["message"] == refused
            };
            if !holds {
                failed.push(format!("logical/conditions: {} ({kind}): {status} {answer}", case.name));
            }
        }
    }
    failed
}

on_both! {
    async fn every_case_of_the_logical_types_holds(db) {
        let registry = Registry::new(db).await;
        let mut failed = changes(&registry).await;
        failed.extend(texts(&registry).await);
        failed.extend(registrations(&registry).await);
        failed.extend(conditions(&registry).await);
        assert!(failed.is_empty(), "{} cases don't hold:\n{}", failed.len(), failed.join("\n"));
    }
}
