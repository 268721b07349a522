//! Logins and rules: where they are read from, and how they are read anew.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::Notify;

use super::file_watch::{self, WatchedFiles};
use super::secret_file::warn_of_mode;
use crate::access::AccessRules;
use crate::config::Settings;
use crate::http::{Gate, Issuer, Logins, Metrics};
use crate::login::{NameSource, StaticTokens, Users};
use crate::server::ClientAuth;

/// Largest file, in bytes.
const MAX_BYTES: u64 = 16 << 20;

/// The files that say who may do what.
#[derive(Debug, Clone)]
pub(super) struct AccessFiles {
    users: Option<PathBuf>,
    tokens: Option<PathBuf>,
    rules: Option<PathBuf>,
    config: Option<PathBuf>,
    hide_denied: bool,
    /// Clients may show certificates.
    certificates: bool,
    /// Tokens of an issuer are logins.
    is_issuer_named: bool,
    issuers: Vec<Arc<Issuer>>,
}

/// What the files hold.
#[derive(Clone, PartialEq, Eq)]
struct Texts {
    users: Option<String>,
    tokens: Option<String>,
    rules: Option<String>,
    config: Option<String>,
}

fn text(path: Option<&PathBuf>) -> Result<Option<String>, String> {
    let Some(path) = path else { return Ok(None) };
    let said = |error: std::io::Error| format!("{}: {error}", path.display());
    if std::fs::metadata(path).map_err(said)?.len() > MAX_BYTES {
        return Err(format!("{}: larger than {MAX_BYTES} bytes", path.display()));
    }
    std::fs::read_to_string(path).map(Some).map_err(said)
}

/// The name by which rules say where they are written.
fn shown(path: Option<&PathBuf>) -> Arc<str> {
    path.and_then(|path| path.file_name()).map_or_else(|| "".into(), |name| name.to_string_lossy().into())
}

impl AccessFiles {
    pub(super) fn of(settings: &Settings) -> Self {
        Self {
            users: settings.users_file.clone(),
            tokens: settings.tokens_file.clone(),
            rules: settings.access_file.clone(),
            config: settings.config.clone(),
            hide_denied: settings.hide_denied,
            certificates: settings.tls_client_auth != ClientAuth::Off && settings.tls_principal != NameSource::None,
            is_issuer_named: settings.oidc_issuer.is_some(),
            issuers: Vec::new(),
        }
    }

    /// The same with the issuers of tokens.
    pub(super) fn with_issuers(mut self, issuers: Vec<Arc<Issuer>>) -> Self {
        self.issuers = issuers;
        self
    }

    fn read(&self) -> Result<Texts, String> {
        Ok(Texts {
            users: text(self.users.as_ref())?,
            tokens: text(self.tokens.as_ref())?,
            rules: text(self.rules.as_ref())?,
            config: text(self.config.as_ref())?,
        })
    }

    /// Logins and rules; `None` where none are configured.
    fn logins(&self, texts: &Texts) -> Result<Option<Logins>, String> {
        let in_file = |path: &Option<PathBuf>, error: &dyn std::fmt::Display| {
            format!("{}: {error}", path.as_deref().unwrap_or(Path::new("")).display())
        };
        let mut rules: Option<AccessRules> = None;
        let mut add = |found: AccessRules| rules.get_or_insert_default().merge(found);
        if let Some(text) = &texts.rules {
            add(AccessRules::parse(text, &shown(self.rules.as_ref())).map_err(|error| in_file(&self.rules, &error))?);
        }
        if let Some(text) = &texts.config {
            let found =
                AccessRules::parse_config(text, &shown(self.config.as_ref())).map_err(|error| in_file(&self.config, &error))?;
            found.into_iter().for_each(&mut add);
        }
        let users = match &texts.users {
            None => None,
            Some(text) => {
                let read = Users::parse(text, &shown(self.users.as_ref()));
                let (users, found) = read.map_err(|error| in_file(&self.users, &error))?;
                found.into_iter().for_each(&mut add);
                Some(users)
            }
        };
        let tokens = match &texts.tokens {
            None => None,
            Some(text) => {
                let read = StaticTokens::parse(text, &shown(self.tokens.as_ref()));
                Some(read.map_err(|error| in_file(&self.tokens, &error))?)
            }
        };
        let has_other_logins = self.certificates || self.is_issuer_named;
        if users.is_none() && tokens.is_none() && rules.is_none() && !has_other_logins {
            return Ok(None);
        }
        let logins = Logins::new(users, tokens, rules, self.hide_denied);
        Ok(Some(logins.with_certificates(self.certificates).with_issuers(self.issuers.clone())))
    }

    /// Reads the files.
    pub(super) fn load(&self) -> Result<Option<Logins>, String> {
        self.logins(&self.read()?)
    }

    /// Says what could be kept better.
    pub(super) fn warn(&self) {
        self.users.iter().chain(&self.tokens).for_each(|path| warn_of_mode(path));
    }

    /// Puts what changes in the files in force. A file that can't be used changes nothing.
    pub(super) fn watch(self, gate: Arc<Gate>, metrics: Metrics, now: Arc<Notify>) {
        file_watch::watch(WatchedAccess { files: self, gate, metrics }, now);
    }
}

struct WatchedAccess {
    files: AccessFiles,
    gate: Arc<Gate>,
    metrics: Metrics,
}

impl WatchedFiles for WatchedAccess {
    type Contents = Texts;

    const NAME: &str = "logins and rules";

    fn read(&self) -> Result<Texts, String> {
        self.files.read()
    }

    fn apply(&self, texts: &Texts) -> Result<(), String> {
        let logins = self.files.logins(texts)?.unwrap_or_else(nobody);
        tracing::info!("logins and rules read anew: {}", logins.summary());
        self.gate.replace(logins);
        Ok(())
    }

    fn stale(&self, is_stale: bool) {
        self.metrics.stale_access(is_stale);
    }
}

/// The configuration had a table of rules, and has none any more: nothing is allowed, until the server is started without.
fn nobody() -> Logins {
    Logins::new(None, None, Some(AccessRules::default()), false)
}
