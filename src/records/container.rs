//! Avro's object container files: the schema, then data in blocks (Avro specification, "Object Container Files").

use std::borrow::Cow;

use super::codec::ContainerCodec;

/// What a file begins with.
const MAGIC: &[u8; 4] = b"Obj\x01";
const SYNC: usize = 16;
/// Bytes of data after which a block is written.
const BLOCK: usize = 64 << 10;
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
    codec: ContainerCodec,
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
        let codec = match codec {
            b"" => ContainerCodec::Null,
            named => std::str::from_utf8(named).ok().and_then(|named| named.parse().ok()).ok_or_else(|| {
                let other: String = String::from_utf8_lossy(named).chars().take(50).collect();
                format!("the codec of the file is {other}; these are read: {}", ContainerCodec::NAMES.join(", "))
            })?,
        };
        Ok(Self { schema, codec, sync, rest })
    }

    fn block(&mut self) -> Result<(u64, Cow<'b, [u8]>), String> {
        let count = u64::try_from(long(&mut self.rest)?).map_err(|_| "the count of a block is negative")?;
        let data = bytes(&mut self.rest)?;
        if take(&mut self.rest, SYNC)? != self.sync {
            return Err("a block of the file does not end with the marker of the file".to_owned());
        }
        Ok((count, self.codec.inflated(data)?))
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

/// A container file that is written, block by block.
#[derive(Debug)]
pub struct ContainerWriter {
    codec: ContainerCodec,
    sync: [u8; SYNC],
    count: i64,
    data: Vec<u8>,
}

fn put_long(out: &mut Vec<u8>, value: i64) {
    let mut rest = ((value << 1) ^ (value >> 63)).cast_unsigned();
    while rest >= 0x80 {
        out.push(rest.to_le_bytes()[0] | 0x80);
        rest >>= 7;
    }
    out.push(rest.to_le_bytes()[0]);
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_long(out, i64::try_from(bytes.len()).unwrap_or(i64::MAX));
    out.extend(bytes);
}

impl ContainerWriter {
    /// A file, and what it begins with. `sync` is chance, which separates blocks.
    pub fn new(schema: &[u8], codec: ContainerCodec, sync: [u8; SYNC]) -> (Self, Vec<u8>) {
        let mut head = MAGIC.to_vec();
        put_long(&mut head, 2);
        for (key, value) in [("avro.schema", schema), ("avro.codec", codec.to_string().as_bytes())] {
            put_bytes(&mut head, key.as_bytes());
            put_bytes(&mut head, value);
        }
        put_long(&mut head, 0);
        head.extend(sync);
        (Self { codec, sync, count: 0, data: Vec::new() }, head)
    }

    /// Adds a datum; a block where one is full, else nothing.
    ///
    /// # Errors
    /// It can't be compressed.
    pub fn add(&mut self, datum: &[u8]) -> Result<Vec<u8>, String> {
        self.data.extend(datum);
        self.count += 1;
        if self.data.len() < BLOCK { Ok(Vec::new()) } else { self.block() }
    }

    /// The last block; nothing where there is none.
    ///
    /// # Errors
    /// It can't be compressed.
    pub fn finish(mut self) -> Result<Vec<u8>, String> {
        self.block()
    }

    fn block(&mut self) -> Result<Vec<u8>, String> {
        let mut out = Vec::new();
        if self.count > 0 {
            put_long(&mut out, self.count);
            put_bytes(&mut out, &self.codec.deflated(&self.data)?);
            out.extend(self.sync);
        }
        (self.count, self.data) = (0, Vec::new());
        Ok(out)
    }
}
