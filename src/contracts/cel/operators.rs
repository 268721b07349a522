//! Operators, as cel-python applies them, which is what Confluent's Python client runs: numbers of different types are never equal, and a
//! number on the left may still be more than one of another type. What no overload takes is an error, and an error of one operand of
//! `&&` or `||` does not count where the other decides.

use std::cmp::Ordering;

use super::ast::Binary;
use super::site::{Site, Stop};
use super::value::Value;

/// Seconds of the years 1 to 9999.
const MICROS: std::ops::RangeInclusive<i64> = -62_135_596_800_000_000..=253_402_300_799_999_999;

pub(super) fn no_overload<T>(site: &Site<'_>, operator: &str, a: &Value, b: &Value) -> Result<T, Stop> {
    Err(site.error(format!("{operator} does not take {} and {}", a.type_name(), b.type_name())))
}

/// What of two values neither compares nor computes here.
fn refuse_opaque(site: &Site<'_>, a: &Value, b: &Value) -> Result<(), Stop> {
    match (a, b) {
        (Value::Opaque(name, _), _) | (_, Value::Opaque(name, _)) => Err(site.unsupported(name)),
        _ => Ok(()),
    }
}

pub(super) fn apply(site: &Site<'_>, operator: Binary, a: &Value, b: &Value) -> Result<Value, Stop> {
    let word: &'static str = operator.into();
    match operator {
        Binary::Equal => equal(site, a, b)?.map_or_else(|| no_overload(site, word, a, b), |is| Ok(Value::Bool(is))),
        // cel-python has == for these, and no !=
        Binary::NotEqual if matches!((a, b), (Value::List(_) | Value::Map(_) | Value::Message(_), Value::Null)) => {
            let name = a.type_name();
            Err(site.error(format!("!= does not take {name} and null in Confluent's Python client; write !(... == null)")))
        }
        Binary::NotEqual => equal(site, a, b)?.map_or_else(|| no_overload(site, word, a, b), |is| Ok(Value::Bool(!is))),
        Binary::Less | Binary::LessOrEqual | Binary::Greater | Binary::GreaterOrEqual => {
            refuse_opaque(site, a, b)?;
            let is = match compare(a, b) {
                Compared::Not => return no_overload(site, word, a, b),
                // numbers that are none are neither less nor more
                Compared::Neither => return Ok(Value::Bool(false)),
                Compared::Ordered(ordering) => ordering,
            };
            let is = match operator {
                Binary::Less => is.is_lt(),
                Binary::LessOrEqual => is.is_le(),
                Binary::Greater => is.is_gt(),
                _ => is.is_ge(),
            };
            Ok(Value::Bool(is))
        }
        Binary::In => contains(site, b, a),
        Binary::Add => add(site, a, b),
        Binary::Subtract | Binary::Multiply | Binary::Divide | Binary::Remainder => {
            refuse_opaque(site, a, b)?;
            arithmetic(site, operator, a, b)
        }
    }
}

fn is_number(value: &Value) -> bool {
    matches!(value, Value::Int(_) | Value::Uint(_) | Value::Double(_))
}

