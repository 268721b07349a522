//! Flink: a change is legal when no stored value has to be read as something else, and none has to be invented. So columns may be
//! dropped, moved and renamed.

use super::casts;
use super::walk::{Column, Comparison, Rules, Shape, by_name, changed, columns, scale_of};
use crate::schema::logical::model::{Kind, MAX_LENGTH, Type};
use crate::schema::logical::rule::Rule;
use crate::schema::meter::{self, Exhausted};

pub(super) struct Flink;

impl Rules for Flink {
    fn shape(kind: &Kind) -> Shape {
        match kind {
            Kind::Struct(_) | Kind::Union(_) => Shape::Struct,
            Kind::Array(_) => Shape::List,
            Kind::Map(_) => Shape::Map,
            Kind::Multiset(_) => Shape::Multiset,
            _ => Shape::Primitive,
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
            (Kind::Map(old), Kind::Map(new)) => {
                child(walk, &old.0, &new.0, path, "{key}")?;
                child(walk, &old.1, &new.1, path, "{}")
            }
            (Kind::Array(old), Kind::Array(new)) | (Kind::Multiset(old), Kind::Multiset(new)) => {
                child(walk, old, new, path, "[]")
            }
            _ => Ok(()),
        }
    }

    fn primitives(walk: &mut Comparison<'_, Self>, writer: &Type, reader: &Type, path: &str) {
        let remark = match (&writer.kind, &reader.kind) {
            (from, to) if !casts::is_implicit(from, to) => Some(""),
            (from @ (Kind::Char(old) | Kind::Binary(old)), to) => match to {
                Kind::Char(new) | Kind::Binary(new) => (new != old).then_some(" (a fixed-length type cannot change length)"),
                _ => (length(to) < length(from)).then_some(" (length may not shrink)"),
            },
            (from @ (Kind::Varchar(_) | Kind::Enum(_) | Kind::Varbinary(_)), to) => {
                (length(to) < length(from)).then_some(" (length may not shrink)")
            }
            (Kind::Time(old), Kind::Time(new))
            | (Kind::Timestamp(old), Kind::Timestamp(new))
            | (Kind::TimestampLtz(old), Kind::TimestampLtz(new)) => {
                (new != old).then_some(" (precision selects the unit of the stored value and cannot change)")
            }
            (Kind::Decimal { precision: old, scale: old_scale }, Kind::Decimal { precision: new, scale: new_scale }) => {
                (scale_of(*new_scale) != scale_of(*old_scale) || new < old)
                    .then_some(" (decimal scale must be unchanged and precision may not shrink)")
            }
            (from, Kind::Decimal { precision, scale }) => {
                let (digits, room) = (casts::digits(from), precision.saturating_sub(scale_of(*scale)));
                (digits > 0 && room < digits).then_some(" (target cannot represent the full range of the source)")
            }
            _ => None,
        };
        if let Some(remark) = remark {
            walk.add(Rule::UnsupportedTypeChange, path, format!("{}{remark}", changed(writer, reader)));
        }
    }
}

/// A column that rows written before don't have.
fn added(walk: &mut Comparison<'_, Flink>, column: Column<'_>, path: &str) {
    if !column.is_nullable() && !column.has_value_default() {
        let message = "added column is neither nullable nor defaulted, so rows written before it existed have no value for it";
        walk.add(Rule::RequiredFieldAdded, path, message);
    }
}

fn existing<'t>(walk: &mut Comparison<'t, Flink>, old: Column<'t>, new: Column<'t>, path: &mut String) -> Result<(), Exhausted> {
    if old.is_nullable() && !new.is_nullable() {
        // a default stands in for a value that is absent, and a null is there
        let message = "column was nullable and is now NOT NULL; pre-existing rows may hold nulls";
        walk.add(Rule::NullableToNonNullable, path, message);
    }
    if !old.is_nullable() && !new.is_nullable() && old.has_value_default() && !new.has_value_default() {
        let message = "NOT NULL column lost its default; rows that omitted the column have no value to read";
        walk.add(Rule::NonNullableDefaultRemoved, path, message);
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
        walk.add(Rule::NullableToNonNullable, &format!("{path}{step}"), message);
    }
    walk.inner(old, new, path, step)
}

/// The bound of a string type; one without a bound, or a bound of zero, holds everything.
fn length(kind: &Kind) -> i32 {
    match kind {
        Kind::Char(length) | Kind::Binary(length) => *length,
        Kind::Varchar(length) | Kind::Varbinary(length) if *length > 0 => *length,
        _ => MAX_LENGTH,
    }
}
