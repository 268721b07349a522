//! Messages, enums, services: numbers, labels, types, defaults.

use std::collections::{HashMap, HashSet};

use super::{Checked, Strict, default_fits, fault, is_identifier};
use crate::schema::protobuf::features::Features;
use crate::schema::protobuf::names::{Node, Type, is_scalar, join};
use crate::schema::protobuf::normalize::json_name;
use crate::schema::protobuf::tree::{
    Body, Enum, Extend, Field, Group, Label, MAX_NUMBER, Offset, Reserved, Span, Syntax, Type as Written, Value,
};

/// Numbers that belong to the implementation of the format.
const INTERNAL: std::ops::RangeInclusive<i32> = 19_000..=19_999;

/// Checks everything that a file declares.
pub(super) fn check(strict: &Strict<'_>) -> Checked {
    let file = strict.file;
    let package = strict.package();
    let features = Features::of_file(file);
    strict.settings(&file.options, "FileOptions", package)?;
    for message in &file.messages {
        body(strict, &message.body, &join(package, &message.name), message.at, features)?;
    }
    for found in &file.enums {
        enumeration(strict, found, package, features)?;
    }
    for found in &file.extends {
        extend(strict, found, package, features)?;
    }
    for service in &file.services {
        strict.settings(&service.options, "ServiceOptions", package)?;
        for rpc in &service.rpcs {
            for kind in [&rpc.request.kind, &rpc.response.kind] {
                let name = kind.text();
                if strict.resolve(&name, package, rpc.at)?.node.body().is_none() {
                    return Err(fault(rpc.at, format!("\"{name}\" is not a message type.")));
                }
            }
            strict.settings(&rpc.options, "MethodOptions", package)?;
        }
    }
    Ok(())
}

/// Inclusive ranges in the order of their starts.
pub(super) struct Ranges {
    sorted: Vec<(i32, i32)>,
}

impl Ranges {
    /// Refuses ranges that overlap, run backwards or leave the bounds.
    fn new(spans: &[(Offset, (i32, i32))], lowest: i32, what: &str) -> Result<Self, super::Fault> {
        let mut sorted = spans.to_vec();
        for (at, (first, last)) in &sorted {
            if last < first {
                return Err(fault(*at, format!("{what} range end number must be greater than start number.")));
            }
            if *first < lowest {
                return Err(fault(*at, format!("{what} numbers must be positive integers.")));
            }
        }
        sorted.sort_by_key(|(_, bounds)| *bounds);
        for ((_, before), (at, after)) in sorted.iter().zip(sorted.iter().skip(1)) {
            if after.0 <= before.1 {
                let message = format!(
                    "{what} range {} to {} overlaps with already-defined range {} to {}.",
                    after.0, after.1, before.0, before.1
                );
                return Err(fault(*at, message));
            }
        }
        Ok(Self { sorted: sorted.into_iter().map(|(_, bounds)| bounds).collect() })
    }

    /// The numbers that a message leaves to extensions. It may come from a file that nobody has checked.
    fn merged(body: &Body) -> Self {
        let spans = body.extensions.iter().flat_map(|found| &found.spans).filter_map(Span::bounds);
        let mut spans: Vec<_> = spans.filter(|(first, last)| first <= last).collect();
        spans.sort_unstable();
        let mut sorted: Vec<(i32, i32)> = Vec::with_capacity(spans.len());
        for (first, last) in spans {
            match sorted.last_mut() {
                Some(before) if first <= before.1 => before.1 = before.1.max(last),
                _ => sorted.push((first, last)),
            }
        }
        Self { sorted }
    }

    fn contains(&self, number: i32) -> bool {
        let after = self.sorted.partition_point(|(first, _)| *first <= number);
        after.checked_sub(1).and_then(|at| self.sorted.get(at)).is_some_and(|(_, last)| number <= *last)
    }

    /// A number that both hold.
    fn shared(&self, other: &Self) -> Option<i32> {
        let inside = self.sorted.iter().map(|(first, _)| *first).find(|first| other.contains(*first));
        inside.or_else(|| other.sorted.iter().map(|(first, _)| *first).find(|first| self.contains(*first)))
    }
}

fn bounds(statements: &[Reserved]) -> Vec<(Offset, (i32, i32))> {
    let spans = statements.iter().flat_map(|statement| statement.spans.iter().map(|span| (statement.at, span)));
    spans.filter_map(|(at, span)| Some((at, span.bounds()?))).collect()
}

