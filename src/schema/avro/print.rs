//! Writes the canonical text (avro 2), the normalized text (avro 2.6) and `format=resolved`: one walk with different settings.

use std::cmp::Ordering;
use std::collections::HashSet;

use super::defaults;
use super::limits::{DEFAULT_STEPS, MAX_DEPTH};
use super::logical_type::{self, Logical};
use super::model::{Field, Model, Name, NamedType, NamespaceId, NodeId, NodeKind, Order};
use super::name;
use super::tags::{Edits, Entity, TAGS};
use super::value;
use crate::schema::json::{self, Member, write_string};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextForm {
    /// What is stored and returned.
    Canonical,
    /// The canonical text under `normalize=true`. Nothing is lost, other than in Confluent's normalizer.
    Normalized,
    /// With everything referenced spelled out.
    Resolved,
}

/// The text would be nested so deep that it could not be read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooDeep;

pub(super) fn whole(model: &Model, form: TextForm, max_depth: usize) -> Result<String, TooDeep> {
    let known = if form == TextForm::Resolved {
        HashSet::new()
    } else {
        model.referenced.iter().map(|id| model.first_definition(*id)).collect()
    };
    finish(Printer { model, form, known, edits: None, out: String::new(), depth: 0, max_depth, steps: DEFAULT_STEPS })
}

/// Writes the canonical text with other tags.
pub(super) fn edited(model: &Model, edits: &Edits, max_depth: usize) -> Result<String, TooDeep> {
    let known = model.referenced.iter().map(|id| model.first_definition(*id)).collect();
    let edits = Some(edits);
    finish(Printer { model, form: TextForm::Canonical, known, edits, out: String::new(), depth: 0, max_depth, steps: 0 })
}

fn finish(mut writer: Printer<'_>) -> Result<String, TooDeep> {
    writer.schema(writer.model.root, 0)?;
    // a definition that moved to its first use may carry deep properties or defaults with it
    if json::nesting(&writer.out) > writer.max_depth { Err(TooDeep) } else { Ok(writer.out) }
}

/// One node on its own, as messages quote it.
pub(super) fn excerpt(model: &Model, id: NodeId) -> String {
    let max_depth = MAX_DEPTH;
    let form = TextForm::Canonical;
    let mut writer =
        Printer { model, form, known: HashSet::new(), edits: None, out: String::new(), depth: 0, max_depth, steps: 0 };
    match writer.schema(id, 0) {
        Ok(()) => writer.out,
        Err(TooDeep) => model.branch_name(id),
    }
}

struct Printer<'m> {
    model: &'m Model,
    form: TextForm,
    /// Named types that are written by name from now on.
    known: HashSet<NodeId>,
    /// Tags that replace those of the schema.
    edits: Option<&'m Edits>,
    out: String,
    depth: usize,
    max_depth: usize,
    steps: u64,
}

impl<'m> Printer<'m> {
    fn normal(&self) -> bool {
        self.form == TextForm::Normalized
    }

    fn enter(&mut self, levels: usize) -> Result<(), TooDeep> {
        self.depth += levels;
        if self.depth > self.max_depth { Err(TooDeep) } else { Ok(()) }
    }

    fn key(&mut self, key: &str) {
        self.out.push_str(",\"");
        self.out.push_str(key);
        self.out.push_str("\":");
    }

    fn schema(&mut self, id: NodeId, enclosing: NamespaceId) -> Result<(), TooDeep> {
        let node = self.model.node(id);
        match &node.kind {
            NodeKind::Primitive(primitive) if node.props.is_empty() => {
                write_string(&mut self.out, primitive.word());
                Ok(())
            }
            NodeKind::Primitive(primitive) => {
                self.enter(1)?;
                self.open(primitive.word());
                self.close(id);
                Ok(())
            }
            NodeKind::Array(items) => self.container(id, "array", "items", *items, enclosing),
            NodeKind::Map(values) => self.container(id, "map", "values", *values, enclosing),
            NodeKind::Union(branches) => {
                self.enter(1)?;
                self.out.push('[');
                for (at, branch) in branches.iter().enumerate() {
                    if at > 0 {
                        self.out.push(',');
                    }
                    self.schema(*branch, enclosing)?;
                }
                self.out.push(']');
                self.depth -= 1;
                Ok(())
            }
            NodeKind::Pending(name) => {
                self.reference(name, enclosing);
                Ok(())
            }
            NodeKind::Record(_) | NodeKind::Enum(_) | NodeKind::Fixed(_) => self.named(id, enclosing),
        }
    }

