//! What a certificate says.

use x509_cert::Certificate as X509;
use x509_cert::der::Decode as _;

use super::LoginFileError;

/// A certificate, as far as logins and listeners need it.
#[derive(Debug, Clone)]
pub struct Certificate(X509);

impl Certificate {
    /// Reads DER.
    ///
    /// # Errors
    /// It is no certificate.
    pub fn parse(der: &[u8]) -> Result<Self, LoginFileError> {
        X509::from_der(der).map(Self).map_err(|error| LoginFileError(format!("no certificate: {error}")))
    }

    /// When it ends, in seconds since 1970.
    pub fn not_after(&self) -> u64 {
        self.0.tbs_certificate().validity().not_after.to_unix_duration().as_secs()
    }
}
