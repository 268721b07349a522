//! Compares two files, message by message. The stack is explicit: chains of referenced messages may be long.

use std::collections::HashMap;
use std::rc::Rc;

use super::difference::{DifferenceTree, ElementDifference, PathStep};
use super::rules::{ComparedFile, LevelComparison, LevelItem, TypePair};
use crate::schema::difference_tree::TreeEntry;
use crate::schema::meter::{self, Exhausted};

/// Results that depend on what is being compared further up are not reused, so that each place lists what Confluent lists there.
/// After this many comparisons they are, which bounds the work: the verdict is the same, the list may be shorter.
const EXACT: usize = 10_000;

/// What a finished pair becomes in the tree of the pair above.
enum Hook {
    Root,
    Nested(Box<str>),
    Used(Box<str>, PathStep, ElementDifference),
}

struct Frame<'a> {
    /// Old and new body, by address; none for the files and for pairs whose fields are skipped.
    key: Option<(usize, usize)>,
    items: std::vec::IntoIter<LevelItem<'a>>,
    hook: Hook,
    tree: DifferenceTree,
    /// The lowest frame that the result depends on, because its message is still being compared.
    depends_on: usize,
}

struct Comparison<'a> {
    old: ComparedFile<'a>,
    new: ComparedFile<'a>,
    all: bool,
    /// Results by pair.
    known: HashMap<(usize, usize), Rc<DifferenceTree>>,
    /// The frame in which an old message is being compared.
    active: HashMap<usize, usize>,
    compared: usize,
}

pub(super) fn compare<'a>(old: ComparedFile<'a>, new: ComparedFile<'a>, all: bool) -> Result<Rc<DifferenceTree>, Exhausted> {
    let mut comparison = Comparison { old, new, all, known: HashMap::new(), active: HashMap::new(), compared: 0 };
    let mut level = comparison.level();
    level.compare_files();
    let root = Comparison::frame(level, Hook::Root, None)?;
    comparison.run(root)
}

fn address<T>(value: &T) -> usize {
    std::ptr::from_ref(value).addr()
}

impl<'a> Comparison<'a> {
    fn level(&self) -> LevelComparison<'a> {
        LevelComparison { old: self.old, new: self.new, all: self.all, items: Vec::new(), work: 1 }
    }

    fn frame(level: LevelComparison<'a>, hook: Hook, key: Option<(usize, usize)>) -> Result<Frame<'a>, Exhausted> {
        meter::charge(level.work)?;
        let items = level.items.into_iter();
        Ok(Frame { key, items, hook, tree: DifferenceTree::default(), depends_on: usize::MAX })
    }

    fn run(&mut self, root: Frame<'a>) -> Result<Rc<DifferenceTree>, Exhausted> {
        let mut stack = vec![root];
        loop {
            let depth = stack.len();
            let Some(top) = stack.last_mut() else { return Ok(Rc::default()) };
            match top.items.next() {
                Some(LevelItem::Difference(step, difference)) => add(top, step, difference),
                Some(LevelItem::Nested { name, pair }) => {
                    if let Some(frame) = self.enter(top, pair, Hook::Nested(name), depth)? {
                        stack.push(frame);
                    }
                }
                Some(LevelItem::Used { pair, step, otherwise }) => {
                    let name = pair.old.local().replace('.', "/").into();
                    if let Some(frame) = self.enter(top, pair, Hook::Used(name, step, otherwise), depth)? {
                        stack.push(frame);
                    }
                }
                None => {
                    let Some(done) = stack.pop() else { return Ok(Rc::default()) };
                    let index = stack.len();
                    let tree = Rc::new(done.tree);
                    if let Some(key) = done.key {
                        self.active.remove(&key.0);
                        if done.depends_on >= index || self.compared > EXACT {
                            self.known.insert(key, Rc::clone(&tree));
                        }
                    }
                    let Some(above) = stack.last_mut() else { return Ok(tree) };
                    if done.depends_on < index {
                        above.depends_on = above.depends_on.min(done.depends_on);
                    }
                    attach(above, done.hook, tree);
                }
            }
        }
    }

    /// A frame for a pair, unless its result is known.
    fn enter(
        &mut self,
        top: &mut Frame<'a>,
        pair: TypePair<'a>,
        hook: Hook,
        depth: usize,
    ) -> Result<Option<Frame<'a>>, Exhausted> {
        let (Some(old), Some(new)) = (pair.old.node.body(), pair.new.node.body()) else { return Ok(None) };
        let key = (address(old), address(new));
        meter::charge(1)?;
        if let Some(tree) = self.known.get(&key) {
            attach(top, hook, Rc::clone(tree));
            return Ok(None);
        }
        self.compared += 1;
        let mut level = self.level();
        let Some(above) = self.active.get(&key.0).copied() else {
            self.active.insert(key.0, depth);
            level.compare_messages(pair, true);
            return Self::frame(level, hook, Some(key)).map(Some);
        };
        // The message is being compared further up, which reports its fields.
        level.compare_messages(pair, false);
        let mut frame = Self::frame(level, hook, None)?;
        frame.depends_on = above;
        Ok(Some(frame))
    }
}

fn add(frame: &mut Frame<'_>, step: PathStep, difference: ElementDifference) {
    frame.tree.compatible &= difference.kind.is_compatible();
    frame.tree.entries.push(TreeEntry::Difference(step, difference));
}

fn attach(above: &mut Frame<'_>, hook: Hook, tree: Rc<DifferenceTree>) {
    above.tree.compatible &= tree.compatible;
    let (is_empty, is_compatible) = (tree.entries.is_empty(), tree.compatible);
    match hook {
        Hook::Nested(name) if !is_empty => above.tree.entries.push(TreeEntry::Below(PathStep::Named(name), tree)),
        Hook::Used(name, step, otherwise) => {
            if !is_empty {
                above.tree.entries.push(TreeEntry::FromRoot(name, tree));
            }
            if !is_compatible {
                add(above, step, otherwise);
            }
        }
        Hook::Root | Hook::Nested(_) => {}
    }
}
