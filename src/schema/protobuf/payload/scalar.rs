//! The scalar types: their wire types, and how they are written in JSON.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::schema::json::{self, JsonKind, ReadOptions, Value};

#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumString)]
#[strum(serialize_all = "lowercase")]
pub(super) enum Scalar {
    Double,
    Float,
    Int32,
    Int64,
    Uint32,
    Uint64,
    Sint32,
    Sint64,
    Fixed32,
    Fixed64,
    Sfixed32,
    Sfixed64,
    Bool,
    String,
    Bytes,
}

/// Wire types.
pub(super) const VARINT: u8 = 0;
pub(super) const SIXTY_FOUR: u8 = 1;
pub(super) const LENGTH: u8 = 2;
pub(super) const START: u8 = 3;
pub(super) const END: u8 = 4;
pub(super) const THIRTY_TWO: u8 = 5;

/// The value of an `int32` or an enum.
#[expect(clippy::cast_possible_truncation, reason = "decoders take the low bits of numbers that are too long")]
pub(super) fn low_bits(number: u64) -> i32 {
    (number as u32).cast_signed()
}

impl Scalar {
    pub(super) fn named(name: &str) -> Option<Self> {
        name.parse().ok()
    }

    pub(super) fn wire(self) -> u8 {
        match self {
            Self::Double | Self::Fixed64 | Self::Sfixed64 => SIXTY_FOUR,
            Self::Float | Self::Fixed32 | Self::Sfixed32 => THIRTY_TWO,
            Self::String | Self::Bytes => LENGTH,
            _ => VARINT,
        }
    }

    /// Whether JSON has it as a string, because not every reader's numbers are as long.
    pub(super) fn is_long(self) -> bool {
        matches!(self, Self::Int64 | Self::Sint64 | Self::Sfixed64 | Self::Uint64 | Self::Fixed64)
    }

    pub(super) fn is_unsigned(self) -> bool {
        matches!(self, Self::Uint32 | Self::Uint64 | Self::Fixed32 | Self::Fixed64)
    }

    fn word(self) -> &'static str {
        match self {
            Self::Double => "double",
            Self::Float => "float",
            Self::Int32 | Self::Sint32 | Self::Sfixed32 => "an integer of 32 bits",
            Self::Int64 | Self::Sint64 | Self::Sfixed64 => "an integer of 64 bits",
            Self::Uint32 | Self::Fixed32 => "an unsigned integer of 32 bits",
            Self::Uint64 | Self::Fixed64 => "an unsigned integer of 64 bits",
            Self::Bool => "a boolean",
            Self::String => "a string",
            Self::Bytes => "bytes in base64",
        }
    }

    pub(super) fn range(self) -> Option<(i128, i128)> {
        match self {
            Self::Int32 | Self::Sint32 | Self::Sfixed32 => Some((i128::from(i32::MIN), i128::from(i32::MAX))),
            Self::Int64 | Self::Sint64 | Self::Sfixed64 => Some((i128::from(i64::MIN), i128::from(i64::MAX))),
            Self::Uint32 | Self::Fixed32 => Some((0, i128::from(u32::MAX))),
            Self::Uint64 | Self::Fixed64 => Some((0, i128::from(u64::MAX))),
            _ => None,
        }
    }

    /// What is wrong with a JSON value of this type.
    pub(super) fn check_json(self, value: &Value) -> Result<(), String> {
        let fits = match (self, &value.kind) {
            (Self::Bool, JsonKind::Bool(_)) | (Self::String, JsonKind::String(_)) => true,
            (Self::Bytes, JsonKind::String(text)) => base64_of(text).is_some(),
            (Self::Float | Self::Double, JsonKind::Number(text)) => self.fits_float(text),
            (Self::Float | Self::Double, JsonKind::String(text)) => {
                matches!(&**text, "NaN" | "Infinity" | "-Infinity") || (is_number(text) && self.fits_float(text))
            }
            (_, JsonKind::Number(text)) => self.fits_integer(text),
            (_, JsonKind::String(text)) => self.range().is_some() && is_number(text) && self.fits_integer(text),
            _ => false,
        };
        if fits { Ok(()) } else { Err(format!("expected {}", self.word())) }
    }

    /// What is wrong with the key of a map.
    pub(super) fn check_key(self, key: &str) -> Result<(), String> {
        let fits = match self {
            Self::String => true,
            Self::Bool => matches!(key, "true" | "false"),
            _ => is_number(key) && self.fits_integer(key),
        };
        if fits { Ok(()) } else { Err(format!("the key must be {}", self.word())) }
    }

    fn fits_integer(self, text: &str) -> bool {
        let Some((low, high)) = self.range() else { return false };
        integer(text).is_some_and(|value| (low..=high).contains(&value))
    }

    /// A number that the type can only represent as infinity does not fit.
    fn fits_float(self, text: &str) -> bool {
        match self {
            Self::Float => text.parse::<f32>().is_ok_and(f32::is_finite),
            _ => text.parse::<f64>().is_ok_and(f64::is_finite),
        }
    }
}

/// A number as JSON writes it.
fn is_number(text: &str) -> bool {
    let options = ReadOptions { comments: false, replace_lone_surrogates: false, max_depth: 1 };
    let starts = text.starts_with(|c: char| c == '-' || c.is_ascii_digit()) && text.ends_with(|c: char| c.is_ascii_digit());
    starts && json::read(text, options).is_ok()
}

/// The integer that a JSON number is; a fraction of zeros and an exponent are allowed. `None` also beyond 38 digits.
pub(super) fn integer(text: &str) -> Option<i128> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let (negative, whole) = whole.strip_prefix('-').map_or((false, whole), |whole| (true, whole));
    let digits = format!("{whole}{fraction}");
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() {
        return Some(0);
    }
    // how many zeros follow the digits, or how many digits must be zeros
    let shift = i64::from(exponent) - i64::try_from(fraction.len()).ok()?;
    let value: i128 = if shift >= 0 {
        let shift = u32::try_from(shift).ok().filter(|shift| *shift < 39)?;
        digits.parse::<i128>().ok()?.checked_mul(10_i128.checked_pow(shift)?)?
    } else {
        let cut = digits.len().checked_sub(usize::try_from(-shift).ok()?)?;
        let (whole, fraction) = digits.split_at_checked(cut)?;
        if fraction.bytes().any(|byte| byte != b'0') {
            return None;
        }
        if whole.is_empty() { 0 } else { whole.parse().ok()? }
    };
    Some(if negative { -value } else { value })
}

/// Either alphabet, with or without padding.
pub(super) fn base64_of(text: &str) -> Option<Vec<u8>> {
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let alphabet = if text.contains(['-', '_']) { &alphabet::URL_SAFE } else { &alphabet::STANDARD };
    GeneralPurpose::new(alphabet, config).decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::integer;

    #[test]
    fn integers_in_every_spelling() {
        for (text, value) in [("0", 0), ("-0", 0), ("1.0", 1), ("-12.50e1", -125), ("1e3", 1000), ("100e-2", 1), ("0.0e99", 0)] {
            assert_eq!(integer(text), Some(value), "{text}");
        }
        for text in ["1.5", "1e-1", "1e39", "1e999999999", "1e99999999999"] {
            assert_eq!(integer(text), None, "{text}");
        }
    }
}
