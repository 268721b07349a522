//! Descriptors: what `format=serialized` gives, and what may be registered in place of a text (protobuf 2.1, 3).

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