fn reserved_names(statements: &[Reserved], what: &str) -> Result<HashSet<Box<str>>, super::Fault> {
    let mut names = HashSet::new();
    for statement in statements {
        for span in &statement.spans {
            if let Span::Name(name) = span
                && !names.insert(name.clone())
            {
                return Err(fault(statement.at, format!("{what} name \"{name}\" is reserved multiple times.")));
            }
        }
    }
    Ok(names)
}

/// A field or a group, for what is asked of both.
struct Numbered<'a> {
    name: Box<str>,
    number: i32,
    at: Offset,
    json: Option<&'a Value>,
}

fn body(strict: &Strict<'_>, body: &Body, scope: &str, at: Offset, features: Features) -> Checked {
    let features = features.with(&body.options);
    strict.settings(&body.options, "MessageOptions", scope)?;
    let reserved = Ranges::new(&bounds(&body.reserved), 1, "Reserved")?;
    let names = reserved_names(&body.reserved, "Field")?;
    let extension_spans = body.extensions.iter().flat_map(|found| found.spans.iter().map(|span| (found.at, span)));
    let extension_spans: Vec<_> = extension_spans.filter_map(|(at, span)| Some((at, span.bounds()?))).collect();
    let extensions = Ranges::new(&extension_spans, 1, "Extension")?;
    if let (Some((at, _)), true) = (extension_spans.first(), strict.syntax() == Syntax::Proto3) {
        return Err(fault(*at, "Extension ranges are not allowed in proto3."));
    }
    if let Some(number) = reserved.shared(&extensions) {
        return Err(fault(at, format!("Extension range overlaps with reserved number {number}.")));
    }
    for found in &body.extensions {
        strict.settings(&found.options, "ExtensionRangeOptions", scope)?;
    }
    let fields = body.all_fields().map(|field| Numbered {
        name: field.name.clone(),
        number: field.number,
        at: field.at,
        json: field.json_name.as_ref(),
    });
    let groups = body.all_groups().map(|group| Numbered {
        name: group.name.to_ascii_lowercase().into(),
        number: group.number,
        at: group.at,
        json: None,
    });
    let members: Vec<Numbered<'_>> = fields.chain(groups).collect();
    let mut seen: HashMap<i32, &str> = HashMap::new();
    for member in &members {
        number(member.number, member.at)?;
        if let Some(other) = seen.insert(member.number, &member.name) {
            let message = format!("Field number {} has already been used in \"{scope}\" by field \"{other}\".", member.number);
            return Err(fault(member.at, message));
        }
        if reserved.contains(member.number) {
            return Err(fault(member.at, format!("Field \"{}\" uses reserved number {}.", member.name, member.number)));
        }
        if names.contains(&member.name) {
            return Err(fault(member.at, format!("Field name \"{}\" is reserved.", member.name)));
        }
        if extensions.contains(member.number) {
            let message = format!("Extension range includes field \"{}\" ({}).", member.name, member.number);
            return Err(fault(member.at, message));
        }
    }
    json_names(strict, body, &members)?;
    for field in &body.fields {
        self::field(strict, field, scope, features)?;
    }
    for oneof in &body.oneofs {
        if oneof.fields.is_empty() && oneof.groups.is_empty() {
            return Err(fault(oneof.at, "Oneof must have at least one field."));
        }
        strict.settings(&oneof.options, "OneofOptions", scope)?;
        for field in &oneof.fields {
            if matches!(field.kind, Written::Map(_)) {
                return Err(fault(field.at, "Map fields are not allowed in oneofs."));
            }
            self::field(strict, field, scope, features)?;
        }
    }
    for group in body.all_groups() {
        self::group(strict, group, scope, features)?;
    }
    for found in &body.extends {
        extend(strict, found, scope, features)?;
    }
    for message in &body.messages {
        if message.body.is_map_entry() {
            return Err(fault(message.at, "map_entry should not be set explicitly. Use map<KeyType, ValueType> instead."));
        }
        self::body(strict, &message.body, &join(scope, &message.name), message.at, features)?;
    }
    body.enums.iter().try_for_each(|found| enumeration(strict, found, scope, features))
}

