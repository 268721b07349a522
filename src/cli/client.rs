//! Asking a registry: GET and POST with JSON answers. A database of this process's own is asked in the same words, without a connection.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Certificate, ClientBuilder, Identity, Method, RequestBuilder, Url};
use secrecy::ExposeSecret;
use serde_json::Value;

use super::registry_login::{RegistryLogin, SentLogin};
use crate::http::App;
use crate::registry::Registry;
use crate::trace::TraceContext;

/// Time for connecting, and for each answer.
const TIME_LIMIT: Duration = Duration::from_secs(30);
/// Largest answer, in bytes.
const MAX_BODY: usize = 64 << 20;

/// What a registry answered.
#[derive(Debug)]
pub(super) struct RegistryAnswer {
    pub(super) status: u16,
    /// The body; null when it is not JSON.
    pub(super) body: Value,
}

impl RegistryAnswer {
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

/// A registry's address with what it takes to be let in. Clones share their connections.
#[derive(Clone)]
pub(super) struct RegistryClient {
    http: reqwest::Client,
    /// Below which the API is; without user, password and trailing slash.
    base: String,
    login: Option<SentLogin>,
    own: Option<Own>,
}

/// A database that this process has opened.
#[derive(Clone)]
struct Own {
    app: App,
    registry: Arc<Registry>,
}

impl RegistryClient {
    /// Reads a URL: `http[s]://[USER:PASSWORD@]HOST[:PORT][/PATH]`.
    pub(super) fn new(url: &str, login: &RegistryLogin) -> Result<Self, String> {
        let mut base = Url::parse(url).map_err(|error| {
            if url.contains("://") {
                format!("not a URL: {error}")
            } else {
                "not a URL that begins with http:// or https://".to_owned()
            }
        })?;
        let is_https = match base.scheme() {
            "http" => false,
            "https" => true,
            _ => return Err("not a URL that begins with http:// or https://".to_owned()),
        };
        let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
        let password = base.password().map(decoded);
        let of_url = (!base.username().is_empty() || password.is_some())
            .then(|| SentLogin::Basic { user: decoded(base.username()), password: password.unwrap_or_default().into() });
        // neither can fail for a URL with a host, which these schemes demand
        let _ = (base.set_username(""), base.set_password(None));
        base.set_query(None);
        base.set_fragment(None);
        let builder = ClientBuilder::new()
            .timeout(TIME_LIMIT)
            .redirect(Policy::none())
            .user_agent(concat!("accordant/", env!("CARGO_PKG_VERSION")));
        let builder = match (is_https, login.ca()?) {
            // a system without certificates is fine as long as none is needed
            (false, None) => builder.tls_certs_only([]),
            (true, None) => builder,
            (true, Some(file)) => builder.tls_certs_merge(certificates(&file)?),
            (false, Some(_)) => return Err("certificates to trust are for https:// only".to_owned()),
        };
        let builder = match (is_https, login.certificate()?) {
            (_, None) => builder,
            (true, Some((cert, key))) => builder.identity(identity(&cert, &key)?),
            (false, Some(_)) => return Err("a certificate to show is for https:// only".to_owned()),
        };
        let login = login.login(of_url)?;
        let http = builder.build().map_err(|error| causes(&error))?;
        Ok(Self { http, base: base.as_str().trim_end_matches('/').to_owned(), login, own: None })
    }

    /// A database that this process has opened.
    pub(super) fn of_database(app: App, registry: Arc<Registry>) -> Self {
        Self { http: reqwest::Client::new(), base: registry.store().location(), login: None, own: Some(Own { app, registry }) }
    }

    /// The registry over a database that this process has opened: what takes too many requests is asked of it.
    pub(super) fn own_registry(&self) -> Option<&Arc<Registry>> {
        self.own.as_ref().map(|own| &own.registry)
    }

    /// Lets go of the database, if it is one.
    pub(super) async fn close(self) {
        if let Some(own) = self.own {
            own.app.flush().await;
            own.registry.store().close().await;
        }
    }

    /// The URL of a path below the registry's, without user and password.
    pub(super) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Asks for a path that begins with a slash and is percent-encoded already. Errors say why there is no answer.
    pub(super) async fn get(&self, path: &str) -> Result<RegistryAnswer, String> {
        self.ask(self.http.get(self.url(path))).await
    }

