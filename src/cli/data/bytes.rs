//! Bytes: read from files, and written as text.

use std::io::{Read as _, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::arguments::{BytesNotation, OutputForm};
use crate::cli::check::InputError;
use crate::records::{bytes_of_base64, bytes_of_hex};
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
pub(super) fn of_text(text: &str, form: BytesNotation) -> Result<Vec<u8>, String> {
    match form {
        BytesNotation::Base64 => bytes_of_base64(text).map_err(|error| format!("not base64: {error}")),
        BytesNotation::Hex => bytes_of_hex(text).ok_or_else(|| "not pairs of hexadecimal digits".to_owned()),
        BytesNotation::Text => {
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
