//! The keys of issuers of tokens: where they are, and how they are kept fresh.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{ClientBuilder, Url};
use serde_json::Value;
use tokio::sync::Notify;

use super::client::{causes, certificates};
use crate::config::Settings;
use crate::http::{Gate, Issuer, Metrics};
use crate::login::OidcSettings;
use crate::trace::{self, Current, TraceContext};
use crate::types::Clock;

/// Time for each answer of the issuer.
const TIME_LIMIT: Duration = Duration::from_secs(10);
/// How long a start waits for keys.
const PATIENCE: Duration = Duration::from_secs(5);
/// Largest answer, in bytes.
const MAX_BYTES: usize = 512 << 10;
/// Pause after keys could not be fetched.
const RETRY: Duration = Duration::from_secs(15);
/// How often a file with keys is looked at.
const FILE_EVERY: Duration = Duration::from_secs(1);

/// Where keys are.
enum KeySource {
    File(PathBuf),
    Keys(Url),
    /// The issuer says where.
    Discovery(Url),
}

/// What fetches keys.
pub(super) struct KeyFetcher {
    source: KeySource,
    issuer: String,
    http: reqwest::Client,
    every: Duration,
    /// How long keys are good for, in milliseconds.
    live: i64,
}

/// Items with commas; none where nothing is said.
fn items(text: Option<&str>) -> Vec<&str> {
    text.map(|text| text.split(',').map(str::trim).collect()).unwrap_or_default()
}

/// The issuers that the settings name, each with what fetches its keys.
pub(super) fn issuers(settings: &Settings, clock: &Clock) -> Result<Vec<(Arc<Issuer>, KeyFetcher)>, String> {
    let names = items(settings.oidc_issuer.as_deref());
    let (keys, prefixes) = (items(settings.oidc_jwks.as_deref()), items(settings.oidc_prefix.as_deref()));
    if names.is_empty() && settings.oidc_login_client.is_some() {
        return Err("oidc-login-client is given without oidc-issuer".to_owned());
    }
    if names.is_empty() {
        let is_alone = settings.oidc_jwks.is_some() || settings.oidc_audience.is_some() || settings.oidc_prefix.is_some();
        let refused = "oidc-jwks, oidc-audience or oidc-prefix is given without oidc-issuer".to_owned();
        return if is_alone { Err(refused) } else { Ok(Vec::new()) };
    }
    // for each issuer, or one for all
    let audiences: Vec<Vec<String>> = settings.oidc_audience.as_deref().unwrap_or_default().split(';').map(audiences).collect();
    if audiences.iter().flatten().any(String::is_empty) {
        return Err("oidc-audience is not given: without it tokens for any other service would be good here".to_owned());
    }
    let count = names.len();
    let is_each_or_all = [
        ("oidc-audience", audiences.len() == 1 || audiences.len() == count),
        ("oidc-algorithms", settings.oidc_algorithms.fits(count)),
        ("oidc-principal-claim", settings.oidc_principal_claim.fits(count)),
        ("oidc-groups-claim", settings.oidc_groups_claim.fits(count)),
    ];
    if let Some((name, _)) = is_each_or_all.into_iter().find(|(_, fits)| !fits) {
        return Err(format!("{name} has one part for each that oidc-issuer has, with semicolons, or one for all"));
    }
    let is_one_each = |given: &[&str]| given.is_empty() || given.len() == names.len();
    if names.iter().any(|name| name.is_empty()) || !is_one_each(&keys) || !is_one_each(&prefixes) {
        return Err("oidc-jwks and oidc-prefix have one part, which may be empty, for each that oidc-issuer has".to_owned());
    }
    let prefix = |place: usize| prefixes.get(place).copied().unwrap_or_default();
    let is_twice =
        |place: usize| (0..place).any(|before| prefix(before) == prefix(place) || names.get(before) == names.get(place));
    if (0..names.len()).any(is_twice) {
        return Err(
            "of several issuers each needs a part of oidc-prefix of its own: their users may have the same names".to_owned()
        );
    }
    let one = |(place, name): (usize, &&str)| {
        let own = prefix(place);
        let fetcher = KeyFetcher {
            source: source(keys.get(place).copied().filter(|at| !at.is_empty()), name)?,
            issuer: (*name).to_owned(),
            http: client(settings)?,
            every: settings.oidc_refresh,
            live: i64::try_from(settings.oidc_keys_max_age.0.saturating_mul(1000)).unwrap_or(i64::MAX),
        };
        let others = (0..names.len()).map(prefix).filter(|other| !own.starts_with(other));
        let oidc = OidcSettings {
            issuer: (*name).to_owned(),
            audiences: with_own_client(own_or_first(&audiences, place).cloned().unwrap_or_default(), settings, place),
            algorithms: settings.oidc_algorithms.of(place).map(|algorithms| algorithms.0.clone()).unwrap_or_default(),
            leeway: settings.oidc_leeway.0,
            principal: settings.oidc_principal_claim.of(place).cloned().ok_or("oidc-principal-claim names nothing")?,
            groups: settings.oidc_groups_claim.of(place).cloned().flatten(),
            prefix: own.to_owned(),
            reserved: others.map(str::to_owned).collect(),
        };
        Ok((Issuer::new(oidc, Arc::clone(clock)), fetcher))
    };
    names.iter().enumerate().map(one).collect()
}

