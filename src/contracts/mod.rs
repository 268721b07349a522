//! RING 0: data contracts. Rules of a rule set, and those that stand in a schema, are held to its types and run on data.
//!
//! - `cel`: the language of expressions
//! - `data`: data as values of expressions, and back; `tags`: which tags a field has
//! - `rule`: one rule, ready to run; `fields`: rules about fields; `inline`: rules that stand in the schema; `jsonata`: rules of JSONATA
//! - [`run`]: all rules of one phase on one piece of data, with a `report`; [`check`]: what can't be right about the rules themselves;
//!   [`vacuous`]: conditions that say nothing, as far as samples tell (`sampled`)
//!
//! What Confluent's clients do decides. Where they differ from each other, it is what the Python client does.

mod cel;
mod check;
mod data;
mod fields;
mod inline;
mod jsonata;
mod report;
mod rule;
mod run;
mod sampled;
mod tags;

pub use self::cel::{MAX_EXPRESSION_BYTES, MAX_EXPRESSION_DEPTH};
pub use self::check::{RuleIssue, check};
pub use self::data::{open, opened, print};
pub use self::jsonata::{Jsonata, JsonataError, needs_jsonata};
pub use self::report::{Outcome, RuleFailure, RuleReport, RunReport};
pub use self::run::{Phase, RunOptions, run};
pub use self::sampled::{LINT_RULES, SAMPLES, vacuous};

/// Reads an expression and evaluates it without data, for fuzzing.
pub fn exercise(text: &str) {
    let limit = crate::schema::meter::Allowance { work: 200_000, memory: 8 << 20 };
    let _ = crate::schema::meter::within(limit, || {
        if let Ok(program) = cel::Program::compile(text) {
            let shapes = crate::schema::typed::Shapes::default();
            let _ = program.check(&shapes, &[("this", cel::KnownType::Any)]);
            let _ = program.evaluate(&[("this", cel::CelValue::string("text"))]);
        }
    });
}
