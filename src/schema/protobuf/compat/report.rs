//! What a comparison yields: a tree that shares the results of pairs compared once, and the flat list made from it.
//!
//! A message of a referenced file that many fields use is compared once, but its differences are listed for each of them. The
//! list is therefore cut at a number of entries and of bytes.

use std::rc::Rc;

use super::kind::DifferenceKind;
use crate::schema::protobuf::tree::Offset;

/// Entries after which a list of differences ends.
const MAX_DIFFERENCES: usize = 20_000;
/// Bytes of paths after which a list of differences ends.
const MAX_PATH_BYTES: usize = 8 << 20;
/// Entries of trees after which writing a list out ends.
const MAX_VISITS: usize = 4_000_000;

/// The way from a message to what differs in it.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Here,
    Named(Box<str>),
    Number(i32),
    Member(Box<str>, i32),
}

impl Step {
    fn write(&self, path: &mut String) {
        let mut push = |segment: &str| {
            if path.len() > 2 {
                path.push('/');
            }
            path.push_str(segment);
        };
        match self {
            Self::Here => {}
            Self::Named(name) => push(name),
            Self::Number(number) => push(&number.to_string()),
            Self::Member(oneof, number) => {
                push(oneof);
                push(&number.to_string());
            }
        }
    }
}

/// Where an element is declared.
#[derive(Debug, Clone)]
pub(super) struct Spot {
    /// Its full name.
    pub(super) name: Box<str>,
    /// Its place, when it stands in the file itself.
    pub(super) at: Option<Offset>,
}

/// A difference, relative to the message it was found in.
#[derive(Debug, Clone)]
pub(super) struct Leaf {
    pub(super) kind: DifferenceKind,
    pub(super) step: Step,
    pub(super) old: Option<Spot>,
    pub(super) new: Option<Spot>,
}

/// The differences of a pair of messages.
#[derive(Debug, Default)]
pub(super) struct Tree {
    pub(super) entries: Vec<Entry>,
    pub(super) compatible: bool,
}

/// A difference, or those of a pair below.
#[derive(Debug)]
pub(super) enum Entry {
    Leaf(Leaf),
    /// Inside the message.
    Below(Step, Rc<Tree>),
    /// A message of another file: paths start anew with its name.
    Elsewhere(Box<str>, Rc<Tree>),
}

impl Drop for Tree {
    /// Chains of referenced messages can be long, so trees are taken apart without recursion.
    fn drop(&mut self) {
        let mut rest = std::mem::take(&mut self.entries);
        while let Some(entry) = rest.pop() {
            if let Entry::Below(_, tree) | Entry::Elsewhere(_, tree) = entry
                && let Some(mut tree) = Rc::into_inner(tree)
            {
                rest.append(&mut tree.entries);
            }
        }
    }
}

/// One difference with its whole path.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) leaf: Leaf,
    pub(super) path: String,
}

/// Writes a tree out. Subtrees of compatible differences are skipped when only the others are wanted.
pub(super) fn flatten(tree: &Rc<Tree>, only_incompatible: bool) -> Vec<Found> {
    let mut found = Vec::new();
    let (mut bytes, mut visits) = (0, 0);
    let mut stack = vec![(Rc::clone(tree), 0, "#/".to_owned())];
    while let Some((tree, at, path)) = stack.last_mut() {
        let Some(entry) = tree.entries.get(*at) else {
            stack.pop();
            continue;
        };
        *at += 1;
        visits += 1;
        if found.len() >= MAX_DIFFERENCES || bytes > MAX_PATH_BYTES || visits > MAX_VISITS {
            break;
        }
        match entry {
            Entry::Leaf(leaf) => {
                if !only_incompatible || !leaf.kind.is_compatible() {
                    let mut path = path.clone();
                    leaf.step.write(&mut path);
                    bytes += path.len();
                    found.push(Found { leaf: leaf.clone(), path });
                }
            }
            Entry::Below(_, inner) | Entry::Elsewhere(_, inner) if only_incompatible && inner.compatible => {}
            Entry::Below(step, inner) => {
                let mut path = path.clone();
                step.write(&mut path);
                let next = (Rc::clone(inner), 0, path);
                stack.push(next);
            }
            Entry::Elsewhere(name, inner) => {
                let next = (Rc::clone(inner), 0, format!("#/{name}"));
                stack.push(next);
            }
        }
    }
    found
}
