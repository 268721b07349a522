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
