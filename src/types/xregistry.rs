//! Ids of subjects in xRegistry documents, which allow fewer characters than subject names do.

use md5::{Digest, Md5};

/// Longest id that xRegistry allows.
const MAX_LENGTH: usize = 128;
/// Bytes of the hash that an id shows.
const HASH_BYTES: usize = 8;

/// The id for a subject name: bytes outside the allowed set, and `~`, as `~XX`; an empty name, a name that would be too long,
/// or (`forced`) one that differs from an existing id in letter case only, ends in `~` and a hash.
pub fn xregistry_id(name: &str, forced: bool) -> String {
    let mut id = String::with_capacity(name.len());
    for (i, byte) in name.bytes().enumerate() {
        let first_ok = byte.is_ascii_alphanumeric() || byte == b'_';
        if first_ok || (i > 0 && matches!(byte, b'-' | b'.' | b':' | b'@')) {
            id.push(char::from(byte));
        } else {
            if i == 0 {
                id.push('_');
            }
            id.push('~');
            push_hex(&mut id, byte, true);
        }
    }
    if !forced && !id.is_empty() && id.len() <= MAX_LENGTH {
        return id;
    }
    let hash = Md5::digest(name.as_bytes());
    id.truncate(MAX_LENGTH - HASH_BYTES * 2 - 2);
    if id.is_empty() {
        id.push('_');
    }
    id.push('~');
    for byte in hash.iter().take(HASH_BYTES) {
        push_hex(&mut id, *byte, false);
    }
    id
}

fn push_hex(out: &mut String, byte: u8, upper: bool) {
    for nibble in [byte >> 4, byte & 15] {
        let digit = char::from_digit(u32::from(nibble), 16).unwrap_or('0');
        out.push(if upper { digit.to_ascii_uppercase() } else { digit });
    }
}
