//! Reading records, enums and fixeds.

use super::fault::{ParseResult, fault};
use super::parser::{Parser, properties};
use crate::schema::avro::equality;
use crate::schema::avro::model::{
    Enum, Field, Fixed, NOWHERE, Name, NameIndex, NamedType, NamespaceId, NodeId, NodeKind, Order, Primitive, Record,
};
use crate::schema::avro::name::{self, NameRules};
use crate::schema::avro::value;
use crate::schema::java_number as number;
use crate::schema::json::{self, Object, Value};

/// Keys that are never custom properties of a field.
const RESERVED: [&str; 6] = ["default", "doc", "name", "order", "type", "aliases"];
/// Longest array that a JVM allocates; a fixed can't be larger.
const LARGEST_FIXED: i64 = 2_147_483_639;

/// What every named type begins with.
struct NamedTypeHead {
    name: Name,
    doc: Option<Box<str>>,
    name_at: u32,
}

impl Parser {
    fn check_name(&self, text: &str, at: u32) -> ParseResult<()> {
        name::check(text, self.rules).or_else(|why| fault(at, why))
    }

    fn place(&self, at: u32) -> u32 {
        if self.main { at } else { NOWHERE }
    }

    fn head(&mut self, object: &Object, whole: &Value, enclosing: NamespaceId) -> ParseResult<NamedTypeHead> {
        let Some((text, at)) = object.get("name").and_then(|v| v.as_str().map(|text| (text, v.offset))) else {
            return fault(whole.offset, format!("No name in schema: {}", value::text(whole)));
        };
        let (namespace, simple) = match name::split(text) {
            (Some(namespace), simple) => (self.namespace(namespace), simple),
            (None, simple) => match object.get("namespace").and_then(Value::as_str) {
                Some(namespace) => (self.namespace(namespace), simple),
                None => (enclosing, simple),
            },
        };
        self.check_name(simple, at)?;
        let doc = object.get("doc").and_then(Value::as_str).map(Into::into);
        Ok(NamedTypeHead { name: Name { namespace, simple: simple.into() }, doc, name_at: at })
    }

    /// The entries of `aliases`, each once.
    fn aliases(object: &Object, whole: &Value) -> ParseResult<Vec<(Box<str>, u32)>> {
        let Some(value) = object.get("aliases") else { return Ok(Vec::new()) };
        let Some(items) = value.as_array() else {
            return fault(value.offset, format!("aliases not an array: {}", value::text(whole)));
        };
        let mut seen = std::collections::HashSet::new();
        let mut aliases = Vec::with_capacity(items.len());
        for item in items {
            let Some(alias) = item.as_str() else {
                return fault(item.offset, format!("alias not a string: {}", value::text(item)));
            };
            if seen.insert(alias) {
                aliases.push((alias.into(), item.offset));
            }
        }
        Ok(aliases)
    }

    /// Aliases of a type: a bare one is in the type's own namespace.
    fn type_aliases(&mut self, object: &Object, whole: &Value, own: NamespaceId) -> ParseResult<Vec<Name>> {
        let mut aliases = Vec::new();
        let mut seen = std::collections::HashSet::new();
        for (alias, at) in Self::aliases(object, whole)? {
            let (namespace, simple) = match name::split(&alias) {
                (Some(namespace), simple) => (self.namespace(namespace), simple),
                (None, simple) => (own, simple),
            };
            if self.rules == NameRules::Strict {
                self.check_name(simple, at)?;
            }
            let alias = Name { namespace, simple: simple.into() };
            if seen.insert(alias.clone()) {
                aliases.push(alias);
            }
        }
        Ok(aliases)
    }

