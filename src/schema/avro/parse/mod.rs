//! Reading a text, with its references, into one arena.
//!
//! The grammar and the error texts are those of Avro's Java library 1.12 (avro 1.3): names may be used before their definition, a
//! type may be defined twice when both definitions are equal, and a definition counts from its closing brace on.

mod default_values;
mod fault;
mod named_types;
mod parser;

use self::parser::Parser;
use super::limits::MAX_DEPTH;
use super::model::Model;
use super::name::NameRules;
use crate::schema::format::{ParseMode, ParseOptions, ResolvedReference, SchemaError};

/// Reads the references, then the text.
pub(super) fn parse(text: &str, references: &[ResolvedReference], options: &ParseOptions) -> Result<Model, SchemaError> {
    let strict = options.mode == ParseMode::New;
    let mut parser = Parser::new(options.max_depth.min(MAX_DEPTH), strict);
    for reference in references {
        parser.rules = if strict { NameRules::Strict } else { NameRules::Unchecked };
        let root = parser.text(&reference.text).map_err(|mut error| {
            // the position is one in another text
            error.position = None;
            error
        })?;
        if parser.model.node(root).named().is_some() {
            parser.model.referenced.push(root);
        }
    }
    parser.rules = if strict { NameRules::Strict } else { NameRules::Lax };
    parser.main = true;
    let root = parser.text(text)?;
    parser.model.root = root;
    Ok(parser.model)
}
