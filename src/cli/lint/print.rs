//! The report for people, for programs and for GitHub Actions.

use serde_json::{Value, json as object};
use std::fmt::Write as _;

use super::report::{LintReport, LintViolation, Linted};
use crate::cli::check::style::{self, styled, without_controls};
use crate::cli::check::{Annotation, excerpt};
use crate::schema::Position;
use crate::schema::lint::Severity;

fn word(severity: Severity) -> &'static str {
    if severity == Severity::Error { "error" } else { "warning" }
}

/// Each finding with its place, why it matters and what helps; the sum last.
pub(super) fn human(report: &LintReport) -> String {
    let mut out = String::new();
    for linted in &report.schemas {
        if let Some(error) = &linted.error {
            let _ = writeln!(out, "{}", styled(style::ERROR, "error[INVALID_SCHEMA]"));
            let _ = writeln!(out, "  {}", without_controls(&error.message).replace('\n', "\n  "));
            place(&mut out, linted, error.at.filter(|_| error.file.as_ref() == Some(&linted.name)));
            out.push('\n');
        }
        for found in &linted.findings {
            let style = if found.severity == Severity::Error { style::ERROR } else { style::NOTE };
            let title = styled(style, &format!("{}[{}]", word(found.severity), found.rule.id));
            let _ = writeln!(out, "{title}: {}", without_controls(&found.finding.message));
            place(&mut out, linted, found.finding.position);
            for (name, text) in [("why", found.rule.why), ("fix", found.rule.fix)] {
                let _ = writeln!(out, "  {} {text}", styled(style::FRAME, &format!("= {name}:")));
            }
            out.push('\n');
        }
    }
    let style = if report.is_refused(false) { style::ERROR } else { style::GOOD };
    out.push_str(&styled(style, &report.verdict()));
    out.push('\n');
    out
}

fn place(out: &mut String, linted: &Linted, at: Option<Position>) {
    let name = without_controls(&linted.name);
    let Some(at) = at else {
        let _ = writeln!(out, " {} {name}", styled(style::FRAME, " -->"));
        return;
    };
    let _ = writeln!(out, " {} {name}:{}:{}", styled(style::FRAME, " -->"), at.line, at.column);
    let Some(shown) = linted.schema_type.and_then(|schema_type| excerpt(schema_type, &linted.text, at)) else { return };
    let number = at.line.to_string();
    let frame = |number: &str| styled(style::FRAME, &format!("  {number} |"));
    let _ = writeln!(out, " {} {}", frame(&number), shown.line);
    let carets = styled(style::ERROR, &"^".repeat(shown.carets));
    let _ = writeln!(out, " {} {}{carets}", frame(&" ".repeat(number.len())), shown.lead);
}

pub(super) fn json(report: &LintReport) -> String {
    let finding = |found: &LintViolation| {
        let mut out = object!({
            "rule": found.rule.id,
            "severity": word(found.severity),
            "path": found.finding.path,
            "message": found.finding.message,
            "why": found.rule.why,
            "fix": found.rule.fix,
            "fixable": found.finding.edit.is_some(),
        });
        if let (Some(at), Some(map)) = (found.finding.position, out.as_object_mut()) {
            map.insert("line".to_owned(), at.line.into());
            map.insert("column".to_owned(), at.column.into());
        }
        out
    };
    let schema = |linted: &Linted| {
        let mut out = object!({
            "file": linted.name,
            "valid": linted.error.is_none(),
            "findings": linted.findings.iter().map(finding).collect::<Vec<Value>>(),
            "repaired": linted.repaired,
        });
        if let (Some(error), Some(map)) = (&linted.error, out.as_object_mut()) {
            map.insert("error".to_owned(), error.to_string().into());
        }
        out
    };
    let out = object!({
        "errors": report.count(Severity::Error),
        "warnings": report.count(Severity::Warn),
        "schemas": report.schemas.iter().map(schema).collect::<Vec<Value>>(),
    });
    format!("{}\n", serde_json::to_string_pretty(&out).unwrap_or_default())
}

pub(super) fn github(report: &LintReport) -> String {
    let mut out = String::new();
    for linted in &report.schemas {
        let file = &linted.location;
        if let Some(error) = &linted.error {
            let (message, at) = linted.own_error(error);
            Annotation { command: "error", file, at, end_column: None, title: "INVALID_SCHEMA", message: &message }
                .print(&mut out);
        }
        for found in &linted.findings {
            let message = format!("{}\n{}\n{}", found.finding.message, found.rule.why, found.rule.fix);
            let (command, at) = (word(found.severity), found.finding.position);
            Annotation { command, file, at, end_column: None, title: found.rule.id, message: &message }.print(&mut out);
        }
    }
    out.push_str(&report.verdict());
    out.push('\n');
    out
}
