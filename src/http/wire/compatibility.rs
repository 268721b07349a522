//! Compatibility checks (rest-api 3.7), and their findings.

use serde::Serialize;
use serde_with::skip_serializing_none;

use crate::registry::VersionFinding;
use crate::schema::{self, Place};
use crate::types::Version;

#[skip_serializing_none]
#[derive(Serialize)]
pub(in crate::http) struct CompatibilityCheck {
    pub(in crate::http) is_compatible: bool,
    /// With `?verbose=true`.
    pub(in crate::http) messages: Option<Vec<String>>,
    /// With `?explain=true` (Accordant only).
    pub(in crate::http) findings: Option<Vec<Finding>>,
}

/// One finding, or a note of the second opinion, which is marked as such.
#[skip_serializing_none]
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct Finding {
    note: Option<bool>,
    rule: &'static str,
    path: String,
    message: String,
    /// None where the candidate alone is at fault.
    old_version: Option<Version>,
    /// The table engine that fails, under `compatibilityPolicy` = `LOGICAL`.
    engine: Option<&'static str>,
    new: Option<FindingPlace>,
    old: Option<FindingPlace>,
    explanation: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    remedy: String,
    counter_example: Option<String>,
}

/// A line and a column, both from 1.
#[derive(Debug, Serialize)]
pub(super) struct LinePosition {
    line: u32,
    column: u32,
}

impl From<schema::Position> for LinePosition {
    fn from(position: schema::Position) -> Self {
        Self { line: position.line, column: position.column }
    }
}

#[skip_serializing_none]
#[derive(Debug, Serialize)]
struct FindingPlace {
    pointer: String,
    line: Option<u32>,
    column: Option<u32>,
}

impl From<Place> for FindingPlace {
    fn from(Place { pointer, position }: Place) -> Self {
        Self { pointer, line: position.map(|at| at.line), column: position.map(|at| at.column) }
    }
}

impl Finding {
    /// All findings, and after them the notes.
    pub(in crate::http) fn list(findings: Vec<VersionFinding>, notes: Vec<(Version, schema::Finding)>) -> Vec<Self> {
        let findings = findings.into_iter().map(|found| Self::new(found, None));
        let notes = notes.into_iter().map(|(version, note)| Self::new((Some(version), note), Some(true)));
        findings.chain(notes).collect()
    }

    fn new((old_version, finding): VersionFinding, note: Option<bool>) -> Self {
        let schema::Finding { rule, path, message, new, old, explanation, remedy, counter_example, engine } = finding;
        let (new, old) = (new.map(FindingPlace::from), old.map(FindingPlace::from));
        Self { note, rule, path, message, old_version, engine, new, old, explanation, remedy, counter_example }
    }
}
