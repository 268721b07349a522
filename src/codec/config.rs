//! Configs: the whole, and the change that a PUT makes.

use serde::Serialize;
use serde_json::Value;
use serde_with::skip_serializing_none;

use super::jackson::{CodecError, JacksonObject};
use crate::types::{CompatibilityLevel, CompatibilityPolicy, Config, Metadata, ProtobufPolicy, RuleSet};

/// Under which key the level stands: `compatibilityLevel` in answers to GET and DELETE, `compatibility` elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LevelKey {
    Compatibility,
    CompatibilityLevel,
}

/// Three states a member of a PUT can have: absent keeps, `null` clears, a value sets.
type Patch<T> = Option<Option<T>>;

/// What a PUT changes (rest-api 3.6).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConfigPatch {
    alias: Patch<String>,
    alias_for_deks: Patch<String>,
    normalize: Patch<bool>,
    validate_fields: Patch<bool>,
    validate_new_schemas: Patch<bool>,
    validate_rules: Patch<bool>,
    compatibility: Patch<CompatibilityLevel>,
    compatibility_policy: Patch<CompatibilityPolicy>,
    protobuf_policy: Patch<ProtobufPolicy>,
    compatibility_group: Patch<String>,
    default_metadata: Patch<Metadata>,
    override_metadata: Patch<Metadata>,
    default_rule_set: Patch<RuleSet>,
    override_rule_set: Patch<RuleSet>,
}

/// Why a PUT body is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigPatchError {
    /// A value of the wrong JSON type: HTTP 400.
    Json(CodecError),
    /// Not a level: 42203.
    Level,
    /// Not a policy: 42203. Confluent takes any text, so the message is Accordant's.
    Policy { key: &'static str, value: String, allowed: &'static str },
}

impl From<CodecError> for ConfigPatchError {
    fn from(error: CodecError) -> Self {
        Self::Json(error)
    }
}

/// A member that must be one of certain words.
fn word<T>(
    object: JacksonObject<'_>,
    key: &str,
    read: impl FnOnce(String) -> Result<T, ConfigPatchError>,
) -> Result<Patch<T>, ConfigPatchError> {
    object.change::<String>(key)?.map(|text| text.map(read).transpose()).transpose()
}

/// A policy, and how its words are listed.
fn policy<T>(
    object: JacksonObject<'_>,
    key: &'static str,
    allowed: &'static str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<Patch<T>, ConfigPatchError> {
    word(object, key, |value| parse(&value).ok_or(ConfigPatchError::Policy { key, value, allowed }))
}

impl ConfigPatch {
    /// The alias that it sets, if it sets one.
    pub fn new_alias(&self) -> Option<&str> {
        self.alias.as_ref().and_then(Option::as_deref).filter(|alias| !alias.is_empty())
    }

    /// Reads a PUT body. `compatibilityLevel` is taken for `compatibility` when the latter is absent (Confluent ignores it).
    ///
    /// # Errors
    /// [`ConfigPatchError`].
    pub fn from_json(body: &Value) -> Result<Option<Self>, ConfigPatchError> {
        let Some(object) = JacksonObject::of("ConfigUpdateRequest", body)? else { return Ok(None) };
        let level_key = if object.value("compatibility").is_some() { "compatibility" } else { "compatibilityLevel" };
        let compatibility = word(object, level_key, |text| CompatibilityLevel::parse(&text).ok_or(ConfigPatchError::Level))?;
        let compatibility_policy = policy(object, "compatibilityPolicy", "STRICT, LENIENT, LOGICAL", CompatibilityPolicy::parse)?;
        let protobuf_policy =
            policy(object, "protobufPolicy", "DEFAULT, WIRE, WIRE_JSON, FILE, COMPILED", ProtobufPolicy::parse)?;
        Ok(Some(Self {
            alias: object.change("alias")?,
            alias_for_deks: object.change("aliasForDeks")?,
            normalize: object.change("normalize")?,
            validate_fields: object.change("validateFields")?,
            validate_new_schemas: object.change("validateNewSchemas")?,
            validate_rules: object.change("validateRules")?,
            compatibility,
            compatibility_policy,
            protobuf_policy,
            compatibility_group: object.change("compatibilityGroup")?,
            default_metadata: object.change("defaultMetadata")?,
            override_metadata: object.change("overrideMetadata")?,
            default_rule_set: object.change("defaultRuleSet")?,
            override_rule_set: object.change("overrideRuleSet")?,
        }))
    }

