//! Whether an engine can hold a type at all, whatever came before it.

use std::collections::{HashMap, HashSet};

use super::conversion::MAX_STEPS;
use super::engine::Engine;
use super::model::{LogicalType, NO_PARAM, Type, TypeKind};
use super::rule::EngineRule;
use super::violation::{Violation, Violations};
use crate::schema::meter::{self, Exhausted};

/// Digits of a second that Iceberg's timestamps hold before format version 3.
const MICROS: i32 = 6;
/// Digits of a decimal.
const DECIMAL: std::ops::RangeInclusive<i32> = 1..=38;

/// What the engine can't hold, in the order of the columns. Must run where the stack is deep.
///
/// # Errors
/// The work runs out.
pub fn validate(engine: Engine, logical: &LogicalType) -> Result<Violations, Exhausted> {
    let mut walk = ValidityCheck { engine, logical, walked: HashSet::new(), found: Violations::default(), at: None, depth: 0 };
    walk.visit(&logical.root, &mut String::new())?;
    Ok(walk.found)
}

struct ValidityCheck<'t> {
    engine: Engine,
    logical: &'t LogicalType,
    /// Named types are judged where they are first met.
    walked: HashSet<&'t str>,
    found: Violations,
    at: Option<u32>,
    depth: usize,
}

impl<'t> ValidityCheck<'t> {
    fn add(&mut self, rule: EngineRule, path: &str, message: String) {
        let reader_at = self.at;
        self.found.add(path, || Violation { rule, path: path.to_owned(), message, reader_at, writer_at: None });
    }

    fn is_iceberg(&self) -> bool {
        self.engine == Engine::IcebergV2
    }

    fn inner(&mut self, ty: &'t Type, path: &mut String, step: &str, at: Option<u32>) -> Result<(), Exhausted> {
        let (length, outer) = (path.len(), self.at);
        path.push_str(step);
        self.at = at.or(outer);
        let result = self.visit(ty, path);
        path.truncate(length);
        self.at = outer;
        result
    }

    fn column(&mut self, ty: &'t Type, path: &mut String, name: &str, at: Option<u32>) -> Result<(), Exhausted> {
        let dot = if path.is_empty() { "" } else { "." };
        self.inner(ty, path, &format!("{dot}{name}"), at)
    }

    fn visit(&mut self, ty: &'t Type, path: &mut String) -> Result<(), Exhausted> {
        meter::charge(10)?;
        meter::charge_for(path.len() / 16)?;
        if self.depth > 2 * MAX_STEPS {
            return Err(meter::fail(Exhausted::Work));
        }
        self.depth += 1;
        let result = self.visit_kind(ty, path);
        self.depth -= 1;
        result
    }

    fn visit_kind(&mut self, ty: &'t Type, path: &mut String) -> Result<(), Exhausted> {
        match &ty.kind {
            TypeKind::Struct(fields) => {
                self.members("struct", fields.iter().map(|field| field.name.as_str()), path)?;
                fields.iter().try_for_each(|field| self.column(&field.ty, path, &field.name, field.at))
            }
            TypeKind::Union(branches) => {
                self.members("union", branches.iter().map(|branch| branch.name.as_str()), path)?;
                branches.iter().try_for_each(|branch| self.column(&branch.ty, path, &branch.name, branch.at))
            }
            TypeKind::Array(element) | TypeKind::Multiset(element) => self.inner(element, path, "[]", None),
            TypeKind::Map(pair) => {
                self.inner(&pair.0, path, "{key}", None)?;
                self.inner(&pair.1, path, "{}", None)
            }
            TypeKind::Named(name) => self.named(name, path),
            _ => {
                self.primitive(&ty.kind, path);
                Ok(())
            }
        }
    }

    fn named(&mut self, name: &'t str, path: &mut String) -> Result<(), Exhausted> {
        let Some(body) = self.logical.named.get(name) else {
            self.add(EngineRule::UnresolvedTypeRef, path, format!("named type '{name}' is referenced but not defined"));
            return Ok(());
        };
        if self.logical.named.is_cyclic(name) {
            let message =
                format!("named type '{name}' refers to itself, and cannot be represented by a non-recursive type system");
            self.add(EngineRule::CyclicType, path, message);
            return Ok(());
        }
        if self.walked.insert(name) { self.visit(body, path) } else { Ok(()) }
    }

    /// There is at least one member, and no two names differ in case only.
    fn members(&mut self, kind: &str, names: impl Iterator<Item = &'t str>, path: &str) -> Result<(), Exhausted> {
        if !self.is_iceberg() {
            return Ok(());
        }
        let mut first: HashMap<String, &str> = HashMap::new();
        let mut reported = HashSet::new();
        for name in names {
            meter::charge_for(name.len() / 16 + 1)?;
            let key = name.to_lowercase();
            match first.get(&key) {
                None => {
                    first.insert(key, name);
                }
                Some(other) => {
                    let message = format!(
                        "field names '{other}' and '{name}' differ only in case, which Iceberg's case-insensitive name index \
                         cannot distinguish"
                    );
                    if reported.insert(key) {
                        self.add(EngineRule::FieldNameCaseCollision, path, message);
                    }
                }
            }
        }
        if first.is_empty() {
            self.add(EngineRule::EmptyStruct, path, format!("a {kind} must have at least one field"));
        }
        Ok(())
    }

    fn primitive(&mut self, kind: &TypeKind, path: &str) {
        let word = kind.word();
        match *kind {
            TypeKind::Decimal { precision, scale } => self.decimal(precision, scale, path),
            TypeKind::Timestamp(precision) | TypeKind::TimestampLtz(precision) if self.is_iceberg() && precision > MICROS => {
                let message =
                    format!("{word}({precision}) needs Iceberg's nanosecond timestamp types, which arrived in format-version 3");
                self.add(EngineRule::UnrepresentableType, path, message);
            }
            TypeKind::Char(length) | TypeKind::Binary(length) if length < 1 => self.length(word, length, 1, path),
            TypeKind::Varchar(length) | TypeKind::Varbinary(length) if length < 0 => self.length(word, length, 0, path),
            TypeKind::Variant if self.is_iceberg() => {
                let message = "VARIANT needs Iceberg's variant type, which arrived in format-version 3".to_owned();
                self.add(EngineRule::UnrepresentableType, path, message);
            }
            _ => {}
        }
    }

    fn length(&mut self, word: &str, length: i32, least: i32, path: &str) {
        self.add(EngineRule::LengthOutOfRange, path, format!("{word} length {length} is below the minimum of {least}"));
    }

    fn decimal(&mut self, precision: i32, scale: i32, path: &str) {
        if !DECIMAL.contains(&precision) {
            let (least, most) = (DECIMAL.start(), DECIMAL.end());
            let message = format!("DECIMAL precision {precision} is outside the supported range {least} to {most}");
            self.add(EngineRule::PrecisionOutOfRange, path, message);
        }
        if scale != NO_PARAM && (scale < 0 || scale > precision) {
            let message = format!("DECIMAL scale {scale} is outside the supported range 0 to the precision {precision}");
            self.add(EngineRule::ScaleOutOfRange, path, message);
        }
    }
}
