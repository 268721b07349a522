//! A schema as far as it is understood here.

use std::collections::HashMap;

use super::scan::Decimal;

/// The place of a node.
pub(super) type NodeId = usize;

/// A schema as far as it is understood here.
#[derive(Debug)]
pub(super) enum Node {
    /// Takes everything.
    Any,
    /// Takes nothing.
    Never,
    /// Says something that is not understood.
    Unknown,
    Check(Box<Check>),
}

/// What a schema demands. Small, for an object visits as many as it has members: what is big is boxed.
#[derive(Debug, Default)]
pub(super) struct Check {
    pub(super) types: Option<Types>,
    /// `enum` or `const`.
    pub(super) values: Option<Vec<Constant>>,
    pub(super) combined: Vec<Combined>,
    pub(super) number: Option<Box<Bounds>>,
    pub(super) string: Option<Strings>,
    pub(super) array: Option<Items>,
    pub(super) object: Option<Box<Members>>,
}

impl Check {
    /// Whether all that it says stands in `combined`.
    pub(super) fn is_only_combined(&self) -> bool {
        let Self { types, values, combined: _, number, string, array, object } = self;
        let says_nothing = types.is_none() && values.is_none() && number.is_none() && string.is_none();
        says_nothing && array.is_none() && object.is_none()
    }
}

/// The types that are allowed.
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

/// A value that is allowed.
#[derive(Debug, PartialEq)]
pub(super) enum Constant {
    Null,
    Bool(bool),
    Number(Decimal),
    String(Box<str>),
    /// One that is not compared here.
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
pub(super) struct Bounds {
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
pub(super) struct Strings {
    pub(super) size: Size,
    /// `format` and `pattern`, which the crate judges.
    pub(super) leaf: Option<Box<jsonschema::Validator>>,
}

#[derive(Debug, Default)]
pub(super) struct Items {
    pub(super) size: Size,
    pub(super) each: Option<NodeId>,
}

#[derive(Debug)]
pub(super) struct Members {
    pub(super) size: Size,
    /// Those with a name: declared ones, and required ones that are not.
    pub(super) named: Vec<Member>,
    pub(super) index: HashMap<Box<str>, usize>,
    pub(super) required: usize,
    pub(super) others: NodeId,
}

#[derive(Debug)]
pub(super) struct Member {
    /// The name as it stands before a value, with quotes and colon; nothing for one that JSON has to escape.
    pub(super) spelled: Option<Box<str>>,
    pub(super) node: NodeId,
    pub(super) required: bool,
}

impl Member {
    pub(super) fn new(name: &str, node: NodeId, required: bool) -> Self {
        let spelled =
            (!name.contains(|c: char| c.is_control() || matches!(c, '"' | '\\'))).then(|| format!("\"{name}\":").into());
        Self { spelled, node, required }
    }
}

/// Names of one object that are told apart.
pub(super) const MAX_NAMES: usize = 256;
