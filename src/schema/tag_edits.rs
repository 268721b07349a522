//! Edits of inline tags, as far as they are the same in every format.

use std::collections::HashSet;

use super::format::{SchemaError, TagEdit};
use super::meter;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TagChange {
    Add,
    Remove,
}

/// Makes the additions, then the removals. `make` fails for an entity that the schema does not have.
pub(crate) fn for_each_edit(
    add: &[TagEdit],
    remove: &[TagEdit],
    ignore_unknown: bool,
    mut make: impl FnMut(&TagEdit, TagChange) -> Result<(), SchemaError>,
) -> Result<(), SchemaError> {
    let additions = add.iter().map(|edit| (edit, TagChange::Add));
    for (edit, change) in additions.chain(remove.iter().map(|edit| (edit, TagChange::Remove))) {
        match make(edit, change) {
            Err(_) if ignore_unknown => {}
            made => made?,
        }
    }
    Ok(())
}

pub(crate) fn no_such_path(edit: &TagEdit) -> SchemaError {
    SchemaError::validate(format!("No matching path '{}' found in the schema", edit.path))
}

impl TagEdit {
    /// Changes the tags of its entity; none is there twice afterwards.
    pub(crate) fn apply(&self, change: TagChange, tags: &mut Vec<String>) {
        // without anything left to spend the result is not used
        let spent = meter::charge_for(self.tags.len() + tags.len());
        match change {
            _ if spent.is_err() => {}
            TagChange::Add => {
                let mut known: HashSet<String> = tags.iter().cloned().collect();
                tags.extend(self.tags.iter().filter(|tag| known.insert((*tag).clone())).cloned());
            }
            TagChange::Remove => {
                let removed: HashSet<&String> = self.tags.iter().collect();
                tags.retain(|tag| !removed.contains(tag));
            }
        }
    }
}
