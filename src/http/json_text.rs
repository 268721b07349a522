//! Writing JSON as Confluent does: characters beyond the basic plane are escaped as their two surrogates, and the digits of escapes
//! are capitals.

use std::io::{self, Write};

use bytes::Bytes;
use serde::Serialize;
use serde_json::ser::{CharEscape, Formatter};

pub(super) fn to_bytes<T: Serialize + ?Sized>(value: &T) -> Bytes {
    let mut out = Vec::with_capacity(256);
    let written = value.serialize(&mut serde_json::Serializer::with_formatter(&mut out, AsJackson));
    written.map_or_else(|_| Bytes::from_static(b"null"), |()| Bytes::from(out))
}

struct AsJackson;

/// UTF-8 takes four bytes for what is beyond the basic plane, and the first of them is at least this.
const FOUR_BYTES: u8 = 0xF0;

impl Formatter for AsJackson {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        if !fragment.bytes().any(|byte| byte >= FOUR_BYTES) {
            return writer.write_all(fragment.as_bytes());
        }
        for c in fragment.chars() {
            let mut units = [0; 2];
            match c.encode_utf16(&mut units) {
                [high, low] => write!(writer, "\\u{high:04X}\\u{low:04X}")?,
                _ => write!(writer, "{c}")?,
            }
        }
        Ok(())
    }

    fn write_char_escape<W: ?Sized + Write>(&mut self, writer: &mut W, escape: CharEscape) -> io::Result<()> {
        let text: &[u8] = match escape {
            CharEscape::Quote => b"\\\"",
            CharEscape::ReverseSolidus => b"\\\\",
            CharEscape::Solidus => b"\\/",
            CharEscape::Backspace => b"\\b",
            CharEscape::FormFeed => b"\\f",
            CharEscape::LineFeed => b"\\n",
            CharEscape::CarriageReturn => b"\\r",
            CharEscape::Tab => b"\\t",
            CharEscape::AsciiControl(byte) => return write!(writer, "\\u{byte:04X}"),
        };
        writer.write_all(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_escaped_as_jackson_escapes_them() {
        assert_eq!(to_bytes("é\u{1F600}\u{1f}\"\u{7f}\n"), "\"é\\uD83D\\uDE00\\u001F\\\"\u{7f}\\n\"");
        assert_eq!(to_bytes(&[1.5]), "[1.5]");
    }
}
