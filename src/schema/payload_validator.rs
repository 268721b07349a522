//! A schema of any format made ready for data.

use std::sync::Arc;

use super::format::{Format, SchemaError};
use super::parsed::Parsed;
use super::{avro, json_schema, protobuf};
use crate::types::SchemaType;

/// To be cached: making it costs far more than using it.
#[derive(Debug, Clone)]
pub enum PayloadValidator {
    Avro(Arc<avro::PayloadValidator>),
    Protobuf(Arc<protobuf::PayloadValidator>),
    Json(Arc<json_schema::PayloadValidator>),
}

impl PayloadValidator {
    /// # Errors
    /// As for [`Format::payload_validator`].
    pub fn prepare(parsed: &Parsed, formats: bool, part: Option<&str>) -> Result<Self, SchemaError> {
        let part = part.filter(|part| !part.is_empty());
        Ok(match parsed {
            Parsed::Avro(schema) => Self::Avro(Arc::new(schema.payload_validator(part, formats)?)),
            Parsed::Protobuf(schema) => Self::Protobuf(Arc::new(schema.payload_validator(part, formats)?)),
            Parsed::Json(schema) => Self::Json(Arc::new(schema.payload_validator(part, formats)?)),
        })
    }

    pub fn schema_type(&self) -> SchemaType {
        match self {
            Self::Avro(_) => SchemaType::Avro,
            Self::Protobuf(_) => SchemaType::Protobuf,
            Self::Json(_) => SchemaType::Json,
        }
    }

    /// Bytes held, roughly, the schema included where the validator keeps it.
    pub fn weight(&self) -> usize {
        match self {
            Self::Avro(validator) => validator.weight(),
            Self::Protobuf(validator) => validator.weight(),
            Self::Json(validator) => validator.weight(),
        }
    }
}
