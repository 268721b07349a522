//! Alternatives are commonly told apart by a property with a constant (`"kind": {"const": "created"}`). Two members whose
//! constants contradict each other can't be compatible under any policy, so they need not be compared: a large combination
//! in which every member changed would otherwise take quadratic time.

use super::differ::Differ;
use super::difference::NodeRef;
use super::sink::Stop;
use crate::schema::json_schema::model::{Criterion, Node, NodeKind};
use crate::schema::meter;

/// Discriminators that are kept per member.
const MAX_DISCRIMINATORS: usize = 4;
/// Properties of a member that are looked at.
const MAX_LOOKED_AT: usize = 64;

/// Constants among the properties of a member, by name.
pub(super) struct Discriminators<'m>(Vec<(&'m str, Discriminator<'m>)>);

#[derive(PartialEq, Eq)]
enum Discriminator<'m> {
    Const(&'m str),
    Enum(&'m [String]),
}

impl Discriminators<'_> {
    /// Whether a property declared on both sides has constants that make the pair incompatible.
    pub(super) fn contradict(&self, new: &Self) -> Result<bool, Stop> {
        for (name, before) in &self.0 {
            let Some((_, after)) = new.0.iter().find(|(other, _)| other == name) else { continue };
            let differ = match (before, after) {
                (Discriminator::Enum(before), Discriminator::Enum(after)) => {
                    meter::charge_for(before.len())?;
                    before.iter().any(|key| after.binary_search(key).is_err())
                }
                (before, after) => before != after,
            };
            if differ {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl<'m> Differ<'m> {
    pub(super) fn discriminators_of(&mut self, at: NodeRef) -> Discriminators<'m> {
        let end = self.dereference(at);
        let mut discriminators = Vec::new();
        if let NodeKind::Object(object) = &self.node(end).kind {
            for (name, property) in object.properties.iter().take(MAX_LOOKED_AT) {
                let property = self.dereference(at.beside(*property));
                if let Some(discriminator) = self.discriminator(property) {
                    discriminators.push((&**name, discriminator));
                }
                if discriminators.len() >= MAX_DISCRIMINATORS {
                    break;
                }
            }
        }
        Discriminators(discriminators)
    }

    /// A constant, alone or beside a plain type.
    fn discriminator(&self, at: NodeRef) -> Option<Discriminator<'m>> {
        let plain = |node: &'m Node| match &node.kind {
            NodeKind::Const(value) => Some(Discriminator::Const(value)),
            NodeKind::Enum(values) => Some(Discriminator::Enum(values)),
            _ => None,
        };
        let node = self.node(at);
        if node.is_bytes {
            // such nodes are compatible whatever their kinds are
            return None;
        }
        let NodeKind::Combined(combined) = &node.kind else { return plain(node) };
        let [(first, _), (second, _)] = combined.distinct.as_slice() else { return None };
        let (first, second) = (at.beside(*first), at.beside(*second));
        let typed =
            |at| matches!(self.node(at).kind, NodeKind::String(_) | NodeKind::Number(_) | NodeKind::Boolean | NodeKind::Null);
        if combined.criterion != Criterion::AllOf {
            return None;
        }
        match (typed(first), typed(second)) {
            (true, false) => plain(self.node(second)),
            (false, true) => plain(self.node(first)),
            _ => None,
        }
    }
}
