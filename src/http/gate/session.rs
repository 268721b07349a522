//! Sessions of those who have logged in on the web pages with a password or a token: what their browser keeps instead of it.
//!
//! A session says whose it is and when it ends, under a keyed hash of that and of the stored hash of the password or token. So it is checked
//! without anything that would have to be remembered, by every replica that has the key; and it ends with what it was begun with: when the
//! password is another, or the user or token is gone, the hash is another one, too.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// What it begins with, which no token of an issuer does.
const PREFIX: &str = "s.";
/// What the hash is of, so that it is good for nothing else.
const PURPOSE: &[u8] = b"accordant session 1\0";
/// Longest session that is looked at, in bytes.
const MAX_BYTES: usize = 2 << 10;

/// How sessions are kept.
#[derive(Clone)]
pub struct SessionSettings {
    /// The same on every replica.
    pub key: [u8; 32],
    pub max_age: Duration,
}

/// The key is for nobody's eyes.
impl std::fmt::Debug for SessionSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SessionSettings({:?})", self.max_age)
    }
}

/// With what somebody has logged in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SessionHolder {
    User,
    Token,
}

/// Makes sessions, and tells its own from others.
pub(super) struct SessionSealer {
    key: Hmac<Sha256>,
    max_age: i64,
}

/// What a session says, which is believed when its [seal](Sealer::is_sealed) is good.
pub(super) struct Claimed {
    pub(super) holder: SessionHolder,
    pub(super) name: String,
    /// In milliseconds since 1970.
    pub(super) ends_at: i64,
    seal: Vec<u8>,
}

impl SessionSealer {
    /// # Errors
    /// The key can't be used.
    pub(super) fn new(settings: &SessionSettings) -> std::io::Result<Self> {
        let key = Hmac::new_from_slice(&settings.key).map_err(std::io::Error::other)?;
        Ok(Self { key, max_age: i64::try_from(settings.max_age.as_millis()).unwrap_or(i64::MAX) })
    }

    /// When a session ends that begins now.
    pub(super) fn end_of(&self, now: i64) -> i64 {
        now.saturating_add(self.max_age)
    }

    fn hash(&self, holder: SessionHolder, name: &str, ends_at: i64, stored: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.key.clone();
        mac.update(PURPOSE);
        mac.update(&[u8::from(holder == SessionHolder::Token)]);
        mac.update(&ends_at.to_be_bytes());
        mac.update(&u64::try_from(name.len()).unwrap_or(u64::MAX).to_be_bytes());
        mac.update(name.as_bytes());
        mac.update(stored);
        mac
    }

    /// A session of somebody whose password or token is stored as this.
    pub(super) fn seal(&self, holder: SessionHolder, name: &str, ends_at: i64, stored: &[u8]) -> String {
        let letter = if holder == SessionHolder::Token { 't' } else { 'u' };
        let said = URL_SAFE_NO_PAD.encode(format!("{letter}{ends_at}:{name}"));
        let seal = URL_SAFE_NO_PAD.encode(self.hash(holder, name, ends_at, stored).finalize().into_bytes());
        format!("{PREFIX}{said}.{seal}")
    }

    /// Whether a session is one of ours, of somebody whose password or token is stored as this; `None` where nothing is.
    pub(super) fn is_sealed(&self, claimed: &Claimed, stored: Option<&[u8]>) -> bool {
        let Claimed { holder, name, ends_at, seal } = claimed;
        let hash = self.hash(*holder, name, *ends_at, stored.unwrap_or_default());
        hash.verify_slice(seal).is_ok() && stored.is_some()
    }
}

impl Claimed {
    /// Whether a cookie is a session of this kind, good or not.
    pub(super) fn is_one(cookie: &str) -> bool {
        cookie.starts_with(PREFIX)
    }

    pub(super) fn read(cookie: &str) -> Option<Self> {
        let (said, seal) = cookie.strip_prefix(PREFIX).filter(|rest| rest.len() <= MAX_BYTES)?.split_once('.')?;
        let said = String::from_utf8(URL_SAFE_NO_PAD.decode(said).ok()?).ok()?;
        let (holder, rest) = match said.split_at_checked(1)? {
            ("u", rest) => (SessionHolder::User, rest),
            ("t", rest) => (SessionHolder::Token, rest),
            _ => return None,
        };
        let (ends_at, name) = rest.split_once(':')?;
        let seal = URL_SAFE_NO_PAD.decode(seal).ok()?;
        Some(Self { holder, name: name.to_owned(), ends_at: ends_at.parse().ok()?, seal })
    }
}
