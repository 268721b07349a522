//! Numbers and hashes that name schemas.

use std::fmt;

/// Id of a schema inside its context, from 1.
pub type SchemaId = i32;
/// Number of a version inside its subject, from 1.
pub type Version = i32;

/// Highest id, and highest version, that an import may bring. A million numbers are left above it: the next registration counts on from
/// the highest, and must not find that there is none.
pub const MAX_IMPORTED: i32 = i32::MAX - 1_000_000;

/// The guid of a schema: the MD5 of its content, printed as a UUID without version bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Guid(pub [u8; 16]);

impl Guid {
    /// Reads the dashed form or the 32 bare hex digits.
    pub fn parse(text: &str) -> Option<Self> {
        let dashed = text.len() == 36;
        if !dashed && text.len() != 32 {
            return None;
        }
        let mut bytes = [0u8; 16];
        let mut digits = 0usize;
        for (i, b) in text.bytes().enumerate() {
            if dashed && matches!(i, 8 | 13 | 18 | 23) {
                if b != b'-' {
                    return None;
                }
                continue;
            }
            let nibble = u8::try_from(char::from(b).to_digit(16)?).ok()?;
            let slot = bytes.get_mut(digits / 2)?;
            *slot = (*slot << 4) | nibble;
            digits += 1;
        }
        (digits == 32).then_some(Self(bytes))
    }

    /// Room for [`Self::write`].
    pub fn buffer() -> [u8; 36] {
        [0; uuid::fmt::Hyphenated::LENGTH]
    }

    /// The text, written into a buffer.
    pub fn write(self, buffer: &mut [u8; 36]) -> &str {
        uuid::Uuid::from_bytes(self.0).hyphenated().encode_lower(buffer)
    }
}

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.write(&mut Self::buffer()))
    }
}

impl serde::Serialize for Guid {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.write(&mut Self::buffer()))
    }
}

impl fmt::Debug for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Guid({self})")
    }
}

/// Which version a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VersionSelector {
    /// The highest active one: `latest` or `-1`.
    Latest,
    Number(Version),
}

impl VersionSelector {
    /// Reads `latest` (any letter case), `-1`, or a number in `[1, 2^31-1]`; surrounding blanks are trimmed. `None` is error 42202.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.eq_ignore_ascii_case("latest") {
            return Some(Self::Latest);
        }
        match text.parse::<i32>() {
            Ok(-1) => Some(Self::Latest),
            Ok(n) if n > 0 => Some(Self::Number(n)),
            _ => None,
        }
    }
}

impl fmt::Display for VersionSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Latest => f.write_str("-1"),
            Self::Number(n) => write!(f, "{n}"),
        }
    }
}
