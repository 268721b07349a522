//! Data that is made up: valid to other implementations, the same for the same seed, and broken in one place where it is to be.

use accordant::records::{EncodeOptions, RandomSource, RecordSampler};
use accordant::schema::payload::{Effort, Work};
use accordant::schema::{ParseMode, ParseOptions, Parsed, PayloadValidator};
use accordant::types::SchemaType;
use serde_json::Value;

use crate::contract::vectors::{Compatibility, cases};

fn parsed(schema_type: SchemaType, text: &str) -> Option<(Parsed, PayloadValidator)> {
    let parsed = Parsed::parse(schema_type, text, &[], &ParseOptions::new(ParseMode::Lookup, 100)).ok()?;
    let payload = PayloadValidator::prepare(&parsed, true, None).ok()?;
    Some((parsed, payload))
}

fn work() -> Work<'static> {
    Work::new(Effort::Full, None)
}

/// Every schema of the cases of a format that stands for itself.
fn schemas(folder: &str, schema_type: SchemaType) -> Vec<(String, Parsed, PayloadValidator)> {
    let texts = cases::<Compatibility>(&format!("{folder}/compatibility.yaml")).into_iter().flat_map(|case| [case.old, case.new]);
    let read = |text: String| parsed(schema_type, &text).map(|(parsed, payload)| (text, parsed, payload));
    texts.filter_map(read).collect()
}

/// Samples of all schemas, each of which must be made; those that nothing satisfies are listed.
fn hold(folder: &str, schema_type: SchemaType, is_valid: impl Fn(&str, &str, &[u8]) -> bool, unsatisfied: usize) {
    let schemas = schemas(folder, schema_type);
    assert!(schemas.len() > 40, "only {} schemas", schemas.len());
    let mut without = Vec::new();
    for (text, parsed, payload) in schemas {
        let sampler = RecordSampler::new(&parsed, payload).unwrap();
        let options = EncodeOptions::default();
        for seed in 0..8 {
            let sample = |seed| sampler.sample(&mut RandomSource::new(seed), &options, &mut work());
            let made = match sample(seed) {
                Ok(made) => made,
                // a file of enums alone
                Err(faults) if faults.iter().any(|fault| fault.message.contains("has no message")) => break,
                Err(_) => {
                    without.push(text.clone());
                    break;
                }
            };
            assert_eq!(made.json, sample(seed).unwrap().json, "{text}");
            assert!(is_valid(&text, &made.json, &made.encoded.bytes), "{text}\n{}", made.json);
        }
    }
    assert!(without.len() <= unsatisfied, "{without:#?}");
}

#[test]
fn samples_of_avro_are_read_by_its_rust_library() {
    let is_valid = |text: &str, _: &str, bytes: &[u8]| {
        let Ok(schema) = apache_avro::Schema::parse_str(text) else { return true };
        apache_avro::from_avro_datum(&schema, &mut &*bytes, None).is_ok()
    };
    hold("avro", SchemaType::Avro, is_valid, 0);
}

#[test]
fn samples_of_json_schema_are_valid_to_its_rust_library() {
    let is_valid = |text: &str, json: &str, _: &[u8]| {
        let schema: Value = serde_json::from_str(text).unwrap();
        let Ok(validator) = jsonschema::validator_for(&schema) else { return true };
        validator.is_valid(&serde_json::from_str(json).unwrap())
    };
    // some say that nothing is valid
    hold("json-schema", SchemaType::Json, is_valid, 12);
}

#[test]
fn samples_of_protobuf_are_read_by_prost() {
    let is_valid = |text: &str, json: &str, bytes: &[u8]| {
        let Some(pool) = pool(text) else { return true };
        let Some(message) = pool.get_file_by_name("sample.proto").and_then(|file| file.messages().next()) else { return true };
        let read = prost_reflect::DynamicMessage::decode(message.clone(), bytes).is_ok();
        let mut deserializer = serde_json::Deserializer::from_str(json);
        read && prost_reflect::DynamicMessage::deserialize(message, &mut deserializer).is_ok()
    };
    hold("protobuf", SchemaType::Protobuf, is_valid, 0);
}

fn pool(text: &str) -> Option<prost_reflect::DescriptorPool> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("sample.proto"), text).unwrap();
    let files = protox::compile(["sample.proto"], [folder.path()]).ok()?;
    prost_reflect::DescriptorPool::from_file_descriptor_set(files).ok()
}

#[test]
fn what_holds_itself_ends() {
    let list = r#"{"type":"record","name":"L","fields":[{"name":"v","type":"int"},{"name":"next","type":["L","null"]}]}"#;
    let tree = r##"{"type":"object","required":["v"],"properties":{"v":{"type":"integer"},"all":{"type":"array","items":{"$ref":"#"}}}}"##;
    let message = "syntax = \"proto3\"; message M { M m = 1; repeated M all = 2; map<string, M> by = 3; }";
    for (schema_type, text) in [(SchemaType::Avro, list), (SchemaType::Json, tree), (SchemaType::Protobuf, message)] {
        let (parsed, payload) = parsed(schema_type, text).unwrap();
        let sampler = RecordSampler::new(&parsed, payload).unwrap();
        for seed in 0..100 {
            let made = sampler.sample(&mut RandomSource::new(seed), &EncodeOptions::default(), &mut work()).unwrap();
            assert!(made.json.len() < 200_000, "{}", made.json.len());
        }
    }
    let endless = r#"{"type":"record","name":"E","fields":[{"name":"e","type":"E"}]}"#;
    let (parsed, payload) = parsed(SchemaType::Avro, endless).unwrap();
    let sampler = RecordSampler::new(&parsed, payload).unwrap();
    let refused = sampler.sample(&mut RandomSource::new(1), &EncodeOptions::default(), &mut work()).unwrap_err();
    assert!(refused[0].message.contains("no finite datum"), "{}", refused[0].message);
}

#[test]
fn each_rule_is_broken_by_itself() {
    let schema = r#"{"type":"object","required":["id","n"],"additionalProperties":false,"properties":{
        "id":{"type":"string","pattern":"^[A-Z]{2}[0-9]{3}$"},"n":{"type":"integer","minimum":3,"maximum":9},
        "s":{"enum":["a","b"]},"l":{"type":"array","minItems":1,"maxItems":5,"uniqueItems":true,"items":{"type":"boolean"}}}}"#;
    let (parsed, payload) = parsed(SchemaType::Json, schema).unwrap();
    let sampler = RecordSampler::new(&parsed, payload).unwrap();
    let options = EncodeOptions::default();
    let mut rules = std::collections::BTreeSet::new();
    for seed in 0..5 {
        let made = sampler.sample(&mut RandomSource::new(seed), &options, &mut work()).unwrap();
        let broken = sampler.broken(&made, &options, &work());
        let validator = jsonschema::validator_for(&serde_json::from_str(schema).unwrap()).unwrap();
        for one in &broken {
            let value: Value = serde_json::from_str(one.json.as_deref().unwrap()).unwrap();
            assert!(!validator.is_valid(&value), "{}: {value}", one.rule);
        }
        rules.extend(broken.into_iter().map(|one| one.rule));
    }
    for rule in [
        "type",
        "required",
        "additionalProperties",
        "pattern",
        "minimum",
        "maximum",
        "enum",
        "minItems",
        "maxItems",
        "uniqueItems",
    ] {
        assert!(rules.contains(rule), "{rule} is not among {rules:?}");
    }
}
