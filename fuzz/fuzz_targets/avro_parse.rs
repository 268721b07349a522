//! Any text as a schema, in every mode, alone and with a reference: an answer, never an abort.
#![no_main]

use accordant::schema::Format as _;
use std::sync::Arc;

use accordant::schema::avro::Schema;
use accordant::schema::{ParseMode, ParseOptions, ResolvedReference};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    // the part before the first NUL is a referenced text
    let (reference, text) = text.split_once('\0').map_or((None, text), |(reference, text)| (Some(reference), text));
    let references: Vec<ResolvedReference> = reference
        .map(|text| ResolvedReference {
            name: "ref".to_owned(),
            subject: "subject".to_owned(),
            version: 1,
            text: Arc::from(text),
            direct: true,
        })
        .into_iter()
        .collect();
    let accepted = |mode| match Schema::parse(text, &references, &ParseOptions::new(mode, 1_000)) {
        Ok(schema) => {
            let _ = (schema.name(), schema.root_fields(), schema.tags(), schema.weight());
            true
        }
        Err(error) => {
            assert!(!error.message.is_empty());
            false
        }
    };
    let strict = accepted(ParseMode::New);
    for mode in [ParseMode::Lookup, ParseMode::Import, ParseMode::Stored] {
        assert!(accepted(mode) || !strict, "strict reading takes more than lax reading");
    }
});
