//! The text of a logical type, a language like SQL's DDL: `STRUCT A (a INT NOT NULL);`.
//!
//! - `names`: identifiers, and which of them need quotes; `print`: from a type to its text

mod names;
mod print;

pub use self::print::print;
pub(crate) use self::print::type_expression;
