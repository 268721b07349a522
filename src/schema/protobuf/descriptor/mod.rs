//! Descriptors: what `format=serialized` gives, and what may be registered in place of a text (protobuf 2.1, 3).
//!
//! The fields are read and written by hand and not through `#[derive(prost::Message)]`. We measured the two against each other:
//! 1,464 lines with prost and 1,462 without, since the wire format has to stay for custom options, whose messages are known only
//! at run time; the same bytes for 689 files; and 7 of 10,200 broken descriptors answered differently, because prost skips unknown
//! groups, refuses varints of more than 64 bits and reads all fields before the syntax can be complained about.

mod decode;
mod encode;
mod option_bytes;
mod scalar_types;
mod set;
mod wire;

pub(super) use self::decode::decode;
pub(super) use self::encode::{DEFAULT_NAME, encode};
pub(super) use self::option_bytes::{OptionBytes, fits_scalar};
pub(super) use self::set::descriptor_set;
