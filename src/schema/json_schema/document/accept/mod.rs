//! The short way to "valid": a document's text is held against the schema while it is scanned, and nothing is built.
//!
//! Most documents are valid and most schemas use few keywords. For them this answers in a fraction of the time that reading a
//! tree, converting it and walking it takes. It never says "invalid": whatever it does not know for certain (a keyword it has
//! not, a repeated key, an escape in a key, too much work) is left to the `jsonschema` crate, which stays the one judge.
//! `compile` makes nodes of the rewritten schema, `walk` goes through a text, `scan` reads its tokens.

mod compile;
mod scan;
mod walk;

use std::collections::HashMap;

pub(super) use compile::compile;

use self::scan::Decimal;
use super::meter::{Tank, with_fuel};

/// The place of a node.
type NodeId = usize;

/// A schema as far as it is understood here.
#[derive(Debug)]
enum Node {
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
struct Check {
    types: Option<Types>,
    /// `enum` or `const`.
    values: Option<Vec<Constant>>,
    combined: Vec<Combined>,
    number: Option<Box<Bounds>>,
    string: Option<Strings>,
    array: Option<Items>,
    object: Option<Box<Members>>,
}

impl Check {
    /// Whether all that it says stands in `combined`.
    fn is_only_combined(&self) -> bool {
        let Self { types, values, combined: _, number, string, array, object } = self;
        let says_nothing = types.is_none() && values.is_none() && number.is_none() && string.is_none();
        says_nothing && array.is_none() && object.is_none()
    }
}

/// The types that are allowed.
#[derive(Debug, Default, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "a set")]
struct Types {
    null: bool,
    boolean: bool,
    object: bool,
    array: bool,
    number: bool,
    integer: bool,
    string: bool,
}

/// A value that is allowed.
#[derive(Debug, PartialEq)]
enum Constant {
    Null,
    Bool(bool),
    Number(Decimal),
    String(Box<str>),
    /// One that is not compared here.
    Other,
}

/// Schemas for the same value.
#[derive(Debug)]
enum Combined {
    All(Vec<NodeId>),
    Any(Vec<NodeId>),
    One(Vec<NodeId>),
}

#[derive(Debug, Default)]
struct Bounds {
    least: Option<Decimal>,
    most: Option<Decimal>,
    above: Option<Decimal>,
    below: Option<Decimal>,
    divisor: Option<Decimal>,
}

/// How many there must and may be.
#[derive(Debug, Clone, Copy)]
struct Size {
    least: u64,
    most: u64,
}

impl Default for Size {
    fn default() -> Self {
        Self { least: 0, most: u64::MAX }
    }
}

impl Size {
    fn takes(self, count: usize) -> bool {
        u64::try_from(count).is_ok_and(|count| self.least <= count && count <= self.most)
    }
}

#[derive(Debug, Default)]
struct Strings {
    size: Size,
    /// `format` and `pattern`, which the crate judges.
    leaf: Option<Box<jsonschema::Validator>>,
}

#[derive(Debug, Default)]
struct Items {
    size: Size,
    each: Option<NodeId>,
}

#[derive(Debug)]
struct Members {
    size: Size,
    /// Those with a name: declared ones, and required ones that are not.
    named: Vec<Member>,
    index: HashMap<Box<str>, usize>,
    required: usize,
    others: NodeId,
}

#[derive(Debug)]
struct Member {
    /// The name as it stands before a value, with quotes and colon; nothing for one that JSON has to escape.
    spelled: Option<Box<str>>,
    node: NodeId,
    required: bool,
}

impl Member {
    fn new(name: &str, node: NodeId, required: bool) -> Self {
        let spelled =
            (!name.contains(|c: char| c.is_control() || matches!(c, '"' | '\\'))).then(|| format!("\"{name}\":").into());
        Self { spelled, node, required }
    }
}

/// Names of one object that are told apart.
const MAX_NAMES: usize = 256;

/// A schema ready for texts.
#[derive(Debug)]
pub(super) struct Acceptor {
    nodes: Vec<Node>,
    root: NodeId,
    has_leaves: bool,
}

impl Acceptor {
    /// True only if the text is JSON without anything ambiguous in it, nested no deeper than `max_depth`, and valid.
    pub(super) fn accepts(&self, text: &str, max_depth: usize) -> bool {
        let walk = || walk::Walk::new(&self.nodes, text, max_depth).accepts(self.root);
        if self.has_leaves { with_fuel(Tank::Quick, walk).unwrap_or(false) } else { walk() }
    }
}
