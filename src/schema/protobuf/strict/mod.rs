//! What a compiler asks of a file (`validateFields`): everything is defined, imported, numbered and used as it may be.
//!
//! These are the rules of the language (protobuf 1.5, 1.6, 6), written over the tree: no linker ever sees what a client sends,
//! and editions are judged too. The wording follows that of the usual compiler.

mod members;
mod symbols;

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use super::builtin;
use super::names::{Dependency, Names, Origin, Type, is_scalar};
use super::option_bytes::OptionBytes;
use super::tree::{File, ImportKind, Offset, Setting, Spelling, Syntax, Value};
use super::validate::Fault;

type Checked = Result<(), Fault>;

fn fault(at: Offset, message: impl Into<String>) -> Fault {
    Fault { message: message.into(), at }
}

/// Finds the first fault.
pub(super) fn check(file: &File, names: &Names<'_>, dependencies: &[Dependency]) -> Checked {
    let options = OptionBytes::new(names);
    let visible = imports(file, dependencies)?;
    let mut strict = Strict {
        file,
        names,
        options: &options,
        visible,
        packages: HashSet::new(),
        aggregates: HashSet::new(),
        extended: RefCell::default(),
    };
    strict.packages_of(dependencies);
    let symbols = symbols::define(file, dependencies, &strict.reachable(dependencies)?)?;
    strict.aggregates = symbols;
    members::check(&strict)
}

/// The files whose names may be used.
#[derive(Default)]
struct Visible {
    references: HashSet<usize>,
    builtins: HashSet<usize>,
}

impl Visible {
    fn shows(&self, origin: Origin) -> bool {
        match origin {
            Origin::Own => true,
            Origin::Reference(at) => self.references.contains(&at),
            Origin::Builtin(at) => self.builtins.contains(&at),
        }
    }
}

/// Where a path leads: references come before built-in files.
struct Files<'a> {
    dependencies: &'a [Dependency],
    places: HashMap<&'a str, usize>,
}

impl<'a> Files<'a> {
    fn new(dependencies: &'a [Dependency]) -> Self {
        let places = dependencies.iter().enumerate().map(|(at, dependency)| (&*dependency.path, at)).collect();
        Self { dependencies, places }
    }

    fn find(&self, path: &str) -> Option<(Origin, &'a File)> {
        if let Some(at) = self.places.get(path) {
            return self.dependencies.get(*at).map(|found| (Origin::Reference(*at), &found.file));
        }
        let at = builtin::find(path)?;
        builtin::all().get(at).map(|found| (Origin::Builtin(at), &found.file))
    }

    /// Adds a file and what it passes on, or all it imports.
    fn follow(&self, path: &str, all: bool, found: &mut Visible) {
        let mut stack = vec![path.to_owned()];
        while let Some(path) = stack.pop() {
            let Some((origin, file)) = self.find(&path) else { continue };
            let is_new = match origin {
                Origin::Own => false,
                Origin::Reference(at) => found.references.insert(at),
                Origin::Builtin(at) => found.builtins.insert(at),
            };
            if is_new {
                let passed = file.imports.iter().filter(|import| all || import.kind == ImportKind::Public);
                stack.extend(passed.map(|import| import.path.to_string()));
            }
        }
    }
}

fn imports(file: &File, dependencies: &[Dependency]) -> Result<Visible, Fault> {
    let files = Files::new(dependencies);
    let mut visible = Visible::default();
    let mut seen = HashSet::new();
    for import in &file.imports {
        if !seen.insert(&*import.path) {
            return Err(fault(import.at, format!("Import \"{}\" was listed twice.", import.path)));
        }
        if files.find(&import.path).is_none() {
            return Err(fault(import.at, format!("Import \"{}\" was not found or had errors.", import.path)));
        }
        files.follow(&import.path, false, &mut visible);
    }
    Ok(visible)
}

/// What the checks share.
struct Strict<'a> {
    file: &'a File,
    names: &'a Names<'a>,
    options: &'a OptionBytes<'a>,
    visible: Visible,
    /// Packages of all files, and their beginnings.
    packages: HashSet<String>,
    /// Full names of the file's own messages, enums and services.
    aggregates: HashSet<Box<str>>,
    extended: RefCell<Extended>,
}

