//! Rules for combined schemas: a schema against a combination, and two combinations by a maximum matching (json-schema 4.3).

use std::collections::HashMap;

use super::differ::Differ;
use super::difference::{NodePair, NodeRef, PathStep, UnmatchedMember, count_incompatible};
use super::difference_kind::DifferenceKind as D;
use super::discriminators::Discriminators;
use super::matching::Matching;
use super::sink::{Sink, Stop};
use crate::schema::json_schema::model::{Combined, Criterion, NodeKind};
use crate::schema::meter;

impl<'m> Differ<'m> {
    /// Compares a schema with the members of a combination, of which one has to be compatible. False if none is, or if that is not how
    /// the pair is compared.
    pub(crate) fn alternative(&mut self, o: NodeRef, u: NodeRef, sink: &mut Sink) -> Result<bool, Stop> {
        match (&self.node(o).kind, &self.node(u).kind) {
            (NodeKind::Combined(_), NodeKind::Combined(_)) => Ok(false),
            (_, NodeKind::Combined(new)) => {
                let one = new.members.len() == 1;
                if !one && new.criterion == Criterion::AllOf {
                    return Ok(false);
                }
                for member in &new.members {
                    let tree = self.compare(o, u.beside(*member))?;
                    if tree.compatible {
                        sink.below(|| PathStep::Here, &tree);
                        if !one {
                            sink.add(D::SumTypeExtended, PathStep::Here, o, u);
                        }
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            (NodeKind::Combined(old), _) => {
                let one = old.members.len() == 1;
                if !one && old.criterion != Criterion::AllOf {
                    return Ok(false);
                }
                for member in &old.members {
                    let tree = self.compare(o.beside(*member), u)?;
                    if tree.compatible {
                        sink.below(|| PathStep::Here, &tree);
                        if !one {
                            sink.add(D::ProductTypeNarrowed, PathStep::Here, o, u);
                        }
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            _ => Ok(false),
        }
    }

    pub(crate) fn combined(&mut self, (old, new): (&Combined, &Combined), (o, u): NodePair, sink: &mut Sink) -> Result<(), Stop> {
        if old.criterion != new.criterion {
            // Confluent counts duplicates here.
            let (one_old, one_new) = (old.members.len() == 1, new.members.len() == 1);
            let wider = new.criterion == Criterion::AnyOf
                || (one_old && one_new)
                || (one_old && new.criterion == Criterion::OneOf)
                || (one_new && old.criterion == Criterion::AllOf);
            if !wider {
                sink.add(D::CombinedTypeChanged, PathStep::Here, o, u);
                return Ok(());
            }
            sink.add(D::CombinedTypeExtended, PathStep::Here, o, u);
        }
        let (olds, news) = (old.distinct.len(), new.distinct.len());
        if olds < news {
            let kind = if new.criterion == Criterion::AllOf { D::ProductTypeExtended } else { D::SumTypeExtended };
            sink.add(kind, PathStep::Here, o, u);
        } else if olds > news {
            let kind = if old.criterion == Criterion::AllOf { D::ProductTypeNarrowed } else { D::SumTypeNarrowed };
            sink.add(kind, PathStep::Here, o, u);
        }
        let matching = self.matching(old, new, o, u)?;
        for (left, right) in matching.pairs() {
            if let (Some(before), Some(after)) = (member(old, left, o), member(new, right, u)) {
                self.below((before, after), || PathStep::Numbered(old.criterion.keyword(), left), sink)?;
            }
        }
        if matching.size() < olds.min(news) {
            let closest = self.closest(&matching, (old, new), (o, u))?;
            sink.add_unmatched(D::CombinedTypeSubschemasChanged, o, u, closest);
        }
        Ok(())
    }

    /// A maximum matching of old members with compatible new ones.
    ///
    /// Members of equal text, then those at the same position, are tried first: a combination that hardly changed needs as many
    /// comparisons as it has members. For the others augmenting paths are searched, and only pairs on such paths are compared.
    fn matching(&mut self, old: &Combined, new: &Combined, o: NodeRef, u: NodeRef) -> Result<Matching, Stop> {
        let (olds, news) = (old.distinct.len(), new.distinct.len());
        let by_digest: HashMap<u128, usize> = new.distinct.iter().enumerate().map(|(at, (_, digest))| (*digest, at)).collect();
        let mut matching = Matching::new(olds, news);
        for (left, (_, digest)) in old.distinct.iter().enumerate() {
            for right in [by_digest.get(digest).copied(), Some(left)].into_iter().flatten() {
                let (Some(before), Some(after)) = (member(old, left, o), member(new, right, u)) else { continue };
                if matching.is_free(right) && self.compare(before, after)?.compatible {
                    matching.join(left, right);
                    break;
                }
            }
        }
        if matching.size() < olds.min(news) {
            let discriminators = (self.discriminators(old, o), self.discriminators(new, u));
            matching.complete(&mut |left| {
                meter::charge(u64::try_from(news / 32).unwrap_or(u64::MAX))?;
                let mut row: Vec<u32> = Vec::new();
                for right in 0..news {
                    let (Some(before), Some(after)) = (member(old, left, o), member(new, right, u)) else { continue };
                    let contradict = match discriminators.0.get(left).zip(discriminators.1.get(right)) {
                        Some((before, after)) => before.contradict(after)?,
                        None => false,
                    };
                    if !contradict && self.compare(before, after)?.compatible {
                        row.push(u32::try_from(right).unwrap_or(u32::MAX));
                    }
                }
                row.shrink_to_fit();
                self.reserve(row.len() * size_of::<u32>())?;
                Ok(row)
            })?;
        }
        Ok(matching)
    }

    fn discriminators(&mut self, combined: &Combined, at: NodeRef) -> Vec<Discriminators<'m>> {
        combined.distinct.iter().map(|(node, _)| self.discriminators_of(at.beside(*node))).collect()
    }

    /// For the first old member without a counterpart, the new member that comes closest: the one with the fewest incompatible
    /// differences among those that have no counterpart either.
    fn closest(
        &mut self,
        matching: &Matching,
        (old, new): (&Combined, &Combined),
        (o, u): NodePair,
    ) -> Result<Option<UnmatchedMember>, Stop> {
        /// Members that are tried; a hint is not worth more.
        const TRIED: usize = 32;
        let Some(left) = (0..old.distinct.len()).find(|left| matching.partner_of_left(*left).is_none()) else { return Ok(None) };
        let mut best: Option<(usize, UnmatchedMember)> = None;
        for right in (0..new.distinct.len()).filter(|right| matching.is_free(*right)).take(TRIED) {
            let (Some(before), Some(after)) = (member(old, left, o), member(new, right, u)) else { continue };
            let tree = self.compare(before, after)?;
            let (count, first) = count_incompatible(&tree, self.policy);
            if best.as_ref().is_none_or(|(fewest, _)| count < *fewest) {
                let keywords = (old.criterion.keyword(), new.criterion.keyword());
                best = Some((count, UnmatchedMember { keywords, left, right, first }));
            }
        }
        Ok(best.map(|(_, note)| note))
    }
}

/// The member at a position, duplicates not counted.
fn member(combined: &Combined, position: usize, at: NodeRef) -> Option<NodeRef> {
    combined.distinct.get(position).map(|(node, _)| at.beside(*node))
}
