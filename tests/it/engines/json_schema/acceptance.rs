//! The quick acceptance check: what it accepts is valid, and it accepts what people usually send.

use accordant::schema::json_schema::payload::{ValidateOptions, Validator};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::properties::any_schema;
use super::schema;

const DEPTH: usize = 64;

fn options() -> ValidateOptions {
    ValidateOptions { at_once: true, ..ValidateOptions::default() }
}

fn validator(text: &str) -> Validator {
    Validator::compile(&schema(text), &options()).unwrap()
}

/// What people send is taken.
#[test]
fn plain_documents_are_accepted_at_once() {
    for (schema, documents) in [
        ("true", &[r#"{"a":[1,{"b":null}],"c":"\u00e4\n"}"#, " 1 ", "\"\"", "[]", "{}", "-0.5"][..]),
        ("{}", &["1", "[[],{}]"]),
        (r#"{"type":"object"}"#, &["{}", r#"{ "a" : 1 }"#]),
        (r#"{"type":["null","integer"]}"#, &["null", "17", "-3", "0"]),
        (r#"{"type":"number","minimum":0.1,"exclusiveMaximum":10}"#, &["0.1", "9.99", "0.10", "5"]),
        (r#"{"type":"integer","multipleOf":5,"minimum":-5}"#, &["-5", "10", "0"]),
        (r#"{"type":"string","minLength":2,"maxLength":3}"#, &["\"ab\"", "\"äöü\"", r#""\"\\""#, r#""\ud83d\ude00x""#]),
        (r#"{"enum":["a",1,null,true,[]]}"#, &["\"a\"", "1", "null", "true", "\"\\u0061\""]),
        (r#"{"const":"x"}"#, &["\"x\""]),
        (r#"{"type":"array","minItems":1,"maxItems":3,"items":{"type":"boolean"}}"#, &["[true]", "[true, false,true]"]),
        (
            r#"{"properties":{"a":{"type":"string"},"b":{}},"required":["a","z"],"additionalProperties":{"type":"integer"}}"#,
            &[r#"{"a":"","z":1}"#, r#"{"z":1,"y":2,"b":{},"a":"x"}"#],
        ),
        (r#"{"minProperties":1,"maxProperties":2}"#, &[r#"{"a":1}"#, r#"{"a":1,"b":2}"#]),
        (r##"{"properties":{"next":{"$ref":"#"}},"additionalProperties":false}"##, &[r#"{"next":{"next":{}}}"#]),
        (r##"{"definitions":{"n/a":{"type":"null"}},"items":{"$ref":"#/definitions/n~1a"}}"##, &["[null]"]),
        (r#"{"oneOf":[{"type":"null"},{"type":"string","maxLength":3}]}"#, &["null", "\"abc\""]),
        (r#"{"anyOf":[{"type":"object","required":["a"]},{"type":"object","required":["b"]}]}"#, &[r#"{"b":[{}]}"#]),
        (r#"{"allOf":[{"required":["a"]},{"properties":{"b":{"type":"null"}}}]}"#, &[r#"{"a":{"x":1},"b":null}"#]),
        (r#"{"type":"string","format":"date-time"}"#, &["\"2026-01-31T10:00:00Z\""]),
        (r#"{"type":"string","pattern":"^[a-f]+$","format":"no-such"}"#, &["\"cafe\""]),
        (r#"{"title":"t","description":"d","default":1,"x-own":{"const":2},"type":"null"}"#, &["null"]),
        (
            r##"{"$schema":"https://json-schema.org/draft/2020-12/schema","$defs":{"s":{"type":"string"}},"$ref":"#/$defs/s"}"##,
            &["\"\""],
        ),
    ] {
        let validator = validator(schema);
        for document in documents {
            assert!(validator.accepts_at_once(document, DEPTH), "{schema}: {document}");
            assert_eq!(validator.validate(document), [], "{schema}: {document}");
        }
    }
}

/// What is not valid, and what is not plainly valid, is not taken.
#[test]
fn doubtful_documents_are_left_to_the_full_validator() {
    for (schema, documents) in [
        (
            "true",
            &[
                "",
                " ",
                "{",
                "[1,]",
                "{\"a\":1,}",
                "01",
                "1.",
                "-",
                "+1",
                ".5",
                "1e5",
                "nul",
                "nulll",
                "truex",
                "1 2",
                "\"\u{1}\"",
                "\"a",
                "'a'",
                "{a:1}",
                "\u{feff}1",
                "[1}",
                "{\"a\" 1}",
                "\"\\x\"",
                "\"\\ud800\"",
                "/* */1",
                "\"\\",
                "{\"a\":1,\"a\":2}",
                "{\"\\u0061\":1}",
                "[1 2]",
                "-01",
                "\"\\\u{1}\"",
                "1\u{a0}",
            ][..],
        ),
        (r#"{"type":"integer"}"#, &["1.0", "1.5", "\"1\"", "null", "[]", "true"]),
        (r#"{"type":"number","minimum":1}"#, &["0.9", "-1", "-0", "1.0000000000000001"]),
        (r#"{"multipleOf":3}"#, &["4", "3.0"]),
        (r#"{"enum":[1,"a"]}"#, &["1.0", "2", "\"b\"", "{}", "[]", "null"]),
        (r#"{"maxLength":1}"#, &["\"ab\"", "\"\\n\\n\""]),
        (
            r#"{"properties":{"a":{"type":"null"}},"required":["b"]}"#,
            &["{}", r#"{"a":null}"#, r#"{"a":1,"b":1}"#, r#"{"b":1,"b":1}"#],
        ),
        (r#"{"properties":{"a":{}},"additionalProperties":false}"#, &[r#"{"a":1,"a":1}"#, r#"{"b":1}"#]),
        (r#"{"oneOf":[{"type":"integer"},{"type":"number"}]}"#, &["1", "1.5"]),
        (r#"{"not":{"type":"null"}}"#, &["1"]),
        (r#"{"uniqueItems":true}"#, &["[1]"]),
        (r#"{"format":"date"}"#, &["\"tomorrow\""]),
        (r##"{"$ref":"#"}"##, &["1"]),
        (r#"{"items":[{"type":"null"}]}"#, &["[1]", "[null]"]),
        (r#"{"$schema":"http://json-schema.org/draft-04/schema#","oneOf":[{"const":1},{"type":"integer"}]}"#, &["2"]),
    ] {
        let validator = validator(schema);
        for document in documents {
            assert!(!validator.accepts_at_once(document, DEPTH), "{schema}: {document}");
        }
    }
}

#[test]
fn depth_and_work_are_bounded() {
    let anything = validator("true");
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert!(anything.accepts_at_once(&nested(10), 10));
    assert!(!anything.accepts_at_once(&nested(11), 10));
    assert!(!anything.accepts_at_once(&nested(200_000), usize::MAX));
    let names: Vec<String> = (0..5_000).map(|at| format!("\"n{at}\":0")).collect();
    assert!(anything.accepts_at_once(&format!("{{{}}}", names.join(",")), DEPTH));
    assert!(!anything.accepts_at_once(&format!("{{{},\"n17\":1}}", names.join(",")), DEPTH));
    // what is out of range for the engine is not taken either
    assert!(!anything.accepts_at_once(&"1".repeat(6_000), DEPTH));
    // every level doubles what there is to try
    let branches =
        |inner: Value| json!({"anyOf": [{"properties": {"a": inner}, "required": ["b"]}, {"properties": {"a": inner}}]});
    let doubling = (0..12).fold(json!({"const": 1}), |inner, _| branches(inner));
    let document = (0..12).fold("1".to_owned(), |inner, _| format!("{{\"a\":{inner}}}"));
    let doubling = validator(&doubling.to_string());
    let _ = doubling.accepts_at_once(&document, DEPTH);
    assert_eq!(doubling.validate(&document), []);
}

fn any_document() -> impl Strategy<Value = Value> {
    let leaf = select(vec![
        json!(null),
        json!(true),
        json!(0),
        json!(1),
        json!(3),
        json!(5),
        json!(2.5),
        json!(-1),
        json!("a"),
        json!("b"),
        json!(""),
        json!("äö\n"),
        json!("abcdef"),
    ]);
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            1 => vec(inner.clone(), 0..4).prop_map(Value::from),
            3 => btree_map("[abc]", inner, 0..4).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

    #[test]
    fn what_is_accepted_at_once_is_valid(
        written in any_schema(),
        dialect in select(vec!["draft-04/schema#", "draft-06/schema#", "draft-07/schema#", "draft/2019-09/schema", "draft/2020-12/schema"]),
        documents in vec(any_document(), 8),
    ) {
        let mut written = written;
        written["$schema"] = json!(format!("http://json-schema.org/{dialect}"));
        let Ok(schema) = super::read(&written.to_string()) else { return Ok(()) };
        let Ok(validator) = Validator::compile(&schema, &options()) else { return Ok(()) };
        for document in documents {
            for text in [document.to_string(), format!("{document:#}")] {
                if validator.accepts_at_once(&text, DEPTH) {
                    prop_assert_eq!(validator.validate(&text), [], "{}: {}", written, text);
                }
            }
        }
    }
}
