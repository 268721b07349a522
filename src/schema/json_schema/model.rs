//! What is compared: a graph of nodes, built from the text by the loader. References are edges, so recursion is a cycle in the
//! graph and every use of a definition is the same node.

use std::collections::{HashMap, HashSet};

use super::number::Decimal;
use super::pattern::{self, Compiled};
use crate::schema::meter::{self, Exhausted, Once};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct NodeId(pub(crate) u32);

#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) nodes: Vec<Node>,
    pub(crate) root: NodeId,
    /// From 2019-09 on: the definitions in the schema's own text, by where they begin.
    pub(crate) definitions: HashMap<u32, NodeId>,
}

static MISSING: Node = Node { kind: NodeKind::Empty, annotations: None, is_bytes: false, document: 0, offset: 0 };

impl Model {
    pub(crate) fn node(&self, id: NodeId) -> &Node {
        usize::try_from(id.0).ok().and_then(|at| self.nodes.get(at)).unwrap_or(&MISSING)
    }

    pub(crate) fn weight(&self) -> usize {
        self.nodes.len() * (size_of::<Node>() + 128)
    }
}

#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) kind: NodeKind,
    pub(crate) annotations: Option<Box<Annotations>>,
    /// `"connect.type": "bytes"` stands beside it.
    pub(crate) is_bytes: bool,
    /// Which document the node stands in: 0 is the schema's own text.
    pub(crate) document: u32,
    /// Where its JSON value begins in that document.
    pub(crate) offset: u32,
}

impl Node {
    /// Whether comparing it takes no more than looking the result up: no node is below it, and little is compared.
    pub(crate) fn is_leaf(&self) -> bool {
        match self.kind {
            NodeKind::Empty
            | NodeKind::True
            | NodeKind::False
            | NodeKind::Boolean
            | NodeKind::Null
            | NodeKind::String(_)
            | NodeKind::Number(_)
            | NodeKind::Const(_)
            | NodeKind::Conditional => true,
            NodeKind::Array(_)
            | NodeKind::Object(_)
            | NodeKind::Enum(_)
            | NodeKind::Combined(_)
            | NodeKind::Not(_)
            | NodeKind::Ref(_) => false,
        }
    }

    /// Bytes that a comparison looks at, at most.
    pub(crate) fn bytes_compared(&self) -> usize {
        let text = |text: &Option<Box<str>>| text.as_ref().map_or(0, |text| text.len());
        let number = |number: &Option<Decimal>| number.as_ref().map_or(0, Decimal::length);
        let annotations = self.annotations.as_ref().map_or(0, |annotations| {
            let Annotations { id, title, description, default } = &**annotations;
            [id, title, description, default].into_iter().map(text).sum()
        });
        let kind = match &self.kind {
            NodeKind::String(string) => text(&string.pattern) + number(&string.max_length) + number(&string.min_length),
            NodeKind::Number(keywords) => number(&keywords.maximum) + number(&keywords.minimum),
            NodeKind::Const(value) => value.len(),
            // searched in each other
            NodeKind::Enum(values) => values.iter().map(|value| value.len() + 64).sum(),
            _ => 0,
        };
        annotations + kind
    }
}

/// The annotations that are compared.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Annotations {
    pub(crate) id: Option<Box<str>>,
    pub(crate) title: Option<Box<str>>,
    pub(crate) description: Option<Box<str>>,
    /// Its comparison key (`print::key`).
    pub(crate) default: Option<Box<str>>,
}

#[derive(Debug, Clone)]
pub(crate) enum NodeKind {
    Empty,
    True,
    False,
    Boolean,
    Null,
    String(Box<StringKeywords>),
    Number(Box<NumberKeywords>),
    Array(Box<ArrayKeywords>),
    Object(Box<ObjectKeywords>),
    /// The comparison keys of the values, sorted, each once.
    Enum(Box<[String]>),
    Const(Box<str>),
    Combined(Box<Combined>),
    Not(NodeId),
    Conditional,
    Ref(NodeId),
}

#[derive(Debug, Default, Clone)]
pub(crate) struct StringKeywords {
    pub(crate) max_length: Option<Decimal>,
    pub(crate) min_length: Option<Decimal>,
    pub(crate) pattern: Option<Box<str>>,
}

#[derive(Debug, Clone)]
pub(crate) struct Exclusive {
    pub(crate) value: Decimal,
    /// draft-04: the bound is the inclusive keyword's value, made exclusive by a flag.
    pub(crate) flag: bool,
}

#[derive(Debug, Default, Clone)]
pub(crate) struct NumberKeywords {
    pub(crate) integer: bool,
    pub(crate) maximum: Option<Decimal>,
    pub(crate) minimum: Option<Decimal>,
    pub(crate) exclusive_maximum: Option<Exclusive>,
    pub(crate) exclusive_minimum: Option<Exclusive>,
    pub(crate) multiple_of: Option<Decimal>,
}

