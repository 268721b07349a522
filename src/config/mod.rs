//! RING 4: configuration: flags over environment over file over defaults, all from one table of settings.
//!
//! `settings` declares each setting once; its flag (`--max-body-bytes`), its variable (`ACCORDANT_MAX_BODY_BYTES`) and its key in
//! the file (`max-body-bytes`) follow from its name. `value` reads durations, sizes and the like, `events` the lists about
//! CloudEvents. Names that nobody knows are refused, with the nearest known one as a hint. `endpoint` is where to listen, `groups` are the
//! headings under which settings stand.

mod endpoint;
mod events;
mod groups;
mod settings;
mod value;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub use endpoint::{Endpoint, Endpoints};
pub use events::List;
pub use groups::{GROUPS, group};
pub use settings::{SETTINGS, Setting, Settings};
pub use value::{
    Address, Age, Algorithms, ByteSize, Delay, ForIssuers, LogFormat, OutageReadsSwitch, PostgresLocks, ReadConsistency,
    ReleaseLine, Switch, age_seconds,
};

use crate::types::edit_distance;

/// Prefix of the environment variables.
pub const ENV_PREFIX: &str = "ACCORDANT_";

/// The table of the file that holds rules (`access::AccessRules::parse_config`).
const ACCESS: &str = "access";

/// Why a configuration is refused; the text is for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(pub String);

/// Variables with the prefix that are not settings: builds, tests and commands that ask a registry use them.
const RESERVED: [&str; 2] = ["ACCORDANT_COMMIT", "ACCORDANT_REGISTRY"];
/// Nor are these: like `ACCORDANT_REGISTRY` they are for commands that ask a registry.
const OF_CLIENTS: &str = "ACCORDANT_REGISTRY_";

/// A value that somebody has given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    pub name: &'static str,
    pub value: String,
    /// Where: `--list-limit`, `environment variable ACCORDANT_LIST_LIMIT`, `accordant.toml: list-limit`.
    pub origin: String,
}

/// What takes values in their order, the later ones in the place of the earlier.
type Taker<'t> = dyn FnMut(Given) -> Result<(), ConfigError> + 't;

/// Merges the layers.
///
/// `flags` are the values from the command line by setting name; `environment` all variables of the process; `file` the
/// file to read, which `config` in flags or environment names.
///
/// # Errors
/// [`ConfigError`]: an unknown name, a value that can't be read, or a file that can't be.
pub fn load(flags: &BTreeMap<&'static str, String>, environment: &BTreeMap<String, String>) -> Result<Settings, ConfigError> {
    let mut settings = Settings::default();
    read(flags, environment, &mut |given| set(&mut settings, &given))?;
    if let Some(path) = config_file(flags, environment) {
        settings.config = Some(PathBuf::from(path));
    }
    Ok(settings)
}

/// The values that count, by name, as they were written; without those that are the defaults because nobody has said otherwise.
///
/// # Errors
/// As [`load`].
pub fn given(
    flags: &BTreeMap<&'static str, String>,
    environment: &BTreeMap<String, String>,
) -> Result<BTreeMap<&'static str, Given>, ConfigError> {
    let mut last = BTreeMap::new();
    let mut settings = Settings::default();
    read(flags, environment, &mut |given| {
        set(&mut settings, &given)?;
        last.insert(given.name, given);
        Ok(())
    })?;
    Ok(last)
}

fn config_file<'a>(flags: &'a BTreeMap<&'static str, String>, environment: &'a BTreeMap<String, String>) -> Option<&'a String> {
    flags.get("config").or_else(|| environment.get("ACCORDANT_CONFIG"))
}

fn read(
    flags: &BTreeMap<&'static str, String>,
    environment: &BTreeMap<String, String>,
    take: &mut Taker<'_>,
) -> Result<(), ConfigError> {
    if let Some(path) = config_file(flags, environment) {
        read_file(Path::new(path), take)?;
    }
    for (variable, value) in environment.iter().filter(|(name, _)| name.starts_with(ENV_PREFIX)) {
        let name = variable.trim_start_matches(ENV_PREFIX).to_lowercase().replace('_', "-");
        if RESERVED.contains(&variable.as_str())
            || variable.starts_with(OF_CLIENTS)
            || (is_of_kubernetes(variable, value) && find(&name).is_none())
        {
            continue;
        }
        let as_variable = |name: &str| format!("{ENV_PREFIX}{}", name.replace('-', "_").to_uppercase());
        let known = find(&name).ok_or_else(|| unknown("environment variable", variable, nearest(&name).map(as_variable)))?;
        take(Given { name: known, value: value.clone(), origin: format!("environment variable {variable}") })?;
    }
    for (name, value) in flags {
        take(Given { name, value: value.clone(), origin: format!("--{name}") })?;
    }
    Ok(())
}

