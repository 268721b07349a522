//! The guid of a content: MD5 over text, references, metadata and rules (rest-api 5.2).

use std::path::Path;

use accordant::codec::FromJson;
use accordant::types::{Content, Metadata, Reference, RuleSet, SchemaType};
use serde_json::{Value, json};

/// The guid of `{text, references?, metadata?, ruleSet?}`.
fn guid(case: &Value) -> String {
    let reference = |r: &Value| Reference {
        name: r["name"].as_str().unwrap().to_owned(),
        subject: r["subject"].as_str().unwrap().to_owned(),
        version: i32::try_from(r["version"].as_i64().unwrap()).unwrap(),
    };
    let content = Content {
        schema_type: SchemaType::Avro,
        text: case["text"].as_str().unwrap().into(),
        references: case.get("references").and_then(Value::as_array).into_iter().flatten().map(reference).collect(),
        metadata: case.get("metadata").and_then(|value| Metadata::from_json(value).unwrap()),
        rule_set: case.get("ruleSet").and_then(|value| RuleSet::from_json(value).unwrap()),
    };
    content.guid().to_string()
}

#[test]
fn published_values() {
    let reference = json!([{ "name": "com.acme.Ref", "subject": "ref-subj", "version": 1 }]);
    for (case, expected) in [
        (json!({ "text": "\"string\"" }), "095d71cf-1255-6b9d-5e33-0ad575b3df5d"),
        (json!({ "text": "\"string\"", "references": reference }), "66d2364a-98fc-029b-c02c-23a1e82122cc"),
        (json!({ "text": "\"string\"", "metadata": {} }), "cecc02e2-232b-87f1-1b0c-aa0e70dbb74d"),
    ] {
        assert_eq!(guid(&case), expected, "{case}");
    }
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

#[test]
fn shared_vectors_where_they_are_there() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/vectors/rest/guid.json");
    let Ok(text) = std::fs::read_to_string(path) else { return };
    let vectors: Value = serde_json::from_str(&text).unwrap();
    let cases = vectors["cases"].as_array().or(vectors.as_array()).unwrap();
    assert!(cases.len() > 10);
    for case in cases {
        assert_eq!(guid(case), case["guid"].as_str().unwrap(), "{case}");
    }
}
