//! Schemas from 2019-09 on. Confluent reads them keyword by keyword, in the order of Java's hash tables, and joins what each keyword
//! says with what was said before (json-schema 4.2, 4.5). What comes out decides the findings: which keywords of one schema are one node
//! and which are members of a combination that nobody wrote, and how often a definition stands in the graph.
//!
//! - `draft`: a schema in the making, and how two of them are joined
//! - `keyword`: what each keyword says

mod draft;
mod keyword;

use std::collections::{HashMap, HashSet, VecDeque};

use self::draft::{Draft, DraftShape};
use super::loader::{LoadError, Loader, TOO_MUCH_WORK};
use crate::java::hash_table::sort_as_hashed;
use crate::schema::json::{self, Member, Object, Value};
use crate::schema::json_schema::model::{Model, Node, NodeId, NodeKind};
use crate::schema::json_schema::resolve::{ResolutionScope, ResolvedValue, address};
use crate::schema::meter;

/// A value that is referred to, by its address.
type Knot = usize;

pub(super) struct DraftTranslator<'d> {
    loader: Loader<'d>,
    /// References whose target has no node yet.
    open: VecDeque<(NodeId, Knot)>,
    targets: HashMap<Knot, ResolvedValue<'d>>,
    /// What is referred to, once it is read. It becomes a node of its own for each round of references (`settle`).
    read: HashMap<Knot, Draft<'d>>,
    underway: HashSet<Knot>,
    settling: bool,
    /// The latest node of what is referred to, and how many entries of lists there are in all of them.
    copies: HashMap<Knot, NodeId>,
    copied: usize,
    definitions: HashMap<u32, NodeId>,
}

/// Bytes of a node while it is made.
const NODE: usize = size_of::<Node>() + 128;
/// Bytes of an entry of a list in one.
const ENTRY: usize = 64;
/// Entries up to which each round of references makes nodes of its own. Beyond, rounds share them: a change in a definition that refers to
/// itself is then found on fewer ways, and is found all the same.
const MAX_COPIED: usize = 50_000;

impl<'d> DraftTranslator<'d> {
    pub(super) fn new(loader: Loader<'d>) -> Self {
        Self {
            loader,
            open: VecDeque::new(),
            targets: HashMap::new(),
            read: HashMap::new(),
            underway: HashSet::new(),
            settling: false,
            copies: HashMap::new(),
            copied: 0,
            definitions: HashMap::new(),
        }
    }

    /// Recurses as deep as the texts are nested.
    pub(super) fn load(mut self, root: ResolvedValue<'d>) -> Result<Model, LoadError> {
        let knot = address(root.value);
        self.targets.insert(knot, root);
        let draft = self.knot(knot)?;
        self.settle()?;
        let root = self.build(draft)?;
        Ok(Model { nodes: self.loader.into_nodes(), root, definitions: self.definitions })
    }

