//! Any text as an expression of a rule: it is read, held to types and evaluated, or refused, and never takes more than it may.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    accordant::contracts::exercise(text);
});
