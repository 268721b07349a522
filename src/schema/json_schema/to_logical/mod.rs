//! From a JSON Schema to its logical type.
//!
//! What a reference leads to becomes a named type, and so does every definition from 2019-09 on. `combined` has combined schemas,
//! `scalars` numbers and strings, `defaults` default values; `java_hash` has the order of Java's hash tables, which shows in the results,
//! and `describe` the text of a schema in a message.

mod combined;
mod defaults;
mod describe;
mod java_hash;
mod scalars;

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use super::documents::Documents;
use super::model::{ArrayKeywords, Criterion, Model, Node, NodeId, NodeKind, ObjectKeywords};
use super::schema::Schema;
use crate::schema::java_properties::{Hint, Props};
use crate::schema::json::{JsonKind, Member, Object, Value, utf16_cmp};
use crate::schema::logical::conversion::{Depth, convert, multiset};
use crate::schema::logical::error::ConversionError;
use crate::schema::logical::model::{self, EnumValue, LogicalAnnotations, LogicalType, NamedTypes, Type, TypeKind};
use crate::schema::meter::{self, Exhausted};

pub(super) fn to_logical(schema: &Schema) -> Result<LogicalType, ConversionError> {
    convert(|| {
        let model = schema.model().map_err(|error| ConversionError::new(error.message.clone()))?;
        let mut converter = Converter {
            model,
            documents: &schema.documents,
            values: RefCell::default(),
            named: NamedTypes::default(),
            external: HashSet::new(),
            imports: Vec::new(),
            names_by_uri: HashMap::new(),
            next_name: 1,
        };
        converter.definitions()?;
        let root = ReachedNode::of(model.root);
        let ty = converter.convert(root, false, Depth::default())?;
        let namespace = converter.props(root)?.text("confluent:namespace").filter(|namespace| !namespace.is_empty());
        let namespace = namespace.map(str::to_owned);
        let Converter { named, external, imports, .. } = converter;
        Ok(LogicalType { namespace, root: ty, named, external, imports })
    })
}

fn error<T>(message: impl Into<String>) -> Result<T, ConversionError> {
    Err(ConversionError::new(message))
}

/// What Java's library says about a schema that is not there.
const NO_SCHEMA: &str = "Cannot invoke \"org.everit.json.schema.Schema.getTitle()\" because \"schema\" is null";

/// A node as it is reached. A part of a schema, made of one group of its keywords, has none of the schema's other properties.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct ReachedNode {
    node: NodeId,
    is_part: bool,
}

impl ReachedNode {
    fn of(node: NodeId) -> Self {
        Self { node, is_part: false }
    }
}

struct Converter<'m> {
    model: &'m Model,
    documents: &'m Documents,
    /// The values of each document by their offsets.
    values: RefCell<HashMap<u32, HashMap<u32, &'m Value>>>,
    named: NamedTypes,
    external: HashSet<String>,
    imports: Vec<(String, String)>,
    /// Names that were made up for references.
    names_by_uri: HashMap<String, String>,
    next_name: usize,
}

