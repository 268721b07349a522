//! From schemas to an outcome: the server's own check, and the second opinion beside it.

use super::outcome::{Note, Outcome, Problem};
use super::side::Side;
use super::trouble::Trouble;
use crate::compat::{self, Candidate, Previous, Report, Rules};
use crate::schema::json_schema::semantic::{self, Opinion};
use crate::schema::{CheckError, Parsed};
use crate::types::{CompatibilityLevel, Version};

/// Compares; `earlier` is newest first.
pub(super) fn judge(new: Side, earlier: Vec<Side>, rules: &Rules) -> Result<Outcome, Trouble> {
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
        Trouble::of(new.name(), format!("the comparison takes more than {limit} units of work; no verdict"))
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
fn stopped_at(report: &Report, new: &Side, earlier: &[Side], level: CompatibilityLevel) -> Option<usize> {
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
fn notes(new: &Side, old: &Side, level: CompatibilityLevel, compatible: bool) -> Vec<Note> {
    let (Parsed::Json(candidate), Parsed::Json(earlier)) = (&new.parsed, &old.parsed) else { return Vec::new() };
    let mut notes = Vec::new();
    let remark = |rule, message: String, example| Note { rule, message, new: None, example };
    let mut proven = true;
    if level.checks_backward() {
        let opinion = semantic::second_opinion(candidate, earlier);
        proven = opinion == Opinion::ProvenCompatible;
        let found = if proven { Vec::new() } else { semantic::warnings(candidate, earlier) };
        if compatible {
            let note = |finding: crate::schema::Finding| {
                let message = format!("{} {}", finding.explanation, finding.remedy);
                Note {
                    rule: finding.rule,
                    message: message.trim().to_owned(),
                    new: finding.new,
                    example: finding.counter_example,
                }
            };
            notes.extend(found.into_iter().map(note));
        } else if let Opinion::ProvenIncompatible { counter_example: Some(example) } = opinion {
            let message = format!("A document that is valid under {} and not under {}.", old.name(), new.name());
            notes.push(remark("SEMANTIC_COUNTER_EXAMPLE", message, Some(example)));
        }
    }
    if level.checks_forward() {
        let opinion = semantic::second_opinion(earlier, candidate);
        proven &= opinion == Opinion::ProvenCompatible;
        if let Opinion::ProvenIncompatible { counter_example } = opinion
            && (compatible || counter_example.is_some())
        {
            let message = format!("Not every document that is valid under {} is valid under {}.", new.name(), old.name());
            notes.push(remark("SEMANTIC_COUNTER_EXAMPLE", message, counter_example));
        }
    }
    if proven && !compatible {
        let message = "Every document of the writer is proven to be valid for the reader; the compatibility rules are stricter.";
        notes.push(remark("SEMANTIC_PROVEN_COMPATIBLE", message.to_owned(), None));
    }
    notes
}
