//! The semantic check: it may add warnings, never change a verdict.

use accordant::schema::json_schema::semantic::{Opinion, second_opinion, warnings};

use super::{broken, schema};

#[test]
fn verdicts_are_proven_both_ways() {
    for (old, new) in [
        (r#"{"type":"string"}"#, r#"{"minLength":0,"type":"string"}"#),
        (r#"{"enum":[1,2]}"#, r#"{"type":"integer"}"#),
        (r#"{"oneOf":[{"type":"null"},{"type":"string"}]}"#, r#"{"type":["string","null"]}"#),
    ] {
        assert_eq!(second_opinion(&schema(new), &schema(old)), Opinion::ProvenCompatible, "{old} {new}");
    }
    for (old, new, counter) in [
        (r#"{"type":"string"}"#, r#"{"type":"string","maxLength":2}"#, true),
        (r#"{"type":"object"}"#, r#"{"type":"object","required":["x"]}"#, true),
    ] {
        let Opinion::ProvenIncompatible { counter_example } = second_opinion(&schema(new), &schema(old)) else {
            panic!("{old} {new}")
        };
        assert_eq!(counter_example.is_some(), counter, "{old} {new}");
    }
}

#[test]
fn what_cannot_be_proven_is_unknown() {
    let deep = |inner: &str| format!("{}{inner}{}", "{\"not\":".repeat(200), "}".repeat(200));
    assert_eq!(second_opinion(&schema(&deep("{}")), &schema(&deep("true"))), Opinion::Unknown);
}

#[test]
fn warnings_name_what_the_rules_do_not_look_at() {
    for (old, new, rule) in [
        (r#"{"type":"object"}"#, r#"{"type":"object","required":["x"]}"#, "SEMANTIC_REQUIRED_UNDECLARED"),
        (
            r#"{"type":"object","propertyNames":{"maxLength":9}}"#,
            r#"{"type":"object","propertyNames":{"maxLength":2}}"#,
            "SEMANTIC_PROPERTY_NAMES_CHANGED",
        ),
        (r#"{"type":"array","contains":{}}"#, r#"{"type":"array","contains":{"type":"null"}}"#, "SEMANTIC_CONTAINS_CHANGED"),
    ] {
        let (old, new) = (schema(old), schema(new));
        assert!(broken(&old, &new).is_empty());
        let found = warnings(&new, &old);
        assert_eq!(found[0].rule, rule, "{found:#?}");
        assert!(found[0].counter_example.is_some(), "{found:#?}");
    }
    assert!(warnings(&schema(r#"{"type":"number"}"#), &schema(r#"{"type":"integer"}"#)).is_empty());
}
