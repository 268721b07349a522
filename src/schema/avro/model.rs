//! The arena: every occurrence of a primitive, array, map or union is a node of its own, every named type is one node.
//!
//! The compatibility check memoizes by that identity, so it must not depend on how a type is referred to.

use std::cmp::Ordering;
use std::collections::HashMap;

use crate::schema::json::{Member, Value};

pub(super) type NodeId = u32;
/// 0 is the null namespace.
pub(super) type NamespaceId = u32;

/// The offset of whatever stands in a referenced text.
pub(super) const NOWHERE: u32 = u32::MAX;

#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub(super) enum Primitive {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    String,
}

impl Primitive {
    pub(super) fn named(word: &str) -> Option<Self> {
        word.parse().ok()
    }

    /// Whether a reader of this type reads what was written as the other one (avro 4.2).
    pub(super) fn reads(self, writer: Self) -> bool {
        use Primitive::{Bytes, Double, Float, Int, Long, String};
        self == writer
            || matches!(
                (self, writer),
                (Long | Float | Double, Int) | (Float | Double, Long) | (Double, Float) | (Bytes, String) | (String, Bytes)
            )
    }

    pub(super) fn word(self) -> &'static str {
        self.into()
    }
}

/// Simple names that must be written with their namespace, because a parser would take them for the built-in type (avro 2.3).
pub(super) const TYPE_WORDS: [&str; 14] =
    ["record", "enum", "array", "map", "union", "fixed", "string", "bytes", "int", "long", "float", "double", "boolean", "null"];

/// A full name. Namespaces are shared: ten thousand types in a namespace of a megabyte must not cost ten gigabytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Name {
    pub(super) namespace: NamespaceId,
    pub(super) simple: Box<str>,
}

/// What records, enums and fixeds have in common.
#[derive(Debug)]
pub(super) struct NamedType {
    pub(super) name: Name,
    pub(super) doc: Option<Box<str>>,
    pub(super) aliases: Vec<Name>,
    /// Offset of the value of `name`.
    pub(super) name_at: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Ascending,
    Descending,
    Ignore,
}

#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: Box<str>,
    pub(super) ty: NodeId,
    pub(super) doc: Option<Box<str>>,
    pub(super) default: Option<Value>,
    pub(super) order: Order,
    pub(super) aliases: Vec<Box<str>>,
    pub(super) props: Vec<Member>,
    pub(super) at: u32,
}

/// Positions of names, sorted by name: looks names up without a second copy of them.
#[derive(Debug, Default)]
pub(super) struct NameIndex(Vec<u32>);

impl NameIndex {
    pub(super) fn new<'a>(count: usize, name: impl Fn(usize) -> &'a str) -> Self {
        let mut order: Vec<u32> = (0..count).filter_map(|i| u32::try_from(i).ok()).collect();
        order.sort_by(|a, b| name(*a as usize).cmp(name(*b as usize)));
        Self(order)
    }

    pub(super) fn find<'a>(&self, wanted: &str, name: impl Fn(usize) -> &'a str) -> Option<usize> {
        let compare = |at: &u32| -> Ordering { name(*at as usize).cmp(wanted) };
        self.0.binary_search_by(compare).ok().and_then(|i| self.0.get(i)).map(|at| *at as usize)
    }

    /// The first two positions that share a name, the later one first.
    pub(super) fn duplicate<'a>(&self, name: impl Fn(usize) -> &'a str) -> Option<(usize, usize)> {
        let same = |pair: &[u32]| match pair {
            [a, b] if name(*a as usize) == name(*b as usize) => Some((*b as usize, *a as usize)),
            _ => None,
        };
        self.0.windows(2).filter_map(same).min()
    }

    fn weight(&self) -> usize {
        self.0.capacity() * size_of::<u32>()
    }
}

#[derive(Debug)]
pub(super) struct Record {
    pub(super) named: NamedType,
    pub(super) fields: Vec<Field>,
    pub(super) index: NameIndex,
    pub(super) error: bool,
}

impl Record {
    /// The position of a field. It is tried at `hint` first: mostly both schemas have the same order.
    pub(super) fn find(&self, name: &str, hint: usize) -> Option<usize> {
        if self.fields.get(hint).is_some_and(|field| &*field.name == name) {
            return Some(hint);
        }
        self.index.find(name, |at| self.fields.get(at).map_or("", |field| &field.name))
    }
}

#[derive(Debug)]
pub(super) struct Enum {
    pub(super) named: NamedType,
    pub(super) symbols: Vec<Box<str>>,
    pub(super) index: NameIndex,
    pub(super) default: Option<Box<str>>,
    pub(super) symbols_at: u32,
}

impl Enum {
    /// Whether it has the symbol, which is tried at `hint` first.
    pub(super) fn has(&self, symbol: &str, hint: usize) -> bool {
        self.symbols.get(hint).is_some_and(|s| &**s == symbol)
            || self.index.find(symbol, |at| self.symbols.get(at).map_or("", |s| s)).is_some()
    }
}

#[derive(Debug)]
pub(super) struct Fixed {
    pub(super) named: NamedType,
    pub(super) size: u32,
    pub(super) size_at: u32,
}

#[derive(Debug)]
pub(super) enum NodeKind {
    Primitive(Primitive),
    Array(NodeId),
    Map(NodeId),
    Union(Vec<NodeId>),
    Record(Box<Record>),
    Enum(Box<Enum>),
    Fixed(Box<Fixed>),
    /// A name that was used before its definition; none is left after a successful parse.
    Pending(Box<Name>),
}

