//! Fields and groups.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::breach::{Compared, Policy, below, place};
use super::reserved::{NumberSet, reserved_names};
use crate::schema::meter;
use crate::schema::protobuf::compat::rules::ComparedFile;
use crate::schema::protobuf::features::Features;
use crate::schema::protobuf::model::{
    Body, Field, FieldType, Group, Label, Offset, OptionValue, Syntax, is_scalar, join, json_name,
};
use crate::schema::protobuf::symbol_table::TypeDeclaration;
use crate::schema::protobuf::{number, print};
use crate::types::ProtobufPolicy;

struct FieldOrGroup<'a> {
    name: String,
    number: i32,
    at: Offset,
    label: Option<Label>,
    oneof: Option<&'a str>,
    kind: Option<&'a FieldType>,
    field: Option<&'a Field>,
    group: Option<&'a Group>,
}

fn members(body: &Body) -> BTreeMap<i32, FieldOrGroup<'_>> {
    let mut found = BTreeMap::new();
    let plain = body.fields.iter().map(|one| of_field(one, None));
    let grouped = body.groups.iter().map(|one| of_group(one, None));
    let in_oneofs = body.oneofs.iter().flat_map(|oneof| {
        let name = Some(&*oneof.name);
        let fields = oneof.fields.iter().map(move |one| of_field(one, name));
        fields.chain(oneof.groups.iter().map(move |one| of_group(one, name)))
    });
    for member in plain.chain(grouped).chain(in_oneofs) {
        found.insert(member.number, member);
    }
    found
}

fn of_field<'a>(field: &'a Field, oneof: Option<&'a str>) -> FieldOrGroup<'a> {
    let label = if field.is_repeated() { Some(Label::Repeated) } else { field.label };
    FieldOrGroup {
        name: field.name.to_string(),
        number: field.number,
        at: field.at,
        label,
        oneof,
        kind: Some(&field.kind),
        field: Some(field),
        group: None,
    }
}

fn of_group<'a>(group: &'a Group, oneof: Option<&'a str>) -> FieldOrGroup<'a> {
    FieldOrGroup {
        name: group.name.to_ascii_lowercase(),
        number: group.number,
        at: group.at,
        label: group.label,
        oneof,
        kind: None,
        field: None,
        group: Some(group),
    }
}

pub(super) fn compare(policy: &mut Policy<'_>, path: &str, scopes: (&str, &str), (old, new): (&Body, &Body)) -> Compared {
    let (before, after) = (members(old), members(new));
    meter::charge_for(1 + before.len() + after.len())?;
    let known_names = reserved_names(&new.reserved);
    let reserved_numbers = NumberSet::reserved(&new.reserved);
    for (number, old_member) in &before {
        if let Some(new_member) = after.get(number) {
            compare_field(policy, path, scopes, (old_member, new_member));
        } else {
            let is_reserved = reserved_numbers.covers((*number, *number));
            check_deletion(policy, path, scopes.0, old_member, (is_reserved, &known_names));
        }
    }
    Ok(())
}

fn check_deletion(
    policy: &mut Policy<'_>,
    path: &str,
    scope: &str,
    member: &FieldOrGroup<'_>,
    (number, names): (bool, &HashSet<&str>),
) {
    let path = below(path, &member.number.to_string());
    let text = format!("The {{R}} schema is missing field {} ('{}') of the {{W}} schema", member.number, member.name);
    let old = place(scope, &member.name, member.at);
    if policy.is(ProtobufPolicy::File) {
        policy.breach("FIELD_NO_DELETE", &path, text, old, None, "Keep the field; mark it deprecated.");
    } else if !number {
        let text = format!("{text} and does not reserve its number");
        policy.breach("FIELD_NO_DELETE_UNLESS_NUMBER_RESERVED", &path, text, old, None, "Reserve the number.");
    } else if policy.json() && !names.contains(&*member.name) {
        let text = format!("{text} and does not reserve its name");
        policy.breach("FIELD_NO_DELETE_UNLESS_NAME_RESERVED", &path, text, old, None, "Reserve the name too.");
    }
}

