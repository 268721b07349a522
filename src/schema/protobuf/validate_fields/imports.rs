//! The files whose names a file may use.

use std::collections::{HashMap, HashSet};

use crate::schema::protobuf::builtin;
use crate::schema::protobuf::fault::{Fault, fault};
use crate::schema::protobuf::model::{Dependency, File, ImportKind};
use crate::schema::protobuf::symbol_table::DeclaringFile;

#[derive(Default)]
pub(super) struct Visible {
    pub(super) references: HashSet<usize>,
    pub(super) builtins: HashSet<usize>,
}

impl Visible {
    pub(super) fn shows(&self, origin: DeclaringFile) -> bool {
        match origin {
            DeclaringFile::Own => true,
            DeclaringFile::Reference(at) => self.references.contains(&at),
            DeclaringFile::Builtin(at) => self.builtins.contains(&at),
        }
    }
}

/// Where a path leads: references come before built-in files.
pub(super) struct ImportFiles<'a> {
    dependencies: &'a [Dependency],
    places: HashMap<&'a str, usize>,
}

impl<'a> ImportFiles<'a> {
    pub(super) fn new(dependencies: &'a [Dependency]) -> Self {
        let places = dependencies.iter().enumerate().map(|(at, dependency)| (&*dependency.path, at)).collect();
        Self { dependencies, places }
    }

    pub(super) fn find(&self, path: &str) -> Option<(DeclaringFile, &'a File)> {
        if let Some(at) = self.places.get(path) {
            return self.dependencies.get(*at).map(|found| (DeclaringFile::Reference(*at), &*found.file));
        }
        let at = builtin::find(path)?;
        builtin::all().get(at).map(|found| (DeclaringFile::Builtin(at), &found.file))
    }

    /// Adds a file and those that it imports publicly, or all that it imports.
    pub(super) fn follow(&self, path: &str, all: bool, found: &mut Visible) {
        let mut stack = vec![path.to_owned()];
        while let Some(path) = stack.pop() {
            let Some((origin, file)) = self.find(&path) else { continue };
            let is_new = match origin {
                DeclaringFile::Own => false,
                DeclaringFile::Reference(at) => found.references.insert(at),
                DeclaringFile::Builtin(at) => found.builtins.insert(at),
            };
            if is_new {
                let passed = file.imports.iter().filter(|import| all || import.kind == ImportKind::Public);
                stack.extend(passed.map(|import| import.path.to_string()));
            }
        }
    }
}

/// The files that are there; a missing import is no fault.
pub(super) fn found(file: &File, dependencies: &[Dependency]) -> Visible {
    let files = ImportFiles::new(dependencies);
    let mut visible = Visible::default();
    for import in &file.imports {
        files.follow(&import.path, false, &mut visible);
    }
    visible
}

/// The same, where every import must be there, once.
pub(super) fn visible(file: &File, dependencies: &[Dependency]) -> Result<Visible, Fault> {
    let files = ImportFiles::new(dependencies);
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
