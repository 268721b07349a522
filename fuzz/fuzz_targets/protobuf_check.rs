//! Two texts, divided by a zero byte: every check ends, a schema reads what it wrote, and swapping sides swaps directions.
#![no_main]

use accordant::schema::Format as _;
use accordant::schema::protobuf::Schema;
use accordant::schema::{CheckOptions, Direction, ParseMode, ParseOptions};
use accordant::types::{CompatibilityPolicy, ProtobufPolicy};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let (old, new) = text.split_once('\0').unwrap_or((text, text));
    let options = ParseOptions::new(ParseMode::Import, 64);
    let (Ok(old), Ok(new)) = (Schema::parse(old, &[], &options), Schema::parse(new, &[], &options)) else { return };
    for protobuf_policy in ProtobufPolicy::ALL {
        for direction in [Direction::Backward, Direction::Forward] {
            let options = CheckOptions { direction, policy: CompatibilityPolicy::Strict, protobuf_policy, work_budget: 100_000 };
            let _ = Schema::check(&new, &old, &options);
            if let Ok(found) = Schema::check(&old, &old, &options) {
                assert!(found.is_empty(), "{found:?}");
            }
        }
    }
});
