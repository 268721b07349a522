//! What a comparison yields: a tree that shares the results of pairs compared once, and the flat list made from it.
//!
//! A definition used in many places is compared once and its tree hangs in many places, so the tree stays small where the list
//! of all paths would grow without bound. The list is therefore cut at a number of entries and of bytes.

use std::rc::Rc;
use std::sync::Arc;

use super::kind::DifferenceKind;
use crate::schema::json_schema::model::NodeId;
use crate::types::CompatibilityPolicy;

/// Entries after which a list of differences ends.
const MAX_DIFFERENCES: usize = 20_000;
/// Bytes of paths after which a list of differences ends.
const MAX_PATH_BYTES: usize = 8 << 20;
/// Entries of trees after which writing a list out ends.
const MAX_VISITS: usize = 4_000_000;

/// One of the two schemas. `not` turns the roles around, so a role is not a side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Side {
    Original,
    Update,
}

/// A node of one of the two schemas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct At {
    pub(crate) side: Side,
    pub(crate) node: NodeId,
}

/// The way from a node to a difference or to a node below it, in the peer's notation.
#[derive(Debug, Clone, Default)]
pub(crate) enum Step {
    /// The node itself.
    #[default]
    Here,
    /// A keyword.
    Keyword(&'static str),
    /// A named entry of a keyword.
    Named(&'static str, Arc<str>),
    /// A numbered entry of a keyword.
    Numbered(&'static str, usize),
}

impl Step {
    /// The segments of the step.
    pub(crate) fn segments(&self) -> Vec<String> {
        match self {
            Self::Here => Vec::new(),
            Self::Keyword(keyword) => vec![(*keyword).to_owned()],
            Self::Named(keyword, name) => vec![(*keyword).to_owned(), name.to_string()],
            Self::Numbered(keyword, at) => vec![(*keyword).to_owned(), at.to_string()],
        }
    }

    fn write(&self, path: &mut String) {
        // `#/` ends in a slash, every other path needs one before the next segment. Segments are not escaped.
        let mut push = |segment: &str| {
            if path.len() > 2 {
                path.push('/');
            }
            path.push_str(segment);
        };
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

/// A difference, relative to the pair of nodes it was found at.
#[derive(Debug, Clone)]
pub(crate) struct Leaf {
    pub(crate) kind: DifferenceKind,
    pub(crate) step: Step,
    pub(crate) original: Option<At>,
    pub(crate) update: Option<At>,
    pub(crate) note: Option<Box<Note>>,
}

/// Which member of an old combination has no counterpart, and what comes closest.
#[derive(Debug, Clone)]
pub(crate) struct Note {
    /// How the old and the new members combine.
    pub(crate) keywords: (&'static str, &'static str),
    /// Position of the old member, duplicates not counted.
    pub(crate) left: usize,
    /// Position of the new member.
    pub(crate) right: usize,
    /// What is wrong between the two: the first incompatible difference, with its path from there.
    pub(crate) first: Option<(DifferenceKind, String)>,
}

/// The differences of a pair of nodes.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    pub(crate) entries: Vec<Entry>,
    /// All of them are compatible under the policy of the comparison.
    pub(crate) compatible: bool,
}

/// A difference, or those of a pair below.
#[derive(Debug)]
pub(crate) enum Entry {
    Leaf(Leaf),
    Below(Step, Rc<Tree>),
}

/// One difference with its whole path.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) leaf: Leaf,
    pub(crate) path: String,
}

impl Tree {
    /// How many incompatible differences there are (counted up to a limit), and the first of them with its path from here.
    pub(crate) fn incompatible(self: &Rc<Self>, policy: CompatibilityPolicy) -> (usize, Option<(DifferenceKind, String)>) {
        const LIMITS: Limits = Limits { differences: 50, path_bytes: 64 << 10, visits: 2_000 };
        let found = write_out(self, policy, true, LIMITS);
        let count = found.len();
        (count, found.into_iter().next().map(|first| (first.leaf.kind, first.path)))
    }
}

impl Drop for Tree {
    /// Trees can be as deep as chains of references are long, so they are taken apart without recursion.
    fn drop(&mut self) {
        let mut rest = std::mem::take(&mut self.entries);
        while let Some(entry) = rest.pop() {
            if let Entry::Below(_, tree) = entry
                && let Some(mut tree) = Rc::into_inner(tree)
            {
                rest.append(&mut tree.entries);
            }
        }
    }
}

/// Where a list of differences ends.
#[derive(Clone, Copy)]
struct Limits {
    differences: usize,
    path_bytes: usize,
    /// Entries of trees looked at.
    visits: usize,
}

/// Writes a tree out. A subtree of compatible differences is skipped when only the others are wanted. `None` when the list was
/// cut before the first incompatible difference, so that a cut is never taken for a verdict.
pub(crate) fn flatten(tree: &Rc<Tree>, policy: CompatibilityPolicy, only_incompatible: bool) -> Option<Vec<Found>> {
    const LIMITS: Limits = Limits { differences: MAX_DIFFERENCES, path_bytes: MAX_PATH_BYTES, visits: MAX_VISITS };
    let found = write_out(tree, policy, only_incompatible, LIMITS);
    (tree.compatible || !found.is_empty()).then_some(found)
}

fn write_out(tree: &Rc<Tree>, policy: CompatibilityPolicy, only_incompatible: bool, limits: Limits) -> Vec<Found> {
    let mut found = Vec::new();
    let mut bytes = 0;
    let mut visits = 0;
    let mut path = "#/".to_owned();
    let mut stack = vec![(Rc::clone(tree), 0, path.len())];
    while let Some((tree, at, length)) = stack.last_mut() {
        path.truncate(*length);
        let Some(entry) = tree.entries.get(*at) else {
            stack.pop();
            continue;
        };
        *at += 1;
        visits += 1;
        if found.len() >= limits.differences || bytes > limits.path_bytes || visits > limits.visits {
            break;
        }
        match entry {
            Entry::Leaf(leaf) => {
                if !only_incompatible || !leaf.kind.is_compatible(policy) {
                    let mut path = path.clone();
                    leaf.step.write(&mut path);
                    bytes += path.len();
                    found.push(Found { leaf: leaf.clone(), path });
                }
            }
            Entry::Below(_, inner) if only_incompatible && inner.compatible => {}
            Entry::Below(step, inner) => {
                step.write(&mut path);
                let next = (Rc::clone(inner), 0, path.len());
                stack.push(next);
            }
        }
    }
    found
}
