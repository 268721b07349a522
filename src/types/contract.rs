//! Data contracts: metadata and rule sets that belong to a schema's identity.
//!
//! Maps and sets are kept in Java's string order (UTF-16 code units), in which they are hashed and returned. Their JSON, on the wire
//! and in the database, has the keys in the order of the fields (rest-api 3.8); `codec` reads it.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

/// A string ordered by UTF-16 code units.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct JavaStr(pub String);

impl Ord for JavaStr {
    fn cmp(&self, other: &Self) -> Ordering {
        if self.0.is_ascii() && other.0.is_ascii() {
            self.0.cmp(&other.0)
        } else {
            self.0.encode_utf16().cmp(other.0.encode_utf16())
        }
    }
}

impl PartialOrd for JavaStr {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl From<&str> for JavaStr {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

/// What has no items is left out of answers.
#[expect(clippy::ref_option, reason = "serde's signature")]
fn is_empty<C>(collection: &Option<C>) -> bool
where
    for<'c> &'c C: IntoIterator,
{
    collection.as_ref().is_none_or(|items| items.into_iter().next().is_none())
}

#[expect(clippy::ref_option, reason = "serde's signature")]
fn is_blank(text: &Option<String>) -> bool {
    text.as_ref().is_none_or(String::is_empty)
}

/// The metadata property that carries the version number (rest-api 5.3).
pub const VERSION_PROPERTY: &str = "confluent:version";
/// The metadata property that lists reserved field names, comma separated.
pub const RESERVED_PROPERTY: &str = "confluent:reserved";

/// Metadata of a schema. An absent metadata is not the same as an empty one: the latter changes the guid.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Metadata {
    /// Path to tags. `None` when the key was absent.
    #[serde(skip_serializing_if = "is_empty")]
    pub tags: Option<BTreeMap<JavaStr, BTreeSet<JavaStr>>>,
    #[serde(skip_serializing_if = "is_empty")]
    pub properties: Option<BTreeMap<JavaStr, String>>,
    /// Names of properties that hold secrets.
    #[serde(skip_serializing_if = "is_empty")]
    pub sensitive: Option<BTreeSet<JavaStr>>,
}

impl Metadata {
    /// A property's value.
    pub fn property(&self, key: &str) -> Option<&str> {
        self.properties.as_ref()?.get(&JavaStr::from(key)).map(String::as_str)
    }

    /// The same metadata with a property set.
    pub fn with_property(mut self, key: &str, value: &str) -> Self {
        self.properties.get_or_insert_default().insert(key.into(), value.to_owned());
        self
    }

    /// The same metadata without a property.
    pub fn without_property(mut self, key: &str) -> Self {
        if let Some(properties) = &mut self.properties {
            properties.remove(&JavaStr::from(key));
        }
        self
    }

    /// Merges two layers: map entries and set members unite, the later layer wins per key.
    pub fn merge(earlier: Option<&Metadata>, later: Option<&Metadata>) -> Option<Metadata> {
        let (a, b) = match (earlier, later) {
            (None, x) | (x, None) => return x.cloned(),
            (Some(a), Some(b)) => (a, b),
        };
        let mut tags = a.tags.clone();
        for (path, names) in b.tags.iter().flatten() {
            tags.get_or_insert_default().entry(path.clone()).or_default().extend(names.iter().cloned());
        }
        let mut properties = a.properties.clone();
        for (key, value) in b.properties.iter().flatten() {
            properties.get_or_insert_default().insert(key.clone(), value.clone());
        }
        let mut sensitive = a.sensitive.clone();
        for name in b.sensitive.iter().flatten() {
            sensitive.get_or_insert_default().insert(name.clone());
        }
        Some(Metadata { tags, properties, sensitive })
    }

