//! Static tokens. A token is 256 random bits, so its plain hash can be stored, and looked up.

use std::collections::HashMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use toml::Spanned;
use toml::value::Datetime;

use super::LoginFileError;
use super::users::check_name;
use crate::access::{AccessGrant, AccessRule, Effect, PrincipalPattern, RuleOrigin};
use crate::types::{days, hex};

/// What every token begins with, so that scanners find those that have gone astray.
const PREFIX: &str = "accordant_";
/// What every stored hash begins with.
const HASH_PREFIX: &str = "sha256:";

/// A token as it is stored.
#[derive(Debug, Clone)]
pub struct StoredToken {
    pub name: Box<str>,
    /// In milliseconds since 1970; `None` for ever.
    pub expires_at: Option<i64>,
    /// What it was given.
    pub given: Arc<AccessRule>,
}

/// All static tokens, by the hash of each.
#[derive(Debug, Default)]
pub struct StaticTokens {
    by_hash: HashMap<[u8; 32], Arc<StoredToken>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenForm {
    name: String,
    hash: String,
    expires: Option<Datetime>,
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default)]
    operations: Vec<String>,
    subjects: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TokensForm {
    #[serde(default)]
    token: Vec<Spanned<TokenForm>>,
}

impl StaticTokens {
    /// Reads a file of tables `[[token]]`.
    ///
    /// # Errors
    /// [`LoginFileError`], with the line but without what stands in it.
    pub fn parse(text: &str, file: &Arc<str>) -> Result<Self, LoginFileError> {
        let line = |at: usize| text.get(..at).map_or(0, |before| before.matches('\n').count()) + 1;
        let form: TokensForm = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            LoginFileError(format!("line {}: {}", line(at), error.message().lines().collect::<Vec<_>>().join(", ")))
        })?;
        let mut tokens = Self::default();
        for form in &form.token {
            let line = line(form.span().start);
            let said = |error: String| LoginFileError(format!("line {line}: {error}"));
            let form = form.as_ref();
            check_name(&form.name).map_err(|error| said(error.0))?;
            let hash = read_hash(&form.hash).ok_or_else(|| said("hash is not sha256: and 64 hexadecimal digits".to_owned()))?;
            let expires_at = match &form.expires {
                Some(date) => {
                    Some(millis(date).ok_or_else(|| said("expires is no date, or no date with a time zone".to_owned()))?)
                }
                None => None,
            };
            let grant =
                AccessGrant { roles: form.roles.clone(), operations: form.operations.clone(), subjects: form.subjects.clone() };
            let (operations, subjects) = grant.read(Effect::Allow).map_err(|error| said(error.0))?;
            let given = AccessRule {
                effect: Effect::Allow,
                principals: vec![PrincipalPattern::Token(form.name.as_str().into())],
                operations,
                subjects,
                origin: RuleOrigin { file: Arc::clone(file), line },
            };
            let token = StoredToken { name: form.name.as_str().into(), expires_at, given: Arc::new(given) };
            if tokens.by_hash.values().any(|known| known.name == token.name) {
                return Err(said("the same name for a second time".to_owned()));
            }
            if tokens.by_hash.insert(hash, Arc::new(token)).is_some() {
                return Err(said("the same token for a second time".to_owned()));
            }
        }
        Ok(tokens)
    }

    pub fn len(&self) -> usize {
        self.by_hash.len()
    }

    pub fn is_empty(&self) -> bool {
        self.by_hash.is_empty()
    }

    /// The token of a name.
    pub fn named(&self, name: &str) -> Option<&Arc<StoredToken>> {
        self.stored(name).map(|(_, token)| token)
    }

    /// The same, with the hash that is stored of it.
    pub fn stored(&self, name: &str) -> Option<(&[u8; 32], &Arc<StoredToken>)> {
        self.by_hash.iter().find(|(_, token)| &*token.name == name)
    }

    /// The token that a client sent. What is looked up is its hash, which nobody can steer towards another one.
    pub fn find(&self, token: &str) -> Option<&Arc<StoredToken>> {
        self.by_hash.get(&digest(token))
    }
}

fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// The hash of a token as files have it.
pub fn hash_token(token: &SecretString) -> String {
    format!("{HASH_PREFIX}{}", hex(&digest(token.expose_secret())))
}

fn read_hash(text: &str) -> Option<[u8; 32]> {
    let hex = text.strip_prefix(HASH_PREFIX).filter(|hex| hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit()))?;
    let mut out = [0; 32];
    for (at, byte) in out.iter_mut().enumerate() {
        *byte = u8::from_str_radix(hex.get(at * 2..at * 2 + 2)?, 16).ok()?;
    }
    Some(out)
}

/// A new token.
///
/// # Errors
/// The system has no randomness.
pub fn fresh_token() -> Result<SecretString, LoginFileError> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(|error| LoginFileError(format!("no randomness: {error}")))?;
    Ok(SecretString::from(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))))
}

/// A date in milliseconds since 1970. One without a time is its beginning in UTC; one with a time needs a zone.
fn millis(date: &Datetime) -> Option<i64> {
    let day = date.date.as_ref()?;
    let midnight = days(i64::from(day.year), i64::from(day.month), i64::from(day.day)) * 86_400;
    let seconds = match (&date.time, &date.offset) {
        (None, _) => midnight,
        (Some(_), None) => return None,
        (Some(time), Some(offset)) => {
            let minutes = match offset {
                toml::value::Offset::Z => 0,
                toml::value::Offset::Custom { minutes } => i64::from(*minutes),
            };
            midnight + i64::from(time.hour) * 3600 + i64::from(time.minute) * 60 + i64::from(time.second.unwrap_or(0))
                - minutes * 60
        }
    };
    seconds.checked_mul(1000)
}

#[cfg(test)]
mod tests {
    use super::millis;

    #[test]
    fn dates_with_a_time_have_a_zone() {
        let read = |text: &str| millis(&text.parse().unwrap());
        assert_eq!(read("1970-01-02"), Some(86_400_000));
        assert_eq!(read("1970-01-01T01:00:01+01:00"), Some(1000));
        assert_eq!(read("1970-01-01T01:00:00"), None);
    }
}
