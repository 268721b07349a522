//! What a compatibility check finds. One type for all formats: the REST API prints `message` alone, the command line and
//! `?explain=true` print all of it.

use super::position::Position;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// JSON pointer (Avro, JSON Schema) or declaration path (Protobuf) in that text; empty = the root.
    pub pointer: String,
    /// Line and column, when the element stands in the text itself and not in a referenced one.
    pub position: Option<Position>,
}

/// One reason why two schemas are not compatible.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Finding {
    /// Stable rule id in upper snake case: Confluent's `errorType` where it has one.
    pub rule: &'static str,
    /// The table engine that fails, where the rule is about one.
    pub engine: Option<&'static str>,
    /// Path in Confluent's notation, which differs from format to format.
    pub path: String,
    /// Confluent's message, exactly as it goes over the wire.
    pub message: String,
    /// Place in the candidate's text.
    pub new: Option<Place>,
    /// Place in the stored text.
    pub old: Option<Place>,
    /// One plain sentence: which reader fails on which data.
    pub explanation: String,
    /// One plain sentence: what would make it compatible. Empty when nothing short would.
    pub remedy: String,
    /// A value (JSON text) that the writer may produce and the reader refuses, where one is known.
    pub counter_example: Option<String>,
}
