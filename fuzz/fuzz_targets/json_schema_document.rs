//! A schema and a document, with a zero byte between: validation ends, says the same twice, and what a scan takes is valid.
#![no_main]

use accordant::schema::Format as _;
use accordant::schema::json_schema::Schema;
use accordant::schema::json_schema::payload::{ValidateOptions, Validator};
use accordant::schema::{ParseMode, ParseOptions};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Some((schema, document)) = text.split_once('\0') else { return };
    let Ok(schema) = Schema::parse(schema, &[], &ParseOptions::new(ParseMode::New, 512)) else { return };
    let options = ValidateOptions { at_once: true, ..ValidateOptions::default() };
    let Ok(validator) = Validator::compile(&schema, &options) else { return };
    let report = validator.report(document);
    assert_eq!(report, validator.report(document));
    if validator.accepts_at_once(document, 64) {
        assert_eq!(report.errors, []);
    }
    assert!(report.errors.len() <= options.max_errors);
});
