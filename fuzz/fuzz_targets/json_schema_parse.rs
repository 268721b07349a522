//! Any text as a JSON Schema: an answer or an error, never a crash; what is stored reads back as itself.
#![no_main]

use accordant::schema::Format as _;
use accordant::schema::json_schema::Schema;
use accordant::schema::{ParseMode, ParseOptions};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for mode in [ParseMode::New, ParseMode::Import] {
        let options = ParseOptions { validate_fields: true, ..ParseOptions::new(mode, 512) };
        let Ok(schema) = Schema::parse(text, &[], &options) else { continue };
        let again = Schema::parse(schema.canonical(), &[], &options).expect("the canonical text is a schema");
        assert_eq!(schema.canonical(), again.canonical());
        let normalized = schema.normalized().expect("every schema has a normalized text");
        let again = Schema::parse(&normalized, &[], &options).expect("the normalized text is a schema");
        assert_eq!(again.canonical(), again.normalized().expect("every schema has a normalized text"));
        let _ = (schema.name(), schema.root_fields(), schema.tags(), schema.weight());
        let _ = schema.edit_tags(&[], &[], false);
    }
});
