//! How commands that ask a registry log in there: by flags, by the URL, or by variables.

use std::path::Path;

use clap::Args;
use secrecy::SecretString;

use super::manifest::Environment;

/// What every variable of the commands that ask a registry begins with; the server's own settings have none that begins so.
const PREFIX: &str = "ACCORDANT_REGISTRY_";

/// Whom to trust, and how to log in. Secrets come from files and variables, for the arguments of a process are seen by everybody.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct RegistryLogin {
    /// PEM file with certificates to trust, beside those everyone does [env: `ACCORDANT_REGISTRY_CA`]
    #[arg(long, value_name = "FILE")]
    ca: Option<String>,
    /// Log in to the registry as this user [env: `ACCORDANT_REGISTRY_USER`]
    #[arg(long, value_name = "NAME", conflicts_with = "token_file")]
    user: Option<String>,
    /// File with the password [env: `ACCORDANT_REGISTRY_PASSWORD_FILE`, or the password itself in `ACCORDANT_REGISTRY_PASSWORD`]
    #[arg(long, value_name = "FILE", requires = "user")]
    password_file: Option<String>,
    /// File with a token to log in with [env: `ACCORDANT_REGISTRY_TOKEN_FILE`, or the token itself in `ACCORDANT_REGISTRY_TOKEN`]
    #[arg(long, value_name = "FILE")]
    token_file: Option<String>,
    /// PEM file with a certificate to show the registry [env: `ACCORDANT_REGISTRY_CERT`]
    #[arg(long, value_name = "FILE", requires = "key")]
    cert: Option<String>,
    /// PEM file with its private key [env: `ACCORDANT_REGISTRY_KEY`]
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<String>,
    /// What the environment's variables hold.
    #[arg(skip)]
    password: Option<SecretString>,
    #[arg(skip)]
    token: Option<SecretString>,
}

/// What is sent with each request.
#[derive(Debug, Clone)]
pub(super) enum SentLogin {
    Basic { user: String, password: SecretString },
    Bearer(SecretString),
}

fn variable(name: &str) -> Result<Option<String>, String> {
    match std::env::var(format!("{PREFIX}{name}")) {
        Ok(value) if value.is_empty() => Ok(None),
        Ok(value) => Ok(Some(value)),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => Err(format!("{PREFIX}{name} is not UTF-8")),
    }
}

/// A secret of a file, without the line's end that editors put behind it.
fn secret(file: &str) -> Result<SecretString, String> {
    let text = std::fs::read_to_string(Path::new(file)).map_err(|error| format!("{file}: {error}"))?;
    let text = text.trim_end_matches(['\r', '\n']);
    if text.is_empty() { Err(format!("{file}: it is empty")) } else { Ok(text.into()) }
}

/// A secret in a file that a flag names, or of a variable, or in a file that a variable names.
fn secret_of(flag: Option<&str>, name: &str) -> Result<Option<SecretString>, String> {
    if let Some(file) = flag {
        return secret(file).map(Some);
    }
    match (variable(name)?, variable(&format!("{name}_FILE"))?) {
        (Some(_), Some(_)) => Err(format!("{PREFIX}{name} and {PREFIX}{name}_FILE are both set")),
        (Some(value), None) => Ok(Some(value.into())),
        (None, Some(file)) => secret(&file).map(Some),
        (None, None) => Ok(None),
    }
}

impl RegistryLogin {
    /// What flags leave open, as an environment of `accordant.toml` has it; its files are relative to the folder.
    ///
    /// # Errors
    /// A variable that it names is not set.
    pub(super) fn or_of(&self, environment: &Environment, folder: &Path) -> Result<Self, String> {
        let file = |file: &Option<String>| file.as_ref().map(|file| folder.join(file).to_string_lossy().into_owned());
        let held = |name: &Option<String>| match name.as_ref().map(|name| (name, std::env::var(name))) {
            None => Ok(None),
            Some((_, Ok(value))) if !value.is_empty() => Ok(Some(SecretString::from(value))),
            Some((name, _)) => Err(format!("the variable {name} is not set")),
        };
        let mut login = self.clone();
        login.ca = login.ca.or_else(|| file(&environment.ca));
        if login.cert.is_none() {
            (login.cert, login.key) = (file(&environment.cert), file(&environment.key));
        }
        if login.user.is_none() && login.token_file.is_none() {
            login.user.clone_from(&environment.user);
            login.password_file = file(&environment.password_file);
            login.token_file = file(&environment.token_file);
            login.password = held(&environment.password_env)?;
            login.token = held(&environment.token_env)?;
        }
        let ways = [login.user.is_some(), login.token_file.is_some(), login.token.is_some()];
        if ways.iter().filter(|way| **way).count() > 1 {
            return Err("more than one login: a user, a token-file or a token-env".to_owned());
        }
        Ok(login)
    }

    /// The file with certificates to trust.
    pub(super) fn ca(&self) -> Result<Option<String>, String> {
        self.ca.clone().map_or_else(|| variable("CA"), |ca| Ok(Some(ca)))
    }

    /// The files of a certificate to show and of its key.
    pub(super) fn certificate(&self) -> Result<Option<(String, String)>, String> {
        let (cert, key) = match (&self.cert, &self.key) {
            (Some(cert), Some(key)) => (Some(cert.clone()), Some(key.clone())),
            _ => (variable("CERT")?, variable("KEY")?),
        };
        match (cert, key) {
            (Some(cert), Some(key)) => Ok(Some((cert, key))),
            (None, None) => Ok(None),
            _ => Err(format!("{PREFIX}CERT and {PREFIX}KEY go together")),
        }
    }

    /// The login: by flags, else as the URL has it, else by variables.
    pub(super) fn login(&self, of_url: Option<SentLogin>) -> Result<Option<SentLogin>, String> {
        let is_flagged = self.user.is_some() || self.token_file.is_some() || self.token.is_some();
        match of_url {
            Some(_) if is_flagged => return Err("the login is given twice: in the URL, and by flags".to_owned()),
            Some(login) => return Ok(Some(login)),
            None => {}
        }
        if let Some(file) = &self.token_file {
            return Ok(Some(SentLogin::Bearer(secret(file)?)));
        }
        if let Some(token) = &self.token {
            return Ok(Some(SentLogin::Bearer(token.clone())));
        }
        let user = if is_flagged { self.user.clone() } else { variable("USER")? };
        let token = if is_flagged { None } else { secret_of(None, "TOKEN")? };
        match (user, token) {
            (Some(_), Some(_)) => Err(format!("{PREFIX}USER and a token are both set")),
            (None, token) => Ok(token.map(SentLogin::Bearer)),
            (Some(user), None) => {
                let password = match &self.password {
                    Some(password) => Some(password.clone()),
                    None => secret_of(self.password_file.as_deref(), "PASSWORD")?,
                };
                let password = password.ok_or("a user without password: --password-file names a file with it")?;
                Ok(Some(SentLogin::Basic { user, password }))
            }
        }
    }
}
