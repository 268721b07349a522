//! Messages as values. What is where in them, the types of the schema say.

use std::borrow::Cow;
use std::collections::BTreeMap;

/// A message: its fields by their place among those of its type, that is in the order of their numbers.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Message<'b> {
    pub(super) fields: BTreeMap<usize, FieldValue<'b>>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum FieldValue<'b> {
    One(Value<'b>),
    List(Vec<Value<'b>>),
    Map(BTreeMap<Key<'b>, Value<'b>>),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value<'b> {
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
    Message(Message<'b>),
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key<'b> {
    Bool(bool),
    Int(i64),
    Uint(u64),
    String(Cow<'b, str>),
}

impl<'b> Value<'b> {
    /// The value as a key; only some types can be.
    pub(super) fn into_key(self) -> Option<Key<'b>> {
        Some(match self {
            Self::Bool(value) => Key::Bool(value),
            Self::Int(value) => Key::Int(value),
            Self::Uint(value) => Key::Uint(value),
            Self::String(value) => Key::String(value),
            _ => return None,
        })
    }
}

impl<'b> Key<'b> {
    pub(super) fn to_value(&self) -> Value<'b> {
        match self {
            Self::Bool(value) => Value::Bool(*value),
            Self::Int(value) => Value::Int(*value),
            Self::Uint(value) => Value::Uint(*value),
            Self::String(value) => Value::String(value.clone()),
        }
    }
}

/// What an entry of one of the collections takes, roughly.
pub(super) const ENTRY: usize = size_of::<FieldValue<'_>>() * 2 + 32;
/// What a map takes with its first entry: a node has room for eleven.
pub(super) const NODE: usize = size_of::<(usize, FieldValue<'_>)>() * 11 + 16;
