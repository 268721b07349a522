//! The Avro engine by size, beside the `apache-avro` crate where that does the same.
#![expect(clippy::expect_used, reason = "a benchmark may stop")]

use std::fmt::Write as _;

use accordant::schema::Format as _;
use accordant::schema::avro::Schema;
use accordant::schema::{CheckOptions, Direction, ParseMode, ParseOptions};
use accordant::types::{CompatibilityPolicy, ProtobufPolicy};
use divan::Bencher;

fn main() {
    divan::main();
}

const SIZES: [usize; 4] = [10, 100, 1_000, 10_000];

/// A record of so many fields, of which the last `added` have defaults and are missing in a record with fewer.
fn record(fields: usize, added: usize) -> String {
    let mut text = String::from(r#"{"type":"record","name":"Event","namespace":"com.example","fields":["#);
    for at in 0..fields {
        let ty = match at % 4 {
            0 => r#""string""#,
            1 => r#"["null","long"],"default":null"#,
            2 => r#"{"type":"array","items":"double"}"#,
            _ => r#"{"type":"long","logicalType":"timestamp-millis"}"#,
        };
        let comma = if at == 0 { "" } else { "," };
        let _ = write!(text, r#"{comma}{{"name":"field_{at}","type":{ty},"doc":"The field number {at}"}}"#);
    }
    for at in 0..added {
        let _ = write!(text, r#",{{"name":"added_{at}","type":"int","default":0}}"#);
    }
    text.push_str("]}");
    text
}

fn parse(text: &str) -> Schema {
    Schema::parse(text, &[], &ParseOptions::new(ParseMode::New, 1_000)).expect("valid")
}

fn options() -> CheckOptions {
    CheckOptions {
        direction: Direction::Backward,
        policy: CompatibilityPolicy::default(),
        protobuf_policy: ProtobufPolicy::default(),
        work_budget: u64::MAX,
    }
}

#[divan::bench(args = SIZES)]
fn parse_ours(bencher: Bencher<'_, '_>, fields: usize) {
    let text = record(fields, 0);
    bencher.bench(|| parse(&text));
}

#[divan::bench(args = SIZES)]
fn parse_apache(bencher: Bencher<'_, '_>, fields: usize) {
    let text = record(fields, 0);
    bencher.bench(|| apache_avro::Schema::parse_str(&text).expect("valid"));
}

/// Our canonical text is made while parsing; this is the other writer, beside theirs.
#[divan::bench(args = SIZES)]
fn normalize_ours(bencher: Bencher<'_, '_>, fields: usize) {
    let schema = parse(&record(fields, 0));
    bencher.bench(|| schema.normalized().expect("normalized"));
}

#[divan::bench(args = SIZES)]
fn canonical_form_apache(bencher: Bencher<'_, '_>, fields: usize) {
    let schema = apache_avro::Schema::parse_str(&record(fields, 0)).expect("valid");
    bencher.bench(|| schema.canonical_form());
}

#[divan::bench(args = SIZES)]
fn compare_ours(bencher: Bencher<'_, '_>, fields: usize) {
    let (reader, writer) = (parse(&record(fields, 1)), parse(&record(fields, 0)));
    bencher.bench(|| Schema::check(&reader, &writer, &options()).expect("within the budget"));
}

#[divan::bench(args = SIZES)]
fn compare_apache(bencher: Bencher<'_, '_>, fields: usize) {
    let read = |added| apache_avro::Schema::parse_str(&record(fields, added)).expect("valid");
    let (reader, writer) = (read(1), read(0));
    bencher.bench(|| apache_avro::schema_compatibility::SchemaCompatibility::can_read(&writer, &reader));
}

#[divan::bench(args = SIZES)]
fn equivalent_ours(bencher: Bencher<'_, '_>, fields: usize) {
    let (a, b) = (parse(&record(fields, 1)), parse(&record(fields, 1)));
    bencher.bench(|| a.equivalent(&b));
}

/// A candidate against every one of a thousand versions that are parsed already.
#[divan::bench]
fn history_of_a_thousand(bencher: Bencher<'_, '_>) {
    let versions: Vec<Schema> = (0..1_000).map(|version| parse(&record(50, version % 50))).collect();
    let candidate = parse(&record(50, 50));
    bencher.bench(|| {
        let clean = |version: &Schema| Schema::check(&candidate, version, &options()).is_ok_and(|found| found.is_empty());
        versions.iter().all(clean)
    });
}
