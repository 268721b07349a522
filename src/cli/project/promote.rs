//! What one registry has, as what another one is to have.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::wanted::{Wanted, WantedReference};
use crate::cli::api::Api;
use crate::cli::check::{Input, InputError, Remote};
use crate::schema::ResolvedReference;
use crate::types::{SchemaType, Version};

/// Most schemas that are promoted at once.
const MOST: usize = 1_000;

/// The latest versions of subjects, and the versions that they refer to.
pub(super) async fn promoted(from: &Api, subjects: &[String], with_configs: bool) -> Result<Vec<Wanted>, InputError> {
    let mut found: BTreeMap<String, (String, Wanted)> = BTreeMap::new();
    let mut open: Vec<(String, String)> = subjects.iter().map(|subject| (subject.clone(), "latest".to_owned())).collect();
    while let Some((subject, wanted)) = open.pop() {
        let version = from.version(&subject, &wanted).await?;
        let version = version.ok_or_else(|| from.failed(format!("{subject} has no version {wanted}")))?;
        let number = version.get("version").and_then(Value::as_i64).unwrap_or(0);
        if let Some((other, _)) = found.get(&subject) {
            if *other == number.to_string() {
                continue;
            }
            let text =
                format!("versions {other} and {number} of {subject} are both needed; promote what needs the earlier one first");
            return Err(from.failed(text));
        }
        if found.len() >= MOST {
            return Err(from.failed(format!("these are more than {MOST} schemas with what they refer to")));
        }
        let one = one(from, &subject, number, &version, with_configs).await?;
        let references = version.get("references").and_then(Value::as_array).into_iter().flatten();
        open.extend(references.filter_map(|reference| {
            Some((reference.get("subject")?.as_str()?.to_owned(), reference.get("version")?.as_i64()?.to_string()))
        }));
        found.insert(subject, (number.to_string(), one));
    }
    Ok(found.into_values().map(|(_, wanted)| wanted).collect())
}

async fn one(from: &Api, subject: &str, number: i64, version: &Value, with_configs: bool) -> Result<Wanted, InputError> {
    let schema_type = version.get("schemaType").and_then(Value::as_str).map_or(Some(SchemaType::Avro), SchemaType::parse);
    let (Some(schema_type), Some(text)) = (schema_type, version.get("schema").and_then(Value::as_str)) else {
        return Err(from.failed(format!("{subject} has no schema that is known here")));
    };
    let name = format!("{subject} version {number}");
    let location = format!("{}/subjects/{}/versions/{number}", from.url(), crate::cli::api::segment(subject));
    let references = version.get("references").and_then(Value::as_array).into_iter().flatten();
    let references = references.filter_map(|reference| {
        let (name, subject) = (reference.get("name")?.as_str()?.to_owned(), reference.get("subject")?.as_str()?.to_owned());
        Some(WantedReference { name, subject, version: None })
    });
    let number = Version::try_from(number).map_err(|_| from.failed(format!("{subject} has a version {number}")))?;
    // the numbers of one registry say nothing about the texts of another
    let texts = Remote::of(&from.client, subject, true).closure(number).await?;
    let resolved = texts.into_iter().map(|reference| ResolvedReference { version: 0, ..reference });
    let member = |key: &str| version.get(key).filter(|value| !value.is_null()).cloned();
    Ok(Wanted {
        subject: subject.to_owned(),
        input: Input { name, location, text: Arc::from(text) },
        schema_type,
        references: references.collect(),
        resolved: resolved.collect(),
        metadata: member("metadata"),
        rule_set: member("ruleSet"),
        config: if with_configs { from.config(Some(subject)).await? } else { None },
        normalize: false,
    })
}
