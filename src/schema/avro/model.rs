//! The arena: every occurrence of a primitive, array, map or union is a node of its own, every named type is one node.
//!
//! That identity is what the compatibility walk memoizes by, so it must not depend on how a type is referred to.

use std::cmp::Ordering;
use std::collections::HashMap;

use crate::schema::json::{Member, Value};

/// Index of a node.
pub(super) type NodeId = u32;
/// Index of a namespace; 0 is the null namespace.
pub(super) type SpaceId = u32;

/// The offset of what does not stand in the main text.
pub(super) const NOWHERE: u32 = u32::MAX;

/// The eight primitive types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    /// The type of that name.
    pub(super) fn named(word: &str) -> Option<Self> {
        Some(match word {
            "null" => Self::Null,
            "boolean" => Self::Boolean,
            "int" => Self::Int,
            "long" => Self::Long,
            "float" => Self::Float,
            "double" => Self::Double,
            "bytes" => Self::Bytes,
            "string" => Self::String,
            _ => return None,
        })
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
        match self {
            Self::Null => "null",
            Self::Boolean => "boolean",
            Self::Int => "int",
            Self::Long => "long",
            Self::Float => "float",
            Self::Double => "double",
            Self::Bytes => "bytes",
            Self::String => "string",
        }
    }
}

/// Words that a simple name must not be written as, because a reader would take them for the type (Avro spec, "Names").
pub(super) const TYPE_WORDS: [&str; 14] =
    ["record", "enum", "array", "map", "union", "fixed", "string", "bytes", "int", "long", "float", "double", "boolean", "null"];

/// A full name. Namespaces are shared: ten thousand types in a namespace of a megabyte must not cost ten gigabytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Name {
    pub(super) space: SpaceId,
    pub(super) simple: Box<str>,
}

/// What the three named kinds have in common.
#[derive(Debug)]
pub(super) struct Named {
    pub(super) name: Name,
    pub(super) doc: Option<Box<str>>,
    pub(super) aliases: Vec<Name>,
    /// Offset of the value of `name`.
    pub(super) name_at: u32,
}

/// Sort order of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Ascending,
    Descending,
    Ignore,
}

/// A field of a record.
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

/// Positions of names, sorted by name: a look-up without a second copy of the names.
#[derive(Debug, Default)]
pub(super) struct Index(Vec<u32>);

impl Index {
    /// Over `count` names.
    pub(super) fn new<'a>(count: usize, name: impl Fn(usize) -> &'a str) -> Self {
        let mut order: Vec<u32> = (0..count).filter_map(|i| u32::try_from(i).ok()).collect();
        order.sort_by(|a, b| name(*a as usize).cmp(name(*b as usize)));
        Self(order)
    }

    /// The position of `wanted`.
    pub(super) fn find<'a>(&self, wanted: &str, name: impl Fn(usize) -> &'a str) -> Option<usize> {
        let compare = |at: &u32| -> Ordering { name(*at as usize).cmp(wanted) };
        self.0.binary_search_by(compare).ok().and_then(|i| self.0.get(i)).map(|at| *at as usize)
    }

    /// Two positions with one name, the later one first, if there are any: the earliest such in the order written.
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

/// A record or error.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) named: Named,
    pub(super) fields: Vec<Field>,
    pub(super) index: Index,
    pub(super) error: bool,
}

impl Record {
    /// The position of a field. `hint` is where it probably stands: mostly both sides have the same order.
    pub(super) fn find(&self, name: &str, hint: usize) -> Option<usize> {
        if self.fields.get(hint).is_some_and(|field| &*field.name == name) {
            return Some(hint);
        }
        self.index.find(name, |at| self.fields.get(at).map_or("", |field| &field.name))
    }
}

/// An enum.
#[derive(Debug)]
pub(super) struct Enum {
    pub(super) named: Named,
    pub(super) symbols: Vec<Box<str>>,
    pub(super) index: Index,
    pub(super) default: Option<Box<str>>,
    pub(super) symbols_at: u32,
}

impl Enum {
    /// Whether it has the symbol.
    pub(super) fn has(&self, symbol: &str, hint: usize) -> bool {
        self.symbols.get(hint).is_some_and(|s| &**s == symbol)
            || self.index.find(symbol, |at| self.symbols.get(at).map_or("", |s| s)).is_some()
    }
}

/// A fixed.
#[derive(Debug)]
pub(super) struct Fixed {
    pub(super) named: Named,
    pub(super) size: u32,
    pub(super) size_at: u32,
}

/// What a node is.
#[derive(Debug)]
pub(super) enum Kind {
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

/// A node with its properties.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) kind: Kind,
    pub(super) props: Vec<Member>,
    pub(super) at: u32,
}

