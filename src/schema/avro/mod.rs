//! Avro: reading, canonical text, normalization, identity, compatibility, references, tags.
//!
//! The folder, in reading order:
//!
//! - `model`: the arena that everything works on; `name`, `number`, `value`: what a schema is written with
//! - `parse`, `parse_named`, `defaults`, `deep`: every reason to refuse a schema
//! - `print`, `logical`: canonical, normalized and resolved text
//! - `equal`: which schemas are one
//! - `check`, `branches`, `found`, `explain`, `places`: the compatibility walk and what is said about its findings
//! - `tags`: inline tags
//! - `payload`: data under a schema
//!
//! Rules and texts are those of Avro Java 1.12 under Confluent's registry. Where the normalizer of the original loses
//! information, this one keeps it. Nesting of a text is bounded, so recursion along it is; walks along *types*, which may refer
//! to each other without end, use a stack of their own.

mod branches;
mod check;
mod deep;
mod defaults;
mod equal;
mod explain;
mod found;
mod logical;
mod model;
mod name;
mod number;
mod parse;
mod parse_named;
mod payload;
mod places;
mod print;
mod tags;
mod value;

use std::sync::Arc;

use self::check::Stop;
use self::found::Found;
use self::model::{Kind, Model};
pub use self::payload::{Payload, Unions};
use self::print::Form;
use super::finding::Finding;
use super::format::{CheckError, CheckOptions, Direction, EntityTags, ParseOptions, ResolvedReference, SchemaError, TagEdit};

/// An Avro schema with everything it refers to. Immutable.
#[derive(Debug)]
pub struct Schema {
    /// The text as sent, where it is not the canonical one.
    source: Option<Arc<str>>,
    canonical: Arc<str>,
    model: Model,
    max_depth: usize,
}

impl Schema {
    /// Reads a schema.
    ///
    /// `ParseMode::New` is strict: ASCII names, valid namespaces and defaults, in the references as well. The other modes take
    /// whatever may be stored already.
    ///
    /// # Errors
    /// [`SchemaError`] with the original's text, and the place where it is known.
    pub fn parse(text: &str, references: &[ResolvedReference], options: &ParseOptions) -> Result<Self, SchemaError> {
        let texts = references.iter().map(|reference| &*reference.text).chain([text]);
        let nesting = texts.map(deep::nesting).max().unwrap_or(0);
        deep::with_room(nesting, || {
            let model = parse::parse(text, references, options)?;
            let max_depth = options.max_depth.min(parse::MAX_DEPTH);
            let canonical = print::whole(&model, Form::Canonical, max_depth).map_err(|_| too_deep(max_depth))?;
            let source = (canonical != text).then(|| Arc::from(text));
            Ok(Self { source, canonical: canonical.into(), model, max_depth })
        })?
    }

    /// The text that is stored and returned.
    #[must_use]
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// The text under `normalize=true`.
    ///
    /// # Errors
    /// When the text would be nested too deep; a canonical text that is not can't become so.
    pub fn normalized(&self) -> Result<String, SchemaError> {
        self.text(Form::Normalized)
    }

    /// The text under `format=`: `default` (or empty) and `resolved`, in any case.
    #[must_use]
    pub fn formatted(&self, format: &str) -> Option<Result<String, SchemaError>> {
        if format.is_empty() || format.eq_ignore_ascii_case("default") {
            Some(Ok(self.canonical.to_string()))
        } else if format.eq_ignore_ascii_case("resolved") {
            Some(self.resolved())
        } else {
            None
        }
    }

    /// The text with every named type spelled out at its first use, those of other schemas included.
    ///
    /// # Errors
    /// When the text would be nested too deep.
    pub fn resolved(&self) -> Result<String, SchemaError> {
        self.text(Form::Resolved)
    }

    fn text(&self, form: Form) -> Result<String, SchemaError> {
        print::whole(&self.model, form, self.max_depth).map_err(|_| too_deep(self.max_depth))
    }

    /// True when one subject treats both as the same schema.
    #[must_use]
    pub fn equivalent(&self, other: &Self) -> bool {
        equal::equivalent(&self.model, &other.model)
    }

    /// The full name of a top-level record.
    #[must_use]
    pub fn name(&self) -> Option<String> {
        match &self.model.node(self.model.root).kind {
            Kind::Record(record) => Some(self.model.full(&record.named.name)),
            _ => None,
        }
    }

    /// The names of a top-level record's fields.
    #[must_use]
    pub fn root_fields(&self) -> Vec<String> {
        match &self.model.node(self.model.root).kind {
            Kind::Record(record) => record.fields.iter().map(|field| field.name.to_string()).collect(),
            _ => Vec::new(),
        }
    }

    /// The inline tags (`confluent:tags`) of records and fields.
    #[must_use]
    pub fn tags(&self) -> Vec<EntityTags> {
        tags::list(&self.model)
    }

    /// The canonical text with inline tags added and removed.
    ///
    /// # Errors
    /// `No matching path '<path>' found in the schema` for an entity that is not there, unless told to ignore it.
    pub fn edit_tags(&self, add: &[TagEdit], remove: &[TagEdit], ignore_unknown: bool) -> Result<String, SchemaError> {
        let edited = tags::edit(&self.model, add, remove, ignore_unknown)?;
        print::edited(&self.model, &edited, self.max_depth).map_err(|_| too_deep(self.max_depth))
    }

    /// Whether `reader` reads what `writer` writes; no finding means it does.
    ///
    /// # Errors
    /// [`CheckError`] when the work budget runs out: no verdict.
    pub fn check(reader: &Self, writer: &Self, options: &CheckOptions) -> Result<Vec<Finding>, CheckError> {
        let found = match check::check(&reader.model, &writer.model, options.work_budget) {
            Ok(found) => found,
            Err(Stop::Ambiguous(found)) => vec![*found],
            Err(Stop::Budget) => return Err(CheckError::BudgetExhausted { limit: options.work_budget }),
        };
        if found.is_empty() {
            return Ok(Vec::new());
        }
        let direction = options.direction;
        let in_reader = places::find(reader.source(), found.iter().map(|found| found.places.0));
        let in_writer = places::find(writer.source(), found.iter().map(|found| found.places.1));
        let finding = |found: &Found| {
            let (r, w) = (in_reader.get(&found.places.0).cloned(), in_writer.get(&found.places.1).cloned());
            let (new, old) = match direction {
                Direction::Backward => (r, w),
                Direction::Forward => (w, r),
            };
            let said = explain::explain(found, (&reader.model, &writer.model), direction);
            Finding {
                rule: found.rule.id(),
                path: found.path.clone(),
                message: found.message(direction),
                new,
                old,
                explanation: said.explanation,
                remedy: said.remedy,
                counter_example: said.counter_example,
            }
        };
        Ok(found.iter().map(finding).collect())
    }

    fn source(&self) -> &str {
        self.source.as_deref().unwrap_or(&self.canonical)
    }

    /// Bytes held, roughly.
    #[must_use]
    pub fn weight(&self) -> usize {
        size_of::<Self>() + self.canonical.len() + self.source.as_ref().map_or(0, |source| source.len()) + self.model.weight()
    }
}

fn too_deep(limit: usize) -> SchemaError {
    SchemaError::parse(format!("the schema written out is nested deeper than the maximum allowed ({limit})"))
}
