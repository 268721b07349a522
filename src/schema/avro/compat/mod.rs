//! Whether a reader reads what a writer wrote (avro 4).

mod explain;
mod incompatibility;
mod places;
mod rules;
mod union_index;
mod walk;

use std::collections::HashMap;

use strum::VariantNames;

use self::incompatibility::Incompatibility;
pub(super) use self::rules::is_named_like;
use self::walk::Stop;
use super::schema::Schema;
use crate::schema::finding::{Finding, Place};
use crate::schema::format::{CheckError, CheckOptions, Direction};

pub(super) fn rules() -> Vec<&'static str> {
    incompatibility::IncompatibilityType::VARIANTS.to_vec()
}

/// The places of declarations in a text.
pub(super) fn places(text: &str, offsets: &[u32]) -> HashMap<u32, Place> {
    places::find(text, offsets.iter().copied())
}

pub(super) fn check(reader: &Schema, writer: &Schema, options: &CheckOptions) -> Result<Vec<Finding>, CheckError> {
    let incompatibilities = match walk::check(&reader.model, &writer.model) {
        Ok(incompatibilities) => incompatibilities,
        Err(Stop::Ambiguous(incompatibility)) => vec![*incompatibility],
        Err(Stop::Budget) => return Err(CheckError::BudgetExhausted { limit: options.work_budget }),
    };
    if incompatibilities.is_empty() {
        return Ok(Vec::new());
    }
    let direction = options.direction;
    let in_reader = places::find(reader.source(), incompatibilities.iter().map(|one| one.places.0));
    let in_writer = places::find(writer.source(), incompatibilities.iter().map(|one| one.places.1));
    let finding = |one: &Incompatibility| {
        let (r, w) = (in_reader.get(&one.places.0).cloned(), in_writer.get(&one.places.1).cloned());
        let (new, old) = match direction {
            Direction::Backward => (r, w),
            Direction::Forward => (w, r),
        };
        let explained = explain::explain(one, (&reader.model, &writer.model), direction);
        Finding {
            rule: one.kind.id(),
            path: one.path.clone(),
            message: one.message(direction),
            new,
            old,
            explanation: explained.explanation,
            remedy: explained.remedy,
            counter_example: explained.counter_example,
            engine: None,
        }
    };
    Ok(incompatibilities.iter().map(finding).collect())
}
