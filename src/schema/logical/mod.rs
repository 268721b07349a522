//! Logical types: what a schema of any format means to table engines, and what these engines make of it and of its changes
//! (`compatibilityPolicy` = `LOGICAL`). docs/logical.md has the rules as tables.
//!
//! - `model`: a logical type; `default_value`, `default_text`: the defaults of its fields, as Java prints and reads them (`java_time`)
//! - `conversion`: what the converters of the formats share; they are in the folders of the formats, because they read their models.
//!   `error`: why a schema has no logical type
//! - `engine`, `rule`, `violation`: who judges, by which rules, and what is wrong
//! - `validity`: whether an engine can hold the type at all
//! - `ddl`: the text of a logical type
//! - `compat`: whether tables of the engine survive a change
//!
//! A schema decides how deep its type is nested and how its names refer to each other, so every walk is metered and bounded.

pub mod compat;
pub(crate) mod conversion;
pub mod ddl;
pub(crate) mod default_text;
pub(crate) mod default_value;
pub mod engine;
pub(crate) mod error;
pub(crate) mod java_time;
pub(crate) mod model;
mod rule;
mod validity;
mod violation;

pub use self::compat::compare;
pub use self::conversion::on_stack;
pub use self::engine::Engine;
pub use self::error::ConversionError;
pub use self::model::LogicalType;
pub use self::rule::EngineRule;
pub use self::validity::validate;
pub use self::violation::{Violation, Violations};

/// The word for logical types in `format`, in any letter case.
pub fn is_logical(format: &str) -> bool {
    format.eq_ignore_ascii_case("logical")
}

/// The text of a logical type.
///
/// # Errors
/// There is none, or it has no text.
pub fn text(convert: impl FnOnce() -> Result<LogicalType, ConversionError> + Send) -> Result<String, ConversionError> {
    let no_stack = || Err(ConversionError::new("no memory to print the schema"));
    on_stack(|| convert().and_then(|logical| ddl::print(&logical))).unwrap_or_else(no_stack)
}