impl<'m> Converter<'m> {
    fn node(&self, seen: ReachedNode) -> &'m Node {
        self.model.node(seen.node)
    }

    /// The JSON value of a schema.
    fn value(&self, seen: ReachedNode) -> Result<Option<&'m Value>, Exhausted> {
        let node = self.node(seen);
        if let Some(values) = self.values.borrow().get(&node.document) {
            return Ok(values.get(&node.offset).copied());
        }
        let mut values = HashMap::new();
        let mut waiting: Vec<&'m Value> = self.documents.root(node.document).ok().into_iter().collect();
        while let Some(value) = waiting.pop() {
            meter::charge(1)?;
            match &value.kind {
                JsonKind::Object(object) => {
                    values.insert(value.offset, value);
                    waiting.extend(object.members().iter().map(|member| &member.value));
                }
                JsonKind::Array(items) => waiting.extend(items),
                JsonKind::Bool(_) => {
                    values.insert(value.offset, value);
                }
                _ => {}
            }
        }
        let found = values.get(&node.offset).copied();
        self.values.borrow_mut().insert(node.document, values);
        Ok(found)
    }

    fn members(&self, seen: ReachedNode) -> Result<&'m [Member], Exhausted> {
        Ok(self.value(seen)?.and_then(Value::as_object).map_or(&[], |object| object.members()))
    }

    /// The properties of a schema that are no keywords.
    fn props(&self, seen: ReachedNode) -> Result<Props<'m>, Exhausted> {
        if seen.is_part {
            return Ok(Props(&[]));
        }
        self.members(seen).map(Props)
    }

    fn title(&self, seen: ReachedNode) -> Result<Option<&'m str>, Exhausted> {
        Ok(self.props(seen)?.text("title"))
    }

    /// A member of a combined schema; parts stand where the whole does.
    fn member(&self, whole: ReachedNode, member: NodeId) -> ReachedNode {
        let (outer, inner) = (self.node(whole), self.model.node(member));
        ReachedNode { node: member, is_part: (outer.document, outer.offset) == (inner.document, inner.offset) }
    }

    fn convert(&mut self, seen: ReachedNode, nullable: bool, depth: Depth) -> Result<Type, ConversionError> {
        let depth = depth.enter("JSON")?;
        let kind = match &self.node(seen).kind {
            NodeKind::Boolean => TypeKind::Boolean,
            NodeKind::Number(number) => scalars::number(number.integer, self.props(seen)?)?,
            NodeKind::String(string) => scalars::string(string, self.props(seen)?)?,
            NodeKind::Enum(_) => return self.enum_type(seen, nullable),
            NodeKind::Combined(combined) => return self.combined(seen, combined, nullable, depth),
            NodeKind::Array(array) => self.array(seen, array, depth)?,
            NodeKind::Object(object) => return self.object(seen, object, nullable, depth),
            NodeKind::Empty | NodeKind::True => TypeKind::Variant,
            NodeKind::Ref(target) => return self.reference(seen, *target, nullable, depth),
            NodeKind::False => return unsupported("FalseSchema"),
            NodeKind::Null => return unsupported("NullSchema"),
            NodeKind::Const(_) => return unsupported("ConstSchema"),
            NodeKind::Not(_) => return unsupported("NotSchema"),
            NodeKind::Conditional => return unsupported("ConditionalSchema"),
        };
        Ok(kind.of(nullable))
    }

    fn enum_type(&self, seen: ReachedNode, nullable: bool) -> Result<Type, ConversionError> {
        let props = self.props(seen)?;
        let hints = props.get("confluent:enum");
        let written = Props(self.members(seen)?).get("enum").and_then(Value::as_array).unwrap_or_default();
        let mut values: Vec<EnumValue> = Vec::with_capacity(written.len());
        let mut symbols = HashSet::new();
        for (at, value) in java_hash::as_set(written, self.documents.dialect)?.into_iter().enumerate() {
            meter::charge(1)?;
            if value.kind == JsonKind::Null {
                return error(
                    "Cannot invoke \"Object.toString()\" because the return value of \"java.util.List.get(int)\" is null",
                );
            }
            let symbol = crate::schema::java_properties::java_text(value);
            if symbols.insert(symbol.clone()) {
                let hint = Hint::at(hints, at);
                values.push(EnumValue { symbol, doc: hint.text("doc")?, params: hint.params() });
            }
        }
        Ok(Type { kind: TypeKind::enum_of(values)?, nullable, notes: described(props) })
    }

    fn array(&mut self, seen: ReachedNode, array: &ArrayKeywords, depth: Depth) -> Result<TypeKind, ConversionError> {
        let Some(each) = array.each else {
            return error(if array.tuple.is_empty() {
                "Array schema did not specify the items type"
            } else {
                "JSON tuples (i.e. arrays that contain items of different types) are not supported"
            });
        };
        let props = self.props(seen)?;
        let each = ReachedNode::of(each);
        if props.cast_text("connect.type")? == Some("map")
            && let NodeKind::Object(entry) = &self.node(each).kind
        {
            let mut part = |name| match entry.property(name) {
                Some(node) => self.convert(ReachedNode::of(node), false, depth.inner()),
                None => error(NO_SCHEMA),
            };
            let (key, value) = (part("key")?, part("value")?);
            return map_of(props, key, value);
        }
        Ok(TypeKind::Array(Box::new(self.convert(each, false, depth.inner())?)))
    }

    fn object(
        &mut self,
        seen: ReachedNode,
        object: &'m ObjectKeywords,
        nullable: bool,
        depth: Depth,
    ) -> Result<Type, ConversionError> {
        let props = self.props(seen)?;
        if props.cast_text("connect.type")? == Some("map") {
            let super::model::Additional::Like(values) = object.additional else { return error(NO_SCHEMA) };
            let value = self.convert(ReachedNode::of(values), false, depth.inner())?;
            return map_of(props, map_key(props), value).map(|kind| kind.of(nullable));
        }
        let properties = object.properties.iter().map(|(name, node)| (&**name, *node)).collect();
        let kind = self.fields(properties, &|name| object.required.contains(name), depth)?;
        let mut notes = described(props);
        notes.constraints = props.constraints();
        Ok(Type { kind, nullable, notes })
    }

    /// Properties as fields: those with an index first, the others by name.
    fn fields(
        &mut self,
        properties: Vec<(&'m str, NodeId)>,
        is_required: &dyn Fn(&str) -> bool,
        depth: Depth,
    ) -> Result<TypeKind, ConversionError> {
        let mut sorted = Vec::with_capacity(properties.len());
        for (name, node) in properties {
            let index = self.props(ReachedNode::of(node))?.integer("connect.index")?;
            sorted.push((index, name, node));
        }
        let first = |index: Option<i32>| index.map_or((true, 0), |index| (false, index));
        sorted.sort_by(|a, b| first(a.0).cmp(&first(b.0)).then_with(|| utf16_cmp(a.1, b.1)));
        let mut fields = Vec::with_capacity(sorted.len());
        for (_, name, node) in sorted {
            let seen = ReachedNode::of(node);
            let ty = self.convert(seen, !is_required(name), depth.inner())?;
            let default = self.default_of(seen, &ty)?;
            let props = self.props(seen)?;
            let mut notes = described(props);
            notes.params.retain(|(name, _)| !model::is_format_native(name));
            notes.constraints = props.constraints();
            let node = self.node(seen);
            let at = (node.document == 0).then_some(node.offset);
            fields.push(model::Field { name: name.to_owned(), ty, default, derived_default: false, notes, at });
        }
        TypeKind::struct_of(fields)
    }

    /// A reference becomes a name: that of the definition, or one that is made up.
    fn reference(&mut self, seen: ReachedNode, target: NodeId, nullable: bool, depth: Depth) -> Result<Type, ConversionError> {
        let written = Props(self.members(seen)?);
        let written = ["$ref", "$dynamicRef", "$recursiveRef"].into_iter().find_map(|key| written.text(key)).unwrap_or("#");
        let definition = definition_key(written);
        let name = match definition {
            Some(name) => name.to_owned(),
            None => self.made_up_name(written),
        };
        if self.named.contains(&name) {
            return Ok(Type::named(&name, nullable));
        }
        self.named.put(&name, TypeKind::Struct(Vec::new()).of(true));
        let body = self.convert(ReachedNode::of(target), false, depth.of_named())?;
        self.named.put(&name, body);
        if definition.is_some() && !written.starts_with('#') {
            self.external.insert(name.clone());
        }
        Ok(Type::named(&name, nullable))
    }

    fn made_up_name(&mut self, uri: &str) -> String {
        if let Some(name) = self.names_by_uri.get(uri) {
            return name.clone();
        }
        let name = loop {
            let name = format!("Ref{}", self.next_name);
            self.next_name += 1;
            if !self.named.contains(&name) {
                break name;
            }
        };
        self.import(&name, uri);
        name
    }

    fn import(&mut self, name: &str, uri: &str) {
        self.names_by_uri.entry(uri.to_owned()).or_insert_with(|| name.to_owned());
        self.imports.push((name.to_owned(), uri.to_owned()));
        self.external.insert(name.to_owned());
    }

    /// From 2019-09 on all definitions are named types, used or not.
    fn definitions(&mut self) -> Result<(), ConversionError> {
        if !self.documents.dialect.is_modern() {
            return Ok(());
        }
        let root = self.members(ReachedNode::of(self.model.root))?;
        let mut entries: Vec<(&'m str, &'m Value)> = Vec::new();
        for key in ["$defs", "definitions"] {
            let members = Props(root).get(key).and_then(Value::as_object);
            entries.extend(members.into_iter().flat_map(Object::members).map(|member| (&*member.key, &member.value)));
        }
        for at in java_hash::order(entries.iter().map(|(name, _)| java_hash::of_text(name)))? {
            let Some((name, value)) = entries.get(at).copied() else { continue };
            let Some(node) = self.model.definitions.get(&value.offset).copied() else { continue };
            let members = value.as_object().map_or(&[][..], |object| object.members());
            let target = Props(members).text("$ref").filter(|_| {
                // a stand-in for a type that another document has
                Props(members).get("logical.ref").and_then(Value::as_bool) == Some(true)
            });
            if let Some(uri) = target {
                let number = name.strip_prefix("Ref").and_then(|number| number.parse::<usize>().ok());
                self.next_name = self.next_name.max(number.map_or(0, |number| number.saturating_add(1)));
                self.import(name, uri);
                if let NodeKind::Ref(target) = self.model.node(node).kind {
                    self.named.put(name, TypeKind::Struct(Vec::new()).of(true));
                    let body = self.convert(ReachedNode::of(target), false, Depth::default())?;
                    self.named.put(name, body);
                }
                continue;
            }
            let body = self.convert(ReachedNode::of(node), false, Depth::default())?;
            self.named.put(name, body);
        }
        Ok(())
    }
}

