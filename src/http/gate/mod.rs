//! Who asks: logins, and the rights that come with them.
//!
//! | file | what |
//! | --- | --- |
//! | `credentials` | what the header `Authorization` says |
//! | `logins` | the logins and rules that are in force, and the rights that follow |
//! | `issuer` | an issuer of tokens, and its keys |
//! | `caller` | who was found to ask |
//! | `session` | what a browser keeps of a login on the web pages |
//! | `verifier` | how many passwords are held against hashes at once |

mod caller;
mod credentials;
mod issuer;
mod logins;
mod session;
mod verifier;

use std::net::IpAddr;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use axum::http::{HeaderMap, HeaderValue, header};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

pub(super) use caller::Caller;
pub use caller::LoginMethod;
use credentials::Credentials;
pub use issuer::Issuer;
use issuer::Unproven;
pub use logins::Logins;
pub use session::SessionSettings;
use session::{Claimed, SessionSealer};
pub use verifier::VerifierLimits;
use verifier::{Busy, Verifier};

use super::admission::{OWN_PAGE, is_of_own_page};
use super::cookies;
use super::peer::Peer;
use crate::cache::Generational;
use crate::types::Clock;

/// A keyed hash of the header: a dump of the memory shows no password, and nobody can look for two that collide.
type Fingerprint = [u8; 32];

/// Memory for logins that were proven, some thousands of them.
const KNOWN_BYTES: u64 = 4 << 20;
/// Memory for logins that were refused: a client that goes on asking with a wrong password costs nothing.
const REFUSED_BYTES: u64 = 1 << 20;

/// What a client has shown. A header says whom it wants to be taken for, so it counts before the certificate of its connection.
enum Shown<'r> {
    Header(&'r HeaderValue),
    /// The owner that it names.
    Certificate(&'r str),
    /// What the browser of somebody who has logged in on the web pages keeps.
    Session(String),
}

impl<'r> Shown<'r> {
    fn of(headers: &'r HeaderMap, peer: &'r Peer, takes_sessions: bool) -> Result<Option<Self>, LoginFailure> {
        let mut given = headers.get_all(header::AUTHORIZATION).iter();
        match (given.next(), given.next()) {
            (None, _) => {
                // a login that the browser adds by itself is that of these pages and of nobody else's
                let is_ours = takes_sessions && is_of_own_page(headers);
                let session = if is_ours { cookies::session(headers).map(Self::Session) } else { None };
                Ok(session.or_else(|| peer.owner.as_deref().map(Self::Certificate)))
            }
            (Some(header), None) => Ok(Some(Self::Header(header))),
            // which of them is meant?
            (Some(_), Some(_)) => Err(LoginFailure::Wrong),
        }
    }
}

/// Whom a request claims to come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Claim {
    User(String),
    /// A token, whose owner nobody knows, or nothing that could be read.
    Token,
}

/// Why nobody was found to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LoginFailure {
    /// The credentials are not those of anybody.
    Wrong,
    /// Too many passwords are being verified.
    Busy,
    /// The keys of the issuer are not at hand.
    NoKeys,
}

impl LoginFailure {
    /// The word of metrics.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Wrong => "wrong",
            Self::Busy => "busy",
            Self::NoKeys => "no_keys",
        }
    }
}

/// What is known of a request's caller without any work.
pub(super) enum Known {
    /// There are no logins: everybody may do everything.
    Open,
    Caller(Arc<Caller>),
    /// It takes a closer look.
    Unknown,
}

impl Known {
    pub(super) fn caller(&self) -> Option<&Caller> {
        match self {
            Self::Caller(caller) => Some(caller),
            Self::Open | Self::Unknown => None,
        }
    }

    /// The class of answers that the caller may be given, if that is known.
    pub(super) fn class(&self) -> Option<u64> {
        match self {
            Self::Open => Some(0),
            Self::Caller(caller) => Some(caller.rights.class()),
            Self::Unknown => None,
        }
    }
}

/// Lets in who has proven who it is.
pub struct Gate {
    logins: RwLock<(i64, Arc<Logins>)>,
    key: Hmac<Sha256>,
    known: Generational<Fingerprint, Arc<Caller>>,
    refused: Generational<Fingerprint, ()>,
    verifier: Verifier,
    clock: Clock,
    sessions: OnceLock<Option<SessionSealer>>,
}

/// Why somebody who has signed in at the provider is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SignInRefusal {
    /// The token is nobody's.
    Wrong,
    NoKeys,
}

