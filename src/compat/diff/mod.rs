//! What changed between two schemas, by meaning: declarations are found again by their names, by what else they answer to (an alias, a
//! number), and where they have moved to. Layout, comments and the order of keys are no changes.
//!
//! | file | what |
//! | --- | --- |
//! | `change.rs` | what a change is |
//! | `pairing.rs` | which declaration is which |
//! | `compare.rs` | what differs between two declarations that are one |

mod change;
mod compare;
mod pairing;

use std::collections::HashMap;

pub use self::change::{Change, ChangeKind, Changes};
use crate::schema::outline::{DeclarationKind, NOWHERE, Outline};
use crate::schema::{Parsed, Position};
use crate::types::SchemaType;

/// Changes that are listed, at most.
const MAX_CHANGES: usize = 5_000;

/// What has changed from one schema to another, in the order of the new one; what was removed comes where it stood.
pub fn changes(old: &Parsed, new: &Parsed) -> Changes {
    let (old_type, new_type) = (old.schema_type(), new.schema_type());
    if old_type != new_type {
        return Changes { changes: vec![of_types(old_type, new_type)], is_whole: true };
    }
    let (before, after) = (old.outline(), new.outline());
    let mut found = compare::changes(&before, &after, new_type == SchemaType::Avro);
    let is_whole = before.is_whole && after.is_whole && found.len() <= MAX_CHANGES;
    found.truncate(MAX_CHANGES);
    let offset = |outline: &Outline, at: Option<usize>| at.and_then(|at| outline.declarations.get(at)).map(|own| own.at);
    let offsets = |outline: &Outline, side: fn(&compare::LocatedChange) -> Option<usize>| {
        found.iter().filter_map(|found| offset(outline, side(found))).collect::<Vec<u32>>()
    };
    let old_positions = old.positions(&offsets(&before, |found| found.old));
    let new_positions = new.positions(&offsets(&after, |found| found.new));
    let changes = found.into_iter().map(|found| {
        let position = |outline: &Outline, at, positions: &HashMap<u32, Position>| {
            offset(outline, at).filter(|at| *at != NOWHERE).and_then(|at| positions.get(&at)).copied()
        };
        let (old, new) = (position(&before, found.old, &old_positions), position(&after, found.new, &new_positions));
        Change { old, new, ..found.change }
    });
    Changes { changes: changes.collect(), is_whole }
}

fn of_types(old: SchemaType, new: SchemaType) -> Change {
    Change {
        kind: ChangeKind::Changed,
        declaration: DeclarationKind::Schema,
        path: String::new(),
        old_path: None,
        what: Some("schemaType".to_owned()),
        from: Some(old.as_str().to_owned()),
        to: Some(new.as_str().to_owned()),
        inside: 0,
        old: None,
        new: None,
    }
}
