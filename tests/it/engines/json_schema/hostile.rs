//! Inputs made to exhaust stack, time or memory. Each must end in an answer or a clear error, on a stack of 2 MiB.

use accordant::schema::Format as _;
use std::fmt::Write as _;

use accordant::schema::json_schema::Schema;
use accordant::schema::json_schema::payload::{ValidateOptions, Validator};
use accordant::schema::json_schema::semantic::{Opinion, second_opinion};
use accordant::schema::{CheckError, CheckOptions, ParseMode, ParseOptions};
use accordant::types::CompatibilityPolicy::Strict;

use super::{broken, new, on_small_stack, options, schema};

const MODERN: &str = r#""$schema":"https://json-schema.org/draft/2020-12/schema","#;

/// What is exponential never ends, which the test runner's own patience tells.
fn bounded<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    on_small_stack(work)
}

fn validator(schema: &Schema) -> Validator {
    Validator::compile(schema, &ValidateOptions::default()).unwrap()
}

/// Many texts with a comma between.
fn listed(count: usize, text: impl Fn(usize) -> String) -> String {
    (0..count).map(text).collect::<Vec<_>>().join(",")
}

#[test]
fn deep_texts_work_in_every_way() {
    bounded(|| {
        for (open, inner, close, times) in [
            (r#"{"properties":{"a":"#, r#"{"type":"string"}"#, "}}", 255),
            (r#"{"allOf":["#, "{}", "]}", 255),
            (r#"{"not":"#, "true", "}", 510),
            (r#"{"items":[{"type":"null"},"#, "{}", "]}", 255),
        ] {
            let text = format!("{}{inner}{}", open.repeat(times), close.repeat(times));
            if !open.contains("items") {
                let modern = schema(&format!("{{{MODERN}{}", &text[1..]));
                assert!(broken(&modern, &modern).is_empty());
            }
            let deep = schema(&text);
            assert!(deep.equivalent(&schema(deep.canonical())));
            assert_eq!(deep.normalized().unwrap().len(), deep.canonical().len());
            broken(&deep, &schema("{}"));
            assert!(broken(&deep, &deep).is_empty());
            assert!(deep.tags().is_empty());
            deep.edit_tags(&[], &[], true).unwrap();
            assert_eq!(second_opinion(&deep, &deep), Opinion::Unknown);
            let _ = validator(&deep).validate(r#"{"a":[[1]]}"#);
            Schema::parse(&text, &[], &ParseOptions { strict_metaschema: true, ..new() }).unwrap();
        }
        let data = format!(r#"{{"const":{}{}}}"#, "[".repeat(510), "]".repeat(510));
        assert_eq!(schema(&data).canonical(), data);
    });
}

#[test]
fn nesting_beyond_the_limit_is_refused() {
    bounded(|| {
        for times in [600, 100_000] {
            let error = Schema::parse(&"[".repeat(times), &[], &new()).unwrap_err();
            assert!(error.message.contains("nesting depth"), "{error}");
            let error = Schema::parse(&r#"{"a":"#.repeat(times), &[], &ParseOptions::new(ParseMode::Import, 512)).unwrap_err();
            assert!(error.message.contains("nesting depth"), "{error}");
        }
    });
}

#[test]
fn documents_as_deep_as_is_allowed_are_validated() {
    bounded(|| {
        let list = schema(r##"{"properties":{"next":{"$ref":"#"},"value":{"type":"string"}}}"##);
        let document = |value: &str| format!(r#"{}{{"value":{value}}}{}"#, r#"{"next":"#.repeat(500), "}".repeat(500));
        assert!(validator(&list).validate(&document("\"a\"")).is_empty());
        assert_eq!(validator(&list).validate(&document("1"))[0].instance_path.matches("/next").count(), 500);
    });
}

/// Definitions that refer to one another in a row.
fn chain(length: usize, dialect: &str, (before, after): (&str, &str)) -> String {
    let mut text = format!(r##"{{{dialect}"$ref":"#/definitions/d0","definitions":{{"##);
    for at in 0..length {
        let _ = write!(text, r##""d{at}":{before}{{"$ref":"#/definitions/d{}"}}{after},"##, at + 1);
    }
    let _ = write!(text, r#""d{length}":{{"type":"string"}}}}}}"#);
    text
}

#[test]
fn chains_of_references_are_followed_on_a_small_stack() {
    let all_of = (r#"{"allOf":["#, "]}");
    let any_of = (r#"{"anyOf":["#, "]}");
    for (length, dialect, wrap) in [
        (9_000, "", ("", "")),
        (20_000, "", ("", "")),
        (20_000, MODERN, ("", "")),
        (4_000, "", all_of),
        (20_000, "", all_of),
        (4_000, MODERN, any_of),
    ] {
        bounded(move || {
            let chained = schema(&chain(length, dialect, wrap));
            let plain = schema(r#"{"type":"string"}"#);
            if wrap.0.is_empty() {
                assert!(broken(&chained, &plain).is_empty() && broken(&plain, &chained).is_empty());
            }
            match Schema::check(&chained, &chained, &options(Strict)) {
                Ok(found) => assert!(found.is_empty()),
                Err(CheckError::BudgetExhausted { .. }) => {}
            }
            match Validator::compile(&chained, &ValidateOptions::default()) {
                Ok(validator) => assert_eq!(validator.validate("1").len(), 1),
                Err(error) => assert!(error.message.contains("levels deep"), "{error}"),
            }
        });
    }
}

#[test]
fn a_chain_in_every_level_of_a_document_is_cut_off() {
    bounded(|| {
        let mut text = String::from(r##"{"properties":{"a":{"$ref":"#/definitions/d0"}},"definitions":{"##);
        for at in 0..440 {
            let _ = write!(text, r##""d{at}":{{"allOf":[{{"$ref":"#/definitions/d{}"}}]}},"##, at + 1);
        }
        text.push_str(r##""d440":{"properties":{"a":{"$ref":"#/definitions/d0"}},"items":{"type":"string"}}}}"##);
        let validator = validator(&schema(&text));
        let document = |levels: usize| format!("{}[1]{}", r#"{"a":"#.repeat(levels), "}".repeat(levels));
        assert_eq!(validator.validate(&document(40))[0].keyword, "type");
        assert!(validator.validate(&document(400))[0].message.contains("too much work"));
    });
}

#[test]
fn definitions_that_refer_to_a_wide_root_cost_no_more_than_their_text() {
    bounded(|| {
        let root = |kind: &str| {
            let properties = listed(2_000, |at| format!(r#""p{at}":{{"type":"{kind}"}}"#));
            let definitions = listed(2_000, |at| format!(r##""d{at}":{{"$ref":"#"}}"##));
            format!(r##"{{{MODERN}"properties":{{{properties},"q":{{"$ref":"#/$defs/d7"}}}},"$defs":{{{definitions}}}}}"##)
        };
        assert!(broken(&schema(&root("integer")), &schema(&root("number"))).is_empty());
        assert!(!broken(&schema(&root("number")), &schema(&root("integer"))).is_empty());
    });
}

#[test]
fn loops_of_references_end() {
    bounded(|| {
        for text in [
            r##"{"$ref":"#"}"##,
            r##"{"$ref":"#/definitions/a","definitions":{"a":{"$ref":"#/definitions/b"},"b":{"$ref":"#/definitions/a"}}}"##,
            r##"{"allOf":[{"$ref":"#"}]}"##,
            r##"{"not":{"$ref":"#"}}"##,
            r##"{"anyOf":[{"$ref":"#"},{"items":{"$ref":"#"}}],"properties":{"a":{"$ref":"#"}}}"##,
            r##"{"$schema":"https://json-schema.org/draft/2020-12/schema","$dynamicAnchor":"a","$dynamicRef":"#a"}"##,
            r##"{"$schema":"https://json-schema.org/draft/2019-09/schema","$recursiveAnchor":true,"items":{"$recursiveRef":"#"}}"##,
        ] {
            let looping = schema(text);
            assert!(broken(&looping, &looping).is_empty());
            broken(&looping, &schema("{}"));
            broken(&schema(r#"{"type":"null"}"#), &looping);
            let _ = validator(&looping).validate(r#"{"a":[[{}]]}"#);
            let _ = second_opinion(&looping, &looping);
        }
    });
}

#[test]
fn alternatives_that_all_refer_to_each_other_are_judged_in_time() {
    let make = |kind: &str| {
        let all = listed(12, |at| format!(r##"{{"$ref":"#/definitions/d{at}"}}"##));
        let definitions = listed(12, |at| {
            format!(r#""d{at}":{{"properties":{{"a":{{"oneOf":[{all}]}},"b":{{"anyOf":[{all}]}},"v":{{"type":"{kind}"}}}}}}"#)
        });
        format!(r#"{{"oneOf":[{all}],"definitions":{{{definitions}}}}}"#)
    };
    bounded(move || {
        let (old, new) = (schema(&make("string")), schema(&make("null")));
        assert!(broken(&old, &old).is_empty());
        assert!(!broken(&old, &new).is_empty());
        let nested = format!(r#"{}{{"v":1}}{}"#, r#"{"a":"#.repeat(8), "}".repeat(8));
        assert!(!validator(&old).validate(&nested).is_empty());
    });
}

#[test]
fn a_thousand_alternatives_are_matched_in_time() {
    let make = |member: &dyn Fn(usize) -> String| schema(&format!(r#"{{"anyOf":[{}]}}"#, listed(1_000, member)));
    let member = |at: usize, kind: &str| {
        let kind = format!(r#""kind":{{"const":"k{at}"}},"v":{{"type":"{kind}"}}"#);
        format!(r#"{{"properties":{{{kind}}},"additionalProperties":false}}"#)
    };
    let old = make(&|at| member(at, "string"));
    let shuffled = make(&|at| member((at * 7 + 3) % 1_000, "string"));
    let one = make(&|at| member(at, if at == 500 { "null" } else { "string" }));
    let all = make(&|at| member(at, "null"));
    let minima = make(&|at| format!(r#"{{"minimum":{at}}}"#));
    let maxima = make(&|at| format!(r#"{{"maximum":{at}}}"#));
    bounded(move || {
        assert!(broken(&old, &old).is_empty());
        assert!(broken(&old, &shuffled).is_empty());
        assert_eq!(broken(&old, &one)[0].rule, "COMBINED_TYPE_SUBSCHEMAS_CHANGED");
        assert_eq!(broken(&old, &all)[0].rule, "COMBINED_TYPE_SUBSCHEMAS_CHANGED");
        // Nothing tells these apart but comparing all pairs: a verdict or a clear error, both in time.
        let _ = Schema::check(&maxima, &minima, &CheckOptions { work_budget: 100_000, ..options(Strict) });
    });
}

#[test]
fn wide_schemas_are_compared_in_time() {
    bounded(|| {
        let names = listed(5_000, |at| format!("\"p{at}\""));
        let properties = |kind: &str| listed(5_000, |at| format!(r#""p{at}":{{"type":"{kind}"}}"#));
        let old = schema(&format!(r#"{{"properties":{{{}}}}}"#, properties("string")));
        let changed = schema(&format!(r#"{{"properties":{{{}}}}}"#, properties("null")));
        let required = schema(&format!(r#"{{"properties":{{{}}},"required":[{names}]}}"#, properties("string")));
        assert_eq!(broken(&old, &required).len(), 5_000);
        assert_eq!(broken(&old, &changed).len(), 5_000);
        let values = listed(200_000, |at| at.to_string());
        let all = schema(&format!(r#"{{"enum":[{values}]}}"#));
        let fewer = schema(&format!(r#"{{"enum":[{}]}}"#, &values[2..]));
        assert_eq!(broken(&all, &fewer)[0].rule, "ENUM_ARRAY_NARROWED");
    });
}

#[test]
fn a_small_budget_is_an_error_and_never_a_verdict() {
    let old = schema(r#"{"properties":{"a":{"type":"string"},"b":{"type":"string"}}}"#);
    for work_budget in 0..3 {
        let result = Schema::check(&old, &old, &CheckOptions { work_budget, ..options(Strict) });
        assert_eq!(result, Err(CheckError::BudgetExhausted { limit: work_budget }));
    }
}

#[test]
fn patterns_that_backtrack_are_cut_off() {
    const EVIL: &str = "^(?:(a|aa)(?=[a-z]*))+b$";
    bounded(|| {
        let strings = listed(3_000, |at| format!("\"{}{at}\"", "a".repeat(40)));
        let items = schema(&format!(r#"{{"items":{{"not":{{"pattern":"{EVIL}"}}}}}}"#));
        let _ = validator(&items).validate(&format!("[{strings}]"));
        let keys = listed(200, |at| format!(r#""{EVIL}|{at}":{{}}"#));
        let old = schema(&format!(r#"{{"patternProperties":{{{keys}}}}}"#));
        let members = listed(200, |at| format!("\"{}{at}\":{{}}", "a".repeat(40)));
        let found = validator(&old).validate(&format!("{{{members}}}"));
        assert!(found[0].message.contains("too much work"), "{found:?}");
        let new = schema(&format!(r#"{{"patternProperties":{{{keys}}},"properties":{{{members}}}}}"#));
        let _ = Schema::check(&new, &old, &options(Strict));
    });
}

#[test]
fn patterns_too_large_to_run_are_not_run() {
    bounded(|| {
        let explode = |at: usize| format!("((a{{0,100}}){{0,100}}){{0,{}}}", 100 + at);
        let values = listed(100, |at| format!(r#"{{"pattern":"{}"}}"#, explode(at)));
        let look = listed(100, |at| format!(r#"{{"pattern":"(?=a){}"}}"#, explode(at)));
        let keys = listed(100, |at| format!(r#""{}":true"#, explode(at)));
        let all = schema(&format!(r#"{{"allOf":[{values},{look}],"patternProperties":{{{keys}}}}}"#));
        assert!(!validator(&all).validate("\"a\"").is_empty());
        let document = listed(500, |at| format!("\"{}\"", explode(at)));
        assert!(validator(&schema(r#"{"items":{"format":"regex"}}"#)).validate(&format!("[{document}]")).is_empty());
    });
}

#[test]
fn large_exponents_are_not_unfolded() {
    bounded(|| {
        let huge = "1e999999999";
        for keyword in ["maximum", "minLength", "multipleOf", "const", "default"] {
            let subject = schema(&format!(r#"{{"{keyword}":{huge}}}"#));
            assert!(broken(&subject, &subject).is_empty());
            broken(&subject, &schema(&format!(r#"{{"{keyword}":7}}"#)));
            let _ = Validator::compile(&subject, &ValidateOptions::default()).map(|validator| validator.validate("7"));
        }
        assert!(!validator(&schema(r#"{"multipleOf":7}"#)).validate(huge).is_empty());
        let long = "7".repeat(200_000);
        broken(&schema(&format!(r#"{{"multipleOf":{long}}}"#)), &schema(r#"{"multipleOf":7}"#));
        let error = super::read(r#"{"maximum":1e99999999999999999999}"#).unwrap_err();
        assert_eq!(error.message, "number out of range at line 1, column 12");
    });
}

#[test]
fn documents_with_many_values_are_validated_in_time() {
    bounded(|| {
        let many = schema(r#"{"items":{"type":"string"}}"#);
        let report = validator(&many).report(&format!("[{}0]", "0,".repeat(500_000)));
        assert!(report.truncated && !report.errors.is_empty());
        let unique = schema(r#"{"uniqueItems":true}"#);
        assert!(validator(&unique).validate(&format!("[{}]", listed(100_000, |at| at.to_string()))).is_empty());
    });
}
