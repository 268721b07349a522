//! The rules, for one level: what differs between two files, two scopes or two messages (protobuf 5.3). Pairs of messages below are
//! left to the `walk`.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::difference::{ElementDifference, ElementPlace, PathStep};
use super::difference_kind::DifferenceKind as Kind;
use crate::java::hash_table;
use crate::schema::protobuf::model::{Dependency, Enum, Field, FieldType, File, Label, Message, Offset, Oneof, is_scalar, join};
use crate::schema::protobuf::symbol_table::{DeclaringFile, SymbolTable, TypeDeclaration, TypeSymbol};

/// Nesting of map entries in map entries up to which they count as maps; no compiler allows any.
const MAX_MAPS: usize = 8;

/// One of the two schemas.
#[derive(Clone, Copy)]
pub(super) struct ComparedFile<'a> {
    pub(super) file: &'a File,
    pub(super) symbols: &'a SymbolTable<'a>,
    pub(super) dependencies: &'a [Dependency],
}

impl<'a> ComparedFile<'a> {
    fn place(scope: &str, name: &str, at: Offset, origin: DeclaringFile) -> ElementPlace {
        ElementPlace { name: join(scope, name), at: (origin == DeclaringFile::Own).then_some(at) }
    }

    /// What identifies a file: for references the subject and version.
    fn identity(self, origin: DeclaringFile) -> (u8, &'a str, i32) {
        match origin {
            DeclaringFile::Own => (0, "", 0),
            DeclaringFile::Builtin(_) => (1, "", 0),
            DeclaringFile::Reference(at) => {
                self.dependencies.get(at).map_or((2, "", 0), |found| (2, &*found.subject, found.version))
            }
        }
    }
}

#[derive(Clone, Copy)]
pub(super) struct TypePair<'a> {
    pub(super) old: &'a TypeSymbol<'a>,
    pub(super) new: &'a TypeSymbol<'a>,
}

/// What the comparison of one level yields.
pub(super) enum LevelItem<'a> {
    Difference(PathStep, ElementDifference),
    /// Messages of the same name in one scope.
    Nested {
        name: Box<str>,
        pair: TypePair<'a>,
    },
    /// The messages of other files that are the type of a field; `otherwise` is reported if they are incompatible.
    Used {
        pair: TypePair<'a>,
        step: PathStep,
        otherwise: ElementDifference,
    },
}

/// Compares one level. `all` asks for compatible differences too.
pub(super) struct LevelComparison<'a> {
    pub(super) old: ComparedFile<'a>,
    pub(super) new: ComparedFile<'a>,
    pub(super) all: bool,
    pub(super) items: Vec<LevelItem<'a>>,
    /// Elements looked at.
    pub(super) work: u64,
}

/// A field and the oneof it is in.
#[derive(Clone, Copy)]
struct FieldMember<'a> {
    field: &'a Field,
    oneof: Option<&'a Oneof>,
}

impl FieldMember<'_> {
    fn step(self) -> PathStep {
        match self.oneof {
            Some(oneof) => PathStep::Member(oneof.name.clone(), self.field.number),
            None => PathStep::Number(self.field.number),
        }
    }
}

/// The type of a field, as far as it is compared.
enum ComparedType<'a> {
    Scalar(ScalarEncoding),
    Map(Box<(ComparedType<'a>, ComparedType<'a>)>),
    Message(Option<&'a TypeSymbol<'a>>),
    /// Editions: a message that is encoded as groups are.
    Delimited(Option<&'a TypeSymbol<'a>>),
}

/// Scalars of one encoding are compatible.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ScalarEncoding {
    General,
    Zigzag,
    Text,
    Fixed32,
    Fixed64,
    Float,
    Double,
}

/// Where each name stands first in a list.
fn first_by_name<'n>(names: impl Iterator<Item = &'n str>) -> HashMap<&'n str, usize> {
    let mut places = HashMap::new();
    for (at, name) in names.enumerate() {
        places.entry(name).or_insert(at);
    }
    places
}

fn encoding(name: &str) -> ScalarEncoding {
    match name {
        "sint32" | "sint64" => ScalarEncoding::Zigzag,
        "string" | "bytes" => ScalarEncoding::Text,
        "fixed32" | "sfixed32" => ScalarEncoding::Fixed32,
        "fixed64" | "sfixed64" => ScalarEncoding::Fixed64,
        "float" => ScalarEncoding::Float,
        "double" => ScalarEncoding::Double,
        _ => ScalarEncoding::General,
    }
}

