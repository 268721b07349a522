//! The provider where users of the web pages sign in: where its endpoints are, and codes traded in for tokens.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use reqwest::{RequestBuilder, Url};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio::sync::Mutex;

use super::client::causes;
use super::oidc::{client, first_issuer, safe_url};
use crate::config::Settings;
use crate::http::{SignIn, SignInProvider};
use crate::trace;

/// Largest answer, in bytes.
const MAX_BYTES: usize = 512 << 10;
/// How long it is remembered where the endpoints are.
const FRESH: Duration = Duration::from_mins(5);

struct Provider {
    issuer: String,
    client: String,
    secret: Option<SecretString>,
    http: reqwest::Client,
    /// Who signs out here does so there.
    signs_out: bool,
    /// Kept for a while: the issuer may move them.
    endpoints: Mutex<Option<(Instant, OidcEndpoints)>>,
}

#[derive(Clone)]
struct OidcEndpoints {
    authorization: Url,
    token: Url,
    end_session: Option<Url>,
}

/// How users sign in, if that is configured.
pub(super) fn sign_in(settings: &Settings) -> Result<Option<SignIn>, String> {
    let Some(client_name) = &settings.oidc_login_client else {
        return match &settings.oidc_login_secret_file {
            Some(_) => Err("oidc-login-secret-file is given without oidc-login-client".to_owned()),
            None => Ok(None),
        };
    };
    let issuer = first_issuer(settings).ok_or("oidc-login-client is given without oidc-issuer")?;
    let needed = "oidc-login-client needs public-url: the provider sends browsers back to its /ui/callback, and to nowhere else";
    let public_url = settings.public_url.as_deref().ok_or(needed)?.trim_end_matches('/');
    let secret = match &settings.oidc_login_secret_file {
        None => None,
        Some(file) => {
            let text =
                std::fs::read_to_string(file).map_err(|error| format!("oidc-login-secret-file: {}: {error}", file.display()))?;
            Some(text.trim()).filter(|text| !text.is_empty()).map(SecretString::from)
        }
    };
    let provider = Provider {
        issuer: issuer.to_owned(),
        client: client_name.clone(),
        secret,
        http: client(settings)?,
        signs_out: settings.oidc_login_sign_out,
        endpoints: Mutex::new(None),
    };
    Ok(Some(SignIn::new(Arc::new(provider), issuer, client_name, &settings.oidc_login_scopes, public_url)))
}

impl Provider {
    async fn endpoints(&self) -> Result<OidcEndpoints, String> {
        let mut kept = self.endpoints.lock().await;
        if let Some((at, endpoints)) = &*kept
            && at.elapsed() < FRESH
        {
            return Ok(endpoints.clone());
        }
        let at = safe_url(&format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/')))?;
        let (status, document) = send(&at, self.http.get(at.clone())).await?;
        if status != 200 {
            return Err(format!("{at}: HTTP {status}"));
        }
        if document.get("issuer").and_then(Value::as_str) != Some(&self.issuer) {
            return Err(format!("{at}: it is of another issuer than oidc-issuer says"));
        }
        let endpoint = |name: &str| {
            let text = document.get(name).and_then(Value::as_str).ok_or_else(|| format!("{at}: no {name} in it"))?;
            safe_url(text).map_err(|reason| format!("{at}: {name} {reason}"))
        };
        let end_session = document.get("end_session_endpoint").map(|_| endpoint("end_session_endpoint")).transpose()?;
        let endpoints =
            OidcEndpoints { authorization: endpoint("authorization_endpoint")?, token: endpoint("token_endpoint")?, end_session };
        *kept = Some((Instant::now(), endpoints.clone()));
        Ok(endpoints)
    }
}

#[async_trait]
impl SignInProvider for Provider {
    async fn authorization_endpoint(&self) -> Result<String, String> {
        Ok(self.endpoints().await?.authorization.to_string())
    }

    async fn end_session_endpoint(&self) -> Result<Option<String>, String> {
        if !self.signs_out {
            return Ok(None);
        }
        Ok(self.endpoints().await?.end_session.map(String::from))
    }

    async fn exchange(&self, code: &str, verifier: &str, redirect: &str) -> Result<SecretString, String> {
        let at = self.endpoints().await?.token;
        let mut form = Url::parse("form:").map_err(|error| error.to_string())?;
        form.query_pairs_mut()
            .append_pair("grant_type", "authorization_code")
            .append_pair("code", code)
            .append_pair("redirect_uri", redirect)
            .append_pair("code_verifier", verifier)
            .append_pair("client_id", &self.client);
        let request = self.http.post(at.clone()).header("content-type", "application/x-www-form-urlencoded");
        let request = request.body(form.query().unwrap_or_default().to_owned());
        let request = match &self.secret {
            // RFC 6749, 2.3.1: both are encoded first
            Some(secret) => request.basic_auth(encoded(&self.client), Some(encoded(secret.expose_secret()))),
            None => request,
        };
        let (status, answer) = send(&at, request).await?;
        if status != 200 {
            let error = answer.get("error").and_then(Value::as_str).unwrap_or_default();
            let error: String = error.chars().filter(char::is_ascii_graphic).take(60).collect();
            return Err(format!("{at}: HTTP {status} {error}"));
        }
        answer.get("id_token").and_then(Value::as_str).map(SecretString::from).ok_or_else(|| format!("{at}: no id_token in it"))
    }
}

fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// An answer of the provider, in bounds.
async fn send(at: &Url, request: RequestBuilder) -> Result<(u16, Value), String> {
    let failed = |error: reqwest::Error| format!("{at}: {}", causes(&error.without_url()));
    let request = request.header("accept", "application/json");
    let request = trace::headers().into_iter().fold(request, |request, (name, value)| request.header(name, value));
    let mut response = request.send().await.map_err(failed)?;
    let status = response.status().as_u16();
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(failed)? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MAX_BYTES {
            return Err(format!("{at}: larger than {MAX_BYTES} bytes"));
        }
    }
    match serde_json::from_slice(&bytes) {
        Ok(answer) => Ok((status, answer)),
        // what is wrong says the status
        Err(_) if status != 200 => Ok((status, Value::Null)),
        Err(_) => Err(format!("{at}: not JSON")),
    }
}