/// Two fields must not share a name in JSON; proto2 leaves that to the one who reads it.
fn json_names(strict: &Strict<'_>, body: &Body, members: &[Numbered<'_>]) -> Checked {
    let legacy = body
        .options
        .iter()
        .any(|option| option.is_plain("deprecated_legacy_json_field_conflicts") && option.value.is_word("true"));
    let mut seen: HashMap<String, (&str, bool)> = HashMap::new();
    for member in members {
        let stated = member.json.and_then(Value::as_text);
        let name = stated.map_or_else(|| json_name(&member.name), str::to_owned);
        if let Some((other, was_stated)) = seen.insert(name.clone(), (&member.name, stated.is_some())) {
            let is_default = stated.is_none() || !was_stated;
            if !(is_default && (legacy || strict.syntax() == Syntax::Proto2)) {
                let message =
                    format!("The JSON name of field \"{}\" (\"{name}\") conflicts with field \"{other}\".", member.name);
                return Err(fault(member.at, message));
            }
        }
    }
    Ok(())
}

fn number(number: i32, at: Offset) -> Checked {
    if number < 1 {
        return Err(fault(at, "Field numbers must be positive integers."));
    }
    if number > MAX_NUMBER {
        return Err(fault(at, format!("Field numbers cannot be greater than {MAX_NUMBER}.")));
    }
    if INTERNAL.contains(&number) {
        let message = "Field numbers 19000 through 19999 are reserved for the protocol buffer library implementation.";
        return Err(fault(at, message));
    }
    Ok(())
}

fn field(strict: &Strict<'_>, field: &Field, scope: &str, features: Features) -> Checked {
    let is_edition = strict.syntax().edition().is_some();
    match field.label {
        Some(Label::Required) if is_edition => {
            return Err(fault(field.at, "Required label is not allowed under editions. Use features.field_presence."));
        }
        Some(Label::Optional) if is_edition => {
            return Err(fault(
                field.at,
                "Optional label is not allowed under editions. By default, all singular fields have presence.",
            ));
        }
        _ => {}
    }
    let mut is_message = false;
    match &field.kind {
        Written::Map(pair) => {
            if matches!(pair.1, Written::Map(_)) {
                return Err(fault(field.at, "The value of a map can't be a map."));
            }
            if let Some(name) = pair.1.name().filter(|name| !is_scalar(name)) {
                used(strict, strict.resolve(name, scope, field.at)?, field, scope)?;
            }
            is_message = true;
        }
        Written::Named(name) if is_scalar(name) => {}
        Written::Named(name) => {
            let found = strict.resolve(name, scope, field.at)?;
            is_message = found.node.body().is_some();
            used(strict, found, field, scope)?;
        }
    }
    if let Some(default) = &field.default {
        default_of(strict, field, default, scope, is_message, features)?;
    }
    let text = matches!(field.kind.name(), Some("string" | "bytes"));
    let packed = field.options.iter().find(|option| option.is_plain("packed") && option.value.is_word("true"));
    if let Some(option) = packed
        && (field.label != Some(Label::Repeated) || is_message || text)
    {
        return Err(fault(option.at, "[packed = true] can only be specified for repeated primitive fields."));
    }
    strict.settings(&field.options, "FieldOptions", scope)
}

/// An open enum is needed where every number is legal.
fn used(strict: &Strict<'_>, found: &Type<'_>, field: &Field, scope: &str) -> Checked {
    let Node::Enum(declared) = found.node else { return Ok(()) };
    let closed = found.features.with(&declared.options).closed;
    if strict.syntax() == Syntax::Proto3 && closed {
        let message = format!(
            "Enum type \"{}\" is not an open enum, but is used in \"{scope}\" which is a proto3 message type.",
            found.full
        );
        return Err(fault(field.at, message));
    }
    Ok(())
}

fn default_of(strict: &Strict<'_>, field: &Field, default: &Value, scope: &str, is_message: bool, features: Features) -> Checked {
    if strict.syntax() == Syntax::Proto3 {
        return Err(fault(field.at, "Explicit default values are not allowed in proto3."));
    }
    if features.with(&field.options).implicit {
        return Err(fault(field.at, "Implicit presence fields can't specify defaults."));
    }
    if field.label == Some(Label::Repeated) {
        return Err(fault(field.at, "Repeated fields can't have default values."));
    }
    if is_message {
        return Err(fault(field.at, "Messages can't have default values."));
    }
    let Some(name) = field.kind.name() else { return Ok(()) };
    let fits = if is_scalar(name) {
        default_fits(name, default)
    } else {
        let found = strict.resolve(name, scope, field.at)?;
        match (found.node, default) {
            (Node::Enum(declared), Value::Word(word)) => declared.constants.iter().any(|constant| constant.name == *word),
            _ => false,
        }
    };
    if fits { Ok(()) } else { Err(fault(field.at, format!("The default value of \"{}\" does not fit its type.", field.name))) }
}

