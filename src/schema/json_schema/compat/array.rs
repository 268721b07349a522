//! Rules for arrays: element schemas, tuples under the content model of the other schema, and counts (json-schema 4.3).

use super::differ::Differ;
use super::difference::{NodePair, NodeRef, PathStep};
use super::difference_kind::DifferenceKind as D;
use super::object::{Coverage, RestKinds};
use super::sink::{BoundKinds, Sink, Stop, bound};
use crate::schema::json_schema::model::{Additional, ArrayKeywords, NodeKind};

impl Differ<'_> {
    pub(crate) fn arrays(
        &mut self,
        (old, new): (&ArrayKeywords, &ArrayKeywords),
        (o, u): NodePair,
        sink: &mut Sink,
    ) -> Result<(), Stop> {
        const MAX: BoundKinds = [D::MaxItemsAdded, D::MaxItemsRemoved, D::MaxItemsIncreased, D::MaxItemsDecreased];
        const MIN: BoundKinds = [D::MinItemsAdded, D::MinItemsRemoved, D::MinItemsIncreased, D::MinItemsDecreased];
        const MOST: BoundKinds = [D::MaxContainsAdded, D::MaxContainsRemoved, D::MaxContainsIncreased, D::MaxContainsDecreased];
        const LEAST: BoundKinds = [D::MinContainsAdded, D::MinContainsRemoved, D::MinContainsIncreased, D::MinContainsDecreased];
        const ADDITIONAL: RestKinds =
            [D::AdditionalItemsAdded, D::AdditionalItemsRemoved, D::AdditionalItemsExtended, D::AdditionalItemsNarrowed];
        const UNEVALUATED: RestKinds =
            [D::UnevaluatedItemsAdded, D::UnevaluatedItemsRemoved, D::UnevaluatedItemsExtended, D::UnevaluatedItemsNarrowed];
        let each = |array: &ArrayKeywords, at: NodeRef| array.each.map(|node| at.beside(node));
        self.compare_optional(each(old, o), each(new, u), || PathStep::Keyword("items"), sink)?;
        self.tuples((old, new), (o, u), sink)?;
        self.rest("additionalItems", (old.additional, new.additional), (o, u), ADDITIONAL, sink)?;
        self.unevaluated("unevaluatedItems", (old.unevaluated, new.unevaluated), (o, u), UNEVALUATED, sink)?;
        bound(sink, (o, u), "maxItems", old.max_items.as_ref(), new.max_items.as_ref(), MAX);
        bound(sink, (o, u), "minItems", old.min_items.as_ref(), new.min_items.as_ref(), MIN);
        match (old.unique, new.unique) {
            (false, true) => sink.add(D::UniqueItemsAdded, PathStep::Keyword("uniqueItems"), o, u),
            (true, false) => sink.add(D::UniqueItemsRemoved, PathStep::Keyword("uniqueItems"), o, u),
            _ => {}
        }
        bound(sink, (o, u), "maxContains", old.max_contains.as_ref(), new.max_contains.as_ref(), MOST);
        bound(sink, (o, u), "minContains", old.min_contains.as_ref(), new.min_contains.as_ref(), LEAST);
        Ok(())
    }

    fn tuples(&mut self, (old, new): (&ArrayKeywords, &ArrayKeywords), (o, u): NodePair, sink: &mut Sink) -> Result<(), Stop> {
        let common = old.tuple.len().min(new.tuple.len());
        for (at, (before, after)) in old.tuple.iter().zip(&new.tuple).enumerate() {
            self.below((o.beside(*before), u.beside(*after)), || PathStep::Numbered("items", at), sink)?;
        }
        for (at, before) in old.tuple.iter().enumerate().skip(common) {
            self.item_removed(at, o.beside(*before), new, (o, u), sink)?;
        }
        for (at, after) in new.tuple.iter().enumerate().skip(common) {
            self.item_added(at, u.beside(*after), old, (o, u), sink)?;
        }
        Ok(())
    }

    fn item_removed(
        &mut self,
        at: usize,
        before: NodeRef,
        new: &ArrayKeywords,
        (o, u): NodePair,
        sink: &mut Sink,
    ) -> Result<(), Stop> {
        let step = || PathStep::Numbered("items", at);
        let kind = match self.beyond(new, u) {
            Coverage::Open => D::ItemRemovedFromOpenContentModel,
            Coverage::Like(schema) => {
                if self.below((before, schema), step, sink)? {
                    D::ItemRemovedIsCoveredByPartiallyOpenContentModel
                } else {
                    D::ItemRemovedNotCoveredByPartiallyOpenContentModel
                }
            }
            Coverage::Closed if matches!(self.node(before).kind, NodeKind::False) => {
                D::ItemWithFalseRemovedFromClosedContentModel
            }
            Coverage::Closed => D::ItemRemovedFromClosedContentModel,
        };
        sink.add(kind, step(), o, u);
        Ok(())
    }

    fn item_added(
        &mut self,
        at: usize,
        after: NodeRef,
        old: &ArrayKeywords,
        (o, u): NodePair,
        sink: &mut Sink,
    ) -> Result<(), Stop> {
        let step = || PathStep::Numbered("items", at);
        let kind = match self.beyond(old, o) {
            Coverage::Open if matches!(self.node(after).kind, NodeKind::Empty | NodeKind::True) => {
                D::ItemWithEmptySchemaAddedToOpenContentModel
            }
            Coverage::Open => D::ItemAddedToOpenContentModel,
            Coverage::Like(schema) => {
                if self.below((schema, after), step, sink)? {
                    D::ItemAddedIsCoveredByPartiallyOpenContentModel
                } else {
                    D::ItemAddedNotCoveredByPartiallyOpenContentModel
                }
            }
            Coverage::Closed => D::ItemAddedToClosedContentModel,
        };
        sink.add(kind, step(), o, u);
        Ok(())
    }

    /// The content model of an array for positions beyond its tuple.
    fn beyond(&self, array: &ArrayKeywords, at: NodeRef) -> Coverage {
        let unevaluated = array.unevaluated.map(|node| at.beside(node));
        match (array.additional, unevaluated.map(|at| (at, &self.node(at).kind))) {
            (Additional::Anything, None | Some((_, NodeKind::True))) => Coverage::Open,
            (Additional::Like(node), _) => Coverage::Like(at.beside(node)),
            (Additional::Anything, Some((schema, kind))) if !matches!(kind, NodeKind::False) => Coverage::Like(schema),
            _ => Coverage::Closed,
        }
    }
}
