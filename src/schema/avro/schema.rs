use std::sync::Arc;

use super::model::Model;

/// An Avro schema. The text as sent is kept where it is not the canonical one: positions count in it.
#[derive(Debug)]
pub struct Schema {
    pub(super) source: Option<Arc<str>>,
    pub(super) canonical: Arc<str>,
    pub(super) model: Model,
    pub(super) max_depth: usize,
}

impl Schema {
    /// The text as sent.
    pub(crate) fn source(&self) -> &str {
        self.source.as_deref().unwrap_or(&self.canonical)
    }

    pub(crate) fn max_depth(&self) -> usize {
        self.max_depth
    }
}
