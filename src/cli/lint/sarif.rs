//! SARIF 2.1.0, for code scanning.

use super::report::LintReport;
use crate::cli::check::end_column;
use crate::cli::check::sarif::{Run, SarifRule};
use crate::schema::lint::Severity;

pub(super) fn print(report: &LintReport) -> String {
    let mut run = Run::of("accordant lint");
    for linted in &report.schemas {
        if let Some(error) = &linted.error {
            let (text, at) = linted.own_error(error);
            run.result(SarifRule { id: "INVALID_SCHEMA", help: None }, "error", &text, &linted.location, at.map(|at| (at, None)));
        }
        for found in &linted.findings {
            let rule = SarifRule { id: found.rule.id, help: Some((found.rule.why, found.rule.fix)) };
            let level = if found.severity == Severity::Error { "error" } else { "warning" };
            let end = |at| linted.schema_type.and_then(|schema_type| end_column(schema_type, &linted.text, at));
            let at = found.finding.position.map(|at| (at, end(at)));
            run.result(rule, level, &found.finding.message, &linted.location, at);
        }
    }
    run.print()
}
