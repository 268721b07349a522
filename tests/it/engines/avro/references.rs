//! Types that come from other texts.

use accordant::schema::Format as _;
use accordant::schema::avro::Schema;
use accordant::schema::{ParseMode, ParseOptions, SchemaError};

use super::{DEPTH, findings, record, references};

const UNIT: &str = r#"{"type":"enum","name":"units.Unit","symbols":["KG","LB"]}"#;
const WEIGHT: &str = r#"{"type":"record","name":"units.Weight","fields":[{"name":"unit","type":"Unit"},{"name":"of","type":{"type":"fixed","name":"Exact","size":8}}]}"#;

fn with(texts: &[&str], text: &str, mode: ParseMode) -> Result<Schema, SchemaError> {
    Schema::parse(text, &references(texts), &ParseOptions::new(mode, DEPTH))
}

#[test]
fn whole_texts_stay_names_and_what_is_inside_is_spelled_out() {
    let text = record(r#"{"name":"w","type":"units.Weight"},{"name":"e","type":"units.Exact"}"#);
    let schema = with(&[UNIT, WEIGHT], &text, ParseMode::New).expect("resolved");
    let canonical = record(
        r#"{"name":"w","type":"units.Weight"},{"name":"e","type":{"type":"fixed","name":"Exact","namespace":"units","size":8}}"#,
    );
    assert_eq!(schema.canonical(), canonical);
    let resolved = record(
        r#"{"name":"w","type":{"type":"record","name":"Weight","namespace":"units","fields":[{"name":"unit","type":{"type":"enum","name":"Unit","symbols":["KG","LB"]}},{"name":"of","type":{"type":"fixed","name":"Exact","size":8}}]}},{"name":"e","type":"units.Exact"}"#,
    );
    assert_eq!(schema.formatted("resolved"), Some(Ok(resolved.clone())));
    let inline = with(&[], &resolved, ParseMode::New).expect("self-contained");
    assert!(inline.equivalent(&schema) && schema.equivalent(&inline));
    assert_ne!(inline.canonical(), schema.canonical());
    assert!(findings(&inline, &schema).is_empty());
}

#[test]
fn a_reference_finds_only_those_before_it() {
    let text = record(r#"{"name":"w","type":"units.Weight"}"#);
    let error = with(&[WEIGHT, UNIT], &text, ParseMode::New).expect_err("the wrong order");
    assert_eq!((error.message.as_str(), error.position), ("Undefined schema: units.Unit", None));
    // the same text twice is no contradiction, another definition is one
    with(&[UNIT, UNIT, WEIGHT], &text, ParseMode::New).expect("equal definitions");
    let other = r#"{"type":"enum","name":"units.Unit","symbols":["LB","KG"]}"#;
    assert_eq!(with(&[UNIT, other], &text, ParseMode::New).expect_err("redefined").message, "Can't redefine: units.Unit");
    assert_eq!(with(&[UNIT], other, ParseMode::New).expect_err("redefined").message, "Can't redefine: units.Unit");
    assert_eq!(with(&[UNIT], UNIT, ParseMode::New).expect("equal").canonical(), r#""units.Unit""#);
}

#[test]
fn names_in_references_are_checked_in_strict_mode_only() {
    let odd = r#"{"type":"fixed","name":"a-b.F","size":1}"#;
    let text = record(r#"{"name":"p","type":"a-b.F"}"#);
    assert_eq!(
        with(&[odd], &text, ParseMode::New).expect_err("a bad name").message,
        "Namespace part \"a-b\" is invalid: Illegal character in: a-b"
    );
    assert_eq!(with(&[odd], &text, ParseMode::Lookup).expect("not judged").canonical(), text);
}

#[test]
fn a_bare_name_falls_back_to_the_null_namespace() {
    let bare = r#"{"type":"fixed","name":"F","size":1}"#;
    let text = r#"{"type":"record","name":"n.R","fields":[{"name":"p","type":"F"}]}"#;
    assert_eq!(
        with(&[bare], text, ParseMode::New).expect("found").canonical(),
        r#"{"type":"record","name":"R","namespace":"n","fields":[{"name":"p","type":"F"}]}"#
    );
    let both = [bare, r#"{"type":"fixed","name":"n.F","size":2}"#];
    let schema = with(&both, text, ParseMode::New).expect("found");
    assert!(schema.formatted("resolved").is_some_and(|text| text.is_ok_and(|text| text.contains(r#""size":2"#))));
}

#[test]
fn changes_inside_a_referenced_type_are_found() {
    let text = record(r#"{"name":"u","type":"units.Unit"}"#);
    let old = with(&[UNIT], &text, ParseMode::New).expect("old");
    let new = with(&[r#"{"type":"enum","name":"units.Unit","symbols":["KG"]}"#], &text, ParseMode::New).expect("new");
    let found = findings(&new, &old);
    let [finding] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((finding.rule, finding.path.as_str()), ("MISSING_ENUM_SYMBOLS", "/fields/0/type/symbols"));
    // it stands in another text, so there is no place for it in this one
    assert_eq!((&finding.new, &finding.old), (&None, &None));
}
