//! The wire format, as far as descriptors need it.

use crate::schema::protobuf::varint;

/// A value as it stands in the bytes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Wire<'a> {
    Varint(u64),
    Fixed64(u64),
    Fixed32(u32),
    Bytes(&'a [u8]),
}

impl<'a> Wire<'a> {
    /// The bytes of a string, a message or a packed list.
    pub(super) fn bytes(self) -> Option<&'a [u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    pub(super) fn text(self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()?).ok()
    }

    pub(super) fn int32(self) -> Option<i32> {
        match self {
            #[expect(clippy::cast_possible_truncation, reason = "that is how an int32 is decoded")]
            Self::Varint(value) => Some(value as i32),
            _ => None,
        }
    }

    pub(super) fn flag(self) -> Option<bool> {
        match self {
            Self::Varint(value) => Some(value != 0),
            _ => None,
        }
    }
}

/// The fields of a message; `None` when the bytes are no message.
pub(super) fn fields(bytes: &[u8]) -> Option<Vec<(u32, Wire<'_>)>> {
    let mut rest = bytes;
    let mut found = Vec::new();
    while !rest.is_empty() {
        let key = varint::read(&mut rest)?;
        let number = u32::try_from(key >> 3).ok().filter(|number| (1..=536_870_911).contains(number))?;
        let value = match key & 7 {
            0 => Wire::Varint(varint::read(&mut rest)?),
            1 => Wire::Fixed64(u64::from_le_bytes(*take(&mut rest, 8)?.first_chunk()?)),
            2 => {
                let length = varint::read(&mut rest)?;
                Wire::Bytes(take(&mut rest, usize::try_from(length).ok()?)?)
            }
            5 => Wire::Fixed32(u32::from_le_bytes(*take(&mut rest, 4)?.first_chunk()?)),
            // No descriptor has groups.
            _ => return None,
        };
        found.push((number, value));
    }
    Some(found)
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (head, tail) = rest.split_at_checked(length)?;
    *rest = tail;
    Some(head)
}

/// The varints of a packed list.
pub(super) fn packed_varints(bytes: &[u8]) -> Option<Vec<u64>> {
    let mut rest = bytes;
    let mut found = Vec::new();
    while !rest.is_empty() {
        found.push(varint::read(&mut rest)?);
    }
    Some(found)
}

#[derive(Debug, Default)]
pub(super) struct WireWriter {
    pub(super) bytes: Vec<u8>,
}

impl WireWriter {
    fn varint(&mut self, mut value: u64) {
        while value > 0x7f {
            self.bytes.push(value.to_le_bytes().first().copied().unwrap_or(0) | 0x80);
            value >>= 7;
        }
        self.bytes.push(value.to_le_bytes().first().copied().unwrap_or(0));
    }

    fn key(&mut self, number: i32, kind: u64) {
        self.varint(u64::from(number.cast_unsigned()) << 3 | kind);
    }

    /// A number of any integer type; negative ones are sign-extended.
    pub(super) fn integer(&mut self, number: i32, value: u64) {
        self.key(number, 0);
        self.varint(value);
    }

    pub(super) fn int32(&mut self, number: i32, value: i32) {
        self.integer(number, i64::from(value).cast_unsigned());
    }

    pub(super) fn flag(&mut self, number: i32, value: bool) {
        self.integer(number, u64::from(value));
    }

    pub(super) fn fixed64(&mut self, number: i32, value: u64) {
        self.key(number, 1);
        self.bytes.extend(value.to_le_bytes());
    }

    pub(super) fn fixed32(&mut self, number: i32, value: u32) {
        self.key(number, 5);
        self.bytes.extend(value.to_le_bytes());
    }

    /// A string, bytes or a message.
    pub(super) fn block(&mut self, number: i32, bytes: &[u8]) {
        self.key(number, 2);
        self.varint(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        self.bytes.extend(bytes);
    }

    pub(super) fn text(&mut self, number: i32, text: &str) {
        self.block(number, text.as_bytes());
    }

    /// A message, unless it is empty.
    pub(super) fn filled(&mut self, number: i32, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.block(number, bytes);
        }
    }
}
