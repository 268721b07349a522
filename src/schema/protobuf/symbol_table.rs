//! Which types and extensions there are, and what a name means in a scope.
//!
//! A name is looked up in every file of the closure, imported or not, and in the built-in files (protobuf 1.4): in the own file
//! first, then in the references in their order, then in the built-in files. A reference with the path of a built-in file
//! replaces it.

use std::collections::HashMap;
use std::sync::OnceLock;

use super::builtin;
use super::features::Features;
use super::model::{Body, Dependency, Enum, Extend, Field, File, Group, Message, join};

/// The file that declares a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum DeclaringFile {
    /// The file itself.
    Own,
    /// The dependency with this index.
    Reference(usize),
    /// The built-in file with this index.
    Builtin(usize),
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum TypeDeclaration<'a> {
    Message(&'a Message),
    /// The message that a group declares.
    Group(&'a Group),
    Enum(&'a Enum),
}

impl<'a> TypeDeclaration<'a> {
    /// The body of a message.
    pub(crate) fn body(self) -> Option<&'a Body> {
        match self {
            Self::Message(message) => Some(&message.body),
            Self::Group(group) => Some(&group.body),
            Self::Enum(_) => None,
        }
    }
}

/// A declared type, and what its scope adds to it.
#[derive(Debug, Clone)]
pub(crate) struct TypeSymbol<'a> {
    /// Full name, without a leading dot. It is the scope of what is declared inside.
    pub(crate) full: Box<str>,
    /// Bytes of the full name that belong to the package and its dot.
    pub(crate) prefix: usize,
    pub(crate) origin: DeclaringFile,
    /// The features that hold inside it.
    pub(crate) features: Features,
    pub(crate) node: TypeDeclaration<'a>,
}

impl TypeSymbol<'_> {
    /// The name without the package.
    pub(crate) fn local(&self) -> &str {
        self.full.get(self.prefix..).unwrap_or("")
    }
}

/// A declared extension, and what its scope adds to it.
#[derive(Debug, Clone)]
pub(crate) struct ExtensionSymbol<'a> {
    pub(crate) full: Box<str>,
    /// Bytes of the full name before the field's own name and its dot: the scope of the block.
    pub(crate) scope: usize,
    /// The extended message, as written.
    pub(crate) extendee: &'a str,
    pub(crate) field: &'a Field,
    pub(crate) origin: DeclaringFile,
}

impl ExtensionSymbol<'_> {
    /// The scope that the names in the extension's block are looked up in.
    pub(crate) fn scope(&self) -> &str {
        self.full.get(..self.scope).unwrap_or("")
    }
}

/// The names of a closure, as a tree of their parts: a look-up takes as many steps as a scope has parts, however long these are.
#[derive(Debug, Default)]
pub(crate) struct SymbolTable<'a> {
    parts: HashMap<(usize, &'a str), usize>,
    types: Vec<Option<TypeSymbol<'a>>>,
    extensions: Vec<Option<ExtensionSymbol<'a>>>,
    /// Built-in files that are replaced by a reference.
    hidden: Vec<usize>,
    with_builtins: bool,
}

impl<'a> SymbolTable<'a> {
    /// The names of a file and its dependencies.
    pub(crate) fn new(own: &'a File, dependencies: &'a [Dependency]) -> Self {
        let mut symbols = Self { with_builtins: true, ..Self::default() };
        symbols.add_file(own, DeclaringFile::Own);
        for (at, dependency) in dependencies.iter().enumerate() {
            symbols.hidden.extend(builtin::find(&dependency.path));
            symbols.add_file(&dependency.file, DeclaringFile::Reference(at));
        }
        symbols
    }

    pub(crate) fn of_file(file: &'a File, origin: DeclaringFile) -> Self {
        let mut symbols = Self::default();
        symbols.add_file(file, origin);
        symbols
    }

