//! Avro's binary encoding.

use super::build::{Build, Leaf};
use super::uuid::{is_uuid, is_uuid_type};
use crate::schema::avro::model::{Model, NodeId, NodeKind, Primitive};
use crate::schema::payload::{DataFault, FaultKind, Work};
use crate::schema::pointer::Segment;

/// Deepest nesting of records, arrays and maps in a datum.
pub(super) const MAX_DEPTH: usize = 64;
/// Items of one array or map that take no bytes: whoever decodes the data builds them all.
const MAX_EMPTY_ITEMS: u64 = 1_000_000;

/// Walks one datum, and makes of it what `build` makes. Says how many bytes are left behind it, too.
pub(super) fn walk<'a, B: Build<'a>>(
    model: &'a Model,
    root: NodeId,
    bytes: &'a [u8],
    build: B,
    work: &mut Work<'_>,
) -> Result<(B::Value, usize), DataFault> {
    let mut walker = BinaryWalker { model, rest: bytes, path: Vec::new(), depth: 0, build, work };
    let value = walker.datum(root)?;
    Ok((value, walker.rest.len()))
}

struct BinaryWalker<'a, 'w, 's, B> {
    model: &'a Model,
    rest: &'a [u8],
    path: Vec<Segment<'a>>,
    depth: usize,
    build: B,
    work: &'w mut Work<'s>,
}

