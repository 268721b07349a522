use std::sync::{Arc, LazyLock};

use super::documents::Documents;
use super::model::Model;
use super::parse::{self, LoadError};
use super::pointers::pointer_of;
use crate::schema::deep_stack::on_deep_stack;
use crate::schema::format::{SchemaError, Stage};
use crate::schema::json::Value;
use crate::schema::meter::Once;
use crate::schema::position::Position;

/// A JSON Schema. The model behind it is built once, when it is first needed.
#[derive(Debug)]
pub struct Schema {
    /// The text as sent, where it is not the canonical one: positions count in it.
    pub(super) source: Option<Arc<str>>,
    pub(super) canonical: Arc<str>,
    pub(super) documents: Documents,
    /// Deepest nesting of the text and of those it refers to.
    pub(super) nesting: usize,
    pub(super) model: Once<Result<Model, SchemaError>>,
}

/// For who has not enough to spend; whoever asks next may have.
static TOO_MUCH_WORK: LazyLock<SchemaError> =
    LazyLock::new(|| SchemaError::validate("#: the schema takes too much work to load"));

impl Schema {
    pub(super) fn root(&self) -> Option<&Value> {
        self.documents.own()
    }

    pub(super) fn source(&self) -> &str {
        self.source.as_deref().unwrap_or(&self.canonical)
    }

    /// The position of an offset in the text as sent.
    pub(super) fn position(&self, offset: u32) -> Position {
        Position::of(self.source(), offset as usize)
    }

    /// The model, which is made when it is first asked for; or why there is none.
    pub(super) fn model(&self) -> Result<&Model, &SchemaError> {
        let load = || parse::load(&self.documents).map_err(|fault| self.unloadable(&fault));
        let no_stack = || Err(no_stack());
        // the readers of newer dialects take more than one frame for a level
        let made = self.model.get_or_make(|| on_deep_stack(self.nesting.saturating_mul(2), load).unwrap_or_else(no_stack));
        made.map_or(Err(&TOO_MUCH_WORK), Result::as_ref)
    }

    fn unloadable(&self, fault: &LoadError) -> SchemaError {
        let root = self.documents.root(fault.document).ok();
        let pointer = root.and_then(|root| pointer_of(root, fault.offset)).unwrap_or_default();
        let name = if fault.document == 0 { "" } else { self.documents.base(fault.document) };
        let error = if fault.message.starts_with(parse::NO_SCHEMA) {
            SchemaError::validate(fault.message.clone())
        } else {
            SchemaError { stage: Stage::Load, ..SchemaError::validate(format!("{name}#{pointer}: {}", fault.message)) }
        };
        if fault.document == 0 { error.at(self.position(fault.offset)) } else { error }
    }
}

pub(super) fn no_stack() -> SchemaError {
    SchemaError::validate("#: nested too deep for the memory at hand")
}
