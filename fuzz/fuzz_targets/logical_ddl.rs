//! Any text as a logical type: an answer, never an abort. What is read is printed, read again and printed the same, and each format
//! makes a schema of it or refuses.
#![no_main]

use accordant::schema::Parsed;
use accordant::schema::logical::{ddl, on_stack};
use accordant::types::SchemaType;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    on_stack(|| {
        let Ok(logical) = ddl::read(text) else { return };
        if let Ok(printed) = ddl::print(&logical) {
            let again = ddl::read(&printed).map(|logical| ddl::print(&logical));
            assert_eq!(again, Ok(Ok(printed)));
        }
        for schema_type in SchemaType::ALL {
            let _ = Parsed::from_logical(schema_type, &logical, "root", &[], 200);
        }
    });
});
