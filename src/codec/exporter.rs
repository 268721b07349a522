//! Exporters as requests, answers and the database have them.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use serde_with::skip_serializing_none;

use super::jackson::{CodecError, JacksonObject};
use crate::types::{Exporter, ExporterContextType};

/// An exporter as a client describes it; what is absent is `None`.
#[derive(Debug, Clone, Default)]
pub struct ExporterInput {
    pub name: Option<String>,
    pub subjects: Option<Vec<String>>,
    /// As it was written.
    pub context_type: Option<String>,
    pub context: Option<String>,
    pub subject_rename_format: Option<String>,
    pub kek_rename_format: Option<String>,
    pub config: Option<BTreeMap<String, String>>,
}

impl ExporterInput {
    /// # Errors
    /// A member has the wrong type.
    pub fn read(value: &Value) -> Result<Self, CodecError> {
        let object = JacksonObject::of("ExporterInfo", value)?.unwrap_or_default();
        let text = |key: &str| Ok::<_, CodecError>(object.get::<String>(key)?.filter(|text| !text.is_empty()));
        Ok(Self {
            name: text("name")?,
            subjects: subjects(object)?,
            context_type: text("contextType")?,
            context: text("context")?,
            subject_rename_format: text("subjectRenameFormat")?,
            kek_rename_format: text("kekRenameFormat")?,
            config: object.value("config").filter(|value| !value.is_null()).map(exporter_config).transpose()?,
        })
    }
}

/// Subjects as they were written. What is no text becomes the empty pattern, which is refused as any that is not valid.
fn subjects(object: JacksonObject<'_>) -> Result<Option<Vec<String>>, CodecError> {
    match object.value("subjects") {
        Some(Value::Array(items)) => Ok(Some(items.iter().map(|item| item.as_str().unwrap_or_default().to_owned()).collect())),
        _ => object.get("subjects"),
    }
}

/// The config of an exporter: a flat map of texts. Numbers and booleans are taken as they are written.
///
/// # Errors
/// It is something else.
pub fn exporter_config(value: &Value) -> Result<BTreeMap<String, String>, CodecError> {
    let wrong = || CodecError("The config of an exporter must be an object whose values are strings".to_owned());
    let members = value.as_object().ok_or_else(wrong)?;
    let text = |value: &Value| match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(_) | Value::Bool(_) => Ok(value.to_string()),
        _ => Err(wrong()),
    };
    members.iter().filter(|(_, value)| !value.is_null()).map(|(key, value)| Ok((key.clone(), text(value)?))).collect()
}

/// The JSON of an exporter.
#[skip_serializing_none]
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExporterJson<'e> {
    name: &'e str,
    subjects: &'e [String],
    context_type: &'static str,
    context: Option<&'e str>,
    subject_rename_format: Option<&'e str>,
    kek_rename_format: Option<&'e str>,
    config: &'e BTreeMap<String, String>,
}

impl<'e> From<&'e Exporter> for ExporterJson<'e> {
    fn from(exporter: &'e Exporter) -> Self {
        Self {
            name: &exporter.name,
            subjects: &exporter.subjects,
            context_type: exporter.context_type.as_str(),
            context: exporter.context.as_deref(),
            subject_rename_format: exporter.subject_rename_format.as_deref(),
            kek_rename_format: exporter.kek_rename_format.as_deref(),
            config: &exporter.config,
        }
    }
}

/// An exporter out of the database.
///
/// # Errors
/// It is not what [`ExporterJson`] writes.
pub fn stored_exporter(definition: &str) -> Result<Exporter, CodecError> {
    let value: Value = serde_json::from_str(definition).map_err(|error| CodecError(error.to_string()))?;
    let input = ExporterInput::read(&value)?;
    let missing = |what: &str| CodecError(format!("an exporter without {what}"));
    Ok(Exporter {
        name: input.name.ok_or_else(|| missing("name"))?,
        subjects: input.subjects.ok_or_else(|| missing("subjects"))?,
        context_type: input
            .context_type
            .as_deref()
            .map_or(Ok(ExporterContextType::default()), str::parse)
            .map_err(|_| missing("contextType"))?,
        context: input.context,
        subject_rename_format: input.subject_rename_format,
        kek_rename_format: input.kek_rename_format,
        config: input.config.ok_or_else(|| missing("config"))?,
    })
}
