//! Checks that stand in the schema (`confluent:rules`): `this` is the value of the record or of the field that they stand at.

use std::sync::Arc;

use super::cel::{CelValue, CompileError, EvaluationStop, Program};
use super::data::{json_of_value, value_of};
use super::fields::{is_null, unwritten};
use super::report::{MAX_SHOWN, Outcome, RuleFailure, RuleFindings, RuleReport};
use super::rule::position;
use crate::schema::meter;
use crate::schema::typed::{DataType, InlineRule, Shapes, Typed};

pub(super) struct InlineRuleWalk<'w> {
    pub(super) shapes: &'w Arc<Shapes>,
    pub(super) now: &'w CelValue,
    /// What came of each rule, wherever it stands.
    pub(super) found: Vec<(&'w InlineRule, RuleFindings, Option<String>)>,
}

/// The reports of all checks that apply to some data.
pub(super) fn run(shapes: &Arc<Shapes>, typed: &Typed, now: &CelValue) -> Result<Vec<RuleReport>, EvaluationStop> {
    let mut walk = InlineRuleWalk { shapes, now, found: Vec::new() };
    walk.visit(&shapes.root, typed, shapes.root_path)?;
    let report = |(rule, found, skipped): (&InlineRule, RuleFindings, Option<String>)| {
        let outcome = match (&skipped, found.places.is_empty(), found.has_failed) {
            (_, false, true) => Outcome::Failed,
            (_, false, false) => Outcome::Error,
            (Some(_), true, _) => Outcome::Skipped,
            (None, true, _) => Outcome::Held,
        };
        RuleReport {
            name: rule.name.clone(),
            rule_type: "INLINE".to_owned(),
            kind: None,
            mode: None,
            outcome,
            message: skipped.or_else(|| found.places.first().map(|place| place.message.clone())),
            action: outcome.is_failure().then(|| "ERROR".to_owned()),
            places: found.places,
            truncated: found.truncated,
        }
    };
    Ok(walk.found.into_iter().map(report).collect())
}

impl<'w> InlineRuleWalk<'w> {
    fn visit(&mut self, ty: &'w DataType, typed: &Typed, path: &str) -> Result<(), EvaluationStop> {
        meter::charge(1)?;
        match (ty, typed) {
            (DataType::Union(branches), Typed::Branch(at, inner)) => match branches.get(*at) {
                Some(branch) => self.visit(branch, inner, path),
                None => Ok(()),
            },
            (DataType::List(items), Typed::List(values)) => {
                for (at, value) in values.iter().enumerate() {
                    self.visit(items, value, &format!("{path}[{at}]"))?;
                }
                Ok(())
            }
            (DataType::Map(values), Typed::Map(entries)) => {
                for (key, value) in entries {
                    let key = super::data::json_of(self.shapes, key, MAX_SHOWN).unwrap_or_default();
                    self.visit(values, value, &format!("{path}[{key}]"))?;
                }
                Ok(())
            }
            (DataType::Record(_), Typed::Record(record)) => {
                let shapes: &'w Shapes = self.shapes;
                let Some(shape) = shapes.records.get(record.shape) else { return Ok(()) };
                for rule in &shape.rules {
                    self.test(rule, typed, path)?;
                }
                for (place, field) in shape.fields.iter().enumerate() {
                    let value = record.values.get(place).and_then(Option::as_ref);
                    let default = if value.is_none() { unwritten(shape.is_message, field) } else { None };
                    let Some(value) = value.or(default.as_ref()) else { continue };
                    let child = if path.is_empty() { field.name.clone() } else { format!("{path}.{}", field.name) };
                    if !is_null(value) {
                        for rule in &field.rules {
                            self.test(rule, value, &child)?;
                        }
                    }
                    self.visit(&field.ty, value, &child)?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn test(&mut self, rule: &'w InlineRule, typed: &Typed, path: &str) -> Result<(), EvaluationStop> {
        let at = if let Some(at) = self.found.iter().position(|(known, ..)| std::ptr::eq(*known, rule)) {
            at
        } else {
            self.found.push((rule, RuleFindings::default(), None));
            self.found.len() - 1
        };
        let field = (!path.is_empty()).then(|| path.to_owned());
        let text = rule.expr.as_deref().unwrap_or("");
        let this = value_of(self.shapes, typed)?;
        let shown = json_of_value(self.shapes, &this, MAX_SHOWN)?;
        let (message, position, is_failure) = match self.evaluate(text, this) {
            Ok(CelValue::Bool(true)) => return Ok(()),
            Ok(CelValue::String(text)) if text.is_empty() => return Ok(()),
            Ok(CelValue::Bool(false)) => {
                let authored = rule.doc.clone().or_else(|| rule.sql.clone()).unwrap_or_else(|| text.to_owned());
                (authored, None, true)
            }
            Ok(CelValue::String(text)) => (text.to_string(), None, true),
            Ok(other) => (format!("a check gives bool or string, not {}", other.type_name()), None, false),
            Err(EvaluationStop::Error { at, message } | EvaluationStop::Raised { at, message }) => {
                (message, Some(position(text, at)), false)
            }
            Err(EvaluationStop::Unsupported { what, .. }) => {
                if let Some((.., skipped)) = self.found.get_mut(at) {
                    *skipped = Some(format!("it needs {what}, which is not run here"));
                }
                return Ok(());
            }
            Err(EvaluationStop::Exhausted) => return Err(EvaluationStop::Exhausted),
        };
        if let Some((_, found, _)) = self.found.get_mut(at) {
            found.push(RuleFailure { field, value: shown, message, position }, is_failure);
        }
        Ok(())
    }

    fn evaluate(&self, text: &str, this: CelValue) -> Result<CelValue, EvaluationStop> {
        if text.is_empty() {
            return Err(EvaluationStop::Error { at: 0, message: "the check has no expression".to_owned() });
        }
        let program = Program::compile(text).map_err(|error| match error {
            CompileError::Parse(error) => EvaluationStop::Error { at: error.at, message: error.message },
            CompileError::Exhausted => EvaluationStop::Exhausted,
        })?;
        program.evaluate(&[("this", this), ("now", self.now.clone())])
    }
}
