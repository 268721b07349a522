//! May a type be defined twice, and do two schemas count as the same version of a subject (avro 3.1).

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::mem::discriminant;

use super::model::{Field, Model, Name, NamedType, NamespaceId, Node, NodeId, NodeKind};
use super::value;
use crate::schema::format::text_hash;

/// Whether a second definition says the same as the first. Docs, aliases and an enum's default do not count.
///
/// Definitions inside the two have been matched before, so named types compare by name and no type is walked twice.
pub(super) fn same_definition(model: &Model, a: NodeId, b: NodeId) -> bool {
    let compare = Compare { a: model, b: model, namespaces: None, strict: false };
    compare.walk(a, b, false)
}

/// Whether two schemas are the same: equal trees, properties as maps, aliases as sets, docs and defaults included.
pub(super) fn equivalent(a: &Model, b: &Model) -> bool {
    let ids: HashMap<&str, NamespaceId> = a.namespaces.iter().zip(0..).map(|(namespace, id)| (&**namespace, id)).collect();
    let namespaces = b.namespaces.iter().map(|namespace| ids.get(&**namespace).copied().unwrap_or(NamespaceId::MAX)).collect();
    let compare = Compare { a, b, namespaces: Some(namespaces), strict: true };
    compare.walk(a.root, b.root, true)
}

/// A number that [`equivalent`] schemas share: what those compare is added up, on the same way through the schema.
pub(super) fn hash(model: &Model) -> u64 {
    let namespaces: Vec<u64> = model.namespaces.iter().map(|namespace| text_hash(namespace)).collect();
    let (mut seen, mut todo, mut first) = (HashSet::new(), vec![model.root], true);
    let mut out = DefaultHasher::new();
    while let Some(id) = todo.pop() {
        let first = std::mem::take(&mut first);
        let id = if first { id } else { model.first_definition(id) };
        let node = model.node(id);
        if let Some(name) = type_name(node) {
            (namespaces.get(name.namespace as usize), &*name.simple).hash(&mut out);
            if !(first || seen.insert(id)) {
                continue;
            }
        }
        hash_node(node, &mut out);
        match &node.kind {
            NodeKind::Array(item) | NodeKind::Map(item) => todo.push(*item),
            NodeKind::Union(branches) => todo.extend(branches),
            NodeKind::Record(record) => todo.extend(record.fields.iter().map(|field| field.ty)),
            _ => {}
        }
    }
    out.finish()
}

fn hash_node(node: &Node, out: &mut DefaultHasher) {
    discriminant(&node.kind).hash(out);
    value::hash_members(&node.props, out);
    if let Some(named) = node.named() {
        named.doc.hash(out);
        value::hash_unordered(&named.aliases, out, |alias, own| alias.simple.hash(own));
    }
    match &node.kind {
        NodeKind::Primitive(primitive) => discriminant(primitive).hash(out),
        NodeKind::Union(branches) => branches.len().hash(out),
        NodeKind::Enum(one) => (&one.symbols, &one.default).hash(out),
        NodeKind::Fixed(fixed) => fixed.size.hash(out),
        NodeKind::Record(record) => record.fields.iter().for_each(|field| hash_field(field, out)),
        _ => {}
    }
}

fn hash_field(field: &Field, out: &mut DefaultHasher) {
    (&field.name, discriminant(&field.order), &field.doc, field.default.is_some()).hash(out);
    if let Some(default) = &field.default {
        value::hash(default, out);
    }
    value::hash_members(&field.props, out);
    value::hash_unordered(&field.aliases, out, Hash::hash);
}

struct Compare<'m> {
    a: &'m Model,
    b: &'m Model,
    /// The ids in `a` of the namespaces of `b`, so that long ones are compared once.
    namespaces: Option<Vec<NamespaceId>>,
    /// Docs, aliases and enum defaults count.
    strict: bool,
}

