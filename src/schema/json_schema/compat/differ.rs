//! Compares pairs of nodes; what two nodes of one kind mean to each other is in `object`, `array`, `number` and `combined`.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::difference::{DifferenceTree, LocatedDifference, NodeDifference, NodePair, NodeRef, PathStep, SchemaSide, list};
use super::difference_kind::DifferenceKind as D;
use super::number;
use super::sink::{BoundKinds, Sink, Stop, bound};
use crate::schema::deep_stack::on_deep_stack;
use crate::schema::difference_tree::TreeEntry;
use crate::schema::json_schema::model::{Annotations, LargePatterns, Model, Node, NodeId, NodeKind};
use crate::schema::meter;
use crate::types::CompatibilityPolicy;

/// Depth of pairs compared on the caller's stack; safe on 2 MiB without optimization.
const INLINE_DEPTH: usize = 48;
/// Depth of pairs compared on a deep stack.
const DEEP_DEPTH: usize = 10_000;

pub(crate) fn compare(
    original: &Model,
    update: &Model,
    policy: CompatibilityPolicy,
    only_incompatible: bool,
) -> Result<Vec<LocatedDifference>, Stop> {
    let run = |max_depth| {
        let mut differ = Differ::new(original, update, policy, max_depth);
        list(&differ.run()?, policy, only_incompatible).ok_or(Stop::Budget)
    };
    match run(INLINE_DEPTH) {
        Err(Stop::TooDeep) => {}
        done => return done,
    }
    // Chains of definitions can be deeper than any text is nested.
    on_deep_stack(DEEP_DEPTH, || run(DEEP_DEPTH)).unwrap_or(Err(Stop::TooDeep))
}

pub(crate) struct Differ<'m> {
    original: &'m Model,
    update: &'m Model,
    pub(super) policy: CompatibilityPolicy,
    max_depth: usize,
    depth: usize,
    /// Pairs done in this pass.
    done: HashMap<NodePair, Rc<DifferenceTree>>,
    /// Pairs that are being compared.
    active: HashSet<NodePair>,
    /// Pairs found incompatible in the pass before.
    known: HashMap<NodePair, Rc<DifferenceTree>>,
    /// A pair that was still being compared has been taken for equal in this pass.
    optimistic: bool,
    /// Where chains of references end.
    ends: HashMap<NodeRef, NodeRef>,
    pub(super) large_patterns: LargePatterns,
    /// Bytes reserved for the pairs that are remembered.
    reserved: usize,
}

/// Bytes of a pair that is remembered: its place in the map, which grows by doubling, and its tree.
const REMEMBERED: usize = 400;
/// Bytes of an entry of the tree, with the name that its step may have.
const ENTRY: usize = 2 * size_of::<TreeEntry<NodeDifference, PathStep>>() + 64;

impl Drop for Differ<'_> {
    fn drop(&mut self) {
        meter::release(self.reserved);
    }
}

impl<'m> Differ<'m> {
    fn new(original: &'m Model, update: &'m Model, policy: CompatibilityPolicy, max_depth: usize) -> Self {
        Self {
            original,
            update,
            policy,
            max_depth,
            depth: 0,
            done: HashMap::new(),
            active: HashSet::new(),
            known: HashMap::new(),
            optimistic: false,
            ends: HashMap::new(),
            large_patterns: LargePatterns::default(),
            reserved: 0,
        }
    }

    fn run(&mut self) -> Result<Rc<DifferenceTree>, Stop> {
        let original = NodeRef { side: SchemaSide::Original, node: self.original.root };
        let update = NodeRef { side: SchemaSide::Update, node: self.update.root };
        loop {
            self.done.clear();
            self.active.clear();
            self.optimistic = false;
            let tree = self.compare(original, update)?;
            let refused = self.done.iter().filter(|(_, tree)| !tree.compatible).count();
            // The set only grows from pass to pass, so the same size is the same set.
            if !self.optimistic || refused == self.known.len() {
                return Ok(tree);
            }
            self.known = self.done.drain().filter(|(_, tree)| !tree.compatible).collect();
        }
    }

