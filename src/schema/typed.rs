//! Data and its types as the rules of data contracts see them: the same for every format.
//!
//! Confluent's clients walk data along its schema and hand each field to a rule, with its name, its type and its tags. What they need
//! for it is here; what a rule is, is not known here.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, OnceLock};

use super::json;
use super::meter;

/// The types of a schema.
#[derive(Debug, Default)]
pub struct Shapes {
    pub records: Vec<Shape>,
    pub root: DataType,
    /// What the paths of fields begin with.
    pub root_path: &'static str,
    /// Clients hand no null to a rule about fields.
    pub skips_null: bool,
    /// How bytes are written in JSON.
    pub bytes: BytesForm,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BytesForm {
    /// A character for each byte, as Avro does it.
    #[default]
    Characters,
    Base64,
}

/// A record, a message, or an object with declared properties.
#[derive(Debug, Default)]
pub struct Shape {
    pub name: String,
    pub fields: Vec<FieldShape>,
    /// Checks that stand in the schema itself.
    pub rules: Vec<InlineRule>,
    /// Data may have other fields.
    pub is_open: bool,
    /// Fields that were not written have values all the same (Protobuf).
    pub is_message: bool,
    /// The places of many fields, by name.
    pub(super) places: OnceLock<HashMap<String, usize>>,
}

/// From this many fields on they are found by an index.
const INDEX_FROM: usize = 12;

impl Shape {
    pub(crate) fn new(name: String, fields: Vec<FieldShape>, rules: Vec<InlineRule>) -> Self {
        Self { name, fields, rules, ..Self::default() }
    }

    pub fn field(&self, name: &str) -> Option<(usize, &FieldShape)> {
        let named = |(_, field): &(usize, &FieldShape)| field.name == name;
        if self.fields.len() < INDEX_FROM {
            return self.fields.iter().enumerate().find(named);
        }
        let place = |(at, field): (usize, &FieldShape)| (field.name.clone(), at);
        // of two with one name the first
        let places = self.places.get_or_init(|| self.fields.iter().enumerate().rev().map(place).collect());
        let at = *places.get(name)?;
        Some((at, self.fields.get(at)?))
    }
}

/// Charges for a type; false when there is nothing left for it, and what is made means nothing.
pub(crate) fn afford_type() -> bool {
    meter::charge(5).and_then(|()| meter::reserve(2 * size_of::<DataType>() + 16)).is_ok()
}

/// The same for a field whose names have so many bytes.
pub(crate) fn afford_field(names: usize) -> bool {
    meter::charge(5).and_then(|()| meter::reserve(size_of::<FieldShape>() + 2 * names + 64)).is_ok()
}

#[derive(Debug)]
pub struct FieldShape {
    pub name: String,
    /// Empty where it is the path to the field (JSON).
    pub full_name: String,
    pub ty: DataType,
    /// What clients call its type before they look at the value.
    pub word: &'static str,
    pub tags: BTreeSet<String>,
    pub rules: Vec<InlineRule>,
    /// That it has its default and that it was not written are two things (Protobuf).
    pub has_presence: bool,
}

/// What a type is to an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeafKind {
    Null,
    Bool,
    Int,
    Uint,
    Double,
    String,
    Bytes,
    Timestamp,
    Duration,
    /// An integer or a double, as the data has it (JSON).
    Number,
    /// Nothing that expressions are run on here: decimals, times of a day.
    Opaque(&'static str),
}

#[derive(Debug, Clone, Default)]
pub enum DataType {
    /// Not known before there is data.
    #[default]
    Any,
    /// `word` is what clients call it.
    Leaf {
        kind: LeafKind,
        word: &'static str,
    },
    List(Box<DataType>),
    Map(Box<DataType>),
    Union(Vec<DataType>),
    /// One of [`Shapes::records`].
    Record(usize),
    /// A message that stands for the value in it, or for none (Protobuf's wrappers).
    Wrapper(LeafKind),
}

impl DataType {
    /// What clients call the type.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Any => "NULL",
            Self::Leaf { word, .. } => word,
            Self::List(_) => "ARRAY",
            Self::Map(_) => "MAP",
            Self::Union(_) => "COMBINED",
            Self::Record(_) | Self::Wrapper(_) => "RECORD",
        }
    }

    pub const fn leaf(kind: LeafKind, word: &'static str) -> Self {
        Self::Leaf { kind, word }
    }
}

/// A check that stands in the schema: the property `confluent:rules`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InlineRule {
    pub name: Option<String>,
    pub doc: Option<String>,
    pub expr: Option<String>,
    /// The same in SQL, which only messages show.
    pub sql: Option<String>,
}

/// A value along its [`DataType`].
#[derive(Debug, Clone, PartialEq)]
pub enum Typed {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    String(String),
    Bytes(Vec<u8>),
    /// Microseconds since 1970.
    Timestamp(i64),
    /// Microseconds.
    Duration(i64),
    /// What it is, and its JSON.
    Opaque(&'static str, Arc<str>),
    List(Vec<Typed>),
    Map(Vec<(Typed, Typed)>),
    /// The place of the branch in its union.
    Branch(usize, Box<Typed>),
    Record(Box<TypedRecord>),
}

#[derive(Debug, Clone, PartialEq)]
pub struct TypedRecord {
    /// Which of [`Shapes::records`] it is.
    pub shape: usize,
    /// A value for each field of the shape; `None` where it was not written.
    pub values: Vec<Option<Typed>>,
    /// Fields that the shape does not have.
    pub others: Vec<(String, Typed)>,
}

/// Nesting of types that are looked at.
pub(crate) const MAX_TYPE_DEPTH: usize = 64;

/// The checks of a property `confluent:rules`; what has not its form is left out, as clients do.
pub(crate) fn inline_rules(value: &json::Value) -> Vec<InlineRule> {
    let rule = |value: &json::Value| {
        let object = value.as_object()?;
        let text = |key: &str| object.get(key).and_then(json::Value::as_str).map(str::to_owned);
        Some(InlineRule { name: text("name"), doc: text("doc"), expr: text("expr"), sql: text("sql") })
    };
    value.as_array().unwrap_or_default().iter().filter_map(rule).collect()
}
