//! What the header `Authorization` says.

use axum::http::HeaderValue;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use secrecy::SecretString;

/// Some clients leave the padding out.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What a client shows to be let in.
pub(super) enum Credentials {
    Basic { name: String, password: SecretString },
    Bearer(SecretString),
}

impl Credentials {
    /// `None` for what is neither Basic nor Bearer, or not well-formed.
    pub(super) fn parse(header: &HeaderValue) -> Option<Self> {
        let text = header.to_str().ok()?.trim();
        let (scheme, rest) = text.split_once(' ')?;
        let rest = rest.trim();
        if scheme.eq_ignore_ascii_case("bearer") {
            return (!rest.is_empty()).then(|| Self::Bearer(rest.into()));
        }
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let decoded = String::from_utf8(LENIENT.decode(rest).ok()?).ok()?;
        // a name has no colon, a password may
        let (name, password) = decoded.split_once(':')?;
        Some(Self::Basic { name: name.to_owned(), password: password.into() })
    }
}
