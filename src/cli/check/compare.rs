//! From schemas to an outcome: the server's own check, and the second opinion beside it.

use super::input_error::InputError;
use super::loaded_schema::LoadedSchema;
use super::outcome::{Note, Outcome, Problem};
use crate::compat::{self, Candidate, Previous, Report, Rules};
use crate::schema::{CheckError, Finding};
use crate::types::{CompatibilityLevel, Version};

/// Compares; `earlier` is newest first.
pub(super) fn compare(new: LoadedSchema, earlier: Vec<LoadedSchema>, rules: &Rules) -> Result<Outcome, InputError> {
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
    let stopped = stopped_at(&report, &new, &earlier, rules.level);
    let compared = match rules.level {
        CompatibilityLevel::None => 0,
        level => stopped.map_or(compat::compared(level, earlier.len()), |at| at + 1),
    };
    let problems = problems(&report, stopped.and_then(|at| earlier.get(at)).map(|side| side.version));
    let notes = earlier.first().filter(|_| compared > 0).map(|old| notes(&new, old, rules.level, report.is_compatible()));
    Ok(Outcome {
        level: rules.level,
        new,
        compared,
        messages: report.messages,
        problems,
        notes: notes.unwrap_or_default(),
        earlier,
    })
}

/// Index of the version at which the comparison ended with a no.
fn stopped_at(report: &Report, new: &LoadedSchema, earlier: &[LoadedSchema], level: CompatibilityLevel) -> Option<usize> {
    if level == CompatibilityLevel::None {
        return None;
    }
    let looked_at = earlier.iter().take(compat::compared(level, earlier.len()));
    match report.findings.first() {
        Some((version, _)) => looked_at.clone().position(|side| side.version == *version),
        None => looked_at.clone().position(|side| side.parsed.schema_type() != new.parsed.schema_type()),
    }
}

/// Findings, and what the policy above the formats says; the entries that only repeat texts and settings are left out.
fn problems(report: &Report, stopped: Option<Version>) -> Vec<Problem> {
    let mut findings = report.findings.iter().peekable();
    let mut out = Vec::new();
    for message in &report.messages {
        if let Some((version, finding)) = findings.next_if(|(_, finding)| finding.message == *message) {
            let (version, finding) = (Some(*version), Some(finding.clone()));
            let rule = finding.as_ref().map_or("", |finding| finding.rule);
            out.push(Problem { rule, message: message.clone(), version, finding });
            continue;
        }
        let (rule, version) = match message.as_str() {
            text if text.starts_with("Incompatible because of different") => ("DIFFERENT_SCHEMA_TYPE", stopped),
            text if text.starts_with("The new schema has reserved field") => ("RESERVED_FIELD_REMOVED", None),
            text if text.starts_with("The new schema has field that conflicts") => ("RESERVED_FIELD_CONFLICT", None),
            _ => continue,
        };
        out.push(Problem { rule, message: message.clone(), version, finding: None });
    }
    out
}

/// What JSON Schemas mean, beside what the rules say.
fn notes(new: &LoadedSchema, old: &LoadedSchema, level: CompatibilityLevel, compatible: bool) -> Vec<Note> {
    let found = compat::notes((&new.parsed, &old.parsed), (new.name(), old.name()), level, compatible);
    let note = |finding: Finding| {
        let message = format!("{} {}", finding.explanation, finding.remedy).trim().to_owned();
        Note { rule: finding.rule, message, new: finding.new, example: finding.counter_example }
    };
    found.into_iter().map(note).collect()
}