    /// Reads what is referred to.
    fn knot(&mut self, knot: Knot) -> Result<Draft<'d>, LoadError> {
        let Some(ResolvedValue { value, scope }) = self.targets.get(&knot).cloned() else { return Ok(Draft::empty(0, 0)) };
        self.underway.insert(knot);
        let outer = self.loader.enter(scope.document);
        let draft = self.schema(value, &scope, Some(knot))?;
        self.loader.enter(outer);
        self.now_read(knot, &draft);
        Ok(draft)
    }

    fn now_read(&mut self, knot: Knot, draft: &Draft<'d>) {
        if self.underway.remove(&knot) {
            self.read.insert(knot, draft.clone());
        }
    }

    /// Gives references their targets. Those that wait at the same time share the node of their target; a target that is read for the
    /// first reference to it has one node more. So a definition that refers to itself stands in the graph twice, and what is found in
    /// it is found on each way through both.
    ///
    /// While one target is read nothing else is begun, or a chain of definitions within definitions would nest without bound.
    fn settle(&mut self) -> Result<(), LoadError> {
        let (mut shared, mut first, mut later) = (HashMap::<Knot, NodeId>::new(), Vec::new(), Vec::new());
        while let Some((reference, knot)) = self.open.pop_front() {
            if let Some(node) = shared.get(&knot) {
                self.loader.point(reference, *node);
            } else if let Some(draft) = self.read.get(&knot) {
                let known = self.copies.get(&knot).copied().filter(|_| self.copied > MAX_COPIED);
                let node = if let Some(node) = known {
                    node
                } else {
                    let draft = draft.clone();
                    self.copy(knot, draft)?
                };
                shared.insert(knot, node);
                self.loader.point(reference, node);
            } else if self.settling {
                later.push((reference, knot));
            } else {
                self.settling = true;
                let draft = self.knot(knot)?;
                self.settling = false;
                first.push((reference, draft));
                shared.clear();
            }
        }
        self.open.extend(later);
        for (reference, draft) in first {
            let node = self.build(draft)?;
            self.loader.point(reference, node);
        }
        Ok(())
    }

    fn copy(&mut self, knot: Knot, draft: Draft<'d>) -> Result<NodeId, LoadError> {
        self.copied += draft.entries() + 1;
        self.loader.reserve(ENTRY.saturating_mul(draft.entries()))?;
        let node = self.build(draft)?;
        self.copies.insert(knot, node);
        Ok(node)
    }

    fn schema(&mut self, value: &'d Value, scope: &ResolutionScope<'d>, knot: Option<Knot>) -> Result<Draft<'d>, LoadError> {
        self.charge(value)?;
        match &value.kind {
            json::JsonKind::Bool(true) => Ok(self.plain(NodeKind::True, value)),
            json::JsonKind::Bool(false) => Ok(self.plain(NodeKind::False, value)),
            json::JsonKind::Object(object) => {
                let scope = self.loader.resolver.enter(value, scope);
                self.object_schema(object, value, &scope, knot)
            }
            _ => self.loader.mismatch(value, "Boolean or Object"),
        }
    }

    fn charge(&self, value: &Value) -> Result<(), LoadError> {
        meter::charge(1).or_else(|_| self.loader.fail(value, TOO_MUCH_WORK.to_owned()))
    }

    fn object_schema(
        &mut self,
        object: &'d Object,
        value: &'d Value,
        scope: &ResolutionScope<'d>,
        knot: Option<Knot>,
    ) -> Result<Draft<'d>, LoadError> {
        let mut members: Vec<&'d Member> = object.members().iter().collect();
        sort_as_hashed(&mut members, |member| &member.key);
        let mut draft: Option<Draft<'d>> = None;
        for member in &members {
            if let Some(said) = self.keyword(member, object, value, scope)? {
                draft = Some(match draft {
                    Some(before) => before.join(said),
                    None => said,
                });
            }
        }
        let mut draft = draft.unwrap_or_else(|| Draft::generated(value, self.loader.document));
        for said in [self.properties(object, value, scope)?, self.pattern_properties(object, value, scope)?].into_iter().flatten()
        {
            draft = draft.join(said);
        }
        for key in ["unevaluatedItems", "unevaluatedProperties"] {
            if let Some(said) = self.unevaluated(key, object, value, scope)? {
                draft = draft.join(said);
            }
        }
        draft = self.unwrapped(draft, value);
        if let Some(dynamic) = self.dynamic_reference(object, value, scope)? {
            draft = if matches!(draft.shape, DraftShape::Plain(NodeKind::Empty)) { dynamic } else { dynamic.join(draft) };
        }
        self.loader.modern_names(object)?;
        draft.annotations = self.loader.annotations(object)?;
        draft.is_bytes = object.get("connect.type").and_then(Value::as_str) == Some("bytes");
        for member in members.iter().filter(|member| !keyword::says_something(&member.key)) {
            draft.note(&member.key, self.loader.digests.of(&member.value));
        }
        if let Some(knot) = knot {
            self.now_read(knot, &draft);
        }
        self.read_definitions(object, scope)?;
        Ok(draft)
    }

    /// A combination that nobody wrote is one of two members at least.
    fn unwrapped(&mut self, draft: Draft<'d>, value: &'d Value) -> Draft<'d> {
        let Some(members) = draft.generated_all() else { return draft };
        match members {
            [] => self.plain(NodeKind::Empty, value),
            [only] => match only.draft().shape {
                // Confluent makes the reference anew, which then waits behind those that are there
                DraftShape::Reference(_, knot) => self.reference_to(knot, value),
                _ => only.draft().clone(),
            },
            _ => draft,
        }
    }

    /// Every definition is read, used or not.
    fn read_definitions(&mut self, object: &'d Object, scope: &ResolutionScope<'d>) -> Result<(), LoadError> {
        let mut entries: Vec<&'d Member> = Vec::new();
        for key in ["$defs", "definitions"] {
            if let Some(value) = object.get(key) {
                entries.extend(self.loader.expect_object(value)?.members());
            }
        }
        sort_as_hashed(&mut entries, |member| &member.key);
        for entry in entries {
            let draft = self.schema(&entry.value, scope, None)?;
            self.settle()?;
            if self.loader.document == 0 {
                let node = self.build(draft)?;
                self.definitions.insert(entry.value.offset, node);
            }
        }
        Ok(())
    }

    fn plain(&self, kind: NodeKind, value: &Value) -> Draft<'d> {
        Draft::of(DraftShape::Plain(kind), value, self.loader.document)
    }

    /// A node for a draft that is complete.
    fn build(&mut self, draft: Draft<'d>) -> Result<NodeId, LoadError> {
        let (kind, document, offset) = match draft.shape {
            DraftShape::Reference(node, _) => return Ok(node),
            DraftShape::Plain(kind) => (kind, draft.document, draft.offset),
            DraftShape::Combined { criterion, members, .. } => {
                let mut digested = Vec::with_capacity(members.len());
                for member in &members {
                    let node = if let Some(node) = member.node() { node } else { self.build(member.draft().clone())? };
                    member.set_node(node);
                    digested.push((node, if members.len() > 1 { member.draft().digest() } else { 0 }));
                }
                (Draft::combination(criterion, digested), draft.document, draft.offset)
            }
        };
        self.loader.reserve(NODE)?;
        let annotations = draft.annotations;
        Ok(self.loader.push(Node { kind, annotations, is_bytes: draft.is_bytes, document, offset }))
    }

    /// The node of a schema that stands in another one.
    fn child(&mut self, value: &'d Value, scope: &ResolutionScope<'d>) -> Result<NodeId, LoadError> {
        let draft = self.schema(value, scope, None)?;
        self.build(draft)
    }

    fn reference(&mut self, reference: &str, holder: &'d Value, scope: &ResolutionScope<'d>) -> Result<Draft<'d>, LoadError> {
        let target = self.loader.target(reference, holder, scope)?;
        let knot = address(target.value);
        self.targets.insert(knot, target);
        Ok(self.reference_to(knot, holder))
    }

    fn reference_to(&mut self, knot: Knot, holder: &'d Value) -> Draft<'d> {
        let node = self.loader.part(NodeKind::Empty, holder);
        self.open.push_back((node, knot));
        Draft::of(DraftShape::Reference(node, knot), holder, self.loader.document)
    }
}
