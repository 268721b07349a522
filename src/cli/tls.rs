//! Certificates and keys: where they are read from, and how they are read anew.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::Notify;

use super::file_watch::{self, WatchedFiles};
use super::secret_file;
use crate::config::Settings;
use crate::http::Metrics;
use crate::login::CertificateLogin;
use crate::server::{ClientAuth, Tls, TlsOptions, TlsTexts};

/// Largest file, in bytes.
const MAX_BYTES: u64 = 4 << 20;

/// The files of TLS.
#[derive(Debug, Clone)]
pub(super) struct TlsFiles {
    chain: PathBuf,
    key: PathBuf,
    client_ca: Option<PathBuf>,
    client_crl: Option<PathBuf>,
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
            (None, None)
                if settings.tls_client_ca.is_none()
                    && settings.tls_client_crl.is_none()
                    && settings.tls_client_auth == ClientAuth::Off =>
            {
                return Ok(None);
            }
            (Some(_), None) => return Err("tls-cert is given without tls-key".to_owned()),
            (None, _) => {
                return Err("tls-key, tls-client-ca, tls-client-crl or tls-client-auth is given without tls-cert".to_owned());
            }
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
        let client_crl = settings.tls_client_crl.clone();
        if client_crl.is_some() && client_ca.is_none() {
            return Err("tls-client-crl is given without tls-client-ca".to_owned());
        }
        let options = TlsOptions { client_auth: settings.tls_client_auth, min_version: settings.tls_min_version };
        let (source, mapping) = (settings.tls_principal, settings.tls_principal_mapping.clone());
        Ok(Some(Self { chain, key, client_ca, client_crl, options, certificates: CertificateLogin { source, mapping } }))
    }

    fn read(&self) -> Result<TlsTexts, String> {
        let client_ca = self.client_ca.as_deref().map(bytes).transpose()?;
        let client_crl = self.client_crl.as_deref().map(bytes).transpose()?;
        Ok(TlsTexts { chain: bytes(&self.chain)?, key: bytes(&self.key)?, client_ca, client_crl })
    }

    /// Reads the files.
    pub(super) fn load(&self, metrics: &Metrics) -> Result<Arc<Tls>, String> {
        let texts = self.read()?;
        let tls = Tls::new(&texts, self.options, self.certificates.clone()).map_err(|error| error.to_string())?;
        metrics.tls_expires(texts.expires().map_err(|error| error.to_string())?);
        metrics.tls_lists_expire(texts.lists_expire().map_err(|error| error.to_string())?);
        metrics.stale_tls(false);
        secret_file::warn_of_mode(&self.key);
        Ok(tls)
    }

    /// When the certificate ends, and when the first list of revoked ones should have been replaced, in seconds since 1970. All of it
    /// has been found to fit together.
    pub(super) fn dates(&self) -> Result<(u64, Option<u64>), String> {
        let texts = self.read()?;
        Tls::new(&texts, self.options, self.certificates.clone()).map_err(|error| error.to_string())?;
        let said = |error: crate::server::TlsError| error.to_string();
        Ok((texts.expires().map_err(said)?, texts.lists_expire().map_err(said)?))
    }

    /// Puts what changes in the files in force. Files that can't be used change nothing.
    pub(super) fn watch(self, tls: Arc<Tls>, metrics: Metrics, now: Arc<Notify>) {
        file_watch::watch(WatchedTls { files: self, tls, metrics }, now);
    }
}

struct WatchedTls {
    files: TlsFiles,
    tls: Arc<Tls>,
    metrics: Metrics,
}

impl WatchedFiles for WatchedTls {
    type Contents = TlsTexts;

    const NAME: &str = "certificate and key";

    fn read(&self) -> Result<TlsTexts, String> {
        self.files.read()
    }

    fn apply(&self, texts: &TlsTexts) -> Result<(), String> {
        let expires = texts.expires().map_err(|error| error.to_string())?;
        let lists_expire = texts.lists_expire().map_err(|error| error.to_string())?;
        self.tls.replace(texts).map_err(|error| error.to_string())?;
        tracing::info!("certificate and key read anew, for connections from now on");
        self.metrics.tls_expires(expires);
        self.metrics.tls_lists_expire(lists_expire);
        Ok(())
    }

    fn stale(&self, is_stale: bool) {
        self.metrics.stale_tls(is_stale);
    }
}
