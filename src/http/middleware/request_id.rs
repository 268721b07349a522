//! The header `X-Request-ID`.
//!
//! tower-http's `SetRequestIdLayer` keeps whatever the client sent, also a blank id or two of them.

use std::hash::{BuildHasher, RandomState};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::{HeaderMap, HeaderValue};
use uuid::Uuid;

use crate::http::request_info::REQUEST_ID;

/// The client's own id when it sent exactly one that is not blank, else a fresh one (rest-api 1.4).
pub(in crate::http) fn of(headers: &HeaderMap) -> HeaderValue {
    let mut given = headers.get_all(REQUEST_ID).iter();
    match (given.next(), given.next()) {
        (Some(id), None) if !id.as_bytes().trim_ascii().is_empty() => id.clone(),
        _ => {
            let mut buffer = Uuid::encode_buffer();
            let text = fresh().hyphenated().encode_lower(&mut buffer);
            HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static("unknown"))
        }
    }
}

/// An id that no other request has. It need not be secret, so only the first one asks the operating system for randomness.
fn fresh() -> Uuid {
    static SEEDS: OnceLock<[u64; 2]> = OnceLock::new();
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let [high, low] = SEEDS.get_or_init(|| [RandomState::new().hash_one(0), RandomState::new().hash_one(1)]);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let bits = u128::from(mixed(high.wrapping_add(number))) << 64 | u128::from(mixed(low.wrapping_add(number)));
    uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid()
}

/// The finalizer of the generator `SplitMix64`: a different number for each number, with no likeness between neighbours.
fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ (number >> 31)
}
