//! The branches of a large union by name, so that a walk need not try each of them.

use std::collections::HashMap;

use crate::schema::avro::model::{Model, NamedType, NodeId};

/// From this many branches on a union is searched by name instead of branch by branch. Verdicts are the same; Avro's Java
/// library would also report what it met on its way through the branches that don't fit.
pub(super) const LARGE_UNION: usize = 128;

pub(super) struct UnionIndex<'m> {
    unnamed: Vec<NodeId>,
    named: HashMap<&'m str, Vec<NodeId>>,
}

impl<'m> UnionIndex<'m> {
    pub(super) fn new(model: &'m Model, branches: &[NodeId]) -> Self {
        let mut unnamed = Vec::new();
        let mut by_name: HashMap<&'m str, Vec<NodeId>> = HashMap::new();
        for id in branches {
            match model.node(*id).named() {
                None => unnamed.push(*id),
                Some(named) => {
                    // by simple name: one that does not fit after all only costs a comparison
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

    /// The `at`-th branch that may read a writer's type.
    pub(super) fn branch(&self, writer: Option<&NamedType>, at: usize) -> Option<NodeId> {
        let tried = match writer {
            None => &self.unnamed,
            Some(named) => self.named.get(&*named.name.simple)?,
        };
        tried.get(at).copied()
    }
}
