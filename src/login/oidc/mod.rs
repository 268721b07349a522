//! Tokens of an OpenID Connect issuer: JSON Web Tokens, proven by the issuer's public keys.
//!
//! | file | what |
//! | --- | --- |
//! | `keys` | the keys of an issuer |
//! | `claim` | where in a token something is |

mod claim;
mod keys;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header};
use serde_json::Value;

use crate::access::Principal;
pub use claim::ClaimPath;
pub use keys::{KeySet, KeySetError};

/// Longest token, in bytes.
const MAX_TOKEN: usize = 16 << 10;
/// Longest name of a principal or a group, in bytes.
const MAX_NAME: usize = 512;
/// Most groups of a token; one with more is refused, for what it lacks could be denied to it.
const MAX_GROUPS: usize = 1000;

/// What tokens must say.
#[derive(Debug, Clone)]
pub struct OidcSettings {
    /// `iss`, to the letter.
    pub issuer: String,
    /// `aud` has one of these.
    pub audiences: Vec<String>,
    pub algorithms: Vec<SignatureAlgorithm>,
    /// How far clocks may be apart, in seconds.
    pub leeway: u64,
    pub principal: ClaimPath,
    pub groups: Option<ClaimPath>,
    /// What its users and groups are called with before their names, so that they are not those of another issuer.
    pub prefix: String,
    /// How names of this issuer must not begin: so begin those of others.
    pub reserved: Vec<String>,
}

/// An algorithm with a public key. Those with a shared secret are not among them: with a public key in its place everybody could sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignatureAlgorithm(Algorithm);

impl SignatureAlgorithm {
    /// All of them.
    pub const ALL: [&'static str; 9] = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"];

    /// Reads the name that tokens have for it.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.contains(&name).then(|| name.parse().ok().map(Self)).flatten()
    }
}

/// Whom a token is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub principal: Principal,
    /// When the login ends, in milliseconds since 1970.
    pub expires_at: i64,
}

/// Why a token is nobody's. The texts are for the log of whoever runs the server; clients are told nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenFault {
    #[error("it is no JSON Web Token")]
    Form,
    #[error("its type (typ) is not JWT or at+jwt")]
    Type,
    #[error("its algorithm is not among oidc-algorithms")]
    Algorithm,
    #[error("the issuer has no key for it")]
    UnknownKey,
    #[error("its signature is wrong")]
    Signature,
    #[error("it is of another issuer (iss)")]
    Issuer,
    #[error("it is for another audience (aud)")]
    Audience,
    #[error("it has ended, or does not say when (exp)")]
    Expired,
    #[error("it is not valid yet (nbf)")]
    NotYet,
    #[error("it has no name at oidc-principal-claim, or one that can't be used")]
    Principal,
    #[error("what it has at oidc-groups-claim is no list of groups")]
    Groups,
}

impl OidcSettings {
    /// Whom a token is of. `now` is in milliseconds since 1970.
    ///
    /// # Errors
    /// [`TokenFault`].
    pub fn verify(&self, token: &str, keys: &KeySet, now: i64) -> Result<Identity, TokenFault> {
        if token.len() > MAX_TOKEN {
            return Err(TokenFault::Form);
        }
        // one that names another algorithm ends here, `none` among them
        let header = decode_header(token).map_err(|_| TokenFault::Form)?;
        let algorithm = self.algorithm(&header)?;
        let mut validation = Validation::new(algorithm);
        // only the signature is left to the crate, for it asks the system for the time
        validation.required_spec_claims.clear();
        (validation.validate_exp, validation.validate_nbf, validation.validate_aud) = (false, false, false);
        let mut fault = TokenFault::UnknownKey;
        for key in keys.candidates(header.kid.as_deref(), algorithm) {
            match decode::<Value>(token, key, &validation) {
                Ok(proven) => return self.identity(&proven.claims, now),
                Err(_) => fault = TokenFault::Signature,
            }
        }
        Err(fault)
    }

