//! All rules of one phase on one piece of data, in the order in which clients run them. A client stops at the first failure whose action
//! is not NONE; here all rules are run, and the report says what came of each.

use std::sync::Arc;

use super::cel::{CelValue, EvaluationStop, MAX_EXPRESSION_BYTES};
use super::data::{Misfit, ValueSource, json_of, json_of_value, typed_of, value_of};
use super::fields;
use super::inline;
use super::jsonata::{self, Jsonata, JsonataError};
use super::report::{MAX_DATA, MAX_SHOWN, Outcome, RuleFailure, RuleFindings, RuleReport, RunReport};
use super::rule::{
    CompileFailure, Guarded, JSONATA, RuleAnswer, failure_text, is_condition, is_repeated, is_run, position, type_of,
};
use crate::schema::meter::Exhausted;
use crate::schema::typed::{Shapes, Typed};
use crate::types::{ExecutionEnvironment, Metadata, Rule, RuleMode, RuleSet};

/// When rules run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "UPPERCASE")]
pub enum Phase {
    Write,
    Read,
    Upgrade,
    Downgrade,
}

impl Phase {
    /// Whether rules of a mode run then.
    pub fn runs(self, mode: Option<RuleMode>) -> bool {
        match mode.unwrap_or(RuleMode::WriteRead) {
            RuleMode::Write => self == Self::Write,
            RuleMode::Read => self == Self::Read,
            RuleMode::WriteRead => matches!(self, Self::Write | Self::Read),
            RuleMode::Upgrade => self == Self::Upgrade,
            RuleMode::Downgrade => self == Self::Downgrade,
            RuleMode::UpDown => matches!(self, Self::Upgrade | Self::Downgrade),
        }
    }

    fn is_migration(self) -> bool {
        matches!(self, Self::Upgrade | Self::Downgrade)
    }

    /// The second half of a pair of actions.
    fn is_second(self) -> bool {
        matches!(self, Self::Read | Self::Downgrade)
    }
}

/// What rules are run with.
#[derive(Debug, Clone, Copy)]
pub struct RunOptions<'r> {
    pub phase: Phase,
    pub rule_set: Option<&'r RuleSet>,
    pub metadata: Option<&'r Metadata>,
    /// Microseconds since 1970, for expressions that ask.
    pub now: i64,
    /// Checks that stand in the schema as well.
    pub inline: bool,
    /// What evaluates rules of JSONATA; without it they are skipped. It waits for processes, so it is not for threads that serve requests.
    pub jsonata: Option<&'r dyn Jsonata>,
}

/// Runs the rules.
///
/// # Errors
/// The request has spent what it may spend.
pub fn run(shapes: &Arc<Shapes>, data: &Typed, options: RunOptions<'_>) -> Result<(RunReport, Typed), Exhausted> {
    let runner = Runner { shapes, options, now: CelValue::Timestamp(options.now), data: data.clone(), has_changed: false };
    runner.run().map_err(|_| Exhausted::Work)
}

struct Runner<'r> {
    shapes: &'r Arc<Shapes>,
    options: RunOptions<'r>,
    now: CelValue,
    data: Typed,
    has_changed: bool,
}

/// What came of a rule: outcome, why, and where.
type Result3 = Result<(Outcome, Option<String>, RuleFindings), EvaluationStop>;

