//! Operators, as cel-python applies them, which is what Confluent's Python client runs: numbers of different types are never equal, and a
//! number on the left may still be more than one of another type. What no overload takes is an error, and an error of one operand of
//! `&&` or `||` does not count where the other decides.

use std::cmp::Ordering;

use super::ast::Binary;
use super::site::{EvaluationStop, Site};
use super::value::CelValue;

/// Seconds of the years 1 to 9999.
const MICROS: std::ops::RangeInclusive<i64> = -62_135_596_800_000_000..=253_402_300_799_999_999;

pub(super) fn no_overload<T>(site: &Site<'_>, operator: &str, a: &CelValue, b: &CelValue) -> Result<T, EvaluationStop> {
    Err(site.error(format!("{operator} does not take {} and {}", a.type_name(), b.type_name())))
}

/// What of two values neither compares nor computes here.
fn refuse_opaque(site: &Site<'_>, a: &CelValue, b: &CelValue) -> Result<(), EvaluationStop> {
    match (a, b) {
        (CelValue::Opaque(name, _), _) | (_, CelValue::Opaque(name, _)) => Err(site.unsupported(name)),
        _ => Ok(()),
    }
}

pub(super) fn apply(site: &Site<'_>, operator: Binary, a: &CelValue, b: &CelValue) -> Result<CelValue, EvaluationStop> {
    let word: &'static str = operator.into();
    match operator {
        Binary::Equal => equal(site, a, b)?.map_or_else(|| no_overload(site, word, a, b), |is| Ok(CelValue::Bool(is))),
        // cel-python has == for these, and no !=
        Binary::NotEqual if matches!((a, b), (CelValue::List(_) | CelValue::Map(_) | CelValue::Message(_), CelValue::Null)) => {
            let name = a.type_name();
            Err(site.error(format!("!= does not take {name} and null in Confluent's Python client; write !(... == null)")))
        }
        Binary::NotEqual => equal(site, a, b)?.map_or_else(|| no_overload(site, word, a, b), |is| Ok(CelValue::Bool(!is))),
        Binary::Less | Binary::LessOrEqual | Binary::Greater | Binary::GreaterOrEqual => {
            refuse_opaque(site, a, b)?;
            let is = match compare(a, b) {
                CelOrdering::Not => return no_overload(site, word, a, b),
                // numbers that are none are neither less nor more
                CelOrdering::Neither => return Ok(CelValue::Bool(false)),
                CelOrdering::Ordered(ordering) => ordering,
            };
            let is = match operator {
                Binary::Less => is.is_lt(),
                Binary::LessOrEqual => is.is_le(),
                Binary::Greater => is.is_gt(),
                _ => is.is_ge(),
            };
            Ok(CelValue::Bool(is))
        }
        Binary::In => contains(site, b, a),
        Binary::Add => add(site, a, b),
        Binary::Subtract | Binary::Multiply | Binary::Divide | Binary::Remainder => {
            refuse_opaque(site, a, b)?;
            arithmetic(site, operator, a, b)
        }
    }
}

fn is_number(value: &CelValue) -> bool {
    matches!(value, CelValue::Int(_) | CelValue::Uint(_) | CelValue::Double(_))
}