impl<'a, B: Build<'a>> BinaryWalker<'a, '_, '_, B> {
    fn fault<T>(&self, kind: FaultKind, message: impl Into<String>) -> Result<T, DataFault> {
        Err(DataFault::at(kind, &self.path, message))
    }

    fn decode<T>(&self, message: impl Into<String>) -> Result<T, DataFault> {
        self.fault(FaultKind::Decode, message)
    }

    fn take(&mut self, length: usize, what: &str) -> Result<&'a [u8], DataFault> {
        let Some((head, tail)) = self.rest.split_at_checked(length) else {
            return self.decode(format!("{what} needs {length} bytes, and {} are left", self.rest.len()));
        };
        self.rest = tail;
        Ok(head)
    }

    /// A zig-zag number of at most ten bytes.
    fn long(&mut self, what: &str) -> Result<i64, DataFault> {
        let mut value = 0_u64;
        for (at, shift) in (0..70).step_by(7).enumerate() {
            let [byte] = self.take(1, what)? else { return self.decode(format!("{what} does not end")) };
            let bits = u64::from(byte & 0x7F);
            if at == 9 && bits > 1 {
                return self.decode(format!("{what} does not fit into 64 bits"));
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok((value >> 1).cast_signed() ^ -(value & 1).cast_signed());
            }
        }
        self.decode(format!("{what} is longer than ten bytes"))
    }

    fn length(&mut self, what: &str) -> Result<usize, DataFault> {
        let length = self.long(what)?;
        match usize::try_from(length) {
            Ok(length) if length <= self.rest.len() => Ok(length),
            Ok(length) => self.decode(format!("{what} claims {length} bytes, and {} are left", self.rest.len())),
            Err(_) => self.decode(format!("{what} has the negative length {length}")),
        }
    }

    fn text(&mut self, what: &str) -> Result<&'a str, DataFault> {
        let length = self.length(what)?;
        let bytes = self.take(length, what)?;
        std::str::from_utf8(bytes).or_else(|_| self.decode(format!("{what} is not UTF-8")))
    }

    fn enter(&mut self) -> Result<(), DataFault> {
        if self.depth >= MAX_DEPTH {
            return self.fault(FaultKind::Depth, format!("the datum is nested deeper than {MAX_DEPTH} levels"));
        }
        self.depth += 1;
        Ok(())
    }

    fn leaf(&mut self, leaf: Leaf<'a>) -> Result<B::Value, DataFault> {
        self.build.leaf(leaf).or_else(|_| self.too_large())
    }

    fn too_large<T>(&self) -> Result<T, DataFault> {
        self.fault(FaultKind::Memory, "the data takes too much memory when it is decoded")
    }

    fn datum(&mut self, id: NodeId) -> Result<B::Value, DataFault> {
        if !self.work.step() {
            return Err(DataFault::out_of_work(&self.path));
        }
        let node = self.model.node(id);
        match &node.kind {
            NodeKind::Primitive(primitive) => self.primitive(id, *primitive),
            NodeKind::Fixed(fixed) => {
                let bytes = self.take(fixed.size as usize, "a fixed")?;
                self.leaf(Leaf::Fixed(bytes))
            }
            NodeKind::Enum(symbols) => {
                let index = self.long("the index of an enum")?;
                match u32::try_from(index) {
                    Ok(index) if (index as usize) < symbols.symbols.len() => self.leaf(Leaf::Enum(index)),
                    _ => self.decode(format!("the enum has {} symbols, and the index is {index}", symbols.symbols.len())),
                }
            }
            NodeKind::Union(branches) => {
                let index = self.long("the index of a union")?;
                let branch = u32::try_from(index).ok().and_then(|index| Some((index, *branches.get(index as usize)?)));
                let Some((index, branch)) = branch else {
                    return self.decode(format!("the union has {} branches, and the index is {index}", branches.len()));
                };
                let value = self.datum(branch)?;
                self.build.union(index, value).or_else(|_| self.too_large())
            }
            NodeKind::Record(record) => {
                self.enter()?;
                let mut fields = B::Items::default();
                for field in &record.fields {
                    self.path.push(Segment::Name(&field.name));
                    let value = self.datum(field.ty)?;
                    self.path.pop();
                    self.build.item(&mut fields, value, 1).or_else(|_| self.too_large())?;
                }
                self.depth -= 1;
                Ok(self.build.record(fields))
            }
            NodeKind::Array(items) => self.blocks(*items, false),
            NodeKind::Map(values) => self.blocks(*values, true),
            NodeKind::Pending(_) => self.decode("the schema is incomplete"),
        }
    }

    fn primitive(&mut self, id: NodeId, primitive: Primitive) -> Result<B::Value, DataFault> {
        let leaf = match primitive {
            Primitive::Null => Leaf::Null,
            Primitive::Boolean => match self.take(1, "a boolean")? {
                [0] => Leaf::Boolean(false),
                [1] => Leaf::Boolean(true),
                other => {
                    return self.decode(format!("a boolean is 0 or 1, not {}", other.first().copied().unwrap_or(0)));
                }
            },
            Primitive::Int => {
                let value = self.long("an int")?;
                match i32::try_from(value) {
                    Ok(value) => Leaf::Int(value),
                    Err(_) => return self.decode(format!("{value} does not fit into an int")),
                }
            }
            Primitive::Long => Leaf::Long(self.long("a long")?),
            Primitive::Float => {
                let bytes = self.take(4, "a float")?;
                Leaf::Float(bytes.first_chunk().map_or(0.0, |bytes| f32::from_le_bytes(*bytes)))
            }
            Primitive::Double => {
                let bytes = self.take(8, "a double")?;
                Leaf::Double(bytes.first_chunk().map_or(0.0, |bytes| f64::from_le_bytes(*bytes)))
            }
            Primitive::Bytes => {
                let length = self.length("bytes")?;
                Leaf::Bytes(self.take(length, "bytes")?)
            }
            Primitive::String => {
                let text = self.text("a string")?;
                if is_uuid_type(self.model, id) && !is_uuid(text) {
                    return self.fault(FaultKind::Mismatch, "a string of the logical type uuid is not one");
                }
                Leaf::String(text)
            }
        };
        self.leaf(leaf)
    }

    /// Arrays and maps: blocks of a count and so many items, until a count of 0. A negative count is followed by its bytes.
    fn blocks(&mut self, items: NodeId, is_map: bool) -> Result<B::Value, DataFault> {
        self.enter()?;
        let what = if is_map { "the count of a map" } else { "the count of an array" };
        let (mut index, mut empty) = (0_u64, 0_u64);
        let (mut values, mut entries) = (B::Items::default(), B::Entries::default());
        loop {
            let count = self.long(what)?;
            let size = if count < 0 { Some(self.length("a block")?) } else { None };
            let end = size.map(|size| self.rest.len() - size);
            let count = count.unsigned_abs();
            if count == 0 {
                break;
            }
            // an entry of a map takes a byte at least
            if is_map && count > self.rest.len() as u64 {
                return self.decode(format!("{count} entries are claimed, and {} bytes are left", self.rest.len()));
            }
            let mut done = 0;
            while done < count {
                let before = self.rest.len();
                if is_map {
                    let key = self.text("the key of a map")?;
                    self.path.push(Segment::Name(key));
                    let value = self.datum(items)?;
                    self.path.pop();
                    self.build.entry(&mut entries, key, value).or_else(|_| self.too_large())?;
                    done += 1;
                    continue;
                }
                self.path.push(Segment::Index(index));
                let value = self.datum(items)?;
                self.path.pop();
                (done, index) = (done + 1, index + 1);
                let mut times = 1;
                if self.rest.len() == before {
                    // nor do the other items take any bytes, so they are counted without being walked
                    empty = empty.saturating_add(count - done + 1);
                    if empty > MAX_EMPTY_ITEMS {
                        let message = format!("more than {MAX_EMPTY_ITEMS} items that take no bytes");
                        return self.fault(FaultKind::Items, message);
                    }
                    index = index.saturating_add(count - done);
                    times += count - done;
                    done = count;
                } else if count - done > self.rest.len() as u64 {
                    return self.decode(format!(
                        "{} more items are claimed, and {} bytes are left",
                        count - done,
                        self.rest.len()
                    ));
                }
                self.build.item(&mut values, value, times).or_else(|_| self.too_large())?;
            }
            if end.is_some_and(|end| end != self.rest.len()) {
                return self.decode("a block is not as long as it claims");
            }
        }
        self.depth -= 1;
        Ok(if is_map { self.build.map(entries) } else { self.build.array(values) })
    }
}
