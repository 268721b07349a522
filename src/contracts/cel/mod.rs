//! CEL, the language of conditions and transforms: read, checked against types, evaluated.
//!
//! Why it is written by hand: docs/adr/0009-cel-by-hand.md. In reading order: `lexer`, `parser`, `ast`; `value`, `operators`, `functions`
//! with `text`, `time`, `formats` and `pattern` (those of `matches`); `site`, `eval`; `check`.

mod ast;
mod check;
mod eval;
mod formats;
mod functions;
mod lexer;
mod operators;
mod parser;
mod pattern;
mod site;
mod text;
mod time;
mod value;

use self::ast::{Expr, ExprKind};
pub(super) use self::check::{KnownType, TypeIssue};
use self::eval::Eval;
pub use self::parser::{MAX_EXPRESSION_BYTES, MAX_EXPRESSION_DEPTH};
use self::pattern::Pattern;
use self::site::CompiledPatterns;
pub(super) use self::site::EvaluationStop;
pub(super) use self::time::{duration, print_timestamp, timestamp};
pub(super) use self::value::{CelValue, MessageValue};
use crate::schema::meter::{self, Exhausted, ReservedMemory};
use crate::schema::typed::Shapes;

/// An expression that can't be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ParseError {
    /// In bytes.
    pub(super) at: u32,
    pub(super) message: String,
}

impl ParseError {
    fn new(at: usize, message: impl Into<String>) -> Self {
        Self { at: u32::try_from(at).unwrap_or(u32::MAX), message: message.into() }
    }
}

/// An expression that is ready to be evaluated, with the patterns that are written in it.
#[derive(Debug)]
pub(super) struct Program {
    expr: Expr,
    patterns: CompiledPatterns,
    held: Vec<ReservedMemory>,
}

/// Why an expression is not ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum CompileError {
    Parse(ParseError),
    Exhausted,
}

impl From<Exhausted> for CompileError {
    fn from(_: Exhausted) -> Self {
        Self::Exhausted
    }
}

impl Program {
    /// Reads an expression.
    ///
    /// # Errors
    /// It can't be read, or the request has spent what it may.
    pub(super) fn compile(text: &str) -> Result<Self, CompileError> {
        meter::charge_for(text.len())?;
        let memory = meter::reserve_for_now(text.len().saturating_mul(64))?;
        let expr = parser::parse(text).map_err(CompileError::Parse)?;
        let mut program = Self { expr, patterns: CompiledPatterns::new(), held: vec![memory] };
        let mut written = Vec::new();
        collect_patterns(&program.expr, &mut written);
        for pattern in written {
            if !program.patterns.contains_key(&pattern) {
                program.held.push(meter::reserve_for_now(self::pattern::PATTERN_BYTES)?);
                let prepared = Pattern::prepare(&pattern)?;
                program.patterns.insert(pattern, prepared);
            }
        }
        Ok(program)
    }

    /// The value of the expression. Variables are found by their names, the first one counts.
    ///
    /// # Errors
    /// It has none.
    pub(super) fn evaluate(&self, variables: &[(&str, CelValue)]) -> Result<CelValue, EvaluationStop> {
        Eval::new(self, variables).run()
    }

    /// What can't be right about the expression with variables of these types, and the type of its value.
    pub(super) fn check(&self, shapes: &Shapes, variables: &[(&str, KnownType)]) -> (Vec<TypeIssue>, KnownType) {
        check::check(self, shapes, variables)
    }
}

fn collect_patterns(expr: &Expr, found: &mut Vec<String>) {
    if let ExprKind::Call { function, arguments, .. } = &expr.kind
        && &**function == "matches"
        && let Some(Expr { kind: ExprKind::Literal(CelValue::String(pattern)), .. }) = arguments.last()
    {
        found.push(pattern.to_string());
    }
    expr.for_each_child(&mut |child| collect_patterns(child, found));
}
