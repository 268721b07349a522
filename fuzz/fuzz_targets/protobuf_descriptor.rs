//! Any bytes sent as a descriptor get an answer; what is taken survives the way to a descriptor and back.
#![no_main]

use accordant::schema::Format as _;
use accordant::schema::protobuf::Schema;
use accordant::schema::{ParseMode, ParseOptions};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let options = ParseOptions::new(ParseMode::New, 64);
    let Ok(schema) = Schema::parse(&STANDARD.encode(bytes), &[], &options) else { return };
    let again = Schema::parse(schema.canonical(), &[], &options).expect("the canonical text is accepted");
    assert_eq!(again.canonical(), schema.canonical());
    let sent = STANDARD.encode(schema.descriptor());
    let _ = Schema::parse(&sent, &[], &ParseOptions::new(ParseMode::Import, 64));
});
