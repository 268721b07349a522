//! Which rules are on: by default, and as `[lint.rules]` of `accordant.toml` says.

use std::collections::HashMap;

use super::report::LintViolation;
use crate::cli::check::InputError;
use crate::cli::manifest::Manifest;
use crate::contracts;
use crate::schema::Parsed;
use crate::schema::lint::{LintFinding, LintRule, Severity};

pub(super) struct LintRules(HashMap<&'static str, (&'static LintRule, Severity)>);

impl LintRules {
    /// # Errors
    /// A rule or a word is none.
    pub(super) fn of(manifest: Option<&Manifest>) -> Result<Self, InputError> {
        let mut rules: HashMap<&'static str, (&'static LintRule, Severity)> =
            all().map(|rule| (rule.id, (rule, rule.default))).collect();
        let given =
            manifest.iter().flat_map(|manifest| manifest.lint.rules.iter().map(|(rule, word)| (&manifest.name, rule, word)));
        for (file, rule, word) in given {
            let severity = Severity::parse(word);
            let severity = severity
                .ok_or_else(|| InputError::of(file, format!("lint: {rule} = \"{word}\": expected off, warn or error")))?;
            let known = rules.get_mut(rule.as_str());
            let known = known.ok_or_else(|| InputError::of(file, format!("lint: there is no rule {rule}{}", hint(rule))))?;
            known.1 = severity;
        }
        Ok(Self(rules))
    }

    /// A finding of a rule that is on.
    pub(super) fn judged(&self, finding: LintFinding) -> Option<LintViolation> {
        let (rule, severity) = self.0.get(finding.rule)?;
        (*severity != Severity::Off).then_some(LintViolation { rule, severity: *severity, finding })
    }
}

fn all() -> impl Iterator<Item = &'static LintRule> {
    Parsed::lint_rules().chain(&contracts::LINT_RULES)
}

fn hint(wanted: &str) -> String {
    let near = all().map(|rule| (strsim::osa_distance(rule.id, wanted), rule.id)).min();
    near.filter(|(distance, _)| *distance <= 4).map(|(_, id)| format!("; {id} is one")).unwrap_or_default()
}
