//! Iceberg, format version 2: columns keep their order and stay; defaults of columns can't be stored.

use std::collections::HashSet;

use super::walk::{ComparedColumn, Comparison, EngineRules, TypeShape, by_name, changed, columns, scale_of, shown};
use crate::schema::logical::model::{Type, TypeKind};
use crate::schema::logical::rule::EngineRule;
use crate::schema::meter::{self, Exhausted};

/// Digits of a second that are kept in microseconds.
const MICROS: i32 = 6;

#[derive(Default)]
pub(super) struct Iceberg {
    /// Pairs of named types whose comparison as keys is under way.
    keys_under_way: HashSet<(Box<str>, Box<str>)>,
    depth: usize,
}

/// What Iceberg makes of a primitive type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Decimal,
    Date,
    Time,
    Timestamp,
    TimestampTz,
    TimestampNano,
    TimestampTzNano,
    String,
    Binary,
    Fixed,
    Variant,
}

fn class_of(kind: &TypeKind) -> Option<Class> {
    Some(match kind {
        TypeKind::Boolean => Class::Boolean,
        TypeKind::Tinyint | TypeKind::Smallint | TypeKind::Int => Class::Int,
        TypeKind::Bigint => Class::Long,
        TypeKind::Float => Class::Float,
        TypeKind::Double => Class::Double,
        TypeKind::Decimal { .. } => Class::Decimal,
        TypeKind::Date => Class::Date,
        TypeKind::Time(_) => Class::Time,
        TypeKind::Timestamp(precision) if *precision > MICROS => Class::TimestampNano,
        TypeKind::Timestamp(_) => Class::Timestamp,
        TypeKind::TimestampLtz(precision) if *precision > MICROS => Class::TimestampTzNano,
        TypeKind::TimestampLtz(_) => Class::TimestampTz,
        TypeKind::Char(_) | TypeKind::Varchar(_) | TypeKind::Enum(_) => Class::String,
        TypeKind::Varbinary(_) => Class::Binary,
        TypeKind::Binary(_) => Class::Fixed,
        TypeKind::Variant => Class::Variant,
        TypeKind::Struct(_)
        | TypeKind::Union(_)
        | TypeKind::Map(_)
        | TypeKind::Array(_)
        | TypeKind::Multiset(_)
        | TypeKind::Named(_) => return None,
    })
}

/// How often an element of a multiset occurs.
static COUNT: Type = Type::COUNT;

/// Keys and values: a multiset is a map of elements to how often they occur.
fn entries(ty: &Type) -> Option<(&Type, &Type)> {
    match &ty.kind {
        TypeKind::Map(pair) => Some((&pair.0, &pair.1)),
        TypeKind::Multiset(element) => Some((element, &COUNT)),
        _ => None,
    }
}

impl EngineRules for Iceberg {
    fn shape(kind: &TypeKind) -> TypeShape {
        match kind {
            TypeKind::Struct(_) | TypeKind::Union(_) => TypeShape::Struct,
            TypeKind::Array(_) => TypeShape::List,
            TypeKind::Map(_) | TypeKind::Multiset(_) => TypeShape::Map,
            _ => TypeShape::Primitive,
        }
    }

    fn structs<'t>(
        walk: &mut Comparison<'t, Self>,
        writer: &'t Type,
        reader: &'t Type,
        path: &mut String,
    ) -> Result<(), Exhausted> {
        let (before, after) = (columns(writer), columns(reader));
        let (places, kept) = (by_name(&before), by_name(&after));
        meter::charge_for(before.len() + after.len())?;
        let mut last = None;
        for column in &after {
            let place = places.get(column.name()).copied();
            let old = place.and_then(|at| before.get(at)).copied();
            let moved = place < last;
            walk.at_column(old, Some(*column), path, |walk, path| {
                if let Some(old) = old {
                    return existing(walk, old, *column, moved, path);
                }
                added(walk, *column, path);
                Ok(())
            })?;
            last = place.or(last);
        }
        for column in before.iter().filter(|column| !kept.contains_key(column.name())) {
            walk.at_column(Some(*column), None, path, |walk, path| {
                walk.add(EngineRule::FieldDeleted, path, "field present in the original schema is missing from the update");
            });
        }
        Ok(())
    }

    fn containers<'t>(
        walk: &mut Comparison<'t, Self>,
        writer: &'t Type,
        reader: &'t Type,
        path: &mut String,
    ) -> Result<(), Exhausted> {
        if let (TypeKind::Array(old), TypeKind::Array(new)) = (&writer.kind, &reader.kind) {
            return walk.inner(old, new, path, "[]");
        }
        let (Some((old_key, old_value)), Some((new_key, new_value))) = (entries(writer), entries(reader)) else {
            return Ok(());
        };
        if !same(walk, old_key, new_key)? {
            let message = format!("map key type changed from {} to {}", shown(&old_key.kind), shown(&new_key.kind));
            walk.add(EngineRule::MapKeyTypeMismatch, path, message);
        }
        walk.inner(old_value, new_value, path, "{}")
    }

    fn primitives(walk: &mut Comparison<'_, Self>, writer: &Type, reader: &Type, path: &str) {
        let (from, to) = (class_of(&writer.kind), class_of(&reader.kind));
        let remark = match (&writer.kind, &reader.kind) {
            (TypeKind::Decimal { precision: old, scale: old_scale }, TypeKind::Decimal { precision: new, scale: new_scale }) => {
                (scale_of(*new_scale) != scale_of(*old_scale) || new < old)
                    .then_some(" (decimal scale must be unchanged and precision may not shrink)")
            }
            (TypeKind::Binary(old), TypeKind::Binary(new)) => {
                (old != new).then_some(" (fixed-length binary cannot change length)")
            }
            _ if from == to => None,
            _ => {
                let promoted =
                    matches!((from, to), (Some(Class::Int), Some(Class::Long)) | (Some(Class::Float), Some(Class::Double)));
                (!promoted).then_some("")
            }
        };
        if let Some(remark) = remark {
            walk.add(EngineRule::UnsupportedTypeChange, path, format!("{}{remark}", changed(writer, reader)));
        }
    }
}

