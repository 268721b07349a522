//! RING 1: another registry, asked over its REST API with the settings that Confluent's clients have for that.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Certificate, ClientBuilder, Identity, Method, Url};
use serde_json::Value;

use crate::trace;

const MEDIA_TYPE: &str = "application/vnd.schemaregistry.v1+json";
/// Largest answer that is read.
const MAX_ANSWER: usize = 16 << 20;

/// Whether nobody is shown a value of a config: its key says so, or it is a URL with a login or with what may be one.
pub fn is_secret(key: &str, value: &str) -> bool {
    let key = key.to_ascii_lowercase();
    let last = key.rsplit('.').next().unwrap_or(&key);
    ["password", "secret", "jaas"].iter().any(|word| key.contains(word))
        || key.ends_with("user.info")
        || matches!(last, "token" | "key")
        || (key == "schema.registry.url" && value.contains(['@', '?', '#']))
}

/// Why a registry did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PeerError {
    /// There is no answer, or one that says to try again.
    #[error("{0}")]
    Away(String),
    #[error("HTTP {status}: {message} (error {code})")]
    Refused { status: u16, code: i64, message: String },
}

enum PeerLogin {
    Nobody,
    Basic { user: String, password: String },
    Bearer(String),
}

/// A registry. Of several URLs the first that answers is asked, until it does not.
pub struct PeerRegistry {
    http: reqwest::Client,
    urls: Vec<Url>,
    current: AtomicUsize,
    login: PeerLogin,
}

impl PeerRegistry {
    /// `headers` go with every request.
    ///
    /// # Errors
    /// What is wrong with the config, in a sentence.
    pub fn new(
        config: &BTreeMap<String, String>,
        headers: &[(&'static str, &str)],
        time_limit: Duration,
    ) -> Result<Self, String> {
        let get = |key: &str| config.get(key).map(String::as_str).filter(|value| !value.is_empty());
        if let Some((key, _)) = config.iter().find(|(key, value)| !is_pem(key) && value.chars().any(char::is_control)) {
            return Err(format!("{key}: there are line breaks or other control characters in it"));
        }
        let urls = get("schema.registry.url").ok_or("schema.registry.url is missing")?;
        let urls = urls.split(',').map(|url| parse_url(url.trim())).collect::<Result<Vec<_>, _>>()?;
        if let Some(key) = config.keys().find(|key| key.starts_with("ssl.") && key.ends_with(".location")) {
            return Err(format!(
                "{key}: files of other machines can't be used; ssl.truststore.certificates and ssl.keystore.key take PEM"
            ));
        }
        let is_https = urls.iter().any(|url| url.scheme() == "https");
        let mut fixed = HeaderMap::new();
        for (name, value) in headers {
            let value = HeaderValue::from_str(value).map_err(|_| format!("{name}: '{value}' can't be sent"))?;
            fixed.insert(HeaderName::from_static(name), value);
        }
        let mut builder = ClientBuilder::new()
            .timeout(time_limit)
            .redirect(Policy::none())
            .default_headers(fixed)
            .user_agent(concat!("accordant/", env!("CARGO_PKG_VERSION")));
        let trusted = get("ssl.truststore.certificates").map(trusted).transpose()?;
        let identity = match (get("ssl.keystore.key"), get("ssl.keystore.certificate.chain")) {
            (Some(key), Some(chain)) => {
                let identity = Identity::from_pem(format!("{chain}\n{key}").as_bytes());
                Some(identity.map_err(|error| format!("ssl.keystore.key, ssl.keystore.certificate.chain: {error}"))?)
            }
            (None, None) => None,
            _ => return Err("ssl.keystore.key and ssl.keystore.certificate.chain go together".to_owned()),
        };
        builder = match (is_https, trusted) {
            (false, _) => builder.tls_certs_only([]),
            (true, Some(trusted)) => builder.tls_certs_only(trusted),
            (true, None) => builder,
        };
        if let (true, Some(identity)) = (is_https, identity) {
            builder = builder.identity(identity);
        }
        let http = builder.build().map_err(|error| error.to_string())?;
        Ok(Self { http, login: login(get, &urls)?, urls, current: AtomicUsize::new(0) })
    }

    /// Sends a request; the answer's body. The path begins with a slash and is percent-encoded already.
    ///
    /// # Errors
    /// There is no answer, or it is a refusal.
    pub async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, PeerError> {
        let first = self.current.load(Ordering::Relaxed);
        let mut away = PeerError::Away("no URL".to_owned());
        for turn in 0..self.urls.len() {
            let at = (first + turn) % self.urls.len();
            let Some(url) = self.urls.get(at) else { continue };
            match self.ask(url, method.clone(), path, body).await {
                Err(error @ PeerError::Away(_)) => away = error,
                answered => {
                    self.current.store(at, Ordering::Relaxed);
                    return answered;
                }
            }
        }
        Err(away)
    }

    async fn ask(&self, base: &Url, method: Method, path: &str, body: Option<&Value>) -> Result<Value, PeerError> {
        let url = format!("{}{path}", base.as_str().trim_end_matches('/'));
        let mut request = self.http.request(method, url).header(ACCEPT, MEDIA_TYPE);
        request = match &self.login {
            PeerLogin::Nobody => request,
            PeerLogin::Basic { user, password } => request.basic_auth(user, Some(password)),
            PeerLogin::Bearer(token) => request.bearer_auth(token),
        };
        for (name, value) in trace::headers() {
            request = request.header(name, value);
        }
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, MEDIA_TYPE).body(body.to_string());
        }
        let place = base.host_str().unwrap_or_default().to_owned();
        let away = |error: reqwest::Error| PeerError::Away(format!("{place}: {}", causes(&error)));
        let mut response = request.send().await.map_err(away)?;
        let status = response.status().as_u16();
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(away)? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > MAX_ANSWER {
                return Err(PeerError::Away(format!("{place}: the answer has more than {MAX_ANSWER} bytes")));
            }
        }
        let answer: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        if (200..300).contains(&status) {
            return Ok(answer);
        }
        let text = answer.get("message").and_then(Value::as_str).unwrap_or("no reason given");
        let message: String = text.chars().take(500).collect();
        if status == 408 || status == 429 || status >= 500 {
            return Err(PeerError::Away(format!("{place}: HTTP {status}: {message}")));
        }
        let code = answer.get("error_code").and_then(Value::as_i64).unwrap_or(i64::from(status));
        Err(PeerError::Refused { status, code, message })
    }
}

