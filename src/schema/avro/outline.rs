//! What a schema declares. Every named type stands beside the others under its full name, wherever it is defined, so that one that moves
//! into another field is the same type still. Types of referenced texts are named and not listed.

use std::collections::HashSet;

use super::model::{Field, Model, Name, NamedType, Node, NodeId, NodeKind};
use super::value;
use crate::schema::json::Member;
use crate::schema::outline::{Declaration, DeclarationKind, MAX_TYPE_DEPTH, NOWHERE, Outline, OutlineBuilder};

/// Characters of the name of a type where it is used.
const MAX_NAME: usize = 1000;

pub(super) fn outline(model: &Model) -> Outline {
    let mut out = OutlineBuilder::default();
    let root = model.node(model.root);
    let schema = Declaration {
        ty: type_text(model, model.root, MAX_TYPE_DEPTH),
        name: root.named().map(|named| model.full_name(&named.name)).unwrap_or_default(),
        at: root.at,
        ..declaration(DeclarationKind::Schema, None)
    };
    out.add(schema);
    let mut seen: HashSet<NodeId> = model.referenced.iter().map(|id| model.first_definition(*id)).collect();
    let mut todo = vec![model.root];
    while let Some(id) = todo.pop() {
        if out.is_full() {
            break;
        }
        let id = model.first_definition(id);
        let node = model.node(id);
        match &node.kind {
            NodeKind::Array(inner) | NodeKind::Map(inner) => todo.push(*inner),
            NodeKind::Union(branches) => todo.extend(branches.iter().rev()),
            NodeKind::Record(record) if seen.insert(id) => {
                let kind = DeclarationKind::Record;
                let at = add_type(&mut out, model, node, &record.named, kind, record.error.then_some(("error", "true")));
                for field in &record.fields {
                    out.add(of_field(model, at, &record.named.name, field));
                }
                todo.extend(record.fields.iter().rev().map(|field| field.ty));
            }
            NodeKind::Enum(e) if seen.insert(id) => {
                let default = e.default.as_deref().map(|default| ("default", default));
                let at = add_type(&mut out, model, node, &e.named, DeclarationKind::Enum, default);
                for symbol in &e.symbols {
                    let path = format!("{}.{symbol}", model.full_name(&e.named.name));
                    let name = symbol.to_string();
                    out.add(Declaration { path, name, at: e.symbols_at, ..declaration(DeclarationKind::Symbol, at) });
                }
            }
            NodeKind::Fixed(fixed) if seen.insert(id) => {
                let size = fixed.size.to_string();
                add_type(&mut out, model, node, &fixed.named, DeclarationKind::Fixed, Some(("size", &size)));
            }
            _ => {}
        }
    }
    out.finish()
}

fn declaration(kind: DeclarationKind, parent: Option<usize>) -> Declaration {
    let (path, name, ty, facts, identities) = Default::default();
    Declaration { kind, parent, path, name, ty, facts, identities, at: NOWHERE }
}

fn add_type(
    out: &mut OutlineBuilder,
    model: &Model,
    node: &Node,
    named: &NamedType,
    kind: DeclarationKind,
    special: Option<(&str, &str)>,
) -> Option<usize> {
    let own = |name: &Name| model.full_name(name);
    let mut facts: Vec<(String, String)> = Vec::new();
    facts.extend(named.doc.as_deref().map(|doc| ("doc".to_owned(), doc.to_owned())));
    facts.extend(special.map(|(key, value)| (key.to_owned(), value.to_owned())));
    facts.extend(logical_type(&node.props).map(|logical| ("logicalType".to_owned(), logical)));
    facts.extend(aliases(named.aliases.iter().map(own)));
    facts.extend(others(&node.props));
    let path = own(&named.name);
    let identities = named.aliases.iter().map(own).collect();
    out.add(Declaration { name: path.clone(), path, facts, identities, at: named.name_at, ..declaration(kind, Some(0)) })
}

fn of_field(model: &Model, parent: Option<usize>, record: &Name, field: &Field) -> Declaration {
    let mut facts: Vec<(String, String)> = Vec::new();
    facts.extend(field.doc.as_deref().map(|doc| ("doc".to_owned(), doc.to_owned())));
    facts.extend(field.default.as_ref().map(|default| ("default".to_owned(), value::text(default))));
    facts.extend(aliases(field.aliases.iter().map(ToString::to_string)));
    facts.extend(others(&field.props));
    Declaration {
        path: format!("{}.{}", model.full_name(record), field.name),
        name: field.name.to_string(),
        ty: type_text(model, field.ty, MAX_TYPE_DEPTH),
        facts,
        identities: field.aliases.iter().map(ToString::to_string).collect(),
        at: field.at,
        ..declaration(DeclarationKind::Field, parent)
    }
}

fn aliases(names: impl Iterator<Item = String>) -> Option<(String, String)> {
    let names: Vec<String> = names.collect();
    (!names.is_empty()).then(|| ("aliases".to_owned(), names.join(", ")))
}

/// What is no word of Avro's, as JSON.
fn others(props: &[Member]) -> impl Iterator<Item = (String, String)> {
    let is_part_of_type = |key: &str| matches!(key, "logicalType" | "precision" | "scale");
    props
        .iter()
        .filter(move |member| !is_part_of_type(&member.key))
        .map(|member| (member.key.to_string(), member.value.as_str().map_or_else(|| value::text(&member.value), str::to_owned)))
}

fn logical_type(props: &[Member]) -> Option<String> {
    let get = |key: &str| props.iter().find(|member| &*member.key == key).map(|member| &member.value);
    let word = get("logicalType")?.as_str()?;
    let digits: Vec<&str> = ["precision", "scale"].iter().filter_map(|key| get(key)?.as_number()).collect();
    Some(if digits.is_empty() { word.to_owned() } else { format!("{word}({})", digits.join(", ")) })
}

/// A type as people write it. Deeper than `depth` it is cut off.
fn type_text(model: &Model, id: NodeId, depth: usize) -> String {
    let Some(depth) = depth.checked_sub(1) else { return "…".to_owned() };
    let node = model.node(id);
    let plain = match &node.kind {
        NodeKind::Primitive(primitive) => primitive.word().to_owned(),
        NodeKind::Array(inner) => format!("array<{}>", type_text(model, *inner, depth)),
        NodeKind::Map(inner) => format!("map<{}>", type_text(model, *inner, depth)),
        NodeKind::Union(branches) => {
            // what a field with a thousand branches is, nobody reads
            let shown = branches.iter().take(100).map(|branch| type_text(model, *branch, depth));
            let more = (branches.len() > 100).then(|| format!("… {} more", branches.len() - 100));
            shown.chain(more).collect::<Vec<_>>().join(" | ")
        }
        NodeKind::Record(_) | NodeKind::Enum(_) | NodeKind::Fixed(_) | NodeKind::Pending(_) => {
            // a namespace of a megabyte is written once, and may be named a thousand times
            return model.branch_name(id).chars().take(MAX_NAME).collect();
        }
    };
    match logical_type(&node.props) {
        Some(logical) => format!("{plain} ({logical})"),
        None => plain,
    }
}
