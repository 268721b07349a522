//! What one registry has, as what another one is to have.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::wanted::{WantedReference, WantedSchema};
use crate::cli::api::{Api, ScopeSetting};
use crate::cli::check::{InputError, InputText, Remote};
use crate::schema::ResolvedReference;
use crate::types::{SchemaType, Version};

/// Most schemas that are promoted at once.
const MOST: usize = 1_000;

/// A version of a subject: a number, or `latest`.
pub(super) type Chosen = (String, String);

/// What is registered in which order: all latest versions at once, for they may refer to one another; then each version that is named, for
/// it is a version of its own.
pub(super) async fn rounds(from: &Api, asked: &[String]) -> Result<Vec<Vec<Chosen>>, InputError> {
    let (mut latest, mut named) = (Vec::new(), Vec::new());
    for one in asked {
        let Some((subject, versions)) =
            one.rsplit_once('@').and_then(|(subject, versions)| Some((subject, Range::parse(versions)?)))
        else {
            latest.push((one.clone(), "latest".to_owned()));
            continue;
        };
        let mut found = from.versions(subject).await?;
        found.retain(|number| versions.first <= *number && *number <= versions.last);
        if found.is_empty() {
            return Err(from.failed(format!("{one}: there is no such version")));
        }
        found.sort_unstable();
        named.extend(found.into_iter().map(|number| vec![(subject.to_owned(), number.to_string())]));
    }
    let latest = (!latest.is_empty()).then_some(latest);
    Ok(named.into_iter().chain(latest).collect())
}

/// Versions from one number to another, both included.
struct Range {
    first: i64,
    last: i64,
}

impl Range {
    /// `3`, `2..4`, `2..`, `..4` or `*`; `None` for what is no range, and so part of a name.
    fn parse(text: &str) -> Option<Self> {
        let (first, last) = match text {
            "*" => ("", ""),
            text => text.split_once("..").unwrap_or((text, text)),
        };
        let number = |text: &str, open: i64| if text.is_empty() { Some(open) } else { text.parse().ok() };
        Some(Self { first: number(first, 1)?, last: number(last, i64::MAX)? }).filter(|_| !text.is_empty())
    }
}

/// Versions of subjects, and those that they refer to.
pub(super) async fn promoted(from: &Api, chosen: &[Chosen], with_configs: bool) -> Result<Vec<WantedSchema>, InputError> {
    let mut found: BTreeMap<String, (String, WantedSchema)> = BTreeMap::new();
    let mut open = chosen.to_vec();
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

async fn one(from: &Api, subject: &str, number: i64, version: &Value, with_configs: bool) -> Result<WantedSchema, InputError> {
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
    Ok(WantedSchema {
        subject: subject.to_owned(),
        input: InputText { name, location, text: Arc::from(text) },
        schema_type,
        references: references.collect(),
        resolved: resolved.collect(),
        metadata: member("metadata"),
        rule_set: member("ruleSet"),
        config: if with_configs { from.setting(ScopeSetting::Config, Some(subject)).await? } else { None },
        mode: None,
        normalize: false,
    })
}
