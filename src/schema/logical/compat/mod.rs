//! Whether the tables of an engine survive a change of their type: `reader` must make sense of rows written under `writer`.
//!
//! `flink` and `iceberg` have the rules of the two engines, which differ in what counts; `walk` goes through both types, `casts` says
//! which primitive types Flink takes for another.

mod casts;
mod flink;
mod iceberg;
mod walk;

use self::flink::Flink;
use self::iceberg::Iceberg;
use self::walk::Comparison;
use super::engine::Engine;
use super::model::LogicalType;
use super::violation::Violations;
use crate::schema::meter::Exhausted;

/// Everything that breaks, in the order of the reader's columns. Must run where the stack is deep.
///
/// # Errors
/// The work runs out.
pub fn compare(engine: Engine, writer: &LogicalType, reader: &LogicalType) -> Result<Violations, Exhausted> {
    match engine {
        Engine::Flink => Comparison::new(writer, reader, Flink).run(),
        Engine::IcebergV2 => Comparison::new(writer, reader, Iceberg::default()).run(),
    }
}
