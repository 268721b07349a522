//! What hostile schemas and data are held to.

/// References a schema may have, those of its references included.
pub(super) const MAX_REFERENCES: usize = 1_000;
/// Nesting of a text that the engine itself can stand; stored texts are read up to it, whatever the setting is now.
/// `Lexer::enter` (`parse/lexer.rs`) holds it.
pub(super) const MAX_TEXT_DEPTH: usize = 200;
/// Nesting of messages in data.
pub(super) const MAX_MESSAGE_DEPTH: usize = 100;
