//! The header `X-Request-ID`.
//!
//! tower-http's `SetRequestIdLayer` keeps whatever the client sent, also a blank id or two of them.

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};

use axum::http::{HeaderMap, HeaderValue};
use uuid::Uuid;

use crate::http::header_scan;
use crate::http::request_info::REQUEST_ID;

/// The client's own id when it sent exactly one that is not blank, else a fresh one (rest-api 1.4).
pub(in crate::http) fn of(headers: &HeaderMap) -> HeaderValue {
    match header_scan::first_two(headers, &REQUEST_ID) {
        (Some(id), None) if !id.as_bytes().trim_ascii().is_empty() => id.clone(),
        _ => {
            let mut buffer = Uuid::encode_buffer();
            let text = fresh().hyphenated().encode_lower(&mut buffer);
            HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static("unknown"))
        }
    }
}

thread_local! {
    /// Where the ids of this thread begin, and go on from. They need not be secret.
    static NEXT: Cell<[u64; 2]> = Cell::new([RandomState::new().hash_one(0), RandomState::new().hash_one(1)]);
}

/// An id that no other request has.
fn fresh() -> Uuid {
    let [high, low] = NEXT.get();
    NEXT.set([high.wrapping_add(1), low.wrapping_add(1)]);
    let bits = u128::from(mixed(high)) << 64 | u128::from(mixed(low));
    uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid()
}

/// The finalizer of the generator `SplitMix64`: a different number for each number, with no likeness between neighbours.
fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ (number >> 31)
}
