//! Which types may read which at first sight.

use std::collections::HashMap;

use super::model::{Model, Named, NodeId, Primitive};

/// From this many branches on a union is searched by name instead of branch by branch. Verdicts are the same; the paths of
/// errors that a fruitless try would have left behind are not.
pub(super) const LARGE_UNION: usize = 128;

/// The branches of a large union by what they may read.
pub(super) struct Branches<'m> {
    unnamed: Vec<NodeId>,
    named: HashMap<&'m str, Vec<NodeId>>,
}

impl<'m> Branches<'m> {
    /// Sorts the branches.
    pub(super) fn new(model: &'m Model, branches: &[NodeId]) -> Self {
        let mut unnamed = Vec::new();
        let mut by_name: HashMap<&'m str, Vec<NodeId>> = HashMap::new();
        for id in branches {
            match model.node(*id).named() {
                None => unnamed.push(*id),
                Some(named) => {
                    // by simple name: a false candidate only costs a comparison
                    for name in std::iter::once(&named.name).chain(&named.aliases) {
                        let ids = by_name.entry(&*name.simple).or_default();
                        if ids.last() != Some(id) {
                            ids.push(*id);
                        }
                    }
                }
            }
        }
        Self { unnamed, named: by_name }
    }

    /// The branch to try in `at`-th place.
    pub(super) fn candidate(&self, writer: Option<&Named>, at: usize) -> Option<NodeId> {
        let tried = match writer {
            None => &self.unnamed,
            Some(named) => self.named.get(&*named.name.simple)?,
        };
        tried.get(at).copied()
    }
}

/// Whether a primitive reads another (Avro spec, "Schema Resolution").
pub(super) fn promotes(reader: Primitive, writer: Primitive) -> bool {
    use Primitive::{Bytes, Double, Float, Int, Long, String};
    reader == writer
        || matches!(
            (reader, writer),
            (Long | Float | Double, Int) | (Float | Double, Long) | (Double, Float) | (Bytes, String) | (String, Bytes)
        )
}
