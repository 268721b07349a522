//! Answers of `/accordant/v1/validate` and `/accordant/v1/migrate`.

use serde::Serialize;
use serde_json::value::RawValue;
use serde_with::skip_serializing_none;

use super::records::{DataIssue, Framing, raw};
use crate::cloudevents::SchemaFacts;
use crate::contracts::{RuleFailure, RuleReport};
use crate::registry::{MigratedRecord, ValidatedRecord};
use crate::schema::Position;
use crate::types::{RuleKind, RuleMode, Version};

#[skip_serializing_none]
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct Validated<'a> {
    valid: bool,
    schema: &'a SchemaFacts,
    encoding: Option<&'static str>,
    framing: Option<Framing>,
    message: Option<&'a str>,
    issues: Vec<DataIssue>,
    rules: Vec<RuleOutcome<'a>>,
    /// The data after the transforms.
    data: Option<&'a RawValue>,
}

/// What came of one rule.
#[skip_serializing_none]
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RuleOutcome<'a> {
    name: Option<&'a str>,
    #[serde(rename = "type")]
    rule_type: &'a str,
    kind: Option<RuleKind>,
    mode: Option<RuleMode>,
    outcome: &'static str,
    message: Option<&'a str>,
    /// What a client does then.
    action: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    places: Vec<FailedPlace<'a>>,
    truncated: Option<bool>,
}

#[skip_serializing_none]
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct FailedPlace<'a> {
    field: Option<&'a str>,
    value: Option<&'a RawValue>,
    message: &'a str,
    position: Option<ExpressionPosition>,
}

/// Where in the text of an expression, from 1.
#[derive(Debug, Serialize)]
struct ExpressionPosition {
    line: u32,
    column: u32,
}

impl From<Position> for ExpressionPosition {
    fn from(position: Position) -> Self {
        Self { line: position.line, column: position.column }
    }
}

impl<'a> From<&'a RuleFailure> for FailedPlace<'a> {
    fn from(place: &'a RuleFailure) -> Self {
        Self {
            field: place.field.as_deref(),
            value: place.value.as_deref().map(raw),
            message: &place.message,
            position: place.position.map(ExpressionPosition::from),
        }
    }
}

impl<'a> From<&'a RuleReport> for RuleOutcome<'a> {
    fn from(rule: &'a RuleReport) -> Self {
        Self {
            name: rule.name.as_deref(),
            rule_type: &rule.rule_type,
            kind: rule.kind,
            mode: rule.mode,
            outcome: rule.outcome.into(),
            message: rule.message.as_deref(),
            action: rule.action.as_deref(),
            places: rule.places.iter().map(FailedPlace::from).collect(),
            truncated: rule.truncated.then_some(true),
        }
    }
}

impl<'a> Validated<'a> {
    pub(in crate::http) fn new(record: &'a ValidatedRecord) -> Self {
        let report = record.report.as_ref();
        Self {
            valid: record.is_valid(),
            schema: &record.schema,
            encoding: record.encoding,
            framing: record.framing.map(Framing::from),
            message: record.message.as_deref(),
            issues: record.issues.iter().cloned().map(DataIssue::from).collect(),
            rules: report.into_iter().flat_map(|report| &report.rules).map(RuleOutcome::from).collect(),
            data: report.and_then(|report| report.data.as_deref()).map(raw),
        }
    }
}

#[derive(Debug, Serialize)]
pub(in crate::http) struct Migrated<'a> {
    schema: &'a SchemaFacts,
    reader: &'a SchemaFacts,
    steps: Vec<Step<'a>>,
    data: &'a RawValue,
}

/// The rules between two versions.
#[derive(Debug, Serialize)]
struct Step<'a> {
    from: Version,
    to: Version,
    rules: Vec<RuleOutcome<'a>>,
}

impl<'a> Migrated<'a> {
    pub(in crate::http) fn new(record: &'a MigratedRecord) -> Self {
        let step = |step: &'a crate::registry::MigrationStep| Step {
            from: step.from,
            to: step.to,
            rules: step.rules.iter().map(RuleOutcome::from).collect(),
        };
        let MigratedRecord { schema, reader, steps, data } = record;
        Self { schema, reader, steps: steps.iter().map(step).collect(), data: raw(data) }
    }
}
