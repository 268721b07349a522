//! SARIF 2.1.0, for code scanning.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::excerpt::end_column;
use super::folder::{Fate, FolderReport};
use super::loaded_schema::LoadedSchema;
use super::outcome::{CheckOutcome, words};
use crate::schema::{Place, Position};

/// What a path may hold as it is.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'.').remove(b'-').remove(b'_').remove(b'~');

/// The report on one schema.
pub(super) fn print(outcome: &CheckOutcome) -> String {
    let mut run = Run::of("accordant check");
    run.outcome(outcome);
    run.print()
}

/// The report on many, in one run.
pub(super) fn print_all(report: &FolderReport) -> String {
    let mut run = Run::of("accordant check");
    for judged in &report.schemas {
        let (rule, level, text, at) = match &judged.fate {
            Fate::Compared(outcome) => {
                run.outcome(outcome);
                continue;
            }
            Fate::Unchanged | Fate::New => continue,
            Fate::Invalid(error) => {
                let is_own = error.file.as_ref() == Some(&judged.name);
                let text = if is_own { error.message.clone() } else { error.to_string() };
                ("INVALID_SCHEMA", "error", text, error.at.filter(|_| is_own))
            }
            Fate::Removed => {
                let level = if report.is_refused_removal(judged) { "error" } else { "warning" };
                ("REMOVED_SCHEMA", level, judged.verdict(), None)
            }
        };
        run.result(SarifRule { id: rule, help: None }, level, &text, &judged.location, at.map(|at| (at, None)));
    }
    run.print()
}

/// The results so far, and the rules that they name.
pub(in crate::cli) struct Run {
    tool: &'static str,
    rules: Vec<SarifRule>,
    results: Vec<Value>,
}

/// A rule, with why it is one and what helps where that is the same for all its findings.
#[derive(Debug, Clone, Copy)]
pub(in crate::cli) struct SarifRule {
    pub(in crate::cli) id: &'static str,
    pub(in crate::cli) help: Option<(&'static str, &'static str)>,
}

impl SarifRule {
    fn described(&self) -> Value {
        let mut out = json!({ "id": self.id, "shortDescription": { "text": words(self.id) } });
        if let (Some((why, fix)), Some(map)) = (self.help, out.as_object_mut()) {
            map.insert("fullDescription".into(), json!({ "text": why }));
            map.insert("help".into(), json!({ "text": fix }));
        }
        out
    }
}

impl Run {
    pub(in crate::cli) fn of(tool: &'static str) -> Self {
        Self { tool, rules: Vec::new(), results: Vec::new() }
    }

    fn index(&mut self, rule: SarifRule) -> usize {
        self.rules.iter().position(|known| known.id == rule.id).unwrap_or_else(|| {
            self.rules.push(rule);
            self.rules.len() - 1
        })
    }

    /// Something about one file, at a position with the column where it ends.
    pub(in crate::cli) fn result(
        &mut self,
        rule: SarifRule,
        level: &str,
        text: &str,
        location: &str,
        at: Option<(Position, Option<u32>)>,
    ) {
        let mut physical = json!({ "artifactLocation": { "uri": uri(location) } });
        if let (Some((at, end)), Some(map)) = (at, physical.as_object_mut()) {
            map.insert("region".into(), region(at, end));
        }
        let index = self.index(rule);
        self.results.push(json!({
            "ruleId": rule.id,
            "ruleIndex": index,
            "level": level,
            "message": { "text": text },
            "locations": [{ "physicalLocation": physical }],
        }));
    }

    fn outcome(&mut self, outcome: &CheckOutcome) {
        for problem in &outcome.problems {
            let finding = problem.finding.as_ref();
            let texts = finding.iter().flat_map(|finding| [&finding.explanation, &finding.remedy]);
            let text: Vec<&str> =
                std::iter::once(&problem.message).chain(texts).map(String::as_str).filter(|text| !text.is_empty()).collect();
            let mut result = json!({
                "ruleId": problem.rule,
                "ruleIndex": self.index(SarifRule { id: problem.rule, help: None }),
                "level": "error",
                "message": { "text": text.join("\n") },
                "locations": [location(&outcome.new, finding.and_then(|finding| finding.new.as_ref()))],
            });
            if let (Some(old), Some(map)) = (outcome.version(problem.version), result.as_object_mut()) {
                let mut related = location(old, finding.and_then(|finding| finding.old.as_ref()));
                if let Some(related) = related.as_object_mut() {
                    related.insert("id".into(), 1.into());
                    related.insert("message".into(), json!({ "text": format!("The earlier version: {}", old.name()) }));
                }
                map.insert("relatedLocations".into(), json!([related]));
                let path = finding.map_or("", |finding| finding.path.as_str());
                map.insert("partialFingerprints".into(), json!({ "rulePath/v1": format!("{} {path}", problem.rule) }));
            }
            self.results.push(result);
        }
        for note in &outcome.notes {
            let example = note.example.as_ref().map(|example| format!("\nFor example: {example}")).unwrap_or_default();
            let index = self.index(SarifRule { id: note.rule, help: None });
            self.results.push(json!({
                "ruleId": note.rule,
                "ruleIndex": index,
                "level": "note",
                "message": { "text": format!("{}{example}", note.message) },
                "locations": [location(&outcome.new, note.new.as_ref())],
            }));
        }
    }

    pub(in crate::cli) fn print(self) -> String {
        let Self { tool, rules, results } = self;
        let out = json!({
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
            "version": "2.1.0",
            "runs": [{
                "tool": { "driver": {
                    "name": tool,
                    "version": env!("CARGO_PKG_VERSION"),
                    "rules": rules.iter().map(SarifRule::described).collect::<Vec<_>>(),
                } },
                "columnKind": "unicodeCodePoints",
                "results": results,
            }],
        });
        format!("{}\n", serde_json::to_string_pretty(&out).unwrap_or_default())
    }
}

fn uri(given: &str) -> String {
    let uri = if given.contains("://") { given.to_owned() } else { utf8_percent_encode(given, PATH).to_string() };
    if given.starts_with('/') { format!("file://{uri}") } else { uri }
}

fn region(at: Position, end: Option<u32>) -> Value {
    let mut region = json!({ "startLine": at.line, "startColumn": at.column });
    if let (Some(end), Some(map)) = (end, region.as_object_mut()) {
        map.insert("endColumn".into(), end.into());
    }
    region
}

fn location(side: &LoadedSchema, place: Option<&Place>) -> Value {
    let mut physical = json!({ "artifactLocation": { "uri": uri(&side.input.location) } });
    if let (Some(at), Some(map)) = (place.and_then(|place| place.position), physical.as_object_mut()) {
        map.insert("region".into(), region(at, end_column(side.parsed.schema_type(), &side.shown, at)));
    }
    let mut out = json!({ "physicalLocation": physical });
    if let (Some(place), Some(map)) = (place.filter(|place| !place.pointer.is_empty()), out.as_object_mut()) {
        map.insert("logicalLocations".into(), json!([{ "fullyQualifiedName": place.pointer }]));
    }
    out
}