impl SignInRefusal {
    /// The word of metrics.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Wrong => "wrong",
            Self::NoKeys => "no_keys",
        }
    }
}

impl Gate {
    /// A gate that knows these logins, until others are [put in their place](Self::replace).
    ///
    /// # Errors
    /// The system has no randomness.
    pub fn new(logins: Logins, limits: VerifierLimits, clock: Clock) -> std::io::Result<Arc<Self>> {
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(std::io::Error::other)?;
        let key = Hmac::new_from_slice(&key).map_err(std::io::Error::other)?;
        Ok(Arc::new(Self {
            logins: RwLock::new((0, Arc::new(logins))),
            key,
            known: Generational::new(KNOWN_BYTES, 512, |_, caller| caller.weight()),
            refused: Generational::new(REFUSED_BYTES, 128, |_, ()| 64),
            verifier: Verifier::new(limits),
            clock,
            sessions: OnceLock::new(),
        }))
    }

    /// Puts other logins and rules in force, from the next request on.
    pub fn replace(&self, logins: Logins) {
        let mut current = self.logins.write().unwrap_or_else(PoisonError::into_inner);
        *current = (current.0 + 1, Arc::new(logins));
    }

    /// From now on cookies of sessions are logins: those of the issuer, and with a key those that are begun here with a password or a token.
    pub(super) fn take_sessions(&self, settings: Option<&SessionSettings>) {
        let sealer = settings.and_then(|settings| SessionSealer::new(settings).ok());
        // whoever serves says so once
        let _ = self.sessions.set(sealer);
    }

    fn takes_sessions(&self) -> bool {
        self.sessions.get().is_some()
    }

    fn sealer(&self) -> Option<&SessionSealer> {
        self.sessions.get().and_then(Option::as_ref)
    }

    /// A session for a caller who has shown its credentials with this request, and when it ends. `None` where it has shown none, or such
    /// as no session can be made of.
    pub(super) fn session(&self, headers: &HeaderMap, caller: &Caller) -> Option<(String, i64)> {
        let credentials = Credentials::parse(headers.get(header::AUTHORIZATION)?)?;
        match (caller.method, credentials) {
            // is one already
            (LoginMethod::Oidc, Credentials::Bearer(token)) => Some((token.expose_secret().to_owned(), caller.expires_at?)),
            _ => self.current().1.session(self.sealer()?, caller, (self.clock)()),
        }
    }

    /// Whether sessions can be begun with a password or a token.
    pub(super) fn begins_sessions(&self) -> bool {
        self.sealer().is_some()
    }

    /// For how many seconds more.
    pub(super) fn seconds_until(&self, ends_at: i64) -> i64 {
        (ends_at - (self.clock)()).max(0) / 1000
    }

    /// Proves a token of an issuer; for how many seconds it is good.
    pub(super) async fn sign_in(&self, token: &str, issuer: &str) -> Result<i64, SignInRefusal> {
        let logins = self.current().1;
        let of_issuer = logins.issuer_of(token).filter(|known| known.name() == issuer).ok_or(SignInRefusal::Wrong)?;
        match of_issuer.prove(token).await {
            Ok(identity) => Ok(self.seconds_until(identity.expires_at)),
            Err(Unproven::NoKeys) => Err(SignInRefusal::NoKeys),
            Err(Unproven::Fault(fault)) => {
                tracing::info!("a token of a sign-in is refused: {fault}");
                Err(SignInRefusal::Wrong)
            }
        }
    }

    /// Forgets what was proven and refused so far: the issuer's keys have changed.
    pub fn renew(&self) {
        self.logins.write().unwrap_or_else(PoisonError::into_inner).0 += 1;
    }

    fn current(&self) -> (i64, Arc<Logins>) {
        let current = self.logins.read().unwrap_or_else(PoisonError::into_inner);
        (current.0, Arc::clone(&current.1))
    }

    /// What `WWW-Authenticate` offers. To the web pages no password: the browser would ask for one itself, and remember it.
    pub(super) fn challenges(&self, headers: &HeaderMap) -> Vec<HeaderValue> {
        if self.takes_sessions() && (headers.contains_key(OWN_PAGE) || cookies::session(headers).is_some()) {
            return vec![HeaderValue::from_static("Session realm=\"accordant\"")];
        }
        self.current().1.challenges()
    }

