//! Schemas in the making, and how they are joined.

use std::cell::Cell;
use std::mem::discriminant;
use std::rc::Rc;

use super::Knot;
use crate::schema::json::Value;
use crate::schema::json_schema::model::{
    Additional, Annotations, ArrayKeywords, Combined, Criterion, NodeId, NodeKind, NumberKeywords, ObjectKeywords, StringKeywords,
};
use crate::schema::json_schema::parse::digest;

/// What the keywords of a schema say together, as far as they were read.
#[derive(Debug, Clone)]
pub(super) struct Draft<'d> {
    pub(super) shape: DraftShape<'d>,
    pub(super) annotations: Option<Box<Annotations>>,
    pub(super) is_bytes: bool,
    pub(super) document: u32,
    pub(super) offset: u32,
    /// The keywords that it is made of, with digests of their values: what equal drafts share.
    keywords: Vec<(&'d str, u128)>,
}

#[derive(Debug, Clone)]
pub(super) enum DraftShape<'d> {
    Plain(NodeKind),
    /// `generated`: by keywords beside each other, or by a list of types.
    Combined {
        criterion: Criterion,
        generated: bool,
        members: Vec<Rc<CombinationMember<'d>>>,
    },
    /// The node of the reference, and where it leads.
    Reference(NodeId, Knot),
}

/// A member of a combination. Combinations that were made of each other share their members.
#[derive(Debug)]
pub(super) struct CombinationMember<'d> {
    draft: Draft<'d>,
    node: Cell<Option<NodeId>>,
}

impl<'d> CombinationMember<'d> {
    fn new(draft: Draft<'d>) -> Rc<Self> {
        Rc::new(Self { draft, node: Cell::new(None) })
    }

    pub(super) fn draft(&self) -> &Draft<'d> {
        &self.draft
    }

    pub(super) fn node(&self) -> Option<NodeId> {
        self.node.get()
    }

    pub(super) fn set_node(&self, node: NodeId) {
        self.node.set(Some(node));
    }
}

impl<'d> Draft<'d> {
    pub(super) fn of(shape: DraftShape<'d>, value: &Value, document: u32) -> Self {
        Self { shape, annotations: None, is_bytes: false, document, offset: value.offset, keywords: Vec::new() }
    }

    pub(super) fn empty(document: u32, offset: u32) -> Self {
        Self {
            shape: DraftShape::Plain(NodeKind::Empty),
            annotations: None,
            is_bytes: false,
            document,
            offset,
            keywords: Vec::new(),
        }
    }

    /// What a schema without keywords is before any is joined.
    pub(super) fn generated(value: &Value, document: u32) -> Self {
        Self::of(DraftShape::Combined { criterion: Criterion::AllOf, generated: true, members: Vec::new() }, value, document)
    }

    /// A combination as it is written. Members that are combinations that nobody wrote are taken apart.
    pub(super) fn written(criterion: Criterion, members: Vec<Self>, value: &Value, document: u32) -> Self {
        let members = members.into_iter().flat_map(Self::taken_apart).collect();
        Self::of(DraftShape::Combined { criterion, generated: false, members }, value, document)
    }

    /// A list of types.
    pub(super) fn types(members: Vec<Self>, value: &Value, document: u32) -> Self {
        let members = members.into_iter().map(CombinationMember::new).collect();
        Self::of(DraftShape::Combined { criterion: Criterion::AnyOf, generated: true, members }, value, document)
    }

    pub(super) fn combination(criterion: Criterion, digested: Vec<(NodeId, u128)>) -> NodeKind {
        NodeKind::Combined(Box::new(Combined::new(criterion, digested)))
    }

    pub(super) fn note(&mut self, key: &'d str, digest: u128) {
        self.keywords.push((key, digest));
    }

    pub(super) fn digest(&self) -> u128 {
        let mut keywords = self.keywords.clone();
        keywords.sort_unstable();
        digest::of_keywords(&keywords)
    }

    /// Entries of its lists: what a copy of it costs.
    pub(super) fn entries(&self) -> usize {
        match &self.shape {
            DraftShape::Plain(NodeKind::Object(object)) => {
                let ObjectKeywords { properties, required, array_dependencies, schema_dependencies, patterns, .. } = &**object;
                2 * properties.len() + required.len() + array_dependencies.len() + schema_dependencies.len() + patterns.len()
            }
            DraftShape::Plain(NodeKind::Array(array)) => array.tuple.len(),
            DraftShape::Plain(NodeKind::Enum(values)) => values.len(),
            DraftShape::Combined { members, .. } => members.len(),
            DraftShape::Plain(_) | DraftShape::Reference(..) => 0,
        }
    }

    /// The members of a combination of all that nobody wrote.
    pub(super) fn generated_all(&self) -> Option<&[Rc<CombinationMember<'d>>]> {
        match &self.shape {
            DraftShape::Combined { criterion: Criterion::AllOf, generated: true, members } => Some(members),
            _ => None,
        }
    }

