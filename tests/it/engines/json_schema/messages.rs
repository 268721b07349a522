//! What a finding says: the wire's text in both directions, places, explanation and remedy.

use std::fmt::Write as _;

use accordant::schema::Direction::{Backward, Forward};
use accordant::schema::Format as _;
use accordant::schema::json_schema::Schema;
use accordant::schema::{CheckOptions, Finding};
use accordant::types::CompatibilityPolicy::Strict;

use super::{broken, options, schema};
use crate::support::findings::shown;

#[test]
fn messages_are_those_of_confluent_for_every_class() {
    let mut all = String::new();
    for (old, new) in [
        (r#"{"type":"string"}"#, r#"{"type":"string","maxLength":1}"#),
        (r#"{"minimum":1}"#, r#"{"minimum":2}"#),
        (r#"{"maximum":2}"#, r#"{"maximum":1}"#),
        (r#"{"enum":[1,2]}"#, r#"{"enum":[1]}"#),
        (r#"{"pattern":"a"}"#, r#"{"pattern":"b"}"#),
        (r#"{"properties":{"100%":{"type":"null"}}}"#, r#"{"properties":{"100%":{"type":"object"}}}"#),
        (r#"{"dependencies":{"a":["b"]}}"#, r#"{"dependencies":{"a":["b","c"]}}"#),
        (r#"{"type":"object"}"#, r#"{"properties":{"p":{"type":"null"}}}"#),
        (r#"{"additionalProperties":false}"#, r#"{"additionalProperties":false,"properties":{"p":{}},"required":["p"]}"#),
        (r#"{"additionalProperties":false,"properties":{"p":{}}}"#, r#"{"additionalProperties":false}"#),
        (r#"{"items":[{}],"additionalItems":{"type":"null"}}"#, r#"{"additionalItems":{"type":"null"}}"#),
        (
            r#"{"additionalProperties":{"type":"null"}}"#,
            r#"{"additionalProperties":{"type":"null"},"properties":{"p":{"type":"string"}}}"#,
        ),
        (r#"{"type":"array"}"#, r#"{"items":{"type":"null"}}"#),
    ] {
        writeln!(all, "{old} -> {new}\n{}", shown(&broken(&schema(old), &schema(new)))).unwrap();
    }
    insta::assert_snapshot!("every_class", all);
}

fn forward(candidate: &Schema, stored: &Schema) -> Vec<Finding> {
    Schema::check(stored, candidate, &CheckOptions { direction: Forward, ..options(Strict) }).unwrap()
}

#[test]
fn forward_the_words_and_the_places_change_sides() {
    let stored = schema("{\n  \"type\": \"string\",\n  \"maxLength\": 1\n}");
    let candidate = schema(r#"{"type":"string"}"#);
    insta::assert_snapshot!("a_removed_keyword_forward", shown(&forward(&candidate, &stored)));
    assert_eq!(broken(&stored, &candidate), []);
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
    insta::assert_snapshot!("an_unmatched_member", shown(&broken(&make("string"), &make("null"))));
}

#[test]
fn places_in_referenced_texts_carry_their_address() {
    let text = r#"{"properties":{"p":{"$ref":"other.json"}}}"#;
    let with = |other| Schema::parse(text, &[super::reference("other.json", other)], &super::new()).unwrap();
    let found = broken(&with(r#"{"type":"string"}"#), &with(r#"{"type":"null"}"#));
    let place = found[0].new.as_ref().unwrap();
    assert_eq!((place.pointer.as_str(), place.position), ("other.json#", None));
}
