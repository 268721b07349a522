//! RING 0: the JSON form of data contracts and configs.
//!
//! One form serves the wire and the store, so that what was stored is what is returned. Reading follows Confluent's JSON
//! library, Jackson (rest-api 1.5): scalars are coerced, unknown keys ignored, `null` means absent.

mod config;
mod contract;
mod exporter;
mod jackson;
pub mod unicode;

pub use config::{ConfigJson, ConfigPatch, ConfigPatchError, LevelKey, config_from};
pub use exporter::{ExporterInput, ExporterJson, exporter_config, stored_exporter};
pub use jackson::{CodecError, FromJson, JacksonObject, constant};

/// JSON text, as the database has it.
pub fn to_text(value: &impl serde::Serialize) -> String {
    // what is written has only text for keys, which is all that could be refused
    serde_json::to_string(value).unwrap_or_default()
}
