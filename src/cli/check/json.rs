//! The report as one JSON object: the keys of the REST API, and the names of the files.

use serde_json::{Map, Value, json};

use super::folder::{Fate, FolderReport, JudgedSchema};
use super::loaded_schema::LoadedSchema;
use super::outcome::{CheckOutcome, CheckProblem, Note};
use crate::schema::Place;

/// The report on one schema.
pub(super) fn print(outcome: &CheckOutcome) -> String {
    pretty(&whole(outcome))
}

/// The report on many: one object, with what [`print`] says of each that was compared.
pub(super) fn print_all(report: &FolderReport) -> String {
    let schemas: Vec<Value> = report.schemas.iter().map(judged).collect();
    let counts: Map<String, Value> = report.counts().into_iter().map(|(word, count)| (word.to_owned(), count.into())).collect();
    pretty(&json!({ "compatible": !report.is_refused(), "against": report.against, "counts": counts, "schemas": schemas }))
}

/// The findings alone.
pub(super) fn findings(outcome: &CheckOutcome) -> Vec<Value> {
    outcome.problems.iter().map(|problem| finding(outcome, problem)).collect()
}

fn judged(judged: &JudgedSchema) -> Value {
    let mut out = json!({ "file": judged.name, "verdict": judged.word() });
    let Some(map) = out.as_object_mut() else { return out };
    if let Some(schema_type) = judged.schema_type {
        map.insert("schemaType".into(), schema_type.as_str().into());
    }
    if !judged.remarks.is_empty() {
        map.insert("remarks".into(), judged.remarks.clone().into());
    }
    match &judged.fate {
        Fate::Compared(outcome) => {
            if let Value::Object(more) = whole(outcome) {
                map.extend(more);
            }
        }
        Fate::Invalid(error) => {
            map.insert("error".into(), error.message.as_str().into());
            if let Some(at) = error.at {
                map.insert("line".into(), at.line.into());
                map.insert("column".into(), at.column.into());
            }
        }
        Fate::Unchanged | Fate::New | Fate::Removed => {}
    }
    out
}

fn pretty(value: &Value) -> String {
    format!("{}\n", serde_json::to_string_pretty(value).unwrap_or_default())
}

fn whole(outcome: &CheckOutcome) -> Value {
    let compared = outcome.earlier.iter().take(outcome.compared);
    let mut out = json!({
        "compatible": outcome.is_compatible(),
        "level": outcome.level.as_str(),
        "schemaType": outcome.new.parsed.schema_type().as_str(),
        "file": outcome.new.name(),
        "compared": compared.map(|side| json!({ "version": side.version, "file": side.name() })).collect::<Vec<_>>(),
        "messages": outcome.messages,
        "findings": findings(outcome),
    });
    if let (false, Some(map)) = (outcome.notes.is_empty(), out.as_object_mut()) {
        map.insert("notes".into(), outcome.notes.iter().map(|note| remark(outcome, note)).collect());
    }
    out
}

fn finding(outcome: &CheckOutcome, problem: &CheckProblem) -> Value {
    let mut out = Map::new();
    let mut put = |key: &str, value: Value| out.insert(key.to_owned(), value);
    put("rule", problem.rule.into());
    if let Some(finding) = &problem.finding {
        put("path", finding.path.as_str().into());
        if let Some(engine) = finding.engine {
            put("engine", engine.into());
        }
    }
    put("message", problem.message.as_str().into());
    put("newFile", outcome.new.name().into());
    let old = outcome.version(problem.version);
    if let Some(old) = old {
        put("oldVersion", old.version.into());
        put("oldFile", old.name().into());
    }
    if let Some(finding) = &problem.finding {
        for (key, at) in [("new", &finding.new), ("old", &finding.old)] {
            if let Some(at) = at {
                put(key, place(at));
            }
        }
        put("explanation", finding.explanation.as_str().into());
        if !finding.remedy.is_empty() {
            put("remedy", finding.remedy.as_str().into());
        }
        if let Some(example) = &finding.counter_example {
            put("counterExample", example.as_str().into());
        }
    }
    Value::Object(out)
}

fn remark(outcome: &CheckOutcome, note: &Note) -> Value {
    let mut out = json!({ "rule": note.rule, "message": note.message, "newFile": LoadedSchema::name(&outcome.new) });
    if let Some(map) = out.as_object_mut() {
        if let Some(at) = &note.new {
            map.insert("new".into(), place(at));
        }
        if let Some(example) = &note.example {
            map.insert("counterExample".into(), example.as_str().into());
        }
    }
    out
}

/// As `?explain=true` shows it.
fn place(place: &Place) -> Value {
    let mut out = json!({ "pointer": place.pointer });
    if let (Some(at), Some(map)) = (place.position, out.as_object_mut()) {
        map.insert("line".into(), at.line.into());
        map.insert("column".into(), at.column.into());
    }
    out
}
