//! RING 0: the JSON form of data contracts and configs.
//!
//! One form serves the wire and the store, so that what was stored is what is returned. Reading follows the original's
//! Jackson rules (rest-api 1.5): scalars are coerced, unknown keys ignored, `null` means absent.

mod config;
mod contract;
mod read;

pub use config::{ConfigPatch, ConfigPatchError, LevelKey, config_from, config_to};
pub use contract::{metadata_from, metadata_to, rule_from, rule_set_from, rule_set_to};
pub use read::{CodecError, as_array, as_bool, as_int, as_object, as_string, field, string_field};
