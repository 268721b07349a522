//! What Confluent's serializers put before a payload, or into a record header: `00` and an id in four bytes, or `01` and a GUID.

use crate::types::{Guid, SchemaId};

/// How a serializer names the schema that it used, in the payload or in a record header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WriterId {
    Id(SchemaId),
    Guid(Guid),
}

/// The bytes before a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Framing {
    pub writer: WriterId,
}

impl Framing {
    /// How many bytes it takes.
    #[expect(clippy::len_without_is_empty, reason = "framing is never empty")]
    pub fn len(&self) -> usize {
        match self.writer {
            WriterId::Id(_) => 5,
            WriterId::Guid(_) => 17,
        }
    }
}

/// The framing that bytes begin with. It may be a coincidence: only a known id or GUID makes it framing.
pub fn framing_of(bytes: &[u8]) -> Option<Framing> {
    let writer = match bytes.split_first()? {
        (0, rest) => WriterId::Id(i32::from_be_bytes(*rest.first_chunk()?)),
        (1, rest) => WriterId::Guid(Guid(*rest.first_chunk()?)),
        _ => return None,
    };
    match writer {
        WriterId::Id(id) if id < 0 => None,
        writer => Some(Framing { writer }),
    }
}