    fn algorithm(&self, header: &Header) -> Result<Algorithm, TokenFault> {
        let typ = header.typ.as_deref().map(str::to_ascii_lowercase);
        let typ = typ.as_deref().map(|typ| typ.strip_prefix("application/").unwrap_or(typ));
        if !matches!(typ, None | Some("jwt" | "at+jwt")) {
            return Err(TokenFault::Type);
        }
        let is_taken = self.algorithms.iter().any(|taken| taken.0 == header.alg);
        if is_taken { Ok(header.alg) } else { Err(TokenFault::Algorithm) }
    }

    fn identity(&self, claims: &Value, now: i64) -> Result<Identity, TokenFault> {
        if claims.get("iss").and_then(Value::as_str) != Some(&self.issuer) {
            return Err(TokenFault::Issuer);
        }
        let is_ours = |audience: &Value| audience.as_str().is_some_and(|name| self.audiences.iter().any(|ours| ours == name));
        let is_for_us = match claims.get("aud") {
            Some(Value::Array(audiences)) => audiences.iter().any(is_ours),
            Some(audience) => is_ours(audience),
            None => false,
        };
        if !is_for_us {
            return Err(TokenFault::Audience);
        }
        let leeway = i64::try_from(self.leeway).unwrap_or(i64::MAX).saturating_mul(1000);
        let expires_at = claims.get("exp").and_then(millis).ok_or(TokenFault::Expired)?.saturating_add(leeway);
        if now >= expires_at {
            return Err(TokenFault::Expired);
        }
        match claims.get("nbf") {
            None => {}
            Some(begin) if millis(begin).is_some_and(|begin| begin.saturating_sub(leeway) <= now) => {}
            Some(_) => return Err(TokenFault::NotYet),
        }
        let name = self.principal.find(claims).and_then(Value::as_str).and_then(|name| self.name(name));
        let mut principal = Principal::user(&name.ok_or(TokenFault::Principal)?);
        principal.groups = self.groups(claims)?;
        Ok(Identity { principal, expires_at })
    }

    /// The groups of a token, where it has any: a list, or a text with spaces between them.
    fn groups(&self, claims: &Value) -> Result<Vec<Box<str>>, TokenFault> {
        let Some(found) = self.groups.as_ref().and_then(|path| path.find(claims)) else { return Ok(Vec::new()) };
        let groups: Vec<&str> = match found {
            Value::Null => Vec::new(),
            Value::String(text) => text.split(' ').filter(|name| !name.is_empty()).collect(),
            Value::Array(names) => names.iter().map(Value::as_str).collect::<Option<_>>().ok_or(TokenFault::Groups)?,
            _ => return Err(TokenFault::Groups),
        };
        if groups.len() > MAX_GROUPS {
            return Err(TokenFault::Groups);
        }
        groups.into_iter().map(|name| self.name(name).map(Into::into).ok_or(TokenFault::Groups)).collect()
    }

    /// A name with the issuer's prefix; `None` for one that can't be used, or would be that of another issuer.
    fn name(&self, name: &str) -> Option<String> {
        let whole = format!("{}{name}", self.prefix);
        (is_name(name) && !self.reserved.iter().any(|prefix| whole.starts_with(prefix))).then_some(whole)
    }
}

/// The issuer that a token claims to be of, before anything of it is proven.
pub fn claimed_issuer(token: &str) -> Option<String> {
    let claims = token.split('.').nth(1).filter(|_| token.len() <= MAX_TOKEN)?;
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?;
    claims.get("iss").and_then(Value::as_str).map(str::to_owned)
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= MAX_NAME && !name.chars().any(char::is_control)
}

/// Seconds of a token, which may have a fraction, as milliseconds.
fn millis(seconds: &Value) -> Option<i64> {
    match seconds.as_i64() {
        Some(whole) => whole.checked_mul(1000),
        #[expect(clippy::cast_possible_truncation, reason = "the fraction is dropped, and what is too large is not taken")]
        None => seconds.as_f64().filter(|seconds| seconds.abs() < 1e12).map(|seconds| (seconds * 1000.0) as i64),
    }
}
