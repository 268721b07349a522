//! `compatibilityPolicy` = `LOGICAL`: what table engines say, beside what the format says.
//!
//! A candidate that has no logical type, or one that an engine can't hold, is refused at every level, also as the first version. With
//! earlier versions it is compared as the level says; those without a logical type are left out, because what can't be helped any more
//! must not stop a new version.

use std::collections::HashMap;

use super::report::{Candidate, CompatibilityReport, CompatibilitySettings, Previous, Reason, ReasonSource};
use crate::schema::logical::{self, Engine, LogicalType, Violation, Violations};
use crate::schema::meter::{self, Exhausted};
use crate::schema::{CheckError, Direction, Finding, Parsed, Place};
use crate::types::Metadata;

/// The rule of a candidate that has no logical type.
pub const NO_LOGICAL_TYPE: &str = "NO_LOGICAL_TYPE";

fn logical_type(schema: &Parsed, metadata: Option<&Metadata>) -> Result<LogicalType, String> {
    schema.logical_type(metadata).map_err(|error| error.message)
}

/// Runs a judgement within what a check may cost.
fn within<T: Send>(rules: &CompatibilitySettings, work: impl FnOnce() -> Result<T, Exhausted> + Send) -> Result<T, CheckError> {
    let limit = rules.work_budget;
    let exhausted = CheckError::BudgetExhausted { limit };
    meter::with_limit(limit, || logical::on_stack(work)).and_then(Result::ok).ok_or(exhausted)
}

/// Whether each engine can hold the candidate. When it has no logical type at all, there is nothing to compare either.
///
/// # Errors
/// When the work budget runs out.
pub fn validity(candidate: Candidate<'_>, rules: &CompatibilitySettings) -> Result<(CompatibilityReport, bool), CheckError> {
    let judged = within(rules, || {
        let ty = match logical_type(candidate.schema, candidate.metadata) {
            Ok(ty) => ty,
            Err(message) => return Ok(Err(message)),
        };
        let judge = |engine| logical::validate(engine, &ty).map(|found| (engine, found));
        Engine::ALL.into_iter().map(judge).collect::<Result<Vec<_>, _>>().map(Ok)
    })?;
    let mut report = CompatibilityReport::default();
    let judged = match judged {
        Ok(judged) => judged,
        Err(reason) => {
            let message = format!("Schema cannot be represented as a logical type: {reason}");
            report.messages.push(message.clone());
            let explanation = "Flink and Iceberg find no columns in the schema.".to_owned();
            let remedy = "Leave out what the message names, or take another policy than LOGICAL.".to_owned();
            let finding = Finding { rule: NO_LOGICAL_TYPE, message, explanation, remedy, ..Finding::default() };
            report.reasons.push(Reason { version: None, source: ReasonSource::Logical, finding });
            return Ok((report, false));
        }
    };
    for (engine, found) in judged.iter().filter(|(_, found)| !found.list.is_empty()) {
        let head = format!("Logical validity ({engine}): ");
        report.messages.push(format!("{head}{}", found.text()));
        let places = DeclarationPlaces::of(candidate.schema, found.list.iter().map(|violation| violation.reader_at));
        for violation in &found.list {
            let new = places.get(violation.reader_at);
            let finding = Finding { new, ..finding(*engine, &head, violation) };
            report.reasons.push(Reason { version: None, source: ReasonSource::Logical, finding });
        }
    }
    Ok((report, true))
}

/// What each engine says about the change from one earlier version, in the directions of the level.
///
/// # Errors
/// When the work budget runs out.
pub fn compare_logical(
    candidate: Candidate<'_>,
    previous: &Previous<'_>,
    rules: &CompatibilitySettings,
) -> Result<CompatibilityReport, CheckError> {
    let level = rules.level;
    let wanted = [(level.checks_backward(), Direction::Backward), (level.checks_forward(), Direction::Forward)];
    let directions: Vec<Direction> = wanted.into_iter().filter(|(wanted, _)| *wanted).map(|(_, direction)| direction).collect();
    let mut report = CompatibilityReport::default();
    if directions.is_empty() {
        return Ok(report);
    }
    let compared = within(rules, || {
        let (Ok(new), Ok(old)) =
            (logical_type(candidate.schema, candidate.metadata), logical_type(previous.schema, previous.metadata))
        else {
            return Ok(Vec::new());
        };
        let mut compared = Vec::new();
        for direction in directions {
            let (writer, reader) = match direction {
                Direction::Backward => (&old, &new),
                Direction::Forward => (&new, &old),
            };
            for engine in Engine::ALL {
                compared.push((direction, engine, logical::compare(engine, writer, reader)?));
            }
        }
        Ok(compared)
    })?;
    for (direction, engine, found) in compared.iter().filter(|(_, _, found)| !found.list.is_empty()) {
        let word = match direction {
            Direction::Backward => "backward",
            Direction::Forward => "forward",
        };
        let head = format!("Logical compatibility ({engine}, {word}): ");
        report.messages.push(format!("{head}{}", found.text()));
        report.reasons.extend(reasons(candidate.schema, previous, (*direction, *engine, &head), found));
    }
    Ok(report)
}

fn reasons(
    candidate: &Parsed,
    previous: &Previous<'_>,
    (direction, engine, head): (Direction, Engine, &str),
    found: &Violations,
) -> Vec<Reason> {
    let sides = |violation: &Violation| match direction {
        Direction::Backward => (violation.reader_at, violation.writer_at),
        Direction::Forward => (violation.writer_at, violation.reader_at),
    };
    let in_new = DeclarationPlaces::of(candidate, found.list.iter().map(|violation| sides(violation).0));
    let in_old = DeclarationPlaces::of(previous.schema, found.list.iter().map(|violation| sides(violation).1));
    let reason = |violation: &Violation| {
        let (new, old) = sides(violation);
        let (new, old) = (in_new.get(new), in_old.get(old));
        let finding = Finding { new, old, ..finding(engine, head, violation) };
        Reason { version: Some(previous.version), source: ReasonSource::Logical, finding }
    };
    found.list.iter().map(reason).collect()
}

fn finding(engine: Engine, head: &str, violation: &Violation) -> Finding {
    let (explanation, remedy) = violation.rule.explain(engine.title());
    Finding {
        rule: violation.rule.as_str(),
        path: violation.path.clone(),
        message: format!("{head}{violation}"),
        explanation,
        remedy: remedy.to_owned(),
        engine: Some(engine.as_str()),
        ..Finding::default()
    }
}

/// Where declarations stand in a text.
struct DeclarationPlaces(HashMap<u32, Place>);

impl DeclarationPlaces {
    fn of(schema: &Parsed, offsets: impl Iterator<Item = Option<u32>>) -> Self {
        let mut offsets: Vec<u32> = offsets.flatten().collect();
        offsets.sort_unstable();
        offsets.dedup();
        Self(if offsets.is_empty() { HashMap::new() } else { schema.places(&offsets) })
    }

    fn get(&self, offset: Option<u32>) -> Option<Place> {
        offset.and_then(|offset| self.0.get(&offset)).cloned()
    }
}
