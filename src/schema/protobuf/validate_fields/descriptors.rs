//! What Java's descriptors require, which Confluent builds under `validateFields` (protobuf 1.5): symbols, numbers, types. Options,
//! reserved ranges and imports are not looked at. Every fault names its element, in Java's words.

use std::collections::{HashMap, HashSet};

use super::checker::{FileChecker, is_identifier};
use super::ranges::Ranges;
use crate::schema::protobuf::fault::{Checked, Fault, fault};
use crate::schema::protobuf::model::{
    Body, Dependency, Enum, Extend, FieldType, Group, Label, Offset, OptionValue, is_scalar, join,
};
use crate::schema::protobuf::symbol_table::{DeclaringFile, SymbolTable, TypeDeclaration, TypeSymbol};

/// A fault of the element with this full name.
fn refused(at: Offset, element: &str, what: &str) -> Fault {
    fault(at, format!("Invalid protobuf schema definition: {element}: {what}"))
}

/// Checks a file.
pub(super) fn check(checker: &FileChecker<'_>, dependencies: &[Dependency]) -> Checked {
    let file = checker.file;
    let package = checker.package();
    // Confluent gathers the types of all files into one schema
    let taken = names_of(dependencies, checker);
    let own = file.messages.iter().map(|message| (&message.name, message.at));
    for (name, at) in own.chain(file.enums.iter().map(|found| (&found.name, found.at))) {
        if taken.contains(&join(package, name)) {
            return Err(fault(at, format!("duplicate name: {name}")));
        }
    }
    let mut symbols = SymbolSet { seen: HashSet::new() };
    for message in &file.messages {
        symbols.message(package, &message.name, &message.body, message.at)?;
    }
    for found in &file.enums {
        symbols.enumeration(package, found)?;
    }
    for extend in &file.extends {
        symbols.extend(package, extend)?;
    }
    let links = LinkChecker { checker };
    for message in &file.messages {
        links.message(&message.body, &join(package, &message.name))?;
    }
    for service in &file.services {
        for rpc in &service.rpcs {
            let element = join(&join(package, &service.name), &rpc.name);
            for kind in [&rpc.request.kind, &rpc.response.kind] {
                links.message_type(&kind.text(), package, &element, rpc.at)?;
            }
        }
    }
    file.extends.iter().try_for_each(|extend| links.extend(extend, package))
}

/// The names of the files that can be seen.
fn names_of(dependencies: &[Dependency], checker: &FileChecker<'_>) -> HashSet<Box<str>> {
    let seen = dependencies.iter().enumerate().filter(|(at, _)| checker.visible.references.contains(at));
    let tables = seen.map(|(at, dependency)| SymbolTable::of_file(&dependency.file, DeclaringFile::Reference(at)));
    tables.flat_map(|table| table.full_names().map(Box::from).collect::<Vec<_>>()).collect()
}

struct SymbolSet {
    seen: HashSet<Box<str>>,
}

impl SymbolSet {
    fn add(&mut self, scope: &str, name: &str, at: Offset) -> Checked {
        let full = join(scope, name);
        if !is_identifier(name) {
            return Err(refused(at, &full, &format!("\"{name}\" is not a valid identifier.")));
        }
        if self.seen.insert(full.clone()) {
            return Ok(());
        }
        let place = if scope.is_empty() { String::new() } else { format!(" in \"{scope}\"") };
        Err(refused(at, &full, &format!("\"{name}\" is already defined{place}.")))
    }

    fn message(&mut self, scope: &str, name: &str, body: &Body, at: Offset) -> Checked {
        let inner = join(scope, name);
        for message in &body.messages {
            self.message(&inner, &message.name, &message.body, message.at)?;
        }
        for found in &body.enums {
            self.enumeration(&inner, found)?;
        }
        for field in body.all_fields() {
            self.field(&inner, &field.name, field.number, field.at)?;
        }
        for group in body.all_groups() {
            self.group(&inner, group)?;
        }
        for extend in &body.extends {
            self.extend(&inner, extend)?;
        }
        self.add(scope, name, at)
    }

    fn field(&mut self, scope: &str, name: &str, number: i32, at: Offset) -> Checked {
        if number < 1 {
            return Err(refused(at, &join(scope, name), "Field numbers must be positive integers."));
        }
        self.add(scope, name, at)
    }

    fn group(&mut self, scope: &str, group: &Group) -> Checked {
        self.field(scope, &group.name.to_ascii_lowercase(), group.number, group.at)?;
        self.message(scope, &group.name, &group.body, group.at)
    }

    fn extend(&mut self, scope: &str, extend: &Extend) -> Checked {
        for field in &extend.fields {
            self.field(scope, &field.name, field.number, field.at)?;
        }
        extend.groups.iter().try_for_each(|group| self.group(scope, group))
    }

    /// The constants of an enum are declared in the scope around it.
    fn enumeration(&mut self, scope: &str, found: &Enum) -> Checked {
        if found.constants.is_empty() {
            return Err(refused(found.at, &join(scope, &found.name), "Enums must contain at least one value."));
        }
        self.add(scope, &found.name, found.at)?;
        found.constants.iter().try_for_each(|constant| self.add(scope, &constant.name, constant.at))
    }
}

struct LinkChecker<'c, 'a> {
    checker: &'c FileChecker<'a>,
}

