use std::collections::{HashMap, HashSet, VecDeque};

use super::digest::Digests;
use crate::schema::json::{self, Object, Value};
use crate::schema::json_schema::dialect::Dialect;
use crate::schema::json_schema::documents::Documents;
use crate::schema::json_schema::model::{Annotations, Combined, Criterion, Model, Node, NodeId, NodeKind};
use crate::schema::json_schema::number::{self, Decimal};
use crate::schema::json_schema::resolve::{ResolutionScope, ResolvedValue, Resolver, address};
use crate::schema::json_schema::{pattern, print};
use crate::schema::meter::{self, ReservedMemory};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LoadError {
    /// The document that holds the fault.
    pub(crate) document: u32,
    /// Where the offending value begins there.
    pub(crate) offset: u32,
    pub(crate) message: String,
}

pub(super) const TOO_MUCH_WORK: &str = "the schema takes too much work to load";

/// How Confluent begins what it says about a document that is neither an object nor a boolean.
pub(in crate::schema::json_schema) const NO_SCHEMA: &str = "Invalid JSON schema: ";

/// A schema that waits to be built into the node reserved for it.
struct PendingSchema<'d> {
    id: NodeId,
    value: &'d Value,
    scope: ResolutionScope<'d>,
}

pub(super) struct Loader<'d> {
    pub(super) dialect: Dialect,
    pub(super) resolver: Resolver<'d>,
    nodes: Vec<Node>,
    seen: HashMap<usize, NodeId>,
    queue: VecDeque<PendingSchema<'d>>,
    patterns: HashSet<&'d str>,
    pub(super) digests: Digests,
    pub(super) document: u32,
    reserved: Option<ReservedMemory>,
}

/// The JSON type of a value as messages name it.
pub(super) fn kind_name(value: &Value) -> &'static str {
    match &value.kind {
        json::JsonKind::Null => "Null",
        json::JsonKind::Bool(_) => "Boolean",
        json::JsonKind::Number(text) if number::is_integer_literal(text) => "Integer",
        json::JsonKind::Number(_) => "Number",
        json::JsonKind::String(_) => "String",
        json::JsonKind::Array(_) => "Array",
        json::JsonKind::Object(_) => "Object",
    }
}

impl<'d> Loader<'d> {
    /// A loader of these documents, and the schema in the first of them.
    pub(super) fn open(documents: &'d Documents) -> Result<(Self, ResolvedValue<'d>), LoadError> {
        let fail = |message| LoadError { document: 0, offset: 0, message };
        let loader = Self {
            dialect: documents.dialect,
            resolver: Resolver::new(documents),
            nodes: Vec::new(),
            seen: HashMap::new(),
            queue: VecDeque::new(),
            patterns: HashSet::new(),
            digests: Digests::default(),
            document: 0,
            reserved: None,
        };
        let root = loader.resolver.root(0).map_err(fail)?;
        if !matches!(root.value.kind, json::JsonKind::Object(_) | json::JsonKind::Bool(_)) {
            let found = if root.value.as_number().is_some() { "NUMBER".to_owned() } else { kind_name(root.value).to_uppercase() };
            let message = format!("{NO_SCHEMA}expected an object or boolean at the root, found {found}");
            return Err(LoadError { document: 0, offset: root.value.offset, message });
        }
        if let Some(dialect) = root.value.as_object().and_then(|o| o.get("$schema")) {
            loader.expect_string(dialect)?;
        }
        Ok((loader, root))
    }

    /// Up to draft-07.
    pub(super) fn load(mut self, root: ResolvedValue<'d>) -> Result<Model, LoadError> {
        let id = self.enqueue(root.value, root.scope);
        while let Some(work) = self.queue.pop_front() {
            self.document = work.scope.document;
            self.process(&work)?;
        }
        Ok(Model { nodes: self.nodes, root: id, definitions: HashMap::new() })
    }

