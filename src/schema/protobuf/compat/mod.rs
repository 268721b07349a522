//! What differs between two files, and whether it breaks readers (protobuf 5).

pub(super) mod kind;
mod message;
mod policy;
mod report;
mod walk;

use std::collections::HashMap;

use self::message::Side;
use self::report::{Found, Spot};
use super::{CheckError, CheckOptions, Difference, Direction, Finding, Position, Schema};
use crate::schema::finding::Place;
use crate::types::ProtobufPolicy;

/// Work that tools may spend on a full list.
const TOOL_BUDGET: u64 = 10_000_000;

/// The findings of a check, in the order of declarations; those of a stricter policy come last.
pub(super) fn check(reader: &Schema, writer: &Schema, options: &CheckOptions) -> Result<Vec<Finding>, CheckError> {
    let (old_names, new_names) = (writer.names(), reader.names());
    let old = Side { file: &writer.file, names: &old_names, dependencies: &writer.dependencies };
    let new = Side { file: &reader.file, names: &new_names, dependencies: &reader.dependencies };
    let exhausted = |_| CheckError::BudgetExhausted { limit: options.work_budget };
    let tree = walk::compare(old, new, false, options.work_budget).map_err(exhausted)?;
    let found = report::flatten(&tree, true);
    let breaches = match options.protobuf_policy {
        ProtobufPolicy::Default => Vec::new(),
        _ => policy::check(old, new, options)?,
    };
    let old_spots = found.iter().map(|found| &found.leaf.old).chain(breaches.iter().map(|breach| &breach.old));
    let new_spots = found.iter().map(|found| &found.leaf.new).chain(breaches.iter().map(|breach| &breach.new));
    let placing = Placing {
        old: positions(writer.source(), old_spots.flatten()),
        new: positions(reader.source(), new_spots.flatten()),
        direction: options.direction,
    };
    let findings = found.iter().map(|found| finding(found, &placing));
    Ok(findings.chain(breaches.iter().map(|breach| breach.finding(&placing))).collect())
}

/// Lines and columns of places, found in one pass over the text.
fn positions<'a>(text: &str, spots: impl Iterator<Item = &'a Spot>) -> HashMap<u32, Position> {
    let mut offsets: Vec<u32> = spots.filter_map(|spot| spot.at).collect();
    offsets.sort_unstable();
    offsets.dedup();
    let mut found = HashMap::with_capacity(offsets.len());
    let mut characters = text.char_indices().peekable();
    let (mut line, mut column) = (1, 1);
    for offset in offsets {
        let end = usize::try_from(offset).unwrap_or(usize::MAX);
        while let Some((_, character)) = characters.next_if(|(at, _)| *at < end) {
            if character == '\n' {
                line += 1;
                column = 1;
            } else {
                column += 1;
            }
        }
        found.insert(offset, Position { offset, line, column });
    }
    found
}

/// Turns the places of old and new elements into those of stored and candidate texts.
struct Placing {
    old: HashMap<u32, Position>,
    new: HashMap<u32, Position>,
    direction: Direction,
}

impl Placing {
    /// The places in the stored and in the candidate's text: the candidate reads in one direction and writes in the other.
    fn places(&self, old: Option<&Spot>, new: Option<&Spot>) -> (Option<Place>, Option<Place>) {
        let place = |spot: &Spot, positions: &HashMap<u32, Position>| Place {
            pointer: spot.name.to_string(),
            position: spot.at.and_then(|at| positions.get(&at)).copied(),
        };
        let (old, new) = (old.map(|spot| place(spot, &self.old)), new.map(|spot| place(spot, &self.new)));
        match self.direction {
            Direction::Backward => (old, new),
            Direction::Forward => (new, old),
        }
    }
}

/// All differences.
pub(super) fn differences(original: &Schema, update: &Schema) -> Result<Vec<Difference>, CheckError> {
    let (old_names, new_names) = (original.names(), update.names());
    let old = Side { file: &original.file, names: &old_names, dependencies: &original.dependencies };
    let new = Side { file: &update.file, names: &new_names, dependencies: &update.dependencies };
    let tree = walk::compare(old, new, true, TOOL_BUDGET).map_err(|_| CheckError::BudgetExhausted { limit: TOOL_BUDGET })?;
    let found = report::flatten(&tree, false);
    Ok(found.into_iter().map(|found| Difference { kind: found.leaf.kind, path: found.path }).collect())
}

fn finding(found: &Found, placing: &Placing) -> Finding {
    let leaf = &found.leaf;
    let named = leaf.new.as_ref().or(leaf.old.as_ref());
    let what = named.map_or_else(|| "the file".to_owned(), |spot| format!("`{}`", spot.name));
    let (reads, writes) = (placing.direction.reader(), placing.direction.writer());
    let (explanation, remedy) = leaf.kind.explain(&what, reads, writes);
    let (old, new) = placing.places(leaf.old.as_ref(), leaf.new.as_ref());
    Finding {
        rule: leaf.kind.name(),
        path: found.path.clone(),
        message: leaf.kind.message(&found.path, reads, writes),
        new,
        old,
        explanation,
        remedy: remedy.to_owned(),
        counter_example: None,
    }
}
