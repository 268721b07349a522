//! Signing in on the web pages at an OpenID Connect provider: the authorization code flow with PKCE (RFC 7636).
//!
//! `/ui/login` sends the browser to the provider, which sends it back to `/ui/callback` with a code; the registry trades that in for a
//! token of the user's identity, which is proven as any other token of the issuer and kept by the browser in a cookie. Nothing is
//! remembered here, so any replica may answer any step: what binds the steps together (state, nonce, PKCE) is in a cookie of ten minutes.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;

use super::admission::is_of_own_page;
use super::cookies::{self, Cookies, Pending, is_place};
use super::gate::{Gate, SignInRefusal};
use super::metrics::Metrics;
use super::path::parse_query;
use super::reply::respond;

/// Sign-ins that ask the provider at once; further ones are told to try again.
const AT_ONCE: usize = 8;
/// Time for all that the provider is asked.
const TIME_LIMIT: Duration = Duration::from_secs(15);
/// Longest token that is shown to the provider when its user signs out, in bytes.
const MAX_HINT: usize = 4 << 10;
/// Longest query of a callback, in bytes.
const MAX_QUERY: usize = 8 << 10;

/// The provider, as far as it must be asked.
#[async_trait]
pub trait SignInProvider: Send + Sync + 'static {
    /// Where its users log in.
    async fn authorization_endpoint(&self) -> Result<String, String>;

    /// Where its users log out, if it says that; and if they are to.
    async fn end_session_endpoint(&self) -> Result<Option<String>, String>;

    /// Trades a code in for a token of the user's identity. Nothing in the error is a secret.
    async fn exchange(&self, code: &str, verifier: &str, redirect: &str) -> Result<SecretString, String>;
}

/// How users sign in.
#[derive(Clone)]
pub struct SignIn {
    provider: Arc<dyn SignInProvider>,
    /// `iss` of its tokens.
    issuer: String,
    client: String,
    /// What the registry wants to know of the user, with spaces.
    scopes: String,
    /// Where the provider sends browsers back to, and where when they have signed out.
    redirect: String,
    after_sign_out: String,
    cookies: Cookies,
    turns: Arc<Semaphore>,
}

impl std::fmt::Debug for SignIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SignIn({} at {})", self.client, self.issuer)
    }
}

