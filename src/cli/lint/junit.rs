//! JUnit XML: a suite for each schema, a test case for each finding.

use std::fmt::Write as _;

use super::report::{LintReport, Linted};
use crate::cli::check::junit::{Suite, counts, document, escape};
use crate::schema::lint::Severity;

/// `deny_warnings`: warnings are failures too, not only said.
pub(super) fn print(report: &LintReport, deny_warnings: bool) -> String {
    let suites: Vec<Suite> = report.schemas.iter().map(|linted| suite(linted, deny_warnings)).collect();
    document("accordant lint", &suites)
}

fn suite(linted: &Linted, deny_warnings: bool) -> Suite {
    let (name, file) = (escape(&linted.name), escape(&linted.location));
    let (mut cases, mut tests, mut failures) = (String::new(), 0, 0);
    let mut case = |what: &str, line: u32, inner: &str| {
        tests += 1;
        failures += usize::from(inner.starts_with("<failure"));
        let head =
            format!("<testcase name=\"{name} {what}\" classname=\"accordant.lint\" file=\"{file}\" line=\"{line}\" time=\"0\"");
        // a String takes everything
        let _ = if inner.is_empty() { writeln!(cases, "    {head}/>") } else { writeln!(cases, "    {head}>{inner}</testcase>") };
    };
    if let Some(error) = &linted.error {
        let (text, at) = linted.own_error(error);
        let inner = format!("<failure message=\"{}\" type=\"INVALID_SCHEMA\"/>", escape(&text));
        case("is a schema", at.map_or(1, |at| at.line), &inner);
    }
    for found in &linted.findings {
        let (rule, message) = (found.rule, escape(&found.finding.message));
        let said = escape(&format!("{}\n{}", rule.why, rule.fix)).replace("&#10;", "\n");
        let inner = if found.severity == Severity::Error || deny_warnings {
            format!("<failure message=\"{message}\" type=\"{}\">{said}</failure>", rule.id)
        } else {
            format!("<system-out>warning: {message}\n{said}</system-out>")
        };
        let path = &found.finding.path;
        let what = if path.is_empty() { rule.id.to_owned() } else { format!("{} at {}", rule.id, escape(path)) };
        case(&what, found.finding.position.map_or(1, |at| at.line), &inner);
    }
    if linted.error.is_none() && linted.findings.is_empty() {
        case("is fine", 1, "");
    }
    let counts = counts(tests, failures, 0);
    Suite { text: format!("  <testsuite name=\"{name}\" {counts}>\n{cases}  </testsuite>\n"), tests, failures, skipped: 0 }
}
