//! Compares two files, message by message, on a stack of its own: chains of referenced messages may be long.

use std::collections::HashMap;
use std::rc::Rc;

use super::message::{Item, Level, Pair, Side};
use super::report::{Entry, Leaf, Step, Tree};

/// Results that depend on what is being compared further up are not kept, so that each place lists what the original lists
/// there. After this many comparisons they are: the verdict stays the same, and the work bounded.
const EXACT: usize = 10_000;

/// The budget ran out.
#[derive(Debug)]
pub(super) struct Exhausted;

/// What a finished pair becomes in the tree of the pair above.
enum Hook {
    Root,
    Nested(Box<str>),
    Used(Box<str>, Leaf),
}

struct Frame<'a> {
    /// Old and new body, by address; none for the files and for pairs whose fields are skipped.
    key: Option<(usize, usize)>,
    items: std::vec::IntoIter<Item<'a>>,
    hook: Hook,
    entries: Vec<Entry>,
    compatible: bool,
    /// The lowest frame whose being compared was taken into account.
    depends_on: usize,
}

struct Walk<'a> {
    old: Side<'a>,
    new: Side<'a>,
    all: bool,
    budget: u64,
    /// Results by pair.
    known: HashMap<(usize, usize), Rc<Tree>>,
    /// The frame in which an old message is being compared.
    active: HashMap<usize, usize>,
    compared: usize,
}

/// Compares two files.
pub(super) fn compare<'a>(old: Side<'a>, new: Side<'a>, all: bool, budget: u64) -> Result<Rc<Tree>, Exhausted> {
    let mut walk = Walk { old, new, all, budget, known: HashMap::new(), active: HashMap::new(), compared: 0 };
    let mut level = walk.level();
    level.files();
    let root = walk.frame(level, Hook::Root, None)?;
    walk.run(root)
}

fn address<T>(value: &T) -> usize {
    std::ptr::from_ref(value).addr()
}

impl<'a> Walk<'a> {
    fn level(&self) -> Level<'a> {
        Level { old: self.old, new: self.new, all: self.all, items: Vec::new(), work: 1 }
    }

    fn frame(&mut self, level: Level<'a>, hook: Hook, key: Option<(usize, usize)>) -> Result<Frame<'a>, Exhausted> {
        self.budget = self.budget.checked_sub(level.work).ok_or(Exhausted)?;
        let items = level.items.into_iter();
        Ok(Frame { key, items, hook, entries: Vec::new(), compatible: true, depends_on: usize::MAX })
    }

    fn run(&mut self, root: Frame<'a>) -> Result<Rc<Tree>, Exhausted> {
        let mut stack = vec![root];
        loop {
            let depth = stack.len();
            let Some(top) = stack.last_mut() else { return Ok(Rc::default()) };
            match top.items.next() {
                Some(Item::Leaf(leaf)) => {
                    top.compatible &= leaf.kind.is_compatible();
                    top.entries.push(Entry::Leaf(leaf));
                }
                Some(Item::Nested { name, pair }) => {
                    if let Some(frame) = self.enter(top, pair, Hook::Nested(name), depth)? {
                        stack.push(frame);
                    }
                }
                Some(Item::Used { pair, then }) => {
                    let name = pair.old.local().replace('.', "/").into();
                    if let Some(frame) = self.enter(top, pair, Hook::Used(name, then), depth)? {
                        stack.push(frame);
                    }
                }
                None => {
                    let Some(done) = stack.pop() else { return Ok(Rc::default()) };
                    let index = stack.len();
                    let tree = Rc::new(Tree { entries: done.entries, compatible: done.compatible });
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
    fn enter(&mut self, top: &mut Frame<'a>, pair: Pair<'a>, hook: Hook, depth: usize) -> Result<Option<Frame<'a>>, Exhausted> {
        let (Some(old), Some(new)) = (pair.old.node.body(), pair.new.node.body()) else { return Ok(None) };
        let key = (address(old), address(new));
        self.budget = self.budget.checked_sub(1).ok_or(Exhausted)?;
        if let Some(tree) = self.known.get(&key) {
            attach(top, hook, Rc::clone(tree));
            return Ok(None);
        }
        self.compared += 1;
        let mut level = self.level();
        let Some(above) = self.active.get(&key.0).copied() else {
            self.active.insert(key.0, depth);
            level.messages(pair, true);
            return self.frame(level, hook, Some(key)).map(Some);
        };
        // The message is being compared further up: its fields are told there.
        level.messages(pair, false);
        let mut frame = self.frame(level, hook, None)?;
        frame.depends_on = above;
        Ok(Some(frame))
    }
}

fn attach(above: &mut Frame<'_>, hook: Hook, tree: Rc<Tree>) {
    above.compatible &= tree.compatible;
    let empty = tree.entries.is_empty();
    match hook {
        Hook::Root => {}
        Hook::Nested(name) => {
            if !empty {
                above.entries.push(Entry::Below(Step::Named(name), tree));
            }
        }
        Hook::Used(name, then) => {
            let incompatible = !tree.compatible;
            if !empty {
                above.entries.push(Entry::Elsewhere(name, tree));
            }
            if incompatible {
                above.entries.push(Entry::Leaf(then));
            }
        }
    }
}
