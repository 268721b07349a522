//! What was found.

use crate::cli::check::InputError;
use crate::cli::check::folder::Workspace;
use crate::schema::Position;
use crate::schema::lint::{LintFinding, LintRule, Severity};
use crate::types::SchemaType;

/// A finding of a rule that is on.
pub(super) struct LintViolation {
    pub(super) rule: &'static LintRule,
    pub(super) severity: Severity,
    pub(super) finding: LintFinding,
}

/// A schema that was looked at.
pub(super) struct Linted {
    pub(super) path: String,
    pub(super) name: String,
    pub(super) location: String,
    pub(super) text: String,
    pub(super) schema_type: Option<SchemaType>,
    /// Why it is no schema.
    pub(super) error: Option<InputError>,
    pub(super) findings: Vec<LintViolation>,
    pub(super) repaired: usize,
}

impl Linted {
    pub(super) fn named(path: &str) -> Self {
        Self {
            path: path.to_owned(),
            name: path.to_owned(),
            location: path.to_owned(),
            text: String::new(),
            schema_type: None,
            error: None,
            findings: Vec::new(),
            repaired: 0,
        }
    }

    pub(super) fn of(files: &Workspace, path: &str) -> Self {
        let Some(file) = files.file(path) else { return Self::named(path) };
        Self {
            name: file.input.name.clone(),
            location: file.input.location.clone(),
            text: file.input.text.to_string(),
            schema_type: Some(file.schema_type),
            ..Self::named(path)
        }
    }

    /// What an error says, and where in this very file; of what lies in others the text names the place.
    pub(super) fn own_error(&self, error: &InputError) -> (String, Option<Position>) {
        if error.file.as_ref() == Some(&self.name) { (error.message.clone(), error.at) } else { (error.to_string(), None) }
    }
}

pub(super) struct LintReport {
    pub(super) schemas: Vec<Linted>,
}

impl LintReport {
    pub(super) fn count(&self, severity: Severity) -> usize {
        self.schemas.iter().flat_map(|linted| &linted.findings).filter(|found| found.severity == severity).count()
    }

    pub(super) fn is_refused(&self, deny_warnings: bool) -> bool {
        let invalid = self.schemas.iter().any(|linted| linted.error.is_some());
        invalid || self.count(Severity::Error) > 0 || (deny_warnings && self.count(Severity::Warn) > 0)
    }

    /// The last line.
    pub(super) fn verdict(&self) -> String {
        let count = |count: usize, one: &str, more: &str| match count {
            0 => None,
            1 => Some(format!("1 {one}")),
            n => Some(format!("{n} {more}")),
        };
        let invalid = self.schemas.iter().filter(|linted| linted.error.is_some()).count();
        let repaired = self.schemas.iter().map(|linted| linted.repaired).sum();
        let parts = [
            count(invalid, "not valid", "not valid"),
            count(self.count(Severity::Error), "error", "errors"),
            count(self.count(Severity::Warn), "warning", "warnings"),
            count(repaired, "repaired", "repaired"),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        let schemas = count(self.schemas.len(), "schema", "schemas").unwrap_or_default();
        format!("{schemas}: {}", if parts.is_empty() { "fine".to_owned() } else { parts.join(", ") })
    }
}
