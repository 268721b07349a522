//! The answer of `/accordant/v1/diff`.

use serde::Serialize;
use serde_with::skip_serializing_none;

use super::compatibility::{Finding, LinePosition};
use crate::registry::{self, DiffSide, LevelVerdict, SchemaDiff};
use crate::types::{SchemaId, SchemaType, Version};

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct SchemaDifference {
    old: Side,
    new: Side,
    changes: Vec<Change>,
    beside: Vec<Beside>,
    is_whole: bool,
    levels: Vec<Level>,
}

#[skip_serializing_none]
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Side {
    subject: Option<String>,
    version: Option<Version>,
    id: Option<SchemaId>,
    schema_type: SchemaType,
    schema: String,
}

#[skip_serializing_none]
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Change {
    kind: &'static str,
    declaration: &'static str,
    path: String,
    old_path: Option<String>,
    what: Option<String>,
    from: Option<String>,
    to: Option<String>,
    inside: Option<usize>,
    message: String,
    old: Option<LinePosition>,
    new: Option<LinePosition>,
}

/// What differs in references, metadata and rules.
#[skip_serializing_none]
#[derive(Debug, Serialize)]
struct Beside {
    what: String,
    from: Option<String>,
    to: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Level {
    level: &'static str,
    is_compatible: bool,
    messages: Vec<String>,
    findings: Vec<Finding>,
}

impl From<DiffSide> for Side {
    fn from(side: DiffSide) -> Self {
        let version = side.version.as_ref();
        Self {
            subject: version.map(|(subject, _, _)| subject.qualified()),
            version: version.map(|(_, version, _)| *version),
            id: version.map(|(_, _, id)| *id),
            schema_type: side.content.schema_type,
            schema: side.content.text.to_string(),
        }
    }
}

impl From<registry::Change> for Change {
    fn from(change: registry::Change) -> Self {
        Self {
            message: change.to_string(),
            kind: change.kind.word(),
            declaration: change.declaration.word(),
            path: change.path,
            old_path: change.old_path,
            what: change.what,
            from: change.from,
            to: change.to,
            inside: Some(change.inside).filter(|inside| *inside > 0),
            old: change.old.map(LinePosition::from),
            new: change.new.map(LinePosition::from),
        }
    }
}

impl From<LevelVerdict> for Level {
    fn from(verdict: LevelVerdict) -> Self {
        Self {
            level: verdict.level.as_str(),
            is_compatible: verdict.is_compatible,
            messages: verdict.messages,
            findings: Finding::list(verdict.findings, Vec::new()),
        }
    }
}

impl From<SchemaDiff> for SchemaDifference {
    fn from(difference: SchemaDiff) -> Self {
        let SchemaDiff { old, new, changes, beside, verdicts } = difference;
        Self {
            old: old.into(),
            new: new.into(),
            is_whole: changes.is_whole,
            changes: changes.changes.into_iter().map(Change::from).collect(),
            beside: beside.into_iter().map(|(what, from, to)| Beside { what, from, to }).collect(),
            levels: verdicts.into_iter().map(Level::from).collect(),
        }
    }
}