fn unsupported<T>(class: &str) -> Result<T, ConversionError> {
    error(format!("Unsupported JSON schema type org.everit.json.schema.{class}"))
}

/// The key of the definition that a reference names.
fn definition_key(reference: &str) -> Option<&str> {
    for marker in ["/$defs/", "/definitions/"] {
        if let Some((_, key)) = reference.split_once(marker) {
            return (!key.contains('/')).then_some(key);
        }
    }
    None
}

/// Documentation, tags and parameters.
fn described(props: Props<'_>) -> LogicalAnnotations {
    LogicalAnnotations { doc: props.text("description").map(str::to_owned), ..props.annotations() }
}

fn map_of(props: Props<'_>, key: Type, value: Type) -> Result<TypeKind, ConversionError> {
    if props.text("flink.type") == Some("multiset") {
        return multiset(key, &value);
    }
    Ok(TypeKind::Map(Box::new((key, value))))
}

fn map_key(props: Props<'_>) -> Type {
    let kind = match props.exact_integer("logical.key.length") {
        Some(length) if props.text("logical.key.type") == Some("CHAR") => TypeKind::Char(length),
        Some(length) => TypeKind::Varchar(length),
        None => TypeKind::STRING,
    };
    kind.of(false)
}

/// Whether all members must hold.
fn is_all(criterion: Criterion) -> bool {
    criterion == Criterion::AllOf
}
