//! A schema, a NUL, and data: both encodings are walked within their bounds.
#![no_main]

use accordant::schema::Format as _;
use std::sync::Arc;

use accordant::schema::avro::{PayloadValidator, Schema, UnionEncoding};
use accordant::schema::json::{self, ReadOptions};
use accordant::schema::payload::{Effort, Work};
use accordant::schema::{ParseMode, ParseOptions};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some(at) = bytes.iter().position(|byte| *byte == 0) else { return };
    let Ok(text) = std::str::from_utf8(&bytes[..at]) else { return };
    let data = &bytes[at + 1..];
    let Ok(schema) = Schema::parse(text, &[], &ParseOptions::new(ParseMode::Stored, 1_000)) else { return };
    let Ok(payload) = PayloadValidator::new(Arc::new(schema), None) else { return };
    let work = || Work::new(Effort::Quick, None);
    let _ = payload.fingerprint();
    if payload.binary(data, &mut work()).is_ok() {
        // it fills the bytes exactly
        assert!(payload.binary(&[data, &[0]].concat(), &mut work()).is_err());
    }
    if let Ok(decoded) = payload.decode(data, &mut work()) {
        // what was decoded is encoded as the same again, as far as one is free there
        let again = decoded.to_binary();
        let text = decoded.to_json(UnionEncoding::Tagged, 1 << 20);
        let reread = payload.decode(&again, &mut work()).map(|decoded| decoded.to_json(UnionEncoding::Tagged, 1 << 20));
        assert_eq!(reread.ok(), Some(text));
        let _ = decoded.read_as(&payload, &mut work());
    }
    let options = ReadOptions { comments: false, replace_lone_surrogates: false, max_depth: 128 };
    if let Some(value) = std::str::from_utf8(data).ok().and_then(|text| json::read(text, options).ok()) {
        let _ = payload.json(&value, UnionEncoding::Tagged, &mut work());
        let _ = payload.json(&value, UnionEncoding::Plain, &mut work());
        for unions in [UnionEncoding::Tagged, UnionEncoding::Plain] {
            if let Ok(read) = payload.read_json(&value, unions, &mut work()) {
                assert!(payload.binary(&read.to_binary(), &mut Work::new(Effort::Full, None)).is_ok());
            }
        }
    }
});
