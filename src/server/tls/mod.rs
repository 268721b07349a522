//! TLS of listeners: certificate, key and who may connect, as files say it; other ones can be put in their place at any time, and count
//! from the next connection on.

mod handshakes;
mod material;

use std::sync::{Arc, PoisonError, RwLock};

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::server::TlsStream;

use crate::login::{Certificate, CertificateLogin};

pub(super) use handshakes::Handshakes;
pub use material::{ClientAuth, MinVersion, TlsError, TlsOptions, TlsTexts};

/// What connections are encrypted with.
#[derive(Debug)]
pub struct Tls {
    options: TlsOptions,
    certificates: CertificateLogin,
    current: RwLock<Arc<ServerConfig>>,
}

impl Tls {
    /// From the texts of the files; `certificates` says whom a client's one names.
    ///
    /// # Errors
    /// [`TlsError`], which says which file is at fault.
    pub fn new(texts: &TlsTexts, options: TlsOptions, certificates: CertificateLogin) -> Result<Arc<Self>, TlsError> {
        let current = RwLock::new(Arc::new(material::config(texts, options)?));
        Ok(Arc::new(Self { options, certificates, current }))
    }

    /// Puts other files in force. Connections that are open stay as they are; sessions that clients want to resume begin anew.
    ///
    /// # Errors
    /// [`TlsError`], and nothing has changed.
    pub fn replace(&self, texts: &TlsTexts) -> Result<(), TlsError> {
        let config = Arc::new(material::config(texts, self.options)?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = config;
        Ok(())
    }

    /// Whom the certificate names that a client has shown.
    pub(super) fn owner<S>(&self, stream: &TlsStream<S>) -> Option<Arc<str>> {
        // the handshake has proven it, and that it is the client's
        let shown = stream.get_ref().1.peer_certificates()?.first()?;
        let owner = Certificate::parse(shown).ok().and_then(|certificate| self.certificates.owner(&certificate));
        if owner.is_none() {
            tracing::debug!("a client's certificate names nobody by tls-principal and tls-principal-mapping");
        }
        owner.map(Into::into)
    }

    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner)))
    }
}
