//! The names of one object, to detect duplicates.

use std::borrow::Borrow;
use std::collections::HashSet;
use std::hash::Hash;

/// Up to this many names are compared one by one, which is quicker than hashing.
const FEW: usize = 16;

/// A set of names that is quick for a few and not slow for many.
#[derive(Debug)]
pub(crate) struct NameSet<T> {
    few: Vec<T>,
    many: HashSet<T>,
}

impl<T> Default for NameSet<T> {
    fn default() -> Self {
        Self { few: Vec::new(), many: HashSet::new() }
    }
}

impl<T: Borrow<str> + Eq + Hash> NameSet<T> {
    pub(crate) fn contains(&self, name: &str) -> bool {
        self.few.iter().any(|known| known.borrow() == name) || (!self.many.is_empty() && self.many.contains(name))
    }

    /// Adds a name; false when it was there.
    pub(crate) fn insert(&mut self, name: T) -> bool {
        if self.contains(name.borrow()) {
            return false;
        }
        if self.few.len() < FEW {
            self.few.push(name);
        } else {
            self.many.insert(name);
        }
        true
    }

    pub(crate) fn len(&self) -> usize {
        self.few.len() + self.many.len()
    }
}
