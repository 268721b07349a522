//! Reports for people.

use std::fmt::Write as _;

use serde_json::Value;

use crate::cli::check::excerpt;
use crate::cli::check::style::{self, styled, without_controls};
use crate::schema::Position;
use crate::types::SchemaType;

/// A report as text; `text` is the event when places count in it.
pub(super) fn print(report: &Value, name: &str, text: Option<&str>, is_data_checked: bool) -> String {
    let mut out = String::new();
    let mut count = 0;
    if let Some(events) = report.get("events").and_then(Value::as_array) {
        count += issues(&mut out, report, name, text);
        for event in events {
            let name = format!("{name}[{}]", event.get("index").and_then(Value::as_u64).unwrap_or(0));
            count += issues(&mut out, event, &name, text);
        }
    } else {
        count += issues(&mut out, report, name, text);
    }
    let valid = report.get("valid").and_then(Value::as_bool) == Some(true);
    let verdict = match (valid, count) {
        (true, _) if !is_data_checked => format!("{name} has a valid envelope; its data was not checked"),
        (true, _) => format!("{name} is valid"),
        (false, 1) => format!("{name} is not valid: 1 error"),
        (false, count) => format!("{name} is not valid: {count} errors"),
    };
    // a String takes everything
    let _ = writeln!(out, "{}", styled(if valid { style::GOOD } else { style::ERROR }, &without_controls(&verdict)));
    out
}

/// Prints errors and warnings; says how many errors there are.
fn issues(out: &mut String, report: &Value, name: &str, text: Option<&str>) -> usize {
    let list = |key: &str| report.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    let errors = list("errors");
    for issue in &errors {
        one(out, issue, "error", style::ERROR, name, text);
    }
    for issue in &list("warnings") {
        one(out, issue, "warning", style::NOTE, name, text);
    }
    errors.len()
}

fn one(out: &mut String, issue: &Value, word: &str, style: &str, name: &str, text: Option<&str>) {
    let get = |key: &str| issue.get(key).and_then(Value::as_str);
    let about = match (get("attribute"), get("pointer")) {
        (Some(attribute), _) => format!(" in {attribute}"),
        (None, Some(pointer)) if !pointer.is_empty() => format!(" in data at {pointer}"),
        _ => String::new(),
    };
    let title = styled(style, &format!("{word}[{}]", without_controls(get("code").unwrap_or(""))));
    let _ = writeln!(out, "{title}{}", styled(style::BOLD, &without_controls(&about)));
    let _ = writeln!(out, "  {}", without_controls(get("message").unwrap_or("")).replace('\n', " "));
    let number = |key: &str| issue.get(key).and_then(Value::as_u64).and_then(|number| u32::try_from(number).ok());
    if let (Some(line), Some(column)) = (number("line"), number("column")) {
        let _ = writeln!(out, " {} {}:{line}:{column}", styled(style::FRAME, " -->"), without_controls(name));
        let at = Position { offset: 0, line, column };
        if let Some(found) = text.and_then(|text| excerpt(SchemaType::Json, text, at)) {
            let frame = |number: &str| styled(style::FRAME, &format!("  {number} |"));
            let number = line.to_string();
            let _ = writeln!(out, " {} {}", frame(&number), found.line);
            let carets = styled(style, &"^".repeat(found.carets));
            let _ = writeln!(out, " {} {}{carets}", frame(&" ".repeat(number.len())), found.lead);
        }
    }
    if let Some(rule) = get("schema_pointer") {
        let _ = writeln!(out, "  {} {}", styled(style::FRAME, "= rule:"), without_controls(rule));
    }
    if let Some(hint) = get("hint") {
        let _ = writeln!(out, "  {} {}", styled(style::FRAME, "= hint:"), without_controls(hint));
    }
    out.push('\n');
}
