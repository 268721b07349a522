//! Combined schemas: `allOf` is taken for the one schema that it comes down to, the others for unions.

use std::collections::HashSet;

use super::describe::describe;
use super::{Converter, ReachedNode, error, is_all};
use crate::schema::java_properties::Hint;
use crate::schema::json_schema::model::{Combined, NodeId, NodeKind};
use crate::schema::logical::conversion::Depth;
use crate::schema::logical::error::ConversionError;
use crate::schema::logical::model::{Type, TypeKind, UnionBranch};
use crate::schema::meter;

impl<'m> Converter<'m> {
    pub(super) fn combined(
        &mut self,
        seen: ReachedNode,
        combined: &'m Combined,
        nullable: bool,
        depth: Depth,
    ) -> Result<Type, ConversionError> {
        if is_all(combined.criterion) {
            return self.all_of(seen, combined, nullable, depth);
        }
        let members: Vec<ReachedNode> = self.members_of(seen, combined);
        let is_null = |member: &ReachedNode| matches!(self.node(*member).kind, NodeKind::Null);
        let others: Vec<ReachedNode> = members.iter().copied().filter(|member| !is_null(member)).collect();
        let nullable = nullable || others.len() != members.len();
        if let [only] = others.as_slice() {
            return self.convert(*only, nullable, depth);
        }
        let hints = self.props(seen)?.get("confluent:union");
        let mut branches = Vec::with_capacity(others.len());
        for (at, member) in others.into_iter().enumerate() {
            let hint = Hint::at(hints, at);
            let name = match hint.text("name")? {
                Some(name) => name,
                None => self.title(member)?.map_or_else(|| format!("connect_union_field_{at}"), str::to_owned),
            };
            let ty = self.convert(member, true, depth.inner())?;
            let node = self.node(member);
            let place = (node.document == 0).then_some(node.offset);
            branches.push(UnionBranch { name, ty, doc: hint.text("doc")?, params: hint.own_params(), at: place });
        }
        Ok(TypeKind::union_of(branches)?.of(nullable))
    }

    fn members_of(&self, whole: ReachedNode, combined: &Combined) -> Vec<ReachedNode> {
        combined.members.iter().map(|member| self.member(whole, *member)).collect()
    }

    fn all_of(
        &mut self,
        seen: ReachedNode,
        combined: &'m Combined,
        nullable: bool,
        depth: Depth,
    ) -> Result<Type, ConversionError> {
        let members = self.members_of(seen, combined);
        let mut found = MembersByKind::default();
        let mut properties = Properties::default();
        for member in &members {
            match &self.node(*member).kind {
                NodeKind::Const(_) | NodeKind::Enum(_) => found.is_listed = true,
                NodeKind::Number(_) => found.number = Some(*member),
                NodeKind::String(_) => found.string = Some(*member),
                NodeKind::Combined(_) => found.combined = Some(*member),
                NodeKind::Conditional | NodeKind::Not(_) => {
                    return error(
                        "JSON Schema if/then/else and `not` are not supported: a property declared only under a condition has no \
                         column to be read into, so its values would be silently dropped",
                    );
                }
                _ => {}
            }
            self.collect(*member, &mut properties, &mut HashSet::new())?;
        }
        if !properties.names.is_empty() {
            let list = properties.names.iter().map(|(name, node, _)| (*name, *node)).collect();
            let required: HashSet<&str> =
                properties.names.iter().filter(|(_, _, required)| *required).map(|(name, _, _)| *name).collect();
            let kind = self.fields(list, &|name| required.contains(name), depth)?;
            return Ok(kind.of(nullable));
        }
        if let Some(simple) = found.simplified().or_else(|| self.without_idle_object(&members)) {
            return self.convert(simple, nullable, depth);
        }
        let text = match self.value(seen)? {
            Some(value) => describe(value, self.documents.dialect)?,
            None => String::new(),
        };
        error(format!("Unsupported criterion allOf for {text}"))
    }

    /// The other one of two members, when one of them says something about objects that no value needs to be.
    fn without_idle_object(&self, members: &[ReachedNode]) -> Option<ReachedNode> {
        let [first, second] = members else { return None };
        let object = |seen: &ReachedNode| match &self.node(*seen).kind {
            NodeKind::Object(object) => Some(object),
            _ => None,
        };
        let (seen, object, other) = match (object(first), object(second)) {
            (Some(object), None) => (first, object, second),
            (None, Some(object)) => (second, object, first),
            _ => return None,
        };
        let is_array = matches!(self.node(*other).kind, NodeKind::Array(_));
        let is_idle = !self.requires_object(*seen) || (object.required.is_empty() && is_array);
        is_idle.then_some(*other)
    }

    /// Whether the schema says that it is about objects.
    fn requires_object(&self, seen: ReachedNode) -> bool {
        let members = self.members(seen).unwrap_or_default();
        let ty = members.iter().find(|member| &*member.key == "type").map(|member| &member.value);
        ty.is_some_and(|ty| {
            let names = ty.as_array().unwrap_or(std::slice::from_ref(ty));
            names.iter().any(|name| name.as_str() == Some("object"))
        })
    }

    /// The properties of all objects that must hold. Recursion ends at nodes that were seen.
    fn collect(
        &self,
        seen: ReachedNode,
        properties: &mut Properties<'m>,
        visited: &mut HashSet<NodeId>,
    ) -> Result<(), ConversionError> {
        meter::charge(5)?;
        if visited.len() >= MAX_VISITED {
            return error("JSON schema nests types too deeply to convert");
        }
        if !visited.insert(seen.node) {
            return Ok(());
        }
        match &self.node(seen).kind {
            NodeKind::Combined(combined) if is_all(combined.criterion) => {
                for member in self.members_of(seen, combined) {
                    self.collect(member, properties, visited)?;
                }
            }
            NodeKind::Object(object) => {
                for (name, node) in &object.properties {
                    meter::charge(1)?;
                    properties.put(name, *node, object.required.contains(name));
                }
            }
            NodeKind::Ref(target) => self.collect(ReachedNode::of(*target), properties, visited)?,
            _ => {}
        }
        Ok(())
    }
}

/// Nodes that one `allOf` leads through.
const MAX_VISITED: usize = 1_000;

/// Names with their schemas, and whether they are required.
#[derive(Default)]
struct Properties<'m> {
    names: Vec<(&'m str, NodeId, bool)>,
    places: std::collections::HashMap<&'m str, usize>,
}

impl<'m> Properties<'m> {
    fn put(&mut self, name: &'m str, node: NodeId, required: bool) {
        if let Some(own) = self.places.get(name).and_then(|at| self.names.get_mut(*at)) {
            *own = (name, node, required);
        } else {
            self.places.insert(name, self.names.len());
            self.names.push((name, node, required));
        }
    }
}

/// The members of an `allOf` by kind, the last of each.
#[derive(Default)]
struct MembersByKind {
    /// There is a list of values, or one value.
    is_listed: bool,
    number: Option<ReachedNode>,
    string: Option<ReachedNode>,
    combined: Option<ReachedNode>,
}

impl MembersByKind {
    fn simplified(&self) -> Option<ReachedNode> {
        match (self.combined, self.string, self.number) {
            (Some(combined), _, _) => Some(combined),
            (None, string, number) if self.is_listed => string.or(number),
            // a string always has a format, if only the one that takes everything
            (None, Some(_), number) => number,
            _ => None,
        }
    }
}
