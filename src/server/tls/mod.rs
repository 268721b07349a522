//! TLS of listeners: certificate, key and who may connect, as files say it; other ones can be put in their place at any time, and count
//! from the next connection on.

mod material;

use std::sync::{Arc, PoisonError, RwLock};

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

pub use material::{ClientAuth, MinVersion, TlsError, TlsOptions, TlsTexts};

/// What connections are encrypted with.
#[derive(Debug)]
pub struct Tls {
    options: TlsOptions,
    current: RwLock<Arc<ServerConfig>>,
}

impl Tls {
    /// From the texts of the files.
    ///
    /// # Errors
    /// [`TlsError`], which says which file is at fault.
    pub fn new(texts: &TlsTexts, options: TlsOptions) -> Result<Arc<Self>, TlsError> {
        let current = RwLock::new(Arc::new(material::config(texts, options)?));
        Ok(Arc::new(Self { options, current }))
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

    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner)))
    }
}