/// Whether two values are the same; `None` where no overload compares them.
///
/// # Errors
/// The work runs out, or one of them is not run on here.
pub(super) fn equal(site: &Site<'_>, a: &CelValue, b: &CelValue) -> Result<Option<bool>, EvaluationStop> {
    site.charge(1)?;
    refuse_opaque(site, a, b)?;
    let same = |is: bool| Ok(Some(is));
    match (a, b) {
        (CelValue::Null, CelValue::Null) => same(true),
        (CelValue::Bool(a), CelValue::Bool(b)) => same(a == b),
        (CelValue::Int(a), CelValue::Int(b))
        | (CelValue::Timestamp(a), CelValue::Timestamp(b))
        | (CelValue::Duration(a), CelValue::Duration(b)) => same(a == b),
        (CelValue::Uint(a), CelValue::Uint(b)) => same(a == b),
        #[expect(clippy::float_cmp, reason = "the operator means exactly that")]
        (CelValue::Double(a), CelValue::Double(b)) => same(a == b),
        (CelValue::String(a), CelValue::String(b)) => {
            site.charge_for(a.len().min(b.len()) / 16)?;
            same(a == b)
        }
        (CelValue::Bytes(a), CelValue::Bytes(b)) => {
            site.charge_for(a.len().min(b.len()) / 16)?;
            same(a == b)
        }
        (CelValue::Type(a), CelValue::Type(b)) => same(a == b),
        (CelValue::List(a), CelValue::List(b)) => {
            if a.len() != b.len() {
                return same(false);
            }
            all_equal(site, a.iter().zip(b.iter()))
        }
        (CelValue::Map(a), CelValue::Map(b)) => {
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
        (CelValue::Message(a), CelValue::Message(b)) => {
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
        (CelValue::Bool(a), CelValue::Int(b)) => same(i64::from(*a) == *b),
        (CelValue::Bool(a), CelValue::Uint(b)) => same(u64::from(*a) == *b),
        (CelValue::List(_) | CelValue::Map(_) | CelValue::Message(_), CelValue::Null)
        | (CelValue::Null, CelValue::List(_) | CelValue::Map(_) | CelValue::Message(_)) => same(false),
        (CelValue::List(_) | CelValue::Map(_) | CelValue::Message(_), _)
        | (_, CelValue::List(_) | CelValue::Map(_) | CelValue::Message(_)) => Ok(None),
        _ if is_number(a) || is_number(b) => Ok(None),
        _ => same(false),
    }
}

/// False where a pair is not equal, whatever the others are.
fn all_equal<'v>(
    site: &Site<'_>,
    pairs: impl Iterator<Item = (&'v CelValue, &'v CelValue)>,
) -> Result<Option<bool>, EvaluationStop> {
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
pub(super) fn find<'v>(
    site: &Site<'_>,
    entries: &'v [(CelValue, CelValue)],
    key: &CelValue,
) -> Result<Option<&'v CelValue>, EvaluationStop> {
    for (found, value) in entries {
        if equal(site, found, key)? == Some(true) {
            return Ok(Some(value));
        }
    }
    Ok(None)
}

/// A number for which Python has no other type on its left or right.
fn number(value: &CelValue) -> Option<CelNumber> {
    match value {
        CelValue::Bool(value) => Some(CelNumber::Whole(i128::from(*value))),
        CelValue::Int(value) => Some(CelNumber::Whole(i128::from(*value))),
        CelValue::Uint(value) => Some(CelNumber::Whole(i128::from(*value))),
        CelValue::Double(value) => Some(CelNumber::Double(*value)),
        _ => None,
    }
}

#[derive(Clone, Copy)]
enum CelNumber {
    Whole(i128),
    Double(f64),
}

impl CelNumber {
    #[expect(clippy::cast_precision_loss, reason = "as every language converts them")]
    fn double(self) -> f64 {
        match self {
            Self::Whole(value) => value as f64,
            Self::Double(value) => value,
        }
    }
}

enum CelOrdering {
    Ordered(Ordering),
    Neither,
    /// No overload compares them.
    Not,
}

fn compare(a: &CelValue, b: &CelValue) -> CelOrdering {
    match (a, b) {
        (CelValue::Int(a), CelValue::Int(b))
        | (CelValue::Timestamp(a), CelValue::Timestamp(b))
        | (CelValue::Duration(a), CelValue::Duration(b)) => CelOrdering::Ordered(a.cmp(b)),
        (CelValue::Int(_), _) => CelOrdering::Not,
        (CelValue::String(a), CelValue::String(b)) => CelOrdering::Ordered(a.cmp(b)),
        (CelValue::Bytes(a), CelValue::Bytes(b)) => CelOrdering::Ordered(a.cmp(b)),
        _ => match (number(a), number(b)) {
            (Some(CelNumber::Whole(a)), Some(CelNumber::Whole(b))) => CelOrdering::Ordered(a.cmp(&b)),
            (Some(a), Some(b)) => a.double().partial_cmp(&b.double()).map_or(CelOrdering::Neither, CelOrdering::Ordered),
            _ => CelOrdering::Not,
        },
    }
}

