//! The data of an event, held against a schema.
//!
//! `framing` is what Confluent's serializers put before a payload; `judge` decides how data is decoded and reports what is wrong.

mod framing;
mod judge;

pub use framing::{Framing, Named, framing_of};
pub use judge::{Attempt, Judgement, Schema, SchemaFacts, judge, without_data};
