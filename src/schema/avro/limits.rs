//! What hostile schemas are held to.

/// Deepest nesting of a text, whatever the configuration says: the limit of Jackson, which Confluent reads texts with.
pub(super) const MAX_DEPTH: usize = 1_000;

/// Steps that looking at all defaults of a schema may take together. Unions inside unions make the search exponential in the
/// worst case; schemas that people write stay far below this.
pub(super) const DEFAULT_STEPS: u64 = 10_000_000;
