//! Reads all types but the named ones, which are in `named_types`.

use std::collections::{HashMap, HashSet};

use super::fault::{ParseResult, fault};
use crate::java::json_fault;
use crate::schema::avro::limits::DEFAULT_STEPS;
use crate::schema::avro::model::{Model, NOWHERE, Name, NamespaceId, Node, NodeId, NodeKind, Primitive};
use crate::schema::avro::name::{self, NameRules};
use crate::schema::avro::{print, value};
use crate::schema::format::SchemaError;
use crate::schema::json::{self, JsonError, Member, Object, ReadOptions, Value};
use crate::schema::position::Position;

/// Keys that are never custom properties of a type (avro 1.5).
const RESERVED: [&str; 10] = ["doc", "fields", "items", "name", "namespace", "size", "symbols", "values", "type", "aliases"];

/// A default whose type was not known when it was read.
pub(super) struct DeferredDefault {
    pub(super) record: NodeId,
    pub(super) field: usize,
}

pub(super) struct Parser {
    pub(super) model: Model,
    pub(super) rules: NameRules,
    pub(super) strict: bool,
    pub(super) main: bool,
    pub(super) max_depth: usize,
    namespaces: HashMap<Box<str>, NamespaceId>,
    /// Namespaces that have been found valid.
    pub(super) checked: HashSet<NamespaceId>,
    names: HashMap<Name, NodeId>,
    /// Names used before their definition in the text at hand, and the order of first use.
    pending: HashMap<Name, NodeId>,
    waiting: Vec<(NodeId, u32)>,
    /// Records whose fields are being read.
    pub(super) open: HashSet<Name>,
    /// Records that contain a definition of their own name.
    pub(super) shadowed: HashSet<Name>,
    /// Defaults that can only be checked when all names are known.
    pub(super) deferred: Vec<DeferredDefault>,
    /// Steps that checking defaults may still take.
    pub(super) steps: u64,
}

impl Parser {
    pub(super) fn new(max_depth: usize, strict: bool) -> Self {
        let mut model = Model::default();
        model.namespaces.push("".into());
        Self {
            model,
            rules: NameRules::Lax,
            strict,
            main: false,
            max_depth,
            namespaces: HashMap::from([("".into(), 0)]),
            checked: HashSet::new(),
            names: HashMap::new(),
            pending: HashMap::new(),
            waiting: Vec::new(),
            open: HashSet::new(),
            shadowed: HashSet::new(),
            deferred: Vec::new(),
            steps: DEFAULT_STEPS,
        }
    }

    /// Reads one whole text; every name in it must be known in the end.
    pub(super) fn text(&mut self, text: &str) -> Result<NodeId, SchemaError> {
        let first = self.model.nodes.len();
        if text.trim_matches([' ', '\t', '\r', '\n']).is_empty() {
            return Err(SchemaError::parse("Cannot parse <null> schema"));
        }
        let options = ReadOptions { comments: true, replace_lone_surrogates: true, max_depth: self.max_depth };
        let value = json::read(text, options).map_err(|error| match error {
            JsonError::Trailing { offset } => {
                let rest = text.get(offset..).unwrap_or("").trim_end();
                SchemaError::parse(format!("dangling content after end of schema: {rest}")).at(Position::of(text, offset))
            }
            JsonError::TooDeep { .. } => error.into_schema_error(text),
            other @ JsonError::Syntax { .. } => {
                let at = Position::of(text, other.offset());
                let fault = json_fault::first(text.as_bytes(), json_fault::JacksonSetup::Avro);
                fault.map_or_else(|| other.into_schema_error(text), |fault| SchemaError::parse(fault.exception()).at(at))
            }
        })?;
        let root = self.schema(&value, 0).and_then(|root| self.finish(root, first));
        root.map_err(|fault| {
            // Confluent has one error for everything up to here (avro 1.6)
            let error = SchemaError::parse(fault.message);
            if fault.at == NOWHERE { error } else { error.at(Position::of(text, fault.at as usize)) }
        })
    }

    /// Replaces every name that was used before its definition, and checks the defaults that had to wait.
    fn finish(&mut self, root: NodeId, first: usize) -> ParseResult<NodeId> {
        let mut redirect: HashMap<NodeId, NodeId> = HashMap::new();
        for (id, at) in std::mem::take(&mut self.waiting) {
            let NodeKind::Pending(name) = &self.model.node(id).kind else { continue };
            match self.names.get(name) {
                Some(target) => redirect.insert(id, *target),
                None => return fault(at, format!("Undefined schema: {}", self.model.full_name(name))),
            };
        }
        self.pending.clear();
        let mut root = root;
        if !redirect.is_empty() {
            let patch = |id: &mut NodeId| {
                if let Some(target) = redirect.get(id) {
                    *id = *target;
                }
            };
            for node in self.model.nodes.iter_mut().skip(first) {
                match &mut node.kind {
                    NodeKind::Array(items) | NodeKind::Map(items) => patch(items),
                    NodeKind::Union(branches) => branches.iter_mut().for_each(patch),
                    NodeKind::Record(record) => record.fields.iter_mut().for_each(|field| patch(&mut field.ty)),
                    _ => {}
                }
            }
            patch(&mut root);
        }
        self.check_deferred_defaults()?;
        Ok(root)
    }

    pub(super) fn add(&mut self, kind: NodeKind, props: Vec<Member>, at: u32) -> NodeId {
        let id = NodeId::try_from(self.model.nodes.len()).unwrap_or(NodeId::MAX);
        self.model.nodes.push(Node { kind, props, at: if self.main { at } else { NOWHERE } });
        id
    }

