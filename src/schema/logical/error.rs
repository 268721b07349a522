use crate::schema::meter::Exhausted;

/// Why a schema has no logical type, in Confluent's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ConversionError {
    pub message: String,
}

impl ConversionError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}

/// What is spent ends the whole request, so the words don't matter.
impl From<Exhausted> for ConversionError {
    fn from(_: Exhausted) -> Self {
        Self::new("the conversion takes too much work")
    }
}
