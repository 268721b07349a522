//! Holds every answer to openapi.yaml.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

use hyper::Method;
use serde_json::{Value, json};

use crate::support::app::Answer;

/// The contract.
pub static OPENAPI: LazyLock<Value> = LazyLock::new(|| serde_yaml_ng::from_str(include_str!("../../../openapi.yaml")).unwrap());

static VALIDATORS: LazyLock<Mutex<HashMap<String, &'static jsonschema::Validator>>> = LazyLock::new(Mutex::default);

/// Follows a `$ref` inside the file.
pub fn resolve(value: &Value) -> &Value {
    match value.get("$ref").and_then(Value::as_str) {
        Some(reference) => resolve(OPENAPI.pointer(reference.trim_start_matches('#')).unwrap()),
        None => value,
    }
}

/// The template that a request target belongs to; literal segments win over parameters.
pub fn template(target: &str) -> Option<&'static str> {
    let path = target.split('?').next().unwrap();
    let mut segments: Vec<&str> = path.split('/').filter(|s| !s.is_empty()).collect();
    // of prefixes one behind the other the last one counts
    while segments.len() > 4 && segments[0] == "contexts" && segments[2] == "contexts" {
        segments.drain(..2);
    }
    for at in 0..segments.len().min(2) {
        let is_prefix = segments.len() > at + 2 && (at == 0 || segments[0] == "cloudevents");
        let is_default = at == 0 && segments.len() == 2 && [".", ":.:", "%3A.%3A"].contains(&segments[1]);
        if segments[at] == "contexts" && (is_prefix || is_default) {
            segments.drain(at..at + 2);
            break;
        }
    }
    let matches = |template: &str| {
        let parts: Vec<&str> = template.split('/').filter(|s| !s.is_empty()).collect();
        parts.len() == segments.len()
            && parts.iter().zip(&segments).all(|(part, segment)| part.starts_with('{') || part == segment)
    };
    let mut found: Vec<&str> =
        OPENAPI["paths"].as_object().unwrap().keys().map(String::as_str).filter(|template| matches(template)).collect();
    found.sort_by_key(|template| template.matches('{').count());
    found.first().copied()
}

/// The validator of a schema in the file, made once for each key.
pub fn validator(key: &str, schema: &Value) -> &'static jsonschema::Validator {
    let mut validators = VALIDATORS.lock().unwrap();
    if let Some(found) = validators.get(key) {
        return found;
    }
    let mut root = schema.as_object().cloned().unwrap_or_default();
    root.insert("$schema".into(), json!("https://json-schema.org/draft/2020-12/schema"));
    root.insert("components".into(), OPENAPI["components"].clone());
    let compiled = Box::leak(Box::new(jsonschema::validator_for(&Value::Object(root)).unwrap()));
    validators.insert(key.to_owned(), compiled);
    compiled
}

/// Fails the test when the answer is not one that the contract describes.
pub fn check(method: &Method, target: &str, answer: &Answer) {
    assert!(answer.headers.contains_key("x-request-id"), "{method} {target}: no X-Request-ID");
    assert_eq!(answer.header("x-content-type-options"), "nosniff", "{method} {target}");
    // parameters of segments are cut off before a path is looked at
    let target: String = target.split('/').map(|segment| segment.split(';').next().unwrap()).collect::<Vec<_>>().join("/");
    let target = target.as_str();
    // files, and no operations
    if target == "/ui" || target.starts_with("/ui/") {
        return;
    }
    let Some(template) = template(target) else {
        assert!(answer.status.is_client_error(), "{method} {target} is not in openapi.yaml");
        return;
    };
    let name = if *method == Method::HEAD { "get".to_owned() } else { method.as_str().to_lowercase() };
    let Some(operation) = OPENAPI["paths"][template].get(&name) else {
        if *method == Method::OPTIONS {
            let is_preflight = answer.headers.contains_key("access-control-allow-origin");
            assert!(answer.status == 200 && (is_preflight || answer.headers.contains_key("allow")), "{method} {target}");
        } else {
            assert_eq!(answer.status, 405, "{method} {target}");
        }
        return;
    };
    let status = answer.status.as_u16().to_string();
    let response = operation["responses"].get(&status);
    let response =
        resolve(response.unwrap_or_else(|| panic!("{method} {target}: status {status} is not documented: {}", answer.text)));
    let Some(content) = response.get("content").and_then(Value::as_object) else {
        assert!(answer.text.is_empty(), "{method} {target}: a body where none is documented");
        return;
    };
    let media_type = answer.headers.get("content-type").and_then(|v| v.to_str().ok()).unwrap_or("");
    // the charset that a client asked for is repeated
    let media_type = media_type.split_once(";charset=").map_or(media_type, |(name, _)| name);
    let described = content.get(media_type).unwrap_or_else(|| panic!("{method} {target}: {media_type} is not documented"));
    let encoded = answer.headers.contains_key("content-encoding");
    // Confluent sends the bare text of a schema under a JSON media type, whatever the text is
    let is_bare = template.ends_with("/schema") && target.contains("format=");
    if *method == Method::HEAD || encoded || is_bare || !media_type.ends_with("json") {
        return;
    }
    let body: Value = serde_json::from_str(&answer.text).unwrap_or_else(|e| panic!("{method} {target}: {e}: {}", answer.text));
    let validator = validator(&format!("{template} {name} {status} {media_type}"), &described["schema"]);
    if let Err(error) = validator.validate(&body) {
        panic!("{method} {target}: {error} at {}: {}", error.instance_path(), answer.text);
    }
}
