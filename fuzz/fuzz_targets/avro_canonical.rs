//! Canonical and normalized texts can be read again and stay as they are.
#![no_main]

use accordant::schema::Format as _;
use accordant::schema::avro::Schema;
use accordant::schema::{ParseMode, ParseOptions};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let read = |text: &str| Schema::parse(text, &[], &ParseOptions::new(ParseMode::Stored, 1_000));
    let Ok(schema) = read(text) else { return };
    let normalized = schema.normalized();
    assert_eq!(schema.formatted("resolved"), Some(Ok(schema.canonical().to_owned())));
    // inside a namespace, names without one are written bare, as the original does; that can't always be read back
    if schema.canonical().contains("namespace") || schema.canonical().contains('.') {
        return;
    }
    let again = read(schema.canonical()).expect("a canonical text can be read");
    assert_eq!(again.canonical(), schema.canonical());
    let normalized = normalized.expect("normalized");
    let twice = read(&normalized).expect("a normalized text can be read");
    assert_eq!(twice.normalized().as_deref(), Ok(normalized.as_str()));
});
