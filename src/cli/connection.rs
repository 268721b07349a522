//! Which registry a command asks: by flags, by an environment of `accordant.toml`, or by variables.

use std::path::{Path, PathBuf};

use super::client::RegistryClient;
use super::manifest::{Environment, FILE, Manifest};
use super::registry_login::RegistryLogin;

/// The variable with the URL of the registry.
const REGISTRY: &str = "ACCORDANT_REGISTRY";
/// The variable with the name of an environment.
const ENVIRONMENT: &str = "ACCORDANT_REGISTRY_ENV";

/// A registry that was found, and what it is called.
pub(super) struct Connection {
    pub(super) client: RegistryClient,
    /// The environment's name, where one was meant.
    pub(super) environment: Option<String>,
}

fn variable(name: &str) -> Result<Option<String>, String> {
    match std::env::var(name) {
        Ok(value) => Ok(Some(value).filter(|value| !value.is_empty())),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => Err(format!("{name} is not UTF-8")),
    }
}

/// The file with environments of the user, beside those of repositories.
fn profiles() -> Option<PathBuf> {
    let folder = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from).filter(|folder| folder.is_absolute());
    let folder = folder.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".config")))?;
    Some(folder.join("accordant").join(FILE)).filter(|file| file.is_file())
}

/// Finds the registry: `--registry`, `--env`, the variables, the environment that `accordant.toml` has for its own. `None` when none
/// of them says anything.
///
/// # Errors
/// What is wrong with what was said.
pub(super) fn connect(
    url: Option<&str>,
    environment: Option<&str>,
    login: &RegistryLogin,
    manifest: Option<&Manifest>,
) -> Result<Option<Connection>, String> {
    let plain = |url: &str| {
        let client = RegistryClient::new(url, login).map_err(|error| format!("registry: {error}"))?;
        Ok(Some(Connection { client, environment: None }))
    };
    match (url, environment) {
        (Some(_), Some(_)) => return Err("--registry and --env: one of them says which registry".to_owned()),
        (Some(url), None) => return plain(url),
        (None, Some(name)) => return named(name, login, manifest).map(Some),
        (None, None) => {}
    }
    match (variable(REGISTRY)?, variable(ENVIRONMENT)?) {
        (Some(_), Some(_)) => Err(format!("{REGISTRY} and {ENVIRONMENT} are both set")),
        (Some(url), None) => plain(&url),
        (None, Some(name)) => named(&name, login, manifest).map(Some),
        (None, None) => match manifest.and_then(|manifest| manifest.environment.as_deref()) {
            Some(name) => named(name, login, manifest).map(Some),
            None => Ok(None),
        },
    }
}

/// As [`connect`], for commands that can do nothing without.
///
/// # Errors
/// As [`connect`]; or no registry is named at all.
pub(super) fn required(
    url: Option<&str>,
    environment: Option<&str>,
    login: &RegistryLogin,
    manifest: Option<&Manifest>,
) -> Result<Connection, String> {
    let found = connect(url, environment, login, manifest)?;
    found.ok_or_else(|| format!("no registry: --registry URL, --env NAME or the variable {REGISTRY} says which"))
}

fn named(name: &str, login: &RegistryLogin, manifest: Option<&Manifest>) -> Result<Connection, String> {
    let own;
    let mut found = manifest.and_then(|manifest| Some((manifest.environments.get(name)?, manifest.folder.as_path())));
    if found.is_none()
        && let Some(file) = profiles()
    {
        own = Manifest::read(&file)?;
        found = own.environments.get(name).map(|environment| (environment, own.folder.as_path()));
        return open(name, login, found);
    }
    open(name, login, found)
}

fn open(name: &str, login: &RegistryLogin, found: Option<(&Environment, &Path)>) -> Result<Connection, String> {
    let Some((environment, folder)) = found else {
        return Err(format!("there is no [env.{name}] in {FILE}"));
    };
    let failed = |error: String| format!("[env.{name}]: {error}");
    let login = login.or_of(environment, folder).map_err(failed)?;
    let client = RegistryClient::new(&environment.registry, &login).map_err(failed)?;
    Ok(Connection { client, environment: Some(name.to_owned()) })
}
