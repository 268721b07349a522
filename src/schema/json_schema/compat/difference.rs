//! The differences of two JSON Schemas, and where they are.

use std::rc::Rc;
use std::sync::Arc;

use super::difference_kind::DifferenceKind;
use crate::schema::difference_tree::{Located, Tree, TreeLimits, TreeStep, append_segment, flatten};
use crate::schema::json_schema::model::NodeId;
use crate::types::CompatibilityPolicy;

/// One of the two schemas. Below `not` the original is compared as if it were the update, so this is not the role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum SchemaSide {
    Original,
    Update,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct NodeRef {
    pub(crate) side: SchemaSide,
    pub(crate) node: NodeId,
}

impl NodeRef {
    /// Another node of the same schema.
    pub(crate) fn beside(self, node: NodeId) -> Self {
        Self { node, ..self }
    }
}

/// A node of each schema, the original's first.
pub(crate) type NodePair = (NodeRef, NodeRef);

/// The step from a node to a difference or to a node below it, in Confluent's notation.
#[derive(Debug, Clone, Default)]
pub(crate) enum PathStep {
    /// The node itself.
    #[default]
    Here,
    Keyword(&'static str),
    /// A named entry of a keyword.
    Named(&'static str, Arc<str>),
    /// A numbered entry of a keyword.
    Numbered(&'static str, usize),
}

impl PathStep {
    /// The segments of the step.
    pub(crate) fn segments(&self) -> Vec<String> {
        match self {
            Self::Here => Vec::new(),
            Self::Keyword(keyword) => vec![(*keyword).to_owned()],
            Self::Named(keyword, name) => vec![(*keyword).to_owned(), name.to_string()],
            Self::Numbered(keyword, at) => vec![(*keyword).to_owned(), at.to_string()],
        }
    }
}

impl TreeStep for PathStep {
    fn append_to(&self, path: &mut String) {
        let mut push = |segment: &str| append_segment(path, segment);
        match self {
            Self::Here => {}
            Self::Keyword(keyword) => push(keyword),
            Self::Named(keyword, name) => {
                push(keyword);
                push(name);
            }
            Self::Numbered(keyword, at) => {
                push(keyword);
                push(&at.to_string());
            }
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct NodeDifference {
    pub(crate) kind: DifferenceKind,
    pub(crate) original: Option<NodeRef>,
    pub(crate) update: Option<NodeRef>,
    pub(crate) unmatched: Option<Box<UnmatchedMember>>,
}

pub(crate) type DifferenceTree = Tree<NodeDifference, PathStep>;
pub(crate) type LocatedDifference = Located<NodeDifference, PathStep>;

/// A member of an old combination without a counterpart, and the new member that comes closest.
#[derive(Debug, Clone)]
pub(crate) struct UnmatchedMember {
    /// How the old and the new members combine.
    pub(crate) keywords: (&'static str, &'static str),
    /// Position of the old member, duplicates not counted.
    pub(crate) left: usize,
    /// Position of the new member.
    pub(crate) right: usize,
    /// What is wrong between the two: the first incompatible difference, with its path from there.
    pub(crate) first: Option<(DifferenceKind, String)>,
}

/// The differences of a tree, or the incompatible ones alone. `None` when the list was cut before the first incompatible one, so
/// that a cut is never taken for a verdict.
pub(crate) fn list(
    tree: &Rc<DifferenceTree>,
    policy: CompatibilityPolicy,
    only_incompatible: bool,
) -> Option<Vec<LocatedDifference>> {
    let is_compatible = |difference: &NodeDifference| difference.kind.is_compatible(policy);
    let listed = flatten(tree, only_incompatible.then_some(&is_compatible), TreeLimits::default());
    (tree.compatible || !listed.is_empty()).then_some(listed)
}

/// How many incompatible differences there are (counted up to a limit), and the first of them with its path from here.
pub(crate) fn count_incompatible(
    tree: &Rc<DifferenceTree>,
    policy: CompatibilityPolicy,
) -> (usize, Option<(DifferenceKind, String)>) {
    const LIMITS: TreeLimits = TreeLimits { differences: 50, path_bytes: 64 << 10, visits: 2_000 };
    let is_compatible = |difference: &NodeDifference| difference.kind.is_compatible(policy);
    let listed = flatten(tree, Some(&is_compatible), LIMITS);
    let count = listed.len();
    (count, listed.into_iter().next().map(|first| (first.difference.kind, first.path)))
}
