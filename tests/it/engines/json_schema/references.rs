//! References to other subjects, inside a document, and to nowhere. Nothing is ever fetched.

use accordant::schema::Format as _;
use accordant::schema::ParseMode::Stored;
use accordant::schema::json_schema::Schema;
use accordant::schema::json_schema::payload::{ValidateOptions, Validator};
use accordant::schema::{ParseOptions, SchemaError};

use super::{broken, new, read, reference, schema};

fn with(text: &str, references: &[(&str, &str)]) -> Result<Schema, SchemaError> {
    let references: Vec<_> = references.iter().map(|(name, text)| reference(name, text)).collect();
    Schema::parse(text, &references, &new())
}

/// What a schema means is seen by the documents it accepts.
fn takes_strings_only(schema: &Schema) -> bool {
    let validator = Validator::compile(schema, &ValidateOptions::default()).unwrap();
    validator.validate("\"a\"").is_empty() && !validator.validate("1").is_empty()
}

#[test]
fn a_reference_is_found_under_its_name() {
    const STRING: &str = r#"{"type":"string"}"#;
    for (text, name, referenced) in [
        (r#"{"$ref":"other.json"}"#, "other.json", STRING),
        (r#"{"$ref":"./other.json"}"#, "other.json", STRING),
        (r#"{"$ref":"other.json"}"#, "./other.json", STRING),
        (r#"{"$id":"https://acme.example/dir/root.json","$ref":"other.json"}"#, "none", STRING),
        (r#"{"$id":"https://acme.example/dir/root.json","allOf":[{"$ref":"other.json"}]}"#, "other.json", STRING),
        (
            r#"{"$id":"https://acme.example/root.json","allOf":[{"$ref":"https://acme.example/x"}]}"#,
            "https://acme.example/x",
            STRING,
        ),
        (r#"{"$ref":"other.json#/definitions/a~1b"}"#, "other.json", r#"{"definitions":{"a/b":{"type":"string"}}}"#),
        (r#"{"$ref":"other.json#/$defs/a%25"}"#, "other.json", r#"{"definitions":{"a%":{"type":"string"}}}"#),
        (r#"{"$ref":"other.json#/properties/x"}"#, "other.json", r#"{"properties":{"x":{"type":"string"}}}"#),
        (r#"{"$ref":"other.json#here"}"#, "other.json", r##"{"definitions":{"a":{"$id":"#here","type":"string"}}}"##),
        (
            r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","$ref":"other.json#here"}"#,
            "other.json",
            r#"{"$defs":{"a":{"$anchor":"here","type":"string"}}}"#,
        ),
    ] {
        let found = with(text, &[(name, referenced)]);
        if name == "none" {
            assert_eq!(found.unwrap_err().message, "#: unresolved $ref \"other.json\"", "{text}");
        } else {
            assert!(takes_strings_only(&found.unwrap_or_else(|e| panic!("{text} {name}: {e}"))), "{text} {name}");
        }
    }
}

#[test]
fn references_of_references_are_followed_and_loops_between_them_end() {
    let chain = with(r#"{"$ref":"a"}"#, &[("a", r#"{"$ref":"b"}"#), ("b", r#"{"type":"string"}"#)]).unwrap();
    assert!(takes_strings_only(&chain));
    let mutual = |kind: &str| {
        let b = format!(r#"{{"properties":{{"a":{{"$ref":"a"}},"v":{{"type":"{kind}"}}}}}}"#);
        with(r#"{"$ref":"a"}"#, &[("a", r#"{"properties":{"b":{"$ref":"b"}}}"#), ("b", &b)]).unwrap()
    };
    assert!(broken(&mutual("string"), &mutual("string")).is_empty());
    let found = broken(&mutual("string"), &mutual("null"));
    assert!(found.iter().any(|finding| finding.path == "#/properties/b/properties/v"), "{found:#?}");
}

#[test]
fn the_first_binding_of_a_name_wins_and_unused_ones_may_be_broken() {
    let schema = with(r#"{"$ref":"a"}"#, &[("a", r#"{"type":"string"}"#), ("a", "{"), ("unused", "not json")]).unwrap();
    assert!(takes_strings_only(&schema));
    let error = with(r#"{"$ref":"a"}"#, &[("a", "not json")]).unwrap_err();
    assert!(error.message.starts_with("#: "), "{error}");
    let error = with(r#"{"$ref":"a"}"#, &[("a", r#"{"type":"bad"}"#)]).unwrap_err();
    assert!(error.message.starts_with("a#: unknown type"), "{error}");
}

#[test]
fn siblings_of_a_reference_count_from_2019_09_on() {
    let refs: &[(&str, &str)] = &[("a", r#"{"type":"string"}"#)];
    let old = with(r#"{"$ref":"a","maxLength":1}"#, refs).unwrap();
    let modern = with(r#"{"$schema":"https://json-schema.org/draft/2019-09/schema","$ref":"a","maxLength":1}"#, refs).unwrap();
    assert!(broken(&schema(r#"{"type":"string"}"#), &old).is_empty());
    assert!(!broken(&schema(r#"{"type":"string"}"#), &modern).is_empty());
}

#[test]
fn no_scheme_is_fetched_and_no_file_is_opened() {
    for address in
        ["http://127.0.0.1:1/x", "https://example.com/x.json", "file:///etc/passwd", "ftp://example.com/x", "jar:file:/x!/y"]
    {
        let error = read(&format!(r#"{{"$ref":"{address}"}}"#)).unwrap_err();
        let want = format!("Remote schema reference fetching is disabled: {address}; declare it in \"references\"");
        assert!(error.message.ends_with(&want), "{error}");
    }
}

#[test]
fn a_stored_schema_that_cannot_be_loaded_is_one_finding() {
    let stored = Schema::parse(r#"{"$ref":"http://example.com/x.json"}"#, &[], &ParseOptions::new(Stored, 512)).unwrap();
    let found = broken(&stored, &schema("{}"));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].message, "A previous schema version contains an unsupported external reference");
    let error = Validator::compile(&stored, &ValidateOptions::default()).expect_err("nothing to validate with");
    assert_eq!(
        error.to_string(),
        "#: Remote schema reference fetching is disabled: http://example.com/x.json; declare it in \"references\""
    );
}

#[test]
fn dynamic_references_are_followed() {
    let tree = |kind: &str| {
        schema(&format!(
            r##"{{"$schema":"https://json-schema.org/draft/2020-12/schema","$dynamicAnchor":"node","type":"object",
                "properties":{{"value":{{"type":"{kind}"}},"children":{{"type":"array","items":{{"$dynamicRef":"#node"}}}}}}}}"##
        ))
    };
    assert!(broken(&tree("string"), &tree("string")).is_empty());
    assert!(!broken(&tree("string"), &tree("null")).is_empty());
    let validator = Validator::compile(&tree("string"), &ValidateOptions::default()).unwrap();
    assert!(validator.validate(r#"{"children":[{"value":"a","children":[]}]}"#).is_empty());
    assert_eq!(validator.validate(r#"{"children":[{"value":1}]}"#)[0].instance_path, "/children/0/value");
}
