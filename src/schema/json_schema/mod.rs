//! JSON Schema, draft-04 to 2020-12, by the rules of the two loaders under Confluent's registry, where they are not plainly broken
//! (json-schema 6).
//!
//! The folder, in reading order:
//!
//! - `dialect`, `uri`, `number`, `pattern`: what a schema is written with
//! - `schema`, `documents`, `meta_schemas`, `resolve`: a schema, what it may refer to, and finding it; nothing is ever fetched
//! - `parse`: from text to `model`, the graph that is compared, and every reason to refuse a schema
//! - `print`: the canonical and the normalized text
//! - `compat`: the comparison, one file for each kind of node, its kinds of differences and their texts
//! - `tags`: inline tags; `typed`: types and data as rules of data contracts see them; `bundle`: one document of many; `pointers`: from
//!   offsets to JSON pointers
//! - `to_logical`: what table engines make of a schema; `from_logical`: a schema for what they would have
//! - `jsonschema_adapter`, `applicator_graph`: handing a schema to the `jsonschema` crate; with it `meta_schema_check`, [`payload`]
//!   (data under a schema) and [`semantic`] (the second opinion), which tries `sample_documents`
//! - `lint`: what is valid and still worth a second look; `outline`: what a schema declares; `sampler`: samples of documents

mod applicator_graph;
mod bundle;
mod compat;
mod dialect;
mod documents;
mod from_logical;
mod jsonschema_adapter;
pub(crate) mod lint;
mod meta_schema_check;
mod meta_schemas;
mod model;
mod number;
mod outline;
mod parse;
mod pattern;
pub mod payload;
mod pointers;
mod print;
mod resolve;
mod sample_documents;
mod sampler;
mod schema;
pub mod semantic;
mod tags;
mod to_logical;
mod typed;
pub(crate) mod uri;

use std::collections::HashMap;
use std::sync::Arc;

pub use self::compat::difference_kind::DifferenceKind;
use self::documents::Documents;
use self::payload::ValidateOptions;
pub use self::payload::Validator as PayloadValidator;
pub use self::sampler::Sampler;
pub use self::schema::Schema;
use self::schema::no_stack;
pub use self::typed::typed as typed_data;
use super::deep_stack::on_deep_stack;
use super::finding::{Finding, Place};
use super::format::{
    CheckError, CheckOptions, EntityTags, Format, ParseMode, ParseOptions, ResolvedReference, SchemaError, TagEdit, normalized,
    text_hash,
};
use super::json::{self, ReadOptions, Value};
use super::logical::{ConversionError, LogicalType};
use super::meter;
use super::outline::Outline;
use super::position::Position;
use crate::types::{CompatibilityPolicy, Metadata, SchemaType};

/// References a schema may have, those of its references included.
const MAX_REFERENCES: usize = 1_000;

/// One difference, for tests and tools.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Difference {
    pub kind: DifferenceKind,
    /// Where, in Confluent's notation.
    pub path: String,
    /// Whether the policy takes it for compatible.
    pub compatible: bool,
}

impl Schema {
    fn read(text: &str, references: &[ResolvedReference], options: &ParseOptions, nesting: usize) -> Result<Self, SchemaError> {
        let read = ReadOptions { comments: false, replace_lone_surrogates: false, max_depth: options.max_depth };
        let root = json::read(text, read).map_err(|error| error.into_schema_error(text))?;
        let (canonical, unprintable) = print::canonical(&root);
        let checked = matches!(options.mode, ParseMode::New | ParseMode::Lookup);
        if let Some(offset) = unprintable.filter(|_| checked) {
            let at = Position::of(text, offset as usize);
            let message = format!("number out of range at line {}, column {}", at.line, at.column);
            return Err(SchemaError::parse(message).at(at));
        }
        if checked && references.len() > MAX_REFERENCES {
            return Err(SchemaError::validate(format!("#: more than {MAX_REFERENCES} references")));
        }
        let source = (canonical != text).then(|| Arc::from(text));
        let documents = Documents::new(root, references, options.max_depth);
        let schema = Self { source, canonical: canonical.into(), documents, nesting, model: meter::Once::new() };
        if checked {
            schema.check_loadable(options)?;
        }
        Ok(schema)
    }

    /// Everything a schema can be refused for once it has been read.
    fn check_loadable(&self, options: &ParseOptions) -> Result<(), SchemaError> {
        self.model().map_err(Clone::clone)?;
        if options.validate_fields {
            self.refuse_reserved_names()?;
        }
        if options.strict_metaschema {
            let fault = self.root().and_then(|root| meta_schema_check::first_fault(root, self.documents.dialect));
            fault.map_or(Ok(()), |fault| Err(SchemaError::validate(fault)))?;
        }
        Ok(())
    }

    /// The identifier that the root gives itself, as it is written.
    pub fn id(&self) -> Option<&str> {
        self.root()?.as_object()?.get(self.documents.dialect.id_keyword())?.as_str()
    }

    /// Names that begin with `$$` are reserved at the root.
    fn refuse_reserved_names(&self) -> Result<(), SchemaError> {
        let properties =
            self.root().and_then(Value::as_object).and_then(|root| root.get("properties")).and_then(Value::as_object);
        let reserved = properties.and_then(|p| p.members().iter().find(|member| member.key.starts_with("$$")));
        match reserved {
            None => Ok(()),
            Some(member) => {
                let error = SchemaError::validate("#: Field names cannot start with $$ prefix");
                Err(error.at(self.position(member.key_offset)))
            }
        }
    }
}

impl Format for Schema {
    type PayloadValidator = PayloadValidator;

