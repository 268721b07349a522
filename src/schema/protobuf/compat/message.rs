//! What differs between two messages, two scopes or two files by themselves; pairs of messages below are left to the walk.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::kind::DifferenceKind as Kind;
use super::report::{Leaf, Spot, Step};
use crate::schema::protobuf::names::{Dependency, Names, Node, Origin, Type, is_scalar, join};
use crate::schema::protobuf::normalize::map_entry;
use crate::schema::protobuf::tree::{Enum, Field, File, Label, Message, Offset, Oneof, Type as Written};

/// Entries of entries of maps that are followed; only a mistake nests them.
const MAX_MAPS: usize = 8;

/// One of the two schemas.
#[derive(Clone, Copy)]
pub(super) struct Side<'a> {
    pub(super) file: &'a File,
    pub(super) names: &'a Names<'a>,
    pub(super) dependencies: &'a [Dependency],
}

impl<'a> Side<'a> {
    fn spot(scope: &str, name: &str, at: Offset, origin: Origin) -> Spot {
        Spot { name: join(scope, name), at: (origin == Origin::Own).then_some(at) }
    }

    /// What tells referenced files apart: subject and version.
    fn identity(self, origin: Origin) -> (u8, &'a str, i32) {
        match origin {
            Origin::Own => (0, "", 0),
            Origin::Builtin(_) => (1, "", 0),
            Origin::Reference(at) => self.dependencies.get(at).map_or((2, "", 0), |found| (2, &*found.subject, found.version)),
        }
    }
}

/// A pair of messages.
#[derive(Clone, Copy)]
pub(super) struct Pair<'a> {
    pub(super) old: &'a Type<'a>,
    pub(super) new: &'a Type<'a>,
}

/// What a comparison of one level yields.
pub(super) enum Item<'a> {
    Leaf(Leaf),
    /// Messages of the same name in one scope.
    Nested {
        name: Box<str>,
        pair: Pair<'a>,
    },
    /// Messages of other files that a field uses; the leaf holds if they are incompatible.
    Used {
        pair: Pair<'a>,
        then: Leaf,
    },
}

/// Compares one level. `all` asks for compatible differences too.
pub(super) struct Level<'a> {
    pub(super) old: Side<'a>,
    pub(super) new: Side<'a>,
    pub(super) all: bool,
    pub(super) items: Vec<Item<'a>>,
    /// Elements looked at.
    pub(super) work: u64,
}

/// A field and the oneof it is in.
#[derive(Clone, Copy)]
struct Member<'a> {
    field: &'a Field,
    oneof: Option<&'a Oneof>,
}

impl Member<'_> {
    /// The path of the field.
    fn step(self) -> Step {
        match self.oneof {
            Some(oneof) => Step::Member(oneof.name.clone(), self.field.number),
            None => Step::Number(self.field.number),
        }
    }
}

/// The type of a field as the comparison sees it.
enum Shape<'a> {
    Scalar(Encoding),
    Map(Box<(Shape<'a>, Shape<'a>)>),
    Message(Option<&'a Type<'a>>),
    /// Editions: a message that is encoded as groups are.
    Delimited(Option<&'a Type<'a>>),
}

/// Scalars of one encoding may stand in for each other.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Encoding {
    General,
    Zigzag,
    Text,
    Fixed32,
    Fixed64,
    Float,
    Double,
}

fn encoding(name: &str) -> Encoding {
    match name {
        "sint32" | "sint64" => Encoding::Zigzag,
        "string" | "bytes" => Encoding::Text,
        "fixed32" | "sfixed32" => Encoding::Fixed32,
        "fixed64" | "sfixed64" => Encoding::Fixed64,
        "float" => Encoding::Float,
        "double" => Encoding::Double,
        _ => Encoding::General,
    }
}

/// The shape of a type and, for messages, its name as written.
fn shape<'a>(side: Side<'a>, kind: &'a Written, scope: &str, delimited: bool, depth: usize) -> Shape<'a> {
    let name = match kind {
        Written::Named(name) => name,
        Written::Map(pair) => {
            let both = (shape(side, &pair.0, scope, false, depth + 1), shape(side, &pair.1, scope, false, depth + 1));
            return Shape::Map(Box::new(both));
        }
    };
    if is_scalar(name) {
        return Shape::Scalar(encoding(name));
    }
    let Some(found) = side.names.resolve(name, scope) else { return Shape::Message(None) };
    match found.node {
        Node::Enum(_) => Shape::Scalar(Encoding::General),
        Node::Message(message) if depth < MAX_MAPS => match map_entry(&message.body) {
            Some((key, value)) => {
                let key = shape(side, &key.kind, &found.full, false, depth + 1);
                Shape::Map(Box::new((key, shape(side, &value.kind, &found.full, false, depth + 1))))
            }
            None if delimited => Shape::Delimited(Some(found)),
            None => Shape::Message(Some(found)),
        },
        Node::Message(_) | Node::Group(_) if delimited => Shape::Delimited(Some(found)),
        Node::Message(_) | Node::Group(_) => Shape::Message(Some(found)),
    }
}