    /// Equality as look-ups see it: `confluent:version` is ignored when one side lacks it.
    pub fn same_but_version(a: Option<&Metadata>, b: Option<&Metadata>) -> bool {
        fn strip(m: Option<&Metadata>) -> Metadata {
            let m = m.cloned().unwrap_or_default().without_property(VERSION_PROPERTY);
            Metadata {
                tags: m.tags.filter(|t| !t.is_empty()),
                properties: m.properties.filter(|p| !p.is_empty()),
                sensitive: m.sensitive.filter(|s| !s.is_empty()),
            }
        }
        let version = |m: Option<&Metadata>| m.and_then(|m| m.property(VERSION_PROPERTY).map(str::to_owned));
        if let (Some(x), Some(y)) = (version(a), version(b))
            && x != y
        {
            return false;
        }
        match (a, b) {
            (None, None) => true,
            (Some(_), Some(_)) => strip(a) == strip(b),
            (Some(m), None) | (None, Some(m)) => m.property(VERSION_PROPERTY).is_some() && strip(Some(m)) == Metadata::default(),
        }
    }
}

/// What a rule does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, strum::EnumString, strum::IntoStaticStr, strum::VariantNames)]
#[serde(rename_all = "UPPERCASE")]
#[strum(serialize_all = "UPPERCASE")]
pub enum RuleKind {
    /// Changes data.
    Transform,
    /// Tests data.
    Condition,
}

/// When a rule runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, strum::EnumString, strum::IntoStaticStr, strum::VariantNames)]
#[serde(rename_all = "UPPERCASE")]
#[strum(serialize_all = "UPPERCASE")]
pub enum RuleMode {
    /// Reading old data with a newer schema.
    Upgrade,
    /// Reading new data with an older schema.
    Downgrade,
    /// Both of the above.
    UpDown,
    /// Writing.
    Write,
    /// Reading.
    Read,
    /// Both of the above.
    WriteRead,
}

/// Where a rule set is executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, strum::EnumString, strum::IntoStaticStr, strum::VariantNames)]
#[serde(rename_all = "UPPERCASE")]
#[strum(serialize_all = "UPPERCASE")]
pub enum ExecutionEnvironment {
    /// Everywhere.
    All,
    Client,
    Gateway,
    Server,
    /// Nowhere.
    None,
}

/// One rule of a data contract. The registry stores and returns rules; clients run them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Rule {
    /// Unique inside its rule set.
    #[serde(skip_serializing_if = "is_blank")]
    pub name: Option<String>,
    /// Documentation.
    #[serde(skip_serializing_if = "is_blank")]
    pub doc: Option<String>,
    /// What it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<RuleKind>,
    /// When it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<RuleMode>,
    /// Its executor.
    #[serde(rename = "type", skip_serializing_if = "is_blank")]
    pub rule_type: Option<String>,
    /// Tags it applies to.
    #[serde(skip_serializing_if = "is_empty")]
    pub tags: Option<BTreeSet<JavaStr>>,
    /// Parameters.
    #[serde(skip_serializing_if = "is_empty")]
    pub params: Option<BTreeMap<JavaStr, String>>,
    /// Its expression.
    #[serde(skip_serializing_if = "is_blank")]
    pub expr: Option<String>,
    /// Action on success.
    #[serde(skip_serializing_if = "is_blank")]
    pub on_success: Option<String>,
    /// Action on failure.
    #[serde(skip_serializing_if = "is_blank")]
    pub on_failure: Option<String>,
    /// Switched off.
    pub disabled: bool,
}

/// The rules of a schema.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleSet {
    /// Rules between versions.
    #[serde(skip_serializing_if = "is_empty")]
    pub migration_rules: Option<Vec<Rule>>,
    /// Rules on values.
    #[serde(skip_serializing_if = "is_empty")]
    pub domain_rules: Option<Vec<Rule>>,
    /// Rules on encoded bytes.
    #[serde(skip_serializing_if = "is_empty")]
    pub encoding_rules: Option<Vec<Rule>>,
    /// Where they run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_at: Option<ExecutionEnvironment>,
}

