//! The report for people.

use std::fmt::Write as _;

use super::excerpt::excerpt;
use super::loaded_schema::LoadedSchema;
use super::outcome::{Note, Outcome, Problem};
use super::style::{self, styled, without_controls};
use crate::schema::Place;

/// Every finding with its places, the remarks, and the verdict in the last line.
pub(super) fn print(outcome: &Outcome) -> String {
    let mut page = Page { out: String::new() };
    for problem in &outcome.problems {
        page.problem(outcome, problem);
    }
    for note in &outcome.notes {
        page.note(outcome, note);
    }
    let style = if outcome.is_compatible() { style::GOOD } else { style::ERROR };
    page.line(&styled(style, &without_controls(&outcome.verdict())));
    page.out
}

struct Page {
    out: String,
}

impl Page {
    fn line(&mut self, text: &str) {
        self.out.push_str(text.trim_end());
        self.out.push('\n');
    }

    fn problem(&mut self, outcome: &Outcome, problem: &Problem) {
        let rule = styled(style::ERROR, &format!("error[{}]", problem.rule));
        let path = problem.finding.as_ref().map(|finding| finding.path.as_str()).filter(|path| !path.is_empty());
        let path = path.map(|path| styled(style::BOLD, &format!(" at {}", without_controls(path)))).unwrap_or_default();
        self.line(&format!("{rule}{path}"));
        self.line(&format!("  {}", without_controls(&problem.message).replace('\n', "\n  ")));
        if let Some(finding) = &problem.finding {
            self.place("new", &outcome.new, finding.new.as_ref());
            if let Some(old) = outcome.version(problem.version) {
                self.place("old", old, finding.old.as_ref());
            }
            self.remark("why", &finding.explanation);
            self.remark("fix", &finding.remedy);
            self.remark("for example", finding.counter_example.as_deref().unwrap_or(""));
        } else if let Some(old) = outcome.version(problem.version) {
            self.remark("old", old.name());
        }
        self.line("");
    }

    fn note(&mut self, outcome: &Outcome, note: &Note) {
        let rule = styled(style::NOTE, &format!("note[{}]", note.rule));
        self.line(&format!("{rule}: {}", without_controls(&note.message)));
        if note.new.is_some() {
            self.place("new", &outcome.new, note.new.as_ref());
        }
        self.remark("for example", note.example.as_deref().unwrap_or(""));
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
        let Some(found) = excerpt(side.parsed.schema_type(), &side.shown, at) else { return };
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