/// What is known of extended messages, by full name.
#[derive(Default)]
struct Extended {
    /// Numbers that are taken.
    taken: HashSet<(Box<str>, i32)>,
    /// Numbers that are declared for extensions.
    declared: HashMap<Box<str>, members::Ranges>,
}

impl<'a> Strict<'a> {
    fn syntax(&self) -> Syntax {
        self.file.effective_syntax()
    }

    fn package(&self) -> &'a str {
        self.file.package.as_deref().unwrap_or("")
    }

    fn packages_of(&mut self, dependencies: &[Dependency]) {
        let builtins = self.visible.builtins.iter().filter_map(|at| builtin::all().get(*at)).map(|found| &found.file);
        let files = dependencies.iter().map(|dependency| &dependency.file).chain(builtins).chain([self.file]);
        for package in files.filter_map(|file| file.package.as_deref()) {
            let ends = package.match_indices('.').map(|(at, _)| at).chain([package.len()]);
            self.packages.extend(ends.filter_map(|end| package.get(..end)).map(str::to_owned));
        }
    }

    /// The dependencies that a compiler would load; none of them may miss anything.
    fn reachable(&self, dependencies: &[Dependency]) -> Result<HashSet<usize>, Fault> {
        let files = Files::new(dependencies);
        let mut found = Visible::default();
        for import in &self.file.imports {
            files.follow(&import.path, true, &mut found);
        }
        for at in &found.references {
            let imports = dependencies.get(*at).map_or(&[][..], |dependency| &dependency.file.imports);
            if let Some(missing) = imports.iter().find(|import| files.find(&import.path).is_none()) {
                let place = self.file.imports.first().map_or(0, |import| import.at);
                return Err(fault(place, format!("Import \"{}\" was not found or had errors.", missing.path)));
            }
        }
        Ok(found.references)
    }

    /// What a name means to a compiler: the innermost scope that knows its first part decides, and the file must be imported.
    fn resolve(&self, name: &str, scope: &str, at: Offset) -> Result<&Type<'a>, Fault> {
        let undefined = || fault(at, format!("\"{name}\" is not defined."));
        let found = match name.strip_prefix('.') {
            Some(full) => self.names.find(full),
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

    fn search(&self, name: &str, scope: &str) -> Result<Option<&Type<'a>>, String> {
        let first = name.split('.').next().unwrap_or(name);
        let mut scope = scope;
        loop {
            let prefix = if scope.is_empty() { String::new() } else { format!("{scope}.") };
            let full = format!("{prefix}{name}");
            if let Some(found) = self.names.find(&full).filter(|found| self.visible.shows(found.origin)) {
                return Ok(Some(found));
            }
            if first.len() < name.len() {
                let head = format!("{prefix}{first}");
                let is_type = self.names.find(&head).is_some_and(|found| self.visible.shows(found.origin));
                if is_type || self.packages.contains(&head) || self.aggregates.contains(&*head) {
                    // A type that exists but is not imported is told as such.
                    return if self.names.find(&full).is_some() { Ok(self.names.find(&full)) } else { Err(full) };
                }
            }
            if scope.is_empty() {
                return Ok(self.names.find(&full));
            }
            scope = scope.rsplit_once('.').map_or("", |(outer, _)| outer);
        }
    }

    /// The options of an element: they exist, their values fit, none is set twice.
    fn settings(&self, options: &[Setting], target: &str, scope: &str) -> Checked {
        let target = format!("google.protobuf.{target}");
        let mut set = HashSet::new();
        for option in options {
            self.known(option, &target, scope)?;
            let name = super::printer::name(&option.name);
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

    fn known(&self, option: &Setting, target: &str, scope: &str) -> Checked {
        let shown = super::printer::name(&option.name);
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
            let found = self.names.extension(&first.text, scope).ok_or_else(unknown)?;
            let extended = self.names.resolve(found.extendee, found.scope());
            if !self.visible.shows(found.origin) || extended.is_none_or(|extended| &*extended.full != target) {
                return Err(unknown());
            }
        }
        if self.options.exists(option, target, scope) { Ok(()) } else { Err(unknown()) }
    }
}

/// True for a name that the language allows.
fn is_identifier(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// True when a default fits a scalar.
fn default_fits(kind: &str, value: &Value) -> bool {
    if !is_scalar(kind) {
        return false;
    }
    super::option_bytes::fits_scalar(kind, value)
}
