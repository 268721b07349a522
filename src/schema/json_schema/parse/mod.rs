//! From text to model, and every reason to refuse a schema (json-schema 1.4).
//!
//! The rules are those of the two loaders that Confluent uses (one up to draft-07, one from 2019-09 on), not those of the
//! meta-schemas: what they fail on is refused, what they let pass is accepted. Up to draft-07 the model is built from a work list
//! without recursion; from 2019-09 on (`modern`) reading recurses as deep as a text is nested, and references wait in a list
//! until `DraftTranslator::settle` gives them their targets.

mod digest;
mod keywords;
mod loader;
mod modern;

use self::loader::Loader;
pub(super) use self::loader::{LoadError, NO_SCHEMA};
use self::modern::DraftTranslator;
use super::documents::Documents;
use super::model::Model;

/// Loads the schema in the first document. Must run where the stack is as deep as the texts are nested.
pub(super) fn load(documents: &Documents) -> Result<Model, LoadError> {
    let (loader, root) = Loader::open(documents)?;
    if loader.dialect.is_modern() { DraftTranslator::new(loader).load(root) } else { loader.load(root) }
}
