//! Messages as values. What is where in them, the types of the schema say.

use std::borrow::Cow;
use std::collections::BTreeMap;

/// A message: its fields by their place among those of its type, that is in the order of their numbers.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct DecodedMessage<'b> {
    pub(super) fields: BTreeMap<usize, FieldValue<'b>>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum FieldValue<'b> {
    One(DecodedValue<'b>),
    List(Vec<DecodedValue<'b>>),
    Map(BTreeMap<MapKey<'b>, DecodedValue<'b>>),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum DecodedValue<'b> {
    Bool(bool),
    /// Of the signed types.
    Int(i64),
    /// Of the unsigned types.
    Uint(u64),
    Float(f32),
    Double(f64),
    /// What is not UTF-8, which older syntaxes allow, has been replaced.
    String(Cow<'b, str>),
    Bytes(Cow<'b, [u8]>),
    Enum(i32),
    Message(DecodedMessage<'b>),
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum MapKey<'b> {
    Bool(bool),
    Int(i64),
    Uint(u64),
    String(Cow<'b, str>),
}

impl<'b> DecodedValue<'b> {
    /// The value as a key; only some types can be.
    pub(super) fn into_key(self) -> Option<MapKey<'b>> {
        Some(match self {
            Self::Bool(value) => MapKey::Bool(value),
            Self::Int(value) => MapKey::Int(value),
            Self::Uint(value) => MapKey::Uint(value),
            Self::String(value) => MapKey::String(value),
            _ => return None,
        })
    }
}

impl<'b> MapKey<'b> {
    pub(super) fn to_value(&self) -> DecodedValue<'b> {
        match self {
            Self::Bool(value) => DecodedValue::Bool(*value),
            Self::Int(value) => DecodedValue::Int(*value),
            Self::Uint(value) => DecodedValue::Uint(*value),
            Self::String(value) => DecodedValue::String(value.clone()),
        }
    }
}

/// What an entry of one of the collections takes, roughly.
pub(super) const ENTRY: usize = size_of::<FieldValue<'_>>() * 2 + 32;
/// What a map takes with its first entry: a node has room for eleven.
pub(super) const NODE: usize = size_of::<(usize, FieldValue<'_>)>() * 11 + 16;