    /// Sends a body with its own headers.
    pub(super) async fn post(&self, path: &str, headers: &[(String, Vec<u8>)], body: Bytes) -> Result<RegistryAnswer, String> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|error| error.to_string())?;
            map.append(name, HeaderValue::from_bytes(value).map_err(|error| error.to_string())?);
        }
        self.ask(self.http.post(self.url(path)).headers(map).body(body)).await
    }

    /// Sends JSON, or nothing, by any method.
    pub(super) async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<RegistryAnswer, String> {
        if let Some(Own { app, .. }) = self.own.clone() {
            let (path, body) = (path.to_owned(), body.map(Value::to_string));
            // a task of its own, for those of several requests to run at the same time
            let asked = tokio::spawn(async move { app.ask(method.as_str(), &path, body).await });
            let (status, bytes) = asked.await.map_err(|error| error.to_string())??;
            return Ok(RegistryAnswer { status, body: serde_json::from_slice(&bytes).unwrap_or_default() });
        }
        let mut request = self.http.request(method, self.url(path));
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, "application/vnd.schemaregistry.v1+json").body(body.to_string());
        }
        self.ask(request).await
    }

    async fn ask(&self, mut request: RequestBuilder) -> Result<RegistryAnswer, String> {
        request = request.header(ACCEPT, "application/vnd.schemaregistry.v1+json, application/json");
        // who looks from the command line is no application that reads
        request = request.header("accordant-usage", "none");
        for (name, value) in trace().headers() {
            request = request.header(name, value);
        }
        match &self.login {
            Some(SentLogin::Basic { user, password }) => request = request.basic_auth(user, Some(password.expose_secret())),
            Some(SentLogin::Bearer(token)) => request = request.bearer_auth(token.expose_secret()),
            None => {}
        }
        let failed = |error: reqwest::Error| match &error {
            _ if error.is_timeout() => format!("no answer within {} seconds", TIME_LIMIT.as_secs()),
            _ if error.is_connect() => format!("can't connect: {}", innermost(&error)),
            _ => format!("no answer: {}", causes(&error)),
        };
        let mut response = request.send().await.map_err(failed)?;
        let status = response.status().as_u16();
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > MAX_BODY {
                return Err(format!("the answer has more than {MAX_BODY} bytes"));
            }
        }
        if (300..400).contains(&status) {
            return Err(format!("HTTP {status}: redirects are not followed"));
        }
        let body = serde_json::from_slice(&bytes);
        if status == 200 && body.is_err() {
            return Err("the answer is not JSON: is this a schema registry?".to_owned());
        }
        Ok(RegistryAnswer { status, body: body.unwrap_or_default() })
    }
}

/// The trace of this command: that of whoever has started it, by the variables that OpenTelemetry has for that, or one of its own.
fn trace() -> &'static TraceContext {
    static TRACE: OnceLock<TraceContext> = OnceLock::new();
    TRACE.get_or_init(|| {
        let [parent, state] = ["TRACEPARENT", "TRACESTATE"].map(|name| std::env::var(name).ok());
        parent.and_then(|parent| TraceContext::read(&parent, state.as_deref().into_iter())).unwrap_or_else(TraceContext::fresh)
    })
}

/// The certificates of a PEM file.
pub(super) fn certificates(file: &str) -> Result<Vec<Certificate>, String> {
    let refused = |error: &dyn std::fmt::Display| format!("{file}: no certificates to trust: {error}");
    let pem = std::fs::read(file).map_err(|error| refused(&error))?;
    let found = Certificate::from_pem_bundle(&pem).map_err(|error| refused(&causes(&error)))?;
    if found.is_empty() { Err(refused(&"none in the file can be read")) } else { Ok(found) }
}

/// The certificate and the key of PEM files.
fn identity(cert: &str, key: &str) -> Result<Identity, String> {
    let read = |file: &str| std::fs::read(file).map_err(|error| format!("{file}: {error}"));
    let pem = [read(cert)?, b"\n".to_vec(), read(key)?].concat();
    Identity::from_pem(&pem).map_err(|error| format!("{cert}, {key}: no certificate with its key: {}", causes(&error)))
}

/// An error with what is behind it.
pub(super) fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}

/// The cause behind all others, which says what really went wrong.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut last = error;
    while let Some(cause) = last.source() {
        last = cause;
    }
    last.to_string()
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::{RegistryClient, RegistryLogin, SentLogin};

    fn client(url: &str) -> RegistryClient {
        RegistryClient::new(url, &RegistryLogin::default()).unwrap_or_else(|error| panic!("{error}"))
    }

    fn login(url: &str) -> Option<(String, String)> {
        match client(url).login {
            Some(SentLogin::Basic { user, password }) => Some((user, password.expose_secret().to_owned())),
            _ => None,
        }
    }

    #[test]
    fn urls_are_taken_apart() {
        assert_eq!(client("http://localhost:8081").url("/subjects"), "http://localhost:8081/subjects");
        assert_eq!(client("https://a%40b:p%3Aw@[::1]/registry/").url("/x"), "https://[::1]/registry/x");
        assert_eq!(login("https://a%40b:p%3Aw@[::1]/registry/"), Some(("a@b".to_owned(), "p:w".to_owned())));
        assert_eq!(login("http://u@h"), Some(("u".to_owned(), String::new())));
        assert_eq!(login("http://localhost:8081"), None);
    }

    #[test]
    fn other_urls_are_refused() {
        for url in ["", "localhost:8081", "ftp://x", "/a", "http://"] {
            assert!(RegistryClient::new(url, &RegistryLogin::default()).is_err(), "{url}");
        }
    }
}
