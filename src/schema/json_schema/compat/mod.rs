//! Comparing two schemas: does the update accept every document that the original accepted? (json-schema 4)
//!
//! The verdict follows Confluent's rules, which look at structure and know nothing of meaning; [`super::semantic`] has the
//! second opinion. Pairs of nodes are compared once and remembered. A pair met again while it is being compared counts as
//! equal, which is right only if nothing below it turns out incompatible; so the whole comparison is repeated, each time with
//! the pairs found incompatible before, until that set no longer grows.
//!
//! `difference_kind` names the differences, `sink` collects them and `difference` lists them; `differ` compares pairs of nodes,
//! with `object`, `array`, `number` and `combined` (with `matching` and `discriminators`) for nodes of one kind; `explain` and
//! `places` say what a difference means and where it stands.

mod array;
mod combined;
mod differ;
pub(crate) mod difference;
pub(crate) mod difference_kind;
mod discriminators;
mod explain;
mod matching;
mod number;
mod object;
mod places;
mod sink;

use std::collections::HashMap;

pub(crate) use self::differ::compare;
use self::difference::{LocatedDifference, NodeRef, SchemaSide};
use self::places::Locator;
use super::model::Model;
use super::schema::Schema;
use crate::schema::deep_stack::on_deep_stack;
use crate::schema::finding::Finding;
use crate::schema::format::{CheckError, CheckOptions, Direction};
use crate::schema::position::Position;
use crate::types::CompatibilityPolicy;

/// What a check answers for a stored schema that can't be loaded (an import, or a reference that is gone).
const UNLOADABLE: &str = "A previous schema version contains an unsupported external reference";
const UNLOADABLE_RULE: &str = "UNSUPPORTED_EXTERNAL_REFERENCE";

pub(super) fn rules() -> Vec<&'static str> {
    let kinds = difference_kind::DifferenceKind::ALL.iter();
    let reported = kinds.filter(|kind| !kind.is_compatible(CompatibilityPolicy::Strict));
    reported.map(|kind| kind.name()).chain([UNLOADABLE_RULE]).collect()
}

pub(super) fn check(reader: &Schema, writer: &Schema, options: &CheckOptions) -> Result<Vec<Finding>, CheckError> {
    let (Ok(original), Ok(update)) = (writer.model(), reader.model()) else {
        return Ok(vec![unloadable()]);
    };
    // deeper pairs than any stack holds count as too much work
    let exhausted = CheckError::BudgetExhausted { limit: options.work_budget };
    let Ok(found) = compare(original, update, options.policy, true) else { return Err(exhausted) };
    let findings = || findings(&found, (writer, original), (reader, update), options.direction);
    on_deep_stack(reader.nesting.max(writer.nesting), findings).ok_or(exhausted)
}

fn unloadable() -> Finding {
    Finding {
        rule: UNLOADABLE_RULE,
        path: "#/".to_owned(),
        message: UNLOADABLE.to_owned(),
        explanation: "A schema in this check refers to something that is not stored here, so it can't be compared.".to_owned(),
        remedy: "Register that schema again with everything it refers to declared in \"references\".".to_owned(),
        ..Finding::default()
    }
}

/// Turns differences into findings. The candidate is the reader in one direction and the writer in the other.
fn findings(
    found: &[LocatedDifference],
    original: (&Schema, &Model),
    update: (&Schema, &Model),
    direction: Direction,
) -> Vec<Finding> {
    let side = |(schema, model): (&Schema, &Model), pick: fn(&LocatedDifference) -> Option<NodeRef>| {
        let spot = |at: NodeRef| {
            let node = model.node(at.node);
            (node.document, node.offset)
        };
        let locator = Locator::new(&schema.documents, found.iter().filter_map(pick).map(spot));
        let places: Vec<_> = found
            .iter()
            .map(|found| pick(found).map(spot).and_then(|(document, offset)| locator.place(document, offset, &found.step)))
            .collect();
        let offsets = places.iter().flatten().filter_map(|(_, offset)| *offset);
        let positions: HashMap<u32, Position> = Position::of_all(schema.source(), offsets);
        places.into_iter().map(|place| places::finish(place, &positions)).collect::<Vec<_>>()
    };
    let in_original = side(original, |found| found.difference.original.filter(|at| at.side == SchemaSide::Original));
    let in_update = side(update, |found| found.difference.update.filter(|at| at.side == SchemaSide::Update));
    let (reader, writer) = (direction.reader(), direction.writer());
    let finding = |((found, original), update): ((&LocatedDifference, _), _)| {
        let (new, old) = match direction {
            Direction::Backward => (update, original),
            Direction::Forward => (original, update),
        };
        let kind = found.difference.kind;
        let (explanation, remedy) = explain::explain(found, reader, writer);
        Finding {
            rule: kind.name(),
            path: found.path.clone(),
            message: kind.message(&found.path, reader, writer),
            new,
            old,
            explanation,
            remedy,
            counter_example: None,
            engine: None,
        }
    };
    found.iter().zip(in_original).zip(in_update).map(finding).collect()
}
