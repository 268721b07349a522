//! What is accepted and refused, and the texts that are stored.

use accordant::schema::Format as _;
use accordant::schema::json_schema::Schema;
use accordant::schema::{ParseMode, ParseOptions, Stage};

use super::{new, read, schema};

#[test]
fn unusual_texts_are_accepted() {
    for text in [
        "{}",
        "false",
        r#"{"$schema":"urn:unknown","type":"string"}"#,
        r#"{"minLength":-1,"maxItems":99999999999}"#,
        r#"{"type":[]}"#,
        r#"{"allOf":[]}"#,
        r#"{"required":["a","a"]}"#,
        r#"{"definitions":{"a":1,"b":{"$ref":"nowhere.json"}}}"#,
        r##"{"default":{"$ref":"#/nope"},"enum":[{"$ref":1}]}"##,
        r#"{"properties":{"$ref":{"type":"string"},"$id":{"type":"null"}}}"#,
        r#"{"pattern":"(?i)a++(?<=b)\\Z"}"#,
        r#"{"pattern":"^\\p{IsGreek}\\h{1,100}$"}"#,
        r#"{"pattern":"(?=a)((a{0,100}){0,100}){0,100}"}"#,
        r#"{"if":{"type":"null"}}"#,
        r##"{"$ref":"#"}"##,
        r##"{"$ref":"#/definitions/a","definitions":{"a":{"$ref":"#/definitions/b"},"b":{"$ref":"#/definitions/a"}}}"##,
        r#"{"$ref":"http://json-schema.org/draft-07/schema#"}"#,
        r#"{"$ref":"https://json-schema.org/draft/2020-12/schema"}"#,
        r##"{"$ref":"#/$defs/x","definitions":{"x":{}}}"##,
        r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","multipleOf":0}"#,
        r#"{"$schema":"http://json-schema.org/draft-04/schema#","minimum":1,"exclusiveMinimum":true}"#,
        r#"{"$schema":"https://json-schema.org/draft/2019-09/schema","items":[{}],"additionalItems":false}"#,
    ] {
        assert_eq!(schema(text).canonical(), text);
    }
    for (text, canonical) in [
        (" true ", "true"),
        (r#"{"minLength":1.0,"maxLength":1e2}"#, r#"{"minLength":1.0,"maxLength":1E+2}"#),
        (r#"{"maximum":1e400}"#, r#"{"maximum":1E+400}"#),
    ] {
        assert_eq!(schema(text).canonical(), canonical);
    }
}

#[test]
fn bad_schemas_are_refused_with_the_place_and_the_reason() {
    for (text, want) in [
        (r#"{"$schema":1}"#, "#/$schema: expected type: String, found: Integer"),
        (r#"{"type":"bad-object"}"#, "#: unknown type: [bad-object]"),
        (r#"{"type":["null","any"]}"#, "#: unknown type: [any]"),
        (r#"{"properties":{"a":{"minLength":"1"}}}"#, "#/properties/a/minLength: expected type: Integer, found: String"),
        (r#"{"minLength":1.5}"#, "#/minLength: expected type: Integer, found: Number"),
        (r#"{"properties":{"a~/b":1}}"#, "#/properties/a~0~1b: expected type: Boolean or Object, found: Integer"),
        (r#"{"required":[1]}"#, "#/required/0: expected type: String, found: Integer"),
        (r#"{"enum":"a"}"#, "#/enum: expected type: Array, found: String"),
        (r#"{"allOf":{}}"#, "#/allOf: expected type: Array, found: Object"),
        (r#"{"title":1}"#, "#/title: expected type: String"),
        (r#"{"readOnly":"x"}"#, "#/readOnly: expected type: Boolean"),
        (r#"{"maximum":null}"#, "#/maximum: expected type: Number, found: Null"),
        (r#"{"multipleOf":0.0}"#, "#/multipleOf: multipleOf should not be 0"),
        (r#"{"exclusiveMaximum":true}"#, "#/exclusiveMaximum: expected type: Number, found: Boolean"),
        (r#"{"$schema":"http://json-schema.org/schema#","exclusiveMaximum":1}"#, "expected type: Boolean, found: Integer"),
        (r#"{"pattern":"("}"#, "#/pattern: invalid regular expression: ("),
        (r#"{"patternProperties":{"[a":{}}}"#, "#/patternProperties/[a: invalid regular expression"),
        (r#"{"pattern":"a{2,1}"}"#, "#/pattern: invalid regular expression"),
        (r##"{"properties":{"a":{"$ref":"#/definitions/nope"}}}"##, r##"#/properties/a: unresolved $ref "#/definitions/nope""##),
        (r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","$defs":{"a":{"$ref":"x"}}}"#, "#/$defs/a: unresolved"),
    ] {
        let error = read(text).expect_err(text);
        assert!(error.message.contains(want), "{text}: {error}");
        assert!(error.stage == Stage::Load && error.position.is_some(), "{text}: {error:?}");
    }
}

#[test]
fn what_is_neither_object_nor_boolean_is_told_apart() {
    for (text, found) in [("1", "NUMBER"), ("[]", "ARRAY"), ("null", "NULL")] {
        let error = read(text).expect_err(text);
        assert_eq!(error.message, format!("Invalid JSON schema: expected an object or boolean at the root, found {found}"));
        assert!(error.stage == Stage::Validate, "{text}: {error:?}");
    }
}

#[test]
fn what_is_not_json_is_refused() {
    for text in [
        "",
        "{",
        "{} x",
        "{}{}",
        "{'a':1}",
        "{\"a\":NaN}",
        "{\"a\":01}",
        "{\"a\":+1}",
        "\u{feff}{}",
        r#"{"a":"\ud800"}"#,
        "// {}",
    ] {
        let error = read(text).expect_err(text);
        assert_eq!(error.stage, Stage::Parse, "{text}: {error}");
    }
    let error = read("{\n \"a\": x}").unwrap_err();
    assert_eq!(error.position.map(|p| (p.line, p.column)), Some((2, 7)));
}

#[test]
fn what_only_the_meta_schema_forbids_is_refused_on_demand() {
    let strict = ParseOptions { strict_metaschema: true, ..new() };
    for text in [r#"{"minLength":-1}"#, r#"{"type":[]}"#, r#"{"required":["a","a"]}"#, r#"{"allOf":[]}"#, r#"{"definitions":[]}"#]
    {
        assert_eq!(schema(text).canonical(), text);
        assert_eq!(Schema::parse(text, &[], &strict).unwrap_err().stage, Stage::Validate, "{text}");
    }
    for text in [r#"{"$schema":"urn:unknown","type":"object"}"#, r#"{"pattern":"(?i)a++","properties":{"p":{"pattern":"b\\Z"}}}"#]
    {
        assert_eq!(Schema::parse(text, &[], &strict).unwrap().canonical(), text);
    }
}

#[test]
fn reserved_names_are_refused_at_the_root() {
    let fields = ParseOptions { validate_fields: true, ..new() };
    let error = Schema::parse(r#"{"properties":{"a":{},"$$b":{}}}"#, &[], &fields).unwrap_err();
    assert_eq!(error.message, "#: Field names cannot start with $$ prefix");
    let below = Schema::parse(r#"{"properties":{"a":{"properties":{"$$b":{}}}}}"#, &[], &fields).unwrap();
    assert_eq!(below.root_fields(), ["a"]);
}

#[test]
fn what_is_imported_or_stored_need_only_be_json() {
    let mode = |mode, text: &str| Schema::parse(text, &[], &ParseOptions::new(mode, 512)).is_ok();
    for text in ["1", r#"{"type":"bad"}"#, r#"{"$ref":"http://example.com/x.json"}"#] {
        assert!(mode(ParseMode::Import, text) && mode(ParseMode::Stored, text) && !mode(ParseMode::New, text), "{text}");
    }
    for text in [r#"{"type":"bad"}"#, r#"{"$ref":"http://example.com/x.json"}"#] {
        assert!(!mode(ParseMode::Lookup, text), "{text}");
    }
    assert!(!mode(ParseMode::Import, "{"));
}

#[test]
fn canonical_and_normalized_texts_are_those_of_confluent() {
    for (text, canonical, normalized) in [
        (
            r#"{ "b" : [ 1 , 2 ], "a" : { "d":null, "c":true } }"#,
            r#"{"b":[1,2],"a":{"d":null,"c":true}}"#,
            r#"{"a":{"c":true,"d":null},"b":[1,2]}"#,
        ),
        (r#"{"x":1,"y":2,"x":3}"#, r#"{"x":3,"y":2}"#, r#"{"x":3,"y":2}"#),
        (
            r#"{"m":[-0,-0.0,0.10,100e-2,12e3,1e-7,0.00000012,123456789012345678901234567890]}"#,
            r#"{"m":[0,0.0,0.10,1.00,1.2E+4,1E-7,1.2E-7,123456789012345678901234567890]}"#,
            "",
        ),
        (r#"{"s":"\u0041\/\u001f\u007f\u2028\t<>&'\"\\"}"#, "{\"s\":\"A/\\u001F\u{7f}\u{2028}\\t<>&'\\\"\\\\\"}", ""),
        ("{\"\u{ff5e}\":1,\"😀\":2}", "{\"\u{ff5e}\":1,\"😀\":2}", "{\"😀\":2,\"\u{ff5e}\":1}"),
        ("  true\n", "true", "true"),
    ] {
        let schema = schema(text);
        assert_eq!(schema.canonical(), canonical);
        if !normalized.is_empty() {
            assert_eq!(schema.normalized().unwrap(), normalized);
        }
    }
}

#[test]
fn identity_is_the_canonical_text() {
    let is_same = |a, b| schema(a).equivalent(&schema(b));
    assert!(is_same(r#"{"type" : "string"}"#, r#"{"type":"string"}"#));
    for (a, b) in [
        (r#"{"a":1,"b":2}"#, r#"{"b":2,"a":1}"#),
        (r#"{"maximum":1}"#, r#"{"maximum":1.0}"#),
        (r#"{"title":"a"}"#, r#"{"title":"b"}"#),
    ] {
        assert!(!is_same(a, b), "{a} {b}");
    }
}

#[test]
fn the_title_and_the_root_fields_are_read() {
    let schema = schema(r#"{"title":"Order","type":"object","properties":{"id":{},"at":{}}}"#);
    assert_eq!(schema.name().as_deref(), Some("Order"));
    assert_eq!(schema.root_fields(), ["id", "at"]);
    assert!(schema.formatted("anything").is_none());
    assert!(schema.weight() > schema.canonical().len());
    assert_eq!(super::schema("true").name(), None);
}
