//! What a compatibility check finds. One type for all formats: the REST API prints the peer's text from it, the
//! command line and `?explain=true` print all of it.

use super::position::Position;

/// A place in one of the two texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// JSON pointer (Avro, JSON Schema) or declaration path (Protobuf) in that text; empty = the root.
    pub pointer: String,
    /// Line and column, when the element stands in the text itself and not in a referenced one.
    pub position: Option<Position>,
}

/// One reason why two schemas are not compatible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Stable rule id, upper snake case: the peer's name where it has one.
    pub rule: &'static str,
    /// Path in the peer's notation.
    pub path: String,
    /// The peer's message, exactly as it goes over the wire.
    pub message: String,
    /// Place in the candidate's text, when there is one.
    pub new: Option<Place>,
    /// Place in the stored text, when there is one.
    pub old: Option<Place>,
    /// One plain sentence: which reader fails on which data.
    pub explanation: String,
    /// One plain sentence: what would make it compatible. Empty when nothing short would.
    pub remedy: String,
    /// A value (JSON text) that the writer may produce and the reader refuses, where one is known.
    pub counter_example: Option<String>,
}