impl Runner<'_> {
    fn run(mut self) -> Result<(RunReport, Typed), EvaluationStop> {
        let mut rules = if self.options.inline { inline::run(self.shapes, &self.data, &self.now)? } else { Vec::new() };
        let phase = self.options.phase;
        let set = self.options.rule_set;
        let listed =
            set.and_then(|set| if phase.is_migration() { set.migration_rules.as_ref() } else { set.domain_rules.as_ref() });
        let mut listed: Vec<&Rule> = listed.into_iter().flatten().collect();
        if phase.is_second() {
            listed.reverse();
        }
        let is_off = set.and_then(|set| set.enable_at) == Some(ExecutionEnvironment::None);
        for (at, rule) in listed.iter().enumerate() {
            let skipped = if is_off { Some("enableAt is NONE".to_owned()) } else { self.reason_to_skip(rule, at, &listed) };
            let (outcome, message, found) = match skipped {
                Some(reason) => (Outcome::Skipped, Some(reason), RuleFindings::default()),
                None => self.rule(rule)?,
            };
            rules.push(RuleReport {
                name: rule.name.clone(),
                rule_type: type_of(rule),
                kind: rule.kind,
                mode: rule.mode,
                outcome,
                message,
                action: outcome.is_failure().then(|| action(rule, phase)),
                places: found.places,
                truncated: found.truncated,
            });
        }
        let data = if self.has_changed { json_of(self.shapes, &self.data, MAX_DATA) } else { None };
        Ok((RunReport { rules, data }, self.data))
    }

    fn reason_to_skip(&self, rule: &Rule, at: usize, listed: &[&Rule]) -> Option<String> {
        let phase: &'static str = self.options.phase.into();
        let rule_type = type_of(rule);
        if rule.disabled {
            return Some("it is disabled".to_owned());
        }
        if !self.options.phase.runs(rule.mode) {
            return Some(format!("its mode does not include {phase}"));
        }
        let can_run = is_run(&rule_type) || (rule_type == JSONATA && self.options.jsonata.is_some());
        if !can_run {
            return Some(format!("rules of type {rule_type} are not run here"));
        }
        if rule.expr.as_deref().unwrap_or("").is_empty() {
            return Some("it has no expression".to_owned());
        }
        // those that were run before, whichever the direction
        let before = listed.get(..at).unwrap_or_default();
        let others = if self.options.phase.is_second() { listed.get(at + 1..).unwrap_or_default() } else { before };
        (rule_type == "CEL_FIELD" && others.iter().any(|other| is_repeated(rule, other)))
            .then(|| "another transform has the same tags".to_owned())
    }

    fn rule(&mut self, rule: &Rule) -> Result3 {
        let text = rule.expr.as_deref().unwrap_or("");
        if let (JSONATA, Some(engine)) = (type_of(rule).as_str(), self.options.jsonata) {
            return self.jsonata_rule(rule, text, engine);
        }
        let expr = match Guarded::compile(text) {
            Ok(expr) => expr,
            Err(CompileFailure::Exhausted) => return Err(EvaluationStop::Exhausted),
            Err(CompileFailure::Wrong(error)) => {
                let mut found = RuleFindings::default();
                let message = error.message.clone();
                found.push(
                    RuleFailure { field: None, value: None, message: error.message, position: Some(error.position) },
                    false,
                );
                return Ok((Outcome::Error, Some(message), found));
            }
        };
        let before = self.data.clone();
        let result = if type_of(rule) == "CEL_FIELD" { self.field_rule(rule, &expr) } else { self.message_rule(rule, &expr) };
        match result {
            Ok((outcome, message, found)) => {
                if outcome.is_failure() {
                    self.data = before;
                } else {
                    self.has_changed |= outcome == Outcome::Transformed;
                }
                Ok((outcome, message, found))
            }
            Err(EvaluationStop::Unsupported { what, .. }) => {
                self.data = before;
                Ok((Outcome::Skipped, Some(format!("it needs {what}, which is not run here")), RuleFindings::default()))
            }
            Err(EvaluationStop::Error { at, message } | EvaluationStop::Raised { at, message }) => {
                self.data = before;
                let mut found = RuleFindings::default();
                let place =
                    RuleFailure { field: None, value: None, message: message.clone(), position: Some(position(text, at)) };
                found.push(place, false);
                Ok((Outcome::Error, Some(message), found))
            }
            Err(EvaluationStop::Exhausted) => Err(EvaluationStop::Exhausted),
        }
    }

    fn field_rule(&mut self, rule: &Rule, expr: &Guarded<'_>) -> Result3 {
        let metadata = self.options.metadata;
        let mut walk = fields::FieldWalk {
            shapes: self.shapes,
            metadata,
            rule,
            expr,
            now: &self.now,
            found: RuleFindings::default(),
            has_changed: false,
        };
        let mut data = self.data.clone();
        walk.run(&mut data)?;
        let fields::FieldWalk { found, has_changed, .. } = walk;
        self.data = data;
        if let Some(first) = found.places.first() {
            let outcome = if found.has_failed { Outcome::Failed } else { Outcome::Error };
            return Ok((outcome, Some(first.message.clone()), found));
        }
        let outcome = match (is_condition(rule), has_changed) {
            (true, _) => Outcome::Held,
            (false, true) => Outcome::Transformed,
            (false, false) => Outcome::Unchanged,
        };
        Ok((outcome, None, found))
    }

    fn message_rule(&mut self, rule: &Rule, expr: &Guarded<'_>) -> Result3 {
        let message = value_of(self.shapes, &self.data)?;
        let answer = expr.answer(&[("message", message), ("now", self.now.clone())])?;
        let result = match answer {
            RuleAnswer::NotGuarded if is_condition(rule) => return Ok((Outcome::Held, None, RuleFindings::default())),
            RuleAnswer::NotGuarded => return Ok((Outcome::Unchanged, None, RuleFindings::default())),
            RuleAnswer::Value(result) => result,
        };
        self.settle(rule, &result, ValueSource::Cel)
    }

    fn jsonata_rule(&mut self, rule: &Rule, expression: &str, engine: &dyn Jsonata) -> Result3 {
        let skipped = |why: String| Ok((Outcome::Skipped, Some(why), RuleFindings::default()));
        if expression.len() > MAX_EXPRESSION_BYTES {
            return skipped(format!("its expression is longer than {MAX_EXPRESSION_BYTES} bytes"));
        }
        if !jsonata::is_exact(&self.data) {
            return skipped("whole numbers beyond 2^53 lose digits in JSONata".to_owned());
        }
        let data = json_of(self.shapes, &self.data, MAX_DATA);
        let Some(data) = data else { return skipped("the data takes too much memory as JSON".to_owned()) };
        let wrong = |message: String| {
            let mut found = RuleFindings::default();
            found.push(RuleFailure { field: None, value: None, message: message.clone(), position: None }, false);
            Ok((Outcome::Error, Some(message), found))
        };
        match engine.evaluate(expression, &data) {
            Ok(Some(result)) => self.settle(rule, &jsonata::value_of(&result)?, ValueSource::Json),
            Ok(None) if is_condition(rule) => self.settle(rule, &CelValue::Null, ValueSource::Json),
            Ok(None) => wrong("the expression has no value for this data".to_owned()),
            Err(JsonataError::Wrong(message)) => wrong(message),
            Err(JsonataError::Stopped(why)) => skipped(why.to_owned()),
            Err(JsonataError::Unavailable(why)) => skipped(why),
        }
    }

    /// What the result of an expression over the whole message means.
    fn settle(&mut self, rule: &Rule, result: &CelValue, source: ValueSource) -> Result3 {
        let mut found = RuleFindings::default();
        if is_condition(rule) {
            if result.is_truthy() {
                return Ok((Outcome::Held, None, found));
            }
            let value = json_of_value(self.shapes, result, MAX_SHOWN)?;
            let message = failure_text(rule);
            found.push(RuleFailure { field: None, value, message: message.clone(), position: None }, true);
            return Ok((Outcome::Failed, Some(message), found));
        }
        match typed_of((self.shapes, source), &self.shapes.root, result, "", 0) {
            Ok(made) => {
                let outcome = if made == self.data { Outcome::Unchanged } else { Outcome::Transformed };
                self.has_changed |= outcome == Outcome::Transformed;
                self.data = made;
                Ok((outcome, None, found))
            }
            Err(Misfit::Exhausted) => Err(EvaluationStop::Exhausted),
            Err(Misfit::Wrong(message)) => {
                let value = json_of_value(self.shapes, result, MAX_SHOWN)?;
                found.push(RuleFailure { field: None, value, message: message.clone(), position: None }, false);
                Ok((Outcome::Error, Some(message), found))
            }
        }
    }
}

/// What clients do when the rule fails.
fn action(rule: &Rule, phase: Phase) -> String {
    let listed = rule.on_failure.as_deref().filter(|text| !text.is_empty()).unwrap_or("ERROR");
    let own = match listed.split_once(',') {
        Some((_, second)) if phase.is_second() => second,
        Some((first, _)) => first,
        None => listed,
    };
    own.trim().to_owned()
}
