//! The vocabulary: validated values without I/O and without wire formats.

mod schema_type;

pub use schema_type::{CompatibilityPolicy, ProtobufPolicy, SchemaType};
