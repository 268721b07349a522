//! CloudEvents: what the specification says, pure.
//!
//! [`resolve`] reads out of an event's `dataschema` which schema it names. No I/O: looking up what was read is the registry's part.

pub mod resolve;