    /// Merges the change into a config.
    pub fn apply(&self, config: &mut Config) {
        #[expect(clippy::ref_option, reason = "three states: absent, cleared, set")]
        fn set<T: Clone>(slot: &mut Option<T>, change: &Patch<T>) {
            if let Some(value) = change {
                slot.clone_from(value);
            }
        }
        set(&mut config.alias, &self.alias);
        set(&mut config.alias_for_deks, &self.alias_for_deks);
        set(&mut config.normalize, &self.normalize);
        set(&mut config.validate_fields, &self.validate_fields);
        set(&mut config.validate_new_schemas, &self.validate_new_schemas);
        set(&mut config.validate_rules, &self.validate_rules);
        set(&mut config.compatibility, &self.compatibility);
        set(&mut config.compatibility_policy, &self.compatibility_policy);
        set(&mut config.protobuf_policy, &self.protobuf_policy);
        set(&mut config.compatibility_group, &self.compatibility_group);
        set(&mut config.default_metadata, &self.default_metadata);
        set(&mut config.override_metadata, &self.override_metadata);
        set(&mut config.default_rule_set, &self.default_rule_set);
        set(&mut config.override_rule_set, &self.override_rule_set);
    }

    /// The rule sets that the change brings, for validation.
    pub fn rule_sets(&self) -> impl Iterator<Item = &RuleSet> {
        [&self.default_rule_set, &self.override_rule_set].into_iter().flatten().flatten()
    }
}

/// Reads a stored config; what it can't read is left out.
pub fn config_from(body: &Value) -> Config {
    let mut config = Config::default();
    if let Ok(Some(patch)) = ConfigPatch::from_json(body) {
        patch.apply(&mut config);
    }
    // an empty text is none; a PUT says what it was sent all the same
    for text in [&mut config.alias, &mut config.alias_for_deks, &mut config.compatibility_group] {
        text.take_if(|text| text.is_empty());
    }
    config
}

/// The JSON of a config (rest-api 3.6).
#[skip_serializing_none]
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConfigJson<'c> {
    alias: Option<&'c str>,
    alias_for_deks: Option<&'c str>,
    normalize: Option<bool>,
    validate_fields: Option<bool>,
    validate_new_schemas: Option<bool>,
    validate_rules: Option<bool>,
    compatibility: Option<&'static str>,
    compatibility_level: Option<&'static str>,
    compatibility_policy: Option<&'static str>,
    protobuf_policy: Option<&'static str>,
    compatibility_group: Option<&'c str>,
    default_metadata: Option<&'c Metadata>,
    override_metadata: Option<&'c Metadata>,
    default_rule_set: Option<&'c RuleSet>,
    override_rule_set: Option<&'c RuleSet>,
}

impl<'c> ConfigJson<'c> {
    pub fn new(config: &'c Config, level_key: LevelKey) -> Self {
        let level = config.compatibility.map(CompatibilityLevel::as_str);
        let (compatibility, compatibility_level) = match level_key {
            LevelKey::Compatibility => (level, None),
            LevelKey::CompatibilityLevel => (None, level),
        };
        Self {
            alias: config.alias.as_deref(),
            alias_for_deks: config.alias_for_deks.as_deref(),
            normalize: config.normalize,
            validate_fields: config.validate_fields,
            validate_new_schemas: config.validate_new_schemas,
            validate_rules: config.validate_rules,
            compatibility,
            compatibility_level,
            compatibility_policy: config.compatibility_policy.map(CompatibilityPolicy::as_str),
            protobuf_policy: config.protobuf_policy.map(ProtobufPolicy::as_str),
            compatibility_group: config.compatibility_group.as_deref(),
            default_metadata: config.default_metadata.as_ref(),
            override_metadata: config.override_metadata.as_ref(),
            default_rule_set: config.default_rule_set.as_ref(),
            override_rule_set: config.override_rule_set.as_ref(),
        }
    }
}