    fn fingerprint(&self, shown: &Shown<'_>) -> Fingerprint {
        let mut mac = self.key.clone();
        match shown {
            Shown::Header(header) => {
                mac.update(b"header ");
                mac.update(header.as_bytes());
            }
            Shown::Certificate(owner) => {
                mac.update(b"certificate ");
                mac.update(owner.as_bytes());
            }
            Shown::Session(token) => {
                mac.update(b"session ");
                mac.update(token.as_bytes());
            }
        }
        mac.finalize().into_bytes().into()
    }

    /// Who asks, as far as that is known from earlier requests.
    pub(super) fn known(&self, headers: &HeaderMap, peer: &Peer) -> Known {
        let (generation, logins) = self.current();
        let shown = match Shown::of(headers, peer, self.takes_sessions()) {
            Ok(Some(shown)) => shown,
            Ok(None) => return Known::Caller(logins.anonymous()),
            Err(_) => return Known::Unknown,
        };
        match self.known.get(&self.fingerprint(&shown), generation) {
            Some(caller) if caller.is_valid((self.clock)()) => Known::Caller(caller),
            _ => Known::Unknown,
        }
    }

    /// Finds out who asks.
    pub(super) async fn authenticate(&self, headers: &HeaderMap, peer: &Peer) -> Result<Arc<Caller>, LoginFailure> {
        let (generation, logins) = self.current();
        let Some(shown) = Shown::of(headers, peer, self.takes_sessions())? else { return Ok(logins.anonymous()) };
        let fingerprint = self.fingerprint(&shown);
        let prove = async {
            if self.refused.get(&fingerprint, generation).is_some() {
                return Err(LoginFailure::Wrong);
            }
            let outcome = match shown {
                Shown::Header(header) => self.prove(&logins, header, peer.ip()).await,
                // proven with the handshake
                Shown::Certificate(owner) => Ok(logins.user(owner, LoginMethod::Certificate)),
                Shown::Session(session) if Claimed::is_one(&session) => {
                    let caller = self.sealer().and_then(|sealer| logins.of_session(sealer, &session));
                    caller.ok_or(LoginFailure::Wrong)
                }
                Shown::Session(token) => by_issuer(&logins, &token.into()).await,
            };
            if let Err(LoginFailure::Wrong) = outcome {
                self.refused.insert(fingerprint, generation, ());
            }
            outcome
        };
        // who asks again meanwhile waits for this proof
        let caller = self.known.get_or_load(&fingerprint, generation, prove).await?;
        if caller.is_valid((self.clock)()) { Ok(caller) } else { Err(LoginFailure::Wrong) }
    }

    /// Whom a request claims to come from, for the record of logins that were wrong.
    pub(super) fn claim(headers: &HeaderMap) -> Claim {
        match headers.get(header::AUTHORIZATION).and_then(Credentials::parse) {
            Some(Credentials::Basic { name, .. }) => Claim::User(name),
            _ => Claim::Token,
        }
    }

    async fn prove(&self, logins: &Arc<Logins>, header: &HeaderValue, from: Option<IpAddr>) -> Result<Arc<Caller>, LoginFailure> {
        match Credentials::parse(header) {
            Some(Credentials::Bearer(token)) => match logins.bearer(&token) {
                Some(caller) => Ok(caller),
                None => by_issuer(logins, &token).await,
            },
            Some(Credentials::Basic { name, password }) => {
                let held = Arc::clone(logins);
                let asked = name.clone();
                let proven = self.verifier.run(from, move || held.verify(&asked, &password)).await;
                match proven {
                    Ok(true) => Ok(logins.user(&name, LoginMethod::Basic)),
                    Ok(false) => Err(LoginFailure::Wrong),
                    Err(Busy) => Err(LoginFailure::Busy),
                }
            }
            None => Err(LoginFailure::Wrong),
        }
    }
}

/// Proves a token with the issuer's keys. That takes 40 to 125 µs, with ES384 310 (a debug build, one core), no more than other requests
/// do, and the outcome is kept: so it is done where the request is served.
async fn by_issuer(logins: &Logins, token: &SecretString) -> Result<Arc<Caller>, LoginFailure> {
    let token = token.expose_secret();
    let issuer = logins.issuer_of(token).ok_or(LoginFailure::Wrong)?;
    match issuer.prove(token).await {
        Ok(identity) => Ok(logins.identity(identity)),
        Err(Unproven::NoKeys) => Err(LoginFailure::NoKeys),
        Err(Unproven::Fault(fault)) => {
            tracing::debug!("a token is refused: {fault}");
            Err(LoginFailure::Wrong)
        }
    }
}
