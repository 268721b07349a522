//! Headers found by looking at one after the other.
//!
//! A `HeaderMap` hashes every name that it is asked for, byte by byte, which takes 20 to 30 ns: more than to compare it with those of a
//! request or an answer, which are few. Used on the way of answers from memory, where all look-ups together took a fiftieth of the time.

use axum::http::{HeaderMap, HeaderName, HeaderValue};

/// The first two values of a header. Not inlined: a request looks for a dozen of headers, and what is once in the processor's cache
/// need not be fetched again.
#[inline(never)]
pub(super) fn first_two<'h>(headers: &'h HeaderMap, name: &HeaderName) -> (Option<&'h HeaderValue>, Option<&'h HeaderValue>) {
    let mut values = headers.iter().filter(|(own, _)| *own == name).map(|(_, value)| value);
    (values.next(), values.next())
}

/// The first value of a header.
pub(super) fn first<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h HeaderValue> {
    first_two(headers, name).0
}

pub(super) fn has(headers: &HeaderMap, name: &HeaderName) -> bool {
    first(headers, name).is_some()
}

/// Gives a header one value, in its place where it is there.
#[inline(never)]
pub(super) fn set(headers: &mut HeaderMap, name: HeaderName, value: HeaderValue) {
    let mut own = headers.iter_mut().filter(|(own, _)| **own == name);
    match (own.next(), own.next()) {
        (Some((_, own)), None) => *own = value,
        _ => drop(headers.insert(name, value)),
    }
}