    /// Ends a definition: names mean it from now on, unless an equal one came before.
    fn conclude(&mut self, id: NodeId, object: &Object, whole: &Value) -> ParseResult<NodeId> {
        let Some(named) = self.model.node(id).named() else { return Ok(id) };
        let (name, at) = (named.name.clone(), whole.offset);
        let aliases = self.type_aliases(object, whole, name.namespace)?;
        if self.rules == NameRules::Strict && self.checked.insert(name.namespace) && name.namespace != 0 {
            name::check_namespace(self.model.namespace(name.namespace)).or_else(|why| fault(at, why))?;
        }
        if name.namespace == 0 && Primitive::named(&name.simple).is_some() {
            return fault(at, format!("Schemas may not be named after primitives: {}", name.simple));
        }
        if let Some(known) = self.known(&name) {
            if !self.shadowed.contains(&name) && equality::same_definition(&self.model, known, id) {
                // names still mean the first; where it stands, the second is a node of its own, as in Avro's Java library
                self.model.repeated_definitions.insert(id, known);
                return Ok(id);
            }
            return fault(at, format!("Can't redefine: {}", self.model.full_name(&name)));
        }
        if let Some(node) = self.model.nodes.get_mut(id as usize) {
            match &mut node.kind {
                NodeKind::Record(record) => record.named.aliases = aliases,
                NodeKind::Enum(e) => e.named.aliases = aliases,
                NodeKind::Fixed(fixed) => fixed.named.aliases = aliases,
                _ => {}
            }
        }
        self.define(name, id);
        Ok(id)
    }

    fn named(&self, head: NamedTypeHead) -> NamedType {
        NamedType { name: head.name, doc: head.doc, aliases: Vec::new(), name_at: self.place(head.name_at) }
    }

    pub(super) fn record(&mut self, object: &Object, whole: &Value, namespace: NamespaceId, error: bool) -> ParseResult<NodeId> {
        let head = self.head(object, whole, namespace)?;
        let Some(entries) = object.get("fields").and_then(Value::as_array) else {
            return fault(whole.offset, format!("Record has no fields: {}", value::text(whole)));
        };
        let id = self.add(NodeKind::Pending(Box::new(head.name.clone())), properties(object, false), whole.offset);
        let newly_open = self.open.insert(head.name.clone());
        let mut fields = Vec::with_capacity(entries.len());
        for (at, entry) in entries.iter().enumerate() {
            let field = self.field(entry, head.name.namespace, (id, at))?;
            fields.push(field);
        }
        if newly_open {
            self.open.remove(&head.name);
        } else {
            self.shadowed.insert(head.name.clone());
        }
        let name = |at: usize| fields.get(at).map_or("", |field: &Field| &field.name);
        let index = NameIndex::new(fields.len(), name);
        if let Some((new, old)) = index.duplicate(name) {
            let describe = |at: usize| {
                let ty = fields.get(at).map_or("NULL", |field| self.model.node(field.ty).type_name());
                format!("{} type:{ty} pos:{at}", name(at))
            };
            let record = self.model.full_name(&head.name);
            let message = format!("Duplicate field {} in record {record}: {} and {}.", name(new), describe(new), describe(old));
            return fault(fields.get(new).map_or(whole.offset, |field| field.at), message);
        }
        let named = self.named(head);
        self.set(id, NodeKind::Record(Box::new(Record { named, fields, index, error })));
        self.conclude(id, object, whole)
    }

    fn field(&mut self, entry: &Value, namespace: NamespaceId, owner: (NodeId, usize)) -> ParseResult<Field> {
        let at = entry.offset;
        let named = entry.as_object().and_then(|object| Some((object, object.get("name")?.as_str()?)));
        let Some((object, name)) = named else {
            return fault(at, format!("No field name: {}", value::text(entry)));
        };
        let Some(ty) = object.get("type") else {
            return fault(at, format!("No field type: {}", value::text(entry)));
        };
        let ty = self.schema(ty, namespace)?;
        let order = match object.get("order") {
            None => Order::Ascending,
            Some(value) => order(value)?,
        };
        let default = self.default(object.get("default"), ty)?;
        self.check_name(name, object.get("name").map_or(at, |v| v.offset))?;
        if self.strict
            && let Some(default) = &default
        {
            self.check_default(name, ty, default, owner)?;
        }
        let aliases = Self::aliases(object, entry)?.into_iter().map(|(alias, _)| alias).collect();
        let props = object.members().iter().filter(|m| !RESERVED.contains(&&*m.key)).cloned().collect();
        let doc = object.get("doc").and_then(Value::as_str).map(Into::into);
        Ok(Field { name: name.into(), ty, doc, default, order, aliases, props, at: self.place(at) })
    }

