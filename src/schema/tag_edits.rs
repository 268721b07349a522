//! Edits of inline tags, as far as they are the same in every format.

use super::format::{SchemaError, TagEdit};

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
        match change {
            TagChange::Add => {
                for tag in &self.tags {
                    if !tags.contains(tag) {
                        tags.push(tag.clone());
                    }
                }
            }
            TagChange::Remove => tags.retain(|tag| !self.tags.contains(tag)),
        }
    }
}