    /// New schemas are refused for what Confluent's loaders refuse (see `parse`). Where a schema is only looked up, references may
    /// lead nowhere; in the modes `Import` and `Stored` nothing but the JSON must be readable.
    fn parse(text: &str, references: &[ResolvedReference], options: &ParseOptions) -> Result<Self, SchemaError> {
        let texts = references.iter().map(|reference| &*reference.text).chain([text]);
        let nesting = texts.map(json::nesting).max().unwrap_or(0);
        on_deep_stack(nesting, || Self::read(text, references, options, nesting)).unwrap_or_else(|| Err(no_stack()))
    }

    fn schema_type(&self) -> SchemaType {
        SchemaType::Json
    }

    fn canonical(&self) -> &str {
        &self.canonical
    }

    /// The canonical text with the keys of every object sorted.
    fn normalized(&self) -> Result<String, SchemaError> {
        let text = || self.root().map_or_else(String::new, print::normalized);
        on_deep_stack(self.nesting, text).ok_or_else(no_stack)
    }

    fn formatted(&self, _format: &str) -> Option<Result<String, SchemaError>> {
        None
    }

    fn bundled(&self) -> Result<Vec<u8>, SchemaError> {
        on_deep_stack(self.nesting, || bundle::bundle(&self.documents)).map(String::into_bytes).ok_or_else(no_stack)
    }

    /// The same canonical text: key order, titles and `1` against `1.0` all count.
    fn equivalent(&self, other: &Self) -> bool {
        self.canonical == other.canonical
    }

    fn equivalence_hash(&self) -> u64 {
        text_hash(&self.canonical)
    }

    fn name(&self) -> Option<String> {
        self.root()?.as_object()?.get("title")?.as_str().map(str::to_owned)
    }

    fn root_fields(&self) -> Vec<String> {
        let properties =
            self.root().and_then(Value::as_object).and_then(|root| root.get("properties")).and_then(Value::as_object);
        properties.map_or_else(Vec::new, |p| p.members().iter().map(|member| member.key.to_string()).collect())
    }

    fn tags(&self) -> Vec<EntityTags> {
        let tags = || self.root().map_or_else(Vec::new, tags::list);
        on_deep_stack(self.nesting, tags).unwrap_or_default()
    }

    fn edit_tags(&self, add: &[TagEdit], remove: &[TagEdit], ignore_unknown: bool) -> Result<String, SchemaError> {
        let edit = || match self.root() {
            Some(root) => tags::edit(root, add, remove, ignore_unknown),
            None => Ok(self.canonical.to_string()),
        };
        on_deep_stack(self.nesting, edit).unwrap_or_else(|| Err(no_stack()))
    }

    fn weight(&self) -> usize {
        let texts = self.canonical.len() + self.source.as_ref().map_or(0, |source| source.len());
        let model = self.model.get().and_then(|model| model.as_ref().ok()).map_or(0, model::Model::weight);
        size_of::<Self>() + texts + self.documents.weight() + model
    }

    fn check(reader: &Self, writer: &Self, options: &CheckOptions) -> Result<Vec<Finding>, CheckError> {
        meter::with_limit(options.work_budget, || compat::check(reader, writer, options))
    }

    fn rules() -> Vec<&'static str> {
        compat::rules()
    }

    fn logical_type(&self, _metadata: Option<&Metadata>) -> Result<LogicalType, ConversionError> {
        to_logical::to_logical(self)
    }

    fn from_logical(
        logical: &LogicalType,
        name: &str,
        references: &[ResolvedReference],
        max_depth: usize,
    ) -> Result<String, ConversionError> {
        let text = from_logical::from_logical(logical, name, references)?;
        normalized::<Self>(&text, references, &ParseOptions::new(ParseMode::Stored, max_depth))
    }

    fn outline(&self) -> Outline {
        let found = || self.root().map(outline::outline).unwrap_or_default();
        on_deep_stack(self.nesting, found).unwrap_or_default()
    }

    fn positions(&self, offsets: &[u32]) -> HashMap<u32, Position> {
        Position::of_all(self.source(), offsets.iter().copied())
    }

    fn places(&self, offsets: &[u32]) -> HashMap<u32, Place> {
        let found = || self.root().map(|root| pointers::pointers_of(root, offsets.iter().copied())).unwrap_or_default();
        let pointers = on_deep_stack(self.nesting, found).unwrap_or_default();
        let positions = Position::of_all(self.source(), pointers.keys().copied());
        let place = |(at, pointer)| (at, Place { pointer, position: positions.get(&at).copied() });
        pointers.into_iter().map(place).collect()
    }

    fn payload_validator(self: &Arc<Self>, part: Option<&str>, formats: bool) -> Result<PayloadValidator, SchemaError> {
        let options =
            ValidateOptions { formats, max_errors: super::payload::MAX_FAULTS, at_once: true, ..ValidateOptions::default() };
        PayloadValidator::compile_part(self, part.unwrap_or(""), &options)
    }
}

/// All differences between two schemas under a policy, compatible ones included.
///
/// # Errors
/// The reason why a schema can't be loaded, or that the comparison is too large.
pub fn differences(original: &Schema, update: &Schema, policy: CompatibilityPolicy) -> Result<Vec<Difference>, SchemaError> {
    const BUDGET: u64 = 1_000_000;
    let models = (original.model().map_err(Clone::clone)?, update.model().map_err(Clone::clone)?);
    let found = meter::with_limit(BUDGET, || compat::compare(models.0, models.1, policy, false))
        .map_err(|_| SchemaError::validate("the comparison is too large".to_owned()))?;
    let difference = |found: compat::difference::LocatedDifference| {
        let kind = found.difference.kind;
        Difference { kind, path: found.path, compatible: kind.is_compatible(policy) }
    };
    Ok(found.into_iter().map(difference).collect())
}
