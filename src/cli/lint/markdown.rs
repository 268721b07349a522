//! Markdown for the comment of a pull request: a table, and behind it why and what helps.

use std::fmt::Write as _;

use super::report::{LintReport, LintViolation, Linted};
use crate::cli::check::excerpt;
use crate::cli::check::markdown::{block, code, text};
use crate::schema::lint::Severity;

/// `deny_warnings`: warnings are refused too.
pub(super) fn print(report: &LintReport, deny_warnings: bool) -> String {
    let mut out = format!("### {}\n", text(&report.verdict()));
    let shown = || report.schemas.iter().filter(|linted| linted.error.is_some() || !linted.findings.is_empty());
    if shown().next().is_none() {
        return out;
    }
    // a String takes everything
    let _ = writeln!(out, "\n| | Schema | |\n| --- | --- | --- |");
    for linted in shown() {
        let is_error = |found: &LintViolation| deny_warnings || found.severity == Severity::Error;
        let refused = linted.error.is_some() || linted.findings.iter().any(is_error);
        let mut what: Vec<String> = linted.findings.iter().map(|found| code(found.rule.id)).collect();
        what.dedup();
        what.extend(linted.error.as_ref().map(|error| format!("not valid: {}", text(&linted.own_error(error).0))));
        let sign = if refused { "❌" } else { "⚠️" };
        let _ = writeln!(out, "| {sign} | {} | {} |", code(&linted.name), what.join(", "));
    }
    for linted in shown().filter(|linted| !linted.findings.is_empty()) {
        let _ = write!(out, "\n<details><summary>{}</summary>\n", text(&linted.name));
        linted.findings.iter().for_each(|found| finding(&mut out, linted, found));
        out.push_str("\n</details>\n");
    }
    out
}

fn finding(out: &mut String, linted: &Linted, found: &LintViolation) {
    let place = if found.finding.path.is_empty() { String::new() } else { format!(" at {}", code(&found.finding.path)) };
    let _ = writeln!(out, "\n**{}**{place}: {}\n", found.rule.id, text(&found.finding.message));
    if let (Some(at), Some(schema_type)) = (found.finding.position, linted.schema_type) {
        let mut lines = format!("{}:{}:{}\n", linted.name.replace(char::is_control, "\u{fffd}"), at.line, at.column);
        if let Some(shown) = excerpt(schema_type, &linted.text, at) {
            let _ = writeln!(lines, "    {}\n    {}{}", shown.line, shown.lead, "^".repeat(shown.carets));
        }
        block(out, &lines);
        out.push('\n');
    }
    // these are our own texts, and Markdown
    let _ = writeln!(out, "{}\n\nFix: {}", found.rule.why, found.rule.fix);
}