fn compare_field(policy: &mut Policy<'_>, path: &str, scopes: (&str, &str), (old, new): (&FieldOrGroup<'_>, &FieldOrGroup<'_>)) {
    let path = below(path, &new.number.to_string());
    let breach = |policy: &mut Policy<'_>, rule, what: &str, w: &str, r: &str, remedy| {
        let text = format!("The {what} of field '{}' is '{r}' in the {{R}} schema and '{w}' in the {{W}} schema", new.name);
        policy.breach(rule, &path, text, place(scopes.0, &old.name, old.at), place(scopes.1, &new.name, new.at), remedy);
    };
    let number = "Use a new field number.";
    let (w, r) = (cardinality(policy.old, old, scopes.0), cardinality(policy.new, new, scopes.1));
    if w != r {
        let rule = match policy.level {
            ProtobufPolicy::File => Some("FIELD_SAME_CARDINALITY"),
            ProtobufPolicy::WireJson if w.json() != r.json() => Some("FIELD_WIRE_JSON_COMPATIBLE_CARDINALITY"),
            ProtobufPolicy::Wire if w.wire() != r.wire() => Some("FIELD_WIRE_COMPATIBLE_CARDINALITY"),
            _ => None,
        };
        if let Some(rule) = rule {
            breach(policy, rule, "cardinality", w.word(), r.word(), number);
        }
        if (w == Cardinality::Required) != (r == Cardinality::Required) {
            breach(policy, "MESSAGE_SAME_REQUIRED_FIELDS", "cardinality", w.word(), r.word(), "Keep the label.");
        }
    }
    let (w, r) = (ResolvedType::of(policy.old, old, scopes.0), ResolvedType::of(policy.new, new, scopes.1));
    if w != r && !w.reads(&r, policy) {
        let rule = match policy.level {
            ProtobufPolicy::File => "FIELD_SAME_TYPE",
            ProtobufPolicy::WireJson => "FIELD_WIRE_JSON_COMPATIBLE_TYPE",
            _ => "FIELD_WIRE_COMPATIBLE_TYPE",
        };
        breach(policy, rule, "type", &w.text(), &r.text(), number);
    }
    let (w, r) = (old.oneof.unwrap_or(""), new.oneof.unwrap_or(""));
    if w != r {
        breach(policy, "FIELD_SAME_ONEOF", "oneof", w, r, "Leave the field where it is.");
    }
    let (w, r) = (default(old), default(new));
    if w != r {
        breach(policy, "FIELD_SAME_DEFAULT", "default", &w, &r, "Keep the default.");
    }
    if policy.json() {
        if old.name != new.name {
            breach(policy, "FIELD_SAME_NAME", "name", &old.name, &new.name, "Keep the name, or state the old one as json_name.");
        }
        let (w, r) = (json(old), json(new));
        if w != r {
            breach(policy, "FIELD_SAME_JSON_NAME", "JSON name", &w, &r, "State the old JSON name as json_name.");
        }
    }
}

fn json(member: &FieldOrGroup<'_>) -> String {
    let stated = member.field.and_then(|field| field.json_name.as_ref()).and_then(OptionValue::as_text);
    stated.map_or_else(|| json_name(&member.name), str::to_owned)
}

fn default(member: &FieldOrGroup<'_>) -> String {
    match member.field.and_then(|field| field.default.as_ref()) {
        None => String::new(),
        Some(OptionValue::Word(word)) => number::plain(word),
        Some(value) => print::value_text(value),
    }
}

/// How many values a field has, and whether it can be unset.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cardinality {
    Explicit,
    Implicit,
    Required,
    Repeated,
    Map,
}

impl Cardinality {
    fn word(self) -> &'static str {
        match self {
            Self::Explicit => "optional with explicit presence",
            Self::Implicit => "optional with implicit presence",
            Self::Required => "required",
            Self::Repeated => "repeated",
            Self::Map => "map",
        }
    }

    /// What JSON has: one value, a list, an object. Confluent's own rules deal with required fields.
    fn json(self) -> u8 {
        match self {
            Self::Explicit | Self::Implicit | Self::Required => 0,
            Self::Repeated => 1,
            Self::Map => 2,
        }
    }

    /// What the wire format has: a map is a list, and the reader of a single string or message keeps the last one.
    fn wire(self) -> u8 {
        match self {
            Self::Explicit | Self::Implicit | Self::Required => 0,
            Self::Repeated | Self::Map => 1,
        }
    }
}

fn cardinality(file: ComparedFile<'_>, member: &FieldOrGroup<'_>, scope: &str) -> Cardinality {
    let syntax = file.file.effective_syntax();
    match (member.kind, member.label) {
        (Some(FieldType::Map(_)), _) => Cardinality::Map,
        (_, Some(Label::Repeated)) => Cardinality::Repeated,
        (_, Some(Label::Required)) => Cardinality::Required,
        (_, Some(Label::Optional)) => Cardinality::Explicit,
        (kind, None) => {
            let options = member.field.map_or(&[][..], |field| &field.options);
            let around = file.symbols.find(scope).map_or_else(|| Features::of_file(file.file), |found| found.features);
            let features = around.with(options);
            let scalar = kind.and_then(FieldType::name).is_some_and(|name| {
                is_scalar(name)
                    || file.symbols.resolve(name, scope).is_some_and(|found| matches!(found.node, TypeDeclaration::Enum(_)))
            });
            let implicit = syntax == Syntax::Proto3 || features.implicit;
            match (member.oneof, features.required) {
                (None, true) => Cardinality::Required,
                (None, false) if implicit && scalar => Cardinality::Implicit,
                _ => Cardinality::Explicit,
            }
        }
    }
}