    pub(super) fn fail<T>(&self, value: &Value, message: String) -> Result<T, LoadError> {
        Err(LoadError { document: self.document, offset: value.offset, message })
    }

    pub(super) fn mismatch<T>(&self, value: &Value, wanted: &str) -> Result<T, LoadError> {
        self.fail(value, format!("expected type: {wanted}, found: {}", kind_name(value)))
    }

    pub(super) fn expect_string(&self, value: &'d Value) -> Result<&'d str, LoadError> {
        value.as_str().map_or_else(|| self.mismatch(value, "String"), Ok)
    }

    pub(super) fn expect_array(&self, value: &'d Value) -> Result<&'d [Value], LoadError> {
        value.as_array().map_or_else(|| self.mismatch(value, "Array"), Ok)
    }

    pub(super) fn expect_object(&self, value: &'d Value) -> Result<&'d Object, LoadError> {
        value.as_object().map_or_else(|| self.mismatch(value, "Object"), Ok)
    }

    pub(super) fn string(&self, object: &'d Object, key: &str) -> Result<Option<&'d str>, LoadError> {
        object.get(key).map(|value| self.expect_string(value)).transpose()
    }

    pub(super) fn flag(&self, object: &'d Object, key: &str) -> Result<Option<bool>, LoadError> {
        object.get(key).map(|value| value.as_bool().map_or_else(|| self.mismatch(value, "Boolean"), Ok)).transpose()
    }

    pub(super) fn decimal(&self, object: &'d Object, key: &str) -> Result<Option<Decimal>, LoadError> {
        let read = |value: &Value| match value.as_number() {
            Some(text) => Ok(Decimal::read(text)),
            None => self.mismatch(value, "Number"),
        };
        object.get(key).map(read).transpose()
    }

    /// A size: any whole number, also one written `1.0`, beyond 32 bits, or negative.
    pub(super) fn size(&self, object: &'d Object, key: &str) -> Result<Option<Decimal>, LoadError> {
        let Some(value) = object.get(key) else { return Ok(None) };
        match value.as_number().map(Decimal::read) {
            Some(size) if size.is_whole() => Ok(Some(size)),
            _ => self.mismatch(value, "Integer"),
        }
    }

    /// A pattern that some engine can read. The same text is looked at once.
    pub(super) fn expect_pattern(&mut self, value: &Value, text: &'d str) -> Result<(), LoadError> {
        if self.patterns.contains(text) {
            return Ok(());
        }
        if !pattern::acceptable(text) {
            return self.fail(value, format!("invalid regular expression: {text}"));
        }
        self.patterns.insert(text);
        Ok(())
    }

    /// The node of a subschema; it is built later.
    pub(super) fn child(&mut self, value: &'d Value, scope: &ResolutionScope<'d>) -> Result<NodeId, LoadError> {
        match value.kind {
            json::JsonKind::Object(_) | json::JsonKind::Bool(_) => Ok(self.enqueue(value, scope.clone())),
            _ => self.mismatch(value, "Boolean or Object"),
        }
    }

    pub(super) fn child_at(
        &mut self,
        object: &'d Object,
        key: &str,
        scope: &ResolutionScope<'d>,
    ) -> Result<Option<NodeId>, LoadError> {
        object.get(key).map(|value| self.child(value, scope)).transpose()
    }

    fn enqueue(&mut self, value: &'d Value, scope: ResolutionScope<'d>) -> NodeId {
        if let Some(id) = self.seen.get(&address(value)) {
            return *id;
        }
        let node =
            Node { kind: NodeKind::Empty, annotations: None, is_bytes: false, document: scope.document, offset: value.offset };
        let id = self.push(node);
        self.seen.insert(address(value), id);
        self.queue.push_back(PendingSchema { id, value, scope });
        id
    }

    pub(super) fn into_nodes(self) -> Vec<Node> {
        self.nodes
    }

    /// Goes on in another document; says which one it was before.
    pub(super) fn enter(&mut self, document: u32) -> u32 {
        std::mem::replace(&mut self.document, document)
    }

    /// Reserves memory for as long as the schema is being loaded.
    pub(super) fn reserve(&mut self, bytes: usize) -> Result<(), LoadError> {
        let exhausted = LoadError { document: self.document, offset: 0, message: TOO_MUCH_WORK.to_owned() };
        let more = meter::reserve_for_now(bytes).map_err(|_| exhausted)?;
        match &mut self.reserved {
            Some(reserved) => reserved.join(more),
            none => *none = Some(more),
        }
        Ok(())
    }

    /// Makes a reference of a node.
    pub(super) fn point(&mut self, reference: NodeId, target: NodeId) {
        if let Some(node) = usize::try_from(reference.0).ok().and_then(|at| self.nodes.get_mut(at)) {
            node.kind = NodeKind::Ref(target);
        }
    }

    pub(super) fn push(&mut self, node: Node) -> NodeId {
        let id = NodeId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        self.nodes.push(node);
        id
    }

    /// A node for a part of the schema at `value`.
    pub(super) fn part(&mut self, kind: NodeKind, value: &Value) -> NodeId {
        self.push(Node { kind, annotations: None, is_bytes: false, document: self.document, offset: value.offset })
    }

    fn process(&mut self, work: &PendingSchema<'d>) -> Result<(), LoadError> {
        let (kind, annotations, is_bytes) = match &work.value.kind {
            json::JsonKind::Bool(true) => (NodeKind::True, None, false),
            json::JsonKind::Bool(false) => (NodeKind::False, None, false),
            json::JsonKind::Object(object) => {
                let scope = self.resolver.enter(work.value, &work.scope);
                self.object_schema(object, work.value, &scope)?
            }
            _ => return self.mismatch(work.value, "Boolean or Object"),
        };
        let at = usize::try_from(work.id.0).unwrap_or(usize::MAX);
        if let Some(node) = self.nodes.get_mut(at) {
            node.kind = kind;
            node.annotations = annotations;
            node.is_bytes = is_bytes;
        }
        Ok(())
    }

    fn object_schema(
        &mut self,
        object: &'d Object,
        value: &'d Value,
        scope: &ResolutionScope<'d>,
    ) -> Result<(NodeKind, Option<Box<Annotations>>, bool), LoadError> {
        if let Some(reference) = self.string(object, "$ref")? {
            return Ok((NodeKind::Ref(self.reference(reference, value, scope)?), None, false));
        }
        let mut parts = self.parts(object, value, scope)?;
        let annotations = self.annotations(object)?;
        let is_bytes = object.get("connect.type").and_then(Value::as_str) == Some("bytes");
        let kind = match parts.pop() {
            None => NodeKind::Empty,
            Some(only) if parts.is_empty() => only,
            Some(last) => {
                parts.push(last);
                let members = parts.into_iter().map(|kind| self.part(kind, value)).zip(0..).collect();
                NodeKind::Combined(Box::new(Combined::new(Criterion::AllOf, members)))
            }
        };
        Ok((kind, annotations, is_bytes))
    }

    /// Every group of keywords of the schema becomes one part.
    fn parts(&mut self, object: &'d Object, value: &'d Value, scope: &ResolutionScope<'d>) -> Result<Vec<NodeKind>, LoadError> {
        let mut parts = Vec::new();
        if let Some(values) = object.get("enum") {
            let mut keys: Vec<String> = self.expect_array(values)?.iter().map(print::key).collect();
            keys.sort_unstable();
            keys.dedup();
            parts.push(NodeKind::Enum(keys.into_boxed_slice()));
        }
        for criterion in [Criterion::AllOf, Criterion::AnyOf, Criterion::OneOf] {
            if let Some(members) = object.get(criterion.keyword()) {
                let members = self.expect_array(members)?;
                parts.push(self.combined(criterion, members, scope)?);
            }
        }
        if let Some(not) = self.child_at(object, "not", scope)? {
            parts.push(NodeKind::Not(not));
        }
        if let Some(constant) = object.get("const").filter(|_| self.dialect != Dialect::Draft4) {
            parts.push(NodeKind::Const(print::key(constant).into()));
        }
        self.typed_parts(object, value, scope, &mut parts)?;
        self.conditional(object, scope, &mut parts)?;
        Ok(parts)
    }

    fn conditional(
        &mut self,
        object: &'d Object,
        scope: &ResolutionScope<'d>,
        parts: &mut Vec<NodeKind>,
    ) -> Result<(), LoadError> {
        let has_any = ["if", "then", "else"].into_iter().any(|key| object.get(key).is_some());
        if self.dialect >= Dialect::Draft7 && has_any {
            for key in ["if", "then", "else"] {
                self.child_at(object, key, scope)?;
            }
            parts.push(NodeKind::Conditional);
        }
        Ok(())
    }

    fn reference(&mut self, reference: &str, holder: &'d Value, scope: &ResolutionScope<'d>) -> Result<NodeId, LoadError> {
        let target = self.target(reference, holder, scope)?;
        Ok(self.enqueue(target.value, target.scope))
    }

    pub(super) fn target(
        &mut self,
        reference: &str,
        holder: &'d Value,
        scope: &ResolutionScope<'d>,
    ) -> Result<ResolvedValue<'d>, LoadError> {
        let (document, offset) = (self.document, holder.offset);
        let unresolved = |message| LoadError { document, offset, message };
        let target = self.resolver.find(reference, scope).map_err(unresolved)?;
        match target.value.kind {
            json::JsonKind::Object(_) | json::JsonKind::Bool(_) => Ok(target),
            _ => self.fail(holder, format!("$ref \"{reference}\" does not point to a schema")),
        }
    }

    fn combined(
        &mut self,
        criterion: Criterion,
        values: &'d [Value],
        scope: &ResolutionScope<'d>,
    ) -> Result<NodeKind, LoadError> {
        let mut members = Vec::with_capacity(values.len());
        for value in values {
            let id = self.child(value, scope)?;
            members.push((id, if values.len() > 1 { self.digests.of(value) } else { 0 }));
        }
        Ok(NodeKind::Combined(Box::new(Combined::new(criterion, members))))
    }

    /// Names of schemas, which say nothing but must be texts.
    pub(super) fn modern_names(&self, object: &'d Object) -> Result<(), LoadError> {
        for key in ["$anchor", "$dynamicAnchor"] {
            self.string(object, key)?;
        }
        Ok(())
    }

    pub(super) fn annotations(&self, object: &'d Object) -> Result<Option<Box<Annotations>>, LoadError> {
        let id = self.string(object, self.dialect.id_keyword())?;
        let title = self.string(object, "title")?;
        let description = self.string(object, "description")?;
        if self.dialect >= Dialect::Draft7 {
            self.flag(object, "readOnly")?;
            self.flag(object, "writeOnly")?;
        }
        self.string(object, "format")?;
        // From 2019-09 on Confluent does not compare identifiers, and takes a default of null for none.
        let modern = self.dialect.is_modern();
        let default = object.get("default").filter(|value| !(modern && matches!(value.kind, json::JsonKind::Null)));
        let annotations = Annotations {
            id: id.filter(|_| !modern).map(Into::into),
            title: title.map(Into::into),
            description: description.map(Into::into),
            default: default.map(|value| print::key(value).into()),
        };
        Ok((annotations != Annotations::default()).then(|| Box::new(annotations)))
    }

    /// `multipleOf` may be anything but zero before 2019-09.
    pub(super) fn divisor(&self, object: &'d Object) -> Result<Option<Decimal>, LoadError> {
        let divisor = self.decimal(object, "multipleOf")?;
        match (&divisor, object.get("multipleOf")) {
            (Some(zero), Some(value)) if zero.is_zero() && !self.dialect.is_modern() => {
                self.fail(value, "multipleOf should not be 0".to_owned())
            }
            _ => Ok(divisor),
        }
    }
}
