//! Settings of CloudEvents that are lists: bases, aliases, and bindings of event types.
//!
//! As a flag or a variable each entry is a line: `URL confluent`, `URL TEMPLATE ...`, `URI SUBJECT VERSION`, `TYPE SUBJECT VERSION`.
//! A flag may be given several times; a variable separates entries by `; `. In the file they are tables of arrays.

use std::fmt;

use super::value::SettingValue;
use crate::cloudevents::resolve::{Base, SchemaUri};
use crate::types::{Alias, AliasTarget, Guid, Subject, TypeBinding, VersionSelector};

/// What stands between the entries of a list in one text.
pub(super) const SEPARATOR: &str = "; ";

fn entries(text: &str) -> impl Iterator<Item = Vec<&str>> {
    let entries = text.split('\n').flat_map(|line| line.split(SEPARATOR));
    entries
        .map(|entry| entry.trim().trim_end_matches(';').split_whitespace().collect::<Vec<_>>())
        .filter(|words| !words.is_empty())
}

/// A list whose entries are lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List<T>(pub Vec<T>);

/// An entry of a list.
pub(super) trait ListEntry: Sized {
    /// What an entry looks like, for messages.
    const KIND: &'static str;
    /// Keys of the entry's table in the file; what `line` makes of their values is read as a flag is.
    const KEYS: &'static [&'static str];
    fn read(words: &[&str]) -> Option<Self>;
    fn line(get: &dyn Fn(&str) -> Vec<String>) -> Vec<String>;
}

impl<T: ListEntry> SettingValue for List<T> {
    const KIND: &'static str = T::KIND;

    fn read(text: &str) -> Option<Self> {
        entries(text).map(|words| T::read(&words)).collect::<Option<Vec<T>>>().map(Self)
    }
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: fmt::Debug> fmt::Display for List<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

/// The style of a base whose URLs are those of a registry.
const REGISTRY_STYLE: &str = "confluent";

impl ListEntry for Base {
    const KIND: &'static str =
        "a list of bases such as 'http://registry confluent' or 'https://schemas.example.com {subject}-v{version}.json'";
    const KEYS: &'static [&'static str] = &["url", "style", "templates"];

    fn read(words: &[&str]) -> Option<Self> {
        let (url, rest) = words.split_first()?;
        let templates: Vec<&str> = rest.iter().copied().filter(|word| *word != REGISTRY_STYLE).collect();
        Self::with_templates(url, templates.len() < rest.len(), &templates).ok()
    }

    fn line(get: &dyn Fn(&str) -> Vec<String>) -> Vec<String> {
        Self::KEYS.iter().flat_map(|key| get(key)).collect()
    }
}

fn version(word: Option<&&str>) -> Option<VersionSelector> {
    word.map_or(Some(VersionSelector::Latest), |word| VersionSelector::parse(word))
}

impl ListEntry for Alias {
    const KIND: &'static str =
        "a list of aliases such as 'https://example.com/order.json orders 3', with a version, latest, or a guid alone";
    const KEYS: &'static [&'static str] = &["uri", "subject", "version", "guid"];

    fn read(words: &[&str]) -> Option<Self> {
        let (uri, rest) = words.split_first()?;
        SchemaUri::parse(uri).ok()?;
        let target = match rest {
            [guid] if Guid::parse(guid).is_some() => AliasTarget::Guid(Guid::parse(guid)?),
            [subject, rest @ ..] if rest.len() < 2 => AliasTarget::Version(Subject::parse(subject), version(rest.first())?),
            _ => return None,
        };
        Some(Self { uri: (*uri).to_owned(), target })
    }

    fn line(get: &dyn Fn(&str) -> Vec<String>) -> Vec<String> {
        Self::KEYS.iter().flat_map(|key| get(key)).collect()
    }
}

/// Says that events of a type must have a `dataschema`.
const REQUIRED: &str = "required";

impl ListEntry for TypeBinding {
    const KIND: &'static str =
        "a list of event types such as 'com.example.order.* orders latest', with 'required' where dataschema must be there";
    const KEYS: &'static [&'static str] = &["type", "subject", "version", "require-dataschema"];

    fn read(words: &[&str]) -> Option<Self> {
        let [pattern, subject, rest @ ..] = words else { return None };
        let (require_dataschema, rest) = match rest.split_last() {
            Some((&REQUIRED, rest)) => (true, rest),
            _ => (false, rest),
        };
        let version = version(rest.first()).filter(|_| rest.len() < 2)?;
        Some(Self { pattern: (*pattern).to_owned(), subject: Subject::parse(subject), version, require_dataschema })
    }

    fn line(get: &dyn Fn(&str) -> Vec<String>) -> Vec<String> {
        let mut words: Vec<String> = ["type", "subject", "version"].iter().flat_map(|key| get(key)).collect();
        if get("require-dataschema").first().is_some_and(|flag| flag == "true") {
            words.push(REQUIRED.to_owned());
        }
        words
    }
}

/// Names of the lists in the file's table `cloudevents`, and the settings that they are.
pub(super) const LISTS: [(&str, &str); 3] =
    [("base", "cloudevents-base"), ("alias", "cloudevents-alias"), ("type", "cloudevents-type")];

/// The entries of an array of tables as the text that a flag would have.
///
/// # Errors
/// What is wrong, in words.
pub(super) fn from_file(setting: &str, value: &toml::Value) -> Result<String, String> {
    let tables = value.as_array().ok_or("must be written as [[cloudevents.…]] tables")?;
    let mut lines = Vec::with_capacity(tables.len());
    for table in tables {
        let table = table.as_table().ok_or("must be written as [[cloudevents.…]] tables")?;
        let words = match setting {
            "cloudevents-base" => words::<Base>(table)?,
            "cloudevents-alias" => words::<Alias>(table)?,
            _ => words::<TypeBinding>(table)?,
        };
        if let Some(word) = words.iter().find(|word| word.is_empty() || word.contains(char::is_whitespace)) {
            return Err(format!("has the value '{word}'; a value has no blanks here"));
        }
        lines.push(words.join(" "));
    }
    Ok(lines.join("\n"))
}

fn words<T: ListEntry>(table: &toml::Table) -> Result<Vec<String>, String> {
    let text = |value: &toml::Value| super::scalar(value).unwrap_or_default();
    let name = |key: &str| key.replace('_', "-");
    if let Some(key) = table.keys().find(|key| !T::KEYS.contains(&name(key).as_str())) {
        return Err(format!("has the unknown key '{key}'; known are {}", T::KEYS.join(", ")));
    }
    let get = |wanted: &str| {
        let value = table.iter().find(|(key, _)| name(key) == wanted).map(|(_, value)| value);
        match value {
            None => Vec::new(),
            Some(toml::Value::Array(items)) => items.iter().map(text).collect(),
            Some(value) => vec![text(value)],
        }
    };
    Ok(T::line(&get))
}