fn added(walk: &mut Comparison<'_, Iceberg>, column: ComparedColumn<'_>, path: &str) {
    if !is_optional(walk, column, None) {
        let message = "added field is neither nullable nor defaulted, so pre-existing rows have no value for it; format-version 2 \
                       cannot store a column default";
        walk.add(EngineRule::RequiredFieldAdded, path, message);
    }
}

fn existing<'t>(
    walk: &mut Comparison<'t, Iceberg>,
    old: ComparedColumn<'t>,
    new: ComparedColumn<'t>,
    moved: bool,
    path: &mut String,
) -> Result<(), Exhausted> {
    if moved {
        walk.add(EngineRule::FieldReordered, path, "field moved ahead of a field that preceded it in the original schema");
    }
    if old.is_nullable() && !is_optional(walk, new, Some(old)) {
        let message = "field was nullable and is now non-nullable; pre-existing rows may hold nulls";
        walk.add(EngineRule::NullableToNonNullable, path, message);
    }
    walk.types(old.ty(), new.ty(), path)
}

/// A container with a default counts as optional where nothing was, or where null was.
fn is_optional(walk: &Comparison<'_, Iceberg>, column: ComparedColumn<'_>, old: Option<ComparedColumn<'_>>) -> bool {
    if column.is_nullable() {
        return true;
    }
    let (_, named) = walk.named_types();
    let shape = Iceberg::shape(&named.resolve(column.ty()).kind);
    column.has_default() && matches!(shape, TypeShape::List | TypeShape::Map) && old.is_none_or(ComparedColumn::is_nullable)
}

/// Whether Iceberg takes two types of keys for one.
fn same(walk: &mut Comparison<'_, Iceberg>, old: &Type, new: &Type) -> Result<bool, Exhausted> {
    meter::charge(20)?;
    if walk.rules.depth > MAX_KEY_DEPTH {
        return Err(meter::fail(Exhausted::Work));
    }
    let pair = match (&old.kind, &new.kind) {
        (TypeKind::Named(old), TypeKind::Named(new)) => Some((old.clone(), new.clone())),
        _ => None,
    };
    if let Some(pair) = &pair
        && !walk.rules.keys_under_way.insert(pair.clone())
    {
        return Ok(true);
    }
    walk.rules.depth += 1;
    let result = same_resolved(walk, old, new);
    walk.rules.depth -= 1;
    if let Some(pair) = pair {
        walk.rules.keys_under_way.remove(&pair);
    }
    result
}

/// Levels of a key's type.
const MAX_KEY_DEPTH: usize = 1_000;

fn same_resolved(walk: &mut Comparison<'_, Iceberg>, old: &Type, new: &Type) -> Result<bool, Exhausted> {
    let (old_named, new_named) = walk.named_types();
    let (old, new) = (old_named.resolve(old), new_named.resolve(new));
    if let (TypeKind::Named(_), _) | (_, TypeKind::Named(_)) = (&old.kind, &new.kind) {
        return Ok(old.kind == new.kind);
    }
    let shape = Iceberg::shape(&old.kind);
    if shape != Iceberg::shape(&new.kind) {
        return Ok(false);
    }
    match (&old.kind, &new.kind) {
        (TypeKind::Array(old), TypeKind::Array(new)) => same(walk, old, new),
        (TypeKind::Decimal { precision: old, scale: old_scale }, TypeKind::Decimal { precision: new, scale: new_scale }) => {
            Ok(old == new && scale_of(*old_scale) == scale_of(*new_scale))
        }
        (TypeKind::Binary(old), TypeKind::Binary(new)) => Ok(old == new),
        (a, b) => match shape {
            TypeShape::Primitive => Ok(class_of(a) == class_of(b)),
            TypeShape::Struct => {
                let (old, new) = (columns(old), columns(new));
                if old.len() != new.len() {
                    return Ok(false);
                }
                for (old, new) in old.iter().zip(&new) {
                    if old.name() != new.name() || !same(walk, old.ty(), new.ty())? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            _ => match (entries(old), entries(new)) {
                (Some(old), Some(new)) => Ok(same(walk, old.0, new.0)? && same(walk, old.1, new.1)?),
                _ => Ok(false),
            },
        },
    }
}
