//! JSON values inside a schema, such as properties and defaults: printing, order of keys, equality.

use std::cmp::Ordering;
use std::hash::{DefaultHasher, Hash as _, Hasher};
use std::mem::discriminant;

use crate::schema::java_number::{self as number, JavaNumber};
use crate::schema::json::{JsonKind, Member, Object, Value, utf16_cmp, write_string};

/// Appends a value, compact. `sorted` orders the keys of every object by UTF-16 unit.
pub(super) fn write(out: &mut String, value: &Value, sorted: bool) {
    match &value.kind {
        JsonKind::Null => out.push_str("null"),
        JsonKind::Bool(true) => out.push_str("true"),
        JsonKind::Bool(false) => out.push_str("false"),
        JsonKind::Number(text) => number::write(out, text),
        JsonKind::String(text) => write_string(out, text),
        JsonKind::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write(out, item, sorted);
            }
            out.push(']');
        }
        JsonKind::Object(object) => {
            out.push('{');
            let mut first = true;
            for member in in_order(object.members(), sorted) {
                if !std::mem::take(&mut first) {
                    out.push(',');
                }
                write_string(out, &member.key);
                out.push(':');
                write(out, &member.value, sorted);
            }
            out.push('}');
        }
    }
}

pub(super) fn text(value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, value, false);
    out
}

/// Members as they stand, or sorted by key.
pub(super) fn in_order(members: &[Member], sorted: bool) -> Vec<&Member> {
    let mut members: Vec<&Member> = members.iter().collect();
    if sorted {
        members.sort_by(|a, b| key_cmp(&a.key, &b.key));
    }
    members
}

/// The order of Java's strings; for ASCII that is the order of bytes.
pub(super) fn key_cmp(a: &str, b: &str) -> Ordering {
    if a.is_ascii() && b.is_ascii() { a.cmp(b) } else { utf16_cmp(a, b) }
}

/// JSON equality: `1` and `1.0` differ, the order of keys does not matter, NaN is itself.
pub(super) fn equal(a: &Value, b: &Value) -> bool {
    match (&a.kind, &b.kind) {
        (JsonKind::Null, JsonKind::Null) => true,
        (JsonKind::Bool(a), JsonKind::Bool(b)) => a == b,
        (JsonKind::String(a), JsonKind::String(b)) => a == b,
        (JsonKind::Number(a), JsonKind::Number(b)) => match (number::classify(a), number::classify(b)) {
            (JavaNumber::Integer(a), JavaNumber::Integer(b)) => a == b,
            (JavaNumber::Double(a), JavaNumber::Double(b)) => a.to_bits() == b.to_bits(),
            _ => false,
        },
        (JsonKind::Array(a), JsonKind::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b)),
        (JsonKind::Object(a), JsonKind::Object(b)) => equal_objects(a, b),
        _ => false,
    }
}

fn equal_objects(a: &Object, b: &Object) -> bool {
    a.len() == b.len() && a.members().iter().all(|m| b.get(&m.key).is_some_and(|other| equal(&m.value, other)))
}

/// Adds a value to a hash: values that are [`equal`] add the same.
pub(super) fn hash(value: &Value, out: &mut impl Hasher) {
    discriminant(&value.kind).hash(out);
    match &value.kind {
        JsonKind::Null => {}
        JsonKind::Bool(value) => value.hash(out),
        JsonKind::String(text) => text.hash(out),
        JsonKind::Number(text) => match number::classify(text) {
            JavaNumber::Integer(digits) => digits.hash(out),
            JavaNumber::Double(number) => number.to_bits().hash(out),
        },
        JsonKind::Array(items) => {
            items.len().hash(out);
            for item in items {
                hash(item, out);
            }
        }
        JsonKind::Object(object) => hash_members(object.members(), out),
    }
}

/// Adds property lists to a hash, in whatever order they stand.
pub(super) fn hash_members(members: &[Member], out: &mut impl Hasher) {
    hash_unordered(members, out, |member, own| {
        member.key.hash(own);
        hash(&member.value, own);
    });
}

/// Adds a set to a hash.
pub(super) fn hash_unordered<T>(items: &[T], out: &mut impl Hasher, each: impl Fn(&T, &mut DefaultHasher)) {
    let hashes = items.iter().map(|item| {
        let mut own = DefaultHasher::new();
        each(item, &mut own);
        own.finish()
    });
    hashes.fold(items.len() as u64, u64::wrapping_add).hash(out);
}

/// Equality of property lists: an unordered map.
pub(super) fn equal_members(a: &[Member], b: &[Member]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let same = |(a, b): (&Member, &Member)| a.key == b.key && equal(&a.value, &b.value);
    if a.iter().zip(b).all(|(a, b)| a.key == b.key) {
        return a.iter().zip(b).all(same);
    }
    in_order(a, true).into_iter().zip(in_order(b, true)).all(same)
}

pub(super) fn equal_options(a: Option<&Value>, b: Option<&Value>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => equal(a, b),
        (None, None) => true,
        _ => false,
    }
}
