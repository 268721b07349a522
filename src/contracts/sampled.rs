//! Conditions that say nothing about data, as far as samples tell.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::report::{Outcome, RuleReport};
use super::run::{Phase, RunOptions, run};
use crate::schema::lint::{LintFinding, LintRule, Severity};
use crate::schema::meter::Exhausted;
use crate::schema::typed::{Shapes, Typed};
use crate::types::{Metadata, RuleKind, RuleSet, SchemaType};

const ALWAYS: &str = "contract-always-holds";
const NEVER: &str = "contract-never-holds";

/// What [`vacuous`] finds.
pub const LINT_RULES: [LintRule; 2] = [
    LintRule {
        id: ALWAYS,
        schema_type: SchemaType::Avro,
        default: Severity::Warn,
        why: "A condition that holds for all of 200 samples of the schema lets everything through: often a comparison is the wrong way \
              round, or its guard lets nothing in.",
        fix: "Write what data must not be; `accordant sample` shows data that the schema allows.",
        is_fixable: false,
        bad: r#"{"type":"record","name":"R","namespace":"n","fields":[{"name":"a","type":"int","confluent:rules":[{"name":"some","expr":"this > 0 || this <= 0"}]}]}"#,
        good: r#"{"type":"record","name":"R","namespace":"n","fields":[{"name":"a","type":"int","confluent:rules":[{"name":"some","expr":"this > 0"}]}]}"#,
        before: None,
    },
    LintRule {
        id: NEVER,
        schema_type: SchemaType::Avro,
        default: Severity::Warn,
        why: "A condition that holds for none of 200 samples of the schema refuses what the schema allows. One that asks for a text, \
              a pattern or a form such as a mail address is left alone, for chance doesn't find those.",
        fix: "Write what data must be; where the message says that there is no value, mind its types.",
        is_fixable: false,
        bad: r#"{"type":"record","name":"R","namespace":"n","fields":[{"name":"a","type":"int","confluent:rules":[{"name":"some","expr":"this > 0 && this < 0"}]}]}"#,
        good: r#"{"type":"record","name":"R","namespace":"n","fields":[{"name":"a","type":"int","confluent:rules":[{"name":"some","expr":"this < 0"}]}]}"#,
        before: None,
    },
];

/// Samples that tell enough.
pub const SAMPLES: usize = 200;

/// How often a condition held, and how it did not.
#[derive(Debug, Default)]
struct RuleTally {
    name: String,
    held: usize,
    failed: usize,
    error: usize,
    message: Option<String>,
}

/// Conditions that hold for all of some samples of data, or for none of them.
///
/// # Errors
/// The request has spent what it may spend.
pub fn vacuous(
    shapes: &Arc<Shapes>,
    samples: &[Typed],
    rule_set: Option<&RuleSet>,
    metadata: Option<&Metadata>,
) -> Result<Vec<LintFinding>, Exhausted> {
    // keyed by the phase and the place in its report, in the order in which they are said
    let mut tallies: BTreeMap<(usize, usize), RuleTally> = BTreeMap::new();
    for sample in samples {
        for (at, phase) in [Phase::Write, Phase::Read].into_iter().enumerate() {
            let inline = phase == Phase::Write;
            let options = RunOptions { phase, rule_set, metadata, now: 0, inline, jsonata: None };
            let (report, _) = run(shapes, sample, options)?;
            for (place, rule) in report.rules.iter().enumerate().filter(|(_, rule)| is_condition(rule)) {
                tallies.entry((at, place)).or_default().add(rule);
            }
        }
    }
    let mut findings: Vec<LintFinding> = Vec::new();
    for finding in tallies.values().filter_map(|tally| tally.finding(samples.len(), shapes, rule_set)) {
        // one that is for writing and reading is said once
        if !findings.contains(&finding) {
            findings.push(finding);
        }
    }
    Ok(findings)
}

fn is_condition(rule: &RuleReport) -> bool {
    rule.rule_type == "INLINE" || (rule.kind == Some(RuleKind::Condition) && rule.rule_type.starts_with("CEL"))
}

impl RuleTally {
    fn add(&mut self, rule: &RuleReport) {
        match rule.outcome {
            Outcome::Held => self.held += 1,
            Outcome::Failed => self.failed += 1,
            Outcome::Error => self.error += 1,
            Outcome::Skipped | Outcome::Transformed | Outcome::Unchanged => {}
        }
        if self.name.is_empty() {
            self.name = rule.name.clone().unwrap_or_else(|| "unnamed".to_owned());
        }
        if self.message.is_none() {
            self.message.clone_from(&rule.message);
        }
    }

    fn finding(&self, samples: usize, shapes: &Shapes, rule_set: Option<&RuleSet>) -> Option<LintFinding> {
        let finding = |rule, message| Some(LintFinding { rule, path: self.name.clone(), position: None, message, edit: None });
        if self.held == samples {
            return finding(ALWAYS, format!("rule '{}' holds for all of {samples} samples", self.name));
        }
        if self.error == samples {
            let why = self.message.as_deref().unwrap_or_default();
            return finding(NEVER, format!("rule '{}' has no value for any of {samples} samples: {why}", self.name));
        }
        let is_rare = |expr: &str| expr.contains(['"', '\'']) || expr.contains("matches(") || expr.contains(".is");
        if self.held == 0 && self.failed + self.error == samples && !self.expressions(shapes, rule_set).any(is_rare) {
            return finding(NEVER, format!("rule '{}' holds for none of {samples} samples", self.name));
        }
        None
    }

    /// The expressions of all rules of that name.
    fn expressions<'r>(&'r self, shapes: &'r Shapes, rule_set: Option<&'r RuleSet>) -> impl Iterator<Item = &'r str> {
        let listed = rule_set.into_iter().flat_map(RuleSet::rules);
        let listed = listed.filter(|rule| rule.name.as_deref() == Some(&self.name)).filter_map(|rule| rule.expr.as_deref());
        let of_fields = shapes.records.iter().flat_map(|shape| shape.fields.iter().flat_map(|field| &field.rules));
        let inline = shapes.records.iter().flat_map(|shape| &shape.rules).chain(of_fields);
        let inline = inline.filter(|rule| rule.name.as_deref().unwrap_or("unnamed") == self.name);
        listed.chain(inline.filter_map(|rule| rule.expr.as_deref()))
    }
}
