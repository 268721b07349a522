//! A shortcut for valid documents: the text is checked against the schema while it is scanned, and nothing is built.
//!
//! Most documents are valid and most schemas use few keywords. It never says "invalid": whatever it does not know for certain (an
//! unknown keyword, a duplicate key, an escape in a key, too much work) is left to the `jsonschema` crate. `compile` makes the
//! model from the rewritten schema, `walk` goes through a text, `scan` reads its tokens.

mod acceptor;
mod compile;
mod model;
mod scan;
mod walk;

pub(super) use self::acceptor::Acceptor;
pub(super) use self::compile::compile;
