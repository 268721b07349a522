//! Any text gets an answer; what is taken prints to a text that reads back as itself, normalized or not.
#![no_main]

use accordant::schema::Format as _;
use accordant::schema::protobuf::Schema;
use accordant::schema::{ParseMode, ParseOptions};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut options = ParseOptions::new(ParseMode::New, 64);
    let Ok(schema) = Schema::parse(text, &[], &options) else { return };
    let again = Schema::parse(schema.canonical(), &[], &options).expect("the canonical text is accepted");
    assert_eq!(again.canonical(), schema.canonical());
    let normalized = schema.normalized().expect("every type is there");
    let again = Schema::parse(&normalized, &[], &options).expect("the normalized text is accepted");
    assert_eq!(again.normalized().expect("still"), normalized);
    let _ =
        (schema.formatted("ignore_extensions"), schema.formatted("serialized"), schema.tags(), schema.name(), schema.weight());
    options.validate_fields = true;
    let _ = Schema::parse(text, &[], &options);
});