    /// The default as it is kept: a string on a float or double field is read as a Java number.
    fn default(&self, value: Option<&Value>, ty: NodeId) -> ParseResult<Option<Value>> {
        let Some(value) = value else { return Ok(None) };
        let floating = matches!(self.model.node(ty).kind, NodeKind::Primitive(Primitive::Float | Primitive::Double));
        let Some(text) = value.as_str().filter(|_| floating) else { return Ok(Some(value.clone())) };
        let Some(number) = number::parse_java_double(text) else {
            let message =
                if text.trim().is_empty() { "empty String".to_owned() } else { format!("For input string: \"{text}\"") };
            return fault(value.offset, message);
        };
        let mut printed = String::new();
        number::write_double(&mut printed, number);
        let kind = if number.is_finite() {
            json::JsonKind::Number(printed.into())
        } else {
            // JSON has no such number; as a text it prints the same
            json::JsonKind::String(printed.trim_matches('"').into())
        };
        Ok(Some(Value { offset: value.offset, kind }))
    }

    pub(super) fn enumeration(&mut self, object: &Object, whole: &Value, namespace: NamespaceId) -> ParseResult<NodeId> {
        let head = self.head(object, whole, namespace)?;
        let Some((items, symbols_at)) = object.get("symbols").and_then(|v| v.as_array().map(|items| (items, v.offset))) else {
            return fault(whole.offset, format!("Enum has no symbols: {}", value::text(whole)));
        };
        let mut seen = std::collections::HashSet::new();
        let mut symbols: Vec<Box<str>> = Vec::with_capacity(items.len());
        for item in items {
            let Some(symbol) = item.as_str() else { return fault(item.offset, "Null name") };
            self.check_name(symbol, item.offset)?;
            if !seen.insert(symbol) {
                return fault(item.offset, format!("Duplicate enum symbol: {symbol}"));
            }
            symbols.push(symbol.into());
        }
        let default = object.get("default").and_then(|v| v.as_str().map(|text| (text, v.offset)));
        if let Some((text, at)) = default.filter(|(text, _)| !seen.contains(text)) {
            let listed = symbols.join(", ");
            return fault(at, format!("The Enum Default: {text} is not in the enum symbol set: [{listed}]"));
        }
        let index = NameIndex::new(symbols.len(), |at| symbols.get(at).map_or("", |s| s));
        let default = default.map(|(text, _)| text.into());
        let (named, symbols_at) = (self.named(head), self.place(symbols_at));
        let kind = NodeKind::Enum(Box::new(Enum { named, symbols, index, default, symbols_at }));
        let id = self.add(kind, properties(object, true), whole.offset);
        self.conclude(id, object, whole)
    }

    pub(super) fn fixed(&mut self, object: &Object, whole: &Value, namespace: NamespaceId) -> ParseResult<NodeId> {
        let head = self.head(object, whole, namespace)?;
        let size = object.get("size").and_then(|v| Some((number::as_long(v.as_number()?)?, v.offset)));
        let Some((size, at)) = size.filter(|(size, _)| i32::try_from(*size).is_ok()) else {
            return fault(whole.offset, format!("Invalid or no size: {}", value::text(whole)));
        };
        if size > LARGEST_FIXED {
            return fault(at, format!("Cannot read arrays longer than {LARGEST_FIXED} bytes in Java library"));
        }
        let Ok(size) = u32::try_from(size) else {
            return fault(at, format!("Malformed data. Length is negative: {size}"));
        };
        let (named, size_at) = (self.named(head), self.place(at));
        let kind = NodeKind::Fixed(Box::new(Fixed { named, size, size_at }));
        let id = self.add(kind, properties(object, false), whole.offset);
        self.conclude(id, object, whole)
    }
}

fn order(value: &Value) -> ParseResult<Order> {
    let Some(text) = value.as_str() else {
        return fault(value.offset, "The order of a field must be a string");
    };
    let text = text.to_uppercase();
    match text.as_str() {
        "ASCENDING" => Ok(Order::Ascending),
        "DESCENDING" => Ok(Order::Descending),
        "IGNORE" => Ok(Order::Ignore),
        _ => fault(value.offset, format!("No enum constant org.apache.avro.Schema.Field.Order.{text}")),
    }
}
