//! What validating one document may cost.
//!
//! The crate offers no way to stop a walk, so spending the last unit unwinds to [`within`], without a message.

use std::cell::Cell;
use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use jsonschema::{Keyword, ValidationError};
use serde_json::{Map, Number, Value as Tree};

use crate::schema::json_schema::number::Decimal;
use crate::schema::json_schema::pattern;
use crate::schema::meter::{self, ReservedMemory};

/// How many schema evaluations, of about a microsecond at worst, a validation may spend before it is given up.
#[derive(Debug, Clone, Copy)]
pub(super) enum Budget {
    /// For a thread that can't be held up.
    Quick,
    /// For finding out whether a document is valid.
    Full,
    /// For listing errors, of which there may be about as many as units.
    Errors,
}

impl Budget {
    fn units(self) -> u64 {
        match self {
            Self::Quick => 5_000,
            Self::Full => 1_000_000,
            // each may leave some 3 KB behind in errors that the crate collects
            Self::Errors => 20_000,
        }
    }
}

/// Units for matching the keys of one document against `patternProperties`.
const KEYS_PER_DOCUMENT: u64 = 4_000_000;

/// Units of the meter for one of these.
const METERED: u64 = 20;

/// The payload of the unwinding.
struct Spent;

/// Spends some units; the walk ends here if there are not enough.
pub(super) fn spend(units: u64) {
    let Ok(()) = pay(units);
}

/// As [`spend`], for who asks whether there was enough.
pub(super) fn pay(units: u64) -> Result<(), Infallible> {
    meter::charge(units.saturating_mul(METERED)).map_err(|_| resume_unwind(Box::new(Spent)))
}

/// Reserves memory for as long as what it returns lives; the walk ends here if there is not enough.
pub(super) fn take(bytes: usize) -> ReservedMemory {
    meter::reserve_for_now(bytes).unwrap_or_else(|_| resume_unwind(Box::new(Spent)))
}

thread_local! {
    /// What the elements of the document cost that nothing else pays for, each time they are looked for alternatives.
    static PER_ALTERNATIVE: Cell<u64> = const { Cell::new(0) };
}

/// As [`within`], for schemas with keywords `contains` that can't pay for each element: they pay for all elements of the document, once
/// each and again for every payment for alternatives. That is too much rather than too little.
pub(super) fn within_dearly<T>(budget: Budget, contains: u64, elements: u64, walk: impl FnOnce() -> T) -> Option<T> {
    let all = elements / ALTERNATIVES_PER_UNIT + 1;
    let before = PER_ALTERNATIVE.replace(all);
    let done = within(budget, || {
        spend(contains.saturating_mul(all));
        walk()
    });
    PER_ALTERNATIVE.set(before);
    done
}

/// Runs a walk; `None` when the budget is not enough (or the crate panics).
pub(super) fn within<T>(budget: Budget, walk: impl FnOnce() -> T) -> Option<T> {
    meter::with_part(budget.units() * METERED, || catch_unwind(AssertUnwindSafe(walk)).ok()).ok().flatten()
}

/// What matching one name against every key of a schema's `patternProperties` costs.
pub(super) fn cost_of_patterns(schema: &Map<String, Tree>) -> u64 {
    let patterns = schema.get("patternProperties").and_then(Tree::as_object);
    patterns.map_or(0, |patterns| patterns.keys().map(|key| pattern::cost(key)).sum())
}

/// Whether a document has too many members to be matched against all pattern keys of a schema.
pub(super) fn too_many_keys(members: u64, cost_per_key: u64) -> bool {
    members.saturating_mul(cost_per_key) > KEYS_PER_DOCUMENT
}

/// The custom keyword that pays for the evaluations of its schema.
pub(super) struct BudgetKeyword {
    fixed: u64,
    per_member: u64,
    /// Numbers are compared.
    compares_numbers: bool,
    /// Units for a number, by what it is compared with.
    per_number: u64,
    /// Units for each element or member where the error lists them all.
    per_element: u64,
    /// Values that a long number is compared with.
    values: u64,
}

