//! Flink: a change is legal when no stored value has to be read as something else, and none has to be invented. So columns may be
//! dropped, moved and renamed.

use super::casts;
use super::walk::{ComparedColumn, Comparison, EngineRules, TypeShape, by_name, changed, columns, scale_of};
use crate::schema::logical::model::{MAX_LENGTH, Type, TypeKind};
use crate::schema::logical::rule::EngineRule;
use crate::schema::meter::{self, Exhausted};

pub(super) struct Flink;

impl EngineRules for Flink {
    fn shape(kind: &TypeKind) -> TypeShape {
        match kind {
            TypeKind::Struct(_) | TypeKind::Union(_) => TypeShape::Struct,
            TypeKind::Array(_) => TypeShape::List,
            TypeKind::Map(_) => TypeShape::Map,
            TypeKind::Multiset(_) => TypeShape::Multiset,
            _ => TypeShape::Primitive,
        }
    }

    fn structs<'t>(
        walk: &mut Comparison<'t, Self>,
        writer: &'t Type,
        reader: &'t Type,
        path: &mut String,
    ) -> Result<(), Exhausted> {
        let before = columns(writer);
        let places = by_name(&before);
        meter::charge_for(before.len())?;
        for column in columns(reader) {
            let old = places.get(column.name()).and_then(|at| before.get(*at)).copied();
            walk.at_column(old, Some(column), path, |walk, path| {
                if let Some(old) = old {
                    return existing(walk, old, column, path);
                }
                added(walk, column, path);
                Ok(())
            })?;
        }
        Ok(())
    }

    fn containers<'t>(
        walk: &mut Comparison<'t, Self>,
        writer: &'t Type,
        reader: &'t Type,
        path: &mut String,
    ) -> Result<(), Exhausted> {
        match (&writer.kind, &reader.kind) {
            (TypeKind::Map(old), TypeKind::Map(new)) => {
                child(walk, &old.0, &new.0, path, "{key}")?;
                child(walk, &old.1, &new.1, path, "{}")
            }
            (TypeKind::Array(old), TypeKind::Array(new)) | (TypeKind::Multiset(old), TypeKind::Multiset(new)) => {
                child(walk, old, new, path, "[]")
            }
            _ => Ok(()),
        }
    }

    fn primitives(walk: &mut Comparison<'_, Self>, writer: &Type, reader: &Type, path: &str) {
        let remark = match (&writer.kind, &reader.kind) {
            (from, to) if !casts::is_implicit(from, to) => Some(""),
            (from @ (TypeKind::Char(old) | TypeKind::Binary(old)), to) => match to {
                TypeKind::Char(new) | TypeKind::Binary(new) => {
                    (new != old).then_some(" (a fixed-length type cannot change length)")
                }
                _ => (length(to) < length(from)).then_some(" (length may not shrink)"),
            },
            (from @ (TypeKind::Varchar(_) | TypeKind::Enum(_) | TypeKind::Varbinary(_)), to) => {
                (length(to) < length(from)).then_some(" (length may not shrink)")
            }
            (TypeKind::Time(old), TypeKind::Time(new))
            | (TypeKind::Timestamp(old), TypeKind::Timestamp(new))
            | (TypeKind::TimestampLtz(old), TypeKind::TimestampLtz(new)) => {
                (new != old).then_some(" (precision selects the unit of the stored value and cannot change)")
            }
            (TypeKind::Decimal { precision: old, scale: old_scale }, TypeKind::Decimal { precision: new, scale: new_scale }) => {
                (scale_of(*new_scale) != scale_of(*old_scale) || new < old)
                    .then_some(" (decimal scale must be unchanged and precision may not shrink)")
            }
            (from, TypeKind::Decimal { precision, scale }) => {
                let (digits, room) = (casts::digits(from), precision.saturating_sub(scale_of(*scale)));
                (digits > 0 && room < digits).then_some(" (target cannot represent the full range of the source)")
            }
            _ => None,
        };
        if let Some(remark) = remark {
            walk.add(EngineRule::UnsupportedTypeChange, path, format!("{}{remark}", changed(writer, reader)));
        }
    }
}

/// A column that rows written before don't have.
fn added(walk: &mut Comparison<'_, Flink>, column: ComparedColumn<'_>, path: &str) {
    if !column.is_nullable() && !column.has_value_default() {
        let message = "added column is neither nullable nor defaulted, so rows written before it existed have no value for it";
        walk.add(EngineRule::RequiredFieldAdded, path, message);
    }
}

fn existing<'t>(
    walk: &mut Comparison<'t, Flink>,
    old: ComparedColumn<'t>,
    new: ComparedColumn<'t>,
    path: &mut String,
) -> Result<(), Exhausted> {
    if old.is_nullable() && !new.is_nullable() {
        // a default stands in for a value that is absent, and a null is there
        let message = "column was nullable and is now NOT NULL; pre-existing rows may hold nulls";
        walk.add(EngineRule::NullableToNonNullable, path, message);
    }
    if !old.is_nullable() && !new.is_nullable() && old.has_value_default() && !new.has_value_default() {
        let message = "NOT NULL column lost its default; rows that omitted the column have no value to read";
        walk.add(EngineRule::NonNullableDefaultRemoved, path, message);
    }
    walk.types(old.ty(), new.ty(), path)
}

/// An element, or the key or value of a map.
fn child<'t>(
    walk: &mut Comparison<'t, Flink>,
    old: &'t Type,
    new: &'t Type,
    path: &mut String,
    step: &str,
) -> Result<(), Exhausted> {
    if old.nullable && !new.nullable {
        let message = "container child was nullable and is now NOT NULL; existing collections may hold nulls";
        walk.add(EngineRule::NullableToNonNullable, &format!("{path}{step}"), message);
    }
    walk.inner(old, new, path, step)
}

/// The bound of a string type; one without a bound, or a bound of zero, holds everything.
fn length(kind: &TypeKind) -> i32 {
    match kind {
        TypeKind::Char(length) | TypeKind::Binary(length) => *length,
        TypeKind::Varchar(length) | TypeKind::Varbinary(length) if *length > 0 => *length,
        _ => MAX_LENGTH,
    }
}
