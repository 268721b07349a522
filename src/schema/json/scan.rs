//! Looks at JSON texts without making values of them.

/// The bytes from an offset on that stand outside strings and comments, and the closing quotes of strings.
fn structure(text: &str, from: usize) -> impl Iterator<Item = (usize, u8)> {
    let bytes = text.as_bytes();
    let mut next = from;
    std::iter::from_fn(move || {
        loop {
            let (at, byte) = (next, *bytes.get(next)?);
            next += 1;
            match (byte, bytes.get(next)) {
                (b'"', _) => {
                    while *bytes.get(next)? != b'"' {
                        next += if bytes.get(next) == Some(&b'\\') { 2 } else { 1 };
                    }
                    next += 1;
                    return Some((next - 1, b'"'));
                }
                (b'/', Some(b'/')) => next += text.get(next..)?.find('\n')?,
                (b'/', Some(b'*')) => next += 1 + text.get(next + 1..)?.find("*/")? + 2,
                _ => return Some((at, byte)),
            }
        }
    })
}

/// Deepest nesting of arrays and objects, found without recursion: readers that recurse choose their stack by it. In a text that
/// is not JSON, nesting up to the first error is counted.
pub(crate) fn nesting(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for (_, byte) in structure(text, 0) {
        match byte {
            b'[' | b'{' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// The offset behind the value that begins at `start` of a text that has been read.
pub fn end_of(text: &str, start: usize) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in structure(text, start) {
        match byte {
            b'"' if depth == 0 => return at + 1,
            b'{' | b'[' => depth += 1,
            b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r' if depth == 0 => return at,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
    }
    text.len()
}

/// The length of the prefix that needs no escapes in a JSON string and is ASCII. Eight bytes at a time: strings are most of a
/// document.
pub(crate) fn plain_prefix(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    // the high bit of each byte that is 0
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word & HIGH;
    let plain_of = |eight: [u8; 8]| {
        let word = u64::from_le_bytes(eight);
        let is_quote = zeros(word ^ (ONES * u64::from(b'"')));
        let is_backslash = zeros(word ^ (ONES * u64::from(b'\\')));
        let is_control = zeros(word & (ONES * 0xE0));
        let special = is_quote | is_backslash | is_control | (word & HIGH);
        (special.trailing_zeros() / 8) as usize
    };
    let mut length = 0;
    while let Some(eight) = bytes.get(length..).and_then(<[u8]>::first_chunk::<8>) {
        let plain = plain_of(*eight);
        if plain < 8 {
            return length + plain;
        }
        length += 8;
    }
    if length == bytes.len() {
        return length;
    }
    // the last eight bytes, some of which were looked at before
    if let Some(eight) = bytes.last_chunk::<8>() {
        return bytes.len() - 8 + plain_of(*eight);
    }
    bytes.iter().take_while(|byte| matches!(byte, 0x20..=0x7F) && !matches!(byte, b'"' | b'\\')).count()
}

#[cfg(test)]
mod tests {
    use super::{nesting, plain_prefix};

    #[test]
    fn only_brackets_outside_strings_and_comments_are_nesting() {
        assert_eq!(nesting(&"[".repeat(101)), 101);
        assert_eq!(nesting(&format!("[\"{}\"]", "[".repeat(500))), 1);
        assert_eq!(nesting(&format!("[\"\\\"{}\"]", "{".repeat(500))), 1);
        assert_eq!(nesting(&"[]".repeat(500)), 1);
        assert_eq!(nesting("[ // [[\n /* [[ */ {}]"), 2);
    }

    #[test]
    fn what_is_plain_ends_at_the_first_byte_that_is_not() {
        for length in 0..40 {
            let plain = vec![b'~'; length];
            assert_eq!(plain_prefix(&plain), length);
            for at in 0..length {
                for special in [b'"', b'\\', 0, 0x1F, 0x80, 0xFF] {
                    let mut text = plain.clone();
                    if let Some(byte) = text.get_mut(at) {
                        *byte = special;
                    }
                    assert_eq!(plain_prefix(&text), at, "{special:#x} at {at} of {length}");
                }
            }
        }
    }
}
