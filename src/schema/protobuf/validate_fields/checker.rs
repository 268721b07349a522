//! What all declarations need: names, resolved as compilers do, and options.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use super::imports::{ImportFiles, Visible};
use super::ranges::Ranges;
use crate::schema::protobuf::descriptor::OptionBytes;
use crate::schema::protobuf::fault::{Checked, Fault, fault};
use crate::schema::protobuf::model::{Dependency, File, Offset, ProtoOption, Spelling, Syntax};
use crate::schema::protobuf::symbol_table::{SymbolTable, TypeSymbol};
use crate::schema::protobuf::{builtin, print};

pub(super) struct FileChecker<'a> {
    pub(super) file: &'a File,
    pub(super) symbols: &'a SymbolTable<'a>,
    pub(super) options: &'a OptionBytes<'a>,
    pub(super) visible: Visible,
    /// Packages of all files, and their beginnings.
    pub(super) packages: HashSet<String>,
    /// Full names of the file's own messages, enums and services.
    pub(super) aggregates: HashSet<Box<str>>,
    pub(super) extended: RefCell<Extended>,
}

/// What is known of extended messages, by full name.
#[derive(Default)]
pub(super) struct Extended {
    pub(super) taken: HashSet<(Box<str>, i32)>,
    /// Numbers that are declared for extensions.
    pub(super) declared: HashMap<Box<str>, Ranges>,
}

impl<'a> FileChecker<'a> {
    pub(super) fn syntax(&self) -> Syntax {
        self.file.effective_syntax()
    }

    pub(super) fn package(&self) -> &'a str {
        self.file.package.as_deref().unwrap_or("")
    }

    pub(super) fn packages_of(&mut self, dependencies: &[Dependency]) {
        let builtins = self.visible.builtins.iter().filter_map(|at| builtin::all().get(*at)).map(|found| &found.file);
        let files = dependencies.iter().map(|dependency| &*dependency.file).chain(builtins).chain([self.file]);
        for package in files.filter_map(|file| file.package.as_deref()) {
            let ends = package.match_indices('.').map(|(at, _)| at).chain([package.len()]);
            self.packages.extend(ends.filter_map(|end| package.get(..end)).map(str::to_owned));
        }
    }

    /// The dependencies that a compiler would load; all of their imports must be there.
    pub(super) fn reachable(&self, dependencies: &[Dependency]) -> Result<HashSet<usize>, Fault> {
        let files = ImportFiles::new(dependencies);
        let mut found = Visible::default();
        for import in &self.file.imports {
            files.follow(&import.path, true, &mut found);
        }
        for at in &found.references {
            let imports = dependencies.get(*at).map_or(&[][..], |dependency| &*dependency.file.imports);
            if let Some(missing) = imports.iter().find(|import| files.find(&import.path).is_none()) {
                let place = self.file.imports.first().map_or(0, |import| import.at);
                return Err(fault(place, format!("Import \"{}\" was not found or had errors.", missing.path)));
            }
        }
        Ok(found.references)
    }

    /// Resolves a name as compilers do: the innermost scope that knows its first part decides, and the file must be imported.
    pub(super) fn resolve(&self, name: &str, scope: &str, at: Offset) -> Result<&TypeSymbol<'a>, Fault> {
        let undefined = || fault(at, format!("\"{name}\" is not defined."));
        let found = match name.strip_prefix('.') {
            Some(full) => self.symbols.find(full),
            None => self.search(name, scope).map_err(|hidden| {
                fault(
                    at,
                    format!(
                        "\"{name}\" is resolved to \"{hidden}\", which is not defined. The innermost scope is searched \
                         first in \
                         name resolution. Consider using a leading '.'(i.e., \".{name}\") to start from the outermost scope."
                    ),
                )
            })?,
        };
        let found = found.ok_or_else(undefined)?;
        if !self.visible.shows(found.origin) {
            let message = format!("\"{name}\" seems to be defined in a file that is not imported. Add the necessary import.");
            return Err(fault(at, message));
        }
        Ok(found)
    }

    pub(super) fn search(&self, name: &str, scope: &str) -> Result<Option<&TypeSymbol<'a>>, String> {
        let first = name.split('.').next().unwrap_or(name);
        let mut scope = scope;
        loop {
            let prefix = if scope.is_empty() { String::new() } else { format!("{scope}.") };
            let full = format!("{prefix}{name}");
            if let Some(found) = self.symbols.find(&full).filter(|found| self.visible.shows(found.origin)) {
                return Ok(Some(found));
            }
            if first.len() < name.len() {
                let head = format!("{prefix}{first}");
                let is_type = self.symbols.find(&head).is_some_and(|found| self.visible.shows(found.origin));
                if is_type || self.packages.contains(&head) || self.aggregates.contains(&*head) {
                    // a type that exists but is not imported gets an error of its own
                    return if self.symbols.find(&full).is_some() { Ok(self.symbols.find(&full)) } else { Err(full) };
                }
            }
            if scope.is_empty() {
                return Ok(self.symbols.find(&full));
            }
            scope = scope.rsplit_once('.').map_or("", |(outer, _)| outer);
        }
    }

    /// The options of an element: they exist, their values fit, none is set twice.
    pub(super) fn settings(&self, options: &[ProtoOption], target: &str, scope: &str) -> Checked {
        let target = format!("google.protobuf.{target}");
        let mut set = HashSet::new();
        for option in options {
            self.known(option, &target, scope)?;
            let name = print::name(&option.name);
            let repeated = self.options.is_list(option, &target, scope);
            if !repeated && !set.insert(name.clone()) {
                return Err(fault(option.at, format!("Option \"{name}\" was already set.")));
            }
            if !self.options.fits(option, &target, scope) {
                return Err(fault(option.at, format!("Value does not fit the option \"{name}\".")));
            }
        }
        Ok(())
    }

    pub(super) fn known(&self, option: &ProtoOption, target: &str, scope: &str) -> Checked {
        let shown = print::name(&option.name);
        let unknown = || {
            fault(
                option.at,
                format!(
                    "Option \"{shown}\" unknown. Ensure that your proto definition file imports the proto which defines the \
                     option."
                ),
            )
        };
        if let [first, ..] = option.name.as_slice()
            && first.spelling == Spelling::Extension
        {
            let found = self.symbols.extension(&first.text, scope).ok_or_else(unknown)?;
            let extended = self.symbols.resolve(found.extendee, found.scope());
            if !self.visible.shows(found.origin) || extended.is_none_or(|extended| &*extended.full != target) {
                return Err(unknown());
            }
        }
        if self.options.exists(option, target, scope) { Ok(()) } else { Err(unknown()) }
    }
}

/// True for a name that the language allows.
pub(super) fn is_identifier(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
