//! The report for people: why first, then where, then what helps, and last the message that goes over the wire.

use std::fmt::Write as _;

use super::excerpt::excerpt;
use super::folder::{Fate, FolderReport, JudgedSchema};
use super::input_error::InputError;
use super::loaded_schema::LoadedSchema;
use super::outcome::{CheckOutcome, CheckProblem, Note};
use super::style::{self, styled, without_controls};
use crate::schema::{Place, Position};
use crate::types::SchemaType;

/// Every finding with its places, the remarks, and the verdict in the last line.
pub(super) fn print(outcome: &CheckOutcome) -> String {
    let mut page = PrintedPage { out: String::new() };
    page.outcome(outcome);
    page.verdict(outcome.is_compatible(), &outcome.verdict());
    page.out
}

/// Every finding, without the verdict.
pub(super) fn findings(outcome: &CheckOutcome) -> String {
    let mut page = PrintedPage { out: String::new() };
    page.outcome(outcome);
    page.out
}

/// The same for many schemas: what is refused with its findings, then a line for each that is not as it was, then the sum.
pub(super) fn print_all(report: &FolderReport) -> String {
    let mut page = PrintedPage { out: String::new() };
    for judged in &report.schemas {
        match &judged.fate {
            Fate::Compared(outcome) => page.outcome(outcome),
            Fate::Invalid(error) => page.invalid(judged, error),
            Fate::Unchanged | Fate::New | Fate::Removed => {}
        }
    }
    let width = |judged: &&JudgedSchema| judged.word().len();
    let shown: Vec<&JudgedSchema> =
        report.schemas.iter().filter(|judged| judged.word() != "unchanged" || !judged.remarks.is_empty()).collect();
    let widest = shown.iter().map(width).max().unwrap_or(0);
    for judged in &shown {
        let refused = judged.is_refused() || report.is_refused_removal(judged);
        let style = match judged.fate {
            _ if refused => style::ERROR,
            Fate::Removed => style::NOTE,
            _ => style::GOOD,
        };
        let remarks = if judged.remarks.is_empty() { String::new() } else { format!(" ({})", judged.remarks.join("; ")) };
        let word = styled(style, &format!("{:widest$}", judged.word()));
        page.line(&format!("{word}  {}{}", without_controls(&judged.name), without_controls(&remarks).replace('\n', " ")));
    }
    if !shown.is_empty() {
        page.line("");
    }
    if report.passed_over > 0 {
        let files =
            if report.passed_over == 1 { "1 JSON file is".to_owned() } else { format!("{} JSON files are", report.passed_over) };
        page.line(&format!("{files} no schema by what is in it"));
    }
    page.verdict(!report.is_refused(), &report.verdict());
    page.out
}

struct PrintedPage {
    out: String,
}

impl PrintedPage {
    fn line(&mut self, text: &str) {
        self.out.push_str(text.trim_end());
        self.out.push('\n');
    }

    fn verdict(&mut self, is_good: bool, verdict: &str) {
        let style = if is_good { style::GOOD } else { style::ERROR };
        self.line(&styled(style, &without_controls(verdict)));
    }

    fn outcome(&mut self, outcome: &CheckOutcome) {
        for problem in &outcome.problems {
            self.problem(outcome, problem);
        }
        for note in &outcome.notes {
            self.note(outcome, note);
        }
    }

    fn problem(&mut self, outcome: &CheckOutcome, problem: &CheckProblem) {
        let rule = styled(style::ERROR, &format!("error[{}]", problem.rule));
        let path = problem.finding.as_ref().map(|finding| finding.path.as_str()).filter(|path| !path.is_empty());
        let path = path.map(|path| styled(style::BOLD, &format!(" at {}", without_controls(path)))).unwrap_or_default();
        self.line(&format!("{rule}{path}"));
        let Some(finding) = &problem.finding else {
            self.line(&format!("  {}", without_controls(&problem.message).replace('\n', "\n  ")));
            if let Some(old) = outcome.version(problem.version) {
                self.remark("old", old.name());
            }
            self.line("");
            return;
        };
        self.line(&format!("  {}", without_controls(&finding.explanation).replace('\n', "\n  ")));
        self.place("new", &outcome.new, finding.new.as_ref());
        if let Some(old) = outcome.version(problem.version) {
            self.place("old", old, finding.old.as_ref());
        }
        self.remark("fix", &finding.remedy);
        self.remark("for example", finding.counter_example.as_deref().unwrap_or(""));
        self.remark("message", &problem.message);
        self.line("");
    }

    fn note(&mut self, outcome: &CheckOutcome, note: &Note) {
        let rule = styled(style::NOTE, &format!("note[{}]", note.rule));
        self.line(&format!("{rule}: {}", without_controls(&note.message)));
        if note.new.is_some() {
            self.place("new", &outcome.new, note.new.as_ref());
        }
        self.remark("for example", note.example.as_deref().unwrap_or(""));
        self.line("");
    }

    /// A text that is no schema, with the place where that shows.
    fn invalid(&mut self, judged: &JudgedSchema, error: &InputError) {
        let title = styled(style::ERROR, "error[INVALID_SCHEMA]");
        self.line(&title);
        self.line(&format!("  {}", without_controls(&error.message).replace('\n', "\n  ")));
        let file = error.file.as_deref().unwrap_or(&judged.name);
        match error.at.filter(|_| file == judged.name) {
            Some(at) => {
                self.frame(" -->", &format!("{}:{}:{}", without_controls(file), at.line, at.column));
                self.excerpt(judged.schema_type.unwrap_or(SchemaType::Json), &judged.text, at);
            }
            None => self.frame(" -->", &without_controls(file)),
        }
        self.line("");
    }

    /// `--> file:line:column (new)`, the line, and carets below it.
    fn place(&mut self, which: &str, side: &LoadedSchema, place: Option<&Place>) {
        let name = without_controls(side.name());
        let Some(place) = place else {
            self.frame(" -->", &format!("{name} ({which})"));
            return;
        };
        let Some(at) = place.position else {
            self.frame(" -->", &format!("{name} ({which}), {}", without_controls(&place.pointer)));
            return;
        };
        self.frame(" -->", &format!("{name}:{}:{} ({which})", at.line, at.column));
        self.excerpt(side.parsed.schema_type(), &side.shown, at);
    }

    fn excerpt(&mut self, schema_type: SchemaType, text: &str, at: Position) {
        let Some(found) = excerpt(schema_type, text, at) else { return };
        let number = at.line.to_string();
        let margin = " ".repeat(number.len());
        self.frame(&format!("  {number} |"), &found.line);
        let carets = styled(style::ERROR, &"^".repeat(found.carets));
        self.frame(&format!("  {margin} |"), &format!("{}{carets}", found.lead));
    }

    fn frame(&mut self, frame: &str, text: &str) {
        let frame = styled(style::FRAME, frame);
        self.line(&format!(" {frame} {text}"));
    }

    fn remark(&mut self, title: &str, text: &str) {
        if !text.is_empty() {
            let mut line = String::new();
            // a String takes everything
            let _ =
                write!(line, "  {} {}", styled(style::FRAME, &format!("= {title}:")), without_controls(text).replace('\n', " "));
            self.line(&line);
        }
    }
}
