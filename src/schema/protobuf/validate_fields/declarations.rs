//! Messages, enums, services: numbers, labels, types, defaults.

use std::collections::{HashMap, HashSet};

use super::checker::{FileChecker, is_identifier};
use super::ranges::Ranges;
use crate::schema::protobuf::descriptor::fits_scalar;
use crate::schema::protobuf::fault::{Checked, Fault, fault};
use crate::schema::protobuf::features::Features;
use crate::schema::protobuf::model::{
    Body, Enum, Extend, Field, FieldType, Group, Label, MAX_NUMBER, Offset, OptionValue, RangeOrName, Reserved, Syntax,
    is_scalar, join, json_name,
};
use crate::schema::protobuf::symbol_table::{TypeDeclaration, TypeSymbol};

/// Field numbers that are reserved for implementations of Protobuf.
const INTERNAL: std::ops::RangeInclusive<i32> = 19_000..=19_999;

/// Checks everything that a file declares.
pub(super) fn check(checker: &FileChecker<'_>) -> Checked {
    let file = checker.file;
    let package = checker.package();
    let features = Features::of_file(file);
    checker.settings(&file.options, "FileOptions", package)?;
    for message in &file.messages {
        body(checker, &message.body, &join(package, &message.name), message.at, features)?;
    }
    for found in &file.enums {
        enumeration(checker, found, package, features)?;
    }
    for found in &file.extends {
        extend(checker, found, package, features)?;
    }
    for service in &file.services {
        checker.settings(&service.options, "ServiceOptions", package)?;
        for rpc in &service.rpcs {
            for kind in [&rpc.request.kind, &rpc.response.kind] {
                let name = kind.text();
                if checker.resolve(&name, package, rpc.at)?.node.body().is_none() {
                    return Err(fault(rpc.at, format!("\"{name}\" is not a message type.")));
                }
            }
            checker.settings(&rpc.options, "MethodOptions", package)?;
        }
    }
    Ok(())
}

fn bounds(statements: &[Reserved]) -> Vec<(Offset, (i32, i32))> {
    let spans = statements.iter().flat_map(|statement| statement.spans.iter().map(|span| (statement.at, span)));
    spans.filter_map(|(at, span)| Some((at, span.bounds()?))).collect()
}

fn reserved_names(statements: &[Reserved], what: &str) -> Result<HashSet<Box<str>>, Fault> {
    let mut names = HashSet::new();
    for statement in statements {
        for span in &statement.spans {
            if let RangeOrName::Name(name) = span
                && !names.insert(name.clone())
            {
                return Err(fault(statement.at, format!("{what} name \"{name}\" is reserved multiple times.")));
            }
        }
    }
    Ok(names)
}

/// A field or a group, for the rules that both have to satisfy.
struct Numbered<'a> {
    name: Box<str>,
    number: i32,
    at: Offset,
    json: Option<&'a OptionValue>,
}