impl RuleSet {
    /// The three lists, in the order in which they are hashed.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.migration_rules
            .iter()
            .flatten()
            .chain(self.domain_rules.iter().flatten())
            .chain(self.encoding_rules.iter().flatten())
    }

    /// Merges two layers: a later rule replaces an earlier one of the same name and goes to the end of the list.
    pub fn merge(earlier: Option<&RuleSet>, later: Option<&RuleSet>) -> Option<RuleSet> {
        fn lists(a: Option<&Vec<Rule>>, b: Option<&Vec<Rule>>) -> Option<Vec<Rule>> {
            match (a, b) {
                (None, x) | (x, None) => x.cloned(),
                (Some(a), Some(b)) => {
                    let replaced = |rule: &&Rule| !b.iter().any(|later| later.name == rule.name);
                    Some(a.iter().filter(replaced).chain(b).cloned().collect())
                }
            }
        }
        let (a, b) = match (earlier, later) {
            (None, x) | (x, None) => return x.cloned(),
            (Some(a), Some(b)) => (a, b),
        };
        Some(RuleSet {
            migration_rules: lists(a.migration_rules.as_ref(), b.migration_rules.as_ref()),
            domain_rules: lists(a.domain_rules.as_ref(), b.domain_rules.as_ref()),
            encoding_rules: lists(a.encoding_rules.as_ref(), b.encoding_rules.as_ref()),
            enable_at: b.enable_at.or(a.enable_at),
        })
    }

    /// Takes out the rules of these names.
    pub fn remove(&mut self, names: &[String]) {
        let kept = |rule: &Rule| !rule.name.as_ref().is_some_and(|name| names.contains(name));
        let lists = [&mut self.migration_rules, &mut self.domain_rules, &mut self.encoding_rules];
        for rules in lists.into_iter().flatten() {
            rules.retain(kept);
        }
    }

    /// Checks the rule set as a registration does.
    ///
    /// # Errors
    /// The message of error 42210 (rest-api 3.8).
    pub fn validate(&self) -> Result<(), String> {
        let mut names = BTreeSet::new();
        let migration = |m: RuleMode| matches!(m, RuleMode::Upgrade | RuleMode::Downgrade | RuleMode::UpDown);
        let lists = [
            (&self.migration_rules, true, "Migration rules can only be UPGRADE, DOWNGRADE, UPDOWN"),
            (&self.domain_rules, false, "Domain rules can only be WRITE, READ, WRITEREAD"),
            (&self.encoding_rules, false, "Encoding rules can only be WRITE, READ, WRITEREAD"),
        ];
        for (rules, is_migration, message) in lists {
            for rule in rules.iter().flatten() {
                rule.validate()?;
                if let Some(name) = &rule.name
                    && !names.insert(name.clone())
                {
                    return Err(format!("Found rule with duplicate name '{name}'"));
                }
                if rule.mode.is_some_and(|m| migration(m) != is_migration) {
                    return Err(message.to_owned());
                }
            }
        }
        Ok(())
    }
}

impl Rule {
    fn validate(&self) -> Result<(), String> {
        let name = self.name.as_deref().ok_or("Missing rule name")?;
        let first = name.chars().next().ok_or("Empty rule name")?;
        if name.encode_utf16().count() > 256 {
            return Err("Rule name too long".to_owned());
        }
        if !(first.is_alphabetic() || first == '_') {
            return Err(format!("Illegal initial character in rule name: {name}"));
        }
        if name.chars().any(|c| !(c.is_alphanumeric() || c == '_' || c == '-')) {
            return Err(format!("Illegal character in rule name: {name}"));
        }
        if self.rule_type.is_none() {
            return Err("Missing rule type".to_owned());
        }
        let pair = |action: &Option<String>| action.as_deref().is_some_and(|a| a.contains(','));
        if (pair(&self.on_success) || pair(&self.on_failure))
            && !matches!(self.mode, Some(RuleMode::WriteRead | RuleMode::UpDown))
        {
            return Err("Multiple actions only valid with WRITEREAD and UPDOWN".to_owned());
        }
        Ok(())
    }
}