    /// The node of a part below another; node 0 is the root.
    fn node(&mut self, above: usize, part: &'a str) -> usize {
        let next = self.parts.len() + 1;
        *self.parts.entry((above, part)).or_insert(next)
    }

    /// The node of a declared name, which may have dots although it should not.
    fn nodes(&mut self, above: usize, name: &'a str) -> usize {
        name.split('.').fold(above, |above, part| self.node(above, part))
    }

    fn add_file(&mut self, file: &'a File, origin: DeclaringFile) {
        let package = file.package.as_deref().unwrap_or("");
        let prefix = if package.is_empty() { 0 } else { package.len() + 1 };
        let node = if package.is_empty() { 0 } else { self.nodes(0, package) };
        let place = DeclarationSite { node, prefix, origin, features: Features::of_file(file) };
        for message in &file.messages {
            self.add_body(package, &message.name, TypeDeclaration::Message(message), place);
        }
        for found in &file.enums {
            self.add(package, &found.name, TypeDeclaration::Enum(found), place);
        }
        for extend in &file.extends {
            self.add_extend(package, extend, place);
        }
    }

    /// Declares a type, unless the name is taken. Gives back its node.
    fn add(&mut self, scope: &str, name: &'a str, node: TypeDeclaration<'a>, place: DeclarationSite) -> usize {
        let at = self.nodes(place.node, name);
        if let Some(slot) = slot(&mut self.types, at)
            && slot.is_none()
        {
            let DeclarationSite { prefix, origin, features, .. } = place;
            *slot = Some(TypeSymbol { full: join(scope, name), prefix, origin, features, node });
        }
        at
    }

    fn add_body(&mut self, scope: &str, name: &'a str, node: TypeDeclaration<'a>, place: DeclarationSite) {
        let Some(body) = node.body() else { return };
        let full = join(scope, name);
        let place = DeclarationSite { features: place.features.with(&body.options), ..place };
        let place = DeclarationSite { node: self.add(scope, name, node, place), ..place };
        for message in &body.messages {
            self.add_body(&full, &message.name, TypeDeclaration::Message(message), place);
        }
        for found in &body.enums {
            self.add(&full, &found.name, TypeDeclaration::Enum(found), place);
        }
        for group in body.all_groups() {
            self.add_body(&full, &group.name, TypeDeclaration::Group(group), place);
        }
        for extend in &body.extends {
            self.add_extend(&full, extend, place);
        }
    }

    fn add_extend(&mut self, scope: &str, extend: &'a Extend, place: DeclarationSite) {
        for field in &extend.fields {
            let at = self.nodes(place.node, &field.name);
            if let Some(slot) = slot(&mut self.extensions, at)
                && slot.is_none()
            {
                let full = join(scope, &field.name);
                let origin = place.origin;
                *slot = Some(ExtensionSymbol { full, scope: scope.len(), extendee: &extend.name, field, origin });
            }
        }
        for group in &extend.groups {
            self.add_body(scope, &group.name, TypeDeclaration::Group(group), place);
        }
    }

    fn below(&self, above: usize, name: &str) -> Option<usize> {
        name.split('.').try_fold(above, |above, part| self.parts.get(&(above, part)).copied())
    }