fn body(checker: &FileChecker<'_>, body: &Body, scope: &str, at: Offset, features: Features) -> Checked {
    let features = features.with(&body.options);
    checker.settings(&body.options, "MessageOptions", scope)?;
    let reserved = Ranges::new(&bounds(&body.reserved), 1, "Reserved")?;
    let names = reserved_names(&body.reserved, "Field")?;
    let extension_spans = body.extensions.iter().flat_map(|found| found.spans.iter().map(|span| (found.at, span)));
    let extension_spans: Vec<_> = extension_spans.filter_map(|(at, span)| Some((at, span.bounds()?))).collect();
    let extensions = Ranges::new(&extension_spans, 1, "Extension")?;
    if let (Some((at, _)), true) = (extension_spans.first(), checker.syntax() == Syntax::Proto3) {
        return Err(fault(*at, "Extension ranges are not allowed in proto3."));
    }
    if let Some(number) = reserved.shared(&extensions) {
        return Err(fault(at, format!("Extension range overlaps with reserved number {number}.")));
    }
    for found in &body.extensions {
        checker.settings(&found.options, "ExtensionRangeOptions", scope)?;
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
    json_names(checker, body, &members)?;
    for field in &body.fields {
        self::field(checker, field, scope, features)?;
    }
    for oneof in &body.oneofs {
        if oneof.fields.is_empty() && oneof.groups.is_empty() {
            return Err(fault(oneof.at, "Oneof must have at least one field."));
        }
        checker.settings(&oneof.options, "OneofOptions", scope)?;
        for field in &oneof.fields {
            if matches!(field.kind, FieldType::Map(_)) {
                return Err(fault(field.at, "Map fields are not allowed in oneofs."));
            }
            self::field(checker, field, scope, features)?;
        }
    }
    for group in body.all_groups() {
        self::group(checker, group, scope, features)?;
    }
    for found in &body.extends {
        extend(checker, found, scope, features)?;
    }
    for message in &body.messages {
        if message.body.is_map_entry() {
            return Err(fault(message.at, "map_entry should not be set explicitly. Use map<KeyType, ValueType> instead."));
        }
        self::body(checker, &message.body, &join(scope, &message.name), message.at, features)?;
    }
    body.enums.iter().try_for_each(|found| enumeration(checker, found, scope, features))
}

/// Two fields must not have the same name in JSON. In proto2 that is only a warning.
fn json_names(checker: &FileChecker<'_>, body: &Body, members: &[Numbered<'_>]) -> Checked {
    let legacy = body
        .options
        .iter()
        .any(|option| option.is_plain("deprecated_legacy_json_field_conflicts") && option.value.is_word("true"));
    let mut seen: HashMap<String, (&str, bool)> = HashMap::new();
    for member in members {
        let stated = member.json.and_then(OptionValue::as_text);
        let name = stated.map_or_else(|| json_name(&member.name), str::to_owned);
        if let Some((other, was_stated)) = seen.insert(name.clone(), (&member.name, stated.is_some())) {
            let is_default = stated.is_none() || !was_stated;
            if !(is_default && (legacy || checker.syntax() == Syntax::Proto2)) {
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

fn field(checker: &FileChecker<'_>, field: &Field, scope: &str, features: Features) -> Checked {
    let is_edition = checker.syntax().is_edition();
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
        FieldType::Map(pair) => {
            if matches!(pair.1, FieldType::Map(_)) {
                return Err(fault(field.at, "The value of a map can't be a map."));
            }
            if let Some(name) = pair.1.name().filter(|name| !is_scalar(name)) {
                used(checker, checker.resolve(name, scope, field.at)?, field, scope)?;
            }
            is_message = true;
        }
        FieldType::Named(name) if is_scalar(name) => {}
        FieldType::Named(name) => {
            let found = checker.resolve(name, scope, field.at)?;
            is_message = found.node.body().is_some();
            used(checker, found, field, scope)?;
        }
    }
    if let Some(default) = &field.default {
        default_of(checker, field, default, scope, is_message, features)?;
    }
    let text = matches!(field.kind.name(), Some("string" | "bytes"));
    let packed = field.options.iter().find(|option| option.is_plain("packed") && option.value.is_word("true"));
    if let Some(option) = packed
        && (field.label != Some(Label::Repeated) || is_message || text)
    {
        return Err(fault(option.at, "[packed = true] can only be specified for repeated primitive fields."));
    }
    checker.settings(&field.options, "FieldOptions", scope)
}

/// A proto3 field may not have the type of a closed enum.
fn used(checker: &FileChecker<'_>, found: &TypeSymbol<'_>, field: &Field, scope: &str) -> Checked {
    let TypeDeclaration::Enum(declared) = found.node else { return Ok(()) };
    let closed = found.features.with(&declared.options).closed;
    if checker.syntax() == Syntax::Proto3 && closed {
        let message = format!(
            "Enum type \"{}\" is not an open enum, but is used in \"{scope}\" which is a proto3 message type.",
            found.full
        );
        return Err(fault(field.at, message));
    }
    Ok(())
}

fn default_of(
    checker: &FileChecker<'_>,
    field: &Field,
    default: &OptionValue,
    scope: &str,
    is_message: bool,
    features: Features,
) -> Checked {
    if checker.syntax() == Syntax::Proto3 {
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
        fits_scalar(name, default)
    } else {
        let found = checker.resolve(name, scope, field.at)?;
        match (found.node, default) {
            (TypeDeclaration::Enum(declared), OptionValue::Word(word)) => {
                declared.constants.iter().any(|constant| constant.name == *word)
            }
            _ => false,
        }
    };
    if fits { Ok(()) } else { Err(fault(field.at, format!("The default value of \"{}\" does not fit its type.", field.name))) }
}

fn group(checker: &FileChecker<'_>, group: &Group, scope: &str, features: Features) -> Checked {
    if checker.syntax() != Syntax::Proto2 {
        return Err(fault(group.at, "Groups are not supported in proto3 syntax and in editions."));
    }
    checker.settings(&group.options, "FieldOptions", scope)?;
    body(checker, &group.body, &join(scope, &group.name), group.at, features)
}

fn extend(checker: &FileChecker<'_>, found: &Extend, scope: &str, features: Features) -> Checked {
    let extended = checker.resolve(&found.name, scope, found.at)?;
    let Some(target) = extended.node.body() else {
        return Err(fault(found.at, format!("\"{}\" is not a message type.", found.name)));
    };
    let options = extended.full.strip_prefix("google.protobuf.").is_some_and(|name| name.ends_with("Options"));
    if checker.syntax() == Syntax::Proto3 && !options {
        return Err(fault(found.at, "Extensions in proto3 are only allowed for defining options."));
    }
    let mut known = checker.extended.borrow_mut();
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
        if matches!(field.kind, FieldType::Map(_)) {
            return Err(fault(field.at, "Map fields are not allowed to be extensions."));
        }
        self::field(checker, field, scope, features)?;
    }
    found.groups.iter().try_for_each(|group| self::group(checker, group, scope, features))
}

fn enumeration(checker: &FileChecker<'_>, found: &Enum, scope: &str, features: Features) -> Checked {
    let closed = features.with(&found.options).closed;
    let inner = join(scope, &found.name);
    checker.settings(&found.options, "EnumOptions", &inner)?;
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
        checker.settings(&constant.options, "EnumValueOptions", &inner)?;
    }
    if alias && !aliases {
        let message = format!("\"{}\" declares support for enum aliases but no enum values share field numbers.", found.name);
        return Err(fault(found.at, message));
    }
    Ok(())
}