/// Powers of ten of a number that cost one unit.
const POWERS_PER_UNIT: u64 = 50;

/// Length up to which numbers are compared and calculated with in no time.
const SHORT_NUMBER: usize = 17;

/// What the exact arithmetic with a number costs in proportion to: its digits and the powers of ten that are written out for it.
fn powers(number: &Number) -> u64 {
    let text = number.as_str();
    if text.len() <= SHORT_NUMBER && !text.contains(['e', 'E']) {
        return 0;
    }
    Decimal::read(text).magnitude().unsigned_abs().max(text.len() as u64)
}

impl BudgetKeyword {
    pub(super) fn of(schema: &Map<String, Tree>) -> Self {
        // Lists and maps the crate goes through for every value.
        let entries = |key: &str| match schema.get(key) {
            Some(Tree::Array(items)) => items.len(),
            Some(Tree::Object(map)) => map.len(),
            _ => 0,
        };
        let gone_through: usize =
            ["enum", "properties", "dependencies", "dependentRequired", "dependentSchemas"].into_iter().map(entries).sum();
        // Every missing name is an error of its own.
        let fixed = 1 + gone_through / 32 + entries("required");
        let has = |key: &str| schema.contains_key(key);
        let bounds = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"];
        let compares_numbers = bounds.into_iter().any(has) || has("enum") || has("const");
        let listed = schema.get("enum").and_then(Tree::as_array).into_iter().flatten();
        let compared = bounds.into_iter().chain(["const"]).filter_map(|key| schema.get(key)).chain(listed);
        let per_number = compared.filter_map(Tree::as_number).map(|number| powers(number) / POWERS_PER_UNIT).sum();
        Self {
            fixed: u64::try_from(fixed).unwrap_or(u64::MAX),
            per_member: cost_of_patterns(schema),
            compares_numbers,
            per_number,
            per_element: if has("unevaluatedItems") || has("unevaluatedProperties") { 4 } else { 0 },
            values: u64::try_from(entries("enum")).unwrap_or(u64::MAX),
        }
    }

    fn count(&self, instance: &Tree) {
        let members = instance.as_object().map_or(0, |object| u64::try_from(object.len()).unwrap_or(u64::MAX));
        let of_value = match instance {
            Tree::Number(number) if self.compares_numbers => match powers(number) {
                0 => self.per_number,
                powers => (powers / POWERS_PER_UNIT).saturating_add(self.values).saturating_add(self.per_number),
            },
            Tree::Array(items) => self.per_element.saturating_mul(u64::try_from(items.len()).unwrap_or(u64::MAX)),
            Tree::Object(_) => self.per_element.saturating_mul(members),
            _ => 0,
        };
        spend(members.saturating_mul(self.per_member).saturating_add(self.fixed).saturating_add(of_value));
    }
}

impl<'i> Keyword<'i> for BudgetKeyword {
    fn validate(&self, instance: &'i Tree) -> Result<(), ValidationError<'i>> {
        self.count(instance);
        Ok(())
    }

    fn is_valid(&self, instance: &'i Tree) -> bool {
        self.count(instance);
        true
    }
}

/// The custom keyword that pays for alternatives before they are tried.
pub(super) struct Advance {
    units: u64,
}

/// Alternatives that fail at once and together cost a unit.
const ALTERNATIVES_PER_UNIT: u64 = 16;

impl Advance {
    pub(super) fn of(alternatives: &Tree) -> Self {
        Self { units: 1 + alternatives.as_u64().unwrap_or_default() / ALTERNATIVES_PER_UNIT }
    }
}

impl<'i> Keyword<'i> for Advance {
    fn validate(&self, _: &'i Tree) -> Result<(), ValidationError<'i>> {
        spend(self.units.saturating_add(PER_ALTERNATIVE.get()));
        Ok(())
    }

    fn is_valid(&self, _: &'i Tree) -> bool {
        spend(self.units.saturating_add(PER_ALTERNATIVE.get()));
        true
    }
}
