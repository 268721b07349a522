//! Rows into records.

use std::sync::Arc;

use serde_json::Value;
use sqlx::Row as _;

use super::Row;
use crate::codec::FromJson;
use crate::store::{Holder, StoreError, StoredSchema, VersionRow};
use crate::types::{Content, Guid, Metadata, Reference, RuleSet, SchemaId, SchemaType, Subject, Version};

fn bad(table: &'static str, what: impl Into<String>) -> StoreError {
    StoreError::Inconsistent { table, what: what.into() }
}

pub(super) fn narrow(number: i64, table: &'static str) -> Result<i32, StoreError> {
    i32::try_from(number).map_err(|_| bad(table, format!("number {number} is beyond 32 bits")))
}

fn json(text: &str) -> Result<Value, StoreError> {
    serde_json::from_str(text).map_err(|e| bad("schemas", e.to_string()))
}

/// References as they are stored: an array of `[name, subject, version]`.
pub(super) fn references_text(references: &[Reference]) -> Option<String> {
    if references.is_empty() {
        return None;
    }
    let items = references.iter().map(|r| serde_json::json!([r.name, r.subject, r.version]));
    Some(Value::Array(items.collect()).to_string())
}

fn references(text: Option<&str>) -> Result<Vec<Reference>, StoreError> {
    let Some(text) = text else { return Ok(Vec::new()) };
    let value = json(text)?;
    let mut out = Vec::new();
    for item in value.as_array().into_iter().flatten() {
        let part = |i: usize| item.get(i).and_then(Value::as_str).map(str::to_owned);
        let version = item.get(2).and_then(Value::as_i64).and_then(|v| i32::try_from(v).ok());
        match (part(0), part(1), version) {
            (Some(name), Some(subject), Some(version)) => out.push(Reference { name, subject, version }),
            _ => return Err(bad("schemas", "unreadable references")),
        }
    }
    Ok(out)
}

fn metadata(text: Option<&str>) -> Result<Option<Metadata>, StoreError> {
    let Some(text) = text else { return Ok(None) };
    Metadata::from_json(&json(text)?).map_err(|e| bad("schemas", e.0))
}

fn rule_set(text: Option<&str>) -> Result<Option<RuleSet>, StoreError> {
    let Some(text) = text else { return Ok(None) };
    RuleSet::from_json(&json(text)?).map_err(|e| bad("schemas", e.0))
}

pub(super) fn guid(bytes: &[u8]) -> Result<Guid, StoreError> {
    bytes.try_into().map(Guid).map_err(|_| bad("schemas", "a guid that is not 16 bytes"))
}

pub(super) fn schema_type(name: &str) -> Result<SchemaType, StoreError> {
    SchemaType::parse(name).ok_or_else(|| bad("schemas", format!("schema type {name}")))
}

/// Reads `schema_id, guid, schema_type, text, refs, metadata, rule_set, created_at`, which begin at `at`.
pub(super) fn stored_schema(context: &Arc<str>, row: &Row, at: usize) -> Result<StoredSchema, StoreError> {
    let content = Content {
        schema_type: schema_type(row.try_get::<&str, _>(at + 2)?)?,
        text: row.try_get::<&str, _>(at + 3)?.into(),
        references: references(row.try_get(at + 4)?)?,
        metadata: metadata(row.try_get(at + 5)?)?,
        rule_set: rule_set(row.try_get(at + 6)?)?,
    };
    Ok(StoredSchema {
        context: Arc::clone(context),
        id: narrow(row.try_get(at)?, "schemas")?,
        guid: guid(row.try_get(at + 1)?)?,
        content: Arc::new(content),
        created_at: row.try_get(at + 7)?,
    })
}

/// Reads `version, schema_id, deleted, created_at`, which begin at `at`.
pub(in crate::store) fn version_row(row: &Row, at: usize) -> Result<VersionRow, StoreError> {
    Ok(VersionRow {
        version: narrow(row.try_get(at)?, "versions")?,
        id: narrow(row.try_get(at + 1)?, "versions")?,
        deleted: row.try_get(at + 2)?,
        created_at: row.try_get(at + 3)?,
    })
}

/// Reads `subject, version, deleted, created_at`.
pub(super) fn holder(context: &str, row: &Row) -> Result<Holder, StoreError> {
    Ok(Holder {
        subject: Subject::in_context(context, row.try_get(0)?),
        version: narrow(row.try_get(1)?, "versions")?,
        deleted: row.try_get(2)?,
        created_at: row.try_get(3)?,
    })
}

/// Reads `context, schema_id`.
pub(super) fn context_and_id(row: &Row) -> Result<(String, SchemaId), StoreError> {
    Ok((row.try_get(0)?, narrow(row.try_get(1)?, "schemas")?))
}

/// An optional number that must fit 32 bits.
pub(super) fn narrow_opt(number: Option<i64>, table: &'static str) -> Result<Option<Version>, StoreError> {
    number.map(|n| narrow(n, table)).transpose()
}
