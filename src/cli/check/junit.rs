//! JUnit XML: one test case for each version compared, or for each finding against it.

use std::fmt::Write as _;

use super::folder::{Fate, FolderReport, JudgedSchema};
use super::outcome::{CheckOutcome, CheckProblem};

/// The report on one schema.
pub(super) fn print(outcome: &CheckOutcome) -> String {
    document("accordant check", &[suite(outcome)])
}

/// The report on many: a suite for each schema that was looked at anew.
pub(super) fn print_all(report: &FolderReport) -> String {
    let mut suites = Vec::new();
    for judged in &report.schemas {
        let failure = |message: &str, rule: &str| format!("<failure message=\"{}\" type=\"{rule}\"/>", escape(message));
        suites.push(match &judged.fate {
            Fate::Compared(outcome) => suite(outcome),
            Fate::Invalid(error) => single(judged, "is a schema", &failure(&error.to_string(), "INVALID_SCHEMA")),
            Fate::New => single(judged, "is the first version", ""),
            Fate::Unchanged => single(judged, "is unchanged", ""),
            Fate::Removed if report.is_refused_removal(judged) => {
                single(judged, "is still there", &failure(&judged.verdict(), "REMOVED_SCHEMA"))
            }
            Fate::Removed => single(judged, "is still there", "<skipped message=\"it is gone\"/>"),
        });
    }
    document("accordant check", &suites)
}

/// A suite, and how many cases of it there are, failed and were skipped.
pub(in crate::cli) struct Suite {
    pub(in crate::cli) text: String,
    pub(in crate::cli) tests: usize,
    pub(in crate::cli) failures: usize,
    pub(in crate::cli) skipped: usize,
}

pub(in crate::cli) fn counts(tests: usize, failures: usize, skipped: usize) -> String {
    format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" skipped=\"{skipped}\" time=\"0\"")
}

pub(in crate::cli) fn document(name: &str, suites: &[Suite]) -> String {
    let sum = |count: fn(&Suite) -> usize| suites.iter().map(count).sum::<usize>();
    let counts = counts(sum(|suite| suite.tests), sum(|suite| suite.failures), sum(|suite| suite.skipped));
    let text: String = suites.iter().map(|suite| suite.text.as_str()).collect();
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"{name}\" {counts}>\n{text}</testsuites>\n")
}

/// A suite of one case.
fn single(judged: &JudgedSchema, what: &str, inner: &str) -> Suite {
    let (name, file) = (escape(&judged.name), escape(&judged.location));
    let head =
        format!("    <testcase name=\"{name} {what}\" classname=\"accordant.check\" file=\"{file}\" line=\"1\" time=\"0\"");
    let case = if inner.is_empty() { format!("{head}/>") } else { format!("{head}>{inner}</testcase>") };
    let (failures, skipped) = (usize::from(inner.starts_with("<failure")), usize::from(inner.starts_with("<skipped")));
    let counts = counts(1, failures, skipped);
    Suite { text: format!("  <testsuite name=\"{name}\" {counts}>\n{case}\n  </testsuite>\n"), tests: 1, failures, skipped }
}

fn suite(outcome: &CheckOutcome) -> Suite {
    let mut cases = String::new();
    let (mut tests, mut skipped) = (0_usize, 0_usize);
    let class = format!("accordant.check.{}", outcome.level);
    let mut case = |name: &str, line: u32, inner: &str| {
        tests += 1;
        let (name, file) = (escape(name), escape(&outcome.new.input.location));
        let head = format!("    <testcase name=\"{name}\" classname=\"{class}\" file=\"{file}\" line=\"{line}\" time=\"0\"");
        // a String takes everything
        let _ = if inner.is_empty() { writeln!(cases, "{head}/>") } else { writeln!(cases, "{head}>{inner}</testcase>") };
    };
    let new = outcome.new.name();
    for problem in &outcome.problems {
        let old = outcome.version(problem.version).map_or_else(|| "metadata".to_owned(), |side| side.name().to_owned());
        let path = problem.finding.as_ref().map(|finding| format!(" at {}", finding.path)).unwrap_or_default();
        let position = problem.finding.as_ref().and_then(|finding| finding.new.as_ref()).and_then(|place| place.position);
        let name = format!("{new} against {old}: {}{path}", problem.rule);
        case(&name, position.map_or(1, |at| at.line), &failure(outcome, problem));
    }
    let failed = |version| outcome.problems.iter().any(|problem| problem.version == Some(version));
    for (index, side) in outcome.earlier.iter().enumerate() {
        if index >= outcome.compared {
            skipped += 1;
            let why = "not compared: the level does not ask for it, or a newer version has findings";
            case(&format!("{new} against {}", side.name()), 1, &format!("<skipped message=\"{why}\"/>"));
        } else if !failed(side.version) {
            case(&format!("{new} against {}", side.name()), 1, "");
        }
    }
    if outcome.earlier.is_empty() && outcome.problems.is_empty() {
        case(&format!("{new} is the first version"), 1, "");
    }
    let counts = counts(tests, outcome.problems.len(), skipped);
    let mut lines: Vec<String> = outcome.notes.iter().map(|note| format!("{}: {}", note.rule, note.message)).collect();
    lines.push(outcome.verdict());
    let said = escape(&lines.join("\n")).replace("&#10;", "\n");
    let text =
        format!("  <testsuite name=\"{}\" {counts}>\n{cases}    <system-out>{said}</system-out>\n  </testsuite>\n", escape(new));
    Suite { text, tests, failures: outcome.problems.len(), skipped }
}

fn failure(outcome: &CheckOutcome, problem: &CheckProblem) -> String {
    let mut text = String::new();
    if let Some(finding) = &problem.finding {
        let sides = [(Some(&outcome.new), &finding.new, "new"), (outcome.version(problem.version), &finding.old, "old")];
        for (side, place, which) in sides {
            if let (Some(side), Some(at)) = (side, place.as_ref().and_then(|place| place.position)) {
                let _ = writeln!(text, "{which}: {}:{}:{}", side.name(), at.line, at.column);
            }
        }
        let _ = writeln!(text, "{}", finding.explanation);
        if !finding.remedy.is_empty() {
            let _ = writeln!(text, "{}", finding.remedy);
        }
        if let Some(example) = &finding.counter_example {
            let _ = writeln!(text, "For example: {example}");
        }
    }
    let text = escape(&text).replace("&#10;", "\n");
    format!("<failure message=\"{}\" type=\"{}\">{text}</failure>", escape(&problem.message), problem.rule)
}

/// For attributes and text alike; what XML can't hold is replaced.
pub(in crate::cli) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\r' => out.push_str("&#13;"),
            '\t' => out.push_str("&#9;"),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn what_xml_can_not_hold_is_replaced() {
        assert_eq!(escape("a<b>&\"c\"\n\u{1b}[1m"), "a&lt;b&gt;&amp;&quot;c&quot;&#10;\u{fffd}[1m");
    }
}
