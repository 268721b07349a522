//! Conditions (`CHECK`) as expressions in CEL, which is what schemas carry (`confluent:rules`): letter by letter as Confluent writes them.
//!
//! - `expr`: a condition without the levels of the grammar that say nothing; `read`: how it is read
//! - `scope`: what names stand for, and the types of expressions; `sql_types`: the types that there are
//! - `condition_rules`, `operand_rules`: conditions that SQL allows and that can't hold as they are meant
//! - `emit`: the expression in CEL, with `predicates`, `columns`, `functions`, `special_functions` and `literals`
//! - `vocabulary`: the names of functions
//! - `cel`: types of CEL, and what its operators and functions take
//!
//! An expression in CEL can be far longer than its condition, because some functions write an argument several times: what is written is
//! charged.

mod cel;
mod columns;
mod condition_rules;
mod emit;
mod expr;
mod functions;
mod literals;
mod operand_rules;
mod predicates;
mod read;

mod scope;
mod special_functions;
mod sql_types;
mod vocabulary;

use self::emit::Emitter;
use self::expr::Expr;
pub(super) use self::scope::ConditionScope;
use super::tree::SyntaxNode;
use crate::schema::logical::error::ConversionError;
use crate::schema::meter::Exhausted;

type Result<T> = std::result::Result<T, ConditionError>;

/// Why a condition is refused.
#[derive(Debug)]
enum ConditionError {
    /// Where it stands, in bytes of the text, and what is wrong.
    At(usize, String),
    Other(ConversionError),
}

impl From<Exhausted> for ConditionError {
    fn from(exhausted: Exhausted) -> Self {
        Self::Other(exhausted.into())
    }
}

fn refused<T>(node: &SyntaxNode<'_>, message: impl Into<String>) -> Result<T> {
    Err(ConditionError::At(node.range().start, message.into()))
}

/// Levels of the grammar that a condition may nest.
const MAX_LEVELS: usize = 1024;

/// The condition in CEL. Must run where the stack is deep.
///
/// # Errors
/// The condition can't be held to data, in words for people.
pub(super) fn to_cel(
    condition: &SyntaxNode<'_>,
    scope: &ConditionScope<'_>,
    text: &str,
) -> std::result::Result<String, ConversionError> {
    translated(condition, scope).map_err(|refusal| match refusal {
        ConditionError::At(at, message) => {
            let before = text.get(..at).unwrap_or(text);
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
            ConversionError::new(format!("CHECK constraint at line {line}, col {column}: {message}"))
        }
        ConditionError::Other(error) => error,
    })
}

fn translated(condition: &SyntaxNode<'_>, scope: &ConditionScope<'_>) -> Result<String> {
    if !fits(condition, MAX_LEVELS) {
        return refused(
            condition,
            format!(
                "CHECK expression nesting depth exceeds {MAX_LEVELS} — simplify or break the constraint into smaller pieces. Deep nesting \
                 risks a stack overflow during validation."
            ),
        );
    }
    let expr = Expr::read(condition)?;
    condition_rules::check(&expr, scope)?;
    let mut emitter = Emitter::default();
    let mut out = String::new();
    emitter.native(&expr, scope, &mut out)?;
    match emitter.mismatch {
        Some(mismatch) => Err(ConditionError::Other(ConversionError::new(format!(
            "Emitted expression fails strict type-check. SQL: {}\n  Expr: {out}\n  {mismatch}",
            condition.text()
        )))),
        None => Ok(out),
    }
}

/// Whether nothing is nested deeper than so many levels.
fn fits(node: &SyntaxNode<'_>, levels: usize) -> bool {
    node.children().is_empty() || levels > 0 && node.children().iter().all(|child| fits(child, levels - 1))
}
