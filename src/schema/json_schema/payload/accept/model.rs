//! A schema, as far as its keywords are known here.

use std::collections::HashMap;

use super::scan::SmallDecimal;

pub(super) type AcceptorNodeId = usize;

#[derive(Debug)]
pub(super) enum AcceptorNode {
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
    pub(super) types: Option<TypeSet>,
    pub(super) values: Option<Vec<ComparedConstant>>,
    pub(super) combined: Vec<CombinedSchemas>,
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
pub(super) struct TypeSet {
    pub(super) null: bool,
    pub(super) boolean: bool,
    pub(super) object: bool,
    pub(super) array: bool,
    pub(super) number: bool,
    pub(super) integer: bool,
    pub(super) string: bool,
}

#[derive(Debug, PartialEq)]
pub(super) enum ComparedConstant {
    Null,
    Bool(bool),
    Number(SmallDecimal),
    String(Box<str>),
    /// An array or object, which are not compared here.
    Other,
}

/// Schemas for the same value.
#[derive(Debug)]
pub(super) enum CombinedSchemas {
    All(Vec<AcceptorNodeId>),
    Any(Vec<AcceptorNodeId>),
    One(Vec<AcceptorNodeId>),
}

#[derive(Debug, Default)]
pub(super) struct NumberConstraints {
    pub(super) least: Option<SmallDecimal>,
    pub(super) most: Option<SmallDecimal>,
    pub(super) above: Option<SmallDecimal>,
    pub(super) below: Option<SmallDecimal>,
    pub(super) divisor: Option<SmallDecimal>,
}

/// How many there must and may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct SizeBounds {
    pub(super) least: u64,
    pub(super) most: u64,
}

impl Default for SizeBounds {
    fn default() -> Self {
        Self { least: 0, most: u64::MAX }
    }
}

impl SizeBounds {
    pub(super) fn takes(self, count: usize) -> bool {
        u64::try_from(count).is_ok_and(|count| self.least <= count && count <= self.most)
    }
}

#[derive(Debug, Default)]
pub(super) struct StringConstraints {
    pub(super) size: SizeBounds,
    /// `format` and `pattern`, which the crate judges.
    pub(super) string_validator: Option<Box<jsonschema::Validator>>,
}

#[derive(Debug, Default)]
pub(super) struct ArrayConstraints {
    pub(super) size: SizeBounds,
    pub(super) each: Option<AcceptorNodeId>,
}

#[derive(Debug)]
pub(super) struct ObjectConstraints {
    pub(super) size: SizeBounds,
    /// Declared properties, and required ones that are not declared.
    pub(super) named: Vec<NamedProperty>,
    pub(super) index: HashMap<Box<str>, usize>,
    pub(super) required: usize,
    pub(super) others: AcceptorNodeId,
}

#[derive(Debug)]
pub(super) struct NamedProperty {
    /// The name as most texts have it, with quotes and colon; `None` for one that needs escapes.
    pub(super) spelled: Option<Box<str>>,
    pub(super) node: AcceptorNodeId,
    pub(super) required: bool,
}

impl NamedProperty {
    pub(super) fn new(name: &str, node: AcceptorNodeId, required: bool) -> Self {
        let spelled =
            (!name.contains(|c: char| c.is_control() || matches!(c, '"' | '\\'))).then(|| format!("\"{name}\":").into());
        Self { spelled, node, required }
    }
}

/// Named properties that one object may have here.
pub(super) const MAX_NAMES: usize = 256;
