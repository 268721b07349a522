//! Rules about fields (`CEL_FIELD`): data is walked along its schema as clients walk it, and each field is handed to the rule.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::cel::{CelValue, EvaluationStop};
use super::data::{Misfit, ValueSource, json_of_value, typed_of, value_of};
use super::report::{MAX_SHOWN, RuleFailure, RuleFindings};
use super::rule::{Guarded, RuleAnswer, failure_text, is_condition, position};
use super::tags;
use crate::schema::meter;
use crate::schema::typed::{DataType, FieldShape, Shapes, Typed, TypedRecord};
use crate::types::{Metadata, Rule};

/// The words of types whose values are handed to rules.
pub(super) fn is_primitive(word: &str) -> bool {
    matches!(word, "INT" | "LONG" | "FLOAT" | "DOUBLE" | "BOOLEAN" | "NULL" | "STRING" | "BYTES")
}

/// Whether a rule with tags is about a field with these.
pub(super) fn is_about(rule: &Rule, tags: &BTreeSet<String>) -> bool {
    rule.tags.as_ref().is_none_or(|own| own.is_empty() || own.iter().any(|tag| tags.contains(&tag.0)))
}

/// A rule on its way through data.
pub(super) struct FieldWalk<'w> {
    pub(super) shapes: &'w Arc<Shapes>,
    pub(super) metadata: Option<&'w Metadata>,
    pub(super) rule: &'w Rule,
    pub(super) expr: &'w Guarded<'w>,
    pub(super) now: &'w CelValue,
    pub(super) found: RuleFindings,
    pub(super) has_changed: bool,
}

/// Where data stands: its path, with the places in lists, and the names alone.
struct DataPath<'a> {
    path: &'a str,
    full: &'a str,
}

/// The field that data belongs to.
struct FieldContext<'f> {
    shape: &'f FieldShape,
    full_name: &'f str,
    tags: BTreeSet<String>,
    /// The record that it is a field of.
    message: CelValue,
    path: String,
}