    pub(super) fn schema(&mut self, value: &Value, namespace: NamespaceId) -> ParseResult<NodeId> {
        match &value.kind {
            json::JsonKind::String(name) => self.by_name(name, namespace, value.offset),
            json::JsonKind::Object(object) => self.object(object, value, namespace),
            json::JsonKind::Array(branches) => self.union(branches, value.offset, namespace),
            _ => fault(value.offset, format!("Schema not yet supported: {}", value::text(value))),
        }
    }

    fn object(&mut self, object: &Object, whole: &Value, namespace: NamespaceId) -> ParseResult<NodeId> {
        let at = whole.offset;
        let Some(word) = object.get("type").and_then(Value::as_str) else {
            return fault(at, format!("No type: {}", value::text(whole)));
        };
        if let Some(primitive) = Primitive::named(word) {
            return Ok(self.add(NodeKind::Primitive(primitive), properties(object, false), at));
        }
        match word {
            "record" => self.record(object, whole, namespace, false),
            "error" => self.record(object, whole, namespace, true),
            "enum" => self.enumeration(object, whole, namespace),
            "fixed" => self.fixed(object, whole, namespace),
            "array" => {
                let id = self.add(NodeKind::Array(0), properties(object, false), at);
                let Some(items) = object.get("items") else {
                    return fault(at, format!("Array has no items type: {}", value::text(whole)));
                };
                let items = self.schema(items, namespace)?;
                self.set(id, NodeKind::Array(items));
                Ok(id)
            }
            "map" => {
                let id = self.add(NodeKind::Map(0), properties(object, false), at);
                let Some(values) = object.get("values") else {
                    return fault(at, format!("Map has no values type: {}", value::text(whole)));
                };
                let values = self.schema(values, namespace)?;
                self.set(id, NodeKind::Map(values));
                Ok(id)
            }
            // an object that only names a type; Avro's Java library ignores whatever else it says
            _ => self.by_name(word, namespace, at),
        }
    }

    pub(super) fn set(&mut self, id: NodeId, kind: NodeKind) {
        if let Some(node) = self.model.nodes.get_mut(id as usize) {
            node.kind = kind;
        }
    }

    fn union(&mut self, branches: &[Value], at: u32, namespace: NamespaceId) -> ParseResult<NodeId> {
        let id = self.add(NodeKind::Union(Vec::new()), Vec::new(), at);
        let ids = branches.iter().map(|branch| self.schema(branch, namespace)).collect::<ParseResult<Vec<_>>>()?;
        let mut seen = HashSet::new();
        for (branch, written) in ids.iter().zip(branches) {
            if matches!(self.model.node(*branch).kind, NodeKind::Union(_)) {
                self.set(id, NodeKind::Union(ids));
                return fault(written.offset, format!("Nested union: {}", print::excerpt(&self.model, id)));
            }
            if !seen.insert(self.branch_key(*branch)) {
                return fault(written.offset, format!("Duplicate in union:{}", self.model.branch_name(*branch)));
            }
        }
        self.set(id, NodeKind::Union(ids));
        Ok(id)
    }

    /// What tells branches of a union apart: the full name, or the word for an unnamed type.
    fn branch_key(&self, id: NodeId) -> Name {
        let node = self.model.node(id);
        match &node.kind {
            NodeKind::Pending(name) => (**name).clone(),
            _ => node
                .named()
                .map_or_else(|| Name { namespace: 0, simple: self.model.branch_name(id).into() }, |named| named.name.clone()),
        }
    }

    pub(super) fn namespace(&mut self, text: &str) -> NamespaceId {
        if let Some(id) = self.namespaces.get(text) {
            return *id;
        }
        let id = NamespaceId::try_from(self.model.namespaces.len()).unwrap_or(NamespaceId::MAX);
        self.model.namespaces.push(text.into());
        self.namespaces.insert(text.into(), id);
        id
    }

    /// A reference: a primitive, the full name, the name in the null namespace, or something defined later.
    fn by_name(&mut self, text: &str, namespace: NamespaceId, at: u32) -> ParseResult<NodeId> {
        if let Some(primitive) = Primitive::named(text) {
            return Ok(self.add(NodeKind::Primitive(primitive), Vec::new(), at));
        }
        let full = match name::split(text) {
            // an empty namespace written out names nothing, and must not be taken for the null namespace
            (Some(""), simple) => Name { namespace: NamespaceId::MAX, simple: simple.into() },
            (Some(namespace), simple) => Name { namespace: self.namespace(namespace), simple: simple.into() },
            (None, simple) => {
                let full = Name { namespace, simple: simple.into() };
                let bare = Name { namespace: 0, simple: simple.into() };
                if let Some(id) = self.names.get(&full).or_else(|| self.names.get(&bare)) {
                    return Ok(*id);
                }
                full
            }
        };
        if full.namespace == NamespaceId::MAX {
            return fault(at, format!("Undefined schema: {text}"));
        }
        if let Some(id) = self.names.get(&full).or_else(|| self.pending.get(&full)) {
            return Ok(*id);
        }
        let id = self.add(NodeKind::Pending(Box::new(full.clone())), Vec::new(), at);
        self.pending.insert(full, id);
        self.waiting.push((id, at));
        Ok(id)
    }

    pub(super) fn known(&self, name: &Name) -> Option<NodeId> {
        self.names.get(name).copied()
    }

    pub(super) fn define(&mut self, name: Name, id: NodeId) {
        self.names.insert(name, id);
    }
}

/// The custom properties, as they stand.
pub(super) fn properties(object: &Object, is_enum: bool) -> Vec<Member> {
    let reserved = |key: &str| RESERVED.contains(&key) || (is_enum && key == "default");
    object.members().iter().filter(|member| !reserved(&member.key)).cloned().collect()
}
