//! The transit engine of Vault, `HashiCorp`'s or `OpenBao`, over HTTP.

use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::Url;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::endpoint::{KmsAnswer, KmsEndpoint, quoted};
use super::{KeyMaterial, KmsDriver, KmsError, KmsKey, Secret, base64, wiped};

const TOKEN: HeaderName = HeaderName::from_static("x-vault-token");
const NAMESPACE: HeaderName = HeaderName::from_static("x-vault-namespace");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Longest token file.
const MAX_TOKEN_BYTES: u64 = 16 << 10;

/// What lets the server in.
#[derive(Debug, Clone)]
pub enum VaultToken {
    Fixed(Secret),
    /// Read for each call: agents renew it there.
    File(PathBuf),
}

/// One Vault. Its token is sent nowhere else: whoever may write KEKs must not choose who gets to see it.
pub struct VaultKms {
    address: Url,
    token: VaultToken,
    namespace: Option<HeaderValue>,
    endpoint: KmsEndpoint,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct VaultData {
    ciphertext: Option<String>,
    plaintext: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct VaultAnswer {
    data: Option<VaultData>,
    errors: Vec<String>,
}

impl VaultKms {
    /// # Errors
    /// In words: an address or a namespace that can't be used.
    pub fn new(address: &str, token: VaultToken, namespace: Option<&str>, time_limit: Duration) -> Result<Self, String> {
        let address = Url::parse(address).map_err(|error| format!("not a URL: {error}"))?;
        if !matches!(address.scheme(), "http" | "https") {
            return Err("not a URL that begins with http:// or https://".to_owned());
        }
        if !matches!(address.path(), "" | "/") || address.query().is_some() || address.fragment().is_some() {
            return Err("more than scheme, host and port".to_owned());
        }
        let namespace = namespace.map(HeaderValue::from_str).transpose().map_err(|_| "a namespace that is no text".to_owned())?;
        let endpoint = KmsEndpoint::new(time_limit, address.scheme() == "https")?;
        Ok(Self { address, token, namespace, endpoint })
    }

    /// The URL of an operation with the key that an id names: `ADDRESS/MOUNT/keys/NAME`.
    fn url(&self, id: &str, operation: &str) -> Option<Url> {
        let id = Url::parse(id).ok().filter(|id| id.origin() == self.address.origin())?;
        let mut segments: Vec<&str> = id.path_segments()?.collect();
        let is_plain = |segment: &&str| {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
            !segment.is_empty() && segment.bytes().all(is_plain)
        };
        if id.query().is_some() || id.fragment().is_some() || segments.len() < 3 || !segments.iter().all(is_plain) {
            return None;
        }
        let at = segments.len() - 2;
        *segments.get_mut(at)? = operation;
        self.address.join(&format!("/v1/{}", segments.join("/"))).ok()
    }

    async fn token(&self) -> Result<HeaderValue, KmsError> {
        let unusable = || KmsError::Failed("the token of Vault can't be read".to_owned());
        let text = match &self.token {
            VaultToken::Fixed(token) => token.clone(),
            VaultToken::File(path) => {
                let metadata = tokio::fs::metadata(path).await.map_err(|_| unusable())?;
                if metadata.len() > MAX_TOKEN_BYTES {
                    return Err(unusable());
                }
                Secret::new(tokio::fs::read_to_string(path).await.map_err(|_| unusable())?)
            }
        };
        let mut token = HeaderValue::from_str(text.expose().trim()).map_err(|_| unusable())?;
        token.set_sensitive(true);
        Ok(token)
    }

    async fn ask(&self, key: &KmsKey<'_>, operation: &str, member: &str, text: &str) -> Result<VaultData, KmsError> {
        let failed = |why: &str| KmsError::Failed(format!("{operation}ion failed: {why}"));
        let url = self.url(key.id, operation).ok_or_else(|| failed("the key has not the form ADDRESS/MOUNT/keys/NAME"))?;
        let mut headers = HeaderMap::from_iter([(TOKEN, self.token().await?), (CONTENT_TYPE, JSON)]);
        if let Some(namespace) = &self.namespace {
            headers.insert(NAMESPACE, namespace.clone());
        }
        // Base64 and Vault's own form of it need no escapes; what else there is has been refused
        let mut body = Zeroizing::new(Vec::with_capacity(text.len() + member.len() + 16));
        for part in ["{\"", member, "\":\"", text, "\"}"] {
            body.extend_from_slice(part.as_bytes());
        }
        let KmsAnswer { status, body } = self.endpoint.post(url, headers, wiped(body)).await?;
        let answer: VaultAnswer = serde_json::from_slice(&body).unwrap_or_default();
        match (status, answer.data) {
            (200, Some(data)) => Ok(data),
            (status, _) => {
                let said = quoted(&answer.errors.join(", "));
                let said = if said.is_empty() { said } else { format!(": {said}") };
                let why = format!("{operation}ion failed: Vault responded with HTTP status code: {status}{said}");
                Err(if matches!(status, 401 | 403) { KmsError::Denied(why) } else { KmsError::Failed(why) })
            }
        }
    }
}

#[async_trait]
impl KmsDriver for VaultKms {
    fn supports(&self, key: &KmsKey<'_>) -> bool {
        let is_here = || Url::parse(key.id).is_ok_and(|id| id.origin() == self.address.origin());
        key.kms_type.eq_ignore_ascii_case("hcvault") && is_here()
    }

    async fn wrap(&self, key: &KmsKey<'_>, material: &KeyMaterial) -> Result<Vec<u8>, KmsError> {
        let data = self.ask(key, "encrypt", "plaintext", &base64::encode_secret(material.as_bytes())).await?;
        let ciphertext = data.ciphertext.ok_or_else(|| KmsError::Failed("encryption failed: no ciphertext".to_owned()))?;
        Ok(ciphertext.into_bytes())
    }

    async fn unwrap(&self, key: &KmsKey<'_>, wrapped: &[u8]) -> Result<KeyMaterial, KmsError> {
        let failed = |why: &str| KmsError::Failed(format!("decryption failed: {why}"));
        let is_plain = |text: &&str| text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\'));
        let ciphertext = std::str::from_utf8(wrapped).ok().filter(is_plain).ok_or_else(|| failed("not a ciphertext of Vault"))?;
        let data = self.ask(key, "decrypt", "ciphertext", ciphertext).await?;
        let plaintext = data.plaintext.map(Zeroizing::new).ok_or_else(|| failed("no plaintext"))?;
        base64::decode_secret(&plaintext).ok_or_else(|| failed("the plaintext is no Base64"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault(address: &str) -> Result<VaultKms, String> {
        VaultKms::new(address, VaultToken::Fixed(Secret::new("t".to_owned())), None, Duration::from_secs(1))
    }

    #[test]
    fn only_keys_of_the_one_vault_are_asked_about() {
        let vault = vault("http://vault:8200").unwrap();
        let url = |id: &str| vault.url(id, "encrypt").map(String::from);
        assert_eq!(url("http://vault:8200/transit/keys/k").as_deref(), Some("http://vault:8200/v1/transit/encrypt/k"));
        assert_eq!(url("http://vault:8200/a/b/keys/k-1.x").as_deref(), Some("http://vault:8200/v1/a/b/encrypt/k-1.x"));
        for id in [
            "http://other:8200/transit/keys/k",
            "https://vault:8200/transit/keys/k",
            "http://vault:8201/transit/keys/k",
            "http://vault:8200/transit/keys/k?x",
            "http://vault:8200/transit/keys/a%2Fb",
            "http://vault:8200/keys/k",
            "http://vault:8200/transit/keys/",
            "http://vault:8200@evil/transit/keys/k",
            "transit/keys/k",
        ] {
            assert_eq!(url(id), None, "{id}");
        }
        assert!(!vault.supports(&KmsKey { kms_type: "hcvault", id: "http://other:8200/transit/keys/k" }));
        assert!(!vault.supports(&KmsKey { kms_type: "aws-kms", id: "http://vault:8200/transit/keys/k" }));
    }

    #[test]
    fn an_address_is_scheme_host_and_port() {
        assert!(vault("https://vault.example.com/").is_ok());
        for address in ["vault:8200", "ftp://vault", "http://vault/v1", "http://vault?x", "x"] {
            assert!(vault(address).is_err(), "{address}");
        }
    }
}
