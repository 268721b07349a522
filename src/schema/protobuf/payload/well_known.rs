//! Messages that have a form of their own in `ProtoJSON`.

use super::scalar::Scalar;

#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumString)]
pub(super) enum WellKnown {
    Any,
    Timestamp,
    Duration,
    FieldMask,
    Struct,
    Value,
    ListValue,
    /// The value itself, or null.
    #[strum(disabled)]
    Wrapper(Scalar),
}

impl WellKnown {
    pub(super) fn of(full: &str) -> Option<Self> {
        let name = full.strip_prefix("google.protobuf.")?;
        Some(match name {
            "DoubleValue" => Self::Wrapper(Scalar::Double),
            "FloatValue" => Self::Wrapper(Scalar::Float),
            "Int64Value" => Self::Wrapper(Scalar::Int64),
            "UInt64Value" => Self::Wrapper(Scalar::Uint64),
            "Int32Value" => Self::Wrapper(Scalar::Int32),
            "UInt32Value" => Self::Wrapper(Scalar::Uint32),
            "BoolValue" => Self::Wrapper(Scalar::Bool),
            "StringValue" => Self::Wrapper(Scalar::String),
            "BytesValue" => Self::Wrapper(Scalar::Bytes),
            _ => return name.parse().ok(),
        })
    }
}

/// RFC 3339 with at most nine digits of a second, from year 1 to 9999.
pub(super) fn is_timestamp(text: &str) -> bool {
    let bytes = text.as_bytes();
    let number = |from: usize, to: usize| -> Option<u32> {
        let digits = bytes.get(from..to)?;
        digits.iter().all(u8::is_ascii_digit).then(|| digits.iter().fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0')))
    };
    let is = |at: usize, wanted: u8| bytes.get(at) == Some(&wanted);
    let separators = is(4, b'-') && is(7, b'-') && is(10, b'T') && is(13, b':') && is(16, b':');
    let parts = (number(0, 4), number(5, 7), number(8, 10), number(11, 13), number(14, 16), number(17, 19));
    let (Some(year), Some(month), Some(day), Some(hour), Some(minute), Some(second)) = parts else { return false };
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        _ => 0,
    };
    let in_range = year > 0 && (1..=days).contains(&day) && hour < 24 && minute < 60 && second < 60;
    let mut at = 19;
    if is(at, b'.') {
        let digits = bytes.get(20..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_digit()).count();
        if !(1..=9).contains(&digits) {
            return false;
        }
        at += 1 + digits;
    }
    let zone = match bytes.get(at..) {
        Some([b'Z']) => true,
        Some([b'+' | b'-', _, _, b':', _, _]) => {
            number(at + 1, at + 3).is_some_and(|hours| hours < 24) && number(at + 4, at + 6).is_some_and(|minutes| minutes < 60)
        }
        _ => false,
    };
    separators && in_range && zone
}

/// Seconds with at most nine digits behind the point, and an `s`; within ten thousand years.
pub(super) fn is_duration(text: &str) -> bool {
    let Some(number) = text.strip_suffix('s') else { return false };
    let number = number.strip_prefix('-').unwrap_or(number);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole)
        && digits(fraction)
        && fraction.len() <= 9
        && whole.parse::<u64>().is_ok_and(|seconds| seconds <= 315_576_000_000)
}

/// Paths in lower camel case, separated by commas.
pub(super) fn is_field_mask(text: &str) -> bool {
    let is_path = |path: &str| !path.is_empty() && path.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.');
    text.is_empty() || text.split(',').all(is_path)
}

#[cfg(test)]
mod tests {
    use super::{is_duration, is_timestamp};

    #[test]
    fn times_in_their_forms() {
        for text in ["1972-01-01T10:00:20.021Z", "9999-12-31T23:59:59.999999999Z", "2020-02-29T00:00:00+05:30"] {
            assert!(is_timestamp(text), "{text}");
        }
        for text in ["0000-01-01T00:00:00Z", "2020-01-01T00:00:00", "2021-02-29T00:00:00Z", "2020-01-01T00:00:00.0000000001Z", ""]
        {
            assert!(!is_timestamp(text), "{text}");
        }
        for text in ["1s", "-1.5s", "0.000000001s", "315576000000s"] {
            assert!(is_duration(text), "{text}");
        }
        for text in ["1", "s", "1.s", ".5s", "1.0000000001s", "315576000001s", "--1s", "1e3s"] {
            assert!(!is_duration(text), "{text}");
        }
    }
}
