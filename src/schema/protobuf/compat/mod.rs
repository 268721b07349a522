//! What differs between two files, and whether it breaks readers (protobuf 5).

mod difference;
pub(super) mod difference_kind;
mod places;
mod policy;
mod rules;
mod walk;

use strum::VariantArray;

use self::difference::LocatedDifference;
use self::difference_kind::DifferenceKind;
use self::places::Places;
use self::rules::ComparedFile;
use super::schema::Schema;
use crate::schema::difference_tree::{TreeLimits, flatten};
use crate::schema::finding::Finding;
use crate::schema::format::{CheckError, CheckOptions};
use crate::schema::meter;
use crate::types::ProtobufPolicy;

/// One difference, for tests and tools.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Difference {
    pub kind: DifferenceKind,
    /// Where, in Confluent's notation.
    pub path: String,
}

pub(super) fn rules() -> Vec<&'static str> {
    let reported = DifferenceKind::VARIANTS.iter().copied().filter(|kind| !kind.is_compatible());
    reported.map(DifferenceKind::name).chain(policy::RULES).collect()
}

/// The findings of a check, in the order of declarations; those of a stricter policy come last.
pub(super) fn check(reader: &Schema, writer: &Schema, options: &CheckOptions) -> Result<Vec<Finding>, CheckError> {
    let (old_symbols, new_symbols) = (writer.symbols(), reader.symbols());
    let old = ComparedFile { file: &writer.file, symbols: &old_symbols, dependencies: &writer.dependencies };
    let new = ComparedFile { file: &reader.file, symbols: &new_symbols, dependencies: &reader.dependencies };
    let exhausted = |_| CheckError::BudgetExhausted { limit: options.work_budget };
    let tree = walk::compare(old, new, false).map_err(exhausted)?;
    let differences = flatten(&tree, Some(&|difference| difference.kind.is_compatible()), TreeLimits::default());
    let breaches = match options.protobuf_policy {
        ProtobufPolicy::Default | ProtobufPolicy::Compiled => Vec::new(),
        _ => policy::check(old, new, options).map_err(exhausted)?,
    };
    let old_places = differences.iter().map(|one| &one.difference.old).chain(breaches.iter().map(|breach| &breach.old));
    let new_places = differences.iter().map(|one| &one.difference.new).chain(breaches.iter().map(|breach| &breach.new));
    let places = Places::new((writer.source(), old_places.flatten()), (reader.source(), new_places.flatten()), options.direction);
    let findings = differences.iter().map(|difference| finding(difference, &places));
    Ok(findings.chain(breaches.iter().map(|breach| breach.finding(&places))).collect())
}

/// All differences between two schemas, compatible ones included.
///
/// # Errors
/// When the comparison is too large.
pub fn differences(original: &Schema, update: &Schema) -> Result<Vec<Difference>, CheckError> {
    const BUDGET: u64 = 10_000_000;
    let (old_symbols, new_symbols) = (original.symbols(), update.symbols());
    let old = ComparedFile { file: &original.file, symbols: &old_symbols, dependencies: &original.dependencies };
    let new = ComparedFile { file: &update.file, symbols: &new_symbols, dependencies: &update.dependencies };
    let tree =
        meter::with_limit(BUDGET, || walk::compare(old, new, true)).map_err(|_| CheckError::BudgetExhausted { limit: BUDGET })?;
    let all = flatten(&tree, None, TreeLimits::default());
    Ok(all.into_iter().map(|one| Difference { kind: one.difference.kind, path: one.path }).collect())
}

fn finding(located: &LocatedDifference, places: &Places) -> Finding {
    let difference = &located.difference;
    let named = difference.new.as_ref().or(difference.old.as_ref());
    let what = named.map_or_else(|| "the file".to_owned(), |place| format!("`{}`", place.name));
    let (reader, writer) = (places.direction.reader(), places.direction.writer());
    let (explanation, remedy) = difference.kind.explain(&what, reader, writer);
    let (old, new) = places.of(difference.old.as_ref(), difference.new.as_ref());
    Finding {
        rule: difference.kind.name(),
        path: located.path.clone(),
        message: difference.kind.message(&located.path, reader, writer),
        new,
        old,
        explanation,
        remedy: remedy.to_owned(),
        counter_example: None,
        engine: None,
    }
}