fn group(strict: &Strict<'_>, group: &Group, scope: &str, features: Features) -> Checked {
    if strict.syntax() != Syntax::Proto2 {
        return Err(fault(group.at, "Groups are not supported in proto3 syntax and in editions."));
    }
    strict.settings(&group.options, "FieldOptions", scope)?;
    body(strict, &group.body, &join(scope, &group.name), group.at, features)
}

fn extend(strict: &Strict<'_>, found: &Extend, scope: &str, features: Features) -> Checked {
    let extended = strict.resolve(&found.name, scope, found.at)?;
    let Some(target) = extended.node.body() else {
        return Err(fault(found.at, format!("\"{}\" is not a message type.", found.name)));
    };
    let options = extended.full.strip_prefix("google.protobuf.").is_some_and(|name| name.ends_with("Options"));
    if strict.syntax() == Syntax::Proto3 && !options {
        return Err(fault(found.at, "Extensions in proto3 are only allowed for defining options."));
    }
    let mut known = strict.extended.borrow_mut();
    known.declared.entry(extended.full.clone()).or_insert_with(|| Ranges::merged(target));
    let fields = found.fields.iter().map(|field| (&field.name, field.number, field.at));
    for (name, own, at) in fields.chain(found.groups.iter().map(|group| (&group.name, group.number, group.at))) {
        number(own, at)?;
        if !known.declared.get(&extended.full).is_some_and(|ranges| ranges.contains(own)) {
            return Err(fault(at, format!("\"{}\" does not declare {own} as an extension number.", extended.full)));
        }
        if !known.taken.insert((extended.full.clone(), own)) {
            return Err(fault(
                at,
                format!("Extension number {own} has already been used in \"{}\" by another extension.", extended.full),
            ));
        }
        if !is_identifier(name) {
            return Err(fault(at, format!("\"{name}\" is not a valid identifier.")));
        }
    }
    drop(known);
    for field in &found.fields {
        if field.label == Some(Label::Required) {
            return Err(fault(field.at, format!("The extension {} cannot be required.", join(scope, &field.name))));
        }
        if matches!(field.kind, Written::Map(_)) {
            return Err(fault(field.at, "Map fields are not allowed to be extensions."));
        }
        self::field(strict, field, scope, features)?;
    }
    found.groups.iter().try_for_each(|group| self::group(strict, group, scope, features))
}

fn enumeration(strict: &Strict<'_>, found: &Enum, scope: &str, features: Features) -> Checked {
    let closed = features.with(&found.options).closed;
    let inner = join(scope, &found.name);
    strict.settings(&found.options, "EnumOptions", &inner)?;
    let Some(first) = found.constants.first() else {
        return Err(fault(found.at, "Enums must contain at least one value."));
    };
    if !closed && first.number != 0 {
        return Err(fault(first.at, "The first enum value must be zero for open enums."));
    }
    let reserved = Ranges::new(&bounds(&found.reserved), i32::MIN, "Reserved")?;
    let names = reserved_names(&found.reserved, "Enum value")?;
    let alias = found.options.iter().any(|option| option.is_plain("allow_alias") && option.value.is_word("true"));
    let mut seen: HashMap<i32, &str> = HashMap::new();
    let mut aliases = false;
    for constant in &found.constants {
        if let Some(other) = seen.insert(constant.number, &constant.name) {
            aliases = true;
            if !alias {
                let message = format!(
                    "\"{}\" uses the same enum value as \"{other}\". If this is intended, set 'option allow_alias = true;' \
                     to the \
                     enum definition.",
                    constant.name
                );
                return Err(fault(constant.at, message));
            }
        }
        if reserved.contains(constant.number) {
            let message = format!("Enum value \"{}\" uses reserved number {}.", constant.name, constant.number);
            return Err(fault(constant.at, message));
        }
        if names.contains(&constant.name) {
            return Err(fault(constant.at, format!("Enum value \"{}\" is reserved.", constant.name)));
        }
        strict.settings(&constant.options, "EnumValueOptions", &inner)?;
    }
    if alias && !aliases {
        let message = format!("\"{}\" declares support for enum aliases but no enum values share field numbers.", found.name);
        return Err(fault(found.at, message));
    }
    Ok(())
}
