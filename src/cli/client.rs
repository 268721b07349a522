//! A small HTTP client for asking a registry: GET and POST, one connection, JSON answers.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{ACCEPT, AUTHORIZATION, HOST, USER_AGENT};
use hyper::http::request::Builder;
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use percent_encoding::percent_decode_str;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

/// Time for connecting, and for each answer.
const TIME_LIMIT: Duration = Duration::from_secs(30);
/// Largest answer.
const MAX_BODY: usize = 64 << 20;

/// What a registry answered.
#[derive(Debug)]
pub(super) struct Answer {
    /// HTTP status.
    pub(super) status: u16,
    /// The body; null when it is not JSON.
    pub(super) body: Value,
}

impl Answer {
    /// The error in words: `HTTP 404: Subject 'x' not found. (40401)`.
    pub(super) fn complaint(&self) -> String {
        let code = self.body.get("error_code").map(|code| format!(" ({code})")).unwrap_or_default();
        let message = self.body.get("message").and_then(Value::as_str).map(|text| format!(": {text}")).unwrap_or_default();
        format!("HTTP {}{message}{code}", self.status)
    }

    /// The registry's own error number.
    pub(super) fn error_code(&self) -> Option<i64> {
        self.body.get("error_code").and_then(Value::as_i64)
    }
}

/// A registry's address with what it takes to be let in.
pub(super) struct Client {
    host: String,
    port: u16,
    /// As the `Host` header has it.
    authority: String,
    /// Path below which the API is, without a trailing slash.
    prefix: String,
    authorization: Option<String>,
    tls: Option<TlsConnector>,
    connection: Option<SendRequest<Full<Bytes>>>,
}

impl Client {
    /// Reads a URL: `http[s]://[USER:PASSWORD@]HOST[:PORT][/PATH]`.
    pub(super) fn new(url: &str, ca: Option<&str>) -> Result<Self, String> {
        let uri: Uri = url.parse().map_err(|error| format!("not a URL: {error}"))?;
        let secure = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err("not a URL that begins with http:// or https://".to_owned()),
        };
        let (Some(host), Some(authority)) = (uri.host().filter(|host| !host.is_empty()), uri.authority()) else {
            return Err("not a URL with a host".to_owned());
        };
        let (user, authority) = match authority.as_str().rsplit_once('@') {
            Some((user, rest)) => (Some(user), rest),
            None => (None, authority.as_str()),
        };
        let authorization = user.map(|user| {
            let user = if user.contains(':') { user.to_owned() } else { format!("{user}:") };
            format!("Basic {}", STANDARD.encode(percent_decode_str(&user).collect::<Vec<u8>>()))
        });
        if ca.is_some() && !secure {
            return Err("certificates to trust are for https:// only".to_owned());
        }
        Ok(Self {
            host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
            port: uri.port_u16().unwrap_or(if secure { 443 } else { 80 }),
            authority: authority.to_owned(),
            prefix: uri.path().trim_end_matches('/').to_owned(),
            authorization,
            tls: if secure { Some(connector(ca)?) } else { None },
            connection: None,
        })
    }

    /// The URL of a path below the registry's, without user and password.
    pub(super) fn url(&self, path: &str) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}{}{path}", self.authority, self.prefix)
    }

    /// Asks for a path that begins with a slash and is percent-encoded already. Errors say why there is no answer.
    pub(super) async fn get(&mut self, path: &str) -> Result<Answer, String> {
        self.limited(Request::get(format!("{}{path}", self.prefix)), Bytes::new()).await
    }

    /// Sends a body with its own headers.
    pub(super) async fn post(&mut self, path: &str, headers: &[(String, Vec<u8>)], body: Bytes) -> Result<Answer, String> {
        let mut request = Request::post(format!("{}{path}", self.prefix));
        for (name, value) in headers {
            request = request.header(name, value.as_slice());
        }
        self.limited(request, body).await
    }

    async fn limited(&mut self, request: Builder, body: Bytes) -> Result<Answer, String> {
        let limited = tokio::time::timeout(TIME_LIMIT, self.ask(request, body)).await;
        limited.unwrap_or_else(|_| Err(format!("no answer within {} seconds", TIME_LIMIT.as_secs())))
    }

    async fn ask(&mut self, request: Builder, body: Bytes) -> Result<Answer, String> {
        let mut request = request
            .header(HOST, &self.authority)
            .header(ACCEPT, "application/vnd.schemaregistry.v1+json, application/json")
            .header(USER_AGENT, concat!("accordant/", env!("CARGO_PKG_VERSION")));
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        let request = request.body(Full::new(body)).map_err(|error| error.to_string())?;
        let mut connection = match self.connection.take() {
            Some(mut open) => match open.ready().await {
                Ok(()) => open,
                Err(_) => self.connect().await?,
            },
            None => self.connect().await?,
        };
        // a connection kept open may be closed by the server just now
        let sent = match connection.try_send_request(request).await {
            Err(mut error) => match error.take_message() {
                Some(request) => {
                    connection = self.connect().await?;
                    connection.send_request(request).await
                }
                None => Err(error.into_error()),
            },
            Ok(response) => Ok(response),
        };
        let response = sent.map_err(|error| format!("no answer: {}", causes(&error)))?;
        let status = response.status().as_u16();
        let body = Limited::new(response.into_body(), MAX_BODY).collect().await;
        let bytes = body.map_err(|error| format!("the answer can't be read: {error}"))?.to_bytes();
        self.connection = Some(connection);
        if (300..400).contains(&status) {
            return Err(format!("HTTP {status}: redirects are not followed"));
        }
        let body = serde_json::from_slice(&bytes);
        if status == 200 && body.is_err() {
            return Err("the answer is not JSON: is this a schema registry?".to_owned());
        }
        Ok(Answer { status, body: body.unwrap_or_default() })
    }

    async fn connect(&self) -> Result<SendRequest<Full<Bytes>>, String> {
        let address = (self.host.as_str(), self.port);
        let stream = TcpStream::connect(address).await.map_err(|error| format!("can't connect: {error}"))?;
        let Some(tls) = &self.tls else { return shake_hands(stream).await };
        let name = ServerName::try_from(self.host.clone()).map_err(|error| format!("can't connect: {error}"))?;
        let stream = tls.connect(name, stream).await.map_err(|error| format!("can't connect: {error}"))?;
        shake_hands(stream).await
    }
}

