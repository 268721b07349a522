//! Bytes: read from files, and written as text.

use std::io::{Read as _, Write as _};

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::arguments::{BytesForm, OutputForm};
use crate::cli::check::InputError;
use crate::types::hex;

/// All of a file, or of standard input for `-`.
pub(super) fn read(file: &str) -> Result<Vec<u8>, InputError> {
    let mut bytes = Vec::new();
    let (name, done) = match file {
        "-" => ("stdin", std::io::stdin().read_to_end(&mut bytes).map(drop)),
        file => (file, std::fs::read(file).map(|found| bytes = found)),
    };
    done.map_err(|error| InputError::of(name, format!("can't be read: {error}")))?;
    Ok(bytes)
}

/// Bytes out of a text.
pub(super) fn of_text(text: &str, form: BytesForm) -> Result<Vec<u8>, String> {
    match form {
        BytesForm::Base64 => {
            let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
            let alphabet = if text.contains(['-', '_']) { &alphabet::URL_SAFE } else { &alphabet::STANDARD };
            GeneralPurpose::new(alphabet, config).decode(text.trim()).map_err(|error| format!("not base64: {error}"))
        }
        BytesForm::Hex => {
            let text = text.trim();
            let text = text.strip_prefix("0x").unwrap_or(text);
            let digits = text.chars().filter(|c| !c.is_whitespace() && *c != ':');
            let digits: Option<Vec<u8>> = digits.map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
            let digits = digits.filter(|digits| digits.len().is_multiple_of(2)).ok_or("not pairs of hexadecimal digits")?;
            Ok(digits.chunks_exact(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect())
        }
        BytesForm::Text => {
            // what is not a byte for each character is the text itself
            let bytes: Result<Vec<u8>, _> = text.chars().map(|c| u8::try_from(u32::from(c))).collect();
            Ok(bytes.unwrap_or_else(|_| text.as_bytes().to_vec()))
        }
    }
}

/// Prints bytes; all but raw ones on a line of their own.
pub(super) fn print(bytes: &[u8], form: OutputForm) -> Result<(), InputError> {
    let mut out = std::io::stdout().lock();
    let done = match form {
        OutputForm::Raw => out.write_all(bytes),
        OutputForm::Base64 => writeln!(out, "{}", STANDARD.encode(bytes)),
        OutputForm::Hex => writeln!(out, "{}", hex(bytes)),
    };
    done.and_then(|()| out.flush()).map_err(|error| InputError::new(format!("can't write: {error}")))
}
