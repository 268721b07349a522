//! From the texts of files to what rustls works with.

use std::sync::Arc;

use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{VerifierBuilderError, WebPkiClientVerifier};
use tokio_rustls::rustls::{RootCertStore, ServerConfig, crypto, version};

use crate::login::{Certificate, revocation_list_expires};

/// Whether clients show a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ClientAuth {
    /// They are not asked for one.
    #[default]
    Off,
    /// Those that have one show it.
    Optional,
    /// Nobody else can connect.
    Required,
}

/// The oldest version of TLS that is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MinVersion {
    #[default]
    V12,
    V13,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TlsOptions {
    pub client_auth: ClientAuth,
    pub min_version: MinVersion,
}

/// The texts of the files, all of them PEM.
#[derive(Clone, PartialEq, Eq)]
pub struct TlsTexts {
    /// The certificate of the server, and those between it and one that clients know.
    pub chain: Vec<u8>,
    pub key: Vec<u8>,
    /// Those that may have signed certificates of clients.
    pub client_ca: Option<Vec<u8>>,
    /// Lists of certificates of clients that are good no longer.
    pub client_crl: Option<Vec<u8>>,
}

/// Why files can't be used; the text is for people, and has nothing of a key in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TlsError {
    #[error("tls-cert: {0}")]
    Chain(String),
    #[error("tls-key: {0}")]
    Key(String),
    #[error("tls-client-ca: {0}")]
    ClientCa(String),
    #[error("tls-client-crl: {0}")]
    ClientCrl(String),
    #[error("tls-cert and tls-key: {0}")]
    Pair(String),
}

impl TlsTexts {
    /// When the first certificate of the chain ends, in seconds since 1970: from then on clients turn away.
    ///
    /// # Errors
    /// One of them can't be read.
    pub fn expires(&self) -> Result<u64, TlsError> {
        let chain = certificates(&self.chain).map_err(TlsError::Chain)?;
        let ends = chain.iter().map(|der| Certificate::parse(der).map(|certificate| certificate.not_after()));
        let ends = ends.collect::<Result<Vec<_>, _>>().map_err(|error| TlsError::Chain(error.to_string()))?;
        Ok(ends.into_iter().min().unwrap_or(0))
    }

    /// When the first of the lists should have been replaced by the next one, in seconds since 1970; `None` without lists, and where none says.
    ///
    /// # Errors
    /// One of them can't be read.
    pub fn lists_expire(&self) -> Result<Option<u64>, TlsError> {
        let Some(pem) = &self.client_crl else { return Ok(None) };
        let lists = lists(pem).map_err(TlsError::ClientCrl)?;
        let ends = lists.iter().map(|der| revocation_list_expires(der)).collect::<Result<Vec<_>, _>>();
        Ok(ends.map_err(|error| TlsError::ClientCrl(error.to_string()))?.into_iter().flatten().min())
    }
}

fn lists(pem: &[u8]) -> Result<Vec<CertificateRevocationListDer<'static>>, String> {
    let found = CertificateRevocationListDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
    let found = found.map_err(|error| error.to_string())?;
    if found.is_empty() { Err("no list in it (PEM: BEGIN X509 CRL)".to_owned()) } else { Ok(found) }
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let found = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>().map_err(|error| error.to_string())?;
    if found.is_empty() { Err("no certificate in it (PEM: BEGIN CERTIFICATE)".to_owned()) } else { Ok(found) }
}

fn authorities(pem: &[u8]) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(pem)? {
        roots.add(certificate).map_err(|error| error.to_string())?;
    }
    Ok(roots)
}

/// TLS 1.2 and 1.3 with the suites that rustls considers safe, HTTP/2 and HTTP/1.1.
pub(super) fn config(texts: &TlsTexts, options: TlsOptions) -> Result<ServerConfig, TlsError> {
    let chain = certificates(&texts.chain).map_err(TlsError::Chain)?;
    // the message of the reader does not show the key
    let key = PrivateKeyDer::from_pem_slice(&texts.key).map_err(|error| TlsError::Key(error.to_string()))?;
    let provider = Arc::new(crypto::aws_lc_rs::default_provider());
    let versions: &[_] = match options.min_version {
        MinVersion::V12 => &[&version::TLS13, &version::TLS12],
        MinVersion::V13 => &[&version::TLS13],
    };
    let pair = |error: tokio_rustls::rustls::Error| TlsError::Pair(error.to_string());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider)).with_protocol_versions(versions).map_err(pair)?;
    let builder = match (options.client_auth, &texts.client_ca) {
        (ClientAuth::Off, _) => builder.with_no_client_auth(),
        (_, None) => return Err(TlsError::ClientCa("not given, and tls-client-auth needs it".to_owned())),
        (auth, Some(pem)) => {
            let roots = Arc::new(authorities(pem).map_err(TlsError::ClientCa)?);
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider);
            let verifier = match &texts.client_crl {
                // of a chain all but the root must be on no list, and each that has signed one must have a list
                Some(pem) => verifier.with_crls(lists(pem).map_err(TlsError::ClientCrl)?),
                None => verifier,
            };
            let verifier = if auth == ClientAuth::Optional { verifier.allow_unauthenticated() } else { verifier };
            let failed = |error: VerifierBuilderError| {
                let of =
                    if matches!(error, VerifierBuilderError::InvalidCrl(_)) { TlsError::ClientCrl } else { TlsError::ClientCa };
                of(error.to_string())
            };
            builder.with_client_cert_verifier(verifier.build().map_err(failed)?)
        }
    };
    let mut config = builder.with_single_cert(chain, key).map_err(pair)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}
