//! What Confluent's serializers put before a payload, or into a record header: `00` and an id in four bytes, or `01` and a GUID.

use crate::types::{Guid, SchemaId};

/// How a schema is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Named {
    /// By id.
    Id(SchemaId),
    /// By GUID.
    Guid(Guid),
}

/// The bytes before a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Framing {
    /// The schema they name.
    pub named: Named,
}

impl Framing {
    /// How many bytes it takes.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "framing is never empty")]
    pub fn len(&self) -> usize {
        match self.named {
            Named::Id(_) => 5,
            Named::Guid(_) => 17,
        }
    }
}

/// The framing that bytes begin with, should it be meant as such.
#[must_use]
pub fn framing_of(bytes: &[u8]) -> Option<Framing> {
    let named = match bytes.split_first()? {
        (0, rest) => Named::Id(i32::from_be_bytes(*rest.first_chunk()?)),
        (1, rest) => Named::Guid(Guid(*rest.first_chunk()?)),
        _ => return None,
    };
    match named {
        Named::Id(id) if id < 0 => None,
        named => Some(Framing { named }),
    }
}