    fn type_at(&self, node: usize) -> Option<&TypeSymbol<'a>> {
        self.types.get(node)?.as_ref()
    }

    fn extension_at(&self, node: usize) -> Option<&ExtensionSymbol<'a>> {
        self.extensions.get(node)?.as_ref()
    }

    pub(crate) fn find(&self, full: &str) -> Option<&TypeSymbol<'a>> {
        let own = self.below(0, full).and_then(|node| self.type_at(node));
        own.or_else(|| {
            let builtins = self.builtins()?;
            let found = builtins.below(0, full).and_then(|node| builtins.type_at(node))?;
            self.shown(found.origin).then_some(found)
        })
    }

    fn builtins(&self) -> Option<&'static SymbolTable<'static>> {
        self.with_builtins.then(builtins)
    }

    fn shown(&self, origin: DeclaringFile) -> bool {
        !matches!(origin, DeclaringFile::Builtin(at) if self.hidden.contains(&at))
    }

    /// Looks a name up in a scope and in the scopes around it; gives back the number of parts of the scope where it was found. Other than
    /// compilers, Confluent looks for the whole dotted name in each scope.
    fn lookup<'n, T>(
        &'n self,
        name: &str,
        scope: &str,
        at: impl Fn(&'n SymbolTable<'a>, usize) -> Option<&'n T>,
    ) -> Option<(usize, &'n T)> {
        let mut chain = vec![0];
        for part in scope.split('.').filter(|part| !part.is_empty()) {
            let Some(next) = chain.last().and_then(|above| self.parts.get(&(*above, part))) else { break };
            chain.push(*next);
        }
        while let Some(above) = chain.pop() {
            if let Some(found) = self.below(above, name).and_then(|node| at(self, node)) {
                return Some((chain.len(), found));
            }
        }
        None
    }

    /// What a type's name means in a scope.
    pub(crate) fn resolve(&self, name: &str, scope: &str) -> Option<&TypeSymbol<'a>> {
        if let Some(full) = name.strip_prefix('.') {
            return self.find(full);
        }
        let own = self.lookup(name, scope, |symbols, node| symbols.type_at(node));
        let builtin = self.builtins().and_then(|symbols| symbols.lookup(name, scope, |symbols, node| symbols.type_at(node)));
        let builtin = builtin.filter(|(_, found)| self.shown(found.origin));
        inner(own, builtin)
    }

    /// What an extension's name means in a scope.
    pub(crate) fn extension(&self, name: &str, scope: &str) -> Option<&ExtensionSymbol<'a>> {
        let (name, scope) = name.strip_prefix('.').map_or((name, scope), |full| (full, ""));
        let own = self.lookup(name, scope, |symbols, node| symbols.extension_at(node));
        let builtin = self.builtins().and_then(|symbols| symbols.lookup(name, scope, |symbols, node| symbols.extension_at(node)));
        inner(own, builtin)
    }

    /// The extensions of the closure, the built-in ones last.
    pub(crate) fn extensions(&self) -> impl Iterator<Item = &ExtensionSymbol<'a>> {
        let more = self.builtins().map(|symbols| &symbols.extensions);
        self.extensions.iter().chain(more.into_iter().flatten()).flatten()
    }

    /// The full names of all types, without the built-in ones.
    pub(crate) fn full_names(&self) -> impl Iterator<Item = &str> {
        self.types.iter().flatten().map(|found| &*found.full)
    }
}

/// The one found in the inner scope; own names come before built-in ones.
fn inner<'n, T>(own: Option<(usize, &'n T)>, builtin: Option<(usize, &'n T)>) -> Option<&'n T> {
    match (own, builtin) {
        (Some((own_depth, _)), Some((depth, found))) if depth > own_depth => Some(found),
        (Some((_, found)), _) | (None, Some((_, found))) => Some(found),
        (None, None) => None,
    }
}

/// The place for what a node declares.
fn slot<T>(all: &mut Vec<Option<T>>, node: usize) -> Option<&mut Option<T>> {
    if all.len() <= node {
        all.resize_with(node + 1, || None);
    }
    all.get_mut(node)
}

#[derive(Clone, Copy)]
struct DeclarationSite {
    node: usize,
    prefix: usize,
    origin: DeclaringFile,
    features: Features,
}

/// The names of the built-in files.
fn builtins() -> &'static SymbolTable<'static> {
    static NAMES: OnceLock<SymbolTable<'static>> = OnceLock::new();
    NAMES.get_or_init(|| {
        let mut symbols = SymbolTable::default();
        for (at, builtin) in builtin::all().iter().enumerate() {
            symbols.add_file(&builtin.file, DeclaringFile::Builtin(at));
        }
        symbols
    })
}
