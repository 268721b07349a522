//! The short way to "valid": a document's text is held against the schema while it is scanned, and nothing is built.
//!
//! Most documents are valid and most schemas use few keywords. For them this answers in a fraction of the time that reading a
//! tree, converting it and walking it takes. It never says "invalid": whatever it does not know for certain (a keyword it has
//! not, a repeated key, an escape in a key, too much work) is left to the `jsonschema` crate, which stays the one judge.
//! `compile` makes nodes of the rewritten schema, `walk` goes through a text, `scan` reads its tokens.

mod acceptor;
mod compile;
mod model;
mod scan;
mod walk;

pub(super) use self::acceptor::Acceptor;
pub(super) use self::compile::compile;
