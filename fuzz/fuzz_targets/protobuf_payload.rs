//! A file, a NUL, and data: both encodings are walked within their bounds.
#![no_main]

use accordant::schema::Format as _;
use accordant::schema::json::{self, ReadOptions};
use accordant::schema::payload::{Effort, Work};
use accordant::schema::protobuf::{PayloadValidator, Schema, message_indexes};
use accordant::schema::{ParseMode, ParseOptions};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some(at) = bytes.iter().position(|byte| *byte == 0) else { return };
    let Ok(text) = std::str::from_utf8(&bytes[..at]) else { return };
    let data = &bytes[at + 1..];
    let Ok(schema) = Schema::parse(text, &[], &ParseOptions::new(ParseMode::Stored, 64)) else { return };
    let Ok(payload) = PayloadValidator::new(&schema, None) else { return };
    let work = || Work::new(Effort::Quick, None);
    let (message, rest) = match message_indexes(data) {
        Some((indexes, length)) => (payload.by_indexes(&indexes), &data[length..]),
        None => (None, data),
    };
    let _ = payload.binary(message, rest, &mut work());
    let _ = payload.binary(None, data, &mut work());
    if let Ok((decoded, _)) = payload.decode(message, rest, &mut work()) {
        let again = decoded.to_binary();
        let text = decoded.to_json(1 << 20, &mut work()).ok();
        let reread = payload.decode(message, &again, &mut Work::new(Effort::Full, None)).ok();
        assert_eq!(reread.map(|(decoded, _)| decoded.to_json(1 << 20, &mut work()).ok()), Some(text));
    }
    let options = ReadOptions { comments: false, replace_lone_surrogates: false, max_depth: 128 };
    if let Some(value) = std::str::from_utf8(data).ok().and_then(|text| json::read(text, options).ok()) {
        let _ = payload.json(None, &value, &mut work());
        if let Ok(read) = payload.read_json(None, &value, &mut work()) {
            assert!(payload.binary(None, &read.to_binary(), &mut Work::new(Effort::Full, None)).is_ok());
        }
    }
});
