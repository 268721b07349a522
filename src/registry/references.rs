//! What refers to what: the references of a version and those to it, as a graph.

use std::collections::{HashMap, HashSet, VecDeque};

use super::Registry;
use super::error::RegistryError;
use crate::access::Rights;
use crate::types::{SchemaType, Subject, Version, VersionSelector};

/// Versions of a graph, at most.
const MAX_NODES: usize = 500;
/// References of a graph, and referring schemas that are looked at for it, at most.
const MAX_EDGES: usize = 5_000;
const MAX_LOOKED_AT: usize = 2_000;
/// Subjects of one referring schema that are shown.
const MAX_HOLDERS: usize = 20;

/// A version in the graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferenceNode {
    pub subject: Subject,
    pub version: Version,
    /// Absent where the version is gone.
    pub schema_type: Option<SchemaType>,
    pub deleted: bool,
    /// How many steps it is away: below 0 what is referred to, above 0 what refers.
    pub distance: i32,
}

/// That one version refers to another, by their places in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferenceEdge {
    pub from: usize,
    pub to: usize,
    pub name: String,
}

/// The version asked about comes first.
#[derive(Debug, Clone, Default)]
pub struct ReferenceGraph {
    pub nodes: Vec<ReferenceNode>,
    pub edges: Vec<ReferenceEdge>,
    /// False when there is more than is shown.
    pub is_whole: bool,
}

/// A graph on its way.
struct GraphSearch<'r> {
    graph: ReferenceGraph,
    places: HashMap<(Subject, Version), usize>,
    edges: HashSet<(usize, usize, String)>,
    rights: &'r Rights,
    looked_at: usize,
}

impl GraphSearch<'_> {
    /// The place of a version, and whether it is new; none where there is no room left, or it may not be read.
    fn place(&mut self, subject: &Subject, version: Version, distance: i32) -> Option<(usize, bool)> {
        if let Some(at) = self.places.get(&(subject.clone(), version)) {
            return Some((*at, false));
        }
        if !self.rights.reads(subject) {
            return None;
        }
        let at = self.graph.nodes.len();
        if at >= MAX_NODES {
            self.graph.is_whole = false;
            return None;
        }
        self.places.insert((subject.clone(), version), at);
        self.graph.nodes.push(ReferenceNode { subject: subject.clone(), version, schema_type: None, deleted: true, distance });
        Some((at, true))
    }

    /// Whether one more referring schema is looked at. Those that may not be read cost as much as the others.
    fn looks_on(&mut self) -> bool {
        let has_room = self.graph.nodes.len() < MAX_NODES && self.looked_at < MAX_LOOKED_AT;
        self.looked_at += usize::from(has_room);
        self.graph.is_whole &= has_room;
        has_room
    }

    fn join(&mut self, from: usize, to: usize, name: &str) {
        if self.edges.len() >= MAX_EDGES {
            self.graph.is_whole = false;
            return;
        }
        if self.edges.insert((from, to, name.to_owned())) {
            self.graph.edges.push(ReferenceEdge { from, to, name: name.to_owned() });
        }
    }
}

impl Registry {
    /// What a version refers to and what refers to it, so many steps in both directions. What may not be read is left out.
    ///
    /// # Errors
    /// The version is unknown.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn reference_graph(
        &self,
        subject: &Subject,
        selector: VersionSelector,
        depth: i32,
        rights: &Rights,
    ) -> Result<ReferenceGraph, RegistryError> {
        let (subject, row) = self.version_row(subject, selector, true, rights).await?;
        let graph = ReferenceGraph { is_whole: true, ..ReferenceGraph::default() };
        let mut search = GraphSearch { graph, places: HashMap::new(), edges: HashSet::new(), rights, looked_at: 0 };
        let Some((root, _)) = search.place(&subject, row.version, 0) else { return Ok(search.graph) };
        for direction in [-1, 1] {
            let mut todo = VecDeque::from([root]);
            while let Some(at) = todo.pop_front() {
                let Some(node) = search.graph.nodes.get(at).cloned() else { continue };
                let found = if direction < 0 || at == root { self.outward(&node).await? } else { None };
                if let Some((schema_type, deleted, references)) = found {
                    if let Some(node) = search.graph.nodes.get_mut(at) {
                        (node.schema_type, node.deleted) = (Some(schema_type), deleted);
                    }
                    if direction < 0 && node.distance > -depth {
                        for (name, target, version) in references {
                            let Some((to, is_new)) = search.place(&target, version, node.distance - 1) else { continue };
                            search.join(at, to, &name);
                            todo.extend(is_new.then_some(to));
                        }
                    }
                }
                if direction > 0 && node.distance < depth {
                    let referrers = self.store.referrers(&node.subject, node.version, true).await?;
                    for (context, id) in referrers {
                        if !search.looks_on() {
                            break;
                        }
                        let mut holders = self.store.holders(&context, id).await?;
                        if holders.len() > MAX_HOLDERS {
                            holders.truncate(MAX_HOLDERS);
                            search.graph.is_whole = false;
                        }
                        let Some(schema) = self.schema_by_id(&context, id).await? else { continue };
                        let content = &schema.stored.content;
                        let names = content.references.iter().filter(|reference| {
                            reference.version == node.version && Subject::parse_in(&context, &reference.subject) == node.subject
                        });
                        let names: Vec<&str> = names.map(|reference| reference.name.as_str()).collect();
                        for holder in holders {
                            let Some((from, is_new)) = search.place(&holder.subject, holder.version, node.distance + 1) else {
                                continue;
                            };
                            if let Some(node) = search.graph.nodes.get_mut(from) {
                                (node.schema_type, node.deleted) = (Some(content.schema_type), holder.deleted);
                            }
                            for name in &names {
                                search.join(from, at, name);
                            }
                            todo.extend(is_new.then_some(from));
                        }
                    }
                }
            }
        }
        Ok(search.graph)
    }

    /// What a version is, and what it refers to; none where it is gone.
    async fn outward(&self, node: &ReferenceNode) -> Result<Option<Outward>, RegistryError> {
        let selector = VersionSelector::Number(node.version);
        let Some(row) = self.store.version(&node.subject, selector, true).await? else { return Ok(None) };
        let context = node.subject.context();
        let Some(schema) = self.schema_by_id(context, row.id).await? else { return Ok(None) };
        let content = &schema.stored.content;
        let references = content.references.iter();
        let references = references.map(|own| (own.name.clone(), Subject::parse_in(context, &own.subject), own.version));
        Ok(Some((content.schema_type, row.deleted, references.collect())))
    }
}

/// Type, deletion mark, and references with what they stand for.
type Outward = (SchemaType, bool, Vec<(String, Subject, Version)>);