/// Whether two values are the same; `None` where no overload compares them.
///
/// # Errors
/// The work runs out, or one of them is not run on here.
pub(super) fn equal(site: &Site<'_>, a: &Value, b: &Value) -> Result<Option<bool>, Stop> {
    site.charge(1)?;
    refuse_opaque(site, a, b)?;
    let same = |is: bool| Ok(Some(is));
    match (a, b) {
        (Value::Null, Value::Null) => same(true),
        (Value::Bool(a), Value::Bool(b)) => same(a == b),
        (Value::Int(a), Value::Int(b))
        | (Value::Timestamp(a), Value::Timestamp(b))
        | (Value::Duration(a), Value::Duration(b)) => same(a == b),
        (Value::Uint(a), Value::Uint(b)) => same(a == b),
        #[expect(clippy::float_cmp, reason = "the operator means exactly that")]
        (Value::Double(a), Value::Double(b)) => same(a == b),
        (Value::String(a), Value::String(b)) => {
            site.charge_for(a.len().min(b.len()) / 16)?;
            same(a == b)
        }
        (Value::Bytes(a), Value::Bytes(b)) => {
            site.charge_for(a.len().min(b.len()) / 16)?;
            same(a == b)
        }
        (Value::Type(a), Value::Type(b)) => same(a == b),
        (Value::List(a), Value::List(b)) => {
            if a.len() != b.len() {
                return same(false);
            }
            all_equal(site, a.iter().zip(b.iter()))
        }
        (Value::Map(a), Value::Map(b)) => {
            if a.len() != b.len() {
                return same(false);
            }
            let mut pairs = Vec::with_capacity(a.len());
            for (key, value) in a.iter() {
                match find(site, b, key)? {
                    Some(other) => pairs.push((value, other)),
                    None => return same(false),
                }
            }
            all_equal(site, pairs.into_iter())
        }
        (Value::Message(a), Value::Message(b)) => {
            if a.shape != b.shape {
                return same(false);
            }
            for place in 0..a.values.len() {
                let (Some(left), Some(right)) = (a.at(place), b.at(place)) else { return same(false) };
                if equal(site, &left, &right)? != Some(true) {
                    return same(false);
                }
            }
            same(true)
        }
        // cel-python's booleans are Python's, which are numbers
        (Value::Bool(a), Value::Int(b)) => same(i64::from(*a) == *b),
        (Value::Bool(a), Value::Uint(b)) => same(u64::from(*a) == *b),
        (Value::List(_) | Value::Map(_) | Value::Message(_), Value::Null)
        | (Value::Null, Value::List(_) | Value::Map(_) | Value::Message(_)) => same(false),
        (Value::List(_) | Value::Map(_) | Value::Message(_), _) | (_, Value::List(_) | Value::Map(_) | Value::Message(_)) => {
            Ok(None)
        }
        _ if is_number(a) || is_number(b) => Ok(None),
        _ => same(false),
    }
}

/// False where a pair is not equal, whatever the others are.
fn all_equal<'v>(site: &Site<'_>, pairs: impl Iterator<Item = (&'v Value, &'v Value)>) -> Result<Option<bool>, Stop> {
    let mut all = Some(true);
    for (a, b) in pairs {
        match equal(site, a, b)? {
            Some(true) => {}
            Some(false) => return Ok(Some(false)),
            None => all = None,
        }
    }
    Ok(all)
}

/// The value of a key.
pub(super) fn find<'v>(site: &Site<'_>, entries: &'v [(Value, Value)], key: &Value) -> Result<Option<&'v Value>, Stop> {
    for (found, value) in entries {
        if equal(site, found, key)? == Some(true) {
            return Ok(Some(value));
        }
    }
    Ok(None)
}

/// A number for which Python has no other type on its left or right.
fn number(value: &Value) -> Option<Number> {
    match value {
        Value::Bool(value) => Some(Number::Whole(i128::from(*value))),
        Value::Int(value) => Some(Number::Whole(i128::from(*value))),
        Value::Uint(value) => Some(Number::Whole(i128::from(*value))),
        Value::Double(value) => Some(Number::Double(*value)),
        _ => None,
    }
}

#[derive(Clone, Copy)]
enum Number {
    Whole(i128),
    Double(f64),
}

impl Number {
    #[expect(clippy::cast_precision_loss, reason = "as every language converts them")]
    fn double(self) -> f64 {
        match self {
            Self::Whole(value) => value as f64,
            Self::Double(value) => value,
        }
    }
}

enum Compared {
    Ordered(Ordering),
    Neither,
    /// No overload compares them.
    Not,
}

fn compare(a: &Value, b: &Value) -> Compared {
    match (a, b) {
        (Value::Int(a), Value::Int(b))
        | (Value::Timestamp(a), Value::Timestamp(b))
        | (Value::Duration(a), Value::Duration(b)) => Compared::Ordered(a.cmp(b)),
        (Value::Int(_), _) => Compared::Not,
        (Value::String(a), Value::String(b)) => Compared::Ordered(a.cmp(b)),
        (Value::Bytes(a), Value::Bytes(b)) => Compared::Ordered(a.cmp(b)),
        _ => match (number(a), number(b)) {
            (Some(Number::Whole(a)), Some(Number::Whole(b))) => Compared::Ordered(a.cmp(&b)),
            (Some(a), Some(b)) => a.double().partial_cmp(&b.double()).map_or(Compared::Neither, Compared::Ordered),
            _ => Compared::Not,
        },
    }
}

