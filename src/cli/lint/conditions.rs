//! Conditions of data contracts, tried on data that is made up.

use crate::contracts::{self, SAMPLES};
use crate::records::typed_samples;
use crate::schema::Parsed;
use crate::schema::lint::LintFinding;
use crate::types::{Metadata, RuleSet};

/// The same data each time, so that what is said does not change from run to run.
const SEED: u64 = 1;

/// Conditions that hold for all or for none of some samples; nothing where there are no conditions, or data can't be made up.
pub(super) fn vacuous(parsed: &Parsed, rule_set: Option<&RuleSet>, metadata: Option<&Metadata>) -> Vec<LintFinding> {
    let has_inline = || {
        let shapes = parsed.shapes();
        shapes.records.iter().any(|shape| !shape.rules.is_empty() || shape.fields.iter().any(|field| !field.rules.is_empty()))
    };
    let has_conditions = rule_set.is_some_and(|set| set.domain_rules.as_ref().is_some_and(|rules| !rules.is_empty()));
    if !has_conditions && !has_inline() {
        return Vec::new();
    }
    let Some((shapes, samples)) = typed_samples(parsed, SAMPLES, SEED) else { return Vec::new() };
    contracts::vacuous(&shapes, &samples, rule_set, metadata).unwrap_or_default()
}
