//! From text to model, and every reason to refuse a schema.
//!
//! The rules are those of the two loaders under the original (one up to draft-07, one from 2019-09 on), not those of the
//! meta-schemas: what they trip over is refused, what they let pass is accepted. Building is a work list without recursion,
//! so neither nesting nor chains of references can exhaust the stack.

mod digest;
mod keywords;
mod loader;

pub(super) use self::loader::{LoadError, load};
