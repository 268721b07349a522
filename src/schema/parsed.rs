//! A parsed schema of any format: plugs the formats together.

use std::sync::Arc;

use super::finding::Finding;
use super::format::{CheckError, CheckOptions, EntityTags, ParseOptions, ResolvedReference, SchemaError, TagEdit};
use super::{avro, json_schema, protobuf};
use crate::types::SchemaType;

/// A schema that has been read. Cheap to clone.
#[derive(Debug, Clone)]
pub enum Parsed {
    /// Avro.
    Avro(Arc<avro::Schema>),
    /// Protocol Buffers.
    Protobuf(Arc<protobuf::Schema>),
    /// JSON Schema.
    Json(Arc<json_schema::Schema>),
}

macro_rules! each {
    ($self:expr, $schema:ident => $body:expr) => {
        match $self {
            Parsed::Avro($schema) => $body,
            Parsed::Protobuf($schema) => $body,
            Parsed::Json($schema) => $body,
        }
    };
}

impl Parsed {
    /// Reads a text.
    ///
    /// # Errors
    /// [`SchemaError`] says at which stage it was refused and why.
    pub fn parse(
        schema_type: SchemaType,
        text: &str,
        references: &[ResolvedReference],
        options: &ParseOptions,
    ) -> Result<Self, SchemaError> {
        Ok(match schema_type {
            SchemaType::Avro => Self::Avro(Arc::new(avro::Schema::parse(text, references, options)?)),
            SchemaType::Protobuf => Self::Protobuf(Arc::new(protobuf::Schema::parse(text, references, options)?)),
            SchemaType::Json => Self::Json(Arc::new(json_schema::Schema::parse(text, references, options)?)),
        })
    }

    /// The format.
    #[must_use]
    pub fn schema_type(&self) -> SchemaType {
        match self {
            Self::Avro(_) => SchemaType::Avro,
            Self::Protobuf(_) => SchemaType::Protobuf,
            Self::Json(_) => SchemaType::Json,
        }
    }

    /// The text that is stored and returned.
    #[must_use]
    pub fn canonical(&self) -> &str {
        each!(self, schema => schema.canonical())
    }

    /// The text under `normalize=true`.
    ///
    /// # Errors
    /// When the schema can't be normalized.
    pub fn normalized(&self) -> Result<String, SchemaError> {
        each!(self, schema => schema.normalized())
    }

    /// The text under `format=`; `None` when the format is unknown to the type, which means the canonical text.
    #[must_use]
    pub fn formatted(&self, format: &str) -> Option<Result<String, SchemaError>> {
        each!(self, schema => schema.formatted(format))
    }

    /// One self-contained document: JSON Schema with what it refers to among its definitions, Avro with every named type spelled
    /// out at its first use, Protobuf as a `FileDescriptorSet`. The same schema always gives the same bytes.
    ///
    /// # Errors
    /// When the whole would be nested too deep.
    pub fn bundled(&self) -> Result<Vec<u8>, SchemaError> {
        match self {
            Self::Avro(schema) => schema.resolved().map(String::into_bytes),
            Self::Protobuf(schema) => Ok(schema.descriptor_set()),
            Self::Json(schema) => schema.bundled().map(String::into_bytes),
        }
    }

    /// True when one subject treats both as the same schema; references, metadata and rules are the caller's.
    #[must_use]
    pub fn equivalent(&self, other: &Parsed) -> bool {
        match (self, other) {
            (Self::Avro(a), Self::Avro(b)) => a.equivalent(b),
            (Self::Protobuf(a), Self::Protobuf(b)) => a.equivalent(b),
            (Self::Json(a), Self::Json(b)) => a.equivalent(b),
            _ => false,
        }
    }

    /// The name that the schema gives itself.
    #[must_use]
    pub fn name(&self) -> Option<String> {
        each!(self, schema => schema.name())
    }

    /// Names of the top-level fields.
    #[must_use]
    pub fn root_fields(&self) -> Vec<String> {
        each!(self, schema => schema.root_fields())
    }

    /// Inline tags.
    #[must_use]
    pub fn tags(&self) -> Vec<EntityTags> {
        each!(self, schema => schema.tags())
    }

    /// The text with inline tags added and removed.
    ///
    /// # Errors
    /// When an entity is unknown, unless those are to be ignored.
    pub fn edit_tags(&self, add: &[TagEdit], remove: &[TagEdit], ignore_unknown: bool) -> Result<String, SchemaError> {
        each!(self, schema => schema.edit_tags(add, remove, ignore_unknown))
    }

    /// Bytes held, roughly.
    #[must_use]
    pub fn weight(&self) -> usize {
        each!(self, schema => schema.weight())
    }

    /// Findings of `reader` reading what `writer` wrote; `None` when the formats differ.
    ///
    /// # Errors
    /// When the work budget runs out.
    pub fn check(reader: &Parsed, writer: &Parsed, options: &CheckOptions) -> Result<Option<Vec<Finding>>, CheckError> {
        match (reader, writer) {
            (Self::Avro(r), Self::Avro(w)) => avro::Schema::check(r, w, options).map(Some),
            (Self::Protobuf(r), Self::Protobuf(w)) => protobuf::Schema::check(r, w, options).map(Some),
            (Self::Json(r), Self::Json(w)) => json_schema::Schema::check(r, w, options).map(Some),
            _ => Ok(None),
        }
    }
}
