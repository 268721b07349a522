//! Comparing two schemas: does the update accept every document that the original accepted?
//!
//! The verdict follows the original's rules, which look at structure and know nothing of meaning; [`super::semantic`] has the
//! second opinion. Pairs of nodes are compared once and remembered. A pair met again while it is being compared counts as
//! equal, which is right only if nothing below it turns out incompatible; so the whole comparison is repeated, each time with
//! the pairs found incompatible before, until that set no longer grows.
//!
//! `kind` names the differences and `report` collects them; `object`, `array`, `number` and `combined` (with `matching` and
//! `marks`) compare by kind of node; `explain` and `places` say what a difference means and where it stands.

pub(crate) mod array;
pub(crate) mod combined;
pub(crate) mod explain;
pub(crate) mod kind;
mod marks;
mod matching;
mod number;
pub(crate) mod object;
pub(crate) mod places;
pub(crate) mod report;

use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

use self::kind::DifferenceKind as D;
use self::report::{At, Entry, Found, Leaf, Note, Side, Step, Tree, flatten};
use super::model::{Kind, Model, Node, NodeId, Notes};
use super::number::Decimal;
use super::room;
use crate::types::CompatibilityPolicy;

/// Depth of pairs compared on the caller's stack; safe on 2 MiB without optimization.
const INLINE_DEPTH: usize = 48;
/// Depth of pairs compared on a stack of our own.
const DEEP_DEPTH: usize = 10_000;

/// Why a comparison ended without a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The work budget ran out.
    Budget,
    /// More nested pairs than the stack allows.
    TooDeep,
}

/// Compares two models.
pub(crate) fn compare(
    original: &Model,
    update: &Model,
    policy: CompatibilityPolicy,
    budget: u64,
    only_incompatible: bool,
) -> Result<Vec<Found>, Stop> {
    let run = |max_depth| {
        let mut differ = Differ::new(original, update, policy, budget, max_depth);
        flatten(&differ.run()?, policy, only_incompatible).ok_or(Stop::Budget)
    };
    match run(INLINE_DEPTH) {
        Err(Stop::TooDeep) => {}
        done => return done,
    }
    // Chains of definitions can be deeper than any text is nested: those are compared on a stack of known size.
    room::run(|| run(DEEP_DEPTH)).unwrap_or(Err(Stop::TooDeep))
}

type Pair = (At, At);

pub(crate) struct Differ<'m> {
    original: &'m Model,
    update: &'m Model,
    policy: CompatibilityPolicy,
    work: u64,
    max_depth: usize,
    depth: usize,
    /// Pairs done in this pass.
    done: HashMap<Pair, Rc<Tree>>,
    /// Pairs under way.
    active: HashSet<Pair>,
    /// Pairs found incompatible in the pass before.
    known: HashMap<Pair, Rc<Tree>>,
    /// A pair under way was taken for equal in this pass.
    optimistic: bool,
    /// Where chains of references end.
    ends: HashMap<At, At>,
}

/// Collects the differences of one pair.
pub(crate) struct Sink {
    tree: Tree,
    policy: CompatibilityPolicy,
}

impl Sink {
    fn new(policy: CompatibilityPolicy) -> Self {
        Self { tree: Tree { entries: Vec::new(), compatible: true }, policy }
    }

    /// Adds a difference.
    pub(crate) fn add(&mut self, kind: D, step: Step, original: impl Into<Option<At>>, update: impl Into<Option<At>>) {
        self.tree.compatible &= kind.is_compatible(self.policy);
        let leaf = Leaf { kind, step, original: original.into(), update: update.into(), note: None };
        self.tree.entries.push(Entry::Leaf(leaf));
    }

    /// Adds a difference of the pair itself with a note for its explanation.
    pub(crate) fn add_noted(&mut self, kind: D, original: At, update: At, note: Option<Note>) {
        self.tree.compatible &= kind.is_compatible(self.policy);
        let note = note.map(Box::new);
        self.tree.entries.push(Entry::Leaf(Leaf {
            kind,
            step: Step::Here,
            original: original.into(),
            update: update.into(),
            note,
        }));
    }

    /// Adds the differences of a pair below.
    pub(crate) fn below(&mut self, step: impl FnOnce() -> Step, tree: &Rc<Tree>) {
        self.tree.compatible &= tree.compatible;
        if !tree.entries.is_empty() {
            self.tree.entries.push(Entry::Below(step(), Rc::clone(tree)));
        }
    }
}

/// The four things that can happen to a keyword with a size: added, removed, increased, decreased.
pub(crate) type BoundKinds = [D; 4];

impl<'m> Differ<'m> {
    fn new(original: &'m Model, update: &'m Model, policy: CompatibilityPolicy, budget: u64, max_depth: usize) -> Self {
        Self {
            original,
            update,
            policy,
            work: budget,
            max_depth,
            depth: 0,
            done: HashMap::new(),
            active: HashSet::new(),
            known: HashMap::new(),
            optimistic: false,
            ends: HashMap::new(),
        }
    }

    fn run(&mut self) -> Result<Rc<Tree>, Stop> {
        let original = At { side: Side::Original, node: self.original.root };
        let update = At { side: Side::Update, node: self.update.root };
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

    pub(crate) fn node(&self, at: At) -> &'m Node {
        match at.side {
            Side::Original => self.original.node(at.node),
            Side::Update => self.update.node(at.node),
        }
    }

    /// Spends work.
    pub(crate) fn charge(&mut self, units: u64) -> Result<(), Stop> {
        self.work = self.work.checked_sub(units).ok_or(Stop::Budget)?;
        Ok(())
    }

