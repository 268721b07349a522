//! How deep a recursive walk over a schema can get, found out without recursion.
//!
//! The `jsonschema` crate recurses and can't be stopped: while compiling along every keyword and reference, while validating along
//! the in-place applicators. So the depth must be known before it starts.

use std::collections::HashMap;

/// A schema: its document and where it begins there.
pub(super) type SchemaLocation = (u32, u32);

/// Which schemas a schema applies.
#[derive(Debug, Default)]
pub(super) struct ApplicatorGraph {
    ids: HashMap<SchemaLocation, usize>,
    edges: Vec<Vec<Applicator>>,
}

#[derive(Debug, Clone, Copy)]
struct Applicator {
    to: usize,
    /// An in-place applicator: the inner schema is applied to the same value, not to a part of it.
    in_place: bool,
}

/// Whether a keyword applies schemas in place; `None` for keywords that apply none.
pub(super) fn applies_in_place(keyword: &str) -> Option<bool> {
    match keyword {
        "$ref" | "$dynamicRef" | "$recursiveRef" | "allOf" | "anyOf" | "oneOf" | "not" | "if" | "then" | "else"
        | "dependentSchemas" | "dependencies" | "propertyNames" => Some(true),
        "properties"
        | "patternProperties"
        | "additionalProperties"
        | "items"
        | "prefixItems"
        | "additionalItems"
        | "contains"
        | "unevaluatedProperties"
        | "unevaluatedItems" => Some(false),
        _ => None,
    }
}

impl ApplicatorGraph {
    fn id(&mut self, schema: SchemaLocation) -> usize {
        let next = self.edges.len();
        let id = *self.ids.entry(schema).or_insert(next);
        if id == next {
            self.edges.push(Vec::new());
        }
        id
    }

    /// Notes that one schema applies another.
    pub(super) fn add(&mut self, from: SchemaLocation, to: SchemaLocation, in_place: bool) {
        let (from, to) = (self.id(from), self.id(to));
        if let Some(edges) = self.edges.get_mut(from) {
            edges.push(Applicator { to, in_place });
        }
    }

    fn edge(&self, from: usize, at: usize) -> Option<Applicator> {
        self.edges.get(from).and_then(|edges| edges.get(at)).copied()
    }

    /// The depth of a walk from a schema along everything it applies, each schema entered once.
    pub(super) fn deepest_from(&self, from: SchemaLocation) -> usize {
        let Some(start) = self.ids.get(&from) else { return 1 };
        let mut seen: Vec<bool> = (0..self.edges.len()).map(|node| node == *start).collect();
        let mut stack = vec![(*start, 0)];
        let mut deepest = 1;
        while let Some((node, at)) = stack.last_mut() {
            let edge = self.edge(*node, *at);
            *at += 1;
            let Some(edge) = edge else {
                stack.pop();
                continue;
            };
            if let Some(slot) = seen.get_mut(edge.to).filter(|slot| !**slot) {
                *slot = true;
                stack.push((edge.to, 0));
                deepest = deepest.max(stack.len());
            }
        }
        deepest
    }

    /// The longest chain of schemas that apply each other in place. If there is a loop of such, the number of all schemas.
    pub(super) fn longest_in_place_chain(&self) -> usize {
        const UNDER_WAY: usize = usize::MAX;
        let mut lengths = vec![0; self.edges.len()];
        for start in 0..self.edges.len() {
            if lengths.get(start) != Some(&0) {
                continue;
            }
            let mut stack = vec![(start, 0, 0)];
            while let Some((node, at, below)) = stack.last_mut() {
                if let Some(slot) = lengths.get_mut(*node) {
                    *slot = UNDER_WAY;
                }
                let Some(edge) = self.edge(*node, *at) else {
                    let (node, length) = (*node, *below + 1);
                    stack.pop();
                    if let Some(slot) = lengths.get_mut(node) {
                        *slot = length;
                    }
                    continue;
                };
                if !edge.in_place {
                    *at += 1;
                    continue;
                }
                match lengths.get(edge.to).copied() {
                    Some(UNDER_WAY) => return self.edges.len(),
                    Some(0) => stack.push((edge.to, 0, 0)),
                    length => {
                        *below = (*below).max(length.unwrap_or(0));
                        *at += 1;
                    }
                }
            }
        }
        lengths.into_iter().max().unwrap_or(1)
    }
}

#[cfg(test)]
mod tests {
    use super::ApplicatorGraph;

    #[test]
    fn depths_of_chains_trees_and_loops() {
        let mut graph = ApplicatorGraph::default();
        for at in 0..9 {
            graph.add((0, at), (0, at + 1), at != 4);
        }
        graph.add((0, 0), (0, 8), true);
        assert_eq!(graph.deepest_from((0, 0)), 10);
        assert_eq!(graph.longest_in_place_chain(), 5);
        graph.add((0, 9), (0, 0), false);
        assert_eq!(graph.longest_in_place_chain(), 5);
        assert_eq!(graph.deepest_from((0, 0)), 10);
        graph.add((0, 9), (0, 8), true);
        assert_eq!(graph.longest_in_place_chain(), 10);
        assert_eq!(ApplicatorGraph::default().deepest_from((0, 0)), 1);
    }
}
