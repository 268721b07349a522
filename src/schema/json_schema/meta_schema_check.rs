//! Refuses what nothing but the meta-schema forbids (`ParseOptions::strict_metaschema`).

use jsonschema::error::ValidationErrorKind;
use serde_json::Value as Tree;

use super::dialect::Dialect;
use super::jsonschema_adapter;
use crate::schema::deep_stack::{UNMEASURED, on_deep_stack};
use crate::schema::json::Value;

/// The first error of a schema under its meta-schema, as `#/pointer: reason`.
pub(super) fn first_fault(root: &Value, dialect: Dialect) -> Option<String> {
    let mut tree = match jsonschema_adapter::tree(root) {
        Ok(tree) => tree,
        Err(message) => return Some(format!("#: {message}")),
    };
    if let Some(map) = tree.as_object_mut() {
        // An unknown dialect is read as draft-07.
        map.shift_remove("$schema");
    }
    on_deep_stack(UNMEASURED, || first_error(&tree, dialect)).unwrap_or_else(|| Some("#: the schema is too deep".to_owned()))
}

/// Errors of `format` don't count: it is an annotation by the specification, and patterns have been checked by the parser, which
/// other than the crate knows more than ECMA-262.
fn first_error(tree: &Tree, dialect: Dialect) -> Option<String> {
    let validator = match dialect {
        Dialect::Draft4 => jsonschema::draft4::meta::validator(),
        Dialect::Draft6 => jsonschema::draft6::meta::validator(),
        Dialect::Draft7 => jsonschema::draft7::meta::validator(),
        Dialect::Draft2019 => jsonschema::draft201909::meta::validator(),
        Dialect::Draft2020 => jsonschema::draft202012::meta::validator(),
    };
    let mut errors = validator.iter_errors(tree).filter(|error| !matches!(error.kind(), ValidationErrorKind::Format { .. }));
    errors.next().map(|error| format!("#{}: {error}", error.instance_path().as_str()))
}
