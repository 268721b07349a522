//! Two texts, separated by a NUL: both directions end within the budget, and a schema reads its own data.
#![no_main]

use accordant::schema::Format as _;
use accordant::schema::avro::Schema;
use accordant::schema::{CheckOptions, Direction, ParseMode, ParseOptions};
use accordant::types::{CompatibilityPolicy, ProtobufPolicy};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|texts: &str| {
    let Some((a, b)) = texts.split_once('\0') else { return };
    let read = |text: &str| Schema::parse(text, &[], &ParseOptions::new(ParseMode::Stored, 1_000));
    let (Ok(a), Ok(b)) = (read(a), read(b)) else { return };
    let check = |reader: &Schema, writer: &Schema, direction| {
        let options = CheckOptions {
            direction,
            policy: CompatibilityPolicy::default(),
            protobuf_policy: ProtobufPolicy::default(),
            work_budget: 100_000,
        };
        Schema::check(reader, writer, &options)
    };
    for (reader, writer) in [(&a, &b), (&b, &a)] {
        let backward = check(reader, writer, Direction::Backward);
        let forward = check(reader, writer, Direction::Forward);
        assert_eq!(backward.map(|found| found.len()), forward.map(|found| found.len()));
    }
    if a.equivalent(&b) {
        assert!(b.equivalent(&a));
    }
});
