//! What a comparison yields: a tree that shares the results of pairs compared once, and the flat list made from it.
//!
//! A definition that is used in many places is compared once and its tree hangs in many places, so the tree stays small where the
//! list of all paths would grow without bound. The list is therefore cut at a number of entries and of bytes.

use std::rc::Rc;

use super::meter;

/// A step from one element to another inside it, as the paths in messages write it.
pub(crate) trait TreeStep {
    /// Appends its segments to a path; `#/` is the root.
    fn append_to(&self, path: &mut String);
}

/// Appends a segment. `#/` ends in a slash, every other path needs one before the next segment. Segments are not escaped.
pub(crate) fn append_segment(path: &mut String, segment: &str) {
    if path.len() > 2 {
        path.push('/');
    }
    path.push_str(segment);
}

/// The differences of one pair of elements.
#[derive(Debug)]
pub(crate) struct Tree<D, S> {
    pub(crate) entries: Vec<TreeEntry<D, S>>,
    /// All differences, those below included, are compatible.
    pub(crate) compatible: bool,
}

#[derive(Debug)]
pub(crate) enum TreeEntry<D, S> {
    /// A difference of the pair, and the step to where it is.
    Difference(S, D),
    Below(S, Rc<Tree<D, S>>),
    /// Paths start anew here, with this name: Confluent does so for messages of referenced Protobuf files.
    FromRoot(Box<str>, Rc<Tree<D, S>>),
}

impl<D, S> Default for Tree<D, S> {
    fn default() -> Self {
        Self { entries: Vec::new(), compatible: true }
    }
}

impl<D, S> Drop for Tree<D, S> {
    /// Trees are as deep as chains of references are long, so they are taken apart without recursion.
    fn drop(&mut self) {
        let mut rest = std::mem::take(&mut self.entries);
        while let Some(entry) = rest.pop() {
            if let TreeEntry::Below(_, tree) | TreeEntry::FromRoot(_, tree) = entry
                && let Some(mut tree) = Rc::into_inner(tree)
            {
                rest.append(&mut tree.entries);
            }
        }
    }
}

#[derive(Clone, Copy)]
pub(crate) struct TreeLimits {
    pub(crate) differences: usize,
    pub(crate) path_bytes: usize,
    /// Entries of trees that are looked at.
    pub(crate) visits: usize,
}

impl Default for TreeLimits {
    fn default() -> Self {
        Self { differences: 20_000, path_bytes: 4 << 20, visits: 1_000_000 }
    }
}

/// A difference with the step to it and its whole path.
#[derive(Debug, Clone)]
pub(crate) struct Located<D, S> {
    pub(crate) difference: D,
    pub(crate) step: S,
    pub(crate) path: String,
}

/// Bytes that becomes of a difference in a finding.
const FINDING: usize = 600;

/// Lists the differences of a tree. `is_compatible` asks for the incompatible ones alone: subtrees without any are skipped.
pub(crate) fn flatten<D: Clone, S: TreeStep + Clone>(
    tree: &Rc<Tree<D, S>>,
    is_compatible: Option<&dyn Fn(&D) -> bool>,
    limits: TreeLimits,
) -> Vec<Located<D, S>> {
    let mut located = Vec::new();
    let (mut bytes, mut visits) = (0, 0);
    let mut path = "#/".to_owned();
    // tree, next entry, length of its path, and the path around it where it starts anew
    let mut stack = vec![(tree, 0, path.len(), None)];
    while let Some((tree, next, length, around)) = stack.last_mut() {
        path.truncate(*length);
        let Some(entry) = tree.entries.get(*next) else {
            if let Some(around) = around.take() {
                path = around;
            }
            stack.pop();
            continue;
        };
        *next += 1;
        visits += 1;
        if located.len() >= limits.differences || bytes > limits.path_bytes || visits > limits.visits {
            break;
        }
        match entry {
            TreeEntry::Difference(step, difference) => {
                if is_compatible.is_none_or(|is_compatible| !is_compatible(difference)) {
                    let mut path = path.clone();
                    step.append_to(&mut path);
                    bytes += path.len();
                    // a finding has the path three times over, and some sentences; without memory for it there is no verdict
                    if meter::reserve(FINDING + 4 * path.len()).is_err() {
                        break;
                    }
                    located.push(Located { difference: difference.clone(), step: step.clone(), path });
                }
            }
            TreeEntry::Below(_, inner) | TreeEntry::FromRoot(_, inner) if is_compatible.is_some() && inner.compatible => {}
            TreeEntry::Below(step, inner) => {
                step.append_to(&mut path);
                stack.push((inner, 0, path.len(), None));
            }
            TreeEntry::FromRoot(name, inner) => {
                let around = std::mem::replace(&mut path, format!("#/{name}"));
                stack.push((inner, 0, path.len(), Some(around)));
            }
        }
    }
    located
}
