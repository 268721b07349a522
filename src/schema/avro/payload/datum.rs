//! Data as values.

use std::borrow::Cow;

use super::build::{Build, Leaf, TooLarge};
use crate::schema::meter;

/// A value of some type of a schema, which says what the positions in it mean.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Datum<'b> {
    Null,
    Boolean(bool),
    Int(i32),
    Long(i64),
    Float(f32),
    Double(f64),
    Bytes(Cow<'b, [u8]>),
    String(Cow<'b, str>),
    Fixed(Cow<'b, [u8]>),
    /// The position of the symbol.
    Enum(u32),
    /// The position of the branch, and its value.
    Union(u32, Box<Datum<'b>>),
    /// A value for each field of the schema, in its order.
    Record(Vec<Datum<'b>>),
    Array(Vec<Datum<'b>>),
    Map(Vec<(Cow<'b, str>, Datum<'b>)>),
}

/// What the list that holds a value takes for it.
pub(super) const VALUE: usize = size_of::<Datum<'_>>();
pub(super) const ENTRY: usize = size_of::<(Cow<'_, str>, Datum<'_>)>();
/// A value in a box of its own.
pub(super) const BOXED: usize = VALUE + 16;

/// Builds data, within so many bytes.
pub(super) struct DatumBuilder {
    left: usize,
}

impl DatumBuilder {
    pub(super) fn new(bytes: usize) -> Self {
        Self { left: bytes }
    }

    fn take(&mut self, bytes: usize) -> Result<(), TooLarge> {
        self.left = self.left.checked_sub(bytes).ok_or(TooLarge)?;
        meter::reserve(bytes).map_err(|_| TooLarge)
    }
}

/// The bytes of what stands in a value that takes no bytes when it is written: records of such values. Recursion is bounded by the
/// depth of data.
fn inside(value: &Datum<'_>) -> usize {
    match value {
        Datum::Record(fields) => fields.iter().map(|field| VALUE + inside(field)).sum::<usize>() + 16,
        _ => 0,
    }
}

impl<'b> Build<'b> for DatumBuilder {
    type Value = Datum<'b>;
    type Items = Vec<Datum<'b>>;
    type Entries = Vec<(Cow<'b, str>, Datum<'b>)>;

    fn leaf(&mut self, leaf: Leaf<'b>) -> Result<Datum<'b>, TooLarge> {
        Ok(match leaf {
            Leaf::Null => Datum::Null,
            Leaf::Boolean(value) => Datum::Boolean(value),
            Leaf::Int(value) => Datum::Int(value),
            Leaf::Long(value) => Datum::Long(value),
            Leaf::Float(value) => Datum::Float(value),
            Leaf::Double(value) => Datum::Double(value),
            Leaf::Bytes(bytes) => Datum::Bytes(Cow::Borrowed(bytes)),
            Leaf::String(text) => Datum::String(Cow::Borrowed(text)),
            Leaf::Fixed(bytes) => Datum::Fixed(Cow::Borrowed(bytes)),
            Leaf::Enum(symbol) => Datum::Enum(symbol),
        })
    }

    fn union(&mut self, branch: u32, value: Datum<'b>) -> Result<Datum<'b>, TooLarge> {
        self.take(BOXED)?;
        Ok(Datum::Union(branch, Box::new(value)))
    }

    fn item(&mut self, items: &mut Vec<Datum<'b>>, value: Datum<'b>, times: u64) -> Result<(), TooLarge> {
        let count = usize::try_from(times).map_err(|_| TooLarge)?;
        let inside = if count > 1 { inside(&value) } else { 0 };
        // a list that grows holds up to twice what is in it
        self.take(count.saturating_mul(VALUE * 2 + inside))?;
        for _ in 1..count {
            items.push(value.clone());
        }
        items.push(value);
        Ok(())
    }

    fn entry(&mut self, entries: &mut Vec<(Cow<'b, str>, Datum<'b>)>, key: &'b str, value: Datum<'b>) -> Result<(), TooLarge> {
        self.take(ENTRY * 2)?;
        entries.push((Cow::Borrowed(key), value));
        Ok(())
    }

    fn record(&mut self, fields: Vec<Datum<'b>>) -> Datum<'b> {
        Datum::Record(fields)
    }
    fn array(&mut self, items: Vec<Datum<'b>>) -> Datum<'b> {
        Datum::Array(items)
    }
    fn map(&mut self, entries: Vec<(Cow<'b, str>, Datum<'b>)>) -> Datum<'b> {
        Datum::Map(entries)
    }
}
