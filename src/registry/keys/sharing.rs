//! Shared KEKs: the registry wraps and unwraps DEKs through the KMS.

use zeroize::Zeroizing;

use crate::kms::{KeyMaterial, KmsError, KmsKey, base64, tink};
use crate::registry::error::DekForm;
use crate::registry::{Registry, RegistryError};
use crate::types::{Dek, DekAlgorithm, JavaStr, Kek};

/// The property of a KEK that names further keys of the KMS, with commas: the next is asked when one fails.
const ALTERNATE_KEY_IDS: &str = "encrypt.alternate.kms.key.ids";
/// Keys of the KMS that are asked for one KEK.
const MAX_KEY_IDS: usize = 8;

/// Longest wrapped key that is sent to a KMS; what comes out of one has some hundred bytes.
const MAX_WRAPPED_BYTES: usize = 16 << 10;

fn failed(form: DekForm, subject: &str) -> impl FnOnce(KmsError) -> RegistryError {
    let subject = subject.to_owned();
    move |error| RegistryError::DekNotMade { form, subject, error }
}

/// The keys of the KMS that a KEK names, in the order in which they are asked.
fn kms_keys(kek: &Kek) -> Vec<KmsKey<'_>> {
    let others = kek.kms_props.get(&JavaStr::from(ALTERNATE_KEY_IDS)).and_then(Option::as_deref).unwrap_or("");
    let others = others.split(',').map(str::trim).filter(|id| !id.is_empty());
    std::iter::once(kek.kms_key_id.as_str())
        .chain(others)
        .take(MAX_KEY_IDS)
        .map(|id| KmsKey { kms_type: &kek.kms_type, id })
        .collect()
}

impl Registry {
    /// Wraps a key, or one that is made now. The answer is base64.
    pub(super) async fn wrap(
        &self,
        kek: &Kek,
        (subject, algorithm): (&str, DekAlgorithm),
        material: Option<&KeyMaterial>,
    ) -> Result<String, RegistryError> {
        let wrapped = async {
            let fresh;
            let material = if let Some(material) = material {
                material
            } else {
                fresh = tink::generate(algorithm)?;
                &fresh
            };
            self.defaults.kms.wrap(&kms_keys(kek), material).await
        };
        Ok(base64::encode(&wrapped.await.map_err(failed(DekForm::Encrypted, subject))?))
    }

    /// What a DEK is when the KMS has unwrapped it.
    pub(super) async fn unwrap(&self, kek: &Kek, subject: &str, wrapped: &str) -> Result<KeyMaterial, RegistryError> {
        if wrapped.len() > MAX_WRAPPED_BYTES {
            return Err(RegistryError::InvalidKey("encryptedKeyMaterial"));
        }
        let wrapped = base64::decode(wrapped).ok_or(RegistryError::InvalidKey("encryptedKeyMaterial"))?;
        self.defaults.kms.unwrap(&kms_keys(kek), &wrapped).await.map_err(failed(DekForm::Raw, subject))
    }

    /// The key material of a DEK in base64, where its KEK is shared.
    pub(super) async fn shared_material(&self, kek: &Kek, dek: &Dek) -> Result<Option<Zeroizing<String>>, RegistryError> {
        if !kek.shared {
            return Ok(None);
        }
        let material = self.unwrap(kek, &dek.name.written_subject, &dek.encrypted_key_material).await?;
        Ok(Some(base64::encode_secret(material.as_bytes())))
    }

    /// Whether the KMS wraps keys for a KEK.
    pub(super) async fn try_sharing(&self, kek: &Kek) -> Result<(), RegistryError> {
        self.wrap(kek, ("__TEST", DekAlgorithm::AES256_GCM), None).await.map(|_| ())
    }
}
