//! The report as one JSON object: the keys of the REST API, and the names of the files.

use serde_json::{Map, Value, json};

use super::loaded_schema::LoadedSchema;
use super::outcome::{Note, Outcome, Problem};
use crate::schema::Place;

/// The report.
pub(super) fn print(outcome: &Outcome) -> String {
    let compared = outcome.earlier.iter().take(outcome.compared);
    let mut out = json!({
        "compatible": outcome.is_compatible(),
        "level": outcome.level.as_str(),
        "schemaType": outcome.new.parsed.schema_type().as_str(),
        "file": outcome.new.name(),
        "compared": compared.map(|side| json!({ "version": side.version, "file": side.name() })).collect::<Vec<_>>(),
        "messages": outcome.messages,
        "findings": outcome.problems.iter().map(|problem| finding(outcome, problem)).collect::<Vec<_>>(),
    });
    if let (false, Some(map)) = (outcome.notes.is_empty(), out.as_object_mut()) {
        map.insert("notes".into(), outcome.notes.iter().map(|note| remark(outcome, note)).collect());
    }
    let text = serde_json::to_string_pretty(&out).unwrap_or_default();
    format!("{text}\n")
}

fn finding(outcome: &Outcome, problem: &Problem) -> Value {
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

fn remark(outcome: &Outcome, note: &Note) -> Value {
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
