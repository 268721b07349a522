//! What a file must satisfy beside being readable (protobuf 1.5): under the setting `validateFields` what Java's descriptors require,
//! in `descriptors`; and for who asks for that, what compilers require: everything is defined, imported, numbered and used as the
//! language demands. The wording of the latter is that of protoc.

mod checker;
mod declarations;
mod descriptors;
mod imports;
mod ranges;
mod symbols;

use std::cell::RefCell;
use std::collections::HashSet;

use self::checker::FileChecker;
use self::imports::Visible;
use super::descriptor::OptionBytes;
use crate::schema::protobuf::fault::Checked;
use crate::schema::protobuf::model::{Dependency, File};
use crate::schema::protobuf::symbol_table::SymbolTable;

/// What Confluent checks under `validateFields`.
pub(super) fn check(file: &File, symbols: &SymbolTable<'_>, dependencies: &[Dependency]) -> Checked {
    let options = OptionBytes::new(symbols);
    let mut checker = checker(file, symbols, &options, imports::found(file, dependencies));
    checker.packages_of(dependencies);
    checker.aggregates = symbols::aggregates(file);
    descriptors::check(&checker, dependencies)
}

fn checker<'a>(file: &'a File, symbols: &'a SymbolTable<'a>, options: &'a OptionBytes<'a>, visible: Visible) -> FileChecker<'a> {
    let (packages, aggregates, extended) = (HashSet::new(), HashSet::new(), RefCell::default());
    FileChecker { file, symbols, options, visible, packages, aggregates, extended }
}

/// What compilers check.
pub(super) fn check_as_compiler(file: &File, symbols: &SymbolTable<'_>, dependencies: &[Dependency]) -> Checked {
    let options = OptionBytes::new(symbols);
    let visible = imports::visible(file, dependencies)?;
    let mut checker = checker(file, symbols, &options, visible);
    checker.packages_of(dependencies);
    let aggregates = symbols::define(file, dependencies, &checker.reachable(dependencies)?)?;
    checker.aggregates = aggregates;
    declarations::check(&checker)
}