/// Tokens of those who sign in on the web pages are for the registry as the issuer knows it.
fn with_own_client(mut audiences: Vec<String>, settings: &Settings, place: usize) -> Vec<String> {
    audiences.extend(settings.oidc_login_client.clone().filter(|_| place == 0));
    audiences
}

/// The first issuer, where users sign in.
pub(super) fn first_issuer(settings: &Settings) -> Option<&str> {
    items(settings.oidc_issuer.as_deref()).first().copied()
}

/// What the tokens of an issuer may be for.
fn audiences(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).map(str::to_owned).collect()
}

/// The part of an issuer, or the only one.
fn own_or_first<T>(parts: &[T], place: usize) -> Option<&T> {
    if let [of_all] = parts { Some(of_all) } else { parts.get(place) }
}

fn source(keys: Option<&str>, issuer: &str) -> Result<KeySource, String> {
    match keys {
        None => {
            let at = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
            Ok(KeySource::Discovery(safe_url(&at).map_err(|reason| format!("oidc-issuer {reason}"))?))
        }
        Some(at) if at.contains("://") => Ok(KeySource::Keys(safe_url(at).map_err(|reason| format!("oidc-jwks {reason}"))?)),
        Some(path) => Ok(KeySource::File(path.into())),
    }
}

/// Keeps the keys of all issuers fresh; `now` is when all are to be looked at.
pub(super) fn keep(
    fetchers: impl Iterator<Item = (KeyFetcher, Arc<Issuer>)>,
    gate: &Arc<Gate>,
    metrics: &Metrics,
    now: Arc<Notify>,
) {
    let mut each = Vec::new();
    for (fetcher, issuer) in fetchers {
        let wish = Arc::new(Notify::new());
        each.push(Arc::clone(&wish));
        fetcher.keep(issuer, Arc::clone(gate), metrics.clone(), wish);
    }
    tokio::spawn(async move {
        loop {
            now.notified().await;
            for wish in &each {
                wish.notify_one();
            }
        }
    });
}

/// A URL that nobody on the way can answer for: https, or this machine.
pub(super) fn safe_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("'{text}' is not a URL: {error}"))?;
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    let is_here = host == "localhost" || address.is_ok_and(|address| address.is_loopback());
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_here => Ok(url),
        _ => Err(format!(
            "'{text}' is neither https:// nor on this machine: anybody on the way could put keys of their own in its place"
        )),
    }
}

pub(super) fn client(settings: &Settings) -> Result<reqwest::Client, String> {
    let agent = concat!("accordant/", env!("CARGO_PKG_VERSION"));
    let builder = ClientBuilder::new().timeout(TIME_LIMIT).redirect(Policy::none()).user_agent(agent);
    let builder = match &settings.oidc_ca {
        Some(file) => builder.tls_certs_merge(certificates(&file.display().to_string())?),
        None => builder,
    };
    builder.build().map_err(|error| format!("oidc: {}", causes(&error)))
}

