use std::sync::Arc;

use super::builtin;
use super::model::{Dependency, File, ImportKind, Offset};
use super::symbol_table::SymbolTable;
use crate::schema::position::Position;

#[derive(Debug)]
pub struct Schema {
    /// The text as sent, where it is not the canonical one: offsets in the tree count in it.
    pub(super) source: Option<Arc<str>>,
    pub(super) canonical: Arc<str>,
    pub(super) file: File,
    pub(super) dependencies: Vec<Dependency>,
}

impl Schema {
    pub(super) fn symbols(&self) -> SymbolTable<'_> {
        SymbolTable::new(&self.file, &self.dependencies)
    }

    pub(super) fn source(&self) -> &str {
        self.source.as_deref().unwrap_or(&self.canonical)
    }

    pub(super) fn position(&self, at: Offset) -> Position {
        Position::of(self.source(), at as usize)
    }

    /// The file itself, or the one that it does nothing but import publicly.
    pub(super) fn standing_for(&self) -> &File {
        let file = &self.file;
        match file.imports.as_slice() {
            [import] if import.kind == ImportKind::Public && file.messages.is_empty() && file.enums.is_empty() => {
                let found = self.dependencies.iter().find(|dependency| dependency.path == import.path);
                let builtin = || builtin::find(&import.path).and_then(|at| builtin::all().get(at)).map(|builtin| &builtin.file);
                found.map(|found| &*found.file).or_else(builtin).unwrap_or(file)
            }
            _ => file,
        }
    }
}
