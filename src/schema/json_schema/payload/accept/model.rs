//! A schema, as far as its keywords are known here.

use std::collections::HashMap;

use super::scan::Decimal;

pub(super) type NodeId = usize;

#[derive(Debug)]
pub(super) enum Node {
    /// `true`
    Any,
    Never,
    /// Has a keyword that is not known here.
    Unknown,
    Constraints(Box<Constraints>),
}

/// Large parts are boxed: an object visits as many of these as it has members.
#[derive(Debug, Default)]
pub(super) struct Constraints {
    pub(super) types: Option<Types>,
    pub(super) values: Option<Vec<Constant>>,
    pub(super) combined: Vec<Combined>,
    pub(super) number: Option<Box<NumberConstraints>>,
    pub(super) string: Option<StringConstraints>,
    pub(super) array: Option<ArrayConstraints>,
    pub(super) object: Option<Box<ObjectConstraints>>,
}

impl Constraints {
    /// Whether there are no constraints but `combined`.
    pub(super) fn is_only_combined(&self) -> bool {
        let Self { types, values, combined: _, number, string, array, object } = self;
        let says_nothing = types.is_none() && values.is_none() && number.is_none() && string.is_none();
        says_nothing && array.is_none() && object.is_none()
    }
}

#[derive(Debug, Default, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "a set")]
pub(super) struct Types {
    pub(super) null: bool,
    pub(super) boolean: bool,
    pub(super) object: bool,
    pub(super) array: bool,
    pub(super) number: bool,
    pub(super) integer: bool,
    pub(super) string: bool,
}

#[derive(Debug, PartialEq)]
pub(super) enum Constant {
    Null,
    Bool(bool),
    Number(Decimal),
    String(Box<str>),
    /// An array or object, which are not compared here.
    Other,
}

/// Schemas for the same value.
#[derive(Debug)]
pub(super) enum Combined {
    All(Vec<NodeId>),
    Any(Vec<NodeId>),
    One(Vec<NodeId>),
}

#[derive(Debug, Default)]
pub(super) struct NumberConstraints {
    pub(super) least: Option<Decimal>,
    pub(super) most: Option<Decimal>,
    pub(super) above: Option<Decimal>,
    pub(super) below: Option<Decimal>,
    pub(super) divisor: Option<Decimal>,
}

/// How many there must and may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    pub(super) least: u64,
    pub(super) most: u64,
}

impl Default for Size {
    fn default() -> Self {
        Self { least: 0, most: u64::MAX }
    }
}

impl Size {
    pub(super) fn takes(self, count: usize) -> bool {
        u64::try_from(count).is_ok_and(|count| self.least <= count && count <= self.most)
    }
}

#[derive(Debug, Default)]
pub(super) struct StringConstraints {
    pub(super) size: Size,
    /// `format` and `pattern`, which the crate judges.
    pub(super) string_validator: Option<Box<jsonschema::Validator>>,
}

#[derive(Debug, Default)]
pub(super) struct ArrayConstraints {
    pub(super) size: Size,
    pub(super) each: Option<NodeId>,
}

#[derive(Debug)]
pub(super) struct ObjectConstraints {
    pub(super) size: Size,
    /// Declared properties, and required ones that are not declared.
    pub(super) named: Vec<NamedProperty>,
    pub(super) index: HashMap<Box<str>, usize>,
    pub(super) required: usize,
    pub(super) others: NodeId,
}

#[derive(Debug)]
pub(super) struct NamedProperty {
    /// The name as most texts have it, with quotes and colon; `None` for one that needs escapes.
    pub(super) spelled: Option<Box<str>>,
    pub(super) node: NodeId,
    pub(super) required: bool,
}

impl NamedProperty {
    pub(super) fn new(name: &str, node: NodeId, required: bool) -> Self {
        let spelled =
            (!name.contains(|c: char| c.is_control() || matches!(c, '"' | '\\'))).then(|| format!("\"{name}\":").into());
        Self { spelled, node, required }
    }
}

/// Named properties that one object may have here.
pub(super) const MAX_NAMES: usize = 256;