/// What is allowed beyond the declared properties or positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Additional {
    /// Absent, or `true`.
    #[default]
    Anything,
    Nothing,
    Like(NodeId),
}

#[derive(Debug, Default, Clone)]
pub(crate) struct ArrayKeywords {
    /// The schema of every element.
    pub(crate) each: Option<NodeId>,
    /// The schemas of the first elements.
    pub(crate) tuple: Vec<NodeId>,
    pub(crate) additional: Additional,
    pub(crate) unevaluated: Option<NodeId>,
    pub(crate) max_items: Option<Decimal>,
    pub(crate) min_items: Option<Decimal>,
    pub(crate) unique: bool,
    pub(crate) max_contains: Option<Decimal>,
    pub(crate) min_contains: Option<Decimal>,
}

#[derive(Debug, Default, Clone)]
pub(crate) struct ObjectKeywords {
    pub(crate) properties: Vec<(Box<str>, NodeId)>,
    pub(crate) index: HashMap<Box<str>, usize>,
    pub(crate) required: std::collections::HashSet<Box<str>>,
    pub(crate) array_dependencies: Vec<(Box<str>, Vec<Box<str>>)>,
    pub(crate) schema_dependencies: Vec<(Box<str>, NodeId)>,
    pub(crate) patterns: Vec<PatternProperty>,
    pub(crate) additional: Additional,
    pub(crate) unevaluated: Option<NodeId>,
    pub(crate) max_properties: Option<Decimal>,
    pub(crate) min_properties: Option<Decimal>,
}

impl ObjectKeywords {
    pub(crate) fn property(&self, name: &str) -> Option<NodeId> {
        self.index.get(name).and_then(|at| self.properties.get(*at)).map(|(_, id)| *id)
    }
}

/// One entry of `patternProperties`; the pattern is compiled when the first name is matched against it.
#[derive(Debug)]
pub(crate) struct PatternProperty {
    pub(crate) pattern: Box<str>,
    pub(crate) schema: NodeId,
    pub(crate) compiled: Once<Option<Compiled>>,
}

impl Clone for PatternProperty {
    fn clone(&self) -> Self {
        Self { pattern: self.pattern.clone(), schema: self.schema, compiled: Once::new() }
    }
}

impl PatternProperty {
    /// Whether the pattern is found in the name. A pattern that can't be run, or gives up, counts as not found.
    pub(crate) fn covers(&self, name: &str, large: &mut LargePatterns) -> Result<bool, Exhausted> {
        let compiled = match self.compiled.get_or_make(|| Compiled::new(&self.pattern, pattern::SMALL))? {
            Some(compiled) => Some(compiled),
            None => large.compiled(&self.pattern)?,
        };
        let Some(compiled) = compiled else { return Ok(false) };
        let found = compiled.found_in(name, |units| meter::charge(units.saturating_mul(20)))?;
        Ok(found == Ok(true))
    }
}

/// Patterns too large to be kept with their schema, compiled for one comparison.
#[derive(Debug, Default)]
pub(crate) struct LargePatterns {
    compiled: HashMap<Box<str>, Option<Compiled>>,
    reserved: usize,
}

impl LargePatterns {
    fn compiled(&mut self, text: &str) -> Result<Option<&Compiled>, Exhausted> {
        if !self.compiled.contains_key(text) {
            let bytes = Compiled::weight(pattern::LARGE);
            meter::reserve(bytes)?;
            self.reserved += bytes;
            // an exhausted meter ends the comparison that this is for
            self.compiled.insert(text.into(), Compiled::new(text, pattern::LARGE));
        }
        Ok(self.compiled.get(text).and_then(Option::as_ref))
    }
}

impl Drop for LargePatterns {
    fn drop(&mut self) {
        meter::release(self.reserved);
    }
}

/// How the members of a combined schema are combined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, strum::IntoStaticStr)]
#[strum(serialize_all = "camelCase")]
#[expect(clippy::enum_variant_names, reason = "the names are the keywords")]
pub(crate) enum Criterion {
    AllOf,
    AnyOf,
    OneOf,
}

impl Criterion {
    pub(crate) fn keyword(self) -> &'static str {
        self.into()
    }
}

/// A combined schema, either written as such, or implied by keywords of several types beside each other.
#[derive(Debug, Clone)]
pub(crate) struct Combined {
    pub(crate) criterion: Criterion,
    /// All members, as written.
    pub(crate) members: Vec<NodeId>,
    /// The members without duplicates, each with a digest that is equal for equal members.
    pub(crate) distinct: Vec<(NodeId, u128)>,
}

impl Combined {
    /// Of all members, each with its digest.
    pub(crate) fn new(criterion: Criterion, digested: Vec<(NodeId, u128)>) -> Self {
        let members = digested.iter().map(|(id, _)| *id).collect();
        let (mut distinct, mut seen) = (digested, HashSet::new());
        distinct.retain(|(_, digest)| seen.insert(*digest));
        Self { criterion, members, distinct }
    }
}
