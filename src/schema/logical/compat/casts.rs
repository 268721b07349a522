//! Which primitive types Flink takes for another without being asked. Confluent's table is narrower than Flink's own: what would round,
//! overflow or shift values is left out.

use crate::schema::logical::model::TypeKind;

/// Whether values of the first type can stand in a column of the second.
pub(super) fn is_implicit(from: &TypeKind, to: &TypeKind) -> bool {
    use TypeKind::{Bigint, Binary, Char, Decimal, Double, Enum, Float, Int, Smallint, Tinyint, Varbinary, Varchar};
    match to {
        Varchar(_) | Enum(_) => matches!(from, Char(_) | Varchar(_) | Enum(_)),
        Varbinary(_) => matches!(from, Binary(_) | Varbinary(_)),
        Smallint => matches!(from, Tinyint | Smallint),
        Int => matches!(from, Tinyint | Smallint | Int),
        Bigint => matches!(from, Tinyint | Smallint | Int | Bigint),
        Decimal { .. } => matches!(from, Tinyint | Smallint | Int | Bigint | Decimal { .. }),
        Float => matches!(from, Tinyint | Smallint | Float),
        Double => matches!(from, Tinyint | Smallint | Int | Float | Double),
        _ => std::mem::discriminant(from) == std::mem::discriminant(to),
    }
}

/// Decimal digits that every value of an integer type fits into.
pub(super) fn digits(kind: &TypeKind) -> i32 {
    match kind {
        TypeKind::Tinyint => 3,
        TypeKind::Smallint => 5,
        TypeKind::Int => 10,
        TypeKind::Bigint => 19,
        _ => 0,
    }
}
