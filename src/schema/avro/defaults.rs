//! Which default values are valid for a type (avro 1.4), and their form under normalization (avro 2.6).
//!
//! A union takes a value of any branch, as Avro 1.12 does. Neither an enum's symbols nor a fixed's length are checked.

use super::model::{Model, Name, NodeId, NodeKind, Primitive};
use super::value;
use crate::schema::java_number as number;
use crate::schema::json::{self, Value};

/// Whether a value fits a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fit {
    Yes,
    No,
    /// It depends on a type that is not defined yet.
    DependsOnLaterType,
    /// It depends on the fields of a record that is still being read.
    FieldsNotSet,
    /// The search was given up.
    OutOfSteps,
}

/// Recursion is bounded by the depth of the value. `open` tells which records are still being read.
pub(super) fn fits(model: &Model, ty: NodeId, value: &Value, steps: &mut u64, open: &dyn Fn(&Name) -> bool) -> Fit {
    if *steps == 0 {
        return Fit::OutOfSteps;
    }
    *steps -= 1;
    match &model.node(ty).kind {
        NodeKind::Primitive(primitive) => yes(fits_primitive(*primitive, value)),
        NodeKind::Enum(_) | NodeKind::Fixed(_) => yes(value.as_str().is_some()),
        NodeKind::Array(items) => match &value.kind {
            json::JsonKind::Array(values) => all(values.iter().map(|value| fits(model, *items, value, steps, open))),
            _ => Fit::No,
        },
        NodeKind::Map(values) => match &value.kind {
            json::JsonKind::Object(object) => {
                all(object.members().iter().map(|member| fits(model, *values, &member.value, steps, open)))
            }
            _ => Fit::No,
        },
        NodeKind::Union(branches) => {
            let mut found = Fit::No;
            for branch in branches {
                match fits(model, *branch, value, steps, open) {
                    Fit::No => {}
                    Fit::DependsOnLaterType => found = Fit::DependsOnLaterType,
                    decided => return decided,
                }
            }
            found
        }
        NodeKind::Record(record) => match &value.kind {
            json::JsonKind::Object(object) => {
                *steps = steps.saturating_sub(record.fields.len() as u64);
                all(record.fields.iter().map(|field| match object.get(&field.name) {
                    Some(value) => fits(model, field.ty, value, steps, open),
                    // a field's own default is checked where the field is declared
                    None => yes(field.default.is_some()),
                }))
            }
            _ => Fit::No,
        },
        NodeKind::Pending(name) => match (open(name), value.as_object().is_some()) {
            (true, true) => Fit::FieldsNotSet,
            (true, false) => Fit::No,
            (false, _) => Fit::DependsOnLaterType,
        },
    }
}

fn yes(valid: bool) -> Fit {
    if valid { Fit::Yes } else { Fit::No }
}

/// All must fit; the first that does not decides.
fn all(mut fits: impl Iterator<Item = Fit>) -> Fit {
    let mut later = false;
    let decided = fits.find(|fit| {
        later |= *fit == Fit::DependsOnLaterType;
        !matches!(fit, Fit::Yes | Fit::DependsOnLaterType)
    });
    decided.unwrap_or(if later { Fit::DependsOnLaterType } else { Fit::Yes })
}

fn fits_primitive(primitive: Primitive, value: &Value) -> bool {
    match primitive {
        Primitive::Null => value.kind == json::JsonKind::Null,
        Primitive::Boolean => value.as_bool().is_some(),
        Primitive::String | Primitive::Bytes => value.as_str().is_some(),
        Primitive::Int => value.as_number().and_then(number::as_long).is_some_and(|n| i32::try_from(n).is_ok()),
        Primitive::Long => value.as_number().and_then(number::as_long).is_some(),
        Primitive::Float | Primitive::Double => value.as_number().is_some(),
    }
}

/// Appends a default in normal form: keys sorted, numbers in the form of their type. What does not fit stays as it is.
pub(super) fn write_normal(out: &mut String, model: &Model, ty: NodeId, value: &Value, steps: &mut u64) {
    match (&model.node(ty).kind, &value.kind) {
        (NodeKind::Primitive(Primitive::Double), json::JsonKind::Number(text)) => {
            number::write_double(out, number::as_double(text));
        }
        (NodeKind::Primitive(Primitive::Float), json::JsonKind::Number(text)) => {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a float default is a double that is rounded, as in the original"
            )]
            number::write_float(out, number::as_double(text) as f32);
        }
        (NodeKind::Array(items), json::JsonKind::Array(values)) => {
            out.push('[');
            for (at, value) in values.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write_normal(out, model, *items, value, steps);
            }
            out.push(']');
        }
        (NodeKind::Map(_) | NodeKind::Record(_), json::JsonKind::Object(object)) => {
            out.push('{');
            for (at, member) in value::in_order(object.members(), true).into_iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                json::write_string(out, &member.key);
                out.push(':');
                let inner = match &model.node(ty).kind {
                    NodeKind::Map(values) => Some(*values),
                    NodeKind::Record(record) => {
                        record.find(&member.key, at).and_then(|at| record.fields.get(at)).map(|field| field.ty)
                    }
                    _ => None,
                };
                match inner {
                    Some(inner) => write_normal(out, model, inner, &member.value, steps),
                    None => value::write(out, &member.value, true),
                }
            }
            out.push('}');
        }
        (NodeKind::Union(branches), _) => {
            match branches.iter().find(|branch| fits(model, **branch, value, steps, &|_| false) == Fit::Yes) {
                Some(branch) => write_normal(out, model, *branch, value, steps),
                None => value::write(out, value, true),
            }
        }
        _ => value::write(out, value, true),
    }
}
