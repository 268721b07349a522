//! Base64 as Java reads it: padding may be missing, and bits that are left over may be anything.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

const JAVA: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent).with_decode_allow_trailing_bits(true),
);

pub fn decode(text: &str) -> Option<Vec<u8>> {
    JAVA.decode(text).ok()
}

/// The bytes of a text that may be secret; `None` for what is no base64.
pub(super) fn decode_secret(text: &str) -> Option<super::KeyMaterial> {
    let mut out = Zeroizing::new(vec![0; text.len() / 4 * 3 + 3]);
    let length = JAVA.decode_slice(text, &mut out).ok()?;
    Some(super::KeyMaterial::new(out.get(..length)?.to_vec()))
}

pub fn encode(bytes: &[u8]) -> String {
    JAVA.encode(bytes)
}

/// The text of bytes that are secret.
pub fn encode_secret(bytes: &[u8]) -> Zeroizing<String> {
    // large enough from the start: no copy is left where it grew
    let mut out = Zeroizing::new(String::with_capacity(bytes.len().div_ceil(3) * 4));
    JAVA.encode_string(bytes, &mut out);
    out
}
