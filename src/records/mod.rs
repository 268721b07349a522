//! RING 0: data of records under a schema, decoded into JSON and encoded from it.
//!
//! - `decode`, `encode`: from bytes to JSON and back
//! - `sample`: data that is made up
//! - `text`: bytes out of base64 and of hexadecimal digits
//! - `typed`: bytes as the rules of data contracts see them
//! - `container`: files of data with their schema (Avro); `codec`: how their blocks are compressed
//!
//! What is decoded into values is bounded in depth, work and bytes (`schema::payload`).

mod codec;
mod container;
mod decode;
mod encode;
mod sample;
mod text;
mod typed;

pub use self::codec::ContainerCodec;
pub use self::container::{Container, ContainerWriter, is_container};
pub use self::decode::{DecodeOptions, Decoded, ReadAs, decode};
pub use self::encode::{EncodeOptions, Encoded, FrameBy, encode, framed};
pub use self::sample::{Broken, RandomSource, RecordSampler, Sample, typed_samples};
pub use self::text::{bytes_of_base64, bytes_of_hex};
pub use self::typed::{TypedData, typed};
pub use crate::schema::avro::UnionEncoding;

/// Nesting of JSON that is read as data.
pub const MAX_JSON_DEPTH: usize = 128;
/// Bytes of JSON that one piece of data may become.
pub const MAX_JSON_BYTES: usize = 8 << 20;
