//! Rules of type JSONATA. What evaluates them is handed in: an expression is a program, and runs where it can do no harm.

use std::fmt;

use super::cel::{CelValue, EvaluationStop};
use super::rule::{JSONATA, type_of};
use crate::schema::json::{self, JsonKind, ReadOptions};
use crate::schema::meter::{self, Exhausted};
use crate::schema::typed::Typed;
use crate::types::RuleSet;

/// Why there is no result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JsonataError {
    /// The expression can't be read, or has no value for this data.
    Wrong(String),
    /// It takes more time or memory than it may.
    Stopped(&'static str),
    /// Nothing can be evaluated now.
    Unavailable(String),
}

/// What evaluates expressions of JSONATA.
pub trait Jsonata: fmt::Debug {
    /// The value of an expression for some data, both as JSON; nothing where it is undefined.
    ///
    /// # Errors
    /// There is no value, for one of three reasons.
    fn evaluate(&self, expression: &str, data: &str) -> Result<Option<String>, JsonataError>;

    /// What is wrong with each of some expressions, in their order; nothing where it can be read.
    ///
    /// # Errors
    /// It can't be told.
    fn check(&self, expressions: &[&str]) -> Result<Vec<Option<String>>, JsonataError>;
}

/// Whether there is a rule among these that takes an engine.
pub fn needs_jsonata(rule_set: Option<&RuleSet>) -> bool {
    rule_set.into_iter().flat_map(RuleSet::rules).any(|rule| type_of(rule) == JSONATA)
}

/// The largest whole number that JSONATA, which knows numbers of floating point alone, hands on unchanged: 2^53.
const MAX_EXACT: u64 = 1 << 53;

/// Whether each number in some data is the same as a number of JSONATA.
pub(super) fn is_exact(data: &Typed) -> bool {
    match data {
        Typed::Int(value) => value.unsigned_abs() <= MAX_EXACT,
        Typed::Uint(value) => *value <= MAX_EXACT,
        Typed::Branch(_, inner) => is_exact(inner),
        Typed::List(items) => items.iter().all(is_exact),
        Typed::Map(entries) => entries.iter().all(|(_, value)| is_exact(value)),
        Typed::Record(record) => {
            record.values.iter().flatten().all(is_exact) && record.others.iter().all(|(_, value)| is_exact(value))
        }
        // a text, or a number as it was written
        Typed::Opaque(_, text) => text.starts_with('"') || text.len() < 16,
        _ => true,
    }
}

/// A result as a value.
pub(super) fn value_of(text: &str) -> Result<CelValue, EvaluationStop> {
    // a process with bounds wrote it; data is nested no deeper where it is read
    let options = ReadOptions { comments: false, replace_lone_surrogates: true, max_depth: 256 };
    let read =
        json::read(text, options).map_err(|error| EvaluationStop::Error { at: 0, message: format!("its value: {error}") })?;
    Ok(of_json(&read)?)
}

/// Recursion is bounded by the depth of what was read.
fn of_json(json: &json::Value) -> Result<CelValue, Exhausted> {
    meter::charge(1)?;
    let value = match &json.kind {
        JsonKind::Null => CelValue::Null,
        JsonKind::Bool(value) => CelValue::Bool(*value),
        JsonKind::Number(text) => match text.parse::<i64>() {
            Ok(whole) => CelValue::Int(whole),
            Err(_) => CelValue::Double(text.parse().unwrap_or(f64::NAN)),
        },
        JsonKind::String(text) => CelValue::string(text),
        JsonKind::Array(items) => CelValue::list(items.iter().map(of_json).collect::<Result<_, _>>()?),
        JsonKind::Object(object) => {
            let pair = |member: &json::Member| Ok::<_, Exhausted>((CelValue::string(&member.key), of_json(&member.value)?));
            CelValue::Map(std::sync::Arc::new(object.members().iter().map(pair).collect::<Result<_, _>>()?))
        }
    };
    meter::reserve(value.weight())?;
    Ok(value)
}