    fn taken_apart(self) -> Vec<Rc<CombinationMember<'d>>> {
        match self.generated_all() {
            Some(members) => members.to_vec(),
            None => vec![CombinationMember::new(self)],
        }
    }

    /// Whether both are about arrays, or objects, or numbers, or strings.
    fn is_like(&self, other: &Self) -> bool {
        let mergeable = |kind: &NodeKind| {
            matches!(kind, NodeKind::Array(_) | NodeKind::Object(_) | NodeKind::Number(_) | NodeKind::String(_))
        };
        match (&self.shape, &other.shape) {
            (DraftShape::Plain(one), DraftShape::Plain(other)) => mergeable(one) && discriminant(one) == discriminant(other),
            _ => false,
        }
    }

    /// The members of a list of types, one of which this is about.
    fn types_with(&self, other: &Self) -> Option<Vec<Rc<CombinationMember<'d>>>> {
        match &self.shape {
            DraftShape::Combined { criterion: Criterion::AnyOf, generated: true, members } => {
                members.iter().any(|member| member.draft.is_like(other)).then(|| members.clone())
            }
            _ => None,
        }
    }

    /// What two keywords say together: one node if both are about the same type, the keyword's type out of a list of types, else a
    /// combination.
    pub(super) fn join(mut self, other: Self) -> Self {
        let place = (self.document, self.offset);
        let mut keywords = std::mem::take(&mut self.keywords);
        keywords.extend_from_slice(&other.keywords);
        let shape = if self.is_like(&other) {
            merged(self.shape, other.shape)
        } else if let Some(types) = self.types_with(&other) {
            DraftShape::Combined {
                criterion: Criterion::AnyOf,
                generated: true,
                members: gathered(types, vec![CombinationMember::new(other)]),
            }
        } else if let Some(types) = other.types_with(&self) {
            DraftShape::Combined {
                criterion: Criterion::AnyOf,
                generated: true,
                members: gathered(types, vec![CombinationMember::new(self)]),
            }
        } else {
            let members = gathered(gathered(Vec::new(), self.taken_apart()), other.taken_apart());
            DraftShape::Combined { criterion: Criterion::AllOf, generated: true, members }
        };
        Self { shape, annotations: None, is_bytes: false, document: place.0, offset: place.1, keywords }
    }
}

/// Members with others added, each to the first one about the same type.
fn gathered<'d>(
    mut members: Vec<Rc<CombinationMember<'d>>>,
    added: Vec<Rc<CombinationMember<'d>>>,
) -> Vec<Rc<CombinationMember<'d>>> {
    for part in added {
        match members.iter_mut().find(|member| member.draft.is_like(&part.draft)) {
            Some(member) => *member = CombinationMember::new(member.draft.clone().join(part.draft.clone())),
            None => members.push(part),
        }
    }
    members
}

fn merged<'d>(one: DraftShape<'d>, other: DraftShape<'d>) -> DraftShape<'d> {
    match (one, other) {
        (DraftShape::Plain(NodeKind::String(one)), DraftShape::Plain(NodeKind::String(other))) => {
            let StringKeywords { max_length, min_length, pattern } = *other;
            DraftShape::Plain(NodeKind::String(Box::new(StringKeywords {
                max_length: max_length.or(one.max_length),
                min_length: min_length.or(one.min_length),
                pattern: pattern.or(one.pattern),
            })))
        }
        (DraftShape::Plain(NodeKind::Number(one)), DraftShape::Plain(NodeKind::Number(other))) => {
            let other = *other;
            DraftShape::Plain(NodeKind::Number(Box::new(NumberKeywords {
                integer: one.integer || other.integer,
                maximum: other.maximum.or(one.maximum),
                minimum: other.minimum.or(one.minimum),
                exclusive_maximum: other.exclusive_maximum.or(one.exclusive_maximum),
                exclusive_minimum: other.exclusive_minimum.or(one.exclusive_minimum),
                multiple_of: other.multiple_of.or(one.multiple_of),
            })))
        }
        (DraftShape::Plain(NodeKind::Array(one)), DraftShape::Plain(NodeKind::Array(other))) => {
            DraftShape::Plain(NodeKind::Array(Box::new(arrays(*one, *other))))
        }
        (DraftShape::Plain(NodeKind::Object(one)), DraftShape::Plain(NodeKind::Object(other))) => {
            DraftShape::Plain(NodeKind::Object(Box::new(objects(*one, *other))))
        }
        (one, _) => one,
    }
}

fn rest(one: Additional, other: Additional) -> Additional {
    if other == Additional::Anything { one } else { other }
}

fn arrays(mut one: ArrayKeywords, other: ArrayKeywords) -> ArrayKeywords {
    one.tuple.extend(other.tuple);
    ArrayKeywords {
        each: other.each.or(one.each),
        tuple: one.tuple,
        additional: rest(one.additional, other.additional),
        unevaluated: other.unevaluated.or(one.unevaluated),
        max_items: other.max_items.or(one.max_items),
        min_items: other.min_items.or(one.min_items),
        unique: one.unique || other.unique,
        max_contains: other.max_contains.or(one.max_contains),
        min_contains: other.min_contains.or(one.min_contains),
    }
}

fn objects(mut one: ObjectKeywords, other: ObjectKeywords) -> ObjectKeywords {
    if one.properties.is_empty() {
        (one.properties, one.index) = (other.properties, other.index);
    }
    one.required.extend(other.required);
    one.array_dependencies.extend(other.array_dependencies);
    one.schema_dependencies.extend(other.schema_dependencies);
    one.patterns.extend(other.patterns);
    one.additional = rest(one.additional, other.additional);
    one.unevaluated = other.unevaluated.or(one.unevaluated);
    one.max_properties = other.max_properties.or(one.max_properties);
    one.min_properties = other.min_properties.or(one.min_properties);
    one
}
