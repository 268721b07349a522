//! Secrets in the database, encrypted with a key of the configuration.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::local::LocalKms;
use super::{KeyMaterial, KmsError, Secret};

/// What a sealed text begins with.
const PREFIX: &str = "sealed:1:";

/// Seals texts by AES-128-GCM under a key that is derived from a secret.
pub struct SecretSeal(LocalKms);

impl std::fmt::Debug for SecretSeal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretSeal(..)")
    }
}

impl SecretSeal {
    /// # Errors
    /// No key can be derived, which no secret brings about.
    pub fn new(secret: &Secret) -> Result<Self, KmsError> {
        Ok(Self(LocalKms::new(secret)?))
    }

    /// # Errors
    /// There is no randomness.
    pub fn seal(&self, text: &str) -> Result<String, KmsError> {
        let sealed = self.0.seal(&KeyMaterial::new(text.as_bytes().to_vec()))?;
        Ok(format!("{PREFIX}{}", STANDARD.encode(sealed)))
    }

    /// # Errors
    /// It was sealed with another key.
    pub fn open(&self, sealed: &str) -> Result<String, KmsError> {
        let failed = || KmsError::Failed("the secret was sealed with another key".to_owned());
        let Some(text) = sealed.strip_prefix(PREFIX) else { return Ok(sealed.to_owned()) };
        let bytes = STANDARD.decode(text).map_err(|_| failed())?;
        let opened = self.0.open(&bytes).map_err(|_| failed())?;
        String::from_utf8(opened.as_bytes().to_vec()).map_err(|_| failed())
    }

    /// Whether a text is one that was sealed.
    pub fn is_sealed(text: &str) -> bool {
        text.starts_with(PREFIX)
    }
}
