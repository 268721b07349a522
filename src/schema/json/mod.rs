//! Lossless JSON: key order, number text and byte positions are kept; nesting is bounded.
//!
//! Schema texts are never read into `serde_json::Value`, which forgets how numbers were written and where things stood.
//! A duplicate key keeps the place of its first occurrence and the value of its last, as Jackson does.

mod error;
mod read;
mod scan;
mod value;
mod write;

pub use self::error::JsonError;
pub use self::read::{Duplicate, Notes, ReadOptions, read, read_data, read_with_notes};
pub use self::scan::end_of;
pub(crate) use self::scan::{nesting, plain_prefix};
pub use self::value::{JsonKind, Member, Object, Value};
pub use self::write::{write, write_float, write_string};

/// Compares two strings by UTF-16 code units: the order of Java's strings, by which Confluent sorts.
pub fn utf16_cmp(a: &str, b: &str) -> std::cmp::Ordering {
    a.encode_utf16().cmp(b.encode_utf16())
}
