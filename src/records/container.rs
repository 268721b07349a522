//! Avro's object container files: the schema, then data in blocks (Avro specification, "Object Container Files").

use std::borrow::Cow;
use std::io::Read as _;

use flate2::read::DeflateDecoder;

/// What a file begins with.
const MAGIC: &[u8; 4] = b"Obj\x01";
const SYNC: usize = 16;
/// Bytes that a block may have when it is no longer compressed.
const MAX_BLOCK: u64 = 256 << 20;
/// Entries of the header that are looked at.
const MAX_ENTRIES: u64 = 10_000;

/// Whether a file is one.
pub fn is_container(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// A container file that is read block by block.
#[derive(Debug)]
pub struct Container<'b> {
    /// The text of the writer's schema.
    pub schema: &'b str,
    is_deflated: bool,
    sync: &'b [u8],
    rest: &'b [u8],
}

fn take<'b>(rest: &mut &'b [u8], length: usize) -> Result<&'b [u8], String> {
    let (head, tail) = rest.split_at_checked(length).ok_or("the file ends too early")?;
    *rest = tail;
    Ok(head)
}

/// A zig-zag number of at most ten bytes.
fn long(rest: &mut &[u8]) -> Result<i64, String> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let [byte] = take(rest, 1)? else { break };
        value |= u64::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            return Ok((value >> 1).cast_signed() ^ -(value & 1).cast_signed());
        }
    }
    Err("a number in the file does not end".to_owned())
}

fn bytes<'b>(rest: &mut &'b [u8]) -> Result<&'b [u8], String> {
    let length = usize::try_from(long(rest)?).map_err(|_| "a length in the file is negative")?;
    take(rest, length)
}

impl<'b> Container<'b> {
    /// Reads the header.
    ///
    /// # Errors
    /// The file is none, or its codec is not read here.
    pub fn new(file: &'b [u8]) -> Result<Self, String> {
        let mut rest = file.strip_prefix(MAGIC).ok_or("the file is no Avro container")?;
        let (mut schema, mut codec): (Option<&'b [u8]>, &'b [u8]) = (None, b"null");
        let mut entries = 0;
        loop {
            let count = long(&mut rest)?;
            if count == 0 {
                break;
            }
            if count < 0 {
                long(&mut rest)?;
            }
            for _ in 0..count.unsigned_abs() {
                entries += 1;
                if entries > MAX_ENTRIES {
                    return Err(format!("the header of the file has more than {MAX_ENTRIES} entries"));
                }
                let (key, value) = (bytes(&mut rest)?, bytes(&mut rest)?);
                match key {
                    b"avro.schema" => schema = Some(value),
                    b"avro.codec" => codec = value,
                    _ => {}
                }
            }
        }
        let sync = take(&mut rest, SYNC)?;
        let schema = schema.ok_or("the file has no schema")?;
        let schema = std::str::from_utf8(schema).map_err(|_| "the schema of the file is not UTF-8")?;
        let is_deflated = match codec {
            b"null" | b"" => false,
            b"deflate" => true,
            other => {
                let other: String = String::from_utf8_lossy(other).chars().take(50).collect();
                return Err(format!("the codec of the file is {other}; null and deflate are read"));
            }
        };
        Ok(Self { schema, is_deflated, sync, rest })
    }

    fn block(&mut self) -> Result<(u64, Cow<'b, [u8]>), String> {
        let count = u64::try_from(long(&mut self.rest)?).map_err(|_| "the count of a block is negative")?;
        let data = bytes(&mut self.rest)?;
        if take(&mut self.rest, SYNC)? != self.sync {
            return Err("a block of the file does not end with the marker of the file".to_owned());
        }
        if !self.is_deflated {
            return Ok((count, Cow::Borrowed(data)));
        }
        let mut inflated = Vec::new();
        let read = DeflateDecoder::new(data).take(MAX_BLOCK + 1).read_to_end(&mut inflated);
        read.map_err(|error| format!("a block of the file can't be inflated: {error}"))?;
        if inflated.len() as u64 > MAX_BLOCK {
            return Err(format!("a block of the file has more than {MAX_BLOCK} bytes"));
        }
        Ok((count, Cow::Owned(inflated)))
    }
}

/// How many data a block has, and their bytes one after the other. After an error there are no more.
impl<'b> Iterator for Container<'b> {
    type Item = Result<(u64, Cow<'b, [u8]>), String>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let block = self.block();
        if block.is_err() {
            self.rest = &[];
        }
        Some(block)
    }
}
