//! What a finding says: the wire's text in both directions, places, explanation and remedy.

use accordant::schema::Direction::{Backward, Forward};
use accordant::schema::Format as _;
use accordant::schema::json_schema::Schema;
use accordant::schema::{CheckOptions, Finding};
use accordant::types::CompatibilityPolicy::Strict;

use super::{broken, options, schema};

#[test]
fn messages_are_those_of_confluent_for_every_class() {
    for (old, new, want) in [
        (
            r#"{"type":"string"}"#,
            r#"{"type":"string","maxLength":1}"#,
            "MAX_LENGTH_ADDED\", description:\"The keyword at path '#/maxLength' in the new schema is not present in the old schema'}",
        ),
        (
            r#"{"minimum":1}"#,
            r#"{"minimum":2}"#,
            "MINIMUM_INCREASED\", description:\"The value at path '#/minimum' in the new schema is more than its value in the old \
             schema'}",
        ),
        (
            r#"{"maximum":2}"#,
            r#"{"maximum":1}"#,
            "MAXIMUM_DECREASED\", description:\"The value at path '#/maximum' in the new schema is less than its value in the old \
             schema'}",
        ),
        (
            r#"{"enum":[1,2]}"#,
            r#"{"enum":[1]}"#,
            "ENUM_ARRAY_NARROWED\", description:\"An array or combined type at path '#/enum' has fewer elements in the new schema \
             than the old schema'}",
        ),
        (
            r#"{"pattern":"a"}"#,
            r#"{"pattern":"b"}"#,
            "PATTERN_CHANGED\", description:\"The value at path '#/pattern' is different between the new and old schema'}",
        ),
        (
            r#"{"properties":{"100%":{"type":"null"}}}"#,
            r#"{"properties":{"100%":{"type":"object"}}}"#,
            "TYPE_CHANGED\", description:\"A type at path '#/properties/100%' is different between the new schema and the old \
             schema'}",
        ),
        (
            r#"{"dependencies":{"a":["b"]}}"#,
            r#"{"dependencies":{"a":["b","c"]}}"#,
            "DEPENDENCY_ARRAY_EXTENDED\", description:\"An array or combined type at path '#/dependencies/a' has more elements in \
             the new schema than the old schema'}",
        ),
        (
            r#"{"type":"object"}"#,
            r#"{"properties":{"p":{"type":"null"}}}"#,
            "OPTIONAL_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL\", description:\"The new schema has an open content model and has a \
             property or item at path '#/properties/p' which is missing in the old schema'}",
        ),
        (
            r#"{"additionalProperties":false}"#,
            r#"{"additionalProperties":false,"properties":{"p":{}},"required":["p"]}"#,
            "REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL\", description:\"The new schema has an unopen content model and has a \
             required property at path '#/properties/p' which is missing in the old schema'}",
        ),
        (
            r#"{"additionalProperties":false,"properties":{"p":{}}}"#,
            r#"{"additionalProperties":false}"#,
            "PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL\", description:\"The new has a closed content model and is missing a \
             property or item present at path '#/properties/p' in the old schema'}",
        ),
        (
            r#"{"items":[{}],"additionalItems":{"type":"null"}}"#,
            r#"{"additionalItems":{"type":"null"}}"#,
            "ITEM_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL\", description:\"A property or item is missing in the new \
             schema but present at path '#/items/0' in the old schema and is not covered by its partially open content model'}",
        ),
        (
            r#"{"additionalProperties":{"type":"null"}}"#,
            r#"{"additionalProperties":{"type":"null"},"properties":{"p":{"type":"string"}}}"#,
            "PROPERTY_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL\", description:\"The new schema has a property or item at \
             path '#/properties/p' which is missing in the old schema and is not covered by its partially open content model'}",
        ),
        (r#"{"type":"array"}"#, r#"{"items":{"type":"null"}}"#, "SCHEMA_ADDED\", description:\"'}"),
    ] {
        let found = broken(&schema(old), &schema(new));
        let want = format!("{{errorType:\"{want}");
        assert!(found.iter().any(|finding| finding.message == want), "{want} is not in {found:#?}");
    }
}

fn forward(candidate: &Schema, stored: &Schema) -> Vec<Finding> {
    Schema::check(stored, candidate, &CheckOptions { direction: Forward, ..options(Strict) }).unwrap()
}

#[test]
fn forward_the_words_and_the_places_change_sides() {
    let stored = schema("{\n  \"type\": \"string\",\n  \"maxLength\": 1\n}");
    let candidate = schema(r#"{"type":"string"}"#);
    let [finding] = &forward(&candidate, &stored)[..] else { panic!("one finding") };
    assert!(finding.message.contains("in the old schema is not present in the new schema"), "{}", finding.message);
    let old = finding.old.as_ref().unwrap();
    assert_eq!((old.pointer.as_str(), old.position.map(|p| (p.line, p.column))), ("/maxLength", Some((3, 3))));
    assert_eq!(finding.new.as_ref().unwrap().pointer, "");
    assert!(broken(&stored, &candidate).is_empty());
}

#[test]
fn every_finding_explains_itself() {
    let old = schema(
        r#"{"properties":{"a":{"type":"string"},"b":{"type":"number","maximum":5},"c":{"enum":[1,2]},"e":{"items":[{}]}}}"#,
    );
    let new = schema(
        r#"{"properties":{"a":{"type":"number"},"b":{"type":"integer","maximum":1},"c":{"enum":[1]},"d":{"not":{}},
            "e":{"items":[{"type":"null"}]}},"required":["a"]}"#,
    );
    assert_eq!(options(Strict).direction, Backward);
    let found = broken(&old, &new);
    assert!(found.len() >= 5, "{found:#?}");
    for finding in found {
        assert!(finding.explanation.ends_with('.') && finding.remedy.ends_with('.'), "{finding:#?}");
        assert!(finding.message.starts_with(&format!("{{errorType:\"{}\"", finding.rule)), "{finding:#?}");
        assert!(finding.new.is_some() || finding.old.is_some(), "{finding:#?}");
    }
}

#[test]
fn an_unmatched_member_is_named_with_the_one_that_comes_closest() {
    let make = |kind: &str| {
        let member = |name: &str, inner: &str| {
            format!(r#"{{"type":"object","properties":{{"kind":{{"const":"{name}"}},"value":{{"type":"{inner}"}}}}}}"#)
        };
        schema(&format!(r#"{{"oneOf":[{},{}]}}"#, member("a", "string"), member("b", kind)))
    };
    let found = broken(&make("string"), &make("null"));
    let [finding] = &found[..] else { panic!("{found:#?}") };
    assert_eq!((finding.rule, finding.path.as_str()), ("COMBINED_TYPE_SUBSCHEMAS_CHANGED", "#/"));
    assert!(finding.explanation.contains("Member 2 of the old `oneOf`"), "{}", finding.explanation);
    assert!(finding.explanation.contains("TYPE_CHANGED at '#/properties/value'"), "{}", finding.explanation);
}

#[test]
fn places_in_referenced_texts_carry_their_address() {
    let text = r#"{"properties":{"p":{"$ref":"other.json"}}}"#;
    let with = |other| Schema::parse(text, &[super::reference("other.json", other)], &super::new()).unwrap();
    let found = broken(&with(r#"{"type":"string"}"#), &with(r#"{"type":"null"}"#));
    let place = found[0].new.as_ref().unwrap();
    assert_eq!((place.pointer.as_str(), place.position), ("other.json#", None));
}
