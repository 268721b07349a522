//! Bytes out of the texts that people and tools write them as.

use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::{DecodeError, Engine as _};

/// Base64 in either alphabet, with or without padding.
///
/// # Errors
/// It is something else.
pub fn bytes_of_base64(text: &str) -> Result<Vec<u8>, DecodeError> {
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let alphabet = if text.contains(['-', '_']) { &alphabet::URL_SAFE } else { &alphabet::STANDARD };
    GeneralPurpose::new(alphabet, config).decode(text.trim())
}

/// Hexadecimal digits in pairs, with blanks, colons and a leading `0x` where people put them. `None` for something else.
pub fn bytes_of_hex(text: &str) -> Option<Vec<u8>> {
    let text = text.trim();
    let text = text.strip_prefix("0x").unwrap_or(text);
    let digits = text.chars().filter(|c| !c.is_whitespace() && *c != ':');
    let digits: Option<Vec<u8>> = digits.map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    let digits = digits.filter(|digits| digits.len().is_multiple_of(2))?;
    Some(digits.chunks_exact(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect())
}
