//! TLS of the bare server and of the load generator, with the certificates of the registry's tests.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use anyhow::{Context, Result};
use axum::serve::Listener;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::{TlsAcceptor, TlsConnector, client, server};

/// A file of the tests: `server.pem`, `server.key` or `ca.pem`, which has signed the former.
pub fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/it/tls/files").join(name)
}

/// Agrees on TLS with a server.
pub async fn connect(stream: TcpStream) -> Result<client::TlsStream<TcpStream>> {
    static CONNECTOR: OnceLock<TlsConnector> = OnceLock::new();
    let connector = match CONNECTOR.get() {
        Some(connector) => connector,
        None => {
            let made = connector()?;
            CONNECTOR.get_or_init(|| made)
        }
    };
    Ok(connector.connect(ServerName::try_from("localhost")?, stream).await?)
}

fn connector() -> Result<TlsConnector> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file("ca.pem"))? {
        roots.add(certificate?)?;
    }
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// What axum serves.
pub struct TlsListener {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl TlsListener {
    pub async fn bind(address: &str) -> Result<Self> {
        let chain = CertificateDer::pem_file_iter(file("server.pem"))?.collect::<Result<Vec<_>, _>>()?;
        let key = PrivateKeyDer::from_pem_file(file("server.key"))?;
        let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).context("the server's pair")?;
        Ok(Self { listener: TcpListener::bind(address).await?, acceptor: TlsAcceptor::from(Arc::new(config)) })
    }
}

impl Listener for TlsListener {
    type Io = server::TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let (stream, address) = Listener::accept(&mut self.listener).await;
            // one after the other: all connections are there before anything is measured
            if stream.set_nodelay(true).is_ok()
                && let Ok(stream) = self.acceptor.accept(stream).await
            {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}
