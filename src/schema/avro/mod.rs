//! Avro, by the rules of Avro's Java library 1.12 under Confluent's registry. Where Confluent's normalizer loses information,
//! this one keeps it (avro 2.6).
//!
//! The folder, in reading order:
//!
//! - `schema`, `model`: a schema, and the arena that everything works on; `name`, `value`: what it is written with
//! - `parse`: every reason to refuse a schema; `defaults`: which default values fit their type
//! - `print`, `logical_type`: canonical, normalized and resolved text
//! - `equality`: which schemas are one
//! - `compat`: `rules` (one function for each), the `walk` that applies them, what is said about an `incompatibility`
//! - `tags`: inline tags; `typed`: the types as rules of data contracts see them
//! - `to_logical`: what table engines make of a schema; `from_logical`: a schema for what they would have
//! - `payload`: data under a schema
//! - `lint`: what is valid and still worth a second look; `outline`: what a schema declares; `limits`: what hostile schemas are held to
//!
//! Nesting of a text is bounded, so recursion along it is; walks along *types*, which may refer to each other without end, use
//! a stack of their own.

mod compat;
mod defaults;
mod equality;
mod from_logical;
mod limits;
pub(crate) mod lint;
mod logical_type;
mod model;
mod name;
mod outline;
mod parse;
mod payload;
mod print;
mod schema;
mod tags;
mod to_logical;
mod typed;
mod value;

use std::collections::HashMap;
use std::sync::Arc;

use self::limits::MAX_DEPTH;
use self::model::NodeKind;
pub use self::payload::{PayloadValidator, UnionEncoding};
use self::print::TextForm;
pub use self::schema::Schema;
use super::deep_stack::on_deep_stack;
use super::finding::{Finding, Place};
use super::format::{
    CheckError, CheckOptions, EntityTags, Format, ParseMode, ParseOptions, ResolvedReference, SchemaError, TagEdit, normalized,
};
use super::json;
use super::logical::{ConversionError, LogicalType};
use super::meter;
use super::outline::Outline;
use super::position::Position;
use super::typed::Shapes;
use crate::types::{Metadata, SchemaType};

impl Schema {
    /// The types as rules of data contracts see them.
    pub fn shapes(&self) -> Shapes {
        typed::shapes(&self.model, self.model.root)
    }

    fn text(&self, form: TextForm) -> Result<String, SchemaError> {
        print::whole(&self.model, form, self.max_depth).map_err(|_| too_deep(self.max_depth))
    }
}

impl Format for Schema {
    type PayloadValidator = PayloadValidator;

    fn parse(text: &str, references: &[ResolvedReference], options: &ParseOptions) -> Result<Self, SchemaError> {
        let texts = references.iter().map(|reference| &*reference.text).chain([text]);
        let nesting = texts.map(json::nesting).max().unwrap_or(0);
        let read = || {
            let model = parse::parse(text, references, options)?;
            let max_depth = options.max_depth.min(MAX_DEPTH);
            let canonical = print::whole(&model, TextForm::Canonical, max_depth).map_err(|_| too_deep(max_depth))?;
            let source = (canonical != text).then(|| Arc::from(text));
            Ok(Self { source, canonical: canonical.into(), model, max_depth })
        };
        let no_stack = || SchemaError::parse(format!("no memory to read a schema nested {nesting} levels deep"));
        on_deep_stack(nesting, read).unwrap_or_else(|| Err(no_stack()))
    }

    fn schema_type(&self) -> SchemaType {
        SchemaType::Avro
    }

    fn canonical(&self) -> &str {
        &self.canonical
    }

    fn normalized(&self) -> Result<String, SchemaError> {
        self.text(TextForm::Normalized)
    }

    /// `default` (or empty) and `resolved`.
    fn formatted(&self, format: &str) -> Option<Result<String, SchemaError>> {
        if format.is_empty() || format.eq_ignore_ascii_case("default") {
            Some(Ok(self.canonical.to_string()))
        } else if format.eq_ignore_ascii_case("resolved") {
            Some(self.text(TextForm::Resolved))
        } else {
            None
        }
    }

    fn bundled(&self) -> Result<Vec<u8>, SchemaError> {
        self.text(TextForm::Resolved).map(String::into_bytes)
    }

    fn equivalent(&self, other: &Self) -> bool {
        equality::equivalent(&self.model, &other.model)
    }

    fn equivalence_hash(&self) -> u64 {
        equality::hash(&self.model)
    }

    /// The full name of a top-level record.
    fn name(&self) -> Option<String> {
        match &self.model.node(self.model.root).kind {
            NodeKind::Record(record) => Some(self.model.full_name(&record.named.name)),
            _ => None,
        }
    }

    fn root_fields(&self) -> Vec<String> {
        match &self.model.node(self.model.root).kind {
            NodeKind::Record(record) => record.fields.iter().map(|field| field.name.to_string()).collect(),
            _ => Vec::new(),
        }
    }

    fn tags(&self) -> Vec<EntityTags> {
        tags::list(&self.model)
    }

    fn edit_tags(&self, add: &[TagEdit], remove: &[TagEdit], ignore_unknown: bool) -> Result<String, SchemaError> {
        let edited = tags::edit(&self.model, add, remove, ignore_unknown)?;
        print::edited(&self.model, &edited, self.max_depth).map_err(|_| too_deep(self.max_depth))
    }

    fn weight(&self) -> usize {
        size_of::<Self>() + self.canonical.len() + self.source.as_ref().map_or(0, |source| source.len()) + self.model.weight()
    }

    fn check(reader: &Self, writer: &Self, options: &CheckOptions) -> Result<Vec<Finding>, CheckError> {
        meter::with_limit(options.work_budget, || compat::check(reader, writer, options))
    }

    fn rules() -> Vec<&'static str> {
        compat::rules()
    }

    fn logical_type(&self, metadata: Option<&Metadata>) -> Result<LogicalType, ConversionError> {
        to_logical::to_logical(&self.model, metadata)
    }

    fn from_logical(
        logical: &LogicalType,
        name: &str,
        references: &[ResolvedReference],
        max_depth: usize,
    ) -> Result<String, ConversionError> {
        let text = from_logical::from_logical(logical, name, references)?;
        normalized::<Self>(&text, references, &ParseOptions::new(ParseMode::Lookup, max_depth))
    }

    fn outline(&self) -> Outline {
        let found = || outline::outline(&self.model);
        on_deep_stack(json::nesting(self.source()), found).unwrap_or_default()
    }

    fn positions(&self, offsets: &[u32]) -> HashMap<u32, Position> {
        Position::of_all(self.source(), offsets.iter().copied())
    }

    fn places(&self, offsets: &[u32]) -> HashMap<u32, Place> {
        compat::places(self.source(), offsets)
    }

    fn payload_validator(self: &Arc<Self>, part: Option<&str>, _formats: bool) -> Result<PayloadValidator, SchemaError> {
        PayloadValidator::new(Arc::clone(self), part)
    }
}

fn too_deep(limit: usize) -> SchemaError {
    SchemaError::parse(format!("the schema written out is nested deeper than the maximum allowed ({limit})"))
}
