//! Two schemas, with a zero byte between: the check ends within its budget, and a schema is compatible with itself.
#![no_main]

use accordant::schema::Format as _;
use accordant::schema::json_schema::Schema;
use accordant::schema::{CheckOptions, Direction, ParseMode, ParseOptions, ResolvedReference};
use accordant::types::{CompatibilityPolicy, ProtobufPolicy};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Some((old, new)) = text.split_once('\0') else { return };
    let options = ParseOptions::new(ParseMode::New, 512);
    // Each can refer to the other, so that loops between documents are reached.
    let reference = |name: &str, text: &str| ResolvedReference {
        name: name.to_owned(),
        subject: name.to_owned(),
        version: 1,
        text: text.into(),
        direct: true,
    };
    let references = [reference("old", old), reference("new", new)];
    let (Ok(old), Ok(new)) = (Schema::parse(old, &references, &options), Schema::parse(new, &references, &options)) else {
        return;
    };
    for policy in [CompatibilityPolicy::Strict, CompatibilityPolicy::Lenient] {
        for direction in [Direction::Backward, Direction::Forward] {
            let options = CheckOptions { direction, policy, protobuf_policy: ProtobufPolicy::default(), work_budget: 100_000 };
            let _ = Schema::check(&new, &old, &options);
            if let Ok(found) = Schema::check(&old, &old, &options) {
                assert!(found.is_empty(), "not compatible with itself: {found:?}");
            }
        }
    }
});