/// Resolves a type.
fn shape<'a>(file: ComparedFile<'a>, kind: &'a FieldType, scope: &str, delimited: bool, depth: usize) -> ComparedType<'a> {
    let name = match kind {
        FieldType::Named(name) => name,
        FieldType::Map(pair) => {
            let both = (shape(file, &pair.0, scope, false, depth + 1), shape(file, &pair.1, scope, false, depth + 1));
            return ComparedType::Map(Box::new(both));
        }
    };
    if is_scalar(name) {
        return ComparedType::Scalar(encoding(name));
    }
    let Some(found) = file.symbols.resolve(name, scope) else { return ComparedType::Message(None) };
    match found.node {
        TypeDeclaration::Enum(_) => ComparedType::Scalar(ScalarEncoding::General),
        TypeDeclaration::Message(message) if depth < MAX_MAPS => match message.body.map_entry() {
            Some((key, value)) => {
                let key = shape(file, &key.kind, &found.full, false, depth + 1);
                ComparedType::Map(Box::new((key, shape(file, &value.kind, &found.full, false, depth + 1))))
            }
            None if delimited => ComparedType::Delimited(Some(found)),
            None => ComparedType::Message(Some(found)),
        },
        TypeDeclaration::Message(_) | TypeDeclaration::Group(_) if delimited => ComparedType::Delimited(Some(found)),
        TypeDeclaration::Message(_) | TypeDeclaration::Group(_) => ComparedType::Message(Some(found)),
    }
}

impl<'a> LevelComparison<'a> {
    fn add(&mut self, kind: Kind, step: PathStep, old: Option<ElementPlace>, new: Option<ElementPlace>) {
        if self.all || !kind.is_compatible() {
            self.items.push(LevelItem::Difference(step, ElementDifference { kind, old, new }));
        }
    }

    pub(super) fn compare_files(&mut self) {
        let (old, new) = (self.old.file, self.new.file);
        let package = |file: &'a File| file.package.as_deref();
        if package(old) != package(new) {
            let place =
                |file: &File| file.package.as_ref().map(|name| ElementPlace { name: name.clone(), at: Some(file.package_at) });
            self.add(Kind::PackageChanged, PathStep::Here, place(old), place(new));
        }
        let scopes = (package(old).unwrap_or(""), package(new).unwrap_or(""));
        self.compare_types(
            scopes,
            (&old.messages, &new.messages),
            (&old.enums, &new.enums),
            (DeclaringFile::Own, DeclaringFile::Own),
        );
    }

    /// The types of two scopes, matched by name.
    fn compare_types(
        &mut self,
        scopes: (&str, &str),
        (old, new): (&'a [Message], &'a [Message]),
        (old_enums, new_enums): (&'a [Enum], &'a [Enum]),
        origins: (DeclaringFile, DeclaringFile),
    ) {
        self.work += (old.len() + new.len() + old_enums.len() + new_enums.len()) as u64;
        let names = |messages: &'a [Message]| messages.iter().map(|message| &*message.name);
        let (before, after) = (first_by_name(names(old)), first_by_name(names(new)));
        for name in hash_table::union(names(old), names(new)) {
            match (before.get(name), after.get(name)) {
                (Some(at), Some(place)) => {
                    let types = (self.old.symbols.find(&join(scopes.0, name)), self.new.symbols.find(&join(scopes.1, name)));
                    if let (Some(old), Some(new)) = types {
                        self.items.push(LevelItem::Nested { name: name.into(), pair: TypePair { old, new } });
                    }
                    if self.all && place != at {
                        self.add(Kind::MessageMoved, PathStep::Named(name.into()), None, None);
                    }
                }
                (Some(at), None) => {
                    let Some(message) = old.get(*at).filter(|message| !message.body.is_map_entry()) else { continue };
                    let place = ComparedFile::place(scopes.0, name, message.at, origins.0);
                    self.add(Kind::MessageRemoved, PathStep::Named(name.into()), Some(place), None);
                }
                (None, Some(place)) if self.all && new.get(*place).is_some_and(|message| !message.body.is_map_entry()) => {
                    self.add(Kind::MessageAdded, PathStep::Named(name.into()), None, None);
                }
                (None, _) => {}
            }
        }
        if !self.all {
            // all further differences are compatible
            return;
        }
        let names = |enums: &'a [Enum]| enums.iter().map(|found| &*found.name);
        let by_name = |enums: &'a [Enum]| -> HashMap<&str, &Enum> { enums.iter().map(|found| (&*found.name, found)).collect() };
        let (before, after) = (by_name(old_enums), by_name(new_enums));
        for name in hash_table::union(names(old_enums), names(new_enums)) {
            match (before.get(name), after.get(name)) {
                (Some(found), Some(other)) => self.compare_enums(found, other),
                (Some(_), None) => self.add(Kind::EnumRemoved, PathStep::Named(name.into()), None, None),
                (None, _) => self.add(Kind::EnumAdded, PathStep::Named(name.into()), None, None),
            }
        }
    }

