//! The public keys of an issuer (RFC 7517).

use jsonwebtoken::jwk::{Jwk, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey};
use serde_json::Value;

/// Most keys of a set.
const MAX_KEYS: usize = 100;
/// Keys that a token is held against which does not say which one is meant.
const MAX_CANDIDATES: usize = 8;

struct JsonWebKey {
    id: Option<Box<str>>,
    /// The only one that it is for, where the issuer says so.
    algorithm: Option<Algorithm>,
    public: DecodingKey,
}

/// The public keys of an issuer, those for signatures.
#[derive(Default)]
pub struct KeySet(Vec<JsonWebKey>);

impl std::fmt::Debug for KeySet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeySet({})", self.0.len())
    }
}

/// Why a set of keys can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeySetError {
    #[error("no JSON with a list `keys` in it")]
    Form,
    #[error("more than {MAX_KEYS} keys")]
    TooMany,
    #[error("no public key for signatures in it")]
    Empty,
}

impl KeySet {
    /// Reads a set of keys. Those that are for something else, of a kind that nobody knows, or secrets, are passed over.
    ///
    /// # Errors
    /// [`KeySetError`].
    pub fn parse(text: &str) -> Result<Self, KeySetError> {
        let set: Value = serde_json::from_str(text).map_err(|_| KeySetError::Form)?;
        let keys = set.get("keys").and_then(Value::as_array).ok_or(KeySetError::Form)?;
        if keys.len() > MAX_KEYS {
            return Err(KeySetError::TooMany);
        }
        let keys: Vec<JsonWebKey> = keys.iter().filter_map(|key| read(key.clone())).collect();
        if keys.is_empty() { Err(KeySetError::Empty) } else { Ok(Self(keys)) }
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The keys that a token may have been signed with.
    pub(super) fn candidates(&self, id: Option<&str>, algorithm: Algorithm) -> impl Iterator<Item = &DecodingKey> {
        let fits = move |key: &&JsonWebKey| {
            key.public.family() == algorithm.family()
                && key.algorithm.is_none_or(|only| only == algorithm)
                && id.is_none_or(|id| key.id.as_deref() == Some(id))
        };
        self.0.iter().filter(fits).map(|key| &key.public).take(MAX_CANDIDATES)
    }
}

fn read(key: Value) -> Option<JsonWebKey> {
    let jwk: Jwk = serde_json::from_value(key).ok()?;
    let common = &jwk.common;
    if !matches!(common.public_key_use, None | Some(PublicKeyUse::Signature)) {
        return None;
    }
    if common.key_operations.as_ref().is_some_and(|operations| !operations.contains(&KeyOperations::Verify)) {
        return None;
    }
    let public = DecodingKey::from_jwk(&jwk).ok().filter(|key| key.family() != AlgorithmFamily::Hmac)?;
    let algorithm = match common.key_algorithm {
        Some(named) => Some(named.to_string().parse().ok()?),
        None => None,
    };
    Some(JsonWebKey { id: common.key_id.as_deref().map(Into::into), algorithm, public })
}
