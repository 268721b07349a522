//! A file and everything it needs as one `FileDescriptorSet`, which can be used without a compiler.

use std::collections::HashSet;

use super::encode;
use super::wire::WireWriter;
use crate::schema::protobuf::builtin;
use crate::schema::protobuf::model::{Dependency, File};
use crate::schema::protobuf::symbol_table::SymbolTable;

/// Files in the order in which they must be read: each after those that it imports.
struct FileOrder<'a> {
    dependencies: &'a [Dependency],
    seen: HashSet<&'a str>,
    files: Vec<(&'a str, &'a File, bool)>,
}

impl<'a> FileOrder<'a> {
    /// Adds what a file imports. Circular imports end at files that have been seen.
    fn imports_of(&mut self, file: &'a File) {
        for import in &file.imports {
            self.add(&import.path);
        }
    }

    fn add(&mut self, path: &'a str) {
        if !self.seen.insert(path) {
            return;
        }
        let own = self.dependencies.iter().find(|dependency| &*dependency.path == path).map(|dependency| &*dependency.file);
        let built_in = || builtin::find(path).and_then(|at| builtin::all().get(at)).map(|builtin| &builtin.file);
        let is_built_in = own.is_none();
        if let Some(file) = own.or_else(built_in) {
            self.imports_of(file);
            self.files.push((path, file, is_built_in));
        }
    }
}

pub(crate) fn descriptor_set(file: &File, dependencies: &[Dependency]) -> Vec<u8> {
    let mut order = FileOrder { dependencies, seen: HashSet::new(), files: Vec::new() };
    order.imports_of(file);
    for dependency in dependencies {
        // names are found in files that are not imported, too
        order.add(&dependency.path);
    }
    let is_known = |path: &str| order.files.iter().any(|(known, ..)| *known == path);
    let mut name = encode::DEFAULT_NAME.to_owned();
    while is_known(&name) {
        name.push('_');
    }
    let mut out = WireWriter::default();
    for (path, file, is_built_in) in &order.files {
        let symbols = SymbolTable::new(file, if *is_built_in { &[] } else { dependencies });
        out.block(1, &encode::encode(path, file, &symbols, is_known));
    }
    out.block(1, &encode::encode(&name, file, &SymbolTable::new(file, dependencies), is_known));
    out.bytes
}
