use std::sync::{Arc, LazyLock};

use super::documents::Documents;
use super::model::Model;
use super::parse::{self, LoadError};
use super::pointers::pointer_of;
use crate::schema::deep_stack::on_deep_stack;
use crate::schema::format::SchemaError;
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
    pub(super) model: Once<Result<Model, Unloadable>>,
}

/// Why a schema has no model.
#[derive(Debug)]
pub(super) struct Unloadable {
    pub(super) error: SchemaError,
    /// It refers to something that is not there.
    pub(super) unresolved: bool,
}

/// For who has not enough to spend; whoever asks next may have.
static TOO_MUCH_WORK: LazyLock<Unloadable> =
    LazyLock::new(|| Unloadable { error: SchemaError::validate("#: the schema takes too much work to load"), unresolved: false });

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

    pub(super) fn model(&self) -> Result<&Model, &SchemaError> {
        self.load().map_err(|unloadable| &unloadable.error)
    }

    pub(super) fn load(&self) -> Result<&Model, &Unloadable> {
        let load = || parse::load(&self.documents).map_err(|fault| self.unloadable(&fault));
        let no_stack = || Err(Unloadable { error: no_stack(), unresolved: false });
        let made = self.model.get_or_make(|| on_deep_stack(self.nesting, load).unwrap_or_else(no_stack));
        made.map_or(Err(&TOO_MUCH_WORK), Result::as_ref)
    }

    fn unloadable(&self, fault: &LoadError) -> Unloadable {
        let root = self.documents.root(fault.document).ok();
        let pointer = root.and_then(|root| pointer_of(root, fault.offset)).unwrap_or_default();
        let name = if fault.document == 0 { "" } else { self.documents.base(fault.document) };
        let error = SchemaError::validate(format!("{name}#{pointer}: {}", fault.message));
        let error = if fault.document == 0 { error.at(self.position(fault.offset)) } else { error };
        Unloadable { error, unresolved: fault.unresolved }
    }
}

pub(super) fn no_stack() -> SchemaError {
    SchemaError::validate("#: nested too deep for the memory at hand")
}
