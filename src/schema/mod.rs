//! RING 0: pure knowledge of the schema formats. Text in, value or findings out; no I/O, no clock, no globals.
//!
//! A format is one module with the same shape (see [`format`]): parse with resolved references, canonical text, normalized
//! text, other representations (`format=`), equivalence, inline tags, and a one-directional check that yields findings. What a
//! format says about data is behind [`payload`].

pub mod avro;
pub mod finding;
pub mod format;
pub mod json;
pub mod json_schema;
pub(crate) mod name_set;
mod parsed;
pub mod payload;
pub mod protobuf;

pub use finding::{Finding, Place};
pub use format::{
    CheckError, CheckOptions, Direction, EntityTags, ParseMode, ParseOptions, Position, ResolvedReference, SchemaError, Stage,
    TagEdit, TagEntity,
};
pub use parsed::Parsed;
