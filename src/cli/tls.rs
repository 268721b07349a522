//! Certificates and keys: where they are read from, and how they are read anew.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::MissedTickBehavior;

use super::secret_file;
use crate::config::Settings;
use crate::http::Metrics;
use crate::login::CertificateLogin;
use crate::server::{ClientAuth, Tls, TlsOptions, TlsTexts};

/// How often the files are looked at.
const EVERY: Duration = Duration::from_secs(1);
/// Largest file, in bytes.
const MAX_BYTES: u64 = 4 << 20;

/// The files of TLS.
#[derive(Debug, Clone)]
pub(super) struct TlsFiles {
    chain: PathBuf,
    key: PathBuf,
    client_ca: Option<PathBuf>,
    options: TlsOptions,
    certificates: CertificateLogin,
}

fn bytes(path: &Path) -> Result<Vec<u8>, String> {
    let said = |error: std::io::Error| format!("{}: {error}", path.display());
    if std::fs::metadata(path).map_err(said)?.len() > MAX_BYTES {
        return Err(format!("{}: larger than {MAX_BYTES} bytes", path.display()));
    }
    std::fs::read(path).map_err(said)
}

impl TlsFiles {
    /// The files that the settings name, if they name any.
    pub(super) fn of(settings: &Settings) -> Result<Option<Self>, String> {
        let (chain, key) = match (&settings.tls_cert, &settings.tls_key) {
            (Some(chain), Some(key)) => (chain.clone(), key.clone()),
            (None, None) if settings.tls_client_ca.is_none() && settings.tls_client_auth == ClientAuth::Off => return Ok(None),
            (Some(_), None) => return Err("tls-cert is given without tls-key".to_owned()),
            (None, _) => return Err("tls-key, tls-client-ca or tls-client-auth is given without tls-cert".to_owned()),
        };
        let client_ca = settings.tls_client_ca.clone();
        match (&client_ca, settings.tls_client_auth) {
            (Some(_), ClientAuth::Off) => {
                return Err("tls-client-ca is given, but tls-client-auth is off: it should be optional or required".to_owned());
            }
            (None, ClientAuth::Optional | ClientAuth::Required) => {
                return Err("tls-client-auth asks for certificates, and tls-client-ca does not say whose are good".to_owned());
            }
            _ => {}
        }
        let options = TlsOptions { client_auth: settings.tls_client_auth, min_version: settings.tls_min_version };
        let (source, mapping) = (settings.tls_principal, settings.tls_principal_mapping.clone());
        Ok(Some(Self { chain, key, client_ca, options, certificates: CertificateLogin { source, mapping } }))
    }

    fn read(&self) -> Result<TlsTexts, String> {
        let client_ca = self.client_ca.as_deref().map(bytes).transpose()?;
        Ok(TlsTexts { chain: bytes(&self.chain)?, key: bytes(&self.key)?, client_ca })
    }

    /// Reads the files.
    pub(super) fn load(&self, metrics: &Metrics) -> Result<Arc<Tls>, String> {
        let texts = self.read()?;
        let tls = Tls::new(&texts, self.options, self.certificates.clone()).map_err(|error| error.to_string())?;
        metrics.tls_expires(texts.expires().map_err(|error| error.to_string())?);
        metrics.stale_tls(false);
        secret_file::warn_of_mode(&self.key);
        Ok(tls)
    }

    /// Puts what changes in the files in force. Files that can't be used change nothing.
    pub(super) fn watch(self, tls: Arc<Tls>, metrics: Metrics, now: Arc<Notify>) {
        tokio::spawn(async move {
            let files = Arc::new(self);
            let mut watched = Watched { applied: read(&files).await.ok(), seen: None, complaint: None };
            let mut rounds = tokio::time::interval(EVERY);
            rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                let at_once = tokio::select! {
                    _ = rounds.tick() => false,
                    () = now.notified() => true,
                };
                watched.round(&files, &tls, &metrics, at_once).await;
            }
        });
    }
}

async fn read(files: &Arc<TlsFiles>) -> Result<TlsTexts, String> {
    let files = Arc::clone(files);
    tokio::task::spawn_blocking(move || files.read()).await.unwrap_or_else(|error| Err(error.to_string()))
}

struct Watched {
    applied: Option<TlsTexts>,
    /// What was there at the last look: a certificate whose key is still being written is not what is meant.
    seen: Option<Result<TlsTexts, String>>,
    /// What was complained of already.
    complaint: Option<String>,
}

impl Watched {
    async fn round(&mut self, files: &Arc<TlsFiles>, tls: &Tls, metrics: &Metrics, at_once: bool) {
        let found = read(files).await;
        let is_settled = at_once || self.seen.as_ref() == Some(&found);
        let is_new = found.as_ref().map_or(true, |texts| self.applied.as_ref() != Some(texts));
        self.seen = Some(found.clone());
        if !is_settled || (!is_new && self.complaint.is_none()) {
            return;
        }
        let taken = found.and_then(|texts| {
            let expires = texts.expires().map_err(|error| error.to_string())?;
            tls.replace(&texts).map_err(|error| error.to_string())?;
            Ok((texts, expires))
        });
        metrics.stale_tls(taken.is_err());
        match taken {
            Ok((texts, expires)) => {
                tracing::info!("certificate and key read anew, for connections from now on");
                metrics.tls_expires(expires);
                self.applied = Some(texts);
                self.complaint = None;
            }
            Err(complaint) if self.complaint.as_ref() != Some(&complaint) => {
                tracing::error!("certificate and key stay as they are: {complaint}");
                self.complaint = Some(complaint);
            }
            Err(_) => {}
        }
    }
}
