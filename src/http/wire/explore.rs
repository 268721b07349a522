//! Answers of `/accordant/v1/search`, `statistics`, `outline`, `references` and `history`.

use serde::Serialize;
use serde_with::skip_serializing_none;

use super::compatibility::LinePosition;
use crate::access::Rights;
use crate::registry::{self, DiffSide};
use crate::schema;
use crate::store::{self, AuditPage, ReadEntry};
use crate::types::{Guid, SchemaId, SchemaType, Subject, Version, timestamp};

#[skip_serializing_none]
#[derive(Debug, Serialize)]
pub(in crate::http) struct FoundPage {
    results: Vec<FoundSubject>,
    /// The offset of the next page.
    next: Option<usize>,
    /// The place where it begins, without words.
    after: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct FoundSubject {
    subject: String,
    version: Version,
    id: SchemaId,
    guid: Guid,
    schema_type: SchemaType,
    deleted: bool,
    registered_at: String,
    matched: &'static str,
    matching_versions: usize,
    matches: Vec<Match>,
}

#[skip_serializing_none]
#[derive(Debug, Serialize)]
struct Match {
    kind: &'static str,
    path: String,
    name: String,
    #[serde(rename = "type", skip_serializing_if = "String::is_empty")]
    ty: String,
    #[serde(flatten)]
    position: Option<LinePosition>,
}

impl FoundPage {
    pub(in crate::http) fn new(page: &registry::FoundPage, next: Option<usize>) -> Self {
        let found = |found: &registry::FoundSubject| FoundSubject {
            subject: found.hit.subject.qualified(),
            version: found.hit.version,
            id: found.hit.id,
            guid: found.hit.guid,
            schema_type: found.hit.schema_type,
            deleted: found.hit.deleted,
            registered_at: timestamp(found.hit.created_at),
            matched: found.by.word(),
            matching_versions: found.versions,
            matches: found.declarations.iter().map(Match::from).collect(),
        };
        Self {
            results: page.results.iter().map(found).collect(),
            next,
            after: page.after.as_ref().map(registry::BrowseAfter::token),
        }
    }
}

impl From<&registry::FoundDeclaration> for Match {
    fn from(own: &registry::FoundDeclaration) -> Self {
        let position = own.position.map(LinePosition::from);
        Self { kind: own.kind, path: own.path.clone(), name: own.name.clone(), ty: own.ty.clone(), position }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct Statistics {
    at: String,
    subjects: i64,
    live_subjects: i64,
    versions: i64,
    live_versions: i64,
    schemas: Vec<SchemaCount>,
    largest: Vec<SizedSchema>,
    most_referenced: Vec<SubjectCount>,
    most_versions: Vec<SubjectCount>,
    registered_by_day: Vec<DayCount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    never_read: Option<NeverRead>,
}

#[derive(Debug, Serialize)]
struct NeverRead {
    since: String,
    subjects: i64,
    oldest: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SchemaCount {
    context: String,
    schema_type: SchemaType,
    schemas: i64,
    bytes: i64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SizedSchema {
    context: String,
    id: SchemaId,
    schema_type: SchemaType,
    bytes: i64,
}

#[derive(Debug, Serialize)]
struct SubjectCount {
    subject: String,
    count: i64,
}

#[derive(Debug, Serialize)]
struct DayCount {
    day: String,
    count: i64,
}

impl Statistics {
    /// Names are those of what may be read.
    pub(in crate::http) fn new(at: i64, statistics: &store::Statistics, rights: &Rights) -> Self {
        let subjects = |counts: &[store::SubjectCount]| {
            let readable = counts.iter().filter(|own| rights.reads(&own.subject));
            readable.map(|own| SubjectCount { subject: own.subject.qualified(), count: own.count }).collect()
        };
        let schemas = statistics.schemas.iter().filter(|own| rights.sees_context(&own.context));
        let largest = statistics.largest.iter().filter(|own| rights.sees_context(&own.context));
        Self {
            at: timestamp(at),
            subjects: statistics.subjects,
            live_subjects: statistics.live_subjects,
            versions: statistics.versions,
            live_versions: statistics.live_versions,
            schemas: schemas
                .map(|own| SchemaCount {
                    context: own.context.clone(),
                    schema_type: own.schema_type,
                    schemas: own.schemas,
                    bytes: own.bytes,
                })
                .collect(),
            largest: largest
                .map(|own| SizedSchema {
                    context: own.context.clone(),
                    id: own.id,
                    schema_type: own.schema_type,
                    bytes: own.bytes,
                })
                .collect(),
            most_referenced: subjects(&statistics.most_referenced),
            most_versions: subjects(&statistics.most_versions),
            registered_by_day: statistics
                .by_day
                .iter()
                .map(|(day, count)| DayCount { day: timestamp(day * 86_400_000).chars().take(10).collect(), count: *count })
                .collect(),
            never_read: statistics.never_read.as_ref().map(|own| NeverRead {
                since: timestamp(own.since),
                subjects: own.subjects,
                oldest: own.oldest.iter().filter(|own| rights.reads(own)).map(Subject::qualified).collect(),
            }),
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct Outline {
    subject: String,
    version: Version,
    id: SchemaId,
    schema_type: SchemaType,
    declarations: Vec<Declaration>,
    is_whole: bool,
}

#[skip_serializing_none]
#[derive(Debug, Serialize)]
struct Declaration {
    kind: &'static str,
    /// The place in the list of the declaration around it.
    parent: Option<usize>,
    path: String,
    name: String,
    #[serde(rename = "type", skip_serializing_if = "String::is_empty")]
    ty: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    facts: Vec<Fact>,
    #[serde(flatten)]
    position: Option<LinePosition>,
}

#[derive(Debug, Serialize)]
struct Fact {
    name: String,
    value: String,
}

impl Outline {
    pub(in crate::http) fn new(side: &DiffSide, outline: &schema::Outline) -> Self {
        let (subject, version, id) =
            side.version.as_ref().map_or_else(Default::default, |(subject, version, id)| (subject.qualified(), *version, *id));
        let declaration = |(own, position): (&schema::Declaration, Option<schema::Position>)| Declaration {
            kind: own.kind.word(),
            parent: own.parent,
            path: own.path.clone(),
            name: own.name.clone(),
            ty: own.ty.clone(),
            facts: own.facts.iter().map(|(name, value)| Fact { name: name.clone(), value: value.clone() }).collect(),
            position: position.map(LinePosition::from),
        };
        Self {
            subject,
            version,
            id,
            schema_type: side.content.schema_type,
            declarations: outline.declarations.iter().zip(side.positions(outline)).map(declaration).collect(),
            is_whole: outline.is_whole,
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct ReferenceGraph {
    nodes: Vec<ReferenceNode>,
    edges: Vec<ReferenceEdge>,
    is_whole: bool,
}

#[skip_serializing_none]
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ReferenceNode {
    subject: String,
    version: Version,
    schema_type: Option<SchemaType>,
    deleted: bool,
    distance: i32,
}

#[derive(Debug, Serialize)]
struct ReferenceEdge {
    from: usize,
    to: usize,
    name: String,
}

impl From<&registry::ReferenceGraph> for ReferenceGraph {
    fn from(graph: &registry::ReferenceGraph) -> Self {
        let node = |node: &registry::ReferenceNode| ReferenceNode {
            subject: node.subject.qualified(),
            version: node.version,
            schema_type: node.schema_type,
            deleted: node.deleted,
            distance: node.distance,
        };
        let edge = |edge: &registry::ReferenceEdge| ReferenceEdge { from: edge.from, to: edge.to, name: edge.name.clone() };
        let (nodes, edges) = (graph.nodes.iter().map(node).collect(), graph.edges.iter().map(edge).collect());
        Self { nodes, edges, is_whole: graph.is_whole }
    }
}

#[skip_serializing_none]
#[derive(Debug, Serialize)]
pub(in crate::http) struct History {
    entries: Vec<HistoryEntry>,
    next: Option<i64>,
}

#[skip_serializing_none]
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct HistoryEntry {
    position: i64,
    at: String,
    operation: String,
    actor: Option<String>,
    reason: Option<String>,
    version: Option<i64>,
    id: Option<i64>,
    guid_before: Option<Guid>,
    guid_after: Option<Guid>,
}

impl History {
    pub(in crate::http) fn new(page: &AuditPage, names_actors: bool) -> Self {
        let entry = |read: &ReadEntry| match read {
            ReadEntry::Entry(entry) => Some(HistoryEntry {
                position: entry.position,
                at: timestamp(entry.at),
                operation: entry.operation.clone(),
                actor: names_actors.then(|| entry.actor.clone()),
                reason: entry.reason.clone(),
                version: entry.version,
                id: entry.schema_id,
                guid_before: entry.guid_before,
                guid_after: entry.guid_after,
            }),
            ReadEntry::Unreadable { .. } => None,
        };
        Self { entries: page.entries.iter().filter_map(entry).collect(), next: page.next }
    }
}