fn contains(site: &Site<'_>, container: &Value, item: &Value) -> Result<Value, Stop> {
    match container {
        Value::List(items) => {
            let mut is_comparable = true;
            for found in items.iter() {
                match equal(site, found, item)? {
                    Some(true) => return Ok(Value::Bool(true)),
                    Some(false) => {}
                    None => is_comparable = false,
                }
            }
            if is_comparable { Ok(Value::Bool(false)) } else { no_overload(site, "in", item, container) }
        }
        Value::Map(entries) => {
            let mut is_comparable = true;
            for (key, _) in entries.iter() {
                match equal(site, key, item)? {
                    Some(true) => return Ok(Value::Bool(true)),
                    Some(false) => {}
                    None => is_comparable = false,
                }
            }
            if is_comparable { Ok(Value::Bool(false)) } else { no_overload(site, "in", item, container) }
        }
        Value::Message(message) => match item {
            Value::String(name) => Ok(Value::Bool(message.names().any(|found| found == &**name))),
            _ => Ok(Value::Bool(false)),
        },
        Value::String(text) => match item {
            Value::String(part) => {
                site.charge_for(text.len() / 16)?;
                Ok(Value::Bool(text.contains(&**part)))
            }
            _ => no_overload(site, "in", item, container),
        },
        Value::Opaque(name, _) => Err(site.unsupported(name)),
        _ => no_overload(site, "in", item, container),
    }
}

fn add(site: &Site<'_>, a: &Value, b: &Value) -> Result<Value, Stop> {
    refuse_opaque(site, a, b)?;
    match (a, b) {
        (Value::String(a), Value::String(b)) => {
            site.reserve(a.len() + b.len())?;
            Ok(Value::String([&**a, &**b].concat().into()))
        }
        (Value::Bytes(a), Value::Bytes(b)) => {
            site.reserve(a.len() + b.len())?;
            Ok(Value::Bytes([&**a, &**b].concat().into()))
        }
        (Value::List(a), Value::List(b)) => {
            site.reserve((a.len() + b.len()) * size_of::<Value>())?;
            Ok(Value::list(a.iter().chain(b.iter()).cloned().collect()))
        }
        (Value::Timestamp(time), Value::Duration(span)) | (Value::Duration(span), Value::Timestamp(time)) => {
            timestamp(site, time.checked_add(*span))
        }
        (Value::Duration(a), Value::Duration(b)) => duration(site, a.checked_add(*b)),
        _ => arithmetic(site, Binary::Add, a, b),
    }
}

fn timestamp(site: &Site<'_>, micros: Option<i64>) -> Result<Value, Stop> {
    micros.filter(|micros| MICROS.contains(micros)).map(Value::Timestamp).ok_or_else(|| site.error("the time is out of range"))
}

fn duration(site: &Site<'_>, micros: Option<i64>) -> Result<Value, Stop> {
    micros.map(Value::Duration).ok_or_else(|| site.error("the duration is out of range"))
}

fn arithmetic(site: &Site<'_>, operator: Binary, a: &Value, b: &Value) -> Result<Value, Stop> {
    let word: &'static str = operator.into();
    if let (Value::Timestamp(a), Value::Timestamp(b), Binary::Subtract) = (a, b, operator) {
        return duration(site, a.checked_sub(*b));
    }
    if let (Value::Timestamp(a), Value::Duration(b), Binary::Subtract) = (a, b, operator) {
        return timestamp(site, a.checked_sub(*b));
    }
    if let (Value::Duration(a), Value::Duration(b), Binary::Subtract) = (a, b, operator) {
        return duration(site, a.checked_sub(*b));
    }
    let (Some(left), Some(right)) = (number(a), number(b)) else { return no_overload(site, word, a, b) };
    match (left, right) {
        (Number::Whole(left), Number::Whole(right)) => {
            let divides = matches!(operator, Binary::Divide | Binary::Remainder);
            if divides && right == 0 {
                return Err(site.error("division by zero"));
            }
            let result = match operator {
                Binary::Add => left.checked_add(right),
                Binary::Subtract => left.checked_sub(right),
                Binary::Multiply => left.checked_mul(right),
                Binary::Divide => left.checked_div(right),
                _ => left.checked_rem(right),
            };
            let overflow = || site.error("the result is out of range");
            let result = result.ok_or_else(overflow)?;
            match a {
                Value::Uint(_) => u64::try_from(result).map(Value::Uint).map_err(|_| overflow()),
                _ => i64::try_from(result).map(Value::Int).map_err(|_| overflow()),
            }
        }
        (Number::Double(left), right) if operator != Binary::Remainder => {
            let is_whole = matches!(right, Number::Whole(_));
            let right = right.double();
            Ok(Value::Double(match operator {
                Binary::Add => left + right,
                Binary::Subtract => left - right,
                Binary::Multiply => left * right,
                _ if is_whole => return no_overload(site, word, a, b),
                _ => left / right,
            }))
        }
        _ => no_overload(site, word, a, b),
    }
}
