//! Segments of paths.

use percent_encoding::percent_decode_str;

/// Decodes a segment once. `+` is a plus. NUL, which no stored name has and no database takes, becomes U+FFFD.
pub(super) fn decode(segment: &str) -> Option<String> {
    let text = percent_decode_str(segment).decode_utf8().ok()?;
    Some(if text.contains('\0') { text.replace('\0', "\u{FFFD}") } else { text.into_owned() })
}