async fn shake_hands<S>(stream: S) -> Result<SendRequest<Full<Bytes>>, String>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|error| causes(&error))?;
    // what goes wrong on the connection is seen by whoever waits for an answer
    tokio::spawn(connection);
    Ok(sender)
}

/// Trusts the roots that browsers do, and those of a file.
fn connector(ca: Option<&str>) -> Result<TlsConnector, String> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(file) = ca {
        let refused = |error: String| format!("{file}: no certificates to trust: {error}");
        let found: Result<Vec<_>, _> =
            CertificateDer::pem_file_iter(file).and_then(Iterator::collect).map_err(|error| refused(error.to_string()));
        let (added, _) = roots.add_parsable_certificates(found?);
        if added == 0 {
            return Err(refused("none in the file can be read".to_owned()));
        }
    }
    let config = ClientConfig::builder_with_provider(Arc::new(crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// An error with what is behind it.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::Client;

    fn client(url: &str) -> Client {
        Client::new(url, None).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn urls_are_taken_apart() {
        let plain = client("http://localhost:8081");
        assert_eq!(
            (plain.host.as_str(), plain.port, plain.url("/subjects")),
            ("localhost", 8081, "http://localhost:8081/subjects".into())
        );
        let full = client("https://a%40b:p%3Aw@[::1]/registry/");
        assert_eq!((full.host.as_str(), full.port, full.url("/x")), ("::1", 443, "https://[::1]/registry/x".into()));
        assert_eq!(full.authorization.as_deref(), Some("Basic YUBiOnA6dw=="));
        assert_eq!(client("http://u@h").authorization.as_deref(), Some("Basic dTo="));
        assert_eq!(plain.authorization, None);
    }

    #[test]
    fn other_urls_are_refused() {
        for url in ["", "localhost:8081", "ftp://x", "/a", "http://"] {
            assert!(Client::new(url, None).is_err(), "{url}");
        }
        assert!(Client::new("http://x", Some("ca.pem")).is_err());
    }
}
