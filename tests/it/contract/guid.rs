//! The guid of a content: MD5 over text, references, metadata and rules (rest-api 5.2), held to the cases of `tests/vectors/rest/guid.yaml`.

use accordant::codec::FromJson;
use accordant::types::{Content, Metadata, Reference, RuleSet, SchemaType};
use serde_json::{Value, json};

use super::vectors::cases;

/// The guid of `{schemaType?, text, references?, metadata?, ruleSet?}`.
fn guid(case: &Value) -> String {
    let reference = |r: &Value| Reference {
        name: r["name"].as_str().unwrap().to_owned(),
        subject: r["subject"].as_str().unwrap().to_owned(),
        version: i32::try_from(r["version"].as_i64().unwrap()).unwrap(),
    };
    let content = Content {
        schema_type: case["schemaType"].as_str().map_or(SchemaType::Avro, |name| SchemaType::parse(name).unwrap()),
        text: case["text"].as_str().unwrap().into(),
        references: case.get("references").and_then(Value::as_array).into_iter().flatten().map(reference).collect(),
        metadata: case.get("metadata").and_then(|value| Metadata::from_json(value).unwrap()),
        rule_set: case.get("ruleSet").and_then(|value| RuleSet::from_json(value).unwrap()),
    };
    content.guid().to_string()
}

#[test]
fn every_content_has_the_guid_that_its_case_says() {
    let cases: Vec<Value> = cases("rest/guid.yaml");
    let wrong: Vec<String> = cases
        .iter()
        .map(|case| (case, guid(case)))
        .filter(|(case, computed)| case["guid"] != **computed)
        .map(|(case, computed)| format!("{}: {} is computed as {computed}", case["name"], case["guid"]))
        .collect();
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn every_part_counts_and_the_order_of_keys_does_not() {
    let rule = |name: &str| json!({ "domainRules": [{ "name": name, "kind": "CONDITION", "mode": "WRITE", "type": "CEL" }] });
    let with = |properties: Value| json!({ "text": "t", "metadata": { "properties": properties } });
    let all = [
        json!({ "text": "t" }),
        json!({ "text": "u" }),
        with(json!({ "a": "1" })),
        with(json!({ "a": "2" })),
        json!({ "text": "t", "metadata": { "tags": { "a": ["3"] } } }),
        json!({ "text": "t", "ruleSet": rule("r") }),
        json!({ "text": "t", "ruleSet": rule("s") }),
    ];
    let guids: std::collections::BTreeSet<String> = all.iter().map(guid).collect();
    assert_eq!(guids.len(), all.len());
    assert_eq!(guid(&with(json!({ "a": "1", "b": "2" }))), guid(&with(json!({ "b": "2", "a": "1" }))));
}
