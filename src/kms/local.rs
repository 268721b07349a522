//! `local-kms`: the KMS is a secret that the server and those clients that wrap keys themselves have in common. For trying things out,
//! and for tests.

use async_trait::async_trait;
use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use aws_lc_rs::rand;
use zeroize::Zeroizing;

use super::{KeyMaterial, KmsDriver, KmsError, KmsKey, Secret};

const KEY_LENGTH: usize = 16;
const TAG_LENGTH: usize = 16;

/// The length of the key that is derived from the secret.
struct Length;

impl KeyType for Length {
    fn len(&self) -> usize {
        KEY_LENGTH
    }
}

/// Wraps by AES-128-GCM under a key that is derived from the secret, as Confluent's clients do: HKDF with SHA-256, without salt and
/// info; 12 bytes of nonce before the ciphertext, the tag behind it. Keys are small, and so is what may be unwrapped, so this is done on
/// the thread that serves the request.
pub struct LocalKms {
    key: LessSafeKey,
}

impl LocalKms {
    /// # Errors
    /// [`KmsError::Failed`] when no key can be derived, which no secret brings about.
    pub fn new(secret: &Secret) -> Result<Self, KmsError> {
        let failed = |_| KmsError::Failed("no key can be derived from the secret".to_owned());
        let mut bytes = Zeroizing::new([0; KEY_LENGTH]);
        let prk = Salt::new(HKDF_SHA256, &[]).extract(secret.expose().as_bytes());
        prk.expand(&[], Length).and_then(|derived| derived.fill(&mut *bytes)).map_err(failed)?;
        let key = UnboundKey::new(&AES_128_GCM, &*bytes).map_err(failed)?;
        Ok(Self { key: LessSafeKey::new(key) })
    }

    pub(super) fn seal(&self, material: &KeyMaterial) -> Result<Vec<u8>, KmsError> {
        let failed = |_| KmsError::Failed("encryption failed".to_owned());
        let mut nonce = [0; NONCE_LEN];
        rand::fill(&mut nonce).map_err(failed)?;
        let mut sealed = Vec::with_capacity(NONCE_LEN + material.as_bytes().len() + TAG_LENGTH);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(material.as_bytes());
        let (_, in_place) = sealed.split_at_mut(NONCE_LEN);
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag = self.key.seal_in_place_separate_tag(nonce, Aad::empty(), in_place).map_err(failed)?;
        sealed.extend_from_slice(tag.as_ref());
        Ok(sealed)
    }

    pub(super) fn open(&self, wrapped: &[u8]) -> Result<KeyMaterial, KmsError> {
        let failed = || KmsError::Failed("decryption failed".to_owned());
        let (nonce, sealed) = wrapped.split_at_checked(NONCE_LEN).ok_or_else(failed)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| failed())?;
        let mut in_place = Zeroizing::new(sealed.to_vec());
        let opened = self.key.open_in_place(nonce, Aad::empty(), &mut in_place).map_err(|_| failed())?;
        Ok(KeyMaterial::new(opened.to_vec()))
    }
}

#[async_trait]
impl KmsDriver for LocalKms {
    fn supports(&self, key: &KmsKey<'_>) -> bool {
        key.kms_type.eq_ignore_ascii_case("local-kms")
    }

    async fn wrap(&self, _: &KmsKey<'_>, material: &KeyMaterial) -> Result<Vec<u8>, KmsError> {
        self.seal(material)
    }

    async fn unwrap(&self, _: &KmsKey<'_>, wrapped: &[u8]) -> Result<KeyMaterial, KmsError> {
        self.open(wrapped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kms(secret: &str) -> LocalKms {
        LocalKms::new(&Secret::new(secret.to_owned())).unwrap()
    }

    #[test]
    fn what_was_wrapped_is_unwrapped_by_the_same_secret_alone() {
        let material = KeyMaterial::new(b"a key".to_vec());
        let wrapped = kms("one").seal(&material).unwrap();
        assert_eq!(wrapped.len(), NONCE_LEN + 5 + TAG_LENGTH);
        assert_ne!(wrapped, kms("one").seal(&material).unwrap(), "nonces differ");
        assert_eq!(kms("one").open(&wrapped).unwrap().as_bytes(), b"a key");
        assert_eq!(kms("two").open(&wrapped).unwrap_err(), KmsError::Failed("decryption failed".to_owned()));
        for length in [0, 5, NONCE_LEN, wrapped.len() - 1] {
            assert!(kms("one").open(&wrapped[..length]).is_err());
        }
    }
}
