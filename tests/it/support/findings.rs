//! Findings as a text that a snapshot can hold: every part of each, and nothing escaped.

use std::fmt::Write as _;

use accordant::schema::{Finding, Place};

pub fn shown(findings: &[Finding]) -> String {
    let mut out = String::new();
    for finding in findings {
        writeln!(out, "{} at {}\n  {}", finding.rule, finding.path, finding.message).unwrap();
        for (side, place) in [("new", &finding.new), ("old", &finding.old)] {
            if let Some(Place { pointer, position }) = place {
                let position = position.map_or_else(|| "no position".to_owned(), |at| format!("{}:{}", at.line, at.column));
                writeln!(out, "  {side}: {pointer:?} {position}").unwrap();
            }
        }
        writeln!(out, "  why: {}\n  fix: {}", finding.explanation, finding.remedy).unwrap();
        if let Some(example) = &finding.counter_example {
            writeln!(out, "  for instance: {example}").unwrap();
        }
    }
    out
}