    /// Follows references to the end. A loop of nothing but references means no constraint at all.
    fn dereference(&mut self, at: At) -> At {
        if !matches!(self.node(at).kind, Kind::Ref(_)) {
            return at;
        }
        if let Some(end) = self.ends.get(&at) {
            return *end;
        }
        let nothing = At { side: at.side, node: NodeId(u32::MAX) };
        let mut chain = HashSet::new();
        let mut end = at;
        while let Kind::Ref(next) = self.node(end).kind {
            if !chain.insert(end) {
                end = nothing;
                break;
            }
            end = At { side: at.side, node: next };
        }
        for link in chain {
            self.ends.insert(link, end);
        }
        end
    }

    /// The differences of a pair of nodes.
    pub(crate) fn compare(&mut self, original: At, update: At) -> Result<Rc<Tree>, Stop> {
        self.charge(1)?;
        let pair = (self.dereference(original), self.dereference(update));
        if let Some(tree) = self.done.get(&pair) {
            return Ok(Rc::clone(tree));
        }
        if self.active.contains(&pair) {
            return Ok(if let Some(tree) = self.known.get(&pair) {
                Rc::clone(tree)
            } else {
                self.optimistic = true;
                Rc::new(Tree { entries: Vec::new(), compatible: true })
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
        self.done.insert(pair, Rc::clone(&tree));
        Ok(tree)
    }

    /// Compares where either side may be absent.
    pub(crate) fn compare_optional(
        &mut self,
        original: Option<At>,
        update: Option<At>,
        step: impl FnOnce() -> Step,
        sink: &mut Sink,
    ) -> Result<(), Stop> {
        match (original, update) {
            (None, None) => {}
            (None, Some(update)) => sink.add(D::SchemaAdded, step(), None, update),
            (Some(original), None) => sink.add(D::SchemaRemoved, step(), original, None),
            (Some(original), Some(update)) => {
                let tree = self.compare(original, update)?;
                sink.below(step, &tree);
            }
        }
        Ok(())
    }

    fn types(&mut self, o: At, u: At, sink: &mut Sink) -> Result<(), Stop> {
        let (old, new) = (self.node(o), self.node(u));
        if self.alternative(o, u, sink)? {
            return Ok(());
        }
        if std::mem::discriminant(&old.kind) != std::mem::discriminant(&new.kind) {
            let anything = matches!(new.kind, Kind::Empty | Kind::True) || matches!(old.kind, Kind::False);
            let both_bytes = old.is_bytes && new.is_bytes;
            if !anything && !both_bytes {
                sink.add(D::TypeChanged, Step::Here, o, u);
            }
            return Ok(());
        }
        Self::notes(old, new, o, u, sink);
        match (&old.kind, &new.kind) {
            (Kind::String(old), Kind::String(new)) => {
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
                    sink.add(kind, Step::Keyword("pattern"), o, u);
                }
            }
            (Kind::Number(old), Kind::Number(new)) => number::compare(old, new, (o, u), sink),
            (Kind::Enum(old), Kind::Enum(new)) => enums(old, new, o, u, sink),
            (Kind::Const(old), Kind::Const(new)) if old != new => sink.add(D::EnumArrayChanged, Step::Keyword("const"), o, u),
            (Kind::Not(old), Kind::Not(new)) => {
                // What `not` refuses may only shrink, so the roles turn around. One of the two is always reported.
                let old = At { side: o.side, node: *old };
                let new = At { side: u.side, node: *new };
                let narrowed = self.compare(new, old)?.compatible;
                let kind = if narrowed { D::NotTypeNarrowed } else { D::NotTypeExtended };
                sink.add(kind, Step::Keyword("not"), o, u);
            }
            (Kind::Array(old), Kind::Array(new)) => self.arrays(old, new, o, u, sink)?,
            (Kind::Object(old), Kind::Object(new)) => self.objects(old, new, o, u, sink)?,
            (Kind::Combined(old), Kind::Combined(new)) => self.combined(old, new, o, u, sink)?,
            _ => {}
        }
        Ok(())
    }

    fn notes(old: &Node, new: &Node, o: At, u: At, sink: &mut Sink) {
        let none = Notes::default();
        let old = old.notes.as_deref().unwrap_or(&none);
        let new = new.notes.as_deref().unwrap_or(&none);
        for (same, kind) in [
            (old.id == new.id, D::IdChanged),
            (old.title == new.title, D::TitleChanged),
            (old.description == new.description, D::DescriptionChanged),
            (old.default == new.default, D::DefaultChanged),
        ] {
            if !same {
                sink.add(kind, Step::Here, o, u);
            }
        }
    }
}

/// A keyword with a size.
pub(crate) fn bound(
    sink: &mut Sink,
    (o, u): (At, At),
    keyword: &'static str,
    old: Option<&Decimal>,
    new: Option<&Decimal>,
    [added, removed, increased, decreased]: BoundKinds,
) {
    let kind = match (old, new) {
        (None, None) => return,
        (None, Some(_)) => added,
        (Some(_), None) => removed,
        (Some(old), Some(new)) => match old.cmp(new) {
            std::cmp::Ordering::Less => increased,
            std::cmp::Ordering::Greater => decreased,
            std::cmp::Ordering::Equal => return,
        },
    };
    sink.add(kind, Step::Keyword(keyword), o, u);
}

fn enums(old: &[String], new: &[String], o: At, u: At, sink: &mut Sink) {
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
    sink.add(kind, Step::Keyword("enum"), o, u);
}

/// A step into a named entry.
pub(crate) fn named(keyword: &'static str, name: &str) -> Step {
    Step::Named(keyword, Arc::from(name))
}
