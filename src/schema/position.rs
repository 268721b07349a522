//! Lines and columns in a schema text.

use std::collections::HashMap;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// In bytes, from 0.
    pub offset: u32,
    /// From 1.
    pub line: u32,
    /// In characters (Unicode scalar values), from 1.
    pub column: u32,
}

impl Position {
    /// The position of a byte offset in `text`; offsets past the end mean the end.
    pub fn of(text: &str, offset: usize) -> Self {
        let mut offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let before = text.get(..offset).unwrap_or("");
        let start = before.rfind('\n').map_or(0, |i| i + 1);
        let clamp = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self {
            offset: clamp(offset),
            line: clamp(before.bytes().filter(|b| *b == b'\n').count() + 1),
            column: clamp(before.get(start..).unwrap_or("").chars().count() + 1),
        }
    }

    /// The positions of many offsets in one pass over the text: a check may have thousands of findings in one long text.
    pub(crate) fn of_all(text: &str, offsets: impl IntoIterator<Item = u32>) -> HashMap<u32, Self> {
        let mut offsets: Vec<u32> = offsets.into_iter().collect();
        offsets.sort_unstable();
        offsets.dedup();
        let mut positions = HashMap::with_capacity(offsets.len());
        let mut chars = text.char_indices().peekable();
        let (mut line, mut column) = (1, 1);
        for offset in offsets {
            while let Some((_, c)) = chars.next_if(|(at, _)| *at < offset as usize) {
                (line, column) = if c == '\n' { (line + 1, 1) } else { (line, column + 1) };
            }
            positions.insert(offset, Self { offset, line, column });
        }
        positions
    }
}