    /// Compares two enums, constants matched by number; of aliases the last one counts.
    fn compare_enums(&mut self, old: &Enum, new: &Enum) {
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
            self.add(kind, PathStep::Member(old.name.clone(), number), None, None);
        }
    }

    /// Compares two messages: their fields, unless these are being compared further up, and their nested types.
    pub(super) fn compare_messages(&mut self, pair: TypePair<'a>, with_fields: bool) {
        let (Some(old), Some(new)) = (pair.old.node.body(), pair.new.node.body()) else { return };
        if with_fields {
            self.compare_fields(pair);
        }
        let origins = (pair.old.origin, pair.new.origin);
        self.compare_types((&pair.old.full, &pair.new.full), (&old.messages, &new.messages), (&old.enums, &new.enums), origins);
    }

    fn members(node: TypeDeclaration<'a>) -> (BTreeMap<i32, FieldMember<'a>>, &'a [Oneof]) {
        let Some(body) = node.body() else { return (BTreeMap::new(), &[]) };
        let mut found = BTreeMap::new();
        for field in &body.fields {
            found.insert(field.number, FieldMember { field, oneof: None });
        }
        for oneof in &body.oneofs {
            for field in &oneof.fields {
                found.insert(field.number, FieldMember { field, oneof: Some(oneof) });
            }
        }
        (found, &body.oneofs)
    }

    fn compare_fields(&mut self, pair: TypePair<'a>) {
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
            self.check_moved_into_oneof(oneof, &old, pair);
        }
        if self.all {
            let old_names: HashSet<&str> = old_oneofs.iter().map(|oneof| &*oneof.name).collect();
            for oneof in old_oneofs.iter().filter(|oneof| !new_names.contains(&*oneof.name)) {
                self.add(Kind::OneofRemoved, PathStep::Named(oneof.name.clone()), None, None);
            }
            for oneof in new_oneofs.iter().filter(|oneof| !old_names.contains(&*oneof.name)) {
                self.add(Kind::OneofAdded, PathStep::Named(oneof.name.clone()), None, None);
            }
        }
        for number in merged(&old, &new) {
            match (old.get(&number).copied(), new.get(&number).copied()) {
                (Some(member), None) => self.field_removed(member, &gone, pair),
                (None, Some(member)) => self.field_added(member, pair),
                (Some(before), Some(after)) => self.compare_field(before, after, pair),
                (None, None) => {}
            }
        }
    }

    fn places(
        old: Option<FieldMember<'_>>,
        new: Option<FieldMember<'_>>,
        pair: TypePair<'_>,
    ) -> (Option<ElementPlace>, Option<ElementPlace>) {
        let place = |member: FieldMember<'_>, found: &TypeSymbol<'_>| {
            ComparedFile::place(&found.full, &member.field.name, member.field.at, found.origin)
        };
        (old.map(|member| place(member, pair.old)), new.map(|member| place(member, pair.new)))
    }

    /// Reports a oneof with fields that could be set at the same time before.
    fn check_moved_into_oneof(&mut self, oneof: &Oneof, old: &BTreeMap<i32, FieldMember<'a>>, pair: TypePair<'a>) {
        let mut oneofs = HashSet::new();
        let mut plain = HashSet::new();
        for field in &oneof.fields {
            match old.get(&field.number) {
                Some(FieldMember { oneof: Some(before), .. }) => drop(oneofs.insert(&*before.name)),
                Some(FieldMember { oneof: None, .. }) => drop(plain.insert(field.number)),
                None => {}
            }
        }
        if oneofs.len() + plain.len() > 1 {
            let kind = if plain.len() > 1 { Kind::MultipleFieldsMovedToOneof } else { Kind::FieldMovedToExistingOneof };
            let place = ComparedFile::place(&pair.new.full, &oneof.name, oneof.at, pair.new.origin);
            self.add(kind, PathStep::Named(oneof.name.clone()), None, Some(place));
        }
    }

    fn field_removed(&mut self, member: FieldMember<'a>, gone: &HashSet<&str>, pair: TypePair<'a>) {
        let kind = match member.oneof {
            Some(oneof) if gone.contains(&*oneof.name) => return,
            Some(_) => Kind::OneofFieldRemoved,
            None if label(member, pair.old) == Some(Label::Required) => Kind::RequiredFieldRemoved,
            None => Kind::FieldRemoved,
        };
        let (old, _) = Self::places(Some(member), None, pair);
        self.add(kind, member.step(), old, None);
    }

    fn field_added(&mut self, member: FieldMember<'a>, pair: TypePair<'a>) {
        let kind = match member.oneof {
            Some(_) => Kind::OneofFieldAdded,
            None if label(member, pair.new) == Some(Label::Required) => Kind::RequiredFieldAdded,
            None => Kind::FieldAdded,
        };
        let (_, new) = Self::places(None, Some(member), pair);
        self.add(kind, member.step(), None, new);
    }

    fn compare_field(&mut self, before: FieldMember<'a>, after: FieldMember<'a>, pair: TypePair<'a>) {
        if before.oneof.is_some() && after.oneof.is_none() {
            self.add(Kind::OneofFieldMovedToTopLevel, PathStep::Number(after.field.number), None, None);
        }
        if before.field.name != after.field.name {
            self.add(Kind::FieldNameChanged, after.step(), None, None);
        }
        let delimited = |member: FieldMember<'_>, found: &TypeSymbol<'_>| found.features.with(&member.field.options).delimited;
        let old = shape(self.old, &before.field.kind, &pair.old.full, delimited(before, pair.old), 0);
        let new = shape(self.new, &after.field.kind, &pair.new.full, delimited(after, pair.new), 0);
        let labels = (label(before, pair.old), label(after, pair.new));
        let written = (&before.field.kind, &after.field.kind);
        self.compare_shapes(&old, &new, labels, written, (before, after), pair);
    }

    fn compare_shapes(
        &mut self,
        old: &ComparedType<'a>,
        new: &ComparedType<'a>,
        labels: (Option<Label>, Option<Label>),
        written: (&FieldType, &FieldType),
        (before, after): (FieldMember<'a>, FieldMember<'a>),
        pair: TypePair<'a>,
    ) {
        let (old_place, new_place) = Self::places(Some(before), Some(after), pair);
        match (old, new) {
            (ComparedType::Scalar(a), ComparedType::Scalar(b)) => {
                let changed = matches!(labels, (Some(a), Some(b)) if a != b);
                let kind = match a {
                    _ if a != b => Kind::FieldScalarKindChanged,
                    ScalarEncoding::Text if changed => Kind::FieldStringOrBytesLabelChanged,
                    _ if changed => Kind::FieldNumericLabelChanged,
                    _ => return,
                };
                self.add(kind, after.step(), old_place, new_place);
            }
            (ComparedType::Map(a), ComparedType::Map(b)) => {
                let parts = |kind: &FieldType| match kind {
                    FieldType::Map(pair) => (pair.0.clone(), pair.1.clone()),
                    other @ FieldType::Named(_) => (other.clone(), other.clone()),
                };
                let (old_parts, new_parts) = (parts(written.0), parts(written.1));
                let members = (before, after);
                self.compare_shapes(&a.0, &b.0, (None, None), (&old_parts.0, &new_parts.0), members, pair);
                self.compare_shapes(&a.1, &b.1, (None, None), (&old_parts.1, &new_parts.1), members, pair);
            }
            (ComparedType::Message(a), ComparedType::Message(b)) | (ComparedType::Delimited(a), ComparedType::Delimited(b)) => {
                let otherwise = ElementDifference { kind: Kind::FieldNamedTypeChanged, old: old_place, new: new_place };
                let changed = match (a, b) {
                    (Some(a), Some(b)) => a.local() != b.local(),
                    _ => written.0 != written.1,
                };
                if changed {
                    self.items.push(LevelItem::Difference(after.step(), otherwise));
                } else if let (Some(old), Some(new)) = (a, b)
                    && self.old.identity(old.origin) != self.new.identity(new.origin)
                {
                    self.items.push(LevelItem::Used { pair: TypePair { old, new }, step: after.step(), otherwise });
                }
            }
            _ => self.add(Kind::FieldKindChanged, after.step(), old_place, new_place),
        }
    }
}

/// The label; under editions a feature makes fields required.
fn label(member: FieldMember<'_>, found: &TypeSymbol<'_>) -> Option<Label> {
    let required = found.features.with(&member.field.options).required && member.oneof.is_none();
    let map = matches!(member.field.kind, FieldType::Map(_));
    if member.field.label.is_none() && required && !map { Some(Label::Required) } else { member.field.label }
}

/// The numbers of both, ascending.
fn merged<A, B>(old: &BTreeMap<i32, A>, new: &BTreeMap<i32, B>) -> Vec<i32> {
    let mut numbers: Vec<i32> = old.keys().chain(new.keys()).copied().collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}
