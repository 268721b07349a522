//! RING 0: pure knowledge of the schema formats. Text in, value or findings out; no I/O, no clock, and nothing global that an answer
//! depends on.
//!
//! - [`mod@format`]: what a format must do ([`Format`]), and the types it is given
//! - [`Parsed`], [`PayloadValidator`]: a schema of any format, as text and as the judge of data (`parsed`, `payload_validator`)
//! - [`avro`], [`json_schema`], [`protobuf`]: the formats, all with the same rooms
//! - [`finding`]: what a compatibility check finds; [`payload`]: what is wrong with data
//! - [`lint`]: what is valid and still worth a second look; [`outline`]: what schemas declare
//! - [`logical`]: what schemas mean to table engines, `logical_json`: JSON that the formats write for it; [`typed`]: data as rules of
//!   data contracts see it
//! - [`sampling`]: what samples of data are made of; `search`: patterns that somebody has sent, run at a known price
//! - [`json`]: the reader of all JSON texts; `position`, `pointer`: places in texts and in values
//! - `java_number`, `java_properties`: numbers and properties as Java reads and prints them
//! - [`meter`], `deep_stack`, `shared`: how much work, how much stack, how much memory; `difference_tree`, `tag_edits`, `name_set`: what
//!   formats share
//!
//! Why the engines are written by hand: docs/adr/0003-engines-by-hand.md.

pub mod avro;
mod deep_stack;
mod difference_tree;
pub mod finding;
pub mod format;
pub(crate) mod java_number;
pub(crate) mod java_properties;
pub mod json;
pub mod json_schema;
pub mod lint;
pub mod logical;
mod logical_json;
pub mod meter;
pub(crate) mod name_set;
pub mod outline;
mod parsed;
pub mod payload;
mod payload_validator;
pub(crate) mod pointer;
mod position;
pub mod protobuf;
pub mod sampling;
pub(crate) mod search;
mod shared;
mod tag_edits;
pub mod typed;

pub use finding::{Finding, Place};
pub use format::{
    CheckError, CheckOptions, Direction, EntityTags, Format, ParseMode, ParseOptions, ResolvedReference, SchemaError, Stage,
    TagEdit, TagEntity, text_hash,
};
pub use outline::{Declaration, DeclarationKind, Outline};
pub use parsed::Parsed;
pub use payload_validator::PayloadValidator;
pub use position::Position;
