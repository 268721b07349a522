//! JSON Schema: reading, checking and validating at sizes that occur.
#![expect(clippy::expect_used, reason = "a benchmark stops where it can't measure")]

use accordant::schema::Format as _;
use accordant::schema::json_schema::Schema;
use accordant::schema::json_schema::payload::{ValidateOptions, Validator};
use accordant::schema::{CheckOptions, Direction, ParseMode, ParseOptions};
use accordant::types::{CompatibilityPolicy, ProtobufPolicy};
use divan::Bencher;

fn main() {
    divan::main();
}

fn listed(count: usize, text: impl Fn(usize) -> String) -> String {
    (0..count).map(text).collect::<Vec<_>>().join(",")
}

fn object(properties: usize, kind: &str) -> String {
    let properties = listed(properties, |at| format!(r#""property{at}":{{"type":"{kind}","description":"Number {at}"}}"#));
    format!(r#"{{"type":"object","properties":{{{properties}}},"required":["property0"]}}"#)
}

/// Alternatives told apart by a constant; `broken` of them have changed.
fn alternatives(count: usize, broken: usize) -> String {
    let members = listed(count, |at| {
        let kind = if at < broken { "null" } else { "string" };
        format!(
            r#"{{"type":"object","properties":{{"kind":{{"const":"k{at}"}},"id":{{"type":"integer"}},"value":{{"type":"{kind}"}}}}}}"#
        )
    });
    format!(r#"{{"oneOf":[{members}]}}"#)
}

fn schema(text: &str) -> Schema {
    Schema::parse(text, &[], &ParseOptions::new(ParseMode::New, 512)).expect("a good schema")
}

fn check(bencher: Bencher<'_, '_>, old: &str, new: &str) {
    let (old, new) = (schema(old), schema(new));
    let options = CheckOptions {
        direction: Direction::Backward,
        policy: CompatibilityPolicy::Strict,
        protobuf_policy: ProtobufPolicy::default(),
        work_budget: 1_000_000,
    };
    bencher.bench(|| Schema::check(&new, &old, &options).expect("within the budget"));
}

#[divan::bench(args = [10, 100, 1_000])]
fn parse_properties(bencher: Bencher<'_, '_>, properties: usize) {
    let text = object(properties, "string");
    bencher.bench(|| schema(&text));
}

#[divan::bench(args = [10, 100, 1_000])]
fn check_properties_unchanged(bencher: Bencher<'_, '_>, properties: usize) {
    check(bencher, &object(properties, "string"), &object(properties, "string"));
}

#[divan::bench(args = [10, 100, 1_000])]
fn check_properties_all_changed(bencher: Bencher<'_, '_>, properties: usize) {
    check(bencher, &object(properties, "string"), &object(properties, "integer"));
}

#[divan::bench(args = [0, 1, 100])]
fn check_100_alternatives_with_some_changed(bencher: Bencher<'_, '_>, broken: usize) {
    check(bencher, &alternatives(100, 0), &alternatives(100, broken));
}

#[divan::bench(args = [10, 100, 1_000])]
fn compile_validator(bencher: Bencher<'_, '_>, properties: usize) {
    let schema = schema(&object(properties, "string"));
    bencher.bench(|| Validator::compile(&schema, &ValidateOptions::default()).expect("a good schema"));
}

#[divan::bench(args = [10, 100, 1_000])]
fn validate_document(bencher: Bencher<'_, '_>, properties: usize) {
    let validator =
        Validator::compile(&schema(&object(properties, "string")), &ValidateOptions::default()).expect("a good schema");
    let document = format!("{{{}}}", listed(properties, |at| format!(r#""property{at}":"value""#)));
    bencher.bench(|| validator.report(&document));
}
