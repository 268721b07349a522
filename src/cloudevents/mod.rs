//! RING 0: CloudEvents 1.0. Pure: what an event is in each of its three encodings, whether it is well-formed, and what its data is.
//!
//! The folder, in reading order:
//!
//! - `limits`, `issue`: what bounds the work, and what is said about an event
//! - `time`, `uri`, `media`: RFC 3339, RFC 3986 and media types, as far as attributes need them
//! - `event`, `attributes`: the one model, and every rule on attributes, in one place for all encodings
//! - `encodings/`: the three front ends: JSON (structured, batched), HTTP headers (binary), Kafka records; and the way back
//! - `framing`, `judge`: finding the payload behind framing and base64, and holding it against a schema
//! - `decoded`, `typed`: data that fits, as JSON and as rules of data contracts see it
//! - `report`: the answer of `/cloudevents/validate` and of `accordant ce validate`
//! - `resolve`: which schema a `dataschema` names; looking up what was read is the registry's part
//!
//! Nothing here fails: what is wrong with an event is collected. Rules are those of the CloudEvents specification 1.0.2 and its
//! bindings; where it leaves room or contradicts itself, the level of an [`Issue`] says so.

mod attributes;
mod decoded;
mod encodings;
mod event;
mod framing;
mod issue;
mod judge;
mod limits;
mod media;
mod report;
pub mod resolve;
mod time;
mod typed;
mod uri;

pub use decoded::decoded_data;
pub use encodings::http::{encode as encode_header, parse as parse_headers, parse_unread as parse_headers_unread};
pub use encodings::json::{parse_batch, parse_structured};
pub use encodings::kafka::{KafkaRecord, parse_record, read_records};
pub use encodings::write::{CarriedData, CarriedEvent, HttpMessage};
pub use event::{AttributeValue, DataContent, DataKind, Envelope, EventData, Unread};
pub use framing::{Framing, WriterId, framing_of};
pub use issue::{Issue, IssueLevel, Issues, Strictness};
pub use judge::{Attempt, EventSchema, Judgement, SchemaFacts, judge, without_data};
pub use limits::{EventLimits, EventSettings, Tolerate};
pub use media::{ContentMode, content_mode};
pub use report::{EventVerdict, RenderedReport, batch_report, locate, report};
pub use typed::typed_data;
