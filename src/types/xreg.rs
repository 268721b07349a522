//! The id of a subject in the xRegistry view.

use md5::{Digest, Md5};

/// Longest id that xRegistry allows.
const MAX_LENGTH: usize = 128;

/// The id for a subject name: bytes outside the allowed set, and `~`, as `~XX`; an empty name, a name that would be too long,
/// or (`forced`) one that differs from an existing id in letter case only, ends in `~` and a hash.
#[must_use]
pub fn xreg_id(name: &str, forced: bool) -> String {
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
            id.push_str(&format!("{byte:02X}"));
        }
    }
    if !forced && !id.is_empty() && id.len() <= MAX_LENGTH {
        return id;
    }
    let hash = Md5::digest(name.as_bytes());
    let hash: String = hash.iter().take(8).map(|b| format!("{b:02x}")).collect();
    id.truncate(MAX_LENGTH - hash.len() - 2);
    if id.is_empty() {
        id.push('_');
    }
    format!("{id}~{hash}")
}
