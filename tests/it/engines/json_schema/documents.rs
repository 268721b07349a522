//! Documents against schemas.

use accordant::schema::Format as _;
use accordant::schema::json_schema::Schema;
use accordant::schema::json_schema::payload::{DocumentError, ValidateOptions, Validator};

use super::{new, reference, schema};

fn errors(text: &str, document: &str) -> Vec<DocumentError> {
    Validator::compile(&schema(text), &ValidateOptions::default()).unwrap().validate(document)
}

/// Schema, document, errors as (instance, keyword, schema, evaluation).
type Row<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str, &'a str, &'a str)]);

#[test]
fn errors_name_their_places() {
    let rows: &[Row<'_>] = &[
        (r#"{"type":"object"}"#, "{}", &[]),
        (r#"{"type":"string"}"#, "1", &[("", "type", "/type", "/type")]),
        (
            r#"{"required":["a","b"],"properties":{"c":{"minimum":3}}}"#,
            r#"{"c":2}"#,
            &[
                ("", "required", "/required", "/required"),
                ("", "required", "/required", "/required"),
                ("/c", "minimum", "/properties/c/minimum", "/properties/c/minimum"),
            ],
        ),
        (
            r#"{"additionalProperties":false}"#,
            r#"{"a":1,"b":2}"#,
            &[("", "additionalProperties", "/additionalProperties", "/additionalProperties")],
        ),
        (
            r#"{"properties":{"a/b":{"type":"null"}}}"#,
            r#"{"a/b":1}"#,
            &[("/a~1b", "type", "/properties/a~1b/type", "/properties/a~1b/type")],
        ),
        (
            r##"{"properties":{"p":{"$ref":"#/definitions/d"}},"definitions":{"d":{"type":"null"}}}"##,
            r#"{"p":1}"#,
            &[("/p", "type", "/definitions/d/type", "/properties/p/$ref/type")],
        ),
        (r#"{"anyOf":[{"type":"null"},{"minimum":5}]}"#, "1", &[("", "anyOf", "/anyOf", "/anyOf")]),
        (r#"{"allOf":[{"type":"integer"},{"minimum":5}]}"#, "1", &[("", "minimum", "/allOf/1/minimum", "/allOf/1/minimum")]),
        (r#"{"properties":{"a":false}}"#, r#"{"a":1}"#, &[("/a", "falseSchema", "/properties/a", "/properties/a")]),
        (
            r#"{"patternProperties":{"^a++$":{"type":"null"}}}"#,
            r#"{"aa":1}"#,
            &[("/aa", "type", "/patternProperties/^a++$/type", "/patternProperties/^a++$/type")],
        ),
        (r#"{"pattern":"(?i)^abc\\Z"}"#, "\"aBC\"", &[]),
        (r#"{"pattern":"^[\\p{L} ]{1,100}$"}"#, "\"Ωmega 1\"", &[("", "pattern", "/pattern", "/pattern")]),
        (r#"{"maxLength":1}"#, "\"😀\"", &[]),
        (r#"{"type":"integer"}"#, "1.0", &[]),
        (r#"{"$schema":"http://json-schema.org/draft-04/schema#","type":"integer"}"#, "1.0", &[("", "type", "/type", "/type")]),
        (r#"{"const":1}"#, "1.0", &[]),
        (r#"{"format":"date"}"#, "\"2024-02-30\"", &[("", "format", "/format", "/format")]),
        (
            r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","format":"uuid"}"#,
            "\"x\"",
            &[("", "format", "/format", "/format")],
        ),
        (r#"{"format":"regex"}"#, "\"(\"", &[("", "format", "/format", "/format")]),
        (r#"{"minLength":-5,"multipleOf":-2}"#, "4", &[]),
        (
            r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","dependentRequired":{"a":["b"]}}"#,
            r#"{"a":1}"#,
            &[("", "dependentRequired", "/dependentRequired", "/dependentRequired")],
        ),
        (
            r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","contains":{"type":"null"},"minContains":2}"#,
            "[null]",
            &[("", "minContains", "/minContains", "/minContains")],
        ),
        (
            r#"{"propertyNames":{"maxLength":1}}"#,
            r#"{"ab":1}"#,
            &[("", "maxLength", "/propertyNames/maxLength", "/propertyNames/maxLength")],
        ),
        (
            r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","allOf":[{"properties":{"a":true}}],"unevaluatedProperties":false}"#,
            r#"{"a":1,"b":2}"#,
            &[("", "unevaluatedProperties", "/unevaluatedProperties", "/unevaluatedProperties")],
        ),
        (r#"{"if":{"type":"integer"},"then":{"minimum":5}}"#, "1", &[("", "minimum", "/then/minimum", "/then/minimum")]),
        (r#"{"not":{"type":"integer"}}"#, "1", &[("", "not", "/not", "/not")]),
        ("true", "[]", &[]),
    ];
    for (text, document, want) in rows {
        let have = errors(text, document);
        let have: Vec<_> = have.iter().map(|e| (&*e.instance_path, &*e.keyword, &*e.schema_path, &*e.evaluation_path)).collect();
        assert_eq!(have, *want, "{text} {document}");
    }
}

#[test]
fn numbers_are_exact() {
    for (text, document, valid) in [
        (r#"{"maximum":99999999999999999999999}"#, "99999999999999999999999", true),
        (r#"{"maximum":99999999999999999999999}"#, "100000000000000000000000", false),
        (r#"{"exclusiveMinimum":0.1}"#, "0.10000000000000000000000000000001", true),
        (r#"{"maximum":1e400}"#, "1e401", false),
        (r#"{"multipleOf":0.01}"#, "4.35", true),
        (r#"{"multipleOf":0.01}"#, "4.355", false),
        (r#"{"enum":[18446744073709551617]}"#, "18446744073709551616", false),
    ] {
        assert_eq!(errors(text, document).is_empty(), valid, "{text} {document}");
    }
}

#[test]
fn errors_in_referenced_texts_name_their_address() {
    let references = [reference("other.json", r#"{"properties":{"x":{"type":"null"}}}"#)];
    let schema =
        Schema::parse(r#"{"$id":"https://a.example/r","properties":{"p":{"$ref":"other.json"}}}"#, &references, &new()).unwrap();
    let found = Validator::compile(&schema, &ValidateOptions::default()).unwrap().validate(r#"{"p":{"x":1}}"#);
    assert_eq!(found[0].schema.as_deref(), Some("https://a.example/other.json"));
    assert_eq!(
        (&*found[0].schema_path, &*found[0].evaluation_path),
        ("/properties/x/type", "/properties/p/$ref/properties/x/type")
    );
}

#[test]
fn a_report_keeps_to_its_options_and_limits() {
    let schema = schema(r#"{"items":{"type":"null","format":"date"}}"#);
    let validator =
        Validator::compile(&schema, &ValidateOptions { formats: false, max_errors: 3, ..ValidateOptions::default() }).unwrap();
    let report = validator.report("[1,2,3,4]");
    assert_eq!((report.errors.len(), report.truncated), (3, true));
    let report = validator.report("[1,2,3]");
    assert_eq!((report.errors.len(), report.truncated), (3, false));
    assert!(!report.errors[0].masked.contains('1') && report.errors[0].message.contains('1'));
    for not_a_document in ["", "{", "1 2", "NaN", &"[".repeat(600)] {
        let found = validator.validate(not_a_document);
        assert!(found.len() == 1 && found[0].keyword.is_empty(), "{not_a_document}: {found:?}");
    }
}

#[test]
fn a_pattern_that_gives_up_is_an_error_of_the_document() {
    let found = errors(r#"{"pattern":"^(?:(a|aa)(?=a*))+b$"}"#, &format!("\"{}\"", "a".repeat(100)));
    assert_eq!(found[0].keyword, "pattern");
    assert!(found[0].message.contains("backtracking"), "{}", found[0].message);
    let found = errors(r#"{"pattern":"((a{0,100}){0,100}){0,100}"}"#, "\"a\"");
    assert_eq!(found[0].keyword, "pattern");
}

#[test]
fn causes_are_listed_on_request() {
    let schema = schema(r#"{"properties":{"a":{"oneOf":[{"type":"null"},{"properties":{"b":{"minimum":5}}}]}}}"#);
    let causes = |causes| {
        let validator = Validator::compile(&schema, &ValidateOptions { causes, ..ValidateOptions::default() }).unwrap();
        let [error] = &validator.validate(r#"{"a":{"b":1}}"#)[..] else { panic!("one error") };
        error.causes.iter().map(|cause| (cause.instance_path.clone(), cause.schema_path.clone())).collect::<Vec<_>>()
    };
    assert_eq!(causes(false), []);
    let want = [("/a", "/properties/a/oneOf/0/type"), ("/a/b", "/properties/a/oneOf/1/properties/b/minimum")];
    assert_eq!(causes(true), want.map(|(instance, schema)| (instance.to_owned(), schema.to_owned())));
}

#[test]
fn schemas_and_validators_are_shared_between_threads() {
    fn shared<T: Send + Sync + std::fmt::Debug>() {}
    shared::<Schema>();
    shared::<Validator>();
}
