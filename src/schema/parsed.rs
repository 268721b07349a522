//! A parsed schema of any format: the one place that lists the formats.

use std::ops::Deref;
use std::sync::Arc;

use super::finding::Finding;
use super::format::{CheckError, CheckOptions, Format, ParseOptions, ResolvedReference, SchemaError};
use super::lint::{LintFinding, LintRule};
use super::logical::{ConversionError, LogicalType};
use super::typed::Shapes;
use super::{avro, json_schema, protobuf};
use crate::types::SchemaType;

/// A schema of any format. Cheap to clone. What a schema can do is listed in [`Format`].
#[derive(Debug, Clone)]
pub enum Parsed {
    Avro(Arc<avro::Schema>),
    Protobuf(Arc<protobuf::Schema>),
    Json(Arc<json_schema::Schema>),
}

impl Deref for Parsed {
    type Target = dyn Format;

    fn deref(&self) -> &Self::Target {
        match self {
            Self::Avro(schema) => &**schema,
            Self::Protobuf(schema) => &**schema,
            Self::Json(schema) => &**schema,
        }
    }
}

impl Parsed {
    /// # Errors
    /// As for [`Format::parse`].
    pub fn parse(
        schema_type: SchemaType,
        text: &str,
        references: &[ResolvedReference],
        options: &ParseOptions,
    ) -> Result<Self, SchemaError> {
        Ok(match schema_type {
            SchemaType::Avro => Self::Avro(Arc::new(Format::parse(text, references, options)?)),
            SchemaType::Protobuf => Self::Protobuf(Arc::new(Format::parse(text, references, options)?)),
            SchemaType::Json => Self::Json(Arc::new(Format::parse(text, references, options)?)),
        })
    }

    /// As [`Format::from_logical`].
    ///
    /// # Errors
    /// As for [`Format::from_logical`].
    pub fn from_logical(
        schema_type: SchemaType,
        logical: &LogicalType,
        name: &str,
        references: &[ResolvedReference],
        max_depth: usize,
    ) -> Result<String, ConversionError> {
        match schema_type {
            SchemaType::Avro => avro::Schema::from_logical(logical, name, references, max_depth),
            SchemaType::Protobuf => protobuf::Schema::from_logical(logical, name, references, max_depth),
            SchemaType::Json => json_schema::Schema::from_logical(logical, name, references, max_depth),
        }
    }

    /// What is worth a second look, also at what has changed from an earlier version.
    pub fn lint(&self, earlier: Option<&Parsed>) -> Vec<LintFinding> {
        match (self, earlier) {
            (Self::Avro(schema), Some(Self::Avro(earlier))) => {
                avro::lint::lint(schema.source(), Some(earlier.source()), schema.max_depth())
            }
            (Self::Avro(schema), _) => avro::lint::lint(schema.source(), None, schema.max_depth()),
            (Self::Protobuf(schema), Some(Self::Protobuf(earlier))) => protobuf::lint::lint(schema, Some(earlier)),
            (Self::Protobuf(schema), _) => protobuf::lint::lint(schema, None),
            (Self::Json(schema), _) => json_schema::lint::lint(schema),
        }
    }

    /// The rules that [`Parsed::lint`] knows, of all formats.
    pub fn lint_rules() -> impl Iterator<Item = &'static LintRule> {
        avro::lint::RULES.iter().chain(&protobuf::lint::RULES).chain(&json_schema::lint::RULES)
    }

    /// As [`Format::rules`].
    pub fn rules(schema_type: SchemaType) -> Vec<&'static str> {
        match schema_type {
            SchemaType::Avro => avro::Schema::rules(),
            SchemaType::Protobuf => protobuf::Schema::rules(),
            SchemaType::Json => json_schema::Schema::rules(),
        }
    }

    /// The types as rules of data contracts see them; of Protobuf those of the first message.
    pub fn shapes(&self) -> Shapes {
        match self {
            Self::Avro(schema) => schema.shapes(),
            Self::Protobuf(schema) => schema.shapes(),
            Self::Json(schema) => schema.shapes(),
        }
    }

    /// As [`Format::equivalent`]; schemas of different formats never are.
    pub fn equivalent(&self, other: &Parsed) -> bool {
        match (self, other) {
            (Self::Avro(a), Self::Avro(b)) => a.equivalent(b),
            (Self::Protobuf(a), Self::Protobuf(b)) => a.equivalent(b),
            (Self::Json(a), Self::Json(b)) => a.equivalent(b),
            _ => false,
        }
    }

    /// As [`Format::equivalence_hash`].
    pub fn equivalence_hash(&self) -> u64 {
        match self {
            Self::Avro(schema) => schema.equivalence_hash(),
            Self::Protobuf(schema) => schema.equivalence_hash(),
            Self::Json(schema) => schema.equivalence_hash(),
        }
    }

    /// As [`Format::check`]; `None` when the formats differ.
    ///
    /// # Errors
    /// When the work budget runs out.
    pub fn check(reader: &Parsed, writer: &Parsed, options: &CheckOptions) -> Result<Option<Vec<Finding>>, CheckError> {
        match (reader, writer) {
            (Self::Avro(r), Self::Avro(w)) => Format::check(&**r, &**w, options).map(Some),
            (Self::Protobuf(r), Self::Protobuf(w)) => Format::check(&**r, &**w, options).map(Some),
            (Self::Json(r), Self::Json(w)) => Format::check(&**r, &**w, options).map(Some),
            _ => Ok(None),
        }
    }
}