impl SignIn {
    /// `public_url` is where browsers reach the registry, without a slash at its end.
    pub fn new(provider: Arc<dyn SignInProvider>, issuer: &str, client: &str, scopes: &str, public_url: &str) -> Self {
        Self {
            provider,
            issuer: issuer.to_owned(),
            client: client.to_owned(),
            scopes: scopes.to_owned(),
            redirect: format!("{public_url}/ui/callback"),
            after_sign_out: format!("{public_url}/ui/"),
            cookies: Cookies::new(public_url),
            turns: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    /// The answer to a request for one of the steps; `None` where it is for something else.
    pub(super) async fn answer(
        &self,
        gate: &Gate,
        metrics: &Metrics,
        method: &Method,
        (path, query): (&str, &str),
        headers: &HeaderMap,
    ) -> Option<Response> {
        let step = path.strip_prefix("/ui/")?;
        let is_read = *method == Method::GET;
        match step {
            "sign-in.json" if is_read => Some(self.description()),
            "login" if is_read => Some(self.begin(query).await),
            "callback" if is_read => Some(self.finish(gate, metrics, query, headers).await),
            "logout" if is_read => Some(self.end(gate, headers).await),
            "sign-in.json" | "login" | "callback" | "logout" => {
                let mut response = refused(StatusCode::METHOD_NOT_ALLOWED, "This is not how signing in works.");
                response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET"));
                Some(response)
            }
            _ => None,
        }
    }

    fn description(&self) -> Response {
        let said = serde_json::json!({ "issuer": self.issuer }).to_string();
        unkept(respond(StatusCode::OK, HeaderValue::from_static("application/json"), Body::from(said)))
    }

    async fn begin(&self, query: &str) -> Response {
        let Ok(_turn) = self.turns.try_acquire() else { return busy() };
        let (Some(state), Some(nonce), Some(verifier)) = (random(), random(), random()) else {
            return refused(StatusCode::INTERNAL_SERVER_ERROR, "The system has no randomness.");
        };
        let asked = tokio::time::timeout(TIME_LIMIT, self.provider.authorization_endpoint()).await;
        let endpoint = match asked {
            Ok(Ok(endpoint)) => endpoint,
            Ok(Err(reason)) => return unreachable(&reason),
            Err(_) => return unreachable("it does not answer in time"),
        };
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&verifier));
        let given = [
            ("response_type", "code"),
            ("client_id", &self.client),
            ("redirect_uri", &self.redirect),
            ("scope", &self.scopes),
            ("state", &state),
            ("nonce", &nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        let mut response = see_other(&with_query(&endpoint, given));
        let to = parse_query(query).into_iter().find(|(name, _)| name == "to").map(|(_, to)| to);
        let pending = Pending { state, nonce, verifier, to: to.filter(|to| is_place(to)).unwrap_or_default() };
        self.cookies.keep_pending(response.headers_mut(), &pending);
        response
    }

    async fn finish(&self, gate: &Gate, metrics: &Metrics, query: &str, headers: &HeaderMap) -> Response {
        let mut response = self.finished(gate, metrics, query, headers).await.unwrap_or_else(|refusal| refusal);
        // whatever came of it, it is not tried again with the same
        self.cookies.forget_pending(response.headers_mut());
        response
    }

    async fn finished(&self, gate: &Gate, metrics: &Metrics, query: &str, headers: &HeaderMap) -> Result<Response, Response> {
        let bad = |why: &'static str| refused(StatusCode::BAD_REQUEST, why);
        if query.len() > MAX_QUERY {
            return Err(bad("The provider's answer is too long."));
        }
        let answer = parse_query(query);
        let given = |name: &str| {
            let mut values = answer.iter().filter(|(own, _)| own == name).map(|(_, value)| value.as_str());
            // said twice it says nothing
            values.next().filter(|_| values.next().is_none())
        };
        let Some(pending) = Cookies::pending(headers) else {
            return Err(bad(
                "This sign-in was not begun in this browser, or more than ten minutes ago. Begin again on the registry's pages.",
            ));
        };
        let is_ours = given("state").is_some_and(|state| state.as_bytes().ct_eq(pending.state.as_bytes()).into());
        if !is_ours {
            metrics.refused_login("wrong");
            return Err(bad(
                "This is the answer to another sign-in than the one that was begun. Begin again on the registry's pages.",
            ));
        }
        // RFC 9207
        if given("iss").is_some_and(|issuer| issuer != self.issuer) {
            metrics.refused_login("wrong");
            return Err(bad("This is the answer of another provider."));
        }
        if let Some(error) = given("error") {
            tracing::info!("a sign-in was refused by the provider: {}", printable(error));
            return Err(bad("The provider has not let you in."));
        }
        let code = given("code").filter(|code| !code.is_empty()).ok_or_else(|| bad("The provider's answer has no code."))?;
        let _turn = self.turns.try_acquire().map_err(|_| busy())?;
        let asked = tokio::time::timeout(TIME_LIMIT, self.provider.exchange(code, &pending.verifier, &self.redirect)).await;
        let token = match asked {
            Ok(Ok(token)) => token,
            Ok(Err(reason)) => return Err(unreachable(&reason)),
            Err(_) => return Err(unreachable("it does not answer in time")),
        };
        let token = token.expose_secret();
        let life = gate.sign_in(token, &self.issuer).await.map_err(|refusal| {
            metrics.refused_login(refusal.as_str());
            match refusal {
                SignInRefusal::NoKeys => unreachable("its keys are not at hand"),
                SignInRefusal::Wrong => refused(StatusCode::FORBIDDEN, "The provider's token can't be used here."),
            }
        })?;
        // proven by now, so what it says is what the provider has said
        let claims = claims(token).ok_or_else(|| refused(StatusCode::FORBIDDEN, "The provider's token can't be used here."))?;
        let is_of_this = claims.get("nonce").and_then(Value::as_str) == Some(&pending.nonce);
        if !is_of_this || !self.is_named(&claims) {
            metrics.refused_login("wrong");
            return Err(refused(StatusCode::FORBIDDEN, "The provider's token is of another sign-in, or for another program."));
        }
        // a place of these pages, whatever it is: nothing before it can be chosen
        let mut response = see_other(&format!("./{}", pending.to));
        if !self.cookies.keep_session(response.headers_mut(), token, life) {
            return Err(refused(
                StatusCode::FORBIDDEN,
                "The provider's token is too long to be kept by a browser: it may have very many groups.",
            ));
        }
        metrics.accepted_login("oidc");
        Ok(response)
    }

    /// Ends the session here, and goes on to the provider, so that it ends there as well (OpenID Connect RP-Initiated Logout 1.0). A page of
    /// another site can't do that to anybody: no browser adds the session to what that page asks for.
    async fn end(&self, gate: &Gate, headers: &HeaderMap) -> Response {
        let session = cookies::session(headers).filter(|_| is_of_own_page(headers));
        let Some(session) = session else { return see_other("./") };
        let is_theirs = self.is_theirs(gate, &session).await;
        let at_provider = if is_theirs { self.sign_out_at_provider(&session).await } else { None };
        let mut response = see_other(at_provider.as_deref().unwrap_or("./"));
        self.cookies.forget_session(response.headers_mut());
        response
    }

    /// Whether a session is of a sign-in at the provider for this registry; also one that has ended there.
    async fn is_theirs(&self, gate: &Gate, session: &str) -> bool {
        gate.sign_in(session, &self.issuer).await.is_ok() && claims(session).is_some_and(|claims| self.is_named(&claims))
    }

    async fn sign_out_at_provider(&self, token: &str) -> Option<String> {
        let _turn = self.turns.try_acquire().ok()?;
        let asked = tokio::time::timeout(TIME_LIMIT, self.provider.end_session_endpoint()).await;
        let endpoint = match asked {
            Ok(Ok(endpoint)) => endpoint?,
            Ok(Err(reason)) => {
                tracing::warn!("somebody could not be signed out at the provider: {reason}");
                return None;
            }
            Err(_) => return None,
        };
        // a longer one would not fit into an address everywhere; then the provider asks its user
        let hint = Some(("id_token_hint", token)).filter(|_| token.len() <= MAX_HINT);
        let given = [("client_id", &*self.client), ("post_logout_redirect_uri", &self.after_sign_out)];
        Some(with_query(&endpoint, given.into_iter().chain(hint)))
    }

    /// Whether claims are of a token for this registry.
    fn is_named(&self, claims: &Value) -> bool {
        let is_us = |value: &Value| value.as_str() == Some(&self.client);
        let names_us = match claims.get("aud") {
            Some(Value::Array(several)) => several.iter().any(is_us),
            Some(one) => is_us(one),
            None => false,
        };
        names_us && claims.get("azp").is_none_or(is_us)
    }
}

fn with_query<'g>(endpoint: &str, given: impl IntoIterator<Item = (&'g str, &'g str)>) -> String {
    let encoded = |(name, value)| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC));
    let given: Vec<String> = given.into_iter().map(encoded).collect();
    let joint = if endpoint.contains('?') { '&' } else { '?' };
    format!("{endpoint}{joint}{}", given.join("&"))
}

/// 32 bytes that nobody can guess.
fn random() -> Option<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).ok()?;
    Some(URL_SAFE_NO_PAD.encode(bytes))
}

fn claims(token: &str) -> Option<Value> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?).ok()
}

fn printable(text: &str) -> String {
    text.chars().filter(char::is_ascii_graphic).take(60).collect()
}

fn unreachable(reason: &str) -> Response {
    tracing::warn!("a sign-in failed at the provider: {reason}");
    refused(StatusCode::BAD_GATEWAY, "The provider could not be asked; the registry's log says why. Try again later.")
}

fn busy() -> Response {
    let mut response = refused(StatusCode::SERVICE_UNAVAILABLE, "Many sign in right now. Try again.");
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
    response
}

fn see_other(target: &str) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    match HeaderValue::try_from(target) {
        Ok(target) => drop(response.headers_mut().insert(header::LOCATION, target)),
        Err(_) => return refused(StatusCode::BAD_GATEWAY, "The provider's address can't be used."),
    }
    unkept(response)
}

fn refused(status: StatusCode, why: &'static str) -> Response {
    unkept(respond(status, HeaderValue::from_static("text/plain; charset=utf-8"), Body::from(why)))
}

fn unkept(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    response
}
