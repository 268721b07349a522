//! Compatibility levels, modes and the config of a scope.

use strum::VariantNames;

use super::contract::{Metadata, RuleSet};
use super::schema_type::{CompatibilityPolicy, ProtobufPolicy};

#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Default, strum::Display, strum::EnumString, strum::IntoStaticStr, strum::VariantNames,
)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE", ascii_case_insensitive)]
pub enum CompatibilityLevel {
    /// Nothing is checked.
    None,
    /// The new schema reads what the latest one wrote.
    #[default]
    Backward,
    /// The new schema reads what every version wrote.
    BackwardTransitive,
    /// The latest schema reads what the new one writes.
    Forward,
    /// Every version reads what the new one writes.
    ForwardTransitive,
    /// Both directions with the latest version.
    Full,
    /// Both directions with every version.
    FullTransitive,
}

impl CompatibilityLevel {
    /// The wire names of all levels.
    pub const NAMES: &'static [&'static str] = Self::VARIANTS;

    /// The wire name.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// Reads a wire name in any letter case.
    pub fn parse(name: &str) -> Option<Self> {
        name.parse().ok()
    }

    /// True when all versions are compared, not only the latest.
    pub fn is_transitive(self) -> bool {
        matches!(self, Self::BackwardTransitive | Self::ForwardTransitive | Self::FullTransitive)
    }

    /// True when the new schema must read old data.
    pub fn checks_backward(self) -> bool {
        matches!(self, Self::Backward | Self::BackwardTransitive | Self::Full | Self::FullTransitive)
    }

    /// True when old schemas must read new data.
    pub fn checks_forward(self) -> bool {
        matches!(self, Self::Forward | Self::ForwardTransitive | Self::Full | Self::FullTransitive)
    }
}

/// What a scope allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, strum::Display, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "UPPERCASE", ascii_case_insensitive)]
pub enum Mode {
    /// Everything.
    #[default]
    ReadWrite,
    /// Reading only.
    ReadOnly,
    /// Deprecated spelling of [`Mode::ReadOnly`].
    #[strum(serialize = "READONLY_OVERRIDE")]
    ReadOnlyOverride,
    /// Registration with explicit ids and versions.
    Import,
    /// Like IMPORT, for forwarding replicas; only on the global context.
    Forward,
}

impl Mode {
    /// The wire name.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// Reads a wire name in any letter case.
    pub fn parse(name: &str) -> Option<Self> {
        name.parse().ok()
    }

    /// True when writing is refused.
    pub fn is_read_only(self) -> bool {
        matches!(self, Self::ReadOnly | Self::ReadOnlyOverride)
    }

    /// True when schemas come with their own ids and versions.
    pub fn is_import(self) -> bool {
        matches!(self, Self::Import | Self::Forward)
    }
}

/// The config of a subject, a context or the whole registry. Unset fields fall through to the next layer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Config {
    /// Served instead of this subject.
    pub alias: Option<String>,
    /// The same for key-encryption keys; stored and returned.
    pub alias_for_deks: Option<String>,
    /// Normalize before looking up and registering.
    pub normalize: Option<bool>,
    /// Check reserved fields.
    pub validate_fields: Option<bool>,
    /// Parse new schemas strictly.
    pub validate_new_schemas: Option<bool>,
    /// Stored and returned.
    pub validate_rules: Option<bool>,
    pub compatibility: Option<CompatibilityLevel>,
    /// Strictness for JSON Schema.
    pub compatibility_policy: Option<CompatibilityPolicy>,
    /// Rule set for Protobuf; Accordant only.
    pub protobuf_policy: Option<ProtobufPolicy>,
    /// Metadata property whose value partitions the versions.
    pub compatibility_group: Option<String>,
    /// Merged below a request's metadata.
    pub default_metadata: Option<Metadata>,
    /// Merged above a request's metadata.
    pub override_metadata: Option<Metadata>,
    /// Merged below a request's rule set.
    pub default_rule_set: Option<RuleSet>,
    /// Merged above a request's rule set.
    pub override_rule_set: Option<RuleSet>,
}

impl Config {
    /// Whether a schema is normalized: the request asks for it, or it is set for its subject.
    pub fn normalizes(&self, is_asked_for: bool) -> bool {
        is_asked_for || self.normalize.unwrap_or(false)
    }

    /// Fills what is unset from the next layer; an alias belongs to its own layer alone.
    pub fn fall_through(&mut self, next: &Config) {
        fn fill<T: Clone>(own: &mut Option<T>, next: Option<&T>) {
            if own.is_none() {
                *own = next.cloned();
            }
        }
        fill(&mut self.normalize, next.normalize.as_ref());
        fill(&mut self.validate_fields, next.validate_fields.as_ref());
        fill(&mut self.validate_new_schemas, next.validate_new_schemas.as_ref());
        fill(&mut self.validate_rules, next.validate_rules.as_ref());
        fill(&mut self.compatibility, next.compatibility.as_ref());
        fill(&mut self.compatibility_policy, next.compatibility_policy.as_ref());
        fill(&mut self.protobuf_policy, next.protobuf_policy.as_ref());
        fill(&mut self.compatibility_group, next.compatibility_group.as_ref());
        fill(&mut self.default_metadata, next.default_metadata.as_ref());
        fill(&mut self.override_metadata, next.override_metadata.as_ref());
        fill(&mut self.default_rule_set, next.default_rule_set.as_ref());
        fill(&mut self.override_rule_set, next.override_rule_set.as_ref());
    }

    /// True when registrations merge metadata or rules from this config.
    pub fn has_contract_layers(&self) -> bool {
        self.default_metadata.is_some()
            || self.override_metadata.is_some()
            || self.default_rule_set.is_some()
            || self.override_rule_set.is_some()
    }
}
