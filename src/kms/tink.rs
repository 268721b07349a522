//! Keys as Tink, the library of Confluent's clients, serializes them: what a DEK is, unwrapped. A version of 0 is left out, so there
//! is one field, the bytes of the key.

use aws_lc_rs::rand;

use super::{KeyMaterial, KmsError};
use crate::types::DekAlgorithm;

/// Tag of the field `key_value` in `AesGcmKey`, and in `AesSivKey`.
const GCM_KEY_VALUE: u8 = 3 << 3 | 2;
const SIV_KEY_VALUE: u8 = 2 << 3 | 2;

/// A fresh key.
///
/// # Errors
/// The system gives no random numbers.
pub fn generate(algorithm: DekAlgorithm) -> Result<KeyMaterial, KmsError> {
    let (tag, length): (u8, u8) = match algorithm {
        DekAlgorithm::AES128_GCM => (GCM_KEY_VALUE, 16),
        DekAlgorithm::AES256_GCM => (GCM_KEY_VALUE, 32),
        DekAlgorithm::AES256_SIV => (SIV_KEY_VALUE, 64),
    };
    let mut key = zeroize::Zeroizing::new(vec![0; usize::from(length) + 2]);
    if let [first, second, value @ ..] = key.as_mut_slice() {
        (*first, *second) = (tag, length);
        rand::fill(value).map_err(|_| KmsError::Failed("no random numbers".to_owned()))?;
    }
    Ok(KeyMaterial::new(std::mem::take(&mut *key)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_a_serialized_tink_key() {
        for (algorithm, head, length) in [
            (DekAlgorithm::AES128_GCM, [0x1a, 16], 18),
            (DekAlgorithm::AES256_GCM, [0x1a, 32], 34),
            (DekAlgorithm::AES256_SIV, [0x12, 64], 66),
        ] {
            let (one, other) = (generate(algorithm).unwrap(), generate(algorithm).unwrap());
            assert_eq!((&one.as_bytes()[..2], one.as_bytes().len()), (&head[..], length));
            assert_ne!(one.as_bytes(), other.as_bytes());
            assert_eq!(format!("{one:?}"), "KeyMaterial(..)");
        }
    }
}
