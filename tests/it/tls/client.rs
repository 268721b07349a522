//! A client that can do what the tests need: choose versions and protocols, show certificates, keep a connection.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion, version::TLS12, version::TLS13,
};

use super::file;

/// Trusts `ca`.
#[derive(Clone)]
pub struct Client {
    versions: Vec<&'static SupportedProtocolVersion>,
    protocols: Vec<Vec<u8>>,
    identity: Option<&'static str>,
}

pub type Connection = StreamOwned<ClientConnection, TcpStream>;

impl Client {
    pub fn new() -> Self {
        Self { versions: vec![&TLS13, &TLS12], protocols: Vec::new(), identity: None }
    }

    pub fn version(mut self, version: &'static SupportedProtocolVersion) -> Self {
        self.versions = vec![version];
        self
    }

    pub fn protocols(mut self, protocols: &[&str]) -> Self {
        self.protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        self
    }

    /// Shows the certificate of this name.
    pub fn identity(mut self, name: &'static str) -> Self {
        self.identity = Some(name);
        self
    }

    /// A connection on which TLS is agreed on. With version 1.3 a refusal of the client's certificate comes with the first answer only.
    pub fn connect(&self, address: &str) -> io::Result<Connection> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(&file("ca.pem")).unwrap()).unwrap();
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(&self.versions).unwrap();
        let builder = builder.with_root_certificates(roots);
        let mut config = match self.identity {
            None => builder.with_no_client_auth(),
            Some(name) => {
                let chain = vec![CertificateDer::from_pem_slice(&file(&format!("{name}.pem"))).unwrap()];
                let key = PrivateKeyDer::from_pem_slice(&file(&format!("{name}.key"))).unwrap();
                builder.with_client_auth_cert(chain, key).unwrap()
            }
        };
        config.alpn_protocols.clone_from(&self.protocols);
        let name = ServerName::try_from("localhost").unwrap();
        let mut connection = ClientConnection::new(Arc::new(config), name).map_err(io::Error::other)?;
        let mut socket = TcpStream::connect(address)?;
        socket.set_read_timeout(Some(Duration::from_secs(30)))?;
        while connection.is_handshaking() {
            connection.complete_io(&mut socket)?;
        }
        Ok(StreamOwned::new(connection, socket))
    }

    /// One exchange over a connection of its own.
    pub fn send(&self, address: &str, method: &str, target: &str, headers: &str, body: &str) -> io::Result<(u16, String)> {
        exchange(&mut self.connect(address)?, method, target, headers, body)
    }

    pub fn get(&self, address: &str, target: &str) -> io::Result<(u16, String)> {
        self.send(address, "GET", target, "", "")
    }
}

/// One exchange over a connection that stays; the body has a length.
pub fn exchange(connection: &mut Connection, method: &str, target: &str, headers: &str, body: &str) -> io::Result<(u16, String)> {
    let length = body.len();
    write!(
        connection,
        "{method} {target} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
    )?;
    connection.flush()?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        connection.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
    let length = head.split_once("content-length: ").and_then(|(_, rest)| rest.split("\r\n").next());
    let mut body = vec![0; length.unwrap_or("0").parse().unwrap()];
    connection.read_exact(&mut body)?;
    Ok((head[9..12].parse().unwrap(), String::from_utf8(body).unwrap()))
}

impl Client {
    /// The protocol that was agreed on beside the version of TLS.
    pub fn agreed(&self, address: &str) -> io::Result<(Option<String>, String)> {
        let connection = self.connect(address)?.conn;
        let protocol = connection.alpn_protocol().map(|name| String::from_utf8(name.to_vec()).unwrap());
        Ok((protocol, format!("{:?}", connection.protocol_version().unwrap())))
    }

    /// The certificate that the server shows.
    pub fn shown(&self, address: &str) -> io::Result<Vec<u8>> {
        Ok(self.connect(address)?.conn.peer_certificates().unwrap()[0].to_vec())
    }
}