/// Whether Kubernetes has set a variable because of a Service that is called `accordant`, or begins so.
fn is_of_kubernetes(variable: &str, value: &str) -> bool {
    let is_port = |text: &str| {
        let mut parts = text.splitn(3, '_');
        let (number, protocol) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        number.parse::<u16>().is_ok() && ["TCP", "UDP", "SCTP"].contains(&protocol)
    };
    variable.ends_with("_SERVICE_HOST")
        || variable.ends_with("_SERVICE_PORT")
        || variable.contains("_SERVICE_PORT_")
        || variable.ends_with("_PORT") && value.contains("://")
        || variable.match_indices("_PORT_").any(|(at, found)| variable.get(at + found.len()..).is_some_and(is_port))
}

/// Whether a setting is a list, whose flag may be given several times.
pub fn is_list(name: &str) -> bool {
    events::LISTS.iter().any(|(_, setting)| *setting == name)
}

fn find(name: &str) -> Option<&'static str> {
    SETTINGS.iter().map(|setting| setting.name).find(|known| *known == name)
}

/// Settings that nobody but the server should read; each has a companion `…-file`, which is read at the start.
const SECRETS: [&str; 5] = ["database", "kms-local-secret", "kms-aws-secret-access-key", "exporter-secret", "otlp-headers"];
/// These have none, or one that is read again and again.
const OTHER_SECRETS: [&str; 2] = ["kms-vault-token", "kms-aws-session-token"];

/// Whether a value is nobody's business.
pub fn is_secret(name: &str) -> bool {
    SECRETS.contains(&name) || OTHER_SECRETS.contains(&name)
}

fn set(settings: &mut Settings, given: &Given) -> Result<(), ConfigError> {
    let Given { name, value, origin } = given;
    if let Some(secret) = name.strip_suffix("-file").filter(|name| SECRETS.contains(name) && !value.is_empty()) {
        let text = std::fs::read_to_string(value).map_err(|error| ConfigError(format!("{origin}: {value}: {error}")))?;
        settings.set(secret, text.trim()).map_err(|reason| ConfigError(format!("{origin}: what is in {value} {reason}")))?;
    }
    settings.set(name, value).map_err(|reason| ConfigError(format!("{origin}: '{value}' {reason}")))
}

fn unknown(what: &str, name: &str, hint: Option<String>) -> ConfigError {
    let hint = hint.map_or_else(String::new, |hint| format!("; did you mean {hint}?"));
    ConfigError(format!("unknown {what} '{name}'{hint}"))
}

fn read_file(path: &Path, take: &mut Taker<'_>) -> Result<(), ConfigError> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| ConfigError(format!("{shown}: {error}")))?;
    let table: toml::Table = text.parse().map_err(|error| ConfigError(format!("{shown}: {}", reason(&text, &error))))?;
    for (key, value) in &table {
        let name = key.replace('_', "-");
        if let (toml::Value::Table(lists), "cloudevents") = (value, name.as_str()) {
            read_lists(lists, &shown.to_string(), take)?;
            continue;
        }
        if value.is_table() && name == ACCESS {
            // rules, which are read again whenever the file changes
            continue;
        }
        let known = find(&name).filter(|name| *name != "config");
        let known = known.ok_or_else(|| unknown(&format!("key in {shown}:"), key, nearest(&name).map(str::to_owned)))?;
        let origin = format!("{shown}: {key}");
        let text = scalar(value).ok_or_else(|| ConfigError(format!("{origin} must be a string, a number or a boolean")))?;
        take(Given { name: known, value: text, origin })?;
    }
    Ok(())
}

/// Why a file is no TOML, and where; without the line itself, which may hold a password.
fn reason(text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    let message = error.message().lines().collect::<Vec<_>>().join(", ");
    format!("line {}, column {column}: {message}", before.matches('\n').count() + 1)
}

/// The file's table `cloudevents`: lists, and settings whose names begin so.
fn read_lists(table: &toml::Table, shown: &str, take: &mut Taker<'_>) -> Result<(), ConfigError> {
    for (key, value) in table {
        let origin = format!("{shown}: cloudevents.{key}");
        if let Some((_, setting)) = events::LISTS.iter().find(|(list, _)| list == key) {
            let text = events::from_file(setting, value).map_err(|reason| ConfigError(format!("{origin} {reason}")))?;
            take(Given { name: setting, value: text, origin })?;
            continue;
        }
        let name = format!("cloudevents-{}", key.replace('_', "-"));
        let hint = || nearest(&name).map(|near| near.replacen('-', ".", 1));
        let known = find(&name).ok_or_else(|| unknown(&format!("key in {shown}:"), &format!("cloudevents.{key}"), hint()))?;
        let text = scalar(value).ok_or_else(|| ConfigError(format!("{origin} must be a string, a number or a boolean")))?;
        take(Given { name: known, value: text, origin })?;
    }
    Ok(())
}

/// A value of the file as a flag would have it.
fn scalar(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Boolean(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// The setting whose name is nearest, if it is near at all.
fn nearest(name: &str) -> Option<&'static str> {
    let ranked = SETTINGS.iter().map(|setting| (edit_distance(setting.name, name), setting.name));
    ranked.min().filter(|(distance, _)| *distance <= 3.max(name.len() / 3)).map(|(_, name)| name)
}
