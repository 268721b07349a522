//! Rules for objects: `required`, properties under the content model of the other schema, dependencies, and counts
//! (json-schema 4.3).

use std::collections::HashMap;

use super::differ::Differ;
use super::difference::{NodePair, NodeRef, PathStep};
use super::difference_kind::DifferenceKind as D;
use super::sink::{BoundKinds, Sink, Stop, bound, named};
use crate::java::hash_table;
use crate::schema::json_schema::model::{Additional, NodeId, NodeKind, ObjectKeywords};
use crate::schema::meter;

/// What an object says about a property (or an array about a position) it does not declare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coverage {
    Open,
    /// It must be like this.
    Like(NodeRef),
    /// It must not be there.
    Closed,
}

/// Kinds for a keyword that says what else is allowed: added, removed, extended, narrowed.
pub(crate) type RestKinds = [D; 4];

impl Differ<'_> {
    pub(crate) fn objects(
        &mut self,
        (old, new): (&ObjectKeywords, &ObjectKeywords),
        (o, u): NodePair,
        sink: &mut Sink,
    ) -> Result<(), Stop> {
        const MAX: BoundKinds =
            [D::MaxPropertiesAdded, D::MaxPropertiesRemoved, D::MaxPropertiesIncreased, D::MaxPropertiesDecreased];
        const MIN: BoundKinds =
            [D::MinPropertiesAdded, D::MinPropertiesRemoved, D::MinPropertiesIncreased, D::MinPropertiesDecreased];
        const ADDITIONAL: RestKinds = [
            D::AdditionalPropertiesAdded,
            D::AdditionalPropertiesRemoved,
            D::AdditionalPropertiesExtended,
            D::AdditionalPropertiesNarrowed,
        ];
        const UNEVALUATED: RestKinds = [
            D::UnevaluatedPropertiesAdded,
            D::UnevaluatedPropertiesRemoved,
            D::UnevaluatedPropertiesExtended,
            D::UnevaluatedPropertiesNarrowed,
        ];
        meter::charge(u64::try_from((old.properties.len() + new.properties.len()) / 4).unwrap_or(u64::MAX))?;
        self.required((old, new), (o, u), sink);
        self.properties((old, new), (o, u), sink)?;
        self.dependencies((old, new), (o, u), sink)?;
        self.rest("additionalProperties", (old.additional, new.additional), (o, u), ADDITIONAL, sink)?;
        self.unevaluated("unevaluatedProperties", (old.unevaluated, new.unevaluated), (o, u), UNEVALUATED, sink)?;
        bound(sink, (o, u), "maxProperties", old.max_properties.as_ref(), new.max_properties.as_ref(), MAX);
        bound(sink, (o, u), "minProperties", old.min_properties.as_ref(), new.min_properties.as_ref(), MIN);
        Ok(())
    }

    /// Only names declared on both sides are looked at.
    fn required(&self, (old, new): (&ObjectKeywords, &ObjectKeywords), (o, u): NodePair, sink: &mut Sink) {
        let mut before: Vec<&str> = old.properties.iter().map(|(name, _)| &**name).collect();
        hash_table::sort_as_hashed(&mut before, |name| name);
        for name in before {
            let Some(property) = new.property(name) else { continue };
            let kind = match (old.required.contains(name), new.required.contains(name)) {
                (true, false) => D::RequiredAttributeRemoved,
                (false, true) if self.has_default(u.beside(property)) => D::RequiredAttributeWithDefaultAdded,
                (false, true) => D::RequiredAttributeAdded,
                _ => continue,
            };
            sink.add(kind, named("required", name), o, u);
        }
    }

    /// A default behind a reference does not count.
    fn has_default(&self, at: NodeRef) -> bool {
        self.node(at).annotations.as_ref().is_some_and(|annotations| annotations.default.is_some())
    }

    fn properties(
        &mut self,
        (old, new): (&ObjectKeywords, &ObjectKeywords),
        (o, u): NodePair,
        sink: &mut Sink,
    ) -> Result<(), Stop> {
        for name in names(&old.properties, &new.properties) {
            match (old.property(name), new.property(name)) {
                (Some(before), Some(after)) => {
                    self.below((o.beside(before), u.beside(after)), || named("properties", name), sink)?;
                }
                (Some(before), None) => self.property_removed(name, o.beside(before), new, (o, u), sink)?,
                (None, Some(after)) => {
                    let after = (u.beside(after), new.required.contains(name));
                    self.property_added(name, after, old, (o, u), sink)?;
                }
                (None, None) => {}
            }
        }
        Ok(())
    }

    fn property_removed(
        &mut self,
        name: &str,
        before: NodeRef,
        new: &ObjectKeywords,
        (o, u): NodePair,
        sink: &mut Sink,
    ) -> Result<(), Stop> {
        let step = || named("properties", name);
        let kind = match self.coverage(new, u, name)? {
            Coverage::Open => D::PropertyRemovedFromOpenContentModel,
            Coverage::Like(schema) => {
                if self.below((before, schema), step, sink)? {
                    D::PropertyRemovedIsCoveredByPartiallyOpenContentModel
                } else {
                    D::PropertyRemovedNotCoveredByPartiallyOpenContentModel
                }
            }
            Coverage::Closed if matches!(self.node(before).kind, NodeKind::False) => {
                D::PropertyWithFalseRemovedFromClosedContentModel
            }
            Coverage::Closed => D::PropertyRemovedFromClosedContentModel,
        };
        sink.add(kind, step(), o, u);
        Ok(())
    }

    fn property_added(
        &mut self,
        name: &str,
        (after, required): (NodeRef, bool),
        old: &ObjectKeywords,
        (o, u): NodePair,
        sink: &mut Sink,
    ) -> Result<(), Stop> {
        let step = || named("properties", name);
        let default = self.has_default(after);
        let coverage = self.coverage(old, o, name)?;
        if let Coverage::Like(schema) = coverage {
            let kind = if self.below((schema, after), step, sink)? {
                D::PropertyAddedIsCoveredByPartiallyOpenContentModel
            } else {
                D::PropertyAddedNotCoveredByPartiallyOpenContentModel
            };
            sink.add(kind, step(), o, u);
        }
        let open = coverage == Coverage::Open;
        let kind = match (open, required, default) {
            (true, ..) if matches!(self.node(after).kind, NodeKind::Empty | NodeKind::True) => {
                D::PropertyWithEmptySchemaAddedToOpenContentModel
            }
            (true, true, true) => D::RequiredPropertyWithDefaultAddedToOpenContentModel,
            (true, true, false) => D::RequiredPropertyAddedToOpenContentModel,
            (true, false, _) => D::OptionalPropertyAddedToOpenContentModel,
            (false, true, true) => D::RequiredPropertyWithDefaultAddedToUnopenContentModel,
            (false, true, false) => D::RequiredPropertyAddedToUnopenContentModel,
            (false, false, _) => D::OptionalPropertyAddedToUnopenContentModel,
        };
        sink.add(kind, step(), o, u);
        Ok(())
    }

    /// The content model of an object for one name. If it has patterns and none is found in the name, Confluent takes the object for
    /// closed, although it is open.
    fn coverage(&mut self, object: &ObjectKeywords, at: NodeRef, name: &str) -> Result<Coverage, Stop> {
        let like = |node| Coverage::Like(at.beside(node));
        let unevaluated = object.unevaluated.map(|node| (node, &self.node(at.beside(node)).kind));
        let unrestricted = matches!(unevaluated, None | Some((_, NodeKind::True)));
        if object.additional == Additional::Anything && object.patterns.is_empty() && unrestricted {
            return Ok(Coverage::Open);
        }
        for entry in &object.patterns {
            if entry.covers(name, &mut self.large_patterns)? {
                return Ok(like(entry.schema));
            }
        }
        Ok(match (object.additional, unevaluated) {
            (Additional::Like(schema), _) => like(schema),
            (Additional::Anything, Some((schema, kind))) if !matches!(kind, NodeKind::True | NodeKind::False) => like(schema),
            _ => Coverage::Closed,
        })
    }

    fn dependencies(
        &mut self,
        (old, new): (&ObjectKeywords, &ObjectKeywords),
        (o, u): NodePair,
        sink: &mut Sink,
    ) -> Result<(), Stop> {
        let step = |name: &str| named("dependencies", name);
        let before = by_name(&old.array_dependencies);
        let after = by_name(&new.array_dependencies);
        for name in names(&old.array_dependencies, &new.array_dependencies) {
            let kind = match (before.get(name), after.get(name)) {
                (_, None) => D::DependencyArrayRemoved,
                (None, Some(_)) => D::DependencyArrayAdded,
                (Some(names), Some(others)) if others == names => continue,
                (Some(names), Some(others)) if within(names, others) => D::DependencyArrayExtended,
                (Some(names), Some(others)) if within(others, names) => D::DependencyArrayNarrowed,
                (Some(_), Some(_)) => D::DependencyArrayChanged,
            };
            sink.add(kind, step(name), o, u);
        }
        let before = by_name(&old.schema_dependencies);
        let after = by_name(&new.schema_dependencies);
        for name in names(&old.schema_dependencies, &new.schema_dependencies) {
            match (before.get(name), after.get(name)) {
                (_, None) => sink.add(D::DependencySchemaRemoved, step(name), o, u),
                (None, Some(_)) => sink.add(D::DependencySchemaAdded, step(name), o, u),
                (Some(schema), Some(other)) => {
                    self.below((o.beside(**schema), u.beside(**other)), || step(name), sink)?;
                }
            }
        }
        Ok(())
    }

    pub(crate) fn rest(
        &mut self,
        keyword: &'static str,
        (old, new): (Additional, Additional),
        (o, u): NodePair,
        [added, removed, extended, narrowed]: RestKinds,
        sink: &mut Sink,
    ) -> Result<(), Stop> {
        let kind = match (old, new) {
            (Additional::Nothing, Additional::Nothing) | (Additional::Anything, Additional::Anything) => return Ok(()),
            (Additional::Nothing, _) => added,
            (_, Additional::Nothing) => removed,
            (Additional::Anything, Additional::Like(_)) => narrowed,
            (Additional::Like(_), Additional::Anything) => extended,
            (Additional::Like(old), Additional::Like(new)) => {
                return self.below((o.beside(old), u.beside(new)), || PathStep::Keyword(keyword), sink).map(drop);
            }
        };
        sink.add(kind, PathStep::Keyword(keyword), o, u);
        Ok(())
    }

    /// `unevaluatedProperties` and `unevaluatedItems`: absent and `true` are not the same here.
    pub(crate) fn unevaluated(
        &mut self,
        keyword: &'static str,
        (old, new): (Option<NodeId>, Option<NodeId>),
        (o, u): NodePair,
        [added, removed, extended, narrowed]: RestKinds,
        sink: &mut Sink,
    ) -> Result<(), Stop> {
        let old = old.map(|node| o.beside(node));
        let new = new.map(|node| u.beside(node));
        let is_false = |at: NodeRef| matches!(self.node(at).kind, NodeKind::False);
        let is_empty = |at: NodeRef| matches!(self.node(at).kind, NodeKind::Empty | NodeKind::True);
        let kind = match (old, new) {
            (None, None) => return Ok(()),
            (None, Some(new)) if is_false(new) => removed,
            (None, Some(_)) => narrowed,
            (Some(old), None) if is_false(old) => added,
            (Some(_), None) => extended,
            (Some(old), Some(new)) => match (is_false(old), is_false(new), is_empty(old), is_empty(new)) {
                (true, false, ..) => added,
                (false, true, ..) => removed,
                (_, _, true, false) => narrowed,
                (_, _, false, true) => extended,
                _ => {
                    return self.below((old, new), || PathStep::Keyword(keyword), sink).map(drop);
                }
            },
        };
        sink.add(kind, PathStep::Keyword(keyword), o, u);
        Ok(())
    }
}

fn by_name<T>(entries: &[(Box<str>, T)]) -> HashMap<&str, &T> {
    entries.iter().map(|(name, entry)| (&**name, entry)).collect()
}

/// The names of two lists, in the order in which Confluent goes through them.
fn names<'n, T>(old: &'n [(Box<str>, T)], new: &'n [(Box<str>, T)]) -> Vec<&'n str> {
    hash_table::union(old.iter().map(|(name, _)| &**name), new.iter().map(|(name, _)| &**name))
}

/// Whether sorted names are all among other sorted names.
fn within(part: &[Box<str>], whole: &[Box<str>]) -> bool {
    part.iter().all(|name| whole.binary_search(name).is_ok())
}
