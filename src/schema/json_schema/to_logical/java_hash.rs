//! The order of Java's hash tables. Confluent's converter takes values of an enum and definitions from such tables, so their order in a
//! logical type is that of their hash codes.

use crate::schema::java_number::as_double;
use crate::schema::json::{JsonKind, Value};
use crate::schema::json_schema::dialect::Dialect;
use crate::schema::json_schema::number::is_integer_literal;
use crate::schema::meter::{self, Exhausted};

/// The hash code of a string.
pub(super) fn of_text(text: &str) -> i32 {
    text.encode_utf16().fold(0, |hash: i32, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)))
}

fn of_long(value: i64) -> i32 {
    #[expect(clippy::cast_possible_truncation, reason = "both halves are wanted")]
    let halves = ((value >> 32) as i32, value as i32);
    halves.0 ^ halves.1
}

/// The hash code of a value as Java's JSON library holds it.
fn of_value(value: &Value) -> i32 {
    match &value.kind {
        JsonKind::Null => 0,
        JsonKind::Bool(true) => 1_231,
        JsonKind::Bool(false) => 1_237,
        JsonKind::String(text) => of_text(text),
        JsonKind::Number(text) if is_integer_literal(text) => match text.parse::<i64>() {
            Ok(value) => i32::try_from(value).unwrap_or_else(|_| of_long(value)),
            Err(_) => of_text(text),
        },
        JsonKind::Number(text) => of_long(as_double(text).to_bits().cast_signed()),
        JsonKind::Array(items) => items.iter().fold(1, |hash: i32, item| hash.wrapping_mul(31).wrapping_add(of_value(item))),
        JsonKind::Object(object) => {
            object.members().iter().fold(0, |hash: i32, member| hash.wrapping_add(of_text(&member.key) ^ of_value(&member.value)))
        }
    }
}

/// The places of entries in a table that they were put into one by one.
pub(super) fn order(hashes: impl Iterator<Item = i32>) -> Result<Vec<usize>, Exhausted> {
    let hashes: Vec<u32> = hashes.map(i32::cast_unsigned).map(|hash| hash ^ (hash >> 16)).collect();
    meter::charge_for(hashes.len())?;
    // a table has sixteen places, and twice as many whenever three quarters are taken
    let mut size: usize = 16;
    while hashes.len() * 4 > size * 3 {
        size *= 2;
    }
    let mask = u32::try_from(size - 1).unwrap_or(u32::MAX);
    let mut places: Vec<(u32, usize)> = hashes.into_iter().map(|hash| hash & mask).zip(0..).collect();
    places.sort_unstable();
    Ok(places.into_iter().map(|(_, at)| at).collect())
}

/// The values of an enum: a set before 2019-09, and as written from then on.
pub(super) fn as_set(values: &[Value], dialect: Dialect) -> Result<Vec<&Value>, Exhausted> {
    let mut distinct: Vec<&Value> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for value in values {
        meter::charge(2)?;
        if seen.insert(crate::schema::json_schema::print::key(value)) {
            distinct.push(value);
        }
    }
    if dialect.is_modern() {
        return Ok(distinct);
    }
    let places = order(distinct.iter().map(|value| of_value(value)))?;
    Ok(places.into_iter().filter_map(|at| distinct.get(at).copied()).collect())
}
