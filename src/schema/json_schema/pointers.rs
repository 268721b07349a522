//! From offsets in a document to JSON pointers, in one walk.

use std::collections::{HashMap, HashSet};

use crate::schema::json::{JsonKind, Value};
use crate::schema::pointer::push;

/// Finds the values that begin at the wanted offsets, with their pointers.
pub(super) fn collect<'d>(
    value: &'d Value,
    pointer: &mut String,
    wanted: &HashSet<u32>,
    found: &mut Vec<(u32, String, &'d Value)>,
) {
    if wanted.contains(&value.offset) {
        found.push((value.offset, pointer.clone(), value));
    }
    let length = pointer.len();
    match &value.kind {
        JsonKind::Object(object) => {
            for member in object.members() {
                push(pointer, &member.key);
                collect(&member.value, pointer, wanted, found);
                pointer.truncate(length);
            }
        }
        JsonKind::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                push(pointer, &at.to_string());
                collect(item, pointer, wanted, found);
                pointer.truncate(length);
            }
        }
        _ => {}
    }
}

pub(crate) fn pointers_of(root: &Value, offsets: impl IntoIterator<Item = u32>) -> HashMap<u32, String> {
    let mut found = Vec::new();
    collect(root, &mut String::new(), &offsets.into_iter().collect(), &mut found);
    found.into_iter().map(|(offset, pointer, _)| (offset, pointer)).collect()
}

pub(crate) fn pointer_of(root: &Value, offset: u32) -> Option<String> {
    pointers_of(root, [offset]).remove(&offset)
}