#[derive(Debug)]
pub(super) struct Node {
    pub(super) kind: NodeKind,
    pub(super) props: Vec<Member>,
    pub(super) at: u32,
}

impl Node {
    /// The type in capitals, as Avro's Java library writes it in messages.
    pub(super) fn type_name(&self) -> &'static str {
        match &self.kind {
            NodeKind::Primitive(Primitive::Null) => "NULL",
            NodeKind::Primitive(Primitive::Boolean) => "BOOLEAN",
            NodeKind::Primitive(Primitive::Int) => "INT",
            NodeKind::Primitive(Primitive::Long) => "LONG",
            NodeKind::Primitive(Primitive::Float) => "FLOAT",
            NodeKind::Primitive(Primitive::Double) => "DOUBLE",
            NodeKind::Primitive(Primitive::Bytes) => "BYTES",
            NodeKind::Primitive(Primitive::String) => "STRING",
            NodeKind::Array(_) => "ARRAY",
            NodeKind::Map(_) => "MAP",
            NodeKind::Union(_) => "UNION",
            NodeKind::Record(_) | NodeKind::Pending(_) => "RECORD",
            NodeKind::Enum(_) => "ENUM",
            NodeKind::Fixed(_) => "FIXED",
        }
    }

    /// The head of a named type.
    pub(super) fn named(&self) -> Option<&NamedType> {
        match &self.kind {
            NodeKind::Record(record) => Some(&record.named),
            NodeKind::Enum(e) => Some(&e.named),
            NodeKind::Fixed(fixed) => Some(&fixed.named),
            _ => None,
        }
    }
}

/// Stands in for an index that is out of range, which no code path makes.
static MISSING: Node = Node { kind: NodeKind::Primitive(Primitive::Null), props: Vec::new(), at: NOWHERE };

/// All nodes of a schema, those of its references included.
#[derive(Debug, Default)]
pub(super) struct Model {
    pub(super) nodes: Vec<Node>,
    pub(super) root: NodeId,
    /// Namespaces by id; the first is the null namespace.
    pub(super) namespaces: Vec<Box<str>>,
    /// Named types that are the root of a referenced text: canonical texts never spell them out.
    pub(super) referenced: Vec<NodeId>,
    /// Repeated definitions, with the first of each.
    pub(super) repeated_definitions: HashMap<NodeId, NodeId>,
}

impl Model {
    pub(super) fn node(&self, id: NodeId) -> &Node {
        self.nodes.get(id as usize).unwrap_or(&MISSING)
    }

    /// The first definition of a type that is defined more than once.
    pub(super) fn first_definition(&self, id: NodeId) -> NodeId {
        if self.repeated_definitions.is_empty() { id } else { self.repeated_definitions.get(&id).copied().unwrap_or(id) }
    }

    /// The text of a namespace; empty for the null namespace.
    pub(super) fn namespace(&self, id: NamespaceId) -> &str {
        self.namespaces.get(id as usize).map_or("", |namespace| namespace)
    }

    pub(super) fn full_name(&self, name: &Name) -> String {
        match name.namespace {
            0 => name.simple.to_string(),
            namespace => format!("{}.{}", self.namespace(namespace), name.simple),
        }
    }

    /// The name by which a union tells its branches apart.
    pub(super) fn branch_name(&self, id: NodeId) -> String {
        let node = self.node(id);
        match &node.kind {
            NodeKind::Primitive(primitive) => primitive.word().to_owned(),
            NodeKind::Array(_) => "array".to_owned(),
            NodeKind::Map(_) => "map".to_owned(),
            NodeKind::Union(_) => "union".to_owned(),
            NodeKind::Pending(name) => self.full_name(name),
            NodeKind::Record(_) | NodeKind::Enum(_) | NodeKind::Fixed(_) => {
                node.named().map_or_else(String::new, |named| self.full_name(&named.name))
            }
        }
    }

    pub(super) fn weight(&self) -> usize {
        let props = |props: &Vec<Member>| props.len() * (size_of::<Member>() + 32);
        let named = |named: &NamedType| {
            named.name.simple.len() + named.doc.as_ref().map_or(0, |doc| doc.len()) + named.aliases.len() * size_of::<Name>()
        };
        let field = |field: &Field| {
            size_of::<Field>() + field.name.len() + field.doc.as_ref().map_or(0, |doc| doc.len()) + props(&field.props)
        };
        let node = |node: &Node| {
            let own = match &node.kind {
                NodeKind::Record(record) => {
                    size_of::<Record>() + record.index.weight() + record.fields.iter().map(field).sum::<usize>()
                }
                NodeKind::Enum(e) => size_of::<Enum>() + e.index.weight() + e.symbols.iter().map(|s| s.len() + 16).sum::<usize>(),
                NodeKind::Fixed(_) => size_of::<Fixed>(),
                NodeKind::Union(branches) => branches.capacity() * size_of::<NodeId>(),
                _ => 0,
            };
            own + size_of::<Node>() + props(&node.props) + node.named().map_or(0, named)
        };
        self.nodes.iter().map(node).sum::<usize>() + self.namespaces.iter().map(|namespace| namespace.len() + 16).sum::<usize>()
    }
}
