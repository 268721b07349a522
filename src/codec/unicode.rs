//! Which Unicode encoding a text is in, found as Jackson finds it (rest-api 1.5): by a byte order mark, else by where the zeros are
//! among the first four bytes, for the first characters of JSON are ASCII.

use std::borrow::Cow;

/// A text that is not in the encoding that it begins in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the text is not {0}")]
pub struct DecodeError(&'static str);

enum UnicodeEncoding {
    Utf8,
    Utf16 { little: bool },
    Utf32 { little: bool },
}

/// The encoding, and the length of the byte order mark.
fn detect(bytes: &[u8]) -> (UnicodeEncoding, usize) {
    use UnicodeEncoding::{Utf8, Utf16, Utf32};
    match *bytes {
        [0xEF, 0xBB, 0xBF, ..] => (Utf8, 3),
        [0x00, 0x00, 0xFE, 0xFF, ..] => (Utf32 { little: false }, 4),
        [0xFF, 0xFE, 0x00, 0x00, ..] => (Utf32 { little: true }, 4),
        [0xFE, 0xFF, ..] => (Utf16 { little: false }, 2),
        [0xFF, 0xFE, ..] => (Utf16 { little: true }, 2),
        [0, 0, 0, _, ..] => (Utf32 { little: false }, 0),
        [_, 0, 0, 0, ..] => (Utf32 { little: true }, 0),
        [0, _, ..] => (Utf16 { little: false }, 0),
        [_, 0, ..] => (Utf16 { little: true }, 0),
        _ => (Utf8, 0),
    }
}

/// The bytes of a text in UTF-8, without a byte order mark. What is in UTF-8 is not looked at any further.
///
/// # Errors
/// [`DecodeError`]
pub fn to_utf8(bytes: &[u8]) -> Result<Cow<'_, [u8]>, DecodeError> {
    let (encoding, mark) = detect(bytes);
    let rest = bytes.get(mark..).unwrap_or_default();
    let text = match encoding {
        UnicodeEncoding::Utf8 => return Ok(Cow::Borrowed(rest)),
        UnicodeEncoding::Utf16 { little } => from_utf16(rest, if little { u16::from_le_bytes } else { u16::from_be_bytes }),
        UnicodeEncoding::Utf32 { little } => from_utf32(rest, if little { u32::from_le_bytes } else { u32::from_be_bytes }),
    };
    let name = if matches!(encoding, UnicodeEncoding::Utf16 { .. }) { "UTF-16" } else { "UTF-32" };
    text.map(|text| Cow::Owned(text.into_bytes())).ok_or(DecodeError(name))
}

/// A text of any of these encodings.
///
/// # Errors
/// [`DecodeError`]
pub fn to_text(bytes: &[u8]) -> Result<String, DecodeError> {
    String::from_utf8(to_utf8(bytes)?.into_owned()).map_err(|_| DecodeError("UTF-8"))
}

fn from_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<String> {
    let (units, rest) = bytes.as_chunks::<2>();
    let text = char::decode_utf16(units.iter().map(|bytes| unit(*bytes))).collect::<Result<String, _>>();
    text.ok().filter(|_| rest.is_empty())
}

fn from_utf32(bytes: &[u8], unit: fn([u8; 4]) -> u32) -> Option<String> {
    let (units, rest) = bytes.as_chunks::<4>();
    let text = units.iter().map(|bytes| char::from_u32(unit(*bytes))).collect::<Option<String>>();
    text.filter(|_| rest.is_empty())
}