/// What a field's checks look at.
struct CheckedField<'m> {
    name: &'m str,
    number: i32,
    at: Offset,
    kind: Option<&'m FieldType>,
    label: Option<Label>,
    default: Option<&'m OptionValue>,
}

fn members(body: &Body) -> impl Iterator<Item = (bool, CheckedField<'_>)> {
    let plain = body.fields.iter().map(|field| (false, field));
    let all = plain.chain(body.oneofs.iter().flat_map(|oneof| oneof.fields.iter().map(|field| (true, field))));
    all.map(|(in_oneof, field)| {
        let (kind, default) = (Some(&field.kind), field.default.as_ref());
        let member = CheckedField { name: &field.name, number: field.number, at: field.at, kind, label: field.label, default };
        (in_oneof, member)
    })
}

impl LinkChecker<'_, '_> {
    fn message(&self, body: &Body, scope: &str) -> Checked {
        for message in &body.messages {
            self.message(&message.body, &join(scope, &message.name))?;
        }
        for group in body.all_groups() {
            self.message(&group.body, &join(scope, &group.name))?;
        }
        let mut numbers: HashMap<i32, &str> = HashMap::new();
        for (in_oneof, member) in members(body) {
            self.field(&member, scope, &join(scope, member.name), in_oneof)?;
            if let Some(other) = numbers.insert(member.number, member.name) {
                let what = format!("Field number {} has already been used in \"{scope}\" by field \"{other}\".", member.number);
                return Err(refused(member.at, &join(scope, member.name), &what));
            }
        }
        body.extends.iter().try_for_each(|extend| self.extend(extend, scope))
    }

    /// Whether the name is that of a message; `None` where it stands for nothing that can be seen.
    fn is_message(&self, name: &str, scope: &str) -> Option<bool> {
        let found = match name.strip_prefix('.') {
            Some(full) => self.checker.symbols.find(full),
            None => self.checker.search(name, scope).ok().flatten(),
        };
        let found = found.filter(|found| self.checker.visible.shows(found.origin))?;
        Some(!matches!(found.node, TypeDeclaration::Enum(_)))
    }

    fn message_type(&self, name: &str, scope: &str, element: &str, at: Offset) -> Checked {
        match self.is_message(name, scope) {
            Some(true) => Ok(()),
            Some(false) => Err(refused(at, element, &format!("\"{name}\" is not a message type."))),
            None => Err(refused(at, element, &format!("\"{name}\" is not defined."))),
        }
    }

    fn field(&self, member: &CheckedField<'_>, scope: &str, element: &str, in_oneof: bool) -> Checked {
        let Some(kind) = member.kind else { return Ok(()) };
        let name = match kind {
            // a map beside others is a message of its own; in a oneof Confluent takes it for a name
            FieldType::Map(_) if in_oneof => {
                return Err(refused(member.at, element, &format!("\"{}\" is not defined.", kind.text())));
            }
            FieldType::Map(pair) => pair.1.name(),
            FieldType::Named(name) => Some(&**name),
        };
        let Some(name) = name.filter(|name| !is_scalar(name)) else { return default_value(member, element, false) };
        let Some(is_message) = self.is_message(name, scope) else {
            return Err(refused(member.at, element, &format!("\"{name}\" is not defined.")));
        };
        default_value(member, element, is_message)
    }

    fn extend(&self, extend: &Extend, scope: &str) -> Checked {
        let fields = extend.fields.iter().map(|field| {
            let default = field.default.as_ref();
            CheckedField {
                name: &field.name,
                number: field.number,
                at: field.at,
                kind: Some(&field.kind),
                label: field.label,
                default,
            }
        });
        let groups = extend.groups.iter().map(|group| CheckedField {
            name: &group.name,
            number: group.number,
            at: group.at,
            kind: None,
            label: group.label,
            default: None,
        });
        for member in fields.chain(groups) {
            let element = join(scope, member.name);
            self.message_type(&extend.name, scope, &element, member.at)?;
            let target = match extend.name.strip_prefix('.') {
                Some(full) => self.checker.symbols.find(full),
                None => self.checker.search(&extend.name, scope).ok().flatten(),
            };
            let declares = |target: &TypeSymbol<'_>| {
                let mut known = self.checker.extended.borrow_mut();
                let Some(body) = target.node.body() else { return true };
                known.declared.entry(target.full.clone()).or_insert_with(|| Ranges::merged(body)).contains(member.number)
            };
            if let Some(target) = target.filter(|target| !declares(target)) {
                let what = format!("\"{}\" does not declare {} as an extension number.", target.full, member.number);
                return Err(refused(member.at, &element, &what));
            }
            self.field(&member, scope, &element, false)?;
        }
        extend.groups.iter().try_for_each(|group| self.message(&group.body, &join(scope, &group.name)))
    }
}

/// Only a single scalar or enum has a default value.
fn default_value(member: &CheckedField<'_>, element: &str, is_message: bool) -> Checked {
    if member.default.is_none() {
        return Ok(());
    }
    if member.label == Some(Label::Repeated) {
        return Err(refused(member.at, element, "Repeated fields cannot have default values."));
    }
    if is_message {
        return Err(refused(member.at, element, "Messages can't have default values."));
    }
    Ok(())
}