    pub(crate) fn node(&self, at: NodeRef) -> &'m Node {
        match at.side {
            SchemaSide::Original => self.original.node(at.node),
            SchemaSide::Update => self.update.node(at.node),
        }
    }

    /// Follows references to the end. A loop of nothing but references means no constraint at all.
    pub(super) fn dereference(&mut self, at: NodeRef) -> NodeRef {
        if !matches!(self.node(at).kind, NodeKind::Ref(_)) {
            return at;
        }
        if let Some(end) = self.ends.get(&at) {
            return *end;
        }
        let nothing = at.beside(NodeId(u32::MAX));
        let mut chain = HashSet::new();
        let mut end = at;
        while let NodeKind::Ref(next) = self.node(end).kind {
            if !chain.insert(end) {
                end = nothing;
                break;
            }
            end = at.beside(next);
        }
        for link in chain {
            self.ends.insert(link, end);
        }
        end
    }

    pub(crate) fn compare(&mut self, original: NodeRef, update: NodeRef) -> Result<Rc<DifferenceTree>, Stop> {
        meter::charge(1)?;
        let pair = (self.dereference(original), self.dereference(update));
        if self.node(pair.0).is_leaf() && self.node(pair.1).is_leaf() {
            // compared as quickly as it is looked up, and without memory: large combinations consist of such members
            let mut sink = Sink::new(self.policy);
            self.types(pair.0, pair.1, &mut sink)?;
            return Ok(Rc::new(sink.tree));
        }
        if let Some(tree) = self.done.get(&pair) {
            return Ok(Rc::clone(tree));
        }
        if self.active.contains(&pair) {
            return Ok(if let Some(tree) = self.known.get(&pair) {
                Rc::clone(tree)
            } else {
                self.optimistic = true;
                Rc::default()
            });
        }
        if self.depth >= self.max_depth {
            return Err(Stop::TooDeep);
        }
        self.depth += 1;
        self.active.insert(pair);
        let mut sink = Sink::new(self.policy);
        self.types(pair.0, pair.1, &mut sink)?;
        self.active.remove(&pair);
        self.depth -= 1;
        let tree = Rc::new(sink.tree);
        self.reserve(REMEMBERED + tree.entries.len() * ENTRY)?;
        self.done.insert(pair, Rc::clone(&tree));
        Ok(tree)
    }

    pub(super) fn reserve(&mut self, bytes: usize) -> Result<(), Stop> {
        meter::reserve(bytes)?;
        self.reserved += bytes;
        Ok(())
    }

    /// Compares a pair below, and says whether it is compatible.
    pub(super) fn below(&mut self, (o, u): NodePair, step: impl FnOnce() -> PathStep, sink: &mut Sink) -> Result<bool, Stop> {
        let tree = self.compare(o, u)?;
        sink.below(step, &tree);
        Ok(tree.compatible)
    }

    /// Compares where either side may be absent.
    pub(crate) fn compare_optional(
        &mut self,
        original: Option<NodeRef>,
        update: Option<NodeRef>,
        step: impl FnOnce() -> PathStep,
        sink: &mut Sink,
    ) -> Result<(), Stop> {
        match (original, update) {
            (None, None) => {}
            (None, Some(update)) => sink.add(D::SchemaAdded, step(), None, update),
            (Some(original), None) => sink.add(D::SchemaRemoved, step(), original, None),
            (Some(original), Some(update)) => return self.below((original, update), step, sink).map(drop),
        }
        Ok(())
    }

    fn types(&mut self, o: NodeRef, u: NodeRef, sink: &mut Sink) -> Result<(), Stop> {
        let (old, new) = (self.node(o), self.node(u));
        Self::charge_texts(old, new)?;
        if self.alternative(o, u, sink)? {
            return Ok(());
        }
        if std::mem::discriminant(&old.kind) != std::mem::discriminant(&new.kind) {
            let anything = matches!(new.kind, NodeKind::Empty | NodeKind::True) || matches!(old.kind, NodeKind::False);
            let both_bytes = old.is_bytes && new.is_bytes;
            if !anything && !both_bytes {
                sink.add(D::TypeChanged, PathStep::Here, o, u);
            }
            return Ok(());
        }
        Self::annotations(old, new, o, u, sink);
        match (&old.kind, &new.kind) {
            (NodeKind::String(old), NodeKind::String(new)) => {
                const MAX: BoundKinds = [D::MaxLengthAdded, D::MaxLengthRemoved, D::MaxLengthIncreased, D::MaxLengthDecreased];
                const MIN: BoundKinds = [D::MinLengthAdded, D::MinLengthRemoved, D::MinLengthIncreased, D::MinLengthDecreased];
                bound(sink, (o, u), "maxLength", old.max_length.as_ref(), new.max_length.as_ref(), MAX);
                bound(sink, (o, u), "minLength", old.min_length.as_ref(), new.min_length.as_ref(), MIN);
                let change = match (&old.pattern, &new.pattern) {
                    (None, Some(_)) => Some(D::PatternAdded),
                    (Some(_), None) => Some(D::PatternRemoved),
                    (Some(old), Some(new)) if old != new => Some(D::PatternChanged),
                    _ => None,
                };
                if let Some(kind) = change {
                    sink.add(kind, PathStep::Keyword("pattern"), o, u);
                }
            }
            (NodeKind::Number(old), NodeKind::Number(new)) => number::compare(old, new, (o, u), sink),
            (NodeKind::Enum(old), NodeKind::Enum(new)) => enums(old, new, o, u, sink),
            (NodeKind::Const(old), NodeKind::Const(new)) if old != new => {
                sink.add(D::EnumArrayChanged, PathStep::Keyword("const"), o, u);
            }
            (NodeKind::Not(old), NodeKind::Not(new)) => {
                // What `not` excludes may only shrink, so the roles are swapped. One of the two is always reported.
                let old = o.beside(*old);
                let new = u.beside(*new);
                let narrowed = self.compare(new, old)?.compatible;
                let kind = if narrowed { D::NotTypeNarrowed } else { D::NotTypeExtended };
                sink.add(kind, PathStep::Keyword("not"), o, u);
            }
            (NodeKind::Array(old), NodeKind::Array(new)) => self.arrays((old, new), (o, u), sink)?,
            (NodeKind::Object(old), NodeKind::Object(new)) => self.objects((old, new), (o, u), sink)?,
            (NodeKind::Combined(old), NodeKind::Combined(new)) => self.combined((old, new), (o, u), sink)?,
            _ => {}
        }
        Ok(())
    }

    /// Charges for the texts that are compared: keys of values, patterns, annotations.
    fn charge_texts(old: &Node, new: &Node) -> Result<(), Stop> {
        let (old, new) = (old.bytes_compared(), new.bytes_compared());
        Ok(meter::charge_for(old.min(new) / 64)?)
    }

    fn annotations(old: &Node, new: &Node, o: NodeRef, u: NodeRef, sink: &mut Sink) {
        let none = Annotations::default();
        let old = old.annotations.as_deref().unwrap_or(&none);
        let new = new.annotations.as_deref().unwrap_or(&none);
        for (same, kind) in [
            (old.id == new.id, D::IdChanged),
            (old.title == new.title, D::TitleChanged),
            (old.description == new.description, D::DescriptionChanged),
            (old.default == new.default, D::DefaultChanged),
        ] {
            if !same {
                sink.add(kind, PathStep::Here, o, u);
            }
        }
    }
}

fn enums(old: &[String], new: &[String], o: NodeRef, u: NodeRef, sink: &mut Sink) {
    if old == new {
        return;
    }
    let within = |part: &[String], whole: &[String]| part.iter().all(|key| whole.binary_search(key).is_ok());
    let kind = if within(old, new) {
        D::EnumArrayExtended
    } else if within(new, old) {
        D::EnumArrayNarrowed
    } else {
        D::EnumArrayChanged
    };
    sink.add(kind, PathStep::Keyword("enum"), o, u);
}
