//! The fields of messages by name, indexed once per message.

use super::model::{Body, Field};
use super::symbol_table::TypeSymbol;
use std::cell::RefCell;
use std::collections::HashMap;

type FieldsByName<'a> = HashMap<&'a str, &'a Field>;

/// Indexes that have been asked for, by the message's full name.
#[derive(Default)]
pub(super) struct FieldIndex<'a> {
    known: RefCell<HashMap<Box<str>, FieldsByName<'a>>>,
}

impl<'a> FieldIndex<'a> {
    /// The field of a message with this name. Groups are not found.
    pub(super) fn find(&self, message: &TypeSymbol<'a>, name: &str) -> Option<&'a Field> {
        let mut known = self.known.borrow_mut();
        let index = known.entry(message.full.clone()).or_insert_with(|| {
            let mut index = FieldsByName::new();
            for field in message.node.body().into_iter().flat_map(Body::all_fields) {
                index.entry(&field.name).or_insert(field);
            }
            index
        });
        index.get(name).copied()
    }
}