impl FieldWalk<'_> {
    /// Walks all of the data; a transform changes it.
    ///
    /// # Errors
    /// The work runs out, or the expression needs what is not run here.
    pub(super) fn run(&mut self, typed: &mut Typed) -> Result<(), EvaluationStop> {
        let shapes = Arc::clone(self.shapes);
        self.visit(&shapes.root, typed, None, &DataPath { path: "", full: shapes.root_path })?;
        // clients ask whether the data itself is anything at all, and take an empty record for a failure
        if is_condition(self.rule) && !value_of(self.shapes, typed)?.is_truthy() {
            let message = "clients take empty data for a failure of a condition about fields".to_owned();
            self.found.push(RuleFailure { field: None, value: None, message, position: None }, true);
        }
        Ok(())
    }

    /// What the rule makes of a value that has no others in it; `None` for lists, maps and records.
    fn visit(
        &mut self,
        ty: &DataType,
        typed: &mut Typed,
        field: Option<&FieldContext<'_>>,
        at: &DataPath<'_>,
    ) -> Result<Option<CelValue>, EvaluationStop> {
        meter::charge(1)?;
        let DataPath { path, full } = *at;
        match (ty, &mut *typed) {
            (DataType::Union(branches), Typed::Branch(branch, inner)) => match branches.get(*branch) {
                Some(DataType::Leaf { word, .. }) => {
                    let value = value_of(self.shapes, inner)?;
                    self.leaf(ty, word, value, typed, field)
                }
                Some(branch) => self.visit(branch, inner, field, at),
                None => Ok(None),
            },
            (DataType::List(items), Typed::List(values)) => {
                for (at, value) in values.iter_mut().enumerate() {
                    self.visit(items, value, field, &DataPath { path: &format!("{path}[{at}]"), full })?;
                }
                Ok(None)
            }
            (DataType::Map(values), Typed::Map(entries)) => {
                for (key, value) in entries.iter_mut() {
                    let inner = match key {
                        Typed::String(key) => format!("{path}[\"{key}\"]"),
                        _ => format!("{path}[]"),
                    };
                    self.visit(values, value, field, &DataPath { path: &inner, full })?;
                }
                Ok(None)
            }
            (DataType::Record(_), Typed::Record(record)) => {
                self.record(record, at)?;
                Ok(None)
            }
            (DataType::Leaf { .. }, Typed::Null) if self.shapes.skips_null => Ok(None),
            (DataType::Leaf { word, .. }, _) => {
                let value = value_of(self.shapes, typed)?;
                self.leaf(ty, word, value, typed, field)
            }
            _ => Ok(None),
        }
    }

    fn record(&mut self, record: &mut TypedRecord, at: &DataPath<'_>) -> Result<(), EvaluationStop> {
        let shapes = Arc::clone(self.shapes);
        let Some(shape) = shapes.records.get(record.shape) else { return Ok(()) };
        let DataPath { path, full } = *at;
        let mut message: Option<CelValue> = None;
        for (place, field) in shape.fields.iter().enumerate() {
            let Some(mut typed) = record.values.get(place).cloned().flatten().or_else(|| unwritten(shape.is_message, field))
            else {
                continue;
            };
            if self.shapes.skips_null && is_null(&typed) {
                continue;
            }
            let current = match &message {
                Some(message) => message.clone(),
                None => value_of(self.shapes, &Typed::Record(Box::new(record.clone())))?,
            };
            // a transform before this one may have changed the record
            if is_condition(self.rule) {
                message = Some(current.clone());
            }
            let inner = if path.is_empty() { field.name.clone() } else { format!("{path}.{}", field.name) };
            let full_name = if field.full_name.is_empty() { format!("{full}.{}", field.name) } else { field.full_name.clone() };
            let tags = tags::of(&full_name, &field.tags, self.metadata);
            let entered = FieldContext { shape: field, full_name: &full_name, tags, message: current, path: inner.clone() };
            let before = typed.clone();
            let result = self.visit(&field.ty, &mut typed, Some(&entered), &DataPath { path: &inner, full: &full_name })?;
            if is_condition(self.rule) {
                if let Some(CelValue::Bool(false)) = result {
                    let is_other = !is_about(self.rule, &entered.tags);
                    let message = if is_other {
                        "clients take the value false of a field that the rule is not about for a failure".to_owned()
                    } else {
                        failure_text(self.rule)
                    };
                    let value = json_of_value(self.shapes, &value_of(self.shapes, &typed)?, MAX_SHOWN)?;
                    self.found.push(RuleFailure { field: Some(inner), value, message, position: None }, true);
                }
            } else if typed != before {
                self.has_changed = true;
                if let Some(slot) = record.values.get_mut(place) {
                    *slot = Some(typed);
                }
            }
        }
        Ok(())
    }

    /// Hands a value to the rule; a transform puts its result into `typed`. `ty` is what the field may hold.
    fn leaf(
        &mut self,
        ty: &DataType,
        word: &'static str,
        value: CelValue,
        typed: &mut Typed,
        field: Option<&FieldContext<'_>>,
    ) -> Result<Option<CelValue>, EvaluationStop> {
        let Some(field) = field else { return Ok(None) };
        if !is_primitive(word) || !is_about(self.rule, &field.tags) {
            return Ok(Some(value));
        }
        let tags = field.tags.iter().map(|tag| CelValue::string(tag)).collect();
        let variables = [
            ("value", value.clone()),
            ("fullName", CelValue::string(field.full_name)),
            ("name", CelValue::string(&field.shape.name)),
            ("typeName", CelValue::string(word)),
            ("tags", CelValue::list(tags)),
            ("message", field.message.clone()),
            ("now", self.now.clone()),
        ];
        match self.expr.answer(&variables) {
            Ok(RuleAnswer::NotGuarded) => Ok(is_condition(self.rule).then_some(CelValue::Bool(true))),
            Ok(RuleAnswer::Value(result)) => {
                if !is_condition(self.rule) {
                    match typed_of((self.shapes, ValueSource::Cel), ty, &result, &field.path, 0) {
                        Ok(made) => *typed = made,
                        Err(Misfit::Exhausted) => return Err(EvaluationStop::Exhausted),
                        Err(Misfit::Wrong(message)) => {
                            let shown = json_of_value(self.shapes, &result, MAX_SHOWN)?;
                            self.found.push(
                                RuleFailure { field: Some(field.path.clone()), value: shown, message, position: None },
                                false,
                            );
                        }
                    }
                }
                Ok(Some(result))
            }
            Err(EvaluationStop::Error { at, message } | EvaluationStop::Raised { at, message }) => {
                let position = Some(position(self.rule.expr.as_deref().unwrap_or(""), at));
                let value = json_of_value(self.shapes, &value, MAX_SHOWN)?;
                self.found.push(RuleFailure { field: Some(field.path.clone()), value, message, position }, false);
                Ok(None)
            }
            Err(stop) => Err(stop),
        }
    }
}

pub(super) fn is_null(typed: &Typed) -> bool {
    match typed {
        Typed::Null => true,
        Typed::Branch(_, inner) => is_null(inner),
        _ => false,
    }
}

/// What stands for a field of a message that was not written and that can't tell.
pub(super) fn unwritten(is_message: bool, field: &FieldShape) -> Option<Typed> {
    use crate::schema::typed::LeafKind;
    if !is_message || field.has_presence {
        return None;
    }
    Some(match &field.ty {
        DataType::List(_) => Typed::List(Vec::new()),
        DataType::Map(_) => Typed::Map(Vec::new()),
        DataType::Leaf { kind, .. } => match kind {
            LeafKind::Bool => Typed::Bool(false),
            LeafKind::Int => Typed::Int(0),
            LeafKind::Uint => Typed::Uint(0),
            LeafKind::Double => Typed::Double(0.0),
            LeafKind::String => Typed::String(String::new()),
            LeafKind::Bytes => Typed::Bytes(Vec::new()),
            _ => return None,
        },
        _ => return None,
    })
}
