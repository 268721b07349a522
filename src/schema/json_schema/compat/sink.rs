//! Collects the differences of one pair of nodes.

use std::rc::Rc;
use std::sync::Arc;

use super::difference::{DifferenceTree, NodeDifference, NodePair, NodeRef, PathStep, UnmatchedMember};
use super::difference_kind::DifferenceKind as D;
use crate::schema::difference_tree::TreeEntry;
use crate::schema::json_schema::number::Decimal;
use crate::schema::meter::Exhausted;
use crate::types::CompatibilityPolicy;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    Budget,
    /// More nested pairs than the stack allows.
    TooDeep,
}

impl From<Exhausted> for Stop {
    fn from(_: Exhausted) -> Self {
        Self::Budget
    }
}

pub(crate) struct Sink {
    pub(super) tree: DifferenceTree,
    policy: CompatibilityPolicy,
}

impl Sink {
    pub(super) fn new(policy: CompatibilityPolicy) -> Self {
        Self { tree: DifferenceTree::default(), policy }
    }

    pub(crate) fn add(
        &mut self,
        kind: D,
        step: PathStep,
        original: impl Into<Option<NodeRef>>,
        update: impl Into<Option<NodeRef>>,
    ) {
        self.tree.compatible &= kind.is_compatible(self.policy);
        let difference = NodeDifference { kind, original: original.into(), update: update.into(), unmatched: None };
        self.tree.entries.push(TreeEntry::Difference(step, difference));
    }

    /// Adds a combination that changed, with the member that has no counterpart.
    pub(crate) fn add_unmatched(&mut self, kind: D, original: NodeRef, update: NodeRef, unmatched: Option<UnmatchedMember>) {
        self.add(kind, PathStep::Here, original, update);
        if let Some(TreeEntry::Difference(_, difference)) = self.tree.entries.last_mut() {
            difference.unmatched = unmatched.map(Box::new);
        }
    }

    /// Adds the differences of a pair below.
    pub(crate) fn below(&mut self, step: impl FnOnce() -> PathStep, tree: &Rc<DifferenceTree>) {
        self.tree.compatible &= tree.compatible;
        if !tree.entries.is_empty() {
            self.tree.entries.push(TreeEntry::Below(step(), Rc::clone(tree)));
        }
    }
}

/// The kinds for a keyword with a bound: added, removed, increased, decreased.
pub(crate) type BoundKinds = [D; 4];

/// Compares a keyword with a bound.
pub(crate) fn bound(
    sink: &mut Sink,
    (o, u): NodePair,
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
    sink.add(kind, PathStep::Keyword(keyword), o, u);
}

/// A step into a named entry.
pub(crate) fn named(keyword: &'static str, name: &str) -> PathStep {
    PathStep::Named(keyword, Arc::from(name))
}
