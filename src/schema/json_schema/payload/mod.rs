//! Data under a JSON Schema: validating documents.
//!
//! The `jsonschema` crate does the work; this module makes it bounded. Patterns run in our own engine settings (`patterns`),
//! numbers are exact and limited in their powers of ten, every schema evaluated is paid from a `budget`, and what can get deep
//! runs on a stack of known size. What is plainly valid is found so without it (`accept`). What an error says is defined by the
//! output formats of the specification, in pointers.
//!
//! - `options`, `validator`, `report`: how documents are validated, and what comes of it
//! - `compile`: from rewritten documents to the crate's validator
//! - `multiple_of`, `unique_items`, `pattern_keys`: what the crate would do without a bound, done or paid for here

mod accept;
mod budget;
mod compile;
mod multiple_of;
mod options;
mod pattern_keys;
mod patterns;
mod report;
mod unique_items;
mod validator;

pub use self::options::ValidateOptions;
pub use self::report::{DocumentError, ValidationReport};
pub use self::validator::Validator;
