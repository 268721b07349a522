//! A schema that has been read, the candidate or an earlier version.

use std::sync::Arc;

use super::input_error::InputError;
use super::references::{ReferenceLocations, imports, max_depth};
use super::source::InputText;
use crate::schema::{ParseMode, ParseOptions, Parsed, ResolvedReference};
use crate::types::{Metadata, SchemaType, Version};

#[derive(Debug, Clone)]
pub(in crate::cli) struct LoadedSchema {
    /// The text as found.
    pub(in crate::cli) input: InputText,
    /// The text that positions refer to: the canonical one for Protobuf descriptors, else the text as found.
    pub(in crate::cli) shown: Arc<str>,
    pub(in crate::cli) parsed: Parsed,
    /// The text that a registry would store.
    pub(in crate::cli) stored: String,
    /// 0 for the candidate.
    pub(in crate::cli) version: Version,
    pub(in crate::cli) metadata: Option<Metadata>,
}

/// How schemas are read.
#[derive(Debug, Clone, Copy)]
pub(in crate::cli) struct LoadOptions {
    pub(in crate::cli) mode: ParseMode,
    /// Extra checks (config key `validateFields`).
    pub(in crate::cli) validate_fields: bool,
    /// Refuse what a compiler or the meta-schema would refuse.
    pub(in crate::cli) strict: bool,
    /// Registered in normalized form.
    pub(in crate::cli) normalize: bool,
}

impl LoadedSchema {
    /// Reads a file with what it refers to in other files.
    pub(in crate::cli) fn file(
        schema_type: SchemaType,
        input: InputText,
        places: &ReferenceLocations,
        reading: LoadOptions,
    ) -> Result<Self, InputError> {
        let references = places.resolve(schema_type, &input.text)?;
        let name = input.name.clone();
        let missing = missing(schema_type, &input.text, &references);
        Self::read(schema_type, input, &references, reading).map_err(|error| {
            // the parser names the missing type; the user wants to know which import has no file
            if missing.is_empty() || error.file.as_ref() != Some(&name) || !error.is_unresolved {
                return error;
            }
            let hint = format!("{} (import not found: {}; see --proto-path and --reference)", error.message, missing.join(", "));
            InputError { message: hint, ..error }
        })
    }

    /// Reads a text.
    pub(in crate::cli) fn read(
        schema_type: SchemaType,
        input: InputText,
        references: &[ResolvedReference],
        reading: LoadOptions,
    ) -> Result<Self, InputError> {
        let LoadOptions { mode, validate_fields, strict, normalize } = reading;
        let options = ParseOptions {
            validate_fields,
            compiles: strict,
            strict_metaschema: strict,
            ..ParseOptions::new(mode, max_depth(schema_type))
        };
        let refused = |error| InputError::refused(&input.name, &error);
        if input.text.trim().is_empty() {
            return Err(InputError::of(&input.name, "the schema is empty"));
        }
        let parsed = Parsed::parse(schema_type, &input.text, references, &options).map_err(refused)?;
        let stored = if normalize { parsed.normalized().map_err(refused)? } else { parsed.canonical().to_owned() };
        let shown = if is_descriptor(schema_type, &input.text) { parsed.canonical().into() } else { Arc::clone(&input.text) };
        Ok(Self { input, shown, parsed, stored, version: 0, metadata: None })
    }

    /// What people call it: a path, `stdin`, a version of a subject.
    pub(in crate::cli) fn name(&self) -> &str {
        &self.input.name
    }
}

/// Imports that no file was found for; those of packages with built-in files are left out.
fn missing(schema_type: SchemaType, text: &str, references: &[ResolvedReference]) -> Vec<String> {
    if schema_type != SchemaType::Protobuf {
        return Vec::new();
    }
    let found = |path: &String| references.iter().any(|reference| reference.name == *path);
    let built_in = |path: &String| ["google/", "confluent/"].iter().any(|prefix| path.starts_with(prefix));
    imports(text).into_iter().filter(|path| !found(path) && !built_in(path)).collect()
}

/// A Protobuf descriptor in base64 has no lines worth showing; its canonical text has.
fn is_descriptor(schema_type: SchemaType, text: &str) -> bool {
    schema_type == SchemaType::Protobuf && !text.contains([';', '{', '"', '\''])
}
