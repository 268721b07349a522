//! Router and contract describe the same thing.

use std::collections::BTreeSet;

use accordant::http::{ERROR_CODES, routes};
use serde_json::Value;

use crate::support::contract::{OPENAPI, resolve, validator};

fn described() -> BTreeSet<(String, String, String)> {
    let paths = OPENAPI["paths"].as_object().unwrap();
    let mut out = BTreeSet::new();
    for (template, item) in paths {
        for (method, operation) in item.as_object().unwrap().iter().filter(|(key, _)| *key != "parameters") {
            let id = operation["operationId"].as_str().unwrap().to_owned();
            out.insert((method.to_uppercase(), template.clone(), id));
        }
    }
    out
}

#[test]
fn the_router_and_the_contract_have_the_same_operations() {
    let routed: BTreeSet<_> =
        routes().iter().map(|r| (r.method.to_string(), r.template.to_owned(), r.operation.to_owned())).collect();
    assert_eq!(routed, described());
}

#[test]
fn every_route_says_what_it_needs_and_the_contract_says_the_same() {
    for route in routes() {
        let operation = &OPENAPI["paths"][route.template][route.method.as_str().to_lowercase()]["x-operation"];
        let needs = route.needs.operations();
        match needs.as_slice() {
            [one] => assert_eq!(operation, one, "{} {}", route.method, route.template),
            several => assert_eq!(*operation, serde_json::json!(several), "{} {}", route.method, route.template),
        }
    }
}

#[test]
fn the_contract_lists_every_error_code_and_no_other() {
    let listed: BTreeSet<i64> =
        OPENAPI["components"]["schemas"]["ErrorCode"]["enum"].as_array().unwrap().iter().map(|c| c.as_i64().unwrap()).collect();
    let sent: BTreeSet<i64> = ERROR_CODES.iter().map(|code| i64::from(*code)).collect();
    assert_eq!(listed, sent);
}

#[test]
fn every_error_status_is_documented_somewhere() {
    let mut documented = BTreeSet::new();
    for item in OPENAPI["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values().filter(|v| v.is_object()) {
            documented.extend(operation["responses"].as_object().unwrap().keys().cloned());
        }
    }
    for code in ERROR_CODES {
        let status = &code.to_string()[..3];
        // 405 answers what no operation describes
        assert!(status == "405" || documented.contains(status), "{status} ({code})");
    }
}

#[test]
fn every_parameter_of_a_path_is_declared() {
    for (template, item) in OPENAPI["paths"].as_object().unwrap() {
        let wanted = template.matches('{').count();
        let declared = item
            .get("parameters")
            .and_then(Value::as_array)
            .map_or(0, |list| list.iter().filter(|p| resolve(p)["in"] == "path").count());
        assert_eq!(declared, wanted, "{template}");
    }
}

#[test]
fn everything_has_a_description_and_an_example() {
    let components = &OPENAPI["components"];
    for (name, parameter) in components["parameters"].as_object().unwrap() {
        assert!(parameter["description"].is_string() && parameter["schema"]["examples"].is_array(), "parameter {name}");
    }
    for kind in ["requestBodies", "responses"] {
        for (name, part) in components[kind].as_object().unwrap() {
            let Some(content) = part.get("content").and_then(Value::as_object) else { continue };
            assert!(content.values().any(|media| media.get("example").is_some()), "{kind} {name}");
        }
    }
    for (template, item) in OPENAPI["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap().iter().filter(|(key, _)| *key != "parameters") {
            let has = |key: &str| operation[key].is_string() || operation[key].is_array();
            assert!(has("summary") && has("tags"), "{method} {template}");
            if matches!(method.as_str(), "post" | "put") {
                assert!(operation["requestBody"].is_object(), "{method} {template}");
            }
        }
    }
}

#[test]
fn examples_are_valid() {
    for kind in ["requestBodies", "responses"] {
        for (name, part) in OPENAPI["components"][kind].as_object().unwrap() {
            for (media_type, media) in part.get("content").and_then(Value::as_object).into_iter().flatten() {
                let Some(example) = media.get("example").filter(|_| media_type.ends_with("json")) else { continue };
                let validator = validator(&format!("{kind} {name} {media_type}"), &media["schema"]);
                assert!(validator.is_valid(example), "{kind} {name}: {example}");
            }
        }
    }
    for (name, parameter) in OPENAPI["components"]["parameters"].as_object().unwrap() {
        let validator = validator(&format!("parameter {name}"), &parameter["schema"]);
        for example in parameter["schema"]["examples"].as_array().unwrap() {
            assert!(validator.is_valid(example), "{name}: {example}");
        }
    }
}