fn contains(site: &Site<'_>, container: &CelValue, item: &CelValue) -> Result<CelValue, EvaluationStop> {
    match container {
        CelValue::List(items) => {
            let mut is_comparable = true;
            for found in items.iter() {
                match equal(site, found, item)? {
                    Some(true) => return Ok(CelValue::Bool(true)),
                    Some(false) => {}
                    None => is_comparable = false,
                }
            }
            if is_comparable { Ok(CelValue::Bool(false)) } else { no_overload(site, "in", item, container) }
        }
        CelValue::Map(entries) => {
            let mut is_comparable = true;
            for (key, _) in entries.iter() {
                match equal(site, key, item)? {
                    Some(true) => return Ok(CelValue::Bool(true)),
                    Some(false) => {}
                    None => is_comparable = false,
                }
            }
            if is_comparable { Ok(CelValue::Bool(false)) } else { no_overload(site, "in", item, container) }
        }
        CelValue::Message(message) => match item {
            CelValue::String(name) => Ok(CelValue::Bool(message.names().any(|found| found == &**name))),
            _ => Ok(CelValue::Bool(false)),
        },
        CelValue::String(text) => match item {
            CelValue::String(part) => {
                site.charge_for(text.len() / 16)?;
                Ok(CelValue::Bool(text.contains(&**part)))
            }
            _ => no_overload(site, "in", item, container),
        },
        CelValue::Opaque(name, _) => Err(site.unsupported(name)),
        _ => no_overload(site, "in", item, container),
    }
}

fn add(site: &Site<'_>, a: &CelValue, b: &CelValue) -> Result<CelValue, EvaluationStop> {
    refuse_opaque(site, a, b)?;
    match (a, b) {
        (CelValue::String(a), CelValue::String(b)) => {
            site.reserve(a.len() + b.len())?;
            Ok(CelValue::String([&**a, &**b].concat().into()))
        }
        (CelValue::Bytes(a), CelValue::Bytes(b)) => {
            site.reserve(a.len() + b.len())?;
            Ok(CelValue::Bytes([&**a, &**b].concat().into()))
        }
        (CelValue::List(a), CelValue::List(b)) => {
            site.reserve((a.len() + b.len()) * size_of::<CelValue>())?;
            Ok(CelValue::list(a.iter().chain(b.iter()).cloned().collect()))
        }
        (CelValue::Timestamp(time), CelValue::Duration(span)) | (CelValue::Duration(span), CelValue::Timestamp(time)) => {
            timestamp(site, time.checked_add(*span))
        }
        (CelValue::Duration(a), CelValue::Duration(b)) => duration(site, a.checked_add(*b)),
        _ => arithmetic(site, Binary::Add, a, b),
    }
}

fn timestamp(site: &Site<'_>, micros: Option<i64>) -> Result<CelValue, EvaluationStop> {
    micros.filter(|micros| MICROS.contains(micros)).map(CelValue::Timestamp).ok_or_else(|| site.error("the time is out of range"))
}

fn duration(site: &Site<'_>, micros: Option<i64>) -> Result<CelValue, EvaluationStop> {
    micros.map(CelValue::Duration).ok_or_else(|| site.error("the duration is out of range"))
}

fn arithmetic(site: &Site<'_>, operator: Binary, a: &CelValue, b: &CelValue) -> Result<CelValue, EvaluationStop> {
    let word: &'static str = operator.into();
    if let (CelValue::Timestamp(a), CelValue::Timestamp(b), Binary::Subtract) = (a, b, operator) {
        return duration(site, a.checked_sub(*b));
    }
    if let (CelValue::Timestamp(a), CelValue::Duration(b), Binary::Subtract) = (a, b, operator) {
        return timestamp(site, a.checked_sub(*b));
    }
    if let (CelValue::Duration(a), CelValue::Duration(b), Binary::Subtract) = (a, b, operator) {
        return duration(site, a.checked_sub(*b));
    }
    let (Some(left), Some(right)) = (number(a), number(b)) else { return no_overload(site, word, a, b) };
    match (left, right) {
        (CelNumber::Whole(left), CelNumber::Whole(right)) => {
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
                CelValue::Uint(_) => u64::try_from(result).map(CelValue::Uint).map_err(|_| overflow()),
                _ => i64::try_from(result).map(CelValue::Int).map_err(|_| overflow()),
            }
        }
        (CelNumber::Double(left), right) if operator != Binary::Remainder => {
            let is_whole = matches!(right, CelNumber::Whole(_));
            let right = right.double();
            Ok(CelValue::Double(match operator {
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
