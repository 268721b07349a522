//! Refusing default values that do not fit the type of their field (avro 1.4).

use super::fault::{ParseResult, fault};
use super::parser::{DeferredDefault, Parser};
use crate::schema::avro::defaults::{Fit, fits};
use crate::schema::avro::model::{Model, NodeId, NodeKind, Primitive};
use crate::schema::avro::{print, value};
use crate::schema::json::Value;

impl Parser {
    /// Checks a default of a new schema where it stands.
    pub(super) fn check_default(&mut self, field: &str, ty: NodeId, default: &Value, owner: (NodeId, usize)) -> ParseResult<()> {
        if is_special_float(&self.model, ty, default) {
            return Ok(());
        }
        let mut steps = self.steps;
        let fit = fits(&self.model, ty, default, &mut steps, &|name| self.open.contains(name));
        self.steps = steps;
        match fit {
            Fit::Yes => Ok(()),
            Fit::DependsOnLaterType => {
                self.deferred.push(DeferredDefault { record: owner.0, field: owner.1 });
                Ok(())
            }
            _ => refuse(&self.model, fit, field, ty, default),
        }
    }

    /// Checks the defaults that had to wait for a definition.
    pub(super) fn check_deferred_defaults(&mut self) -> ParseResult<()> {
        let mut steps = self.steps;
        for deferred in std::mem::take(&mut self.deferred) {
            let NodeKind::Record(record) = &self.model.node(deferred.record).kind else { continue };
            let Some(field) = record.fields.get(deferred.field) else { continue };
            let Some(default) = &field.default else { continue };
            let fit = fits(&self.model, field.ty, default, &mut steps, &|_| false);
            if fit != Fit::Yes {
                return refuse(&self.model, fit, &field.name, field.ty, default);
            }
        }
        self.steps = steps;
        Ok(())
    }
}

fn refuse(model: &Model, fit: Fit, field: &str, ty: NodeId, default: &Value) -> ParseResult<()> {
    let message = match fit {
        Fit::FieldsNotSet => "Schema fields not set yet".to_owned(),
        Fit::OutOfSteps => format!("The default for field {field} takes too long to check"),
        _ => format!("Invalid default for field {field}: {} not a {}", value::text(default), print::excerpt(model, ty)),
    };
    fault(default.offset, message)
}

/// A float or double field takes its default as a string too, which is kept only where JSON has no such number. Inside arrays,
/// maps, records and unions only numbers are valid.
fn is_special_float(model: &Model, ty: NodeId, default: &Value) -> bool {
    matches!(model.node(ty).kind, NodeKind::Primitive(Primitive::Float | Primitive::Double))
        && default.as_str().is_some_and(|text| matches!(text, "NaN" | "Infinity" | "-Infinity"))
}