    fn open(&mut self, word: &str) {
        self.out.push_str("{\"type\":\"");
        self.out.push_str(word);
        self.out.push('"');
    }

    fn container(&mut self, id: NodeId, word: &str, key: &str, inner: NodeId, enclosing: NamespaceId) -> Result<(), TooDeep> {
        self.enter(1)?;
        self.open(word);
        self.key(key);
        self.schema(inner, enclosing)?;
        self.close(id);
        Ok(())
    }

    /// Properties, type aliases and the closing brace.
    fn close(&mut self, id: NodeId) {
        let node = self.model.node(id);
        let logical = if self.normal() { logical_type::of(self.model, id) } else { Logical::None };
        self.properties(&node.props, logical, (id, None));
        if let Some(named) = node.named().filter(|named| !named.aliases.is_empty()) {
            self.aliases(named);
        }
        self.out.push('}');
        self.depth -= 1;
    }

    fn named(&mut self, id: NodeId, enclosing: NamespaceId) -> Result<(), TooDeep> {
        // of repeated definitions the first one is written, where the type is first used
        let id = self.model.first_definition(id);
        let node = self.model.node(id);
        let Some(named) = node.named() else { return Ok(()) };
        if !self.known.insert(id) {
            self.reference(&named.name, enclosing);
            return Ok(());
        }
        self.enter(1)?;
        let own = named.name.namespace;
        match &node.kind {
            NodeKind::Record(record) => {
                self.head(if record.error && !self.normal() { "error" } else { "record" }, named, enclosing);
                self.key("fields");
                self.enter(1)?;
                self.out.push('[');
                for (at, field) in record.fields.iter().enumerate() {
                    if at > 0 {
                        self.out.push(',');
                    }
                    self.field(field, own, (id, Some(at)))?;
                }
                self.out.push(']');
                self.depth -= 1;
            }
            NodeKind::Enum(e) => {
                self.head("enum", named, enclosing);
                self.key("symbols");
                self.strings(e.symbols.iter().map(|symbol| &**symbol));
                if let Some(default) = &e.default {
                    self.key("default");
                    write_string(&mut self.out, default);
                }
            }
            NodeKind::Fixed(fixed) => {
                self.head("fixed", named, enclosing);
                self.key("size");
                self.out.push_str(&fixed.size.to_string());
            }
            _ => {}
        }
        self.close(id);
        Ok(())
    }

    fn head(&mut self, word: &str, named: &NamedType, enclosing: NamespaceId) {
        self.open(word);
        self.key("name");
        write_string(&mut self.out, &named.name.simple);
        if named.name.namespace != enclosing {
            self.key("namespace");
            write_string(&mut self.out, self.model.namespace(named.name.namespace));
        }
        // Confluent's normalizer drops an empty doc of a type, but not of a field
        if let Some(doc) = named.doc.as_deref().filter(|doc| !(self.normal() && doc.is_empty())) {
            self.key("doc");
            write_string(&mut self.out, doc);
        }
    }

    fn field(&mut self, field: &'m Field, enclosing: NamespaceId, entity: Entity) -> Result<(), TooDeep> {
        self.enter(1)?;
        self.out.push_str("{\"name\":");
        write_string(&mut self.out, &field.name);
        self.key("type");
        self.schema(field.ty, enclosing)?;
        if let Some(doc) = &field.doc {
            self.key("doc");
            write_string(&mut self.out, doc);
        }
        if let Some(default) = &field.default {
            self.key("default");
            if self.normal() {
                defaults::write_normal(&mut self.out, self.model, field.ty, default, &mut self.steps);
            } else {
                value::write(&mut self.out, default, false);
            }
        }
        match field.order {
            Order::Ascending => {}
            Order::Descending => self.out.push_str(",\"order\":\"descending\""),
            Order::Ignore => self.out.push_str(",\"order\":\"ignore\""),
        }
        if !field.aliases.is_empty() {
            self.key("aliases");
            let mut aliases: Vec<&str> = field.aliases.iter().map(|alias| &**alias).collect();
            if self.normal() {
                aliases.sort_by(|a, b| value::key_cmp(a, b));
            }
            self.strings(aliases.into_iter());
        }
        self.properties(&field.props, Logical::None, entity);
        self.out.push('}');
        self.depth -= 1;
        Ok(())
    }