impl Compare<'_> {
    /// Compares two nodes and what is inside them; named types further inside are compared by name unless `into_named`.
    fn walk(&self, a: NodeId, b: NodeId, into_named: bool) -> bool {
        let mut seen = HashSet::new();
        let mut todo = vec![(a, b)];
        let mut first = true;
        while let Some((a, b)) = todo.pop() {
            let first = std::mem::take(&mut first);
            let (a, b) = if first { (a, b) } else { (self.a.first_definition(a), self.b.first_definition(b)) };
            let (x, y) = (self.a.node(a), self.b.node(b));
            match (type_name(x), type_name(y)) {
                (None, None) => {}
                (Some(x), Some(y)) if self.same_name(x, y) => {
                    // within one schema a name stands for one type, which need not be compared again
                    if !(first || into_named && seen.insert(a)) {
                        continue;
                    }
                }
                _ => return false,
            }
            if !(self.same_node(x, y) && Self::children(x, y, &mut todo)) {
                return false;
            }
        }
        true
    }

    fn same_name(&self, a: &Name, b: &Name) -> bool {
        let namespace = match &self.namespaces {
            Some(namespaces) => namespaces.get(b.namespace as usize).copied().unwrap_or(NamespaceId::MAX),
            None => b.namespace,
        };
        a.namespace == namespace && a.simple == b.simple
    }

    fn same_node(&self, a: &Node, b: &Node) -> bool {
        value::equal_members(&a.props, &b.props)
            && match (&a.kind, &b.kind) {
                (NodeKind::Primitive(a), NodeKind::Primitive(b)) => a == b,
                (NodeKind::Record(a), NodeKind::Record(b)) => {
                    self.same_named(&a.named, &b.named)
                        && a.fields.len() == b.fields.len()
                        && a.fields.iter().zip(&b.fields).all(|(a, b)| self.same_field(a, b))
                }
                (NodeKind::Enum(a), NodeKind::Enum(b)) => {
                    self.same_named(&a.named, &b.named) && a.symbols == b.symbols && (!self.strict || a.default == b.default)
                }
                (NodeKind::Fixed(a), NodeKind::Fixed(b)) => self.same_named(&a.named, &b.named) && a.size == b.size,
                (NodeKind::Array(_), NodeKind::Array(_))
                | (NodeKind::Map(_), NodeKind::Map(_))
                | (NodeKind::Union(_), NodeKind::Union(_)) => true,
                _ => false,
            }
    }

    fn same_named(&self, a: &NamedType, b: &NamedType) -> bool {
        if !self.strict {
            return true;
        }
        a.doc == b.doc && a.aliases.len() == b.aliases.len() && {
            let simple: HashMap<&str, Vec<&Name>> = a.aliases.iter().fold(HashMap::new(), |mut map, alias| {
                map.entry(&*alias.simple).or_default().push(alias);
                map
            });
            let known = |alias: &Name| simple.get(&*alias.simple).is_some_and(|all| all.iter().any(|a| self.same_name(a, alias)));
            b.aliases.iter().all(known)
        }
    }

    fn same_field(&self, a: &Field, b: &Field) -> bool {
        a.name == b.name
            && a.order == b.order
            && value::equal_options(a.default.as_ref(), b.default.as_ref())
            && value::equal_members(&a.props, &b.props)
            && (!self.strict || (a.doc == b.doc && same_set(&a.aliases, &b.aliases)))
    }

    /// Adds the pairs inside two nodes of one kind.
    fn children(a: &Node, b: &Node, todo: &mut Vec<(NodeId, NodeId)>) -> bool {
        match (&a.kind, &b.kind) {
            (NodeKind::Array(a), NodeKind::Array(b)) | (NodeKind::Map(a), NodeKind::Map(b)) => todo.push((*a, *b)),
            (NodeKind::Union(a), NodeKind::Union(b)) => {
                if a.len() != b.len() {
                    return false;
                }
                todo.extend(a.iter().copied().zip(b.iter().copied()));
            }
            (NodeKind::Record(a), NodeKind::Record(b)) => {
                todo.extend(a.fields.iter().zip(&b.fields).map(|(a, b)| (a.ty, b.ty)));
            }
            _ => {}
        }
        true
    }
}

/// The name of a named type, also of one that is not defined yet.
fn type_name(node: &Node) -> Option<&Name> {
    match &node.kind {
        NodeKind::Pending(name) => Some(name),
        _ => node.named().map(|named| &named.name),
    }
}

fn same_set(a: &[Box<str>], b: &[Box<str>]) -> bool {
    // neither side holds anything twice
    a.len() == b.len() && (a == b || a.iter().collect::<HashSet<_>>() == b.iter().collect::<HashSet<_>>())
}
