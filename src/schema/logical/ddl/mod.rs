//! The text of a logical type, a language like SQL's DDL: `STRUCT A (a INT NOT NULL);`.
//!
//! - `names`: identifiers, and which of them need quotes; `print`: from a type to its text
//! - `token`, `grammar`, `automaton`: what the text is made of; `parser`, `predict`: from the text to the `tree` of its rules
//! - `read`, `literal`: from the tree to a type, `condition`: from a condition to CEL; `roots`: which of the declared types is meant where
//!   the text doesn't say

mod automaton;
mod condition;
mod grammar;
mod literal;
mod names;
mod parser;
mod predict;
mod print;
mod read;
mod roots;
mod token;
mod tree;

pub use self::print::print;
pub(crate) use self::print::type_expression;
pub use self::read::read;