impl KeyFetcher {
    /// Fetches once, before anybody asks. Only a file must be there: an issuer may be away for a while.
    pub(super) async fn begin(&self, issuer: &Issuer, metrics: &Metrics) -> Result<(), String> {
        let round = tokio::time::timeout(PATIENCE, self.round(issuer, metrics)).await;
        match (round.unwrap_or_else(|_| Err("the issuer does not answer".to_owned())), &self.source) {
            (Err(reason), KeySource::File(_)) => Err(format!("oidc-jwks: {reason}")),
            (Err(reason), _) => {
                tracing::warn!("tokens are not taken until the issuer's keys are here: {reason}");
                Ok(())
            }
            (Ok(_), _) => Ok(()),
        }
    }

    /// Keeps the keys fresh. Where they change, nothing that was proven or refused before counts any more.
    fn keep(self, issuer: Arc<Issuer>, gate: Arc<Gate>, metrics: Metrics, now: Arc<Notify>) {
        tokio::spawn(async move {
            let usual = if matches!(self.source, KeySource::File(_)) { FILE_EVERY } else { self.every };
            // soon at first, for there may be none yet
            let (mut pause, mut complaint) = (RETRY.min(usual), None);
            loop {
                tokio::select! {
                    () = tokio::time::sleep(pause) => {}
                    () = issuer.wants_keys() => {}
                    () = now.notified() => {}
                }
                match self.round(&issuer, &metrics).await {
                    Ok(true) => {
                        gate.renew();
                        (pause, complaint) = (usual, None);
                    }
                    Ok(false) => (pause, complaint) = (usual, None),
                    Err(reason) => {
                        if complaint.as_ref() != Some(&reason) {
                            tracing::error!(
                                "the issuer's keys stay as they are, as long as they live: {reason} ({})",
                                self.issuer
                            );
                        }
                        (pause, complaint) = (RETRY.min(usual), Some(reason));
                    }
                }
            }
        });
    }

    /// Fetches and takes over; whether there was something new.
    async fn round(&self, issuer: &Issuer, metrics: &Metrics) -> Result<bool, String> {
        let trace = Current::passed_on(TraceContext::fresh());
        let taken = match trace::within(Some(trace), self.fetch()).await {
            Ok(text) => issuer.take(text, self.live).map_err(|error| format!("the keys can't be used: {error}")),
            Err(reason) => Err(reason),
        };
        metrics.fetched_keys(&self.issuer, taken.as_ref().ok().map(|(count, _)| *count));
        issuer.round_ended();
        let (count, is_new) = taken?;
        if is_new {
            tracing::info!("{count} keys of the issuer {}", self.issuer);
        }
        Ok(is_new)
    }

    async fn fetch(&self) -> Result<String, String> {
        match &self.source {
            KeySource::File(path) => {
                let text = tokio::fs::read_to_string(path).await.map_err(|error| format!("{}: {error}", path.display()))?;
                if text.len() > MAX_BYTES { Err(format!("{}: larger than {MAX_BYTES} bytes", path.display())) } else { Ok(text) }
            }
            KeySource::Keys(url) => self.get(url).await,
            KeySource::Discovery(url) => {
                let document: Value = serde_json::from_str(&self.get(url).await?).map_err(|_| format!("{url}: not JSON"))?;
                if document.get("issuer").and_then(Value::as_str) != Some(&self.issuer) {
                    return Err(format!("{url}: it is of another issuer than oidc-issuer says"));
                }
                let keys = document.get("jwks_uri").and_then(Value::as_str).ok_or_else(|| format!("{url}: no jwks_uri in it"))?;
                self.get(&safe_url(keys).map_err(|reason| format!("{url}: jwks_uri {reason}"))?).await
            }
        }
    }

    async fn get(&self, url: &Url) -> Result<String, String> {
        let failed = |error: reqwest::Error| format!("{url}: {}", causes(&error.without_url()));
        let request = self.http.get(url.clone()).header("accept", "application/json");
        let request = trace::headers().into_iter().fold(request, |request, (name, value)| request.header(name, value));
        let mut response = request.send().await.map_err(failed)?;
        if response.status().as_u16() != 200 {
            return Err(format!("{url}: HTTP {}", response.status().as_u16()));
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > MAX_BYTES {
                return Err(format!("{url}: larger than {MAX_BYTES} bytes"));
            }
        }
        String::from_utf8(bytes).map_err(|_| format!("{url}: not UTF-8"))
    }
}
