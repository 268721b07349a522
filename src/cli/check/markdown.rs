//! Markdown for the comment of a pull request: a table, and behind it what each finding says.

use std::fmt::Write as _;

use super::excerpt::excerpt;
use super::folder::{Fate, FolderReport, JudgedSchema};
use super::loaded_schema::LoadedSchema;
use super::outcome::{CheckOutcome, CheckProblem};
use crate::schema::Place;

/// The report on one schema.
pub(super) fn print(outcome: &CheckOutcome) -> String {
    let mut out = format!("### {}\n", text(&outcome.verdict()));
    findings(&mut out, outcome);
    out
}

/// The report on many.
pub(super) fn print_all(report: &FolderReport) -> String {
    let mut out = format!("### {}\n\n", text(&report.verdict()));
    let shown: Vec<&JudgedSchema> = report.schemas.iter().filter(|judged| judged.word() != "unchanged").collect();
    if shown.is_empty() {
        return out;
    }
    // a String takes everything
    let _ = writeln!(out, "| | Schema | |\n| --- | --- | --- |");
    for judged in &shown {
        let refused = judged.is_refused() || report.is_refused_removal(judged);
        let sign = match judged.fate {
            _ if refused => "❌",
            Fate::Removed => "⚠️",
            _ => "✅",
        };
        let what = match &judged.fate {
            Fate::Compared(outcome) if !outcome.is_compatible() => {
                let rules: Vec<String> = outcome.problems.iter().map(|problem| code(problem.rule)).collect();
                format!("not compatible under {}: {}", outcome.level, rules.join(", "))
            }
            Fate::Invalid(error) => format!("not valid: {}", text(&error.message)),
            _ => judged.word().to_owned(),
        };
        let remarks = if judged.remarks.is_empty() { String::new() } else { format!(" ({})", text(&judged.remarks.join("; "))) };
        let _ = writeln!(out, "| {sign} | {} | {what}{remarks} |", code(&judged.name));
    }
    for outcome in report.outcomes().filter(|outcome| !outcome.is_compatible()) {
        let _ = write!(out, "\n<details><summary>{}</summary>\n", text(outcome.new.name()));
        findings(&mut out, outcome);
        out.push_str("\n</details>\n");
    }
    out
}

/// The findings alone.
pub(super) fn findings_of(outcome: &CheckOutcome) -> String {
    let mut out = String::new();
    findings(&mut out, outcome);
    out
}

fn findings(out: &mut String, outcome: &CheckOutcome) {
    for problem in &outcome.problems {
        finding(out, outcome, problem);
    }
}

fn finding(out: &mut String, outcome: &CheckOutcome, problem: &CheckProblem) {
    let Some(finding) = &problem.finding else {
        let _ = writeln!(out, "\n**{}**: {}", problem.rule, text(&problem.message));
        return;
    };
    let path = if finding.path.is_empty() { String::new() } else { format!(" at {}", code(&finding.path)) };
    let _ = writeln!(out, "\n**{}**{path}: {}\n", problem.rule, text(&finding.explanation));
    let mut lines = String::new();
    place(&mut lines, "new", &outcome.new, finding.new.as_ref());
    if let Some(old) = outcome.version(problem.version) {
        place(&mut lines, "old", old, finding.old.as_ref());
    }
    block(out, &lines);
    for (title, said) in [("Fix", finding.remedy.as_str()), ("For example", finding.counter_example.as_deref().unwrap_or(""))] {
        if !said.is_empty() {
            let said = if title == "Fix" { text(said) } else { code(said) };
            let _ = writeln!(out, "\n{title}: {said}");
        }
    }
}

fn place(lines: &mut String, which: &str, side: &LoadedSchema, place: Option<&Place>) {
    match place.and_then(|place| place.position) {
        Some(at) => {
            let _ = writeln!(lines, "{which} {}:{}:{}", one_line(side.name()), at.line, at.column);
            if let Some(found) = excerpt(side.parsed.schema_type(), &side.shown, at) {
                let _ = writeln!(lines, "    {}\n    {}{}", found.line, found.lead, "^".repeat(found.carets));
            }
        }
        None => {
            let _ = writeln!(lines, "{which} {}", one_line(side.name()));
        }
    }
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// A block of code that the text can't end.
pub(in crate::cli) fn block(out: &mut String, lines: &str) {
    let longest = lines.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let _ = write!(out, "{fence}text\n{lines}{fence}\n");
}

/// Code within a line, also within the cell of a table.
pub(in crate::cli) fn code(text: &str) -> String {
    let text = one_line(text).replace('|', "\\|");
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let pad = if longest > 0 { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// A text in which nothing is markup, a mention of somebody or a link.
pub(in crate::cli) fn text(text: &str) -> String {
    let mut out = String::new();
    for c in one_line(text).chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '@' => out.push_str("&#64;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' | '!' | '$' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{code, text};

    #[test]
    fn nothing_of_a_schema_is_markup() {
        assert_eq!(text("<b>@you|*x*\n[a](b)"), "&lt;b&gt;&#64;you\\|\\*x\\*\u{fffd}\\[a\\](b)");
        assert_eq!(code("a`b|c"), "`` a`b\\|c ``");
    }
}
