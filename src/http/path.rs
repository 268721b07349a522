//! Segments of paths.

use percent_encoding::percent_decode_str;

/// Decodes a segment once. `+` is a plus. NUL, which no stored name has and no database takes, becomes U+FFFD.
pub(super) fn decode(segment: &str) -> Option<String> {
    let text = percent_decode_str(segment).decode_utf8().ok()?;
    Some(if text.contains('\0') { text.replace('\0', "\u{FFFD}") } else { text.into_owned() })
}

/// Decodes a query string; `+` is a space, a parameter without `=` has an empty value.
pub(super) fn parse_query(query: &str) -> Vec<(String, String)> {
    let text = |part: &str| decode(&part.replace('+', " ")).unwrap_or_default();
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (text(key), text(value))
        })
        .collect()
}
