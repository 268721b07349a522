//! From offsets back to places (JSON pointers, lines and columns), for all findings of a check in one pass.

use std::collections::HashMap;
use std::fmt::Write as _;

use crate::schema::avro::limits::MAX_DEPTH;
use crate::schema::avro::model::NOWHERE;
use crate::schema::deep_stack::on_deep_stack;
use crate::schema::finding::Place;
use crate::schema::json::{self, JsonKind, ReadOptions, Value};
use crate::schema::pointer;
use crate::schema::position::Position;

/// Limit for all pointers together: names of a megabyte must not be repeated for every finding.
const MAX_POINTER_BYTES: usize = 16 << 20;

/// The places of offsets in a text. `NOWHERE` has none.
pub(super) fn find(text: &str, offsets: impl Iterator<Item = u32>) -> HashMap<u32, Place> {
    let mut wanted: Vec<u32> = offsets.filter(|offset| *offset != NOWHERE).collect();
    wanted.sort_unstable();
    if wanted.is_empty() {
        return HashMap::new();
    }
    let options = ReadOptions { comments: true, replace_lone_surrogates: true, max_depth: MAX_DEPTH };
    let mut pointers = Pointers { wanted: &wanted, found: HashMap::new(), path: String::new(), left: MAX_POINTER_BYTES };
    // without a stack the findings have no places
    let _ = on_deep_stack(json::nesting(text), || {
        if let Ok(value) = json::read(text, options) {
            pointers.visit(&value);
        }
    });
    let found = pointers.found;
    let positions = Position::of_all(text, found.keys().copied());
    let place = |(offset, pointer)| (offset, Place { pointer, position: positions.get(&offset).copied() });
    found.into_iter().map(place).collect()
}

struct Pointers<'a> {
    wanted: &'a [u32],
    found: HashMap<u32, String>,
    path: String,
    left: usize,
}

impl Pointers<'_> {
    fn visit(&mut self, value: &Value) {
        if self.wanted.binary_search(&value.offset).is_ok()
            && let Some(left) = self.left.checked_sub(self.path.len())
        {
            self.left = left;
            self.found.insert(value.offset, self.path.clone());
        }
        let length = self.path.len();
        match &value.kind {
            JsonKind::Array(items) => {
                for (at, item) in items.iter().enumerate() {
                    if matches!(item.kind, JsonKind::Array(_) | JsonKind::Object(_) | JsonKind::String(_)) {
                        let _ = write!(self.path, "/{at}");
                        self.visit(item);
                        self.path.truncate(length);
                    }
                }
            }
            JsonKind::Object(object) => {
                for member in object.members() {
                    pointer::push(&mut self.path, &member.key);
                    self.visit(&member.value);
                    self.path.truncate(length);
                }
            }
            _ => {}
        }
    }
}
