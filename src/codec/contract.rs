//! Metadata and rule sets as requests and the database have them (rest-api 3.8).

use serde_json::Value;

use super::jackson::{CodecError, FromJson, JacksonObject, constant};
use crate::types::{ExecutionEnvironment, Metadata, Rule, RuleKind, RuleMode, RuleSet};

macro_rules! constants {
    ($($type:ident),+ $(,)?) => { $(
        impl FromJson for $type {
            const CLASS: &str = stringify!($type);

            fn from_json(value: &Value) -> Result<Option<Self>, CodecError> {
                constant(value)
            }
        }
    )+ };
}

constants!(RuleKind, RuleMode, ExecutionEnvironment);

/// Empty members are no members: they are left out of answers and of guids, and what is stored is read again without them.
fn filled<C: FromJson>(object: JacksonObject<'_>, key: &str) -> Result<Option<C>, CodecError>
where
    for<'c> &'c C: IntoIterator,
{
    Ok(object.get::<C>(key)?.filter(|items| items.into_iter().next().is_some()))
}

fn filled_text(object: JacksonObject<'_>, key: &str) -> Result<Option<String>, CodecError> {
    Ok(object.get::<String>(key)?.filter(|text| !text.is_empty()))
}

impl FromJson for Metadata {
    const CLASS: &str = "Metadata";

    fn from_json(value: &Value) -> Result<Option<Self>, CodecError> {
        let Some(object) = JacksonObject::of(Self::CLASS, value)? else { return Ok(None) };
        Ok(Some(Self {
            tags: filled(object, "tags")?,
            properties: filled(object, "properties")?,
            sensitive: filled(object, "sensitive")?,
        }))
    }
}

/// Kind and mode take their defaults when absent.
impl FromJson for Rule {
    const CLASS: &str = "Rule";

    fn from_json(value: &Value) -> Result<Option<Self>, CodecError> {
        let Some(object) = JacksonObject::of(Self::CLASS, value)? else { return Ok(None) };
        let kind = object.get("kind")?.or(Some(RuleKind::Transform));
        let mode = object.get("mode")?.or(Some(RuleMode::WriteRead));
        Ok(Some(Self {
            name: object.get("name")?,
            doc: filled_text(object, "doc")?,
            kind,
            mode,
            rule_type: object.get("type")?,
            tags: filled(object, "tags")?,
            params: filled(object, "params")?,
            expr: filled_text(object, "expr")?,
            on_success: filled_text(object, "onSuccess")?,
            on_failure: filled_text(object, "onFailure")?,
            disabled: object.get("disabled")?.unwrap_or(false),
        }))
    }
}

impl FromJson for RuleSet {
    const CLASS: &str = "RuleSet";

    fn from_json(value: &Value) -> Result<Option<Self>, CodecError> {
        let Some(object) = JacksonObject::of(Self::CLASS, value)? else { return Ok(None) };
        let rules = Self {
            migration_rules: filled(object, "migrationRules")?,
            domain_rules: filled(object, "domainRules")?,
            encoding_rules: filled(object, "encodingRules")?,
            enable_at: object.get("enableAt")?,
        };
        // without rules it is none, neither in answers nor in the guid
        Ok((rules != Self::default()).then_some(rules))
    }
}