/// The type of a field with its names resolved.
#[derive(Clone, PartialEq, Eq)]
enum ResolvedType {
    Scalar(String),
    Enum(String),
    Message(String),
    Group(String),
    Map(Box<(ResolvedType, ResolvedType)>),
}

/// The full name of a type.
pub(super) fn full_type_name(file: ComparedFile<'_>, kind: &FieldType, scope: &str) -> String {
    ResolvedType::resolve(file, kind, scope, 0).text()
}

impl ResolvedType {
    fn of(file: ComparedFile<'_>, member: &FieldOrGroup<'_>, scope: &str) -> Self {
        match (member.kind, member.group) {
            (Some(kind), _) => Self::resolve(file, kind, scope, 0),
            (None, group) => Self::Group(join(scope, group.map_or("", |group| &group.name)).into()),
        }
    }

    fn resolve(file: ComparedFile<'_>, kind: &FieldType, scope: &str, depth: usize) -> Self {
        let name = match kind {
            FieldType::Map(pair) => {
                let both = (Self::resolve(file, &pair.0, scope, depth), Self::resolve(file, &pair.1, scope, depth));
                return Self::Map(Box::new(both));
            }
            FieldType::Named(name) if is_scalar(name) => return Self::Scalar(name.to_string()),
            FieldType::Named(name) => name,
        };
        let Some(found) = file.symbols.resolve(name, scope) else { return Self::Message(name.to_string()) };
        match found.node {
            TypeDeclaration::Enum(_) => Self::Enum(found.full.to_string()),
            TypeDeclaration::Message(message) => match message.body.map_entry() {
                Some((key, value)) if depth < 8 => {
                    let key = Self::resolve(file, &key.kind, &found.full, depth + 1);
                    Self::Map(Box::new((key, Self::resolve(file, &value.kind, &found.full, depth + 1))))
                }
                _ => Self::Message(found.full.to_string()),
            },
            TypeDeclaration::Group(_) => Self::Group(found.full.to_string()),
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Scalar(name) | Self::Enum(name) | Self::Message(name) | Self::Group(name) => name.clone(),
            Self::Map(pair) => format!("map<{}, {}>", pair.0.text(), pair.1.text()),
        }
    }

    /// Whether a reader with the type `new` reads what was written with this one.
    fn reads(&self, new: &Self, policy: &Policy<'_>) -> bool {
        if self == new {
            return true;
        }
        match (self, new) {
            _ if policy.is(ProtobufPolicy::File) => false,
            (Self::Scalar(old), Self::Scalar(new)) => match policy.level {
                ProtobufPolicy::Wire => wire_group(old) == wire_group(new) || (old == "string" && new == "bytes"),
                _ => json_group(old) == json_group(new),
            },
            (Self::Map(old), Self::Map(new)) => old.0.reads(&new.0, policy) && old.1.reads(&new.1, policy),
            (Self::Enum(old), Self::Enum(new)) => contains(policy, old, new),
            _ => false,
        }
    }
}

/// Whether an enum has the short name and all values of another one, which it may replace.
fn contains(policy: &Policy<'_>, old: &str, new: &str) -> bool {
    let short = |name: &str| name.rsplit('.').next().unwrap_or("").to_owned();
    let (Some(old_type), Some(new_type)) = (policy.old.symbols.find(old), policy.new.symbols.find(new)) else { return false };
    let (TypeDeclaration::Enum(old_enum), TypeDeclaration::Enum(new_enum)) = (old_type.node, new_type.node) else { return false };
    let known: HashMap<&str, i32> = new_enum.constants.iter().map(|c| (&*c.name, c.number)).collect();
    short(old) == short(new) && old_enum.constants.iter().all(|c| known.get(&*c.name) == Some(&c.number))
}

fn wire_group(name: &str) -> &str {
    match name {
        "int32" | "int64" | "uint32" | "uint64" | "bool" => "varint",
        "sint32" | "sint64" => "zigzag",
        "fixed32" | "sfixed32" => "four bytes",
        "fixed64" | "sfixed64" => "eight bytes",
        other => other,
    }
}

fn json_group(name: &str) -> &str {
    match name {
        "int32" | "uint32" => "varint of 32 bits",
        "int64" | "uint64" => "varint of 64 bits",
        "fixed32" | "sfixed32" => "four bytes",
        "fixed64" | "sfixed64" => "eight bytes",
        other => other,
    }
}
