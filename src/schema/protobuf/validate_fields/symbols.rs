//! Every name is defined once.

use std::collections::{HashMap, HashSet};

use super::checker::is_identifier;
use crate::schema::protobuf::fault::{Checked, Fault, fault};
use crate::schema::protobuf::model::{Body, Dependency, Enum, Extend, File, Group, Offset, join};
use crate::schema::protobuf::symbol_table::{DeclaringFile, SymbolTable};

/// The names of a file; gives back those of its messages, enums and services.
pub(super) fn define(file: &File, dependencies: &[Dependency], loaded: &HashSet<usize>) -> Result<HashSet<Box<str>>, Fault> {
    let mut symbols = Symbols { seen: HashMap::new(), aggregates: HashSet::new() };
    for (at, dependency) in dependencies.iter().enumerate().filter(|(at, _)| loaded.contains(at)) {
        for name in SymbolTable::of_file(&dependency.file, DeclaringFile::Reference(at)).full_names() {
            symbols.seen.insert(name.into(), Some(dependency.path.clone()));
        }
    }
    let package = file.package.as_deref().unwrap_or("");
    if let Some(part) = package.split('.').find(|part| !is_identifier(part))
        && !package.is_empty()
    {
        return Err(fault(file.package_at, format!("\"{part}\" is not a valid identifier.")));
    }
    for message in &file.messages {
        symbols.body(package, &message.name, &message.body, message.at)?;
    }
    for found in &file.enums {
        symbols.enumeration(package, found)?;
    }
    for extend in &file.extends {
        symbols.extend(package, extend)?;
    }
    for service in &file.services {
        let scope = symbols.aggregate(package, &service.name, service.at)?;
        for rpc in &service.rpcs {
            symbols.add(&scope, &rpc.name, rpc.at)?;
        }
    }
    Ok(symbols.aggregates)
}

/// Full names of the messages, enums and services of a file that need not be right.
pub(super) fn aggregates(file: &File) -> HashSet<Box<str>> {
    SymbolTable::of_file(file, DeclaringFile::Own).full_names().map(Box::from).collect()
}

struct Symbols {
    /// The file of a name, unless it is this one.
    seen: HashMap<Box<str>, Option<Box<str>>>,
    aggregates: HashSet<Box<str>>,
}

impl Symbols {
    fn add(&mut self, scope: &str, name: &str, at: Offset) -> Checked {
        if !is_identifier(name) {
            return Err(fault(at, format!("\"{name}\" is not a valid identifier.")));
        }
        let full = join(scope, name);
        match self.seen.insert(full.clone(), None) {
            None => Ok(()),
            Some(Some(file)) => Err(fault(at, format!("\"{full}\" is already defined in file \"{file}\"."))),
            Some(None) if scope.is_empty() => Err(fault(at, format!("\"{name}\" is already defined."))),
            Some(None) => Err(fault(at, format!("\"{name}\" is already defined in \"{scope}\"."))),
        }
    }

    fn aggregate(&mut self, scope: &str, name: &str, at: Offset) -> Result<Box<str>, Fault> {
        self.add(scope, name, at)?;
        let full = join(scope, name);
        self.aggregates.insert(full.clone());
        Ok(full)
    }

    fn body(&mut self, scope: &str, name: &str, body: &Body, at: Offset) -> Checked {
        let scope = self.aggregate(scope, name, at)?;
        for field in body.all_fields() {
            self.add(&scope, &field.name, field.at)?;
        }
        for oneof in &body.oneofs {
            self.add(&scope, &oneof.name, oneof.at)?;
        }
        for group in body.all_groups() {
            self.group(&scope, group)?;
        }
        for message in &body.messages {
            self.body(&scope, &message.name, &message.body, message.at)?;
        }
        for found in &body.enums {
            self.enumeration(&scope, found)?;
        }
        body.extends.iter().try_for_each(|extend| self.extend(&scope, extend))
    }

    /// The constants of an enum are declared in the scope around it.
    fn enumeration(&mut self, scope: &str, found: &Enum) -> Checked {
        self.aggregate(scope, &found.name, found.at)?;
        found.constants.iter().try_for_each(|constant| self.add(scope, &constant.name, constant.at))
    }

    fn extend(&mut self, scope: &str, extend: &Extend) -> Checked {
        for field in &extend.fields {
            self.add(scope, &field.name, field.at)?;
        }
        for group in &extend.groups {
            self.group(scope, group)?;
        }
        Ok(())
    }

    /// A group is a field and a message; their names differ in nothing but the letter case.
    fn group(&mut self, scope: &str, group: &Group) -> Checked {
        if !group.name.starts_with(|c: char| c.is_ascii_uppercase()) {
            return Err(fault(group.at, "Group names must start with a capital letter."));
        }
        self.add(scope, &group.name.to_ascii_lowercase(), group.at)?;
        self.body(scope, &group.name, &group.body, group.at)
    }
}
