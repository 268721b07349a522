//! RING 1: key management systems (KMS), for KEKs that are shared: the registry wraps and unwraps DEKs for clients that may not use
//! the KMS themselves.
//!
//! | file | what |
//! | --- | --- |
//! | `mod.rs` | the trait of a KMS, and which of them are configured |
//! | `local.rs` | `local-kms`: a secret of the configuration |
//! | `vault.rs` | the transit engine of Vault, `HashiCorp`'s or `OpenBao` |
//! | `aws.rs`, `sigv4.rs` | AWS KMS, and the signature of requests to it |
//! | `endpoint.rs` | HTTP calls to a KMS, within limits |
//! | `sealed.rs` | secrets in the database |
//! | `tink.rs`, `base64.rs`, `secret.rs` | what a DEK is; how it is written; bytes that nobody is to see |
//!
//! Credentials come from the configuration alone. Confluent also takes them from the properties of a KEK, which everybody can read who
//! reads the KEK; and whoever may write a KEK would choose where the server sends them.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

mod aws;
pub mod base64;
mod endpoint;
mod local;
mod sealed;
mod secret;
mod sigv4;
pub mod tink;
mod vault;

pub use aws::AwsKms;
pub use local::LocalKms;
pub use sealed::SecretSeal;
pub use secret::{KeyMaterial, Secret, wiped};
pub use sigv4::AwsCredentials;
pub use vault::{VaultKms, VaultToken};

/// Why a KMS did not do what it was asked. The texts hold no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KmsError {
    /// No KMS is configured for the key.
    #[error("No KMS driver supports: {0}")]
    NoDriver(String),
    /// The KMS does not let the server use the key.
    #[error("{0}")]
    Denied(String),
    #[error("{0}")]
    Failed(String),
}

/// A key of a KMS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KmsKey<'k> {
    pub kms_type: &'k str,
    pub id: &'k str,
}

/// One kind of KMS.
#[async_trait]
pub trait KmsDriver: Send + Sync {
    /// Whether the key is one that it may be asked about.
    fn supports(&self, key: &KmsKey<'_>) -> bool;

    async fn wrap(&self, key: &KmsKey<'_>, material: &KeyMaterial) -> Result<Vec<u8>, KmsError>;

    async fn unwrap(&self, key: &KmsKey<'_>, wrapped: &[u8]) -> Result<KeyMaterial, KmsError>;
}

/// The KMS that are configured.
#[derive(Clone, Default)]
pub struct Kms {
    drivers: Vec<Arc<dyn KmsDriver>>,
}

impl fmt::Debug for Kms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Kms({})", self.drivers.len())
    }
}

impl Kms {
    pub fn with(mut self, driver: impl KmsDriver + 'static) -> Self {
        self.drivers.push(Arc::new(driver));
        self
    }

    fn driver(&self, key: &KmsKey<'_>) -> Result<&dyn KmsDriver, KmsError> {
        let driver = self.drivers.iter().find(|driver| driver.supports(key)).map(AsRef::as_ref);
        driver.ok_or_else(|| KmsError::NoDriver(format!("{}://{}", key.kms_type, key.id)))
    }

    /// Wraps by the first of the keys that does it.
    ///
    /// # Errors
    /// That of a key that may not be used, else that of the last one.
    pub async fn wrap(&self, keys: &[KmsKey<'_>], material: &KeyMaterial) -> Result<Vec<u8>, KmsError> {
        let mut failure = KmsFailure::default();
        for key in keys {
            let done = match self.driver(key) {
                Ok(driver) => driver.wrap(key, material).await,
                Err(error) => Err(error),
            };
            match done {
                Ok(wrapped) => return Ok(wrapped),
                Err(error) => failure.add(error),
            }
        }
        Err(failure.reported())
    }

    /// Unwraps by the first of the keys that does it.
    ///
    /// # Errors
    /// That of a key that may not be used, else that of the last one.
    pub async fn unwrap(&self, keys: &[KmsKey<'_>], wrapped: &[u8]) -> Result<KeyMaterial, KmsError> {
        let mut failure = KmsFailure::default();
        for key in keys {
            let done = match self.driver(key) {
                Ok(driver) => driver.unwrap(key, wrapped).await,
                Err(error) => Err(error),
            };
            match done {
                Ok(material) => return Ok(material),
                Err(error) => failure.add(error),
            }
        }
        Err(failure.reported())
    }
}

/// What is reported when no key did: the first refusal, for that is what can be helped; else what the last key said.
#[derive(Default)]
struct KmsFailure {
    denied: Option<KmsError>,
    last: Option<KmsError>,
}

impl KmsFailure {
    fn add(&mut self, error: KmsError) {
        if matches!(error, KmsError::Denied(_)) && self.denied.is_none() {
            self.denied = Some(error);
        } else {
            self.last = Some(error);
        }
    }

    fn reported(self) -> KmsError {
        self.denied.or(self.last).unwrap_or_else(|| KmsError::Failed("No KMS key IDs available".to_owned()))
    }
}
