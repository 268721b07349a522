//! Why a text is no JSON.

use crate::schema::format::SchemaError;
use crate::schema::position::Position;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    #[error("{what}")]
    Syntax { offset: usize, what: String },
    /// Something follows the value.
    #[error("unexpected content after the JSON value")]
    Trailing {
        /// Where that begins.
        offset: usize,
    },
    /// Nested deeper than allowed.
    #[error("nesting depth ({}) exceeds the maximum allowed ({limit})", limit + 1)]
    TooDeep {
        /// Byte offset of the bracket that was one too many.
        offset: usize,
        limit: usize,
    },
}

impl JsonError {
    pub fn offset(&self) -> usize {
        match self {
            JsonError::Syntax { offset, .. } | JsonError::Trailing { offset } | JsonError::TooDeep { offset, .. } => *offset,
        }
    }

    /// The error as a refused schema, with its position in `text`.
    pub fn into_schema_error(self, text: &str) -> SchemaError {
        let at = Position::of(text, self.offset());
        SchemaError::parse(format!("{self} at line {}, column {}", at.line, at.column)).at(at)
    }
}