/// Whether a value of a config is in PEM, that is of several lines.
fn is_pem(key: &str) -> bool {
    ["ssl.truststore.certificates", "ssl.keystore.certificate.chain", "ssl.keystore.key"].contains(&key)
}

fn trusted(pem: &str) -> Result<Vec<Certificate>, String> {
    let found = Certificate::from_pem_bundle(pem.as_bytes()).map_err(|error| format!("ssl.truststore.certificates: {error}"))?;
    if found.is_empty() { Err("ssl.truststore.certificates: there is no certificate in it".to_owned()) } else { Ok(found) }
}

fn parse_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("schema.registry.url: '{text}' is no URL: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(format!("schema.registry.url: '{text}' is no http:// or https:// URL"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("schema.registry.url: a URL has neither a query nor a fragment here".to_owned());
    }
    Ok(url)
}

fn login<'c>(get: impl Fn(&str) -> Option<&'c str>, urls: &[Url]) -> Result<PeerLogin, String> {
    if let Some(token) = get("bearer.auth.token") {
        return Ok(PeerLogin::Bearer(token.to_owned()));
    }
    let basic = |text: &str| {
        let (user, password) = text.split_once(':').ok_or("basic.auth.user.info is not USER:PASSWORD")?;
        Ok(PeerLogin::Basic { user: user.to_owned(), password: password.to_owned() })
    };
    match (get("basic.auth.credentials.source"), get("basic.auth.user.info")) {
        (Some("URL"), _) | (None, None) => Ok(match urls.iter().find(|url| !url.username().is_empty()) {
            Some(url) => {
                PeerLogin::Basic { user: url.username().to_owned(), password: url.password().unwrap_or_default().to_owned() }
            }
            None => PeerLogin::Nobody,
        }),
        (None | Some("USER_INFO"), Some(info)) => basic(info),
        (Some("USER_INFO"), None) => Err("basic.auth.user.info is missing".to_owned()),
        (Some(other), _) => Err(format!("basic.auth.credentials.source: {other} is not one of USER_INFO, URL")),
    }
}

/// An error with what is behind it, without the URL, which may hold a password.
fn causes(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    let mut text = if error.is_connect() { "can't connect".to_owned() } else { "no answer".to_owned() };
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}
