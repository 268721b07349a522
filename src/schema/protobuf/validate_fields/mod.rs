//! What compilers require of a file, under the setting `validateFields`: everything is defined, imported, numbered and used as the
//! language demands (protobuf 1.5). The wording is that of protoc.

mod checker;
mod declarations;
mod imports;
mod ranges;
mod symbols;

use std::cell::RefCell;
use std::collections::HashSet;

use self::checker::Checker;
use super::descriptor::OptionBytes;
use crate::schema::protobuf::fault::Checked;
use crate::schema::protobuf::model::{Dependency, File};
use crate::schema::protobuf::symbol_table::SymbolTable;

pub(super) fn check(file: &File, symbols: &SymbolTable<'_>, dependencies: &[Dependency]) -> Checked {
    let options = OptionBytes::new(symbols);
    let visible = imports::visible(file, dependencies)?;
    let mut checker = Checker {
        file,
        symbols,
        options: &options,
        visible,
        packages: HashSet::new(),
        aggregates: HashSet::new(),
        extended: RefCell::default(),
    };
    checker.packages_of(dependencies);
    let aggregates = symbols::define(file, dependencies, &checker.reachable(dependencies)?)?;
    checker.aggregates = aggregates;
    declarations::check(&checker)
}
