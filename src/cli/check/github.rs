//! Annotations of GitHub Actions: workflow commands, one line each.

use std::fmt::Write as _;

use super::excerpt::end_column;
use super::folder::{Fate, FolderReport};
use super::input_error::InputError;
use super::loaded_schema::LoadedSchema;
use super::outcome::CheckOutcome;
use crate::schema::{Place, Position};

/// What a command says and where it is shown.
pub(in crate::cli) struct Annotation<'a> {
    /// `error`, `warning` or `notice`.
    pub(in crate::cli) command: &'a str,
    pub(in crate::cli) file: &'a str,
    /// The place in it; without one it is shown at the first line.
    pub(in crate::cli) at: Option<Position>,
    /// Where the place ends, on the same line.
    pub(in crate::cli) end_column: Option<u32>,
    /// The rule.
    pub(in crate::cli) title: &'a str,
    /// The text, of several lines if need be.
    pub(in crate::cli) message: &'a str,
}

impl Annotation<'_> {
    /// Appends the command's line.
    pub(in crate::cli) fn print(&self, out: &mut String) {
        let (line, column) = self.at.map_or((1, 1), |at| (at.line, at.column));
        let end = self.end_column.map(|end| format!(",endColumn={end}")).unwrap_or_default();
        // a String takes everything
        let _ = writeln!(
            out,
            "::{} file={},line={line},col={column}{end},title={}::{}",
            self.command,
            property(self.file),
            property(self.title),
            data(self.message)
        );
    }
}

/// All findings, then the remarks, then the verdict as a line of the log.
pub(super) fn print(outcome: &CheckOutcome) -> String {
    let mut out = String::new();
    findings(&mut out, outcome);
    verdict(&mut out, &outcome.verdict());
    out
}

/// The same for many schemas, and a line of the log for each that is not as it was.
pub(super) fn print_all(report: &FolderReport) -> String {
    let mut out = String::new();
    for judged in &report.schemas {
        match &judged.fate {
            Fate::Compared(outcome) => findings(&mut out, outcome),
            Fate::Invalid(error) => {
                let is_own = error.file.as_ref() == Some(&judged.name);
                let at = error.at.filter(|_| is_own);
                let message = if is_own { error.message.clone() } else { error.to_string() };
                let file = &judged.location;
                Annotation { command: "error", file, at, end_column: None, title: "INVALID_SCHEMA", message: &message }
                    .print(&mut out);
            }
            Fate::Removed => {
                let command = if report.is_refused_removal(judged) { "error" } else { "warning" };
                let (file, message) = (&judged.location, judged.verdict());
                Annotation { command, file, at: None, end_column: None, title: "REMOVED_SCHEMA", message: &message }
                    .print(&mut out);
            }
            Fate::Unchanged | Fate::New => {}
        }
    }
    for judged in report.schemas.iter().filter(|judged| judged.word() != "unchanged") {
        verdict(&mut out, &judged.verdict());
    }
    verdict(&mut out, &report.verdict());
    out
}

/// A line of the log; one that happens to begin with a command must not be one.
fn verdict(out: &mut String, verdict: &str) {
    let verdict = verdict.replace(['\r', '\n'], " ");
    let _ = writeln!(out, "{}", verdict.trim_start_matches(':'));
}

fn findings(out: &mut String, outcome: &CheckOutcome) {
    let new = &outcome.new;
    let at = |place: Option<&Place>| place.and_then(|place| place.position);
    let end = |at: Option<Position>| at.and_then(|at| end_column(new.parsed.schema_type(), &new.shown, at));
    for problem in &outcome.problems {
        let mut message = problem.message.clone();
        let finding = problem.finding.as_ref();
        for text in finding.iter().flat_map(|finding| [&finding.explanation, &finding.remedy]).filter(|text| !text.is_empty()) {
            let _ = write!(message, "\n{text}");
        }
        if let Some(old) = outcome.version(problem.version) {
            let _ = write!(message, "\nEarlier: {}", place_in(old, finding.and_then(|finding| finding.old.as_ref())));
        }
        let at = at(finding.and_then(|finding| finding.new.as_ref()));
        let (file, title) = (&new.input.location, problem.rule);
        Annotation { command: "error", file, at, end_column: end(at), title, message: &message }.print(out);
    }
    for note in &outcome.notes {
        let example = note.example.as_ref().map(|example| format!("\nFor example: {example}")).unwrap_or_default();
        let (at, message) = (at(note.new.as_ref()), format!("{}{example}", note.message));
        let (file, title) = (&new.input.location, note.rule);
        Annotation { command: "notice", file, at, end_column: end(at), title, message: &message }.print(out);
    }
}

/// The annotation for an input that can't be used.
pub(in crate::cli) fn annotate(error: &InputError) -> String {
    let mut out = String::new();
    match &error.file {
        Some(file) => {
            let title = "accordant: no verdict";
            let message = &error.message;
            Annotation { command: "error", file, at: error.at, end_column: None, title, message }.print(&mut out);
        }
        None => {
            let _ = writeln!(out, "::error title=accordant%3A no verdict::{}", data(&error.message));
        }
    }
    out
}

fn place_in(side: &LoadedSchema, place: Option<&Place>) -> String {
    match place.and_then(|place| place.position) {
        Some(at) => format!("{}:{}:{}", side.name(), at.line, at.column),
        None => side.name().to_owned(),
    }
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::Annotation;
    use crate::schema::Position;

    #[test]
    fn what_would_end_a_property_or_a_line_is_escaped() {
        let at = Some(Position { offset: 0, line: 2, column: 3 });
        let (file, title) = ("a,b:c%.avsc", "R");
        let mut out = String::new();
        Annotation { command: "error", file, at, end_column: Some(9), title, message: "50%: a,b\r\nmore" }.print(&mut out);
        assert_eq!(out, "::error file=a%2Cb%3Ac%25.avsc,line=2,col=3,endColumn=9,title=R::50%25: a,b%0D%0Amore\n");
    }
}
