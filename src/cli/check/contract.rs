//! Rules of data contracts, held to the types of their schema as a registry with `validateRules` does at registration.

use serde_json::Value;

use super::InputError;
use crate::codec::FromJson;
use crate::contracts::{self, Jsonata};
use crate::jsonata::{JsonataEngine, JsonataLimits};
use crate::schema::Parsed;
use crate::types::{Metadata, RuleSet};

/// Holds a rule set, as requests have it, and the checks in the schema to its types. `name` is what the schema is called. The rule set, read.
///
/// # Errors
/// The rule set can't be read, or rules can't be right: all that is wrong with them.
pub(in crate::cli) fn hold_rules(
    name: &str,
    parsed: &Parsed,
    rule_set: Option<&Value>,
    metadata: Option<&Metadata>,
) -> Result<Option<RuleSet>, InputError> {
    let unreadable = |error: String| InputError::of(name, format!("the rule set can't be read: {error}"));
    let rules = rule_set.map(RuleSet::from_json).transpose().map_err(|error| unreadable(error.to_string()))?.flatten();
    let engine = JsonataEngine::of_this_program(JsonataLimits::default()).ok();
    let jsonata = engine.as_ref().map(JsonataEngine::evaluations);
    let issues =
        contracts::check(&parsed.shapes(), rules.as_ref(), metadata, jsonata.as_ref().map(|engine| engine as &dyn Jsonata));
    let issues = issues.map_err(|_| InputError::of(name, "the rules take too much work to check"))?;
    if issues.is_empty() {
        return Ok(rules);
    }
    let said: Vec<String> = issues.iter().map(ToString::to_string).collect();
    Err(InputError::of(name, said.join("; ")))
}

/// Metadata as requests have it.
pub(in crate::cli) fn metadata_of(value: &Value) -> Option<Metadata> {
    Metadata::from_json(value).ok().flatten()
}