impl Node {
    /// The type in capitals, as messages write it.
    pub(super) fn type_name(&self) -> &'static str {
        match &self.kind {
            Kind::Primitive(Primitive::Null) => "NULL",
            Kind::Primitive(Primitive::Boolean) => "BOOLEAN",
            Kind::Primitive(Primitive::Int) => "INT",
            Kind::Primitive(Primitive::Long) => "LONG",
            Kind::Primitive(Primitive::Float) => "FLOAT",
            Kind::Primitive(Primitive::Double) => "DOUBLE",
            Kind::Primitive(Primitive::Bytes) => "BYTES",
            Kind::Primitive(Primitive::String) => "STRING",
            Kind::Array(_) => "ARRAY",
            Kind::Map(_) => "MAP",
            Kind::Union(_) => "UNION",
            Kind::Record(_) | Kind::Pending(_) => "RECORD",
            Kind::Enum(_) => "ENUM",
            Kind::Fixed(_) => "FIXED",
        }
    }

    /// What a named type has.
    pub(super) fn named(&self) -> Option<&Named> {
        match &self.kind {
            Kind::Record(record) => Some(&record.named),
            Kind::Enum(e) => Some(&e.named),
            Kind::Fixed(fixed) => Some(&fixed.named),
            _ => None,
        }
    }
}

/// Stands in for an index that is out of range, which no code path makes.
static MISSING: Node = Node { kind: Kind::Primitive(Primitive::Null), props: Vec::new(), at: NOWHERE };

/// All nodes of a schema, those of its references included.
#[derive(Debug, Default)]
pub(super) struct Model {
    pub(super) nodes: Vec<Node>,
    pub(super) root: NodeId,
    /// Namespaces by id; the first is the null namespace.
    pub(super) spaces: Vec<Box<str>>,
    /// Named types that are whole referenced texts: canonical texts never spell them out.
    pub(super) referenced: Vec<NodeId>,
    /// Repeated definitions, with the first of each.
    pub(super) twins: HashMap<NodeId, NodeId>,
}

impl Model {
    /// A node.
    pub(super) fn node(&self, id: NodeId) -> &Node {
        self.nodes.get(id as usize).unwrap_or(&MISSING)
    }

    /// The first definition of a type that is defined more than once.
    pub(super) fn first(&self, id: NodeId) -> NodeId {
        if self.twins.is_empty() { id } else { self.twins.get(&id).copied().unwrap_or(id) }
    }

    /// The text of a namespace; empty for the null namespace.
    pub(super) fn space(&self, id: SpaceId) -> &str {
        self.spaces.get(id as usize).map_or("", |space| space)
    }

    /// A name in full.
    pub(super) fn full(&self, name: &Name) -> String {
        match name.space {
            0 => name.simple.to_string(),
            space => format!("{}.{}", self.space(space), name.simple),
        }
    }

    /// The name by which a union tells its branches apart.
    pub(super) fn branch_name(&self, id: NodeId) -> String {
        let node = self.node(id);
        match &node.kind {
            Kind::Primitive(primitive) => primitive.word().to_owned(),
            Kind::Array(_) => "array".to_owned(),
            Kind::Map(_) => "map".to_owned(),
            Kind::Union(_) => "union".to_owned(),
            Kind::Pending(name) => self.full(name),
            Kind::Record(_) | Kind::Enum(_) | Kind::Fixed(_) => {
                node.named().map_or_else(String::new, |named| self.full(&named.name))
            }
        }
    }

    /// Bytes held, roughly.
    pub(super) fn weight(&self) -> usize {
        let props = |props: &Vec<Member>| props.len() * (size_of::<Member>() + 32);
        let named = |named: &Named| {
            named.name.simple.len() + named.doc.as_ref().map_or(0, |doc| doc.len()) + named.aliases.len() * size_of::<Name>()
        };
        let field = |field: &Field| {
            size_of::<Field>() + field.name.len() + field.doc.as_ref().map_or(0, |doc| doc.len()) + props(&field.props)
        };
        let node = |node: &Node| {
            let own = match &node.kind {
                Kind::Record(record) => {
                    size_of::<Record>() + record.index.weight() + record.fields.iter().map(field).sum::<usize>()
                }
                Kind::Enum(e) => size_of::<Enum>() + e.index.weight() + e.symbols.iter().map(|s| s.len() + 16).sum::<usize>(),
                Kind::Fixed(_) => size_of::<Fixed>(),
                Kind::Union(branches) => branches.capacity() * size_of::<NodeId>(),
                _ => 0,
            };
            own + size_of::<Node>() + props(&node.props) + node.named().map_or(0, named)
        };
        self.nodes.iter().map(node).sum::<usize>() + self.spaces.iter().map(|space| space.len() + 16).sum::<usize>()
    }
}
