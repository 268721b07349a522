//! SARIF 2.1.0, for code scanning.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::excerpt::end_column;
use super::folder::{Fate, Report};
use super::loaded_schema::LoadedSchema;
use super::outcome::{Outcome, words};
use crate::schema::Place;

/// What a path may hold as it is.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'.').remove(b'-').remove(b'_').remove(b'~');

/// The report on one schema.
pub(super) fn print(outcome: &Outcome) -> String {
    let mut run = Run::default();
    run.outcome(outcome);
    run.print()
}

/// The report on many, in one run.
pub(super) fn print_all(report: &Report) -> String {
    let mut run = Run::default();
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
        let mut physical = json!({ "artifactLocation": { "uri": uri(&judged.location) } });
        if let (Some(at), Some(map)) = (at, physical.as_object_mut()) {
            map.insert("region".into(), json!({ "startLine": at.line, "startColumn": at.column }));
        }
        let index = run.index(rule);
        run.results.push(json!({
            "ruleId": rule,
            "ruleIndex": index,
            "level": level,
            "message": { "text": text },
            "locations": [{ "physicalLocation": physical }],
        }));
    }
    run.print()
}

/// The results so far, and the rules that they name.
#[derive(Default)]
struct Run {
    rules: Vec<&'static str>,
    results: Vec<Value>,
}

impl Run {
    fn index(&mut self, rule: &'static str) -> usize {
        self.rules.iter().position(|known| *known == rule).unwrap_or_else(|| {
            self.rules.push(rule);
            self.rules.len() - 1
        })
    }

    fn outcome(&mut self, outcome: &Outcome) {
        for problem in &outcome.problems {
            let finding = problem.finding.as_ref();
            let texts = finding.iter().flat_map(|finding| [&finding.explanation, &finding.remedy]);
            let text: Vec<&str> =
                std::iter::once(&problem.message).chain(texts).map(String::as_str).filter(|text| !text.is_empty()).collect();
            let mut result = json!({
                "ruleId": problem.rule,
                "ruleIndex": self.index(problem.rule),
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
            let index = self.index(note.rule);
            self.results.push(json!({
                "ruleId": note.rule,
                "ruleIndex": index,
                "level": "note",
                "message": { "text": format!("{}{example}", note.message) },
                "locations": [location(&outcome.new, note.new.as_ref())],
            }));
        }
    }

    fn print(self) -> String {
        let Self { rules, results } = self;
        let rule = |id: &&str| json!({ "id": id, "shortDescription": { "text": words(id) } });
        let out = json!({
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
            "version": "2.1.0",
            "runs": [{
                "tool": { "driver": {
                    "name": "accordant check",
                    "version": env!("CARGO_PKG_VERSION"),
                    "rules": rules.iter().map(rule).collect::<Vec<_>>(),
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

fn location(side: &LoadedSchema, place: Option<&Place>) -> Value {
    let mut physical = json!({ "artifactLocation": { "uri": uri(&side.input.location) } });
    if let (Some(at), Some(map)) = (place.and_then(|place| place.position), physical.as_object_mut()) {
        let mut region = json!({ "startLine": at.line, "startColumn": at.column });
        if let (Some(end), Some(region)) = (end_column(side.parsed.schema_type(), &side.shown, at), region.as_object_mut()) {
            region.insert("endColumn".into(), end.into());
        }
        map.insert("region".into(), region);
    }
    let mut out = json!({ "physicalLocation": physical });
    if let (Some(place), Some(map)) = (place.filter(|place| !place.pointer.is_empty()), out.as_object_mut()) {
        map.insert("logicalLocations".into(), json!([{ "fullyQualifiedName": place.pointer }]));
    }
    out
}