impl<'a> Level<'a> {
    fn leaf(&mut self, kind: Kind, step: Step, old: Option<Spot>, new: Option<Spot>) {
        if self.all || !kind.is_compatible() {
            self.items.push(Item::Leaf(Leaf { kind, step, old, new }));
        }
    }

    /// Two files.
    pub(super) fn files(&mut self) {
        let (old, new) = (self.old.file, self.new.file);
        let package = |file: &'a File| file.package.as_deref();
        if package(old) != package(new) {
            let spot = |file: &File| file.package.as_ref().map(|name| Spot { name: name.clone(), at: Some(file.package_at) });
            self.leaf(Kind::PackageChanged, Step::Here, spot(old), spot(new));
        }
        let scopes = (package(old).unwrap_or(""), package(new).unwrap_or(""));
        self.types(scopes, (&old.messages, &new.messages), (&old.enums, &new.enums), (Origin::Own, Origin::Own));
    }

    /// The types of two scopes, matched by name.
    fn types(
        &mut self,
        scopes: (&str, &str),
        (old, new): (&'a [Message], &'a [Message]),
        (old_enums, new_enums): (&'a [Enum], &'a [Enum]),
        origins: (Origin, Origin),
    ) {
        self.work += (old.len() + new.len() + old_enums.len() + new_enums.len()) as u64;
        let mut places: HashMap<&str, usize> = HashMap::with_capacity(new.len());
        for (at, message) in new.iter().enumerate() {
            places.entry(&message.name).or_insert(at);
        }
        let mut seen: HashSet<&str> = HashSet::with_capacity(old.len());
        for (at, message) in old.iter().enumerate() {
            if !seen.insert(&message.name) {
                continue;
            }
            let Some(place) = places.get(&*message.name).copied() else {
                if !message.body.is_map_entry() {
                    let spot = Side::spot(scopes.0, &message.name, message.at, origins.0);
                    self.leaf(Kind::MessageRemoved, Step::Named(message.name.clone()), Some(spot), None);
                }
                continue;
            };
            let types =
                (self.old.names.find(&join(scopes.0, &message.name)), self.new.names.find(&join(scopes.1, &message.name)));
            if let (Some(old), Some(new)) = types {
                self.items.push(Item::Nested { name: message.name.clone(), pair: Pair { old, new } });
            }
            if self.all && place != at {
                self.leaf(Kind::MessageMoved, Step::Named(message.name.clone()), None, None);
            }
        }
        if !self.all {
            // What follows is compatible, all of it.
            return;
        }
        for message in new.iter().filter(|message| !seen.contains(&*message.name) && !message.body.is_map_entry()) {
            self.leaf(Kind::MessageAdded, Step::Named(message.name.clone()), None, None);
        }
        let by_name: HashMap<&str, &Enum> = new_enums.iter().map(|found| (&*found.name, found)).collect();
        let mut seen = HashSet::new();
        for found in old_enums {
            seen.insert(&*found.name);
            match by_name.get(&*found.name) {
                None => self.leaf(Kind::EnumRemoved, Step::Named(found.name.clone()), None, None),
                Some(other) => self.enums(found, other),
            }
        }
        for found in new_enums.iter().filter(|found| !seen.contains(&*found.name)) {
            self.leaf(Kind::EnumAdded, Step::Named(found.name.clone()), None, None);
        }
    }

