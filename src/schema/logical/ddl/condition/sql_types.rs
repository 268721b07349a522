//! The types of SQL as conditions tell them apart, and those of literals, casts and functions with a syntax of their own.

use super::expr::{Literal, Special};
use crate::schema::logical::ddl::tree::SyntaxNode;
use crate::schema::logical::model::{LogicalAnnotations, MAX_LENGTH, NO_PARAM, Type, TypeKind};

/// Kinds of types that compare with one another. Numbers come first, narrow ones before wide ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Category {
    Int,
    Decimal,
    Double,
    Text,
    Bytes,
    Time,
    Bool,
}

impl Category {
    pub(super) fn of(kind: &TypeKind) -> Option<Self> {
        Some(match kind {
            TypeKind::Tinyint | TypeKind::Smallint | TypeKind::Int | TypeKind::Bigint => Self::Int,
            TypeKind::Float | TypeKind::Double => Self::Double,
            TypeKind::Decimal { .. } => Self::Decimal,
            TypeKind::Char(_) | TypeKind::Varchar(_) => Self::Text,
            TypeKind::Binary(_) | TypeKind::Varbinary(_) => Self::Bytes,
            TypeKind::Date | TypeKind::Time(_) | TypeKind::Timestamp(_) | TypeKind::TimestampLtz(_) => Self::Time,
            TypeKind::Boolean => Self::Bool,
            _ => return None,
        })
    }

    pub(super) fn is_number(self) -> bool {
        self <= Self::Double
    }

    /// The one that values of both become, if that is certain.
    fn common(self, other: Self) -> Option<Self> {
        (self == other || self.is_number() && other.is_number()).then(|| self.max(other))
    }
}

/// Whether values of both types can be equal.
pub(super) fn are_comparable(one: &TypeKind, other: &TypeKind) -> bool {
    if std::mem::discriminant(one) == std::mem::discriminant(other) {
        return true;
    }
    match (Category::of(one), Category::of(other)) {
        (Some(one), Some(other)) => one.common(other).is_some(),
        _ => false,
    }
}

const fn of(kind: TypeKind) -> Type {
    let notes = LogicalAnnotations { doc: None, tags: Vec::new(), params: Vec::new(), constraints: Vec::new() };
    Type { kind, nullable: true, notes }
}

pub(super) static BOOLEAN: Type = of(TypeKind::Boolean);
pub(super) static BIGINT: Type = of(TypeKind::Bigint);
pub(super) static DOUBLE: Type = of(TypeKind::Double);
pub(super) static DECIMAL: Type = of(TypeKind::Decimal { precision: NO_PARAM, scale: NO_PARAM });
pub(super) static STRING: Type = of(TypeKind::Varchar(MAX_LENGTH));
pub(super) static BYTES: Type = of(TypeKind::Varbinary(MAX_LENGTH));
pub(super) static TIMESTAMP: Type = of(TypeKind::TimestampLtz(NO_PARAM));
pub(super) static VARIANT: Type = of(TypeKind::Variant);

/// What values of two types have in common.
pub(super) enum Wider<'s> {
    To(&'s Type),
    /// Nothing is known of the second one.
    Unknown,
    Nothing,
}

pub(super) fn wider<'s>(before: Option<&'s Type>, ty: &'s Type) -> Wider<'s> {
    let Some(category) = Category::of(&ty.kind) else { return Wider::Unknown };
    let Some(before) = before else { return Wider::To(ty) };
    let Some(own) = Category::of(&before.kind) else { return Wider::Unknown };
    match own.common(category) {
        Some(common) => Wider::To(if common == own { before } else { ty }),
        None => Wider::Nothing,
    }
}

pub(super) fn of_literal(literal: &Literal) -> Option<&'static Type> {
    match literal {
        Literal::Int(_) => Some(&BIGINT),
        Literal::Decimal(_) => Some(&DECIMAL),
        Literal::Double(_) => Some(&DOUBLE),
        Literal::Timestamp(_) => Some(&TIMESTAMP),
        Literal::Text(_) => Some(&STRING),
        Literal::Bytes(_) => Some(&BYTES),
        Literal::Bool(_) => Some(&BOOLEAN),
        Literal::Null | Literal::Interval(..) => None,
    }
}

pub(super) fn of_special(special: &Special<'_>) -> Option<&'static Type> {
    match special {
        Special::Cast { target, .. } | Special::VariantGet { returning: Some(target), .. } => of_target(target),
        Special::Extract { .. } | Special::Position { .. } => Some(&BIGINT),
        Special::Substring(_) | Special::Trim { .. } => Some(&STRING),
        Special::CurrentTimestamp => Some(&TIMESTAMP),
        Special::VariantGet { returning: None, .. } => Some(&VARIANT),
    }
}

/// The type that a cast gives.
pub(super) fn of_target(target: &SyntaxNode<'_>) -> Option<&'static Type> {
    match target.children().first()?.name() {
        "INT" | "INTEGER" | "BIGINT" | "SMALLINT" | "TINYINT" => Some(&BIGINT),
        "FLOAT" | "REAL" | "DOUBLE" => Some(&DOUBLE),
        "STRING" | "VARCHAR" | "CHAR" | "CHARACTER" => Some(&STRING),
        "BYTES" | "BINARY" | "VARBINARY" => Some(&BYTES),
        "BOOLEAN" => Some(&BOOLEAN),
        "DECIMAL" | "DEC" | "NUMERIC" => Some(&DECIMAL),
        "TIMESTAMP" | "TIMESTAMP_LTZ" => Some(&TIMESTAMP),
        _ => None,
    }
}
