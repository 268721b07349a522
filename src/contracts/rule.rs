//! One rule of the types that are run here, ready to run.

use super::cel::{CelValue, CompileError, EvaluationStop, KnownType, ParseError, Program};
use crate::schema::Position;
use crate::schema::typed::Shapes;
use crate::types::{Rule, RuleKind};

/// An expression with its guard: `guard ; expression`.
#[derive(Debug)]
pub(super) struct Guarded<'r> {
    text: &'r str,
    guard: Option<Program>,
    expr: Program,
    /// Where the expression begins in the text.
    offset: u32,
}

/// The result of a rule, before anybody asks what it means.
#[derive(Debug)]
pub(super) enum RuleAnswer {
    /// The guard does not let the data in.
    NotGuarded,
    Value(CelValue),
}

/// An error in an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ExprError {
    pub(super) position: Position,
    pub(super) message: String,
}

pub(super) enum CompileFailure {
    Wrong(ExprError),
    Exhausted,
}

impl<'r> Guarded<'r> {
    /// Reads the expression of a rule. Clients part it at the first semicolon, wherever that stands.
    pub(super) fn compile(text: &'r str) -> Result<Self, CompileFailure> {
        let (guard, expr) = text.split_once(';').map_or((None, text), |(guard, expr)| (Some(guard), expr));
        let offset = guard.map_or(0, |guard| u32::try_from(guard.len() + 1).unwrap_or(u32::MAX));
        let read = |part: &str, offset: u32| {
            Program::compile(part).map_err(|error| match error {
                CompileError::Parse(ParseError { at, message }) => {
                    CompileFailure::Wrong(ExprError { position: position(text, at.saturating_add(offset)), message })
                }
                CompileError::Exhausted => CompileFailure::Exhausted,
            })
        };
        let guard = guard.filter(|guard| !guard.trim().is_empty()).map(|guard| read(guard, 0)).transpose()?;
        Ok(Self { text, guard, expr: read(expr, offset)?, offset })
    }

    pub(super) fn has_guard(&self) -> bool {
        self.guard.is_some()
    }

    pub(super) fn answer(&self, variables: &[(&str, CelValue)]) -> Result<RuleAnswer, EvaluationStop> {
        if let Some(guard) = &self.guard
            && !guard.evaluate(variables)?.is_truthy()
        {
            return Ok(RuleAnswer::NotGuarded);
        }
        self.expr.evaluate(variables).map(RuleAnswer::Value).map_err(|stop| match stop {
            EvaluationStop::Error { at, message } => EvaluationStop::Error { at: at.saturating_add(self.offset), message },
            EvaluationStop::Unsupported { at, what } => EvaluationStop::Unsupported { at: at.saturating_add(self.offset), what },
            other => other,
        })
    }

    /// What can't be right about the expression, and the type of its value.
    pub(super) fn check(&self, shapes: &Shapes, variables: &[(&str, KnownType)]) -> (Vec<ExprError>, KnownType) {
        let mut found = Vec::new();
        let mut add = |issues: Vec<super::cel::TypeIssue>, offset: u32| {
            let error = |issue: super::cel::TypeIssue| ExprError {
                position: position(self.text, issue.at.saturating_add(offset)),
                message: issue.message,
            };
            found.extend(issues.into_iter().map(error));
        };
        if let Some(guard) = &self.guard {
            add(guard.check(shapes, variables).0, 0);
        }
        let (issues, known) = self.expr.check(shapes, variables);
        add(issues, self.offset);
        (found, known)
    }
}

pub(super) fn position(text: &str, at: u32) -> Position {
    Position::of(text, at as usize)
}

/// The type of rules that are expressions of JSONata.
pub(super) const JSONATA: &str = "JSONATA";

/// Types whose rules are run in this process.
pub(super) fn is_run(rule_type: &str) -> bool {
    matches!(rule_type, "CEL" | "CEL_FIELD")
}

pub(super) fn type_of(rule: &Rule) -> String {
    rule.rule_type.as_deref().unwrap_or("").to_uppercase()
}

pub(super) fn is_condition(rule: &Rule) -> bool {
    rule.kind == Some(RuleKind::Condition)
}

/// Whether a transform of fields does what another one does already: of two with the same tags clients run one.
pub(super) fn is_repeated(rule: &Rule, other: &Rule) -> bool {
    rule.tags.as_ref().is_some_and(|tags| !tags.is_empty())
        && !is_condition(rule)
        && (rule.kind, rule.mode, &rule.rule_type, &rule.tags) == (other.kind, other.mode, &other.rule_type, &other.tags)
}

/// What clients say when a condition is false.
pub(super) fn failure_text(rule: &Rule) -> String {
    let text = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    text(&rule.doc)
        .or_else(|| text(&rule.expr).map(|expr| format!("Rule expr failed: {expr}")))
        .unwrap_or_else(|| format!("Rule failed: {}", rule.name.as_deref().unwrap_or("")))
}