    /// Two enums, constants matched by number; of aliases the last one counts.
    fn enums(&mut self, old: &Enum, new: &Enum) {
        let by_number = |found: &'_ Enum| -> BTreeMap<i32, Box<str>> {
            found.constants.iter().map(|constant| (constant.number, constant.name.clone())).collect()
        };
        let (old_constants, new_constants) = (by_number(old), by_number(new));
        for number in merged(&old_constants, &new_constants) {
            let kind = match (old_constants.get(&number), new_constants.get(&number)) {
                (Some(_), None) => Kind::EnumConstRemoved,
                (None, Some(_)) => Kind::EnumConstAdded,
                (Some(a), Some(b)) if a != b => Kind::EnumConstChanged,
                _ => continue,
            };
            self.leaf(kind, Step::Member(old.name.clone(), number), None, None);
        }
    }

    /// Two messages: their fields, unless they are being compared further up, and their nested types.
    pub(super) fn messages(&mut self, pair: Pair<'a>, with_fields: bool) {
        let (Some(old), Some(new)) = (pair.old.node.body(), pair.new.node.body()) else { return };
        if with_fields {
            self.fields(pair);
        }
        let origins = (pair.old.origin, pair.new.origin);
        self.types((&pair.old.full, &pair.new.full), (&old.messages, &new.messages), (&old.enums, &new.enums), origins);
    }

    fn members(node: Node<'a>) -> (BTreeMap<i32, Member<'a>>, &'a [Oneof]) {
        let Some(body) = node.body() else { return (BTreeMap::new(), &[]) };
        let mut found = BTreeMap::new();
        for field in &body.fields {
            found.insert(field.number, Member { field, oneof: None });
        }
        for oneof in &body.oneofs {
            for field in &oneof.fields {
                found.insert(field.number, Member { field, oneof: Some(oneof) });
            }
        }
        (found, &body.oneofs)
    }

    fn fields(&mut self, pair: Pair<'a>) {
        let (old, old_oneofs) = Self::members(pair.old.node);
        let (new, new_oneofs) = Self::members(pair.new.node);
        self.work += (old.len() + new.len()) as u64;
        let new_names: HashSet<&str> = new_oneofs.iter().map(|oneof| &*oneof.name).collect();
        let survives = |oneof: &Oneof| oneof.fields.iter().any(|field| new.contains_key(&field.number));
        let gone: HashSet<&str> = old_oneofs
            .iter()
            .filter(|oneof| !new_names.contains(&*oneof.name) && !survives(oneof))
            .map(|oneof| &*oneof.name)
            .collect();
        for oneof in new_oneofs {
            self.moved_together(oneof, &old, pair);
        }
        if self.all {
            let old_names: HashSet<&str> = old_oneofs.iter().map(|oneof| &*oneof.name).collect();
            for oneof in old_oneofs.iter().filter(|oneof| !new_names.contains(&*oneof.name)) {
                self.leaf(Kind::OneofRemoved, Step::Named(oneof.name.clone()), None, None);
            }
            for oneof in new_oneofs.iter().filter(|oneof| !old_names.contains(&*oneof.name)) {
                self.leaf(Kind::OneofAdded, Step::Named(oneof.name.clone()), None, None);
            }
        }
        for number in merged(&old, &new) {
            match (old.get(&number).copied(), new.get(&number).copied()) {
                (Some(member), None) => self.removed(member, &gone, pair),
                (None, Some(member)) => self.added(member, pair),
                (Some(before), Some(after)) => self.field(before, after, pair),
                (None, None) => {}
            }
        }
    }

    fn spots(old: Option<Member<'_>>, new: Option<Member<'_>>, pair: Pair<'_>) -> (Option<Spot>, Option<Spot>) {
        let spot =
            |member: Member<'_>, found: &Type<'_>| Side::spot(&found.full, &member.field.name, member.field.at, found.origin);
        (old.map(|member| spot(member, pair.old)), new.map(|member| spot(member, pair.new)))
    }

    /// Members of a oneof that could be set side by side before.
    fn moved_together(&mut self, oneof: &Oneof, old: &BTreeMap<i32, Member<'a>>, pair: Pair<'a>) {
        let mut oneofs = HashSet::new();
        let mut plain = HashSet::new();
        for field in &oneof.fields {
            match old.get(&field.number) {
                Some(Member { oneof: Some(before), .. }) => drop(oneofs.insert(&*before.name)),
                Some(Member { oneof: None, .. }) => drop(plain.insert(field.number)),
                None => {}
            }
        }
        if oneofs.len() + plain.len() > 1 {
            let kind = if plain.len() > 1 { Kind::MultipleFieldsMovedToOneof } else { Kind::FieldMovedToExistingOneof };
            let spot = Side::spot(&pair.new.full, &oneof.name, oneof.at, pair.new.origin);
            self.leaf(kind, Step::Named(oneof.name.clone()), None, Some(spot));
        }
    }

    fn removed(&mut self, member: Member<'a>, gone: &HashSet<&str>, pair: Pair<'a>) {
        let kind = match member.oneof {
            Some(oneof) if gone.contains(&*oneof.name) => return,
            Some(_) => Kind::OneofFieldRemoved,
            None if label(member, pair.old) == Some(Label::Required) => Kind::RequiredFieldRemoved,
            None => Kind::FieldRemoved,
        };
        let (old, _) = Self::spots(Some(member), None, pair);
        self.leaf(kind, member.step(), old, None);
    }

    fn added(&mut self, member: Member<'a>, pair: Pair<'a>) {
        let kind = match member.oneof {
            Some(_) => Kind::OneofFieldAdded,
            None if label(member, pair.new) == Some(Label::Required) => Kind::RequiredFieldAdded,
            None => Kind::FieldAdded,
        };
        let (_, new) = Self::spots(None, Some(member), pair);
        self.leaf(kind, member.step(), None, new);
    }

    fn field(&mut self, before: Member<'a>, after: Member<'a>, pair: Pair<'a>) {
        if before.oneof.is_some() && after.oneof.is_none() {
            self.leaf(Kind::OneofFieldMovedToTopLevel, Step::Number(after.field.number), None, None);
        }
        if before.field.name != after.field.name {
            self.leaf(Kind::FieldNameChanged, after.step(), None, None);
        }
        let delimited = |member: Member<'_>, found: &Type<'_>| found.features.with(&member.field.options).delimited;
        let old = shape(self.old, &before.field.kind, &pair.old.full, delimited(before, pair.old), 0);
        let new = shape(self.new, &after.field.kind, &pair.new.full, delimited(after, pair.new), 0);
        let labels = (label(before, pair.old), label(after, pair.new));
        let written = (&before.field.kind, &after.field.kind);
        self.shapes(&old, &new, labels, written, (before, after), pair);
    }

    fn shapes(
        &mut self,
        old: &Shape<'a>,
        new: &Shape<'a>,
        labels: (Option<Label>, Option<Label>),
        written: (&Written, &Written),
        (before, after): (Member<'a>, Member<'a>),
        pair: Pair<'a>,
    ) {
        let (old_spot, new_spot) = Self::spots(Some(before), Some(after), pair);
        match (old, new) {
            (Shape::Scalar(a), Shape::Scalar(b)) => {
                let changed = matches!(labels, (Some(a), Some(b)) if a != b);
                let kind = match a {
                    _ if a != b => Kind::FieldScalarKindChanged,
                    Encoding::Text if changed => Kind::FieldStringOrBytesLabelChanged,
                    _ if changed => Kind::FieldNumericLabelChanged,
                    _ => return,
                };
                self.leaf(kind, after.step(), old_spot, new_spot);
            }
            (Shape::Map(a), Shape::Map(b)) => {
                let parts = |kind: &Written| match kind {
                    Written::Map(pair) => (pair.0.clone(), pair.1.clone()),
                    other @ Written::Named(_) => (other.clone(), other.clone()),
                };
                let (old_parts, new_parts) = (parts(written.0), parts(written.1));
                let members = (before, after);
                self.shapes(&a.0, &b.0, (None, None), (&old_parts.0, &new_parts.0), members, pair);
                self.shapes(&a.1, &b.1, (None, None), (&old_parts.1, &new_parts.1), members, pair);
            }
            (Shape::Message(a), Shape::Message(b)) | (Shape::Delimited(a), Shape::Delimited(b)) => {
                let leaf = Leaf { kind: Kind::FieldNamedTypeChanged, step: after.step(), old: old_spot, new: new_spot };
                let changed = match (a, b) {
                    (Some(a), Some(b)) => a.local() != b.local(),
                    _ => written.0 != written.1,
                };
                if changed {
                    self.items.push(Item::Leaf(leaf));
                } else if let (Some(old), Some(new)) = (a, b)
                    && self.old.identity(old.origin) != self.new.identity(new.origin)
                {
                    self.items.push(Item::Used { pair: Pair { old, new }, then: leaf });
                }
            }
            _ => self.leaf(Kind::FieldKindChanged, after.step(), old_spot, new_spot),
        }
    }
}

/// The label as the comparison sees it: editions make fields required by a feature.
fn label(member: Member<'_>, found: &Type<'_>) -> Option<Label> {
    let required = found.features.with(&member.field.options).required && member.oneof.is_none();
    let map = matches!(member.field.kind, Written::Map(_));
    if member.field.label.is_none() && required && !map { Some(Label::Required) } else { member.field.label }
}

/// The numbers of both, ascending.
fn merged<A, B>(old: &BTreeMap<i32, A>, new: &BTreeMap<i32, B>) -> Vec<i32> {
    let mut numbers: Vec<i32> = old.keys().chain(new.keys()).copied().collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}