    /// Properties as sent; sorted and led by a valid logical type under normalization.
    fn properties(&mut self, props: &[Member], logical: Logical, entity: Entity) {
        let lead: &[&str] = match logical {
            Logical::None => &[],
            Logical::Decimal { scale: 0 } => &["logicalType", "precision"],
            Logical::Decimal { .. } => &["logicalType", "precision", "scale"],
            Logical::Other => &["logicalType"],
        };
        let mut tags = self.edits.and_then(|edits| edits.get(&entity));
        let ordered = value::in_order(props, self.normal());
        let leading = lead.iter().filter_map(|key| props.iter().find(|member| *member.key == **key));
        let rest = ordered.into_iter().filter(|member| !lead.contains(&&*member.key));
        for member in leading.chain(rest) {
            if &*member.key == TAGS
                && let Some(tags) = tags.take()
            {
                self.tags(tags);
                continue;
            }
            self.out.push(',');
            write_string(&mut self.out, &member.key);
            self.out.push(':');
            value::write(&mut self.out, &member.value, self.form == TextForm::Normalized);
        }
        if let Some(tags) = tags {
            self.tags(tags);
        }
    }

    /// Edited tags; the property goes when none are left.
    fn tags(&mut self, tags: &[String]) {
        if !tags.is_empty() {
            self.key(TAGS);
            self.strings(tags.iter().map(String::as_str));
        }
    }

    /// Aliases relative to the type's own namespace.
    fn aliases(&mut self, named: &'m NamedType) {
        let mut aliases: Vec<&Name> = named.aliases.iter().collect();
        if self.normal() {
            let own = named.name.namespace;
            aliases.sort_by(|a, b| self.alias_cmp(a, b, own));
        }
        let aliases: Vec<String> = aliases.into_iter().map(|alias| self.relative(alias, named.name.namespace)).collect();
        self.key("aliases");
        self.strings(aliases.iter().map(String::as_str));
    }

    /// Orders aliases by full name. One in the null namespace is written bare and will be read as one in the type's own namespace, so
    /// it is sorted as that; otherwise normalizing twice would give another order.
    fn alias_cmp(&self, a: &'m Name, b: &'m Name, own: NamespaceId) -> Ordering {
        let namespace = |name: &Name| if name.namespace == 0 { own } else { name.namespace };
        if namespace(a) == namespace(b) {
            return value::key_cmp(&a.simple, &b.simple);
        }
        // they differ, so at most one of them is empty, and only if the type has no namespace itself
        let units = |name: &'m Name| {
            let namespace = self.model.namespace(namespace(name));
            [namespace, if namespace.is_empty() { "" } else { "." }, &*name.simple]
        };
        let (a, b) = (units(a), units(b));
        a.iter().flat_map(|part| part.encode_utf16()).cmp(b.iter().flat_map(|part| part.encode_utf16()))
    }

    fn strings<'a>(&mut self, strings: impl Iterator<Item = &'a str>) {
        self.out.push('[');
        for (at, text) in strings.enumerate() {
            if at > 0 {
                self.out.push(',');
            }
            write_string(&mut self.out, text);
        }
        self.out.push(']');
    }

    fn relative(&self, name: &Name, enclosing: NamespaceId) -> String {
        if name.namespace == enclosing && !name::is_type_word(&name.simple) {
            name.simple.to_string()
        } else {
            self.model.full_name(name)
        }
    }

    fn reference(&mut self, name: &Name, enclosing: NamespaceId) {
        let text = self.relative(name, enclosing);
        write_string(&mut self.out, &text);
    }
}
