//! From schemas to an outcome: the server's own check, and the second opinion beside it.

use super::input_error::InputError;
use super::loaded_schema::LoadedSchema;
use super::outcome::{CheckOutcome, CheckProblem, Note};
use crate::compat::{self, Candidate, CompatibilitySettings, Previous, Reason, ReasonSource};
use crate::schema::{CheckError, Finding};
use crate::types::CompatibilityLevel;

/// Compares; `earlier` is newest first.
pub(in crate::cli) fn compare(
    new: LoadedSchema,
    earlier: Vec<LoadedSchema>,
    rules: &CompatibilitySettings,
) -> Result<CheckOutcome, InputError> {
    let previous: Vec<Previous<'_>> = earlier
        .iter()
        .map(|side| Previous {
            version: side.version,
            schema: &side.parsed,
            metadata: side.metadata.as_ref(),
            text: &side.stored,
        })
        .collect();
    let candidate = Candidate { schema: &new.parsed, metadata: new.metadata.as_ref() };
    let report = compat::check(candidate, &previous, rules).map_err(|CheckError::BudgetExhausted { limit }| {
        InputError::of(new.name(), format!("the comparison takes more than {limit} units of work; no verdict"))
    })?;
    let stopped = report.incompatible_version().and_then(|version| earlier.iter().position(|side| side.version == version));
    let compared = match rules.level {
        CompatibilityLevel::None => 0,
        level => stopped.map_or(compat::compared(level, earlier.len()), |at| at + 1),
    };
    let notes = earlier.first().filter(|_| compared > 0).map(|old| notes(&new, old, rules.level, report.is_compatible()));
    Ok(CheckOutcome {
        level: rules.level,
        new,
        compared,
        messages: report.messages,
        problems: report.reasons.into_iter().map(problem).collect(),
        notes: notes.unwrap_or_default(),
        earlier,
    })
}

/// A reason as a problem. Those of the policy above the formats have a message, but no place to show.
fn problem(reason: Reason) -> CheckProblem {
    let (rule, message) = (reason.finding.rule, reason.finding.message.clone());
    let finding = (reason.source != ReasonSource::Policy).then_some(reason.finding);
    CheckProblem { rule, message, version: reason.version, finding }
}

/// The second opinion on JSON Schemas: what they mean, beside what the rules say.
fn notes(new: &LoadedSchema, old: &LoadedSchema, level: CompatibilityLevel, compatible: bool) -> Vec<Note> {
    let found = compat::notes((&new.parsed, &old.parsed), (new.name(), old.name()), level, compatible);
    let note = |finding: Finding| {
        let message = format!("{} {}", finding.explanation, finding.remedy).trim().to_owned();
        Note { rule: finding.rule, message, new: finding.new, example: finding.counter_example }
    };
    found.into_iter().map(note).collect()
}
