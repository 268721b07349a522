//! From offsets back to places: JSON pointers, lines and columns, for all findings of a check in one pass.

use std::collections::HashMap;
use std::fmt::Write as _;

use super::deep;
use super::model::NOWHERE;
use super::parse::MAX_DEPTH;
use crate::schema::finding::Place;
use crate::schema::format::Position;
use crate::schema::json::{self, Kind, ReadOptions, Value};

/// Longest text of all pointers together; names of a megabyte must not be repeated for every finding.
const POINTERS: usize = 16 << 20;

/// The places of some offsets in a text. Offsets outside it have none.
pub(super) fn find(text: &str, offsets: impl Iterator<Item = u32>) -> HashMap<u32, Place> {
    let mut wanted: Vec<u32> = offsets.filter(|offset| *offset != NOWHERE).collect();
    wanted.sort_unstable();
    wanted.dedup();
    if wanted.is_empty() {
        return HashMap::new();
    }
    let options = ReadOptions { comments: true, replace_lone_surrogates: true, max_depth: MAX_DEPTH };
    let mut pointers = Pointers { wanted: &wanted, found: HashMap::new(), path: String::new(), room: POINTERS };
    // without room there are findings without places
    let _ = deep::with_room(deep::nesting(text), || {
        if let Ok(value) = json::read(text, options) {
            pointers.visit(&value);
        }
    });
    let Pointers { mut found, .. } = pointers;
    let mut places = HashMap::with_capacity(wanted.len());
    let mut lines = Lines { text, at: 0, line: 1, column: 1 };
    for offset in wanted {
        let position = lines.position(offset);
        if let Some(pointer) = found.remove(&offset) {
            places.insert(offset, Place { pointer, position: Some(position) });
        }
    }
    places
}

struct Pointers<'a> {
    wanted: &'a [u32],
    found: HashMap<u32, String>,
    path: String,
    room: usize,
}

impl Pointers<'_> {
    fn visit(&mut self, value: &Value) {
        if self.wanted.binary_search(&value.offset).is_ok()
            && let Some(room) = self.room.checked_sub(self.path.len())
        {
            self.room = room;
            self.found.insert(value.offset, self.path.clone());
        }
        let length = self.path.len();
        match &value.kind {
            Kind::Array(items) => {
                for (at, item) in items.iter().enumerate() {
                    if matches!(item.kind, Kind::Array(_) | Kind::Object(_) | Kind::String(_)) {
                        let _ = write!(self.path, "/{at}");
                        self.visit(item);
                        self.path.truncate(length);
                    }
                }
            }
            Kind::Object(object) => {
                for member in object.members() {
                    self.path.push('/');
                    for c in member.key.chars() {
                        match c {
                            '~' => self.path.push_str("~0"),
                            '/' => self.path.push_str("~1"),
                            c => self.path.push(c),
                        }
                    }
                    self.visit(&member.value);
                    self.path.truncate(length);
                }
            }
            _ => {}
        }
    }
}

/// Lines and columns of ascending offsets.
struct Lines<'a> {
    text: &'a str,
    at: usize,
    line: u32,
    column: u32,
}

impl Lines<'_> {
    fn position(&mut self, offset: u32) -> Position {
        let end = (offset as usize).clamp(self.at, self.text.len());
        for c in self.text.get(self.at..end).unwrap_or("").chars() {
            if c == '\n' {
                self.line = self.line.saturating_add(1);
                self.column = 1;
            } else {
                self.column = self.column.saturating_add(1);
            }
        }
        self.at = end;
        Position { offset, line: self.line, column: self.column }
    }
}
